/* SPDX-License-Identifier: Apache-2.0
 * The decoder's front: settings, and which protocol a datagram is of. */
#include "forwarder/decode/decode.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/exporter/agent.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/session.h"
#include "forwarder/decode/line/ceiling.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/record/record.h"
#include "forwarder/decode/template/template.h"
#include "forwarder/decode/wire/netflow5.h"
#include "forwarder/decode/wire/netflow9.h"
#include "forwarder/decode/wire/sflow.h"

struct decode_settings decode_defaults(void)
{
	return (struct decode_settings){
		.limits = {
			.exporters = DECODE_EXPORTERS,
			.domains_per_exporter = DECODE_DOMAINS,
			.templates_per_exporter = DECODE_TEMPLATES,
			.flows_per_exporter = DECODE_FLOWS,
			.options_per_exporter = DECODE_OPTIONS,
			.memory = (uint64_t)DECODE_MEMORY_MIB << 20,
			.held_bytes = (uint64_t)DECODE_HELD_MIB << 20,
			.held_ms = DECODE_HELD_MINUTES * 60u * 1000,
			.template_ms = DECODE_TEMPLATE_HOURS * 3600u * 1000,
			.new_lines = 1024,
			.output = OUTPUT_FACTOR,
			.output_first = OUTPUT_FIRST,
		},
		.clock_skew_ms = 300 * 1000,
		.exporter_line_ms = 60000,
	};
}

#define OR_DEFAULT(member)                               \
	do {                                             \
		if (!dec->settings.member)               \
			dec->settings.member = d.member; \
	} while (0)

static void fill_defaults(struct decoder *dec)
{
	struct decode_settings d = decode_defaults();
	OR_DEFAULT(limits.exporters);
	OR_DEFAULT(limits.domains_per_exporter);
	OR_DEFAULT(limits.templates_per_exporter);
	OR_DEFAULT(limits.flows_per_exporter);
	OR_DEFAULT(limits.options_per_exporter);
	OR_DEFAULT(limits.memory);
	OR_DEFAULT(limits.held_bytes);
	OR_DEFAULT(limits.held_ms);
	OR_DEFAULT(limits.template_ms);
	OR_DEFAULT(limits.new_lines);
	OR_DEFAULT(limits.output);
	OR_DEFAULT(limits.output_first);
	OR_DEFAULT(clock_skew_ms);
	OR_DEFAULT(exporter_line_ms);
}

struct decoder *decoder_new(const struct decode_settings *settings, struct err *err)
{
	struct decoder *dec = calloc(1, sizeof(*dec));
	if (!dec) {
		fields_free(settings->fields);
		err_set(err, EF_FAILED, "no memory for a decoder");
		return NULL;
	}
	dec->settings = *settings;
	fill_defaults(dec);
	dec->fields = settings->fields ? settings->fields : fields_new();
	bool tables = exporter_table_make(dec);
	dec->scratch = calloc(1, sizeof(*dec->scratch));
	dec->compiler = compiler_new();
	if (!dec->fields || !tables || !dec->scratch || !dec->compiler ||
	    netflow5_bind(dec, dec->fields)) {
		decoder_free(dec);
		err_set(err, EF_FAILED, "no memory for a decoder");
		return NULL;
	}
	return dec;
}

void decoder_free(struct decoder *dec)
{
	if (!dec)
		return;
	exporter_table_free(dec);
	for (size_t i = 0; i < sizeof(dec->netflow5) / sizeof(*dec->netflow5); i++)
		free(dec->netflow5[i]);
	free(dec->scratch);
	compiler_free(dec->compiler);
	fields_free(dec->fields);
	free(dec);
}

static int rebind_domain(struct domain *dom, void *dec)
{
	for (struct session *s = domain_sessions(dom); s; s = s->sibling)
		template_rebind_all(dec, s);
	return 0;
}

int decoder_set_fields(struct decoder *dec, struct fields *fields, struct err *err)
{
	if (netflow5_bind(dec, fields)) {
		fields_free(fields);
		return err_set(err, EF_FAILED, "no memory for the elements");
	}
	fields_swap(dec->fields, fields); /* layers of exporters keep pointing to the decoder's */
	exporter_each(dec, rebind_domain, dec);
	fields_free(fields);
	return 0;
}

const struct decode_counters *decoder_counters(const struct decoder *dec)
{
	return &dec->counters;
}

bool decoder_agent(const struct decoder *dec, const struct datagram *dgram, struct ip *ret_agent)
{
	struct ip agent;
	if (dgram->len < 4 || be32(dgram->data) != 5 || !sflow_agent(dgram, &agent) ||
	    ip_equal(&agent, &dgram->src) || !agent_can_be(dec, &agent))
		return false;
	*ret_agent = agent;
	return true;
}

/* ---- the datagram ---- */

size_t decode_stream_message(const uint8_t *data, size_t len)
{
	if (len >= 2 && be16(data) != 10)
		return SIZE_MAX;
	if (len < 4)
		return 0;
	size_t message = be16(data + 2);
	if (message < 16)
		return SIZE_MAX;
	return message;
}

void decoder_stream_end(struct decoder *dec, struct stream *stream)
{
	while (stream->sessions)
		session_drop(dec, stream->sessions);
	*stream = (struct stream){ 0 };
}

static enum decode_result by_version(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink)
{
	if (dgram->len < 4) {
		problem_at(dec, &dec->counters.short_datagram, "datagram has no header",
			   dgram->data, (uint32_t)dgram->len);
		return DECODE_SHORT;
	}
	switch (be16(dgram->data)) {
	case 1:
	case 5:
	case 6:
	case 7:
		return netflow5_datagram(dec, dgram, sink);
	case 9:
		return netflow9_datagram(dec, dgram, sink);
	case 10:
		return ipfix_datagram(dec, dgram, sink);
	case 0:
		if (be32(dgram->data) == 5)
			return sflow_datagram(dec, dgram, sink);
		break;
	default:
		break;
	}
	problem_at(dec, &dec->counters.unknown_version, "not NetFlow, IPFIX or sFlow 5",
		   dgram->data, be16(dgram->data));
	return DECODE_UNKNOWN_VERSION;
}

enum decode_result decoder_datagram(struct decoder *dec, const struct datagram *dgram,
				    struct sink *sink, struct decode_report *ret_report)
{
	*ret_report = (struct decode_report){ 0 };
	dec->report = ret_report;
	dec->ctx.dgram = dgram;
	dec->ctx.domain = NULL;
	dec->with_ids = context_wants_ids(sink);
	dec->ctx.content = hash_bytes(0, dgram->data, dgram->len);
	ceiling_begin(dec, sink);
	enum decode_result result = by_version(dec, dgram, sink);
	ceiling_end(dec, sink);
	dec->report = NULL;
	dec->ctx.domain = NULL;
	dec->ctx.session = NULL;
	return result;
}
