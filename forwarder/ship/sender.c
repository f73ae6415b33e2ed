/* SPDX-License-Identifier: Apache-2.0
 * A sender thread: one bulk request at a time, its reply judged item by item until the parcel is
 * settled. */
#include "forwarder/ship/sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/names.h"
#include "forwarder/ship/account.h"
#include "forwarder/ship/judge.h"
#include "forwarder/ship/proof.h"
#include "forwarder/ship/queue.h"
#include "forwarder/ship/request.h"
#include "forwarder/ship/split.h"

#define BUSY_SMALL 200 /* a parcel that the cluster is too busy for is not halved below it */

int sender_init(struct sender *sender, struct shipper *s, struct err *err)
{
	sender->s = s;
	buf_init(&sender->reply.body, REPLY_MAX);
	sender->gz = gzip_new();
	if (!sender->gz)
		return err_set(err, EF_FAILED, "out of memory");
	pthread_mutex_lock(&s->lock); /* other senders may be at work already */
	int failed = request_connect(sender, err);
	pthread_mutex_unlock(&s->lock);
	return failed;
}

void sender_release(struct sender *sender)
{
	request_disconnect(sender);
	gzip_free(sender->gz);
	buf_release(&sender->reply.body);
}

/* ---- after a reply ------------------------------------------------------ */

static bool settle(struct sender *sender, struct parcel *p);

/* Sends a part of a parcel, or only keeps it; what cannot be sent now is kept by itself, so that
 * the whole counts as settled. */
static void settle_part(struct sender *sender, struct parcel *part, bool send)
{
	struct shipper *s = sender->s;
	pthread_mutex_lock(&s->lock);
	s->sending++; /* beside its whole: the window does not count it, the end waits for it */
	s->sending_memory++;
	s->sending_parts++;
	pthread_mutex_unlock(&s->lock);
	if (send && settle(sender, part))
		shipper_settled(s, part);
	else
		shipper_put_back(s, part);
	pthread_mutex_lock(&s->lock);
	s->sending_parts--;
	pthread_mutex_unlock(&s->lock);
}

static void to_reject_file(struct shipper *s, const struct bulk_item *item,
			   const struct bulk_outcome *why)
{
	struct err err = ERR_NONE;
	uint64_t gone = 0;
	if (!s->rejects)
		err_set(&err, EF_FAILED, "there is no ship.reject_file to keep it");
	bool failed =
	    !s->rejects || reject_file_add(s->rejects, item, why, clock_wall_ms(), &gone, &err) < 0;
	if (gone) {
		COUNT(s, lost, gone);
		log_error("the reject file %s is full for the second time: %llu older documents "
			  "in %s.1 are lost",
			  s->ship->reject_file, (unsigned long long)gone, s->ship->reject_file);
	}
	if (failed) {
		COUNT(s, lost, 1);
		log_error("a document was rejected (%d %s: %s) and is lost: %s", why->status,
			  why->type, why->reason, err.msg);
		return;
	}
	COUNT(s, rejected, 1);
	log_warn("a document was rejected (%d %s: %s); it is in the reject file", why->status,
		 why->type, why->reason);
}

/* For good: into the failed stream, and what that does not take into the reject file. */
static void reject(struct sender *sender, struct buf *failed, uint32_t *failed_n,
		   const struct parcel *p, const struct bulk_item *item,
		   const struct bulk_outcome *why)
{
	struct shipper *s = sender->s;
	struct err err = ERR_NONE;
	if (p->kind == PARCEL_LINES &&
	    reject_document(failed, s->prefix, s->ns, item, why, clock_wall_ms(), &err) == 0) {
		log_warn("a document was refused and goes to %s (%d %s: %s)",
			 s->lanes.lane[LANE_FIRST + BULK_FAILED].name, why->status, why->type,
			 why->reason);
		(*failed_n)++;
		return;
	}
	to_reject_file(s, item, why);
}

/* The one document of a parcel that is refused as a request. */
static bool reject_alone(struct sender *sender, const struct parcel *p)
{
	CLEANUP_FREE char *raw = split_open(sender, p);
	const char *at = raw;
	struct bulk_item item;
	char body[200];
	sender_first_line(&sender->reply.body, body);
	const struct bulk_outcome why = { VERDICT_REJECTED, (int)sender->reply.status, "request",
					  body };
	if (!raw)
		return false;
	if (bulk_next(&at, raw + p->raw_len, &item))
		to_reject_file(sender->s, &item, &why);
	return true;
}

/* Halves of the parcel, each by itself. */
static bool parcel_split(struct sender *sender, struct parcel *p, bool send)
{
	struct parcel *half[2];
	if (split_halves(sender, p, half) < 0) {
		shipper_pause(sender->s, BACKOFF_MIN_MS);
		return false;
	}
	COUNT(sender->s, request_split, 1);
	settle_part(sender, half[0], send);
	settle_part(sender, half[1], send);
	return true;
}

/* ---- verdicts ----------------------------------------------------------- */

struct sorted {
	struct parts parts; /* to be tried again, and of closed lanes */
	struct buf failed;
	uint32_t failed_n, again_n;
	struct bulk_outcome first; /* of those to be tried again now */
	bool waits;                /* the parcel is of a closed lane */
};

/* What is kept, by lane. -1: no memory. */
static int collect_kept(const struct shipper *s, const struct parcel *p,
			const struct bulk_verdicts *v, const char *raw, const struct tally *t,
			struct sorted *out)
{
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	for (uint32_t i = 0; i < v->items && bulk_next(&at, end, &item); i++) {
		struct bulk_outcome o = bulk_outcome(v, i);
		int lane = lane_of(&s->lanes, &item);
		enum fate fate = fate_of(p, t, o.verdict, lane);
		if (fate != FATE_AGAIN && fate != FATE_PARKED)
			continue;
		if (fate == FATE_AGAIN && !out->again_n++)
			out->first = o;
		out->waits |= fate == FATE_PARKED && p->lane == lane;
		bool apart = fate == FATE_PARKED && p->lane != lane;
		if (parts_add(&out->parts, apart ? lane : LANE_ANY, &item))
			return -1;
	}
	return 0;
}

static void reject_the_rest(struct sender *sender, const struct parcel *p,
			    const struct bulk_verdicts *v, const char *raw, const struct tally *t,
			    struct sorted *out)
{
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	uint32_t heard = 0;
	for (uint32_t i = 0; i < v->items && bulk_next(&at, end, &item); i++) {
		struct bulk_outcome o = bulk_outcome(v, i);
		int lane = lane_of(&sender->s->lanes, &item);
		if (fate_of(p, t, o.verdict, lane) != FATE_REJECTED)
			continue;
		reject(sender, &out->failed, &out->failed_n, p, &item, &o);
		heard |= 1u << lane;
	}
	judge_heard(sender->s, heard & ~t->closed);
}

/* The documents for the failed stream; they are in no other place any more, so it waits for
 * memory. */
static void send_failed(struct sender *sender, const struct sorted *sorted, const struct parcel *p)
{
	const struct parcel like = { .kind = PARCEL_FAILED,
				     .born_ms = p->born_ms,
				     .spool_no = p->spool_no,
				     .part_of = p->part_of };
	struct parcel *part = NULL;
	while (sorted->failed_n &&
	       !(part = split_make(sender, sorted->failed.data, sorted->failed.len,
				   sorted->failed_n, &like)))
		if (shipper_pause(sender->s, BACKOFF_MIN_MS))
			break;
	if (part) {
		settle_part(sender, part, true);
		return;
	}
	const char *at = sorted->failed.data, *end = at + sorted->failed.len;
	const struct bulk_outcome why = { VERDICT_REJECTED, 0, "memory",
					  "none to send it to the failed stream" };
	struct bulk_item item;
	while (sorted->failed_n && bulk_next(&at, end, &item))
		to_reject_file(sender->s, &item, &why);
}

/* A document that alone has a fault of its own holds a sender only shortly: others are taken. */
static void wait_to_retry(struct shipper *s, struct parcel *p, const struct sorted *sorted,
			  uint32_t of)
{
	char text[SHIP_PROBLEM_MAX], remedy[CLUSTER_REMEDY_MAX];
	const char *advice = outcome_advice(&sorted->first, remedy);
	/* of a reply that breaks off the rest comes sooner or later */
	bool unheard = sorted->first.verdict == VERDICT_UNHEARD && sorted->again_n < of;
	bool alone = unheard || (sorted->first.verdict == VERDICT_FAULT && sorted->again_n < of);
	uint64_t pause = backoff_ms(alone ? 0 : p->attempts);
	COUNT(s, retried_items, sorted->again_n);
	count_refusal(s, &sorted->first);
	p->attempts += !unheard; /* what a reply does not tell is no verdict on anything */
	snprintf(text, sizeof(text), "%u of %u documents were not taken (%d %s: %.200s)%s%s",
		 sorted->again_n, of, sorted->first.status, sorted->first.type,
		 sorted->first.reason, *advice ? ": " : "", advice);
	sender_trouble(s, text, pause);
	shipper_pause(s, pause);
}

enum handled { HANDLED_ALL, HANDLED_AGAIN, HANDLED_WAITS };

/* Each item goes where its verdict sends it; what is to be tried again is left in the parcel. All
 * memory is there before anything is counted. */
static enum handled handle_verdicts(struct sender *sender, struct parcel *p,
				    const struct bulk_verdicts *v)
{
	struct shipper *s = sender->s;
	CLEANUP_FREE char *raw = split_open(sender, p);
	struct sorted sorted = { 0 };
	struct tally tally = { 0 };
	enum handled handled = HANDLED_AGAIN;
	parts_init(&sorted.parts, p);
	buf_init(&sorted.failed, p->raw_len * 8 + (4u << 20));
	if (raw)
		judge_reply(s, p, v, raw, &tally);
	if (!raw || collect_kept(s, p, v, raw, &tally, &sorted) < 0 ||
	    parts_make(sender, &sorted.parts, p) < 0) {
		shipper_pause(s,
			      BACKOFF_MIN_MS); /* all again; ids keep it from being stored twice */
		goto out;
	}
	account_taken(sender, p, v, tally_took(&tally));
	reject_the_rest(sender, p, v, raw, &tally, &sorted);
	send_failed(sender, &sorted, p);
	COUNT(s, parked, parts_park(s, &sorted.parts));
	struct parcel *rest = steal_ptr(sorted.parts.made[LANE_ANY]);
	handled = !rest ? HANDLED_ALL : sorted.waits ? HANDLED_WAITS : HANDLED_AGAIN;
	if (rest)
		split_shrink(sender, p, rest);
	if (handled == HANDLED_AGAIN)
		wait_to_retry(s, p, &sorted, v->items);
out:
	parts_release(&sorted.parts);
	buf_release(&sorted.failed);
	return handled;
}

static bool all_stored(struct sender *sender, const struct parcel *p, const struct bulk_verdicts *v)
{
	uint32_t settled = 0;
	for (int i = 0; i < VERDICTS; i++)
		settled += is_settled((enum verdict)i) ? v->count[i] : 0;
	if (settled < v->items)
		return false;
	account_taken(sender, p, v, p->lanes);
	if (p->lane != LANE_ANY && settled > v->count[VERDICT_DISCARDED])
		judge_took(sender->s, p->lane);
	else if (p->lane != LANE_ANY)
		judge_heard(sender->s, 1u << p->lane);
	return true;
}

enum ready { READY_GO, READY_GONE, READY_WAIT };

/* Whether it may go, as far as is known. */
static enum ready may_go(struct sender *sender, struct parcel *p)
{
	if (proof_forbids(sender->s, p))
		return READY_WAIT;
	return split_set_apart(sender, p) ? READY_GO : READY_GONE;
}

/* The reply to the documents that went ahead: they are settled, or kept by themselves. */
static void settle_ahead(struct sender *sender, struct parcel *ahead, struct bulk_verdicts *v)
{
	proof_read(sender, ahead, v);
	enum handled handled =
	    all_stored(sender, ahead, v) ? HANDLED_ALL : handle_verdicts(sender, ahead, v);
	if (handled == HANDLED_ALL)
		parcel_free(ahead);
	else
		settle_part(sender, ahead, handled == HANDLED_AGAIN);
}

/* Until somebody says something of these documents. ANSWER_NONE: they had better be put back;
 * ANSWER_AGAIN: they need not go, it is known by other means. */
static enum answer attempt_ahead(struct sender *sender, const struct parcel *p,
				 struct parcel *ahead, struct bulk_verdicts *ret_v)
{
	struct shipper *s = sender->s;
	enum answer answer = ANSWER_BUSY;
	for (uint32_t tries = 0; !shipper_gives_up(s); tries++) {
		answer = sender_attempt(sender, ahead, tries > 0, ret_v);
		uint32_t told = answer == ANSWER_AGAIN ? proof_ask(sender, ahead->proves) : 0;
		if (answer == ANSWER_AGAIN && !proof_open(s, ahead->proves & ~told))
			return ANSWER_AGAIN;
		if (answer == ANSWER_NONE && p->spool_no == 0 && shipper_away(s))
			return ANSWER_NONE;
		if (answer != ANSWER_AGAIN && answer != ANSWER_NONE && answer != ANSWER_BUSY)
			return answer;
	}
	return ANSWER_NONE;
}

/* The first document of each of these lanes goes ahead: if it is stored as it came, it is one. All
 * stay together until somebody answers. */
static enum ready send_ahead(struct sender *sender, struct parcel *p, uint32_t lanes)
{
	struct parcel *part[2];
	struct bulk_verdicts v = { 0 };
	if (p->items <= (uint32_t)__builtin_popcount(lanes) ||
	    split_first(sender, p, lanes, part) < 0) {
		p->proves = lanes;
		return READY_GO;
	}
	part[0]->proves = lanes;
	enum answer answer = attempt_ahead(sender, p, part[0], &v);
	if (answer == ANSWER_BULK) {
		settle_ahead(sender, part[0], &v);
		split_shrink(sender, p, part[1]);
		bulk_verdicts_release(&v);
		return READY_GO;
	}
	parcel_free(part[0]);
	parcel_free(part[1]);
	if (answer != ANSWER_AGAIN && answer != ANSWER_NONE)
		p->proves = lanes; /* refused as a whole: nothing was stored */
	return answer == ANSWER_NONE ? READY_WAIT : READY_GO;
}

/* The parcel has streams to be proven, and they are this sender's. */
static enum ready prove_lanes(struct sender *sender, struct parcel *p, uint32_t lanes)
{
	struct shipper *s = sender->s;
	uint32_t answered = proof_ask(sender, lanes);
	if (!split_set_apart(sender, p))
		return READY_GONE;
	uint32_t open = proof_open(s, lanes & p->lanes & ~answered);
	if (!open)
		return may_go(sender, p);
	enum ready ready = send_ahead(sender, p, open);
	if (ready != READY_GO || p->proves)
		return ready;
	proof_ask(sender, open);
	p->proves = proof_open(s, open & p->lanes);
	return may_go(sender, p);
}

/* Before a parcel is sent: that each of its data streams does with it what it should. */
static enum ready prove(struct sender *sender, struct parcel *p)
{
	uint32_t lanes;
	if (!split_set_apart(sender, p))
		return READY_GONE;
	if (p->proves)
		return READY_GO;
	if (!proof_claim(sender, p, &lanes))
		return READY_WAIT;
	if (!lanes)
		return READY_GO;
	enum ready ready = prove_lanes(sender, p, lanes);
	proof_release(sender->s, lanes);
	return ready;
}

/* Tries until every item is where it belongs. False: it had to stop, or its lane is closed; what is
 * left is in the parcel. */
static bool settle(struct sender *sender, struct parcel *p)
{
	struct shipper *s = sender->s;
	uint32_t busy = 0;
	enum ready ready = prove(sender, p);
	if (ready != READY_GO)
		return ready == READY_GONE;
	for (uint32_t tries = 0; !shipper_gives_up(s); tries++) {
		struct bulk_verdicts v = { 0 };
		enum handled handled;
		switch (sender_attempt(sender, p, tries > 0, &v)) {
		case ANSWER_SPLIT:
			return parcel_split(sender, p, true);
		case ANSWER_REJECTED:
			return reject_alone(sender, p);
		case ANSWER_REFUSED: /* smaller, the next time: one half may be good */
			return p->items > 1 && parcel_split(sender, p, false);
		case ANSWER_AGAIN:
			proof_ask(sender, p->proves);
			ready = may_go(sender, p);
			if (ready != READY_GO)
				return ready == READY_GONE;
			break;
		case ANSWER_BULK:
			if (p->proves)
				proof_read(sender, p, &v);
			handled = all_stored(sender, p, &v) ? HANDLED_ALL
							    : handle_verdicts(sender, p, &v);
			bulk_verdicts_release(&v);
			if (handled == HANDLED_AGAIN)
				break;
			shipper_set_problem(s, NULL);
			return handled == HANDLED_ALL;
		case ANSWER_BUSY:
			/* perhaps it has no memory for so much at once */
			if (++busy >= BUSY_LIMIT && p->items > BUSY_SMALL)
				return parcel_split(sender, p, true);
			break;
		case ANSWER_NONE:
			if (p->spool_no == 0 && shipper_away(s))
				return false; /* safer on disk */
			break;
		}
	}
	return false;
}

void *sender_main(void *arg)
{
	struct sender *sender = arg;
	struct shipper *s = sender->s;
	struct parcel *p;
	enum queue_take taken;
	while ((taken = shipper_take(s, &sender->spool_first, &p)) != TAKE_END) {
		if (taken == TAKE_NOTHING) {
			sender_ask(sender);
			shipper_wait(s);
		} else if (settle(sender, p)) {
			shipper_settled(s, p);
		} else {
			shipper_put_back(s, p);
		}
	}
	pthread_mutex_lock(&s->lock);
	s->senders_ended++;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}
