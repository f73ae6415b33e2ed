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

void split_shrink(struct sender *sender, struct parcel *p, struct parcel *rest)
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
