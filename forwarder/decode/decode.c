/* SPDX-License-Identifier: Apache-2.0
 * The decoder's front: which protocol is it, whose datagram, and what all lines have in common. */
#include "forwarder/decode/decode.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/decode_internal.h"
#include "forwarder/decode/netflow5.h"
#include "forwarder/decode/template.h"

const char *protocol_name(enum protocol protocol)
{
	static const char *const names[PROTOCOLS] = {
		[PROTO_NETFLOW1] = "netflow1", [PROTO_NETFLOW5] = "netflow5",
		[PROTO_NETFLOW6] = "netflow6", [PROTO_NETFLOW7] = "netflow7",
		[PROTO_NETFLOW9] = "netflow9", [PROTO_IPFIX] = "ipfix",
		[PROTO_SFLOW5] = "sflow5",
	};
	return names[protocol];
}

struct decode_options decode_defaults(void)
{
	return (struct decode_options){
		.limits = {
			.exporters = 16384,
			.domains_per_exporter = 1024,
			.templates_per_exporter = 1024,
			.options_per_exporter = 16384,
			.memory = 256u << 20,
			.held_sets = 64,
			.held_bytes = 16u << 20,
			.held_ms = 60000,
			.template_ms = 24u * 3600 * 1000,
		},
		.clock_skew_ms = 3600 * 1000,
		.exporter_line_ms = 60000,
	};
}

#define OR_DEFAULT(member)                              \
	do {                                            \
		if (!dec->options.member)               \
			dec->options.member = d.member; \
	} while (0)

static void fill_defaults(struct decoder *dec)
{
	struct decode_options d = decode_defaults();
	OR_DEFAULT(limits.exporters);
	OR_DEFAULT(limits.domains_per_exporter);
	OR_DEFAULT(limits.templates_per_exporter);
	OR_DEFAULT(limits.options_per_exporter);
	OR_DEFAULT(limits.memory);
	OR_DEFAULT(limits.held_sets);
	OR_DEFAULT(limits.held_bytes);
	OR_DEFAULT(limits.held_ms);
	OR_DEFAULT(limits.template_ms);
	OR_DEFAULT(clock_skew_ms);
	OR_DEFAULT(exporter_line_ms);
}

struct decoder *decoder_new(const struct decode_options *options, struct err *err)
{
	struct decoder *dec = calloc(1, sizeof(*dec));
	if (!dec) {
		fields_free(options->fields);
		err_set(err, EF_FAILED, "no memory for a decoder");
		return NULL;
	}
	dec->options = *options;
	fill_defaults(dec);
	dec->fields = options->fields ? options->fields : fields_new();
	dec->exporters = exporter_table_new();
	dec->scratch = calloc(1, sizeof(*dec->scratch));
	if (!dec->fields || !dec->exporters || !dec->scratch || netflow5_bind(dec, dec->fields)) {
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
	fields_free(dec->fields);
	free(dec);
}

static int rebind_domain(struct domain *dom, void *dec)
{
	template_rebind_all(dec, dom);
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

const struct decode_problem *decoder_problem(const struct decoder *dec)
{
	return &dec->problem;
}

/* ---- what protocols use ---- */

void problem_at(struct decoder *dec, uint64_t *counter, const char *reason, const uint8_t *at,
		uint32_t value)
{
	++*counter;
	if (dec->ctx.domain)
		dec->ctx.domain->now.decode_errors++;
	if (dec->problem.reason)
		return;
	dec->problem.reason = reason;
	dec->problem.value = value;
	/* The bytes of a held set are no longer part of a datagram. */
	if (dec->ctx.dgram && at >= dec->ctx.dgram->data &&
	    at <= dec->ctx.dgram->data + dec->ctx.dgram->len)
		dec->problem.offset = (size_t)(at - dec->ctx.dgram->data);
}

static void base64url(const uint8_t *in, size_t triples, char *out)
{
	static const char digits[64] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (size_t i = 0; i < triples; i++) {
		uint32_t v = be24(in + 3 * i);
		for (int k = 0; k < 4; k++)
			*out++ = digits[v >> (18 - 6 * k) & 63];
	}
}

/* 14 bytes, for they are a twentieth of what a record takes on disk: receive time (so that ids of one time lie together
 * in the index), 48 bits of a hash of exporter, protocol, domain, sequence number and content, and the place of the line
 * in the datagram, which line_begin() adds. Two datagrams of one millisecond share a hash once in 2.8e14 pairs. */
void context_id(struct context *ctx, uint32_t salt)
{
	const struct domain *dom = ctx->domain;
	uint64_t h =
	    hash_bytes((uint64_t)dom->protocol << 32 | dom->id, dom->exporter->address.b, 16);
	h = hash_mix(h, (uint64_t)ctx->dgram->port << 32 | salt);
	h = hash_mix(h, ctx->seq);
	h = hash_mix(h, ctx->content);
	uint8_t raw[12];
	uint64_t parts[2] = { __builtin_bswap64(ctx->received_ms << 16), __builtin_bswap64(h) };
	memcpy(raw, &parts[0], 6);
	memcpy(raw + 6, &parts[1], 6);
	base64url(raw, 4, ctx->id);
}

void context_start(struct decoder *dec, const struct datagram *dgram, struct domain *domain,
		   uint32_t seq, uint64_t exported_ms)
{
	struct context *ctx = &dec->ctx;
	ctx->dgram = dgram;
	ctx->domain = domain;
	ctx->seq = seq;
	ctx->exported_ms = exported_ms;
	ctx->received_ms = dgram->received_ms;
	ctx->has_uptime = false;
	ctx->records = 0;
	ctx->options = 0;
	ctx->index = 0;
	ctx->with_id = dec->with_ids;

	char *p = jsonw_raw(ctx->head, domain->head, domain->head_len);
	p = jsonw_lit(p, ",\"port\":");
	p = jsonw_u64(p, dgram->port);
	p = jsonw_lit(p, ",\"domain\":");
	p = jsonw_u64(p, domain->id);
	p = jsonw_lit(p, ",\"seq\":");
	ctx->head_len = (uint16_t)(p - ctx->head);
	p = jsonw_lit(ctx->tail, ",\"exported\":");
	p = jsonw_u64(p, exported_ms);
	p = jsonw_lit(p, ",\"received\":");
	p = jsonw_u64(p, dgram->received_ms);
	ctx->tail_len = (uint16_t)(p - ctx->tail);
	if (ctx->with_id)
		context_id(ctx, 0);

	domain->now.datagrams++;
	domain->now.bytes += dgram->len;
	domain->last_seen_ms = dgram->received_ms;
	domain->clock_skew_ms = (int64_t)(exported_ms - dgram->received_ms);
	if (!domain->line_due_ms)
		domain->line_due_ms = dgram->received_ms + dec->options.exporter_line_ms;
	dec->counters.datagrams[domain->protocol]++;
	dec->counters.bytes[domain->protocol] += dgram->len;
}

char *line_begin(struct decoder *dec, struct sink *sink, enum line_kind kind, size_t need)
{
	const struct line_head *head = &sink->head[kind];
	need += head->len + JSONW_SLACK;
	if (__builtin_expect((size_t)(sink->end - sink->cur) < need, 0) && sink->more(sink, need)) {
		dec->counters.sink_dropped++;
		return NULL;
	}
	char *p = sink->cur;
	for (size_t done = 0; done < head->len; done += 32)
		memcpy(p + done, head->text + done, 32);
	if (dec->ctx.with_id && head->id_at >= 0 && head->len >= head->id_at + SINK_ID_LEN) {
		uint8_t index[3] = { (uint8_t)(dec->ctx.index >> 8), (uint8_t)dec->ctx.index, 0 };
		char last[4];
		base64url(index, 1, last);
		memcpy(p + head->id_at, dec->ctx.id, sizeof(dec->ctx.id));
		memcpy(p + head->id_at + sizeof(dec->ctx.id), last, 3);
	}
	dec->ctx.index++;
	return p + head->len;
}

uint64_t believed_time(struct decoder *dec, uint64_t ms, bool *ret_skewed)
{
	const struct context *ctx = &dec->ctx;
	if (ms == 0)
		ms = ctx->exported_ms;
	uint64_t off = ms > ctx->received_ms ? ms - ctx->received_ms : ctx->received_ms - ms;
	*ret_skewed = off > dec->options.clock_skew_ms;
	if (__builtin_expect(!*ret_skewed, 1))
		return ms;
	dec->counters.clock_skew++;
	return ctx->received_ms;
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

bool sink_wants_ids(const struct sink *sink)
{
	for (int kind = 0; kind < LINE_KINDS; kind++)
		if (sink->head[kind].len && sink->head[kind].id_at >= 0)
			return true;
	return false;
}

enum decode_result decoder_datagram(struct decoder *dec, const struct datagram *dgram,
				    struct sink *sink)
{
	dec->problem = (struct decode_problem){ 0 };
	dec->ctx.dgram = dgram;
	dec->ctx.domain = NULL;
	dec->with_ids = sink_wants_ids(sink);
	dec->ctx.content = dec->with_ids ? hash_bytes(0, dgram->data, dgram->len) : 0;
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
