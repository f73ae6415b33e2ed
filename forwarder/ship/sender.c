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
#include "forwarder/ship/queue.h"
#include "forwarder/ship/request.h"

#define BUSY_LIMIT 3   /* a parcel that meets 429 so often is sent in halves, */
#define BUSY_SMALL 200 /* unless it has no more items than this */
#define FAULT_LIMIT \
	6 /* replies in which one document had a 5xx of its own: then it is the document */

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

static struct parcel *parcel_make(struct sender *sender, const char *raw, size_t len,
				  uint32_t items, const struct parcel *like)
{
	struct parcel *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	*p = (struct parcel){ .raw_len = len,
			      .items = items,
			      .kind = like->kind,
			      .born_ms = like->born_ms,
			      .attempts = like->attempts };
	p->gz = gzip_pack(sender->gz, raw, len, &p->gz_len);
	if (p->gz)
		return p;
	free(p);
	return NULL;
}

/* Sends a part of a parcel; what cannot be sent now is kept by itself, so that the whole counts as
 * settled. */
static void settle_part(struct sender *sender, struct parcel *part)
{
	struct shipper *s = sender->s;
	pthread_mutex_lock(&s->lock);
	s->sending++; /* beside its whole: the window does not count it, the end waits for it */
	s->sending_memory++;
	pthread_mutex_unlock(&s->lock);
	if (settle(sender, part))
		shipper_settled(s, part);
	else
		shipper_put_back(s, part);
}

static void to_reject_file(struct shipper *s, const struct bulk_item *item,
			   const struct bulk_outcome *why)
{
	struct err err = ERR_NONE;
	log_warn("a document was rejected (%d %s: %s)%s", why->status, why->type, why->reason,
		 s->rejects ? "; it is in the reject file"
			    : "; there is no ship.reject_file to keep it");
	if (s->rejects && reject_file_add(s->rejects, item, why, clock_wall_ms(), &err) < 0) {
		COUNT(s, lost, 1);
		log_error("%s; the document is lost", err.msg);
		return;
	}
	COUNT(s, rejected, 1);
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
		log_warn("a document was refused and goes to %s-%s (%d %s: %s)",
			 NAME(s->prefix, "logs-flow.failed"), s->ns, why->status, why->type,
			 why->reason);
		(*failed_n)++;
		return;
	}
	to_reject_file(s, item, why);
}

/* Halves of the parcel, each by itself; a single item that is not taken is rejected. */
static bool parcel_split(struct sender *sender, struct parcel *p)
{
	int torn;
	CLEANUP_FREE char *raw = gzip_unpack(sender->gz, p->gz, p->gz_len, p->raw_len, &torn);
	if (!raw)
		return false;
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	if (p->items <= 1) {
		char body[200];
		sender_first_line(&sender->reply.body, body);
		const struct bulk_outcome why = { VERDICT_REJECTED, (int)sender->reply.status,
						  "request", body };
		if (bulk_next(&at, end, &item))
			to_reject_file(sender->s, &item, &why);
		return true;
	}
	uint32_t half = p->items / 2;
	for (uint32_t i = 0; i < half; i++)
		if (!bulk_next(&at, end, &item))
			return false;
	size_t first = (size_t)(at - raw);
	/* both or none: when the second found no memory, the first would be sent and counted
	 * twice */
	struct parcel *one = parcel_make(sender, raw, first, half, p);
	struct parcel *two = parcel_make(sender, at, p->raw_len - first, p->items - half, p);
	if (!one || !two) {
		parcel_free(one);
		parcel_free(two);
		shipper_pause(sender->s, BACKOFF_MIN_MS);
		return false;
	}
	COUNT(sender->s, request_split, 1);
	settle_part(sender, one);
	settle_part(sender, two);
	return true;
}

static bool wants_retry(const struct parcel *p, enum verdict verdict)
{
	return verdict == VERDICT_RETRY || (verdict == VERDICT_DENIED && p->kind == PARCEL_LINES) ||
	       (verdict == VERDICT_FAULT && p->attempts + 1 < FAULT_LIMIT);
}

struct sorted {
	struct buf again, failed;
	uint32_t again_n, failed_n;
	struct bulk_outcome first; /* of those to retry */
};

static bool is_stored(enum verdict verdict)
{
	return verdict == VERDICT_STORED || verdict == VERDICT_DUPLICATE;
}

/* Collects what is to be tried again. -1: no memory. */
static int collect_again(const struct parcel *p, const struct bulk_verdicts *v, const char *raw,
			 struct sorted *out)
{
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	for (uint32_t i = 0; i < v->items && bulk_next(&at, end, &item); i++) {
		struct bulk_outcome o = bulk_outcome(v, i);
		if (is_stored(o.verdict) || !wants_retry(p, o.verdict))
			continue;
		if (!out->again_n)
			out->first = o;
		if (buf_add(&out->again, item.row, item.row_len + 1 + item.line_len + 1))
			return -1;
		out->again_n++;
	}
	return 0;
}

static void reject_the_rest(struct sender *sender, const struct parcel *p,
			    const struct bulk_verdicts *v, const char *raw, struct sorted *out)
{
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	for (uint32_t i = 0; i < v->items && bulk_next(&at, end, &item); i++) {
		struct bulk_outcome o = bulk_outcome(v, i);
		if (!is_stored(o.verdict) && !wants_retry(p, o.verdict))
			reject(sender, &out->failed, &out->failed_n, p, &item, &o);
	}
}

/* The documents for the failed stream; they are in no other place any more, so it waits for
 * memory. */
static void send_failed(struct sender *sender, const struct sorted *sorted, const struct parcel *p)
{
	const struct parcel like = { .kind = PARCEL_FAILED, .born_ms = p->born_ms };
	struct parcel *part = NULL;
	while (sorted->failed_n &&
	       !(part = parcel_make(sender, sorted->failed.data, sorted->failed.len,
				    sorted->failed_n, &like)))
		if (shipper_pause(sender->s, BACKOFF_MIN_MS))
			break;
	if (part) {
		settle_part(sender, part);
		return;
	}
	const char *at = sorted->failed.data, *end = at + sorted->failed.len;
	const struct bulk_outcome why = { VERDICT_REJECTED, 0, "memory",
					  "none to send it to the failed stream" };
	struct bulk_item item;
	while (sorted->failed_n && bulk_next(&at, end, &item))
		to_reject_file(sender->s, &item, &why);
}

static void count_stored(const struct sender *sender, const struct parcel *p,
			 const struct bulk_verdicts *v)
{
	struct shipper *s = sender->s;
	uint32_t duplicates = v->count[VERDICT_DUPLICATE], stored = v->count[VERDICT_STORED];
	pthread_mutex_lock(&s->lock);
	ship_keys_count(&s->keys, sender->key_id, stored + duplicates);
	pthread_mutex_unlock(&s->lock);
	if (p->kind == PARCEL_FAILED) {
		COUNT(s, failed, stored + duplicates);
		return;
	}
	COUNT(s, stored, stored);
	COUNT(s, duplicates, duplicates);
}

/* The parcel becomes `rest`, what is left of it; its spool file too. */
static void shrink(struct sender *sender, struct parcel *p, struct parcel *rest)
{
	struct err err = ERR_NONE;
	free(p->gz);
	p->gz = rest->gz;
	p->gz_len = rest->gz_len;
	p->raw_len = rest->raw_len;
	p->items = rest->items;
	free(rest);
	if (p->spool_no && spool_update(sender->s->spool, p, &err) != SPOOL_OK)
		log_warn("%s; after a crash the stored part of a batch would be sent again",
			 err.msg);
}

/* Clusters judge privileges, queues and blocks item by item: what the reply of a request says once
 * counts as the request's. */
static void count_refusal(struct shipper *s, const struct bulk_outcome *why)
{
	if (why->verdict == VERDICT_DENIED)
		COUNT(s, request_denied, 1);
	else if (why->status == 429)
		COUNT(s, request_busy, 1);
	else
		COUNT(s, request_failed, 1);
}

static void wait_to_retry(struct shipper *s, struct parcel *p, const struct sorted *sorted,
			  uint32_t of)
{
	char text[512];
	uint64_t pause = backoff_ms(p->attempts);
	COUNT(s, retried_items, sorted->again_n);
	count_refusal(s, &sorted->first);
	p->attempts++;
	snprintf(text, sizeof(text), "%u of %u documents were not taken (%d %s: %.200s)%s",
		 sorted->again_n, of, sorted->first.status, sorted->first.type,
		 sorted->first.reason,
		 sorted->first.verdict == VERDICT_DENIED
		     ? ": run `efctl setup`, or check the privileges of the key"
		     : "");
	sender_trouble(s, text, pause);
	shipper_pause(s, pause);
}

/* True: settled. False: the parcel holds what is to be tried again. All memory is there before
 * anything is counted. */
static bool handle_verdicts(struct sender *sender, struct parcel *p, const struct bulk_verdicts *v)
{
	struct shipper *s = sender->s;
	if (v->count[VERDICT_STORED] + v->count[VERDICT_DUPLICATE] == v->items) {
		count_stored(sender, p, v);
		return true;
	}
	int torn;
	CLEANUP_FREE char *raw = gzip_unpack(sender->gz, p->gz, p->gz_len, p->raw_len, &torn);
	struct sorted sorted = { 0 };
	struct parcel *rest = NULL;
	bool settled = false;
	buf_init(&sorted.again, p->raw_len + 1);
	buf_init(&sorted.failed, p->raw_len * 8 + (4u << 20));
	if (!raw || collect_again(p, v, raw, &sorted) < 0 ||
	    (sorted.again_n && !(rest = parcel_make(sender, sorted.again.data, sorted.again.len,
						    sorted.again_n, p)))) {
		shipper_pause(s,
			      BACKOFF_MIN_MS); /* all again; ids keep it from being stored twice */
		goto out;
	}
	count_stored(sender, p, v);
	reject_the_rest(sender, p, v, raw, &sorted);
	send_failed(sender, &sorted, p);
	settled = !rest;
	if (rest) {
		shrink(sender, p, rest);
		wait_to_retry(s, p, &sorted, v->items);
	}
out:
	buf_release(&sorted.again);
	buf_release(&sorted.failed);
	return settled;
}

/* Tries until every item is where it belongs. False: it had to stop; what is left is in the
 * parcel. */
static bool settle(struct sender *sender, struct parcel *p)
{
	struct shipper *s = sender->s;
	uint32_t busy = 0;
	for (uint32_t tries = 0; !shipper_gives_up(s); tries++) {
		struct bulk_verdicts v = { 0 };
		bool settled;
		switch (sender_attempt(sender, p, tries > 0, &v)) {
		case ANSWER_SPLIT:
			return parcel_split(sender, p);
		case ANSWER_BULK:
			settled = handle_verdicts(sender, p, &v);
			bulk_verdicts_release(&v);
			if (!settled)
				break;
			shipper_set_problem(s, NULL);
			return true;
		case ANSWER_BUSY:
			/* perhaps it has no memory for so much at once */
			if (++busy >= BUSY_LIMIT && p->items > BUSY_SMALL)
				return parcel_split(sender, p);
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
	return NULL;
}
