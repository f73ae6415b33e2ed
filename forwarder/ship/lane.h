/* SPDX-License-Identifier: Apache-2.0
 * The data streams of one shipper, each a lane of its own: one that cannot take its documents now
 * is closed, what is for it waits apart, and the others go on.
 *
 * A closed lane is tried with one parcel at a time, at growing intervals; the first document that
 * it takes opens it. */
#ifndef EF_SHIP_LANE_H
#define EF_SHIP_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/names.h"
#include "forwarder/ship/bulk.h"
#include "forwarder/ship/parcel.h"

/* The lane of a parcel: LANE_ANY has documents of all, as batches do; LANE_FIRST and those after it
 * are the streams of bulk.h; LANE_OTHER is for those of an earlier namespace, out of the spool. */
enum { LANE_ANY, LANE_FIRST, LANE_OTHER = LANE_FIRST + BULK_STREAMS, LANES };

#define LANE_WHY_MAX 640

/* Whether what is sent to a stream becomes what it should there (proof.h). */
enum effect {
	EFFECT_UNKNOWN,
	EFFECT_PROVEN,
	EFFECT_NONE, /* its pipeline does not run, or it is no data stream: nothing is sent there */
};

struct lane {
	char name[BULK_STREAM_MAX];
	char pipeline[NAME_ROOM]; /* that has to run there; "": none */
	enum effect effect;
	uint64_t proof_ms;  /* when that is to be proven again */
	char doubt[160];    /* why it is unknown; "": nobody tried */
	uint32_t discarded; /* documents in a row that were to prove it, and a pipeline dropped */
	bool used;          /* it took something since the start or the last reload */
	uint32_t failures;  /* in a row; 0: open */
	uint32_t passed;    /* replies in which it took something */
	uint64_t not_before_ms;
	char why[LANE_WHY_MAX]; /* what the last reply said, and what to do about it */
	struct parcel *parked;  /* a utlist, for want of a spool */
	size_t parked_bytes;
};

struct lanes {
	struct lane lane[LANES];
	uint32_t witness; /* of lane 0 (parcel.h) */
};

/* No function here locks: all but lanes_init() and lane_of() want the shipper's lock. */

void lanes_init(struct lanes *l, const char *prefix, const char *ns);
/* The lane of a document, by its action row. */
int lane_of(const struct lanes *l, const struct bulk_item *item);

/* A bit (1 << lane) for each one that lines of these kinds (bits of enum line_kind) go to. */
uint32_t lanes_of_kinds(uint32_t kinds);
/* The same for the documents of a body, which has to be read for it. */
uint32_t lanes_in(const struct lanes *l, const char *raw, size_t len);

/* A bit (1 << lane) for each closed one. */
uint32_t lanes_closed(const struct lanes *l);
/* A bit for each one of which no parcel is to be taken now. */
uint32_t lanes_waiting(const struct lanes *l, uint64_t now_ms);
/* A parcel of it was taken: if it is closed, that is the one that finds out. */
void lane_taken(struct lanes *l, int lane, uint64_t now_ms);
/* It took something; true: it was closed. One without effect stays so until that is proven. */
bool lane_open(struct lanes *l, int lane);
/* It refused documents for good, and is none that waits. This is no evidence that it takes any;
 * true: it was closed. */
bool lane_heard(struct lanes *l, int lane);
/* Bits of those that are to be tried now, where nothing is left of what was parked in a lane whose
 * bit is not in `parked` (beyond what the lanes hold themselves): a full spool gave it up, and
 * nothing would ever find out. They are open; the next document tells. */
uint32_t lanes_let_go(struct lanes *l, uint32_t parked, uint64_t now_ms);
/* It took nothing; returns for how long it is left alone. `advice`: what to do, or "". */
uint64_t lane_close(struct lanes *l, int lane, const struct bulk_outcome *why, const char *advice,
		    uint64_t now_ms);
/* The first closed one, for people: its name and why; NULL: none is closed. */
const struct lane *lanes_problem(const struct lanes *l);

#endif
