/* SPDX-License-Identifier: Apache-2.0
 * Looks at each value there is, page by page in the order of the values, and keeps the largest:
 * slow, exact, and in bounded memory whatever their number is. */
#ifndef EF_IMPORTER_RANK_WALK_H
#define EF_IMPORTER_RANK_WALK_H

#include "importer/query/rank_list.h"

/* Fills `ret` with the largest and their figures, and `ret_others` with what the largest one has
 * that is not among them. `rank` gets the first search. */
int walk_all(struct searcher *s, const struct rank_ask *ask, const json_t *query, struct rank *rank,
	     struct candidates *ret, uint64_t *ret_others, struct err *err);

#endif
