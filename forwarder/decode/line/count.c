/* SPDX-License-Identifier: Apache-2.0
 * What flow lines get from what was counted before: whether their octets are new (docs/raw-line.md,
 * "count"). */
#include "forwarder/decode/line/count.h"

#include "common/hash.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/exporter/outs.h"
#include "forwarder/decode/exporter/sums.h"

#define TOTALS_KEEP_S  3600        /* no record of it for so long: the flow is over */
#define EVENTS_KEEP_S  (24 * 3600) /* the same of a connection, … */
#define DELETED_KEEP_S 60          /* … and of one that was deleted */

/* Firewall events (IANA, firewallEvent). */
enum { EVENT_CREATED = 1, EVENT_DELETED = 2, EVENT_UPDATE = 5 };

/* An element of `width` octets that stands at one place in all records of the template. */
static bool is_fixed(const struct template *tmpl, enum ref_kind kind, uint16_t width)
{
	return tmpl->refs_set >> kind & 1 && tmpl->refs[kind].part == 0 &&
	       tmpl->refs[kind].width == width;
}

/* Where the octets of all records stand in eight octets each; NULL: they do not. */
static const struct place *wide_octets(const struct counts *c)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned element = i ? COUNT_SUMS : COUNT_OCTETS;
		const struct place *at = &c->at[element];
		if (c->has >> element & 1)
			return at->part == 0 && at->width == 8 ? at : NULL;
	}
	return NULL;
}

static void prepare_huge(const struct exporter *exporter, struct count_run *run)
{
	const struct place *octets = exporter->longest_s > 60 ? wide_octets(run->counts) : NULL;
	if (!octets)
		return;
	run->what |= COUNT_HUGE;
	run->octets_at = octets->at;
}

void count_prepare(struct decoder *dec, const struct template *tmpl, struct count_run *ret)
{
	const struct counts *counts = tmpl->counts;
	struct exporter *exporter = dec->ctx.domain->exporter;
	ret->what = 0;
	ret->flat = NULL;
	if (!counts)
		return;
	ret->counts = counts;
	ret->what = counts->what & (COUNT_METER | COUNT_POST | COUNT_TOTALS | COUNT_EVENTS);
	ret->directed = tmpl->refs_set >> REF_DIRECTION & 1;
	ret->both_kinds = counts->kind == KIND_IPV4 && counts->has >> COUNT_IPV6 & 1;
	if (!ret->directed && !exporter->meter)
		ret->what &= ~(unsigned)COUNT_METER;
	if (ret->what == COUNT_METER && !ret->both_kinds && is_fixed(tmpl, REF_INGRESS, 4) &&
	    is_fixed(tmpl, REF_EGRESS, 4) && is_fixed(tmpl, REF_DIRECTION, 1)) {
		ret->flat = meter_flat(dec, exporter, (enum packet_kind)counts->kind);
		ret->in_at = tmpl->refs[REF_INGRESS].at;
		ret->out_at = tmpl->refs[REF_EGRESS].at;
		ret->way_at = tmpl->refs[REF_DIRECTION].at;
	}
	prepare_huge(exporter, ret);
}

static inline bool counts_has(const struct counts *c, unsigned element)
{
	return c->has >> element & 1;
}

/* 0 where it is not there. */
static uint64_t count_number(const struct data_record *rec, const struct counts *c,
			     unsigned element)
{
	if (!counts_has(c, element))
		return 0;
	struct bytes b = record_bytes(rec, c->at[element]);
	return b.len > 8 ? 0 : be_uint(b.p, b.len);
}

/* ---- metered twice ---- */

#define TEXT(members)                                                              \
	{                                                                          \
		sizeof(",\"count\":{" members "}") - 1, ",\"count\":{" members "}" \
	}
#define DUPLICATE "\"duplicate\":\"egress\"" /* in: other goes without saying */
const struct count_text count_texts[METER_VERDICTS] = {
	[METER_DUPLICATE | METER_NOT_IN] = TEXT(DUPLICATE),
	[METER_NOT_IN] = TEXT("\"in\":\"other\""),
	[METER_NOT_OUT] = TEXT("\"out\":\"other\""),
	[METER_NOT_IN | METER_NOT_OUT] = TEXT("\"in\":\"other\",\"out\":\"other\""),
	[METER_PART_IN] = TEXT("\"in\":\"part\""),
	[METER_PART_OUT] = TEXT("\"out\":\"part\""),
};
#undef TEXT

static enum packet_kind kind_of(const struct data_record *rec, const struct counts *c)
{
	struct bytes b = record_bytes(rec, c->at[COUNT_IPV6]);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i])
			return KIND_IPV6;
	return KIND_IPV4;
}

void count_lasted(struct decoder *dec, const struct data_record *rec,
		  const struct record_times *times)
{
	const struct counts *c = rec->tmpl->counts;
	struct exporter *exporter = dec->ctx.domain->exporter;
	uint32_t now_s = (uint32_t)(dec->ctx.received_ms / 1000);
	if (!c || !counts_has(c, COUNT_START) || exporter->longest_at_s == now_s)
		return;
	exporter->longest_at_s = now_s;
	struct record_times own;
	times = record_times_own(dec, rec, times, &own);
	uint64_t start =
	    record_time_of(rec, times, c->at[COUNT_START], (enum converter)c->start_conv);
	uint64_t end = record_time(rec, times);
	if (start && end > start)
		meter_lasted(exporter, end - start);
}

static inline unsigned count_metered(struct decoder *dec, const struct data_record *rec,
				     const struct count_run *run)
{
	const struct counts *c = run->counts;
	enum packet_kind kind = run->both_kinds ? kind_of(rec, c) : (enum packet_kind)c->kind;
	enum meter_way way = METERED_UNKNOWN;
	if (run->directed) {
		uint64_t direction = record_uint(rec, REF_DIRECTION);
		way = direction == 0 ? METERED_IN : direction == 1 ? METERED_OUT : METERED_UNKNOWN;
	}
	return meter_judge(dec, dec->ctx.domain->exporter, way, kind,
			   (uint32_t)record_uint(rec, REF_INGRESS),
			   (uint32_t)record_uint(rec, REF_EGRESS));
}

/* ---- the second counters ---- */

static bool is_icmp(uint64_t protocol)
{
	return protocol == 1 || protocol == 58;
}

/* RFC 6759: engine 20, then the enterprise number. */
static bool fortinet_application(const struct data_record *rec)
{
	struct bytes b = record_ref(rec, REF_APPLICATION);
	return b.len >= 5 && b.p[0] == 20 && be32(b.p + 1) == 12356;
}

static char *put_post(struct decoder *dec, const struct data_record *rec, const struct counts *c,
		      char *p)
{
	unsigned octets = counts_has(c, COUNT_OCTETS) && counts_has(c, COUNT_POST_OCTETS) ? 0 : 1;
	unsigned known = c->what & (COUNT_REVERSES | COUNT_FORTINET);
	if (fortinet_application(rec))
		known |= COUNT_FORTINET;
	switch (outs_judge(&dec->ctx.domain->exporter->outs, known,
			   is_icmp(count_number(rec, c, COUNT_PROTOCOL)),
			   count_number(rec, c, COUNT_OCTETS + octets),
			   count_number(rec, c, COUNT_POST_OCTETS + octets))) {
	case OUTS_REVERSE:
		return jsonw_lit(p, ",\"post\":\"reverse\"");
	case OUTS_COPY:
		return jsonw_lit(p, ",\"post\":\"copy\"");
	case OUTS_UNKNOWN:
		return jsonw_lit(p, ",\"post\":\"unknown\"");
	default:
		return p;
	}
}

/* ---- counters that count up ---- */

static uint64_t hash_place(uint64_t h, const struct data_record *rec, struct place place)
{
	struct bytes b = record_bytes(rec, place);
	return hash_bytes(h, b.p, b.len);
}

/* The flow: what tells flows apart, or the connection and when it was made. */
static uint64_t flow_key(const struct decoder *dec, const struct data_record *rec,
			 const struct counts *c)
{
	uint64_t h = sums_seed(dec, dec->ctx.domain->exporter) ^ dec->ctx.domain->protocol;
	if (c->what & COUNT_EVENTS) {
		h = hash_place(h, rec, c->at[COUNT_FLOW_ID]);
		if (counts_has(c, COUNT_START))
			h = hash_place(h, rec, c->at[COUNT_START]);
	} else {
		for (unsigned i = 0; i < c->keys_len; i++)
			h = hash_place(h, rec, c->keys[i]);
		h = hash_mix(h, dec->ctx.domain->id);
	}
	return h ? h : 1;
}

struct news {
	uint64_t part[SUM_PARTS]; /* what of the record's counters is new */
	const char *why;          /* the rest is not; NULL: all is */
	uint64_t since_ms;        /* what is new came since then; 0: since the flow began */
	bool connection;          /* a connection that was not told of before */
};

static char *put_news(char *p, const struct data_record *rec, const struct counts *c,
		      const struct news *news)
{
	static const char keys[SUM_PARTS][JSONW_STEP] = {
		"\"octets\":", "\"packets\":", "\"reverse_octets\":", "\"reverse_packets\":"
	};
	bool all = true;
	for (unsigned i = 0; i < SUM_PARTS; i++)
		all &= news->part[i] == count_number(rec, c, COUNT_SUMS + i);
	if (!all) {
		p = jsonw_lit(p, ",\"kept\":\"");
		p = jsonw_raw(p, news->why, strlen(news->why));
		p = jsonw_lit(p, "\",\"new\":");
		char *open = p;
		for (unsigned i = 0; i < SUM_PARTS; i++) {
			if (!counts_has(c, COUNT_SUMS + i))
				continue;
			*p++ = ',';
			p = jsonw_u64(jsonw_raw(p, keys[i], strlen(keys[i])), news->part[i]);
		}
		*open = '{';
		*p++ = '}';
	}
	if (news->since_ms)
		p = jsonw_u64(jsonw_lit(p, ",\"since\":"), news->since_ms);
	if (news->connection)
		p = jsonw_lit(p, ",\"connection\":true");
	return p;
}

/* The last totals of the flow against these. A flow that starts again, or is smaller, is another
 * one. */
static void judge_totals(const struct decoder *dec, const struct data_record *rec,
			 const struct record_times *times, const struct counts *c,
			 struct sum_row *row, struct news *news)
{
	struct bytes b = record_bytes(rec, c->at[COUNT_START]);
	uint64_t start = hash_bytes(0, b.p, b.len), end_ms = record_time(rec, times);
	bool known = row->seen_ms && row->start == start, smaller = false;
	news->why = "total";
	if (known)
		for (unsigned i = 0; i < SUM_PARTS; i++)
			smaller |= news->part[i] < row->counted[i];
	if (smaller && end_ms < row->end_ms) { /* it came late */
		memset(news->part, 0, sizeof(news->part));
		return;
	}
	uint64_t now[SUM_PARTS];
	memcpy(now, news->part, sizeof(now));
	if (known && !smaller) {
		for (unsigned i = 0; i < SUM_PARTS; i++)
			news->part[i] -= row->counted[i];
	} else if (!row->seen_ms) {
		uint64_t start_ms =
		    record_time_of(rec, times, c->at[COUNT_START], (enum converter)c->start_conv);
		if (start_ms - (uint64_t)dec->ctx.clock_offset_ms < dec->settings.listening_ms) {
			news->why = "before";
			memset(news->part, 0, sizeof(news->part));
		}
	}
	memcpy(row->counted, now, sizeof(now));
	row->start = start;
	row->end_ms = end_ms;
}

/* A deleted connection tells what it had in all, its updates what they had since the one before. */
static void judge_event(const struct data_record *rec, const struct record_times *times,
			unsigned event, struct sum_row *row, struct news *news)
{
	uint64_t end_ms = record_time(rec, times);
	bool deleted = row->state & SUM_DELETED;
	news->why = "update";
	if (event == EVENT_CREATED) {
		news->connection = !(row->state & (SUM_CREATED | SUM_DELETED));
		row->state |= SUM_CREATED;
	} else if (event == EVENT_UPDATE && !deleted) {
		for (unsigned i = 0; i < SUM_PARTS; i++)
			row->counted[i] += news->part[i];
		news->since_ms = row->end_ms;
		row->end_ms = end_ms;
	} else if (event == EVENT_DELETED && !deleted) {
		for (unsigned i = 0; i < SUM_PARTS; i++)
			news->part[i] -=
			    row->counted[i] < news->part[i] ? row->counted[i] : news->part[i];
		news->since_ms = row->end_ms;
		news->connection = !(row->state & SUM_CREATED);
		row->state |= SUM_DELETED;
		row->keep_s = DELETED_KEEP_S;
	} else if (event == EVENT_UPDATE || event == EVENT_DELETED) { /* late, or a second time */
		memset(news->part, 0, sizeof(news->part));
	}
}

static char *put_sums(struct decoder *dec, const struct data_record *rec,
		      const struct record_times *times, const struct counts *c, char *p)
{
	unsigned event = (unsigned)count_number(rec, c, COUNT_EVENT);
	bool events = c->what & COUNT_EVENTS;
	if (events && event != EVENT_CREATED && event != EVENT_DELETED && event != EVENT_UPDATE)
		return p;
	struct sum_row *row = sums_get(dec, dec->ctx.domain->exporter, flow_key(dec, rec, c),
				       events ? EVENTS_KEEP_S : TOTALS_KEEP_S);
	if (!row)
		return p;
	struct news news = { .why = NULL };
	for (unsigned i = 0; i < SUM_PARTS; i++)
		news.part[i] = count_number(rec, c, COUNT_SUMS + i);
	if (events)
		judge_event(rec, times, event, row, &news);
	else
		judge_totals(dec, rec, times, c, row, &news);
	row->seen_ms = dec->ctx.received_ms;
	return put_news(p, rec, c, &news);
}

char *count_write(struct decoder *dec, const struct data_record *rec,
		  const struct record_times *times, struct count_run *run, char *p)
{
	static const char open[] = ",\"count\":{";
	char *start = p;
	p = jsonw_raw(p, open, sizeof(open) - 1);
	char *members = p;
	if (run->what & COUNT_METER) {
		const struct count_text *text = &count_texts[count_metered(dec, rec, run)];
		if (text->len) { /* without its brackets */
			*p++ = ',';
			p = jsonw_raw(p, text->text + sizeof(open) - 1, text->len - sizeof(open));
		}
	}
	if (run->what & COUNT_HUGE && count_is_huge(rec, run))
		p = jsonw_u64(jsonw_lit(p, ",\"longest\":"), dec->ctx.domain->exporter->longest_s);
	if (run->what & COUNT_POST)
		p = put_post(dec, rec, run->counts, p);
	if (run->what & (COUNT_TOTALS | COUNT_EVENTS))
		p = put_sums(dec, rec, times, run->counts, p);
	if (p == members)
		return start;
	memmove(members, members + 1, (size_t)(p - members - 1)); /* over the first comma */
	p[-1] = '}';
	return p;
}
