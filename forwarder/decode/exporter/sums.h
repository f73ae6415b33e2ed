/* SPDX-License-Identifier: Apache-2.0
 * What was counted of flows whose records count up: the last totals of a flow, the sum of a
 * connection's updates.
 *
 * A table for each exporter that sends such records, made with the first of them. When it is full
 * the flow goes that was silent the longest among its neighbours. */
#ifndef EF_DECODE_SUMS_H
#define EF_DECODE_SUMS_H

#include "forwarder/decode/core/decoder.h"

struct sums;

enum { SUM_PARTS = 4 }; /* octets, packets, and both of the other direction */

enum sum_state { SUM_OPEN, SUM_CREATED = 1, SUM_DELETED = 2 };

/* 72 bytes a flow. */
struct sum_row {
	uint64_t key; /* never 0 */
	uint64_t start;
	uint64_t seen_ms; /* received */
	uint64_t end_ms;  /* what the last record said itself */
	uint64_t counted[SUM_PARTS];
	uint32_t keep_s; /* silent for longer: it is over */
	uint32_t state;  /* SUM_CREATED, SUM_DELETED */
};

/* The row of a flow, a new one when it is not known (seen_ms is 0 then). NULL: no memory. */
struct sum_row *sums_get(struct decoder *dec, struct exporter *exporter, uint64_t key,
			 uint32_t keep_s);
/* What keys are hashed with. */
uint64_t sums_seed(const struct decoder *dec, const struct exporter *exporter);
void sums_free(struct decoder *dec, struct exporter *exporter);

/* For the state on disk: calls `each` for the flows that are not over; NULL has none. */
void sums_each(const struct sums *sums, uint64_t now_ms,
	       void (*each)(const struct sum_row *, void *), void *arg);
/* A flow of another run, whose keys were hashed with `seed`; the table hashes with it from then on.
 * Not taken where it is over, or there are flows with keys of another seed. The time is
 * received_ms of the context. */
void sums_restore(struct decoder *dec, struct exporter *exporter, uint64_t seed,
		  const struct sum_row *row);

#endif
