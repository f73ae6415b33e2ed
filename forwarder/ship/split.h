/* SPDX-License-Identifier: Apache-2.0
 * Parcels made of the documents of another: its halves, what is left of it, what is for one data
 * stream. */
#ifndef EF_SHIP_SPLIT_H
#define EF_SHIP_SPLIT_H

#include "forwarder/ship/shipper_internal.h"

/* The inflated body, the caller's; NULL: no memory. */
char *split_open(struct sender *sender, const struct parcel *p);
/* A parcel of the `items` documents in `raw`, as old as `like` and of its kind; NULL: no memory. */
struct parcel *split_make(struct sender *sender, const char *raw, size_t len, uint32_t items,
			  const struct parcel *like);
/* The halves of a parcel of two documents or more. -1: no memory, and neither is there: were only
 * the second missing, the first would be sent and counted twice. */
int split_halves(struct sender *sender, const struct parcel *p, struct parcel *ret[2]);
/* The first document of each of `lanes` (bits), and all the others. -1: no memory, or one of the
 * two would be empty, and neither is there. */
int split_first(struct sender *sender, const struct parcel *p, uint32_t lanes,
		struct parcel *ret[2]);
/* `p` becomes `rest` (taken), what is left of it; its spool file too. */
void split_shrink(struct sender *sender, struct parcel *p, struct parcel *rest);

/* Documents by lane; [LANE_ANY]: those that stay together. */
struct parts {
	struct buf body[LANES];
	uint32_t n[LANES];
	struct parcel *made[LANES];
};
void parts_init(struct parts *parts, const struct parcel *p);
int parts_add(struct parts *parts, int lane, const struct bulk_item *item);
/* The parcels of all parts that hold something. -1: no memory, none is there. */
int parts_make(struct sender *sender, struct parts *parts, const struct parcel *like);
/* Parks those of the lanes; returns how many documents they hold. */
uint32_t parts_park(struct shipper *s, struct parts *parts);
void parts_release(struct parts *parts);

/* Before a parcel of all streams is sent: what is for closed lanes is parked at once. False: then
 * nothing is left. */
bool split_set_apart(struct sender *sender, struct parcel *p);

#endif
