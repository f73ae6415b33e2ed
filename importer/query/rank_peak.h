/* SPDX-License-Identifier: Apache-2.0
 * The most bits per second that a value had in one step of time. */
#ifndef EF_IMPORTER_RANK_PEAK_H
#define EF_IMPORTER_RANK_PEAK_H

#include "importer/query/rank_list.h"

/* Fills `peak` of `n` candidates. `query`: of the flows that count; `rank` has the time that they
 * are of, and gets the searches. */
int peaks_find(struct searcher *s, const struct rank_ask *ask, const json_t *query,
	       struct rank *rank, struct candidate *const *list, size_t n, struct err *err);

#endif
