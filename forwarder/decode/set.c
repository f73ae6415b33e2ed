/* SPDX-License-Identifier: Apache-2.0
 * Data sets: from the bytes under a template to lines. */
#include "forwarder/decode/options.h"
#include "forwarder/decode/template.h"

/* What a line has beside its elements: head of the bulk row is counted by line_begin(). */
#define LINE_ROOM 1024

/* What is the same for all records of a set. */
struct set_run {
	const struct template *tmpl;
	struct record_times times;
	struct join join;
	char flow[FLOW_TEXT_MAX +
		  192]; /* `,"flow":{…` up to and with `"ie":`, or up to where sampling goes */
	uint16_t flow_len;
	bool held;
};

static void start_run(struct decoder *dec, struct set_run *run, const struct template *tmpl,
		      bool held)
{
	const struct context *ctx = &dec->ctx;
	run->tmpl = tmpl;
	run->held = held;
	run->times.exported_ms = ctx->exported_ms;
	run->times.uptime_ms = ctx->uptime_ms;
	run->times.has_uptime = ctx->has_uptime;
	if (!ctx->has_uptime)
		options_uptime(dec, ctx->domain, &run->times);
	join_prepare(dec, ctx->domain, tmpl, &run->join);

	char *p = jsonw_lit(run->flow, ",");
	p = jsonw_raw(p, ctx->head, ctx->head_len);
	p = jsonw_u64(p, ctx->seq);
	if (tmpl->id) {
		p = jsonw_lit(p, ",\"template\":");
		p = jsonw_u64(p, tmpl->id);
	}
	p = jsonw_raw(p, ctx->tail, ctx->tail_len);
	if (!run->join.sampling_per_record) {
		p = sampling_write(p, run->join.rate, run->join.origin);
		p = jsonw_lit(p, "},\"ie\":");
	}
	run->flow_len = (uint16_t)(p - run->flow);
}

/* Copies in steps of 32; the sink has slack. */
static inline char *copy(char *p, const char *text, size_t len)
{
	for (size_t done = 0; done < len; done += 32)
		memcpy(p + done, text + done, 32);
	return p + len;
}

static char *put_tags(char *p, bool skewed, bool held, bool truncated)
{
	char *open = p + sizeof(",\"tags\":") - 1;
	p = jsonw_lit(p, ",\"tags\":");
	if (skewed)
		p = jsonw_lit(p, ",\"exporter_clock_skew\"");
	if (held)
		p = jsonw_lit(p, ",\"held\"");
	if (truncated)
		p = jsonw_lit(p, ",\"truncated\"");
	*open = '['; /* over the first comma */
	*p++ = ']';
	return p;
}

static void flow_line(struct decoder *dec, struct sink *sink, const struct set_run *run,
		      const struct record *rec, size_t room)
{
	char *p = line_begin(dec, sink, LINE_FLOW, room + run->join.room + LINE_ROOM);
	if (!p)
		return;
	bool skewed;
	uint64_t ms = believed_time(dec, record_time(dec, rec, &run->times), &skewed);
	p = jsonw_lit(p, "{\"@timestamp\":");
	p = jsonw_time_cached(p, ms, &dec->times);
	p = copy(p, run->flow, run->flow_len);
	if (run->join.sampling_per_record)
		p = join_sampling(rec, &run->join, p);

	char *members = p;
	dec->frame_truncated = false;
	p = record_members(dec, rec, &run->times, 1, p);
	if (p == members)
		p++;
	*members = '{';
	*p++ = '}';
	if (run->join.joins)
		p = join_write(rec, &run->join, p);
	if (__builtin_expect(run->held || skewed || dec->frame_truncated, 0))
		p = put_tags(p, skewed, run->held, dec->frame_truncated);
	*p++ = '}';
	line_end(sink, LINE_FLOW, p);
}

/* RFC 7011 section 3.3.1: padding is shorter than a record; a record of nothing but empty elements is none. */
static bool is_padding(const struct cursor *c)
{
	return cursor_left(c) <= 3 && cursor_all_zero(c);
}

/* Room for the lists of a record whose other elements need `room`; decides how they are written. */
static uint32_t lists_room(struct decoder *dec, const struct record *rec, uint32_t room)
{
	dec->lists_as_hex = false;
	size_t lists = record_lists_room(dec, rec, 1);
	dec->lists_as_hex = room + lists > RECORD_ROOM_MAX;
	return (uint32_t)(dec->lists_as_hex ? record_lists_room(dec, rec, 1) : lists);
}

/* The next record, or false. */
static bool next_record(struct decoder *dec, const struct template *tmpl, struct cursor *set,
			struct record *rec, uint32_t *ret_room)
{
	size_t left = cursor_left(set);
	if (left < tmpl->min_len)
		return false;
	rec->data = set->p;
	rec->len = tmpl->min_len;
	*ret_room = tmpl->room;
	if (tmpl->varying) {
		if (is_padding(set))
			return false;
		rec->parts = dec->scratch->parts[0];
		rec->len = record_locate(tmpl, set->p, left, dec->scratch->parts[0], ret_room);
		if (rec->len == 0) {
			problem_at(dec, &dec->counters.malformed_record,
				   "record is longer than its set", set->p, tmpl->id);
			return false;
		}
	}
	if (tmpl->lists)
		*ret_room += lists_room(dec, rec, *ret_room);
	cursor_take(set, rec->len);
	return true;
}

/* Options records. One that nothing can be learnt from is passed over; but where its template has no scope, which the
 * standards do not allow, it is about nothing else than itself: then it is written like a flow, so that it is not lost. */
static uint32_t options_records(struct decoder *dec, struct sink *sink, const struct set_run *run,
				struct cursor *set)
{
	struct domain *dom = dec->ctx.domain;
	struct record rec = { .tmpl = run->tmpl };
	uint32_t room, options = 0, flows = 0;
	while (next_record(dec, run->tmpl, set, &rec, &room)) {
		if (options_record(dec, sink, &rec, &run->times, room)) {
			options++;
		} else if (run->tmpl->scopes > 0) {
			options++;
			dec->counters.options_ignored++;
		} else {
			flows++;
			flow_line(dec, sink, run, &rec, room);
		}
	}
	dom->now.records += flows;
	dec->counters.records[dom->protocol] += flows;
	dom->now.options_records += options;
	dec->counters.options_records[dom->protocol] += options;
	dec->ctx.options += options;
	return options + flows;
}

void data_records(struct decoder *dec, struct sink *sink, const struct template *tmpl,
		  struct cursor set, bool held)
{
	struct domain *dom = dec->ctx.domain;
	struct record rec = { .tmpl = tmpl };
	uint32_t room, records = 0;
	if (tmpl->min_len == 0 || tmpl->min_len == WIDTH_VARIABLE) {
		problem_at(dec, &dec->counters.malformed_set, "template has no record length",
			   set.p, tmpl->id);
		return;
	}
	struct set_run run;
	start_run(dec, &run, tmpl, held);
	if (tmpl->options) {
		dec->ctx.records += options_records(dec, sink, &run, &set);
		return;
	}
	while (next_record(dec, tmpl, &set, &rec, &room)) {
		flow_line(dec, sink, &run, &rec, room);
		records++;
	}
	dom->now.records += records;
	dec->counters.records[dom->protocol] += records;
	dec->ctx.records += records;
}

void data_set(struct decoder *dec, struct sink *sink, uint16_t id, struct cursor set)
{
	if (!cursor_left(&set))
		return;
	struct template *tmpl = template_ready(dec, dec->ctx.domain, id);
	if (tmpl) {
		tmpl->used_ms = dec->ctx.received_ms;
		data_records(dec, sink, tmpl, set, false);
		return;
	}
	dec->counters.unknown_template++;
	dec->ctx.domain->now.unknown_templates++;
	held_add(dec, id, set);
}
