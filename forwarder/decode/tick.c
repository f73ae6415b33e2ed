/* SPDX-License-Identifier: Apache-2.0
 * The regular work: exporters' own lines, expiry; and what there is to tell of exporters. */
#include "forwarder/decode/tick.h"

#include "common/hash.h"
#include "common/jsonw.h"
#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/core/when.h"
#include "forwarder/decode/exporter/due.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/held.h"
#include "forwarder/decode/exporter/known.h"
#include "forwarder/decode/exporter/rank.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/line/ceiling.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/join.h"
#include "forwarder/decode/line/set.h"
#include "forwarder/decode/template/template.h"

/* ---- exporters' own lines ---- */

static uint64_t count_at(const struct domain_counts *counts, uint16_t offset)
{
	uint64_t v;
	memcpy(&v, (const char *)counts + offset, sizeof(v));
	return v;
}

static uint32_t rate_of(const struct domain *dom)
{
	bool header;
	return rate_believed(known_rate(&dom->own, &header));
}

static char *put_counts(char *p, const struct domain *dom)
{
	bool silent = dom->now.datagrams == dom->before.datagrams;
	for (size_t i = 0; i < domain_count_rows_len; i++) {
		const struct domain_count_row *row = &domain_count_rows[i];
		uint64_t n = count_at(&dom->now, row->offset) - count_at(&dom->before, row->offset);
		/* No number came behind which something could be missing: that none is, is not
		 * known. */
		if (silent && n == 0 && row->offset == offsetof(struct domain_counts, lost))
			continue;
		p = jsonw_lit(p, "\"");
		p = jsonw_raw(p, row->name, strlen(row->name));
		p = jsonw_lit(p, "\":");
		p = jsonw_u64(p, n);
		p = jsonw_lit(p, ",");
	}
	return p;
}

/* Domains of one exporter that differ in nothing but who sends, or which agent is named. */
static uint32_t exporter_salt(const struct domain *dom)
{
	uint64_t h = hash_bytes(dom->exporter->port, dom->agent.b, sizeof(dom->agent.b));
	return (uint32_t)hash_bytes(h, dom->sender->address.b, sizeof(dom->agent.b));
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
		context_id(ctx, exporter_salt(dom));
	ceiling_begin(dec, sink);
	dec->out_free = true;
	char *p = line_begin(dec, sink, LINE_EXPORTER, 2048);
	dec->out_free = false;
	ctx->dgram = NULL;
	if (!p)
		return;
	p = jsonw_lit(p, "{\"@timestamp\":");
	p = jsonw_time_ms(p, now_ms);
	p = jsonw_lit(p, ",");
	p = jsonw_raw(p, dom->head, dom->head_len);
	if (dom->exporter->port)
		p = jsonw_u64(jsonw_lit(p, ",\"port\":"), dom->exporter->port);
	p = jsonw_lit(p, ",\"domain\":");
	p = jsonw_u64(p, dom->id);
	p = jsonw_lit(p, "},\"exporter\":{");
	p = put_counts(p, dom);
	if (now_ms >= dom->last_seen_ms + dec->settings.exporter_line_ms)
		p = jsonw_lit(p, "\"loss_unknown\":true,");
	p = jsonw_lit(p, "\"templates\":");
	p = jsonw_u64(p, dom->templates);
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
	dec->work.written += (uint64_t)(sink->cur - dec->out_start);
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

/* Of those that are new, a flood of forged senders among them, so many in an interval; what the
 * others did is in a later line of theirs. */
static bool has_line(struct decoder *dec, const struct domain *dom, uint64_t now_ms)
{
	uint64_t interval_ms = dec->settings.exporter_line_ms;
	if (dom->rank_of == RANK_KNOWN)
		return true;
	if (now_ms - dec->new_lines_ms >= interval_ms) { /* or the clock went back */
		dec->new_lines_ms = now_ms;
		dec->new_lines = 0;
	}
	if (dec->new_lines++ < dec->settings.limits.new_lines)
		return true;
	dec->counters.lines_withheld++;
	return false;
}

/* Over TCP a template lives as long as its connection, and is not sent again (RFC 7011 section
 * 8.4). */
static void expire(struct decoder *dec, struct domain *dom, uint64_t now_ms)
{
	uint64_t before_ms = ago(now_ms, dec->settings.limits.template_ms);
	if (!dom->stream)
		template_expire(dec, &dom->own, before_ms);
	learnt_expire(dec, dom, before_ms);
	for (struct session *s = domain_sessions(dom); s; s = s->sibling)
		sequence_settle(dec, s, now_ms);
}

static void tick_domain(struct domain *dom, void *arg)
{
	const struct tick *tick = arg;
	struct decoder *dec = tick->dec;
	dec->ctx.domain = dom;
	ceiling_begin(dec, tick->sink);
	data_due(dec, tick->sink, dom, tick->now_ms);
	ceiling_end(dec, tick->sink);
	if (!when_has_come(dom->line_due_ms, dec->settings.exporter_line_ms, tick->now_ms))
		return;
	expire(dec, dom, tick->now_ms);
	rank_renew(dec, dom);
	if ((!dec->settings.no_silent_lines ||
	     memcmp(&dom->now, &dom->before, sizeof(dom->now)) != 0) &&
	    has_line(dec, dom, tick->now_ms))
		exporter_line(dec, tick->sink, dom, tick->now_ms);
	dec->ctx.domain = NULL;
	dom->line_due_ms = tick->now_ms + dec->settings.exporter_line_ms;
	if (domain_is_over(dec, dom, tick->now_ms))
		domain_drop(dec, dom);
}

/* All that are due in a minute come within it, but not in one second. */
#define EACH_TICK 2048
#define TICKS     48

bool decoder_tick(struct decoder *dec, uint64_t now_ms, struct sink *sink)
{
	struct tick tick = { dec, sink, now_ms };
	uint32_t most = EACH_TICK + (uint32_t)(dec->counters.exporters_now / TICKS);
	dec->with_ids = context_wants_ids(sink);
	held_expire(dec, now_ms);
	bool more = due_each(dec, now_ms, most, tick_domain, &tick);
	dec->ctx.domain = NULL;
	return more;
}

void decoder_finish(struct decoder *dec, uint64_t now_ms, struct sink *sink)
{
	while (decoder_tick(dec, now_ms, sink))
		;
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
		.port = dom->exporter->port,
		.stream = dom->stream,
		.agent = dom->agent,
		.sender = dom->sender->address,
		.protocol = dom->protocol,
		.domain = dom->id,
		.counts = dom->now,
		.templates = dom->templates,
		.clock_skew_ms = dom->clock_skew_ms,
		.sampling_rate = rate_of(dom),
		.last_seen_ms = dom->last_seen_ms,
	};
	return each->each(&info, each->arg);
}

int decoder_exporters_of(const struct decoder *dec, uint32_t part, uint32_t parts,
			 int (*each)(const struct exporter_info *, void *), void *arg)
{
	struct each give = { each, arg };
	return exporter_each_of(dec, part, parts, give_info, &give);
}

int decoder_exporters(const struct decoder *dec, int (*each)(const struct exporter_info *, void *),
		      void *arg)
{
	return decoder_exporters_of(dec, 0, 1, each, arg);
}
