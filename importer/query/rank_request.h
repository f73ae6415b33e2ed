/* SPDX-License-Identifier: Apache-2.0
 * The parts of a ranking's searches that are about values already known: their sums, their flows,
 * and those of none of them. */
#ifndef EF_IMPORTER_RANK_REQUEST_H
#define EF_IMPORTER_RANK_REQUEST_H

#include <jansson.h>

#include "importer/query/rank_list.h"

/* The totals of flows, whatever is ranked. */
extern const struct subject request_flows;

/* Puts the sums of `n` candidates into `aggs`; `peers`: with the number of these. */
void request_sums(const struct subject *s, struct candidate *const *list, size_t n, bool peers,
		  json_t *aggs);
/* Reads them. False: there may be more of them than could be told. */
bool request_sums_take(struct candidates *c, const struct subject *s, const json_t *aggs);

/* A query for the flows that have `key` at `side`; the caller's. */
json_t *request_has(const struct subject *s, size_t side, const json_t *key);

/* A query for the flows that have none of `n` values at any side, but some value; NULL where it
 * would have too many parts. The caller's. */
json_t *request_rest(const struct subject *s, struct candidate *const *list, size_t n);

/* Puts into `aggs` what flows have of `n` candidates at both sides, and takes it off their figures
 * again: they are to count once. */
#define REQUEST_TWICE_MAX 100
void request_twice(const struct subject *s, struct candidate *const *list, size_t n, json_t *aggs);
void request_twice_take(const struct subject *s, struct candidate *const *list, size_t n,
			const json_t *aggs);

/* Puts into `aggs` how many peers `n` candidates have, each peer once, at whichever end of a flow
 * it is; and takes them for those that were counted at each end. */
void request_peers(const struct subject *s, struct candidate *const *list, size_t n, json_t *aggs);
void request_peers_take(struct candidate *const *list, size_t n, const json_t *aggs);

#endif
