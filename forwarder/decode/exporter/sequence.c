/* SPDX-License-Identifier: Apache-2.0
 * Sequence numbers: what was lost, reordered or sent twice, and when an exporter started again.
 *
 * The standards say that NetFlow 5 and IPFIX count records, NetFlow 9 and sFlow datagrams; some
 * exporters count otherwise or not at all. So the unit is taken from the numbers themselves, and
 * gaps count as losses only while the numbers mostly follow one another. A gap is given SETTLE_AGE
 * further datagrams to be filled by late ones. */
#include "forwarder/decode/exporter/sequence.h"

#include "common/hash.h"
#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/core/when.h"
#include "forwarder/decode/exporter/ports.h"

#define SETTLE_AGE   16    /* datagrams */
#define SETTLE_MS    10000 /* or so long, at the next exporter line */
#define TRUST_MAX    8
#define SWITCH_TRUST 4       /* from here on a unit may take another one's place */
#define REORDER_MAX  100000  /* numbers; further back is a restart */
#define JUMP_MAX     1000000 /* numbers a second of silence; further on is a restart, too */
#define LATE_RUN_MAX 6       /* so many late ones in a row are a restart, too */

static void sequence_lose(struct decoder *dec, struct session *session, uint32_t n)
{
	dec->counters.lost += n;
	session->domain->now.lost += n;
}

static void drop_gap(struct sequence *s, unsigned i)
{
	s->gaps_len--;
	memmove(&s->gaps[i], &s->gaps[i + 1], (s->gaps_len - i) * sizeof(s->gaps[0]));
}

static void age_gaps(struct decoder *dec, struct session *session)
{
	struct sequence *s = &session->sequence;
	for (unsigned i = s->gaps_len; i-- > 0;) {
		if (++s->gaps[i].age < SETTLE_AGE)
			continue;
		sequence_lose(dec, session, s->gaps[i].len);
		drop_gap(s, i);
	}
}

static void add_gap(struct decoder *dec, struct session *session, struct sequence_gap gap)
{
	struct sequence *s = &session->sequence;
	if (gap.len == 0)
		return;
	if (s->gaps_len == SEQUENCE_GAPS) {
		sequence_lose(dec, session, s->gaps[0].len);
		drop_gap(s, 0);
	}
	s->gaps[s->gaps_len++] = gap;
}

/* A late datagram fills (part of) a gap. What is left of it before and behind stays missing. */
static void fill_gap(struct decoder *dec, struct session *session, uint32_t seq, uint32_t units)
{
	struct sequence *s = &session->sequence;
	for (unsigned i = 0; i < s->gaps_len; i++) {
		struct sequence_gap before = s->gaps[i], behind = before;
		before.len = seq - behind.from;
		if (before.len >= behind.len)
			continue;
		uint32_t left = behind.len - before.len;
		behind.from = seq + units;
		behind.len = left > units ? left - units : 0;
		drop_gap(s, i);
		add_gap(dec, session, before);
		add_gap(dec, session, behind);
		return;
	}
}

/* Tells messages apart, those with the same number too: some exporters do not count at all, and
 * some put several messages into a datagram. Never 0, which is an empty place. */
static uint64_t mark_of(const struct context *ctx, uint32_t seq)
{
	uint64_t mark = hash_mix(ctx->content, seq);
	return mark ? mark : 1;
}

static bool mark_seen(const struct sequence *s, uint64_t mark)
{
	for (unsigned i = 0; i < SEQUENCE_RECENT; i++)
		if (s->recent[i] == mark)
			return true;
	return false;
}

static void sequence_start(struct sequence *s)
{
	memset(s->recent, 0, sizeof(s->recent));
	s->started = true;
	memset(s->trust, 0, sizeof(s->trust));
	s->gaps_len = 0;
	s->late_run = 0;
}

static void sequence_first(struct session *session)
{
	struct sequence *s = &session->sequence;
	enum protocol protocol = session->domain->protocol;
	bool counts_records = protocol != PROTO_NETFLOW9 && protocol != PROTO_SFLOW5;
	s->unit = counts_records ? UNIT_RECORD : UNIT_DATAGRAM;
	sequence_start(s);
}

void sequence_recall(struct session *session, uint32_t seq, uint32_t uptime_ms,
		     uint64_t exported_ms)
{
	struct sequence *s = &session->sequence;
	sequence_first(session);
	s->last_seq = seq;
	s->uptime_ms = uptime_ms;
	s->exported_ms = exported_ms;
	s->seen_ms = session->domain->last_seen_ms;
}

static int8_t trust_vote(int8_t trust, bool fits)
{
	if (fits)
		return (int8_t)(trust < TRUST_MAX ? trust + 1 : trust);
	return (int8_t)(trust > -TRUST_MAX ? trust - 1 : trust);
}

/* The step from the last datagram's number that each unit expects. */
static uint32_t expected_step(const struct sequence *s, enum sequence_unit unit, uint32_t own)
{
	return unit == UNIT_DATAGRAM ? 1 : unit == UNIT_RECORD ? s->last_records : own;
}

/* Which unit explains the step from the last datagram to this one? The one that did so most often
 * is believed. Where records were not counted, because they wait for their template, nothing is
 * learnt of the units that would need it, so nothing of those that do not, either, but for the one
 * in force; and one that explains as much as that does not take its place. */
static void step_judge(struct sequence *s, uint32_t step, uint32_t own, bool exact)
{
	const bool known[SEQUENCE_UNITS] = { true, s->exact, exact };
	bool all = s->exact && exact;
	enum sequence_unit best = s->unit;
	for (unsigned unit = 0; unit < SEQUENCE_UNITS; unit++)
		if (all || (unit == s->unit && known[unit]))
			s->trust[unit] =
			    trust_vote(s->trust[unit], step == expected_step(s, unit, own));
	for (unsigned unit = 0; unit < SEQUENCE_UNITS; unit++)
		if (s->trust[unit] > s->trust[best] && s->trust[unit] >= SWITCH_TRUST)
			best = (enum sequence_unit)unit;
	if (best != s->unit)
		s->gaps_len = 0;
	s->unit = (uint8_t)best;
}

uint64_t sequence_silence_ms(const struct decoder *dec, const struct sequence *s)
{
	return dec->ctx.received_ms > s->seen_ms ? dec->ctx.received_ms - s->seen_ms : 0;
}

static void sequence_restarted(struct decoder *dec, struct session *session)
{
	dec->counters.restarts++;
	session->domain->now.restarts++;
	sequence_start(&session->sequence);
}

void sequence_begin_anew(struct decoder *dec, struct session *session)
{
	sequence_restarted(dec, session);
	session->sequence.anew = true;
}

/* How many numbers a datagram stands for, and the first of them. */
static uint32_t units_of(const struct sequence *s, uint32_t records, uint32_t own)
{
	return s->unit == UNIT_DATAGRAM ? 1 : s->unit == UNIT_RECORD ? records : own;
}

static uint32_t begin_of(const struct sequence *s, uint32_t seq, uint32_t own)
{
	return s->unit == UNIT_RECORD_AFTER ? seq - own : seq;
}

/* The first number that should come after the newest datagram. */
static uint32_t next_of(const struct sequence *s)
{
	return s->last_seq + (s->unit == UNIT_DATAGRAM ? 1
			      : s->unit == UNIT_RECORD ? s->last_records
						       : 0);
}

/* `own`: the records that UNIT_RECORD_AFTER counts. False: it came late, and what follows the
 * newest one is not changed. */
static bool sequence_follow(struct decoder *dec, struct session *session, uint32_t seq,
			    uint32_t records, uint32_t own, bool exact)
{
	struct sequence *s = &session->sequence;
	bool trusted = s->trust[s->unit] > 0 && s->exact;
	if ((int32_t)(seq - s->last_seq) > 0)
		step_judge(s, seq - s->last_seq, own, exact);
	uint32_t begin = begin_of(s, seq, own), next = next_of(s);
	int32_t gap = (int32_t)(begin - next);
	bool late = gap < 0 && gap > -REORDER_MAX && s->trust[s->unit] > 0;
	if (late && ++s->late_run < LATE_RUN_MAX) {
		dec->counters.reordered++;
		session->domain->now.reordered++;
		fill_gap(dec, session, begin, units_of(s, records, own));
		return false;
	}
	bool jumped =
	    gap > 0 && (uint64_t)gap > JUMP_MAX * (1 + sequence_silence_ms(dec, s) / 1000);
	if (late || jumped || gap <= -REORDER_MAX) {
		if (s->trust[s->unit] > 0)
			sequence_restarted(dec, session);
		else
			sequence_start(s);
	} else if (gap > 0 && trusted) {
		add_gap(dec, session,
			(struct sequence_gap){ .from = next,
					       .len = (uint32_t)gap,
					       .opened_ms = dec->ctx.received_ms });
	}
	s->late_run = 0;
	s->last_seq = seq;
	s->last_records = records;
	return true;
}

void sequence_note(struct decoder *dec, struct session *session, uint32_t seq, uint32_t records,
		   uint32_t meta_records, bool exact, uint32_t uptime_ms)
{
	struct sequence *s = &session->sequence;
	uint64_t mark = mark_of(&dec->ctx, seq);
	if (session->domain->ports)
		ports_note(dec, session->domain, seq, records, records - meta_records, uptime_ms);
	bool newest = true;
	if (!s->started) {
		sequence_first(session);
		s->last_seq = seq;
		s->last_records = records;
	} else if (s->anew) {
		s->last_seq = seq;
		s->last_records = records;
	} else if (!session->stream && mark_seen(s, mark)) { /* TCP brings nothing twice */
		dec->counters.duplicates++;
		session->domain->now.duplicates++;
		return;
	} else {
		age_gaps(dec, session);
		newest = sequence_follow(dec, session, seq, records, records - meta_records, exact);
	}
	s->recent[s->recent_at++ % SEQUENCE_RECENT] = mark;
	if (!newest)
		return;
	s->anew = false;
	s->exact = exact;
	s->uptime_ms = uptime_ms;
	s->exported_ms = dec->ctx.exported_ms;
	s->seen_ms = dec->ctx.received_ms;
}

void sequence_settle(struct decoder *dec, struct session *session, uint64_t now_ms)
{
	struct sequence *s = &session->sequence;
	for (unsigned i = s->gaps_len; i-- > 0;) {
		if (!when_has_come(s->gaps[i].opened_ms + SETTLE_MS, SETTLE_MS, now_ms))
			continue;
		sequence_lose(dec, session, s->gaps[i].len);
		drop_gap(s, i);
	}
}
