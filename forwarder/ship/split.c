/* SPDX-License-Identifier: Apache-2.0
 * Parcels made of the documents of another: its halves, what is left of it, what is for one data
 * stream. */
#include "forwarder/ship/split.h"

#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "forwarder/ship/queue.h"

char *split_open(struct sender *sender, const struct parcel *p)
{
	int torn;
	return gzip_unpack(sender->gz, p->gz, p->gz_len, p->raw_len, &torn);
}

struct parcel *split_make(struct sender *sender, const char *raw, size_t len, uint32_t items,
			  const struct parcel *like)
{
	struct parcel *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	*p = (struct parcel){ .raw_len = len,
			      .items = items,
			      .kind = like->kind,
			      .lane = like->lane,
			      .lanes = lanes_in(&sender->s->lanes, raw, len),
			      .born_ms = like->born_ms,
			      .attempts = like->attempts,
			      .part_of = like->spool_no ? like->spool_no : like->part_of };
	p->gz = gzip_pack(sender->gz, raw, len, &p->gz_len);
	if (p->gz)
		return p;
	free(p);
	return NULL;
}

int split_halves(struct sender *sender, const struct parcel *p, struct parcel *ret[2])
{
	CLEANUP_FREE char *raw = split_open(sender, p);
	if (!raw)
		return -1;
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	uint32_t half = p->items / 2;
	for (uint32_t i = 0; i < half; i++)
		if (!bulk_next(&at, end, &item))
			return -1;
	size_t first = (size_t)(at - raw);
	ret[0] = split_make(sender, raw, first, half, p);
	ret[1] = split_make(sender, at, p->raw_len - first, p->items - half, p);
	if (ret[0] && ret[1])
		return 0;
	parcel_free(ret[0]);
	parcel_free(ret[1]);
	return -1;
}

int split_first(struct sender *sender, const struct parcel *p, uint32_t lanes,
		struct parcel *ret[2])
{
	CLEANUP_FREE char *raw = split_open(sender, p);
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	struct buf part[2];
	uint32_t n[2] = { 0, 0 };
	int failed = raw ? 0 : -1;
	for (int i = 0; i < 2; i++) {
		buf_init(&part[i], p->raw_len + 1);
		ret[i] = NULL;
	}
	while (!failed && bulk_next(&at, end, &item)) {
		uint32_t bit = 1u << lane_of(&sender->s->lanes, &item);
		int to = lanes & bit ? 0 : 1;
		lanes &= ~bit;
		n[to]++;
		failed = buf_add(&part[to], item.row, item.row_len + 1 + item.line_len + 1);
	}
	for (int i = 0; i < 2 && !failed; i++) {
		ret[i] = n[i] ? split_make(sender, part[i].data, part[i].len, n[i], p) : NULL;
		failed = ret[i] ? 0 : -1;
	}
	buf_release(&part[0]);
	buf_release(&part[1]);
	if (!failed)
		return 0;
	parcel_free(ret[0]);
	parcel_free(ret[1]);
	return -1;
}

void split_shrink(struct sender *sender, struct parcel *p, struct parcel *rest)
{
	struct err err = ERR_NONE;
	free(p->gz);
	p->gz = rest->gz;
	p->gz_len = rest->gz_len;
	p->raw_len = rest->raw_len;
	p->items = rest->items;
	p->lanes = rest->lanes;
	free(rest);
	if (p->spool_no && spool_update(sender->s->spool, p, &err) != SPOOL_OK)
		log_warn("%s; after a crash the stored part of a batch would be sent again",
			 err.msg);
}

/* ---- by lane ---- */

void parts_init(struct parts *parts, const struct parcel *p)
{
	*parts = (struct parts){ 0 };
	for (int i = 0; i < LANES; i++)
		buf_init(&parts->body[i], p->raw_len + 1);
}

int parts_add(struct parts *parts, int lane, const struct bulk_item *item)
{
	if (buf_add(&parts->body[lane], item->row, item->row_len + 1 + item->line_len + 1))
		return -1;
	parts->n[lane]++;
	return 0;
}

int parts_make(struct sender *sender, struct parts *parts, const struct parcel *like)
{
	for (int i = 0; i < LANES; i++) {
		if (!parts->n[i])
			continue;
		struct parcel *p =
		    split_make(sender, parts->body[i].data, parts->body[i].len, parts->n[i], like);
		if (!p)
			return -1;
		if (i != LANE_ANY)
			p->lane = i;
		parts->made[i] = p;
	}
	return 0;
}

uint32_t parts_park(struct shipper *s, struct parts *parts)
{
	uint32_t n = 0;
	for (int i = LANE_FIRST; i < LANES; i++) {
		if (!parts->made[i])
			continue;
		n += parts->n[i];
		shipper_park(s, parts->made[i]);
		parts->made[i] = NULL;
	}
	return n;
}

void parts_release(struct parts *parts)
{
	for (int i = 0; i < LANES; i++) {
		buf_release(&parts->body[i]);
		parcel_free(parts->made[i]);
	}
}

bool split_set_apart(struct sender *sender, struct parcel *p)
{
	struct shipper *s = sender->s;
	pthread_mutex_lock(&s->lock);
	uint32_t closed = p->lane == LANE_ANY ? lanes_closed(&s->lanes) : 0;
	pthread_mutex_unlock(&s->lock);
	CLEANUP_FREE char *raw = closed ? split_open(sender, p) : NULL;
	if (!raw)
		return true; /* for want of memory all of it is sent */
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	struct parts parts;
	int failed = 0;
	parts_init(&parts, p);
	while (!failed && bulk_next(&at, end, &item)) {
		int lane = lane_of(&s->lanes, &item);
		failed = parts_add(&parts, closed >> lane & 1 ? lane : LANE_ANY, &item);
	}
	bool left = true;
	if (!failed && parts.n[LANE_ANY] < p->items && parts_make(sender, &parts, p) == 0) {
		COUNT(s, parked, parts_park(s, &parts));
		left = parts.made[LANE_ANY];
		if (left)
			split_shrink(sender, p, steal_ptr(parts.made[LANE_ANY]));
	}
	parts_release(&parts);
	return left;
}
