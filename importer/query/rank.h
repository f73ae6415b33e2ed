/* SPDX-License-Identifier: Apache-2.0
 * Ranks values by what flows have of them: the most, with exact sums, and what is known of those
 * that are not shown.
 *
 * A cluster of several shards cannot rank by a sum: each shard tells its own largest values, and
 * one that is large in all may be in no shard's list. So the lists only nominate. A second request
 * has the sums of the candidates, which are exact. And a value that no list has is bounded: where
 * the merged list of n shards has S values, each shard's list of S ends with no more than the
 * smallest value z of the merged one (all S of a shard's list are in the merge with at least what
 * the shard has of them). So what is missing on all shards has at most n · z, and a value that is
 * listed and was no candidate at most what is listed of it and n · z. A list that is shorter than S
 * is whole: z is 0. */
#ifndef EF_IMPORTER_RANK_H
#define EF_IMPORTER_RANK_H

#include <jansson.h>

#include "importer/query/dimension.h"
#include "importer/query/figures.h"
#include "importer/query/search.h"

#define RANK_ROWS_MAX 1000

struct rank_ask {
	const struct subject *subject;
	const json_t *query; /* which flows: filter and time range */
	enum measure by;
	size_t count;            /* 1 to RANK_ROWS_MAX */
	bool exact;              /* look at each value there is */
	bool only_exact;         /* nobody asked for that: it is the only way */
	uint64_t from_ms, to_ms; /* of the time range, 0: as far as there are flows */
	uint64_t step_ms;        /* of peaks */
};

struct rank_row {
	json_t *key; /* an array of values, one for each field */
	char *label; /* NULL: none */
	struct figures figures;
};

struct rank {
	struct rank_row *row;
	size_t n;
	struct figures all, none, rest; /* `none`: without a value; `rest`: in no row */
	bool rest_unknown;              /* too many values together to ask for it */
	uint64_t others;                /* no value that is no row has more of the measure */
	bool exact;              /* each value was looked at, or each shard told all it has */
	bool about;              /* the measure itself is an estimate of the cluster's (peers) */
	size_t certain;          /* the first rows that have their places whatever the others are */
	uint64_t from_ms, to_ms; /* of the question, else of the flows */
	uint64_t repeats, repeated_bytes; /* records that only repeat others; what all repeat */
	json_t *asked; /* the bodies of the searches that made it, {"query", "aggs"}, in order */
};

/* Release with rank_release(), also after an error. */
int rank_do(struct searcher *s, const struct rank_ask *ask, struct rank *ret, struct err *err);
void rank_release(struct rank *r);

#endif
