/* SPDX-License-Identifier: Apache-2.0
 * What is added up of flows: the aggregations for it, and the sums of a reply.
 *
 * Octets and packets are those of ECS and of the interfaces, so whatever several meters counted is
 * in them once (docs/counting.md). */
#ifndef EF_IMPORTER_FIGURES_H
#define EF_IMPORTER_FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "importer/query/dimension.h"

struct figures {
	uint64_t bytes, packets, flows;
	uint64_t sent, received; /* bytes of either direction */
	uint64_t rate;           /* the highest sampling rate; above 1 figures are estimates */
	uint64_t peers;
	uint64_t peak; /* bit/s of the most in one step; 0 where nobody asked */
};

/* By which of them values are ranked. */
enum measure { BY_BYTES, BY_PACKETS, BY_FLOWS, BY_PEERS, BY_PEAK };
extern const char *const measure_names[]; /* for an option; ends with NULL */
uint64_t figures_value(const struct figures *f, enum measure by);

/* Puts the sums for `side` of the subject into `aggs`. */
void figures_ask(const struct subject *s, size_t side, json_t *aggs);

/* Adds what a bucket has of them to `f`. */
void figures_add(const struct subject *s, const json_t *bucket, struct figures *f);

/* The same of two figures; what goes below nothing is nothing. */
void figures_plus(struct figures *f, const struct figures *more);
void figures_minus(struct figures *f, const struct figures *less);

/* Query clauses; the caller's. Records that only repeat what others have counted. */
json_t *figures_repeats(void);
/* `query` without those, where the subject is counted by totals; with a time range it stays as fast
 * as it was. */
json_t *figures_counted(const struct subject *s, const json_t *query);

/* Bits per second of `bytes` in `ms`; 0 for no time. */
uint64_t figures_rate(uint64_t bytes, uint64_t ms);

#endif
