/* SPDX-License-Identifier: Apache-2.0
 * What a whole reply says of each data stream, and from that what becomes of each document: lanes
 * are opened and closed here. */
#ifndef EF_SHIP_JUDGE_H
#define EF_SHIP_JUDGE_H

#include "common/cluster_state.h"
#include "forwarder/ship/shipper_internal.h"

#define BUSY_LIMIT 3 /* a parcel that met 429 so often waits no longer in a sender's hands */
#define FAULT_LIMIT \
	6 /* replies in which one document had a 5xx of its own: then it is the document */

struct tally {
	bool stored[LANES];
	struct bulk_outcome waits[LANES]; /* the first that has to wait; type NULL: none */
	bool guilty[LANES]; /* what nobody knows is the documents', not the stream's */
	uint32_t closed;    /* bits of lanes that this reply closed */
	uint32_t heard;     /* bits of those of which a pipeline discarded something */
};

/* Tallies the reply to `p`, whose inflated body is `raw`, and opens and closes lanes by it. */
void judge_reply(struct shipper *s, struct parcel *p, const struct bulk_verdicts *v,
		 const char *raw, struct tally *ret_t);
/* Bits of the lanes that took something, be it to discard it. */
uint32_t tally_took(const struct tally *t);
/* The lane took something. */
void judge_took(struct shipper *s, int lane);
/* Lanes (bits) that refused documents for good, or whose pipeline discarded them: were they left
 * closed, with what was parked gone, nothing would ever open them. */
void judge_heard(struct shipper *s, uint32_t bits);

/* Whether nothing is left to be done about a document. */
bool is_settled(enum verdict verdict);

enum fate { FATE_DONE, FATE_AGAIN, FATE_PARKED, FATE_REJECTED };
enum fate fate_of(const struct parcel *p, const struct tally *t, enum verdict verdict, int lane);

/* Clusters judge privileges, queues and blocks item by item: what the reply of a request says once
 * counts as the request's. */
void count_refusal(struct shipper *s, const struct bulk_outcome *why);
/* What to do about it, a clause; "": nothing. Returns `text`. */
const char *outcome_advice(const struct bulk_outcome *o, char text[CLUSTER_REMEDY_MAX]);

#endif
