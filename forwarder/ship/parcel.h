/* SPDX-License-Identifier: Apache-2.0
 * A parcel: one closed batch as a ready-to-send gzip `_bulk` body, in memory or in a spool file. */
#ifndef EF_SHIP_PARCEL_H
#define EF_SHIP_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum parcel_kind {
	PARCEL_LINES = 0, /* raw lines: what Elasticsearch refuses goes to the failed stream */
	PARCEL_FAILED =
	    1, /* documents for the failed stream: what is refused goes to the reject file */
};

/* How often a parcel was refused by somebody who took others in between: evidence that it is the
 * parcel, and not who refuses. */
struct refusals {
	uint16_t strikes;
	uint32_t witness; /* who refused it last; never the same one after a start */
	uint32_t passed;  /* what that one had taken until then, since that start */
};

/* Numbers of witnesses, from any. They begin at random: with those of the run before, whose counts
 * are gone, the next refusal would look as if others had been taken in between. */
#define WITNESS_ENDPOINT(n) ((uint32_t)(n)&0x7fffffffu)
#define WITNESS_LANE(n)     ((uint32_t)(n) | 0x80000000u)

#define STRIKES_MAX 2 /* with more, it is the parcel */

/* One more refusal; true: it is the parcel. */
static inline bool refusals_add(struct refusals *r, uint32_t witness, uint32_t passed)
{
	if (r->strikes == 0 || (r->witness == witness && r->passed != passed))
		r->strikes++;
	r->witness = witness;
	r->passed = passed;
	return r->strikes > STRIKES_MAX;
}

struct parcel {
	void *gz; /* owned */
	size_t gz_len;
	size_t raw_len; /* inflated */
	uint32_t items;
	enum parcel_kind kind;
	int lane;        /* lane.h */
	uint32_t lanes;  /* bits of those that its documents go to; 0: not known */
	uint32_t proves; /* bits of those whose effect its reply is to prove (proof.h) */
	struct refusals refusals;
	uint64_t born_ms;           /* wall clock when the batch closed */
	uint64_t spool_no;          /* number of its spool file, 0: only in memory */
	uint64_t part_of;           /* number of the file of which it is a part, 0: of none */
	uint32_t attempts;          /* how often it was sent and came back with items to retry */
	struct parcel *prev, *next; /* in the queue */
};

static inline void parcel_free(struct parcel *p)
{
	if (p)
		free(p->gz);
	free(p);
}

#endif
