/* SPDX-License-Identifier: Apache-2.0
 * Data sets: from the bytes under a template to lines. */
#include "forwarder/decode/line/set.h"

#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/core/when.h"
#include "forwarder/decode/exporter/device.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/held.h"
#include "forwarder/decode/exporter/known.h"
#include "forwarder/decode/exporter/restart.h"
#include "forwarder/decode/line/ceiling.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/count.h"
#include "forwarder/decode/line/join.h"
#include "forwarder/decode/line/meta.h"
#include "forwarder/decode/record/fit.h"
#include "forwarder/decode/record/record.h"
#include "forwarder/decode/template/template.h"

#define TIMESTAMP "{\"@timestamp\":"
#define TAGS                                           \
	",\"tags\":[\"exporter_clock_skew\",\"held\"," \
	"\"template_unconfirmed\",\"truncated\"]"

/* What is the same for all records of a set. */
struct set_run {
	const struct template *tmpl;
	struct record_times times;
	struct join join;
	struct count_run count;
	char flow[FLOW_TEXT_MAX +
		  256]; /* `,"flow":{…` up to and with `"ie":`, or up to where sampling goes */
	uint16_t flow_len;
	uint32_t line_room; /* of a line beside its elements */
	unsigned tags;      /* SET_… */
};

static void set_run_start(struct decoder *dec, struct set_run *run, const struct template *tmpl,
			  unsigned tags)
{
	const struct context *ctx = &dec->ctx;
	run->tmpl = tmpl;
	run->tags = tags;
	run->times.exported_ms = ctx->exported_ms;
	run->times.uptime_ms = ctx->uptime_ms;
	run->times.has_uptime = ctx->has_uptime;
	if (!ctx->has_uptime)
		run->times.has_uptime = known_uptime(dec, ctx->session, &run->times.uptime_ms);
	join_prepare(dec, ctx->session, tmpl, &run->join);
	count_prepare(dec, tmpl, &run->count);

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
	run->line_room =
	    (uint32_t)(sizeof(TIMESTAMP TAGS "{}}\n") + JSONW_TIME_MAX + run->flow_len +
		       (run->join.sampling_per_record ? JOIN_SAMPLING_MAX : 0) + run->join.room +
		       (run->count.what ? COUNT_ROOM : 0));
}

static char *put_tags(char *p, bool skewed, unsigned tags, bool truncated)
{
	char *open = p + sizeof(",\"tags\":") - 1;
	p = jsonw_lit(p, ",\"tags\":");
	if (skewed)
		p = jsonw_lit(p, ",\"exporter_clock_skew\"");
	if (tags & SET_HELD)
		p = jsonw_lit(p, ",\"held\"");
	if (tags & SET_UNCONFIRMED)
		p = jsonw_lit(p, ",\"template_unconfirmed\"");
	if (truncated)
		p = jsonw_lit(p, ",\"truncated\"");
	*open = '['; /* over the first comma */
	*p++ = ']';
	return p;
}

static void flow_line(struct record_writer *out, struct sink *sink, struct set_run *run,
		      const struct data_record *rec, size_t room)
{
	struct decoder *dec = out->dec;
	char *p = line_begin(dec, sink, LINE_FLOW, room + run->line_room);
	if (!p)
		return;
	bool skewed;
	struct record_times own;
	out->times = record_times_own(dec, rec, &run->times, &own);
	uint64_t ms = context_believed_time(dec, record_time(rec, out->times), &skewed);
	p = jsonw_lit(p, TIMESTAMP);
	p = jsonw_time_cached(p, ms, &dec->times);
	p = jsonw_padded(p, run->flow, run->flow_len);
	if (run->join.sampling_per_record)
		p = join_sampling(rec, &run->join, p);

	char *members = p;
	out->truncated = false;
	p = record_members(out, rec, 1, p);
	if (p == members)
		p++;
	*members = '{';
	*p++ = '}';
	if (run->count.what)
		p = count_put(dec, rec, out->times, &run->count, p);
	if (run->join.joins)
		p = join_write(rec, &run->join, p);
	if (__builtin_expect(run->tags || skewed || out->truncated, 0))
		p = put_tags(p, skewed, run->tags, out->truncated);
	*p++ = '}';
	out->times = &run->times;
	line_end(sink, LINE_FLOW, p);
}

/* RFC 7011 section 3.3.1: padding is shorter than a record; a record of nothing but empty elements
 * is none. */
static bool is_padding(const struct cursor *c)
{
	return cursor_left(c) <= 3 && cursor_all_zero(c);
}

/* Room for the lists of a record whose other elements need `room`; decides how they are written. */
static uint32_t lists_room(struct record_writer *out, const struct data_record *rec, uint32_t room)
{
	out->lists_as_hex = false;
	size_t lists = record_lists_room(out, rec, 1);
	out->lists_as_hex = room + lists > RECORD_ROOM_MAX;
	return (uint32_t)(out->lists_as_hex ? record_lists_room(out, rec, 1) : lists);
}

/* The next record, or false. */
static inline __attribute__((always_inline)) bool
next_record(struct record_writer *out, const struct template *tmpl, struct cursor *set,
	    struct data_record *rec, uint32_t *ret_room)
{
	struct decoder *dec = out->dec;
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
		*ret_room += lists_room(out, rec, *ret_room);
	cursor_take(set, rec->len);
	if (__builtin_expect(dec->settings.seer != NULL, 0))
		record_see(out, rec, 1);
	return true;
}

/* Options records. One that nothing can be learnt from is passed over; but where its template has
 * no scope, which the standards do not allow, it is about nothing else than itself: then it is
 * written like a flow, so that it is not lost. */
static uint32_t meta_records(struct decoder *dec, struct sink *sink, struct set_run *run,
			     struct cursor *set)
{
	struct record_writer out = { .dec = dec, .times = &run->times };
	struct domain *dom = dec->ctx.domain;
	struct data_record rec = { .tmpl = run->tmpl };
	uint32_t room, meta = 0, flows = 0;
	while (next_record(&out, run->tmpl, set, &rec, &room)) {
		if (meta_record(&out, sink, &rec, room)) {
			meta++;
		} else if (run->tmpl->scopes > 0) {
			meta++;
			dec->counters.options_ignored++;
		} else {
			flows++;
			flow_line(&out, sink, run, &rec, room);
		}
	}
	dom->now.records += flows;
	dec->counters.records[dom->protocol] += flows;
	dom->now.options_records += meta;
	dec->counters.options_records[dom->protocol] += meta;
	dec->ctx.meta_records += meta;
	return meta + flows;
}

void data_records(struct decoder *dec, struct sink *sink, const struct template *tmpl,
		  struct cursor set, unsigned tags)
{
	struct domain *dom = dec->ctx.domain;
	struct data_record rec = { .tmpl = tmpl };
	uint32_t room, records = 0;
	if (tmpl->min_len == 0 || tmpl->min_len == WIDTH_VARIABLE) {
		problem_at(dec, &dec->counters.malformed_set, "template has no record length",
			   set.p, tmpl->id);
		return;
	}
	struct set_run run;
	set_run_start(dec, &run, tmpl, tags);
	if (tmpl->meta) {
		dec->ctx.records += meta_records(dec, sink, &run, &set);
		return;
	}
	struct record_writer out = { .dec = dec, .times = &run.times };
	while (next_record(&out, tmpl, &set, &rec, &room)) {
		if (records++ == 0)
			count_lasted(dec, &rec, &run.times);
		flow_line(&out, sink, &run, &rec, room);
	}
	dom->now.records += records;
	dec->counters.records[dom->protocol] += records;
	dec->ctx.records += records;
}

/* What there was before the exporter started again, for a set that fits it; else NULL. */
static struct template *unconfirmed(struct decoder *dec, uint16_t id, struct cursor set)
{
	const struct context *ctx = &dec->ctx;
	struct template *tmpl = template_find_suspended(ctx->session, id);
	uint64_t born_ms = ctx->domain->born_ms;
	if (!tmpl)
		return NULL;
	if (ctx->has_uptime)
		born_ms = ctx->exported_ms > ctx->uptime_ms ? ctx->exported_ms - ctx->uptime_ms : 0;
	const struct record_times times = { ctx->exported_ms, ctx->uptime_ms, ctx->has_uptime };
	return record_set_fits(dec, tmpl, set, &times, born_ms) ? tmpl : NULL;
}

static void decode_unconfirmed(struct decoder *dec, struct sink *sink, struct template *tmpl,
			       struct cursor set, unsigned tags)
{
	tmpl->used_ms = dec->ctx.received_ms;
	dec->counters.unconfirmed_sets++;
	data_records(dec, sink, tmpl, set, tags | SET_UNCONFIRMED);
}

/* `tmpl` is one of several that ports defined under its id: what the port at hand means. NULL: it
 * is not known, and there are several devices. */
static struct template *template_of_port(struct decoder *dec, uint16_t id, struct template *tmpl)
{
	const struct domain *dom = dec->ctx.domain;
	if (tmpl->owners & dec->ctx.port_bit)
		return tmpl;
	if (device_prove(dec, id)) {
		context_head(&dec->ctx);
		return template_ready(dec, dec->ctx.session, id);
	}
	return dom->exporter->root->devices ? NULL : tmpl;
}

/* What a device has not defined itself: what others of its address did, if they agree. */
static struct template *template_of_others(struct decoder *dec, uint16_t id)
{
	const struct domain *dom = dec->ctx.domain;
	bool suspended = template_find_suspended(dec->ctx.session, id);
	struct domain *base = suspended ? NULL : domain_base(dec, dom);
	struct template *tmpl = base ? template_ready(dec, &base->own, id) : NULL;
	return tmpl && !tmpl->contested ? tmpl : NULL;
}

/* What data of `id` is decoded with; NULL: it has to wait. */
static struct template *template_for(struct decoder *dec, uint16_t id)
{
	struct template *tmpl = template_ready(dec, dec->ctx.session, id);
	if (tmpl && __builtin_expect(!tmpl->contested, 1))
		return tmpl;
	return tmpl ? template_of_port(dec, id, tmpl) : template_of_others(dec, id);
}

void data_set(struct decoder *dec, struct sink *sink, uint16_t id, struct cursor set)
{
	if (!cursor_left(&set))
		return;
	struct template *tmpl = template_for(dec, id);
	struct domain *dom = dec->ctx.domain;
	if (tmpl) {
		tmpl->used_ms = dec->ctx.received_ms;
		data_records(dec, sink, tmpl, set, 0);
		return;
	}
	tmpl = dom->grace_ms ? NULL : unconfirmed(dec, id, set);
	if (tmpl) {
		decode_unconfirmed(dec, sink, tmpl, set, 0);
		return;
	}
	dec->counters.unknown_template++;
	dom->now.unknown_templates++;
	struct context ctx = dec->ctx;
	if (ctx.with_id)
		context_id(&ctx, (uint32_t)(set.p - ctx.dgram->data) << 1 | 1);
	held_add(dec, id, set, &ctx);
}

/* `id`: of the template that came; 0: of any. */
static bool decode_waited(struct decoder *dec, struct sink *sink, const struct held_set *set,
			  uint16_t id)
{
	struct cursor data = cursor_over(set->data, set->len);
	if (id && set->id != id)
		return false;
	if (dec->ctx.domain->exporter->port) /* it may have become a device's meanwhile */
		context_head(&dec->ctx);
	struct template *tmpl = template_find(dec->ctx.session, set->id);
	if (!tmpl)
		tmpl = template_of_others(dec, set->id);
	if (tmpl) {
		ceiling_receive_held(dec->ctx.domain->exporter->root, set->len);
		data_records(dec, sink, tmpl, data, SET_HELD);
		return true;
	}
	tmpl = id ? NULL : unconfirmed(dec, set->id, data);
	if (tmpl) {
		ceiling_receive_held(dec->ctx.domain->exporter->root, set->len);
		decode_unconfirmed(dec, sink, tmpl, data, SET_HELD);
	}
	return tmpl;
}

/* The same; who asks where values are is told places in the datagram that it came in. */
static bool decode_held(struct decoder *dec, struct sink *sink, const struct held_set *set,
			uint16_t id)
{
	struct seer *seer = dec->settings.seer;
	if (seer)
		seer_read_copy(seer, set->data, set->len, set->origin);
	bool decoded = decode_waited(dec, sink, set, id);
	if (seer)
		seer_read_copy(seer, NULL, 0, NULL);
	return decoded;
}

void data_waited(struct decoder *dec, struct sink *sink, struct session *session, uint16_t id)
{
	const struct domain *dom = session->domain;
	held_release(dec, sink, session, decode_held, id);
	const struct template *tmpl = template_find(session, id);
	if (!dom->exporter->devices || !tmpl || tmpl->contested)
		return;
	struct domain_key key = domain_key(dom);
	for (const struct exporter *e = dom->exporter->device; e; e = e->device) {
		key.port = e->port;
		struct domain *of_device = domain_find(dec, &key);
		if (of_device)
			held_release(dec, sink, &of_device->own, decode_held, id);
	}
}

void data_due(struct decoder *dec, struct sink *sink, struct domain *dom, uint64_t now_ms)
{
	if (__builtin_expect(!dom->grace_ms, 1) ||
	    !when_has_come(dom->grace_ms, RESTART_GRACE_MS, now_ms))
		return;
	dom->grace_ms = 0;
	held_release(dec, sink, &dom->own, decode_held, 0);
}
