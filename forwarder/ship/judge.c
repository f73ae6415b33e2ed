/* SPDX-License-Identifier: Apache-2.0
 * What a whole reply says of each data stream, and from that what becomes of each document: lanes
 * are opened and closed here. */
#include "forwarder/ship/judge.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"

static bool is_stored(enum verdict verdict)
{
	return verdict == VERDICT_STORED || verdict == VERDICT_DUPLICATE ||
	       verdict == VERDICT_ASIDE;
}

bool is_settled(enum verdict verdict)
{
	return is_stored(verdict) || verdict == VERDICT_DISCARDED;
}

/* A stream that stays busy would hold one sender after the other. */
static bool busy_for_long(const struct parcel *p)
{
	return p->lane != LANE_ANY || p->attempts >= BUSY_LIMIT;
}

static bool may_wait(const struct parcel *p, enum verdict verdict)
{
	return verdict == VERDICT_RETRY || (verdict == VERDICT_BUSY && busy_for_long(p)) ||
	       (p->kind == PARCEL_LINES &&
		(verdict == VERDICT_DENIED || verdict == VERDICT_DOUBTED));
}

static void tally_items(const struct shipper *s, const struct parcel *p,
			const struct bulk_verdicts *v, const char *raw, struct tally *t)
{
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	for (uint32_t i = 0; i < v->items && bulk_next(&at, end, &item); i++) {
		struct bulk_outcome o = bulk_outcome(v, i);
		int lane = lane_of(&s->lanes, &item);
		if (is_stored(o.verdict))
			t->stored[lane] = true;
		else if (o.verdict == VERDICT_DISCARDED)
			t->heard |= 1u << lane;
		else if (may_wait(p, o.verdict) && !t->waits[lane].type)
			t->waits[lane] = o;
	}
}

void count_refusal(struct shipper *s, const struct bulk_outcome *why)
{
	if (why->verdict == VERDICT_DENIED)
		COUNT(s, request_denied, 1);
	else if (why->status == 429)
		COUNT(s, request_busy, 1);
	else
		COUNT(s, request_failed, 1);
}

const char *outcome_advice(const struct bulk_outcome *o, char text[CLUSTER_REMEDY_MAX])
{
	enum cluster_state state = cluster_state_of(o->status, o->type, o->reason);
	if (state != STATE_NONE)
		return cluster_state_remedy_of(state, o->reason, text);
	snprintf(text, CLUSTER_REMEDY_MAX, "%s",
		 o->verdict == VERDICT_DENIED
		     ? "run `efctl setup`, or check the privileges of the key; `efctl doctor` "
		       "tells more"
		     : "");
	return text;
}

void judge_took(struct shipper *s, int lane)
{
	pthread_mutex_lock(&s->lock);
	bool opened = lane_open(&s->lanes, lane);
	pthread_mutex_unlock(&s->lock);
	if (opened)
		log_info("%s takes data again", s->lanes.lane[lane].name);
}

/* Opens and closes lanes by what was tallied. One that took something of this very reply is open;
 * then a document of an unknown error is to blame for it, as it is when others were taken between
 * its refusals. */
static void judge_lanes(struct shipper *s, struct parcel *p, struct tally *t)
{
	for (int i = LANE_FIRST; i < LANES; i++) {
		const struct bulk_outcome *why = &t->waits[i];
		struct lane *lane = &s->lanes.lane[i];
		char text[CLUSTER_REMEDY_MAX];
		const char *advice = why->type ? outcome_advice(why, text) : "";
		uint64_t pause = 0;
		t->guilty[i] = t->stored[i];
		if (t->stored[i])
			judge_took(s, i);
		if (!why->type)
			continue;
		pthread_mutex_lock(&s->lock);
		bool no_effect = lane->effect == EFFECT_NONE; /* proof.c closed it */
		t->closed |= (uint32_t)no_effect << i;
		if (no_effect || t->stored[i]) {
			pthread_mutex_unlock(&s->lock);
			continue;
		}
		t->guilty[i] =
		    why->verdict == VERDICT_DOUBTED &&
		    refusals_add(&p->refusals, WITNESS_LANE(s->lanes.witness + (uint32_t)i),
				 lane->passed);
		if (!t->guilty[i])
			pause = lane_close(&s->lanes, i, why, advice, clock_now_ms());
		pthread_mutex_unlock(&s->lock);
		if (!pause)
			continue;
		t->closed |= 1u << i;
		count_refusal(s, why);
		log_warn("%s takes nothing (%d %s: %.200s)%s%s; what is for it waits, next try in "
			 "%.1f s; other data streams go on",
			 lane->name, why->status, why->type, why->reason, *advice ? ": " : "",
			 advice, (double)pause / 1000);
	}
}

void judge_reply(struct shipper *s, struct parcel *p, const struct bulk_verdicts *v,
		 const char *raw, struct tally *ret_t)
{
	*ret_t = (struct tally){ 0 };
	tally_items(s, p, v, raw, ret_t);
	judge_lanes(s, p, ret_t);
	judge_heard(s, ret_t->heard & ~ret_t->closed);
}

uint32_t tally_took(const struct tally *t)
{
	uint32_t bits = t->heard;
	for (int i = LANE_FIRST; i < LANES; i++)
		bits |= (uint32_t)t->stored[i] << i;
	return bits;
}

void judge_heard(struct shipper *s, uint32_t bits)
{
	for (int i = LANE_FIRST; i < LANES; i++) {
		if (!(bits >> i & 1))
			continue;
		pthread_mutex_lock(&s->lock);
		bool opened = lane_heard(&s->lanes, i);
		pthread_mutex_unlock(&s->lock);
		if (opened)
			log_info("%s answers again", s->lanes.lane[i].name);
	}
}

enum fate fate_of(const struct parcel *p, const struct tally *t, enum verdict verdict, int lane)
{
	if (is_settled(verdict))
		return FATE_DONE;
	if (verdict == VERDICT_UNHEARD || (verdict == VERDICT_BUSY && !may_wait(p, verdict)) ||
	    (verdict == VERDICT_FAULT && p->attempts + 1 < FAULT_LIMIT))
		return FATE_AGAIN;
	if (!may_wait(p, verdict) || (verdict == VERDICT_DOUBTED && t->guilty[lane]))
		return FATE_REJECTED;
	return t->closed >> lane & 1 ? FATE_PARKED : FATE_AGAIN;
}
