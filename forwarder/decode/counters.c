/* SPDX-License-Identifier: Apache-2.0
 * The decoder's counters by name, and the regular work: exporters' own lines, expiry. */
#include "forwarder/decode/options.h"
#include "forwarder/decode/template.h"

#define ROW(member, label, value, help)                                                      \
	{                                                                                    \
		offsetof(struct decode_counters, member), false, #member, label, value, help \
	}
#define GAUGE(member, name, help)                                                      \
	{                                                                              \
		offsetof(struct decode_counters, member), true, name, NULL, NULL, help \
	}
#define CASE(member, name, label, value, help)                                            \
	{                                                                                 \
		offsetof(struct decode_counters, member), false, name, label, value, help \
	}

#define PER_PROTOCOL(member, help)                                               \
	CASE(member[PROTO_NETFLOW1], #member, "protocol", "netflow1", help),     \
	    CASE(member[PROTO_NETFLOW5], #member, "protocol", "netflow5", help), \
	    CASE(member[PROTO_NETFLOW6], #member, "protocol", "netflow6", help), \
	    CASE(member[PROTO_NETFLOW7], #member, "protocol", "netflow7", help), \
	    CASE(member[PROTO_NETFLOW9], #member, "protocol", "netflow9", help), \
	    CASE(member[PROTO_IPFIX], #member, "protocol", "ipfix", help),       \
	    CASE(member[PROTO_SFLOW5], #member, "protocol", "sflow5", help)

#define MALFORMED "Parts of datagrams that could not be read"
#define TEMPLATES "What became of templates"
#define HELD      "Sets that came before their template"

const struct decode_counter_row decode_counter_rows[] = {
	PER_PROTOCOL(datagrams, "Datagrams decoded"),
	PER_PROTOCOL(bytes, "Bytes of the datagrams decoded"),
	PER_PROTOCOL(records, "Flow records and flow samples"),
	PER_PROTOCOL(options_records, "Options records"),
	ROW(counter_samples, NULL, NULL, "sFlow counter samples"),
	ROW(unknown_version, NULL, NULL, "Datagrams that are no NetFlow, IPFIX or sFlow 5"),
	CASE(short_datagram, "malformed", "kind", "datagram", MALFORMED),
	CASE(malformed_header, "malformed", "kind", "header", MALFORMED),
	CASE(malformed_set, "malformed", "kind", "set", MALFORMED),
	CASE(malformed_template, "malformed", "kind", "template", MALFORMED),
	CASE(malformed_record, "malformed", "kind", "record", MALFORMED),
	CASE(malformed_list, "malformed", "kind", "list", MALFORMED),
	CASE(malformed_sample, "malformed", "kind", "sample", MALFORMED),
	CASE(reserved_set, "malformed", "kind", "reserved_set", MALFORMED),
	ROW(skipped_structures, NULL, NULL, "sFlow structures of unknown format, skipped"),
	CASE(templates_added, "template_changes", "kind", "added", TEMPLATES),
	CASE(templates_replaced, "template_changes", "kind", "replaced", TEMPLATES),
	CASE(templates_withdrawn, "template_changes", "kind", "withdrawn", TEMPLATES),
	CASE(templates_expired, "template_changes", "kind", "expired", TEMPLATES),
	CASE(templates_refused, "template_changes", "kind", "refused", TEMPLATES),
	ROW(exporters_refused, NULL, NULL, "Datagrams of exporters beyond the ceiling"),
	ROW(options_refused, NULL, NULL, "Names and rates beyond the ceiling"),
	ROW(options_ignored, NULL, NULL, "Options records with nothing that is used"),
	ROW(unknown_template, NULL, NULL, "Data sets whose template was not known"),
	CASE(held, "held_sets", "kind", "held", HELD),
	CASE(held_decoded, "held_sets", "kind", "decoded", HELD),
	CASE(held_dropped, "held_sets", "kind", "dropped", HELD),
	ROW(lost, NULL, NULL, "Lost before efd: datagrams or records, as the exporter counts"),
	ROW(reordered, NULL, NULL, "Datagrams that came late"),
	ROW(duplicates, NULL, NULL, "Datagrams that came twice"),
	ROW(restarts, NULL, NULL, "Exporters that started again"),
	ROW(clock_skew, NULL, NULL, "Records whose time was not believed"),
	ROW(sink_dropped, NULL, NULL, "Lines that found no room"),
	GAUGE(exporters_now, "exporters", "Exporters and domains known"),
	GAUGE(templates_now, "templates", "Templates known"),
	GAUGE(options_now, "options", "Names and rates known"),
	GAUGE(held_now, "held_now", "Sets waiting for their template"),
	GAUGE(memory_now, "memory_bytes", "Memory of templates and options"),
};
const size_t decode_counter_rows_len = sizeof(decode_counter_rows) / sizeof(*decode_counter_rows);

/* ---- exporters' own lines ---- */

const struct domain_count_row domain_count_rows[] = {
#define DOMAIN_ROW(member, help) { offsetof(struct domain_counts, member), #member, help },
	DOMAIN_COUNTS(DOMAIN_ROW)
#undef DOMAIN_ROW
};
const size_t domain_count_rows_len = sizeof(domain_count_rows) / sizeof(*domain_count_rows);

static uint64_t count_at(const struct domain_counts *counts, uint16_t offset)
{
	uint64_t v;
	memcpy(&v, (const char *)counts + offset, sizeof(v));
	return v;
}

static uint32_t rate_of(const struct domain *dom)
{
	bool header;
	return options_rate(dom, &header);
}

static void exporter_line(struct decoder *dec, struct sink *sink, struct domain *dom,
			  uint64_t now_ms)
{
	/* The line is of no datagram: its id comes from the exporter and the time. */
	static const uint8_t nothing[4];
	struct datagram dgram = { .data = nothing, .received_ms = now_ms };
	struct context *ctx = &dec->ctx;
	*ctx = (struct context){ .dgram = &dgram, .domain = dom, .received_ms = now_ms };
	ctx->with_id = dec->with_ids;
	if (ctx->with_id)
		context_id(ctx, 0);
	char *p = line_begin(dec, sink, LINE_EXPORTER, 2048);
	ctx->dgram = NULL;
	if (!p)
		return;
	p = jsonw_lit(p, "{\"@timestamp\":");
	p = jsonw_time_ms(p, now_ms);
	p = jsonw_lit(p, ",");
	p = jsonw_raw(p, dom->head, dom->head_len);
	p = jsonw_lit(p, ",\"domain\":");
	p = jsonw_u64(p, dom->id);
	p = jsonw_lit(p, "},\"exporter\":{");
	for (size_t i = 0; i < domain_count_rows_len; i++) {
		const struct domain_count_row *row = &domain_count_rows[i];
		p = jsonw_lit(p, "\"");
		p = jsonw_raw(p, row->name, strlen(row->name));
		p = jsonw_lit(p, "\":");
		p = jsonw_u64(p, count_at(&dom->now, row->offset) -
				     count_at(&dom->before, row->offset));
		p = jsonw_lit(p, ",");
	}
	p = jsonw_lit(p, "\"templates\":");
	p = jsonw_u64(p, dom->templates ? dom->templates->len : 0);
	p = jsonw_lit(p, ",\"clock_skew_ms\":");
	p = jsonw_i64(p, dom->clock_skew_ms);
	if (rate_of(dom)) {
		p = jsonw_lit(p, ",\"sampling_rate\":");
		p = jsonw_u64(p, rate_of(dom));
	}
	p = jsonw_lit(p, ",\"last_seen\":");
	p = jsonw_u64(p, dom->last_seen_ms);
	p = jsonw_lit(p, "}}");
	line_end(sink, LINE_EXPORTER, p);
	dom->before = dom->now;
}

/* ---- regular work ---- */

struct tick {
	struct decoder *dec;
	struct sink *sink;
	uint64_t now_ms;
};

static uint64_t ago(uint64_t now_ms, uint64_t span_ms)
{
	return now_ms > span_ms ? now_ms - span_ms : 0;
}

static int tick_domain(struct domain *dom, void *arg)
{
	const struct tick *tick = arg;
	struct decoder *dec = tick->dec;
	held_expire(dec, dom, ago(tick->now_ms, dec->options.limits.held_ms));
	if (dom->line_due_ms > tick->now_ms)
		return 0;
	template_expire(dec, dom, ago(tick->now_ms, dec->options.limits.template_ms));
	options_expire(dec, dom, ago(tick->now_ms, dec->options.limits.template_ms));
	domain_sequence_settle(dec, dom, tick->now_ms);
	if (!dec->options.no_silent_lines || memcmp(&dom->now, &dom->before, sizeof(dom->now)) != 0)
		exporter_line(dec, tick->sink, dom, tick->now_ms);
	dom->line_due_ms = tick->now_ms + dec->options.exporter_line_ms;
	return 0;
}

void decoder_tick(struct decoder *dec, uint64_t now_ms, struct sink *sink)
{
	struct tick tick = { dec, sink, now_ms };
	dec->with_ids = sink_wants_ids(sink);
	exporter_each(dec, tick_domain, &tick);
	exporter_expire(dec, now_ms);
}

struct each {
	int (*each)(const struct exporter_info *, void *);
	void *arg;
};

static int give_info(struct domain *dom, void *arg)
{
	const struct each *each = arg;
	struct exporter_info info = {
		.address = dom->exporter->address,
		.protocol = dom->protocol,
		.domain = dom->id,
		.counts = dom->now,
		.templates = dom->templates ? dom->templates->len : 0,
		.clock_skew_ms = dom->clock_skew_ms,
		.sampling_rate = rate_of(dom),
		.last_seen_ms = dom->last_seen_ms,
	};
	return each->each(&info, each->arg);
}

int decoder_exporters(const struct decoder *dec, int (*each)(const struct exporter_info *, void *),
		      void *arg)
{
	struct each give = { each, arg };
	return exporter_each(dec, give_info, &give);
}
