/* SPDX-License-Identifier: Apache-2.0
 * The values that shards nominate for a ranking, and the bound for all that none of them did. */
#ifndef EF_IMPORTER_RANK_LIST_H
#define EF_IMPORTER_RANK_LIST_H

#include <jansson.h>

#include "importer/core/memory.h"
#include "importer/query/rank.h"

struct candidate {
	char *id;    /* its key as text, for the hash table */
	json_t *key; /* an array; null is a missing value */
	char *label;
	uint64_t listed; /* the measure as far as lists have it */
	struct figures figures;
	bool once; /* figures are of its flows once, also of those that have it at both sides */
	UT_hash_handle hh;
};

struct candidates {
	struct candidate *table;
	uint64_t missing; /* a value has at most so much more than what is listed of it */
};

/* The "terms" of a multi_terms aggregation, which takes only texts for what is missing: one that is
 * no name. The caller's. */
json_t *tuple_terms(const struct subject *s, size_t side);

/* Puts the lists for `by` into `aggs`: `size` values of each shard. */
void candidates_ask(const struct subject *s, enum measure by, size_t size, json_t *aggs);

/* Reads them; `shards` took part. */
void candidates_take(struct candidates *c, const struct subject *s, enum measure by, size_t size,
		     uint64_t shards, const json_t *aggs);

/* The candidate of a bucket's key (one value, or an array of them); made where there is none. */
struct candidate *candidate_of(struct candidates *c, const json_t *key);
/* The same, NULL where there is none. */
struct candidate *candidate_find(const struct candidates *c, const json_t *key);
void candidate_drop(struct candidates *c, struct candidate *one);
void candidates_release(struct candidates *c);

/* All of them in an array of the caller's, the most by `value` first, then by key. */
typedef uint64_t candidate_value(const struct candidate *c, enum measure by);
candidate_value candidate_listed, candidate_has;
struct candidate **candidates_sorted(const struct candidates *c, candidate_value *value,
				     enum measure by, size_t *ret_n);

#endif
