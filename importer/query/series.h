/* SPDX-License-Identifier: Apache-2.0
 * What flows were over time: all of them, and those of the values that have the most. */
#ifndef EF_IMPORTER_SERIES_H
#define EF_IMPORTER_SERIES_H

#include <jansson.h>

#include "importer/query/rank.h"
#include "importer/query/rows.h"

struct series_ask {
	const struct subject *subject; /* NULL: all flows alone */
	const json_t *query;
	size_t count;            /* of values */
	uint64_t from_ms, to_ms; /* 0: as far as there are flows */
	uint64_t step_ms;        /* 0: as many steps as fit into `most` */
	uint64_t least_ms;       /* no step is shorter: a flow stands where it ends */
	size_t most;
};

struct series {
	uint64_t from_ms, to_ms, first_ms, step_ms; /* first: where the first step begins */
	size_t steps, n;                            /* n: lines, the first one of all flows */
	char **name;                                /* of each line */
	struct figures *table;                      /* n × steps */
	struct figures *sum;                        /* of each line */
	json_t *asked;                              /* as rank.h */
};

/* Release with series_release(), also after an error. EF_USAGE where the steps would be more than
 * memory is meant for. */
int series_do(struct searcher *s, const struct series_ask *ask, struct series *ret,
	      struct err *err);
void series_release(struct series *s);

/* Of line `i` in step `at`: bits per second over as much of the step as was asked for. */
uint64_t series_rate(const struct series *s, size_t i, size_t at);

#endif
