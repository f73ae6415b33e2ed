/* SPDX-License-Identifier: Apache-2.0
 * The course of figures over time: of all flows, and of those of some values. */
#ifndef EF_IMPORTER_COURSE_H
#define EF_IMPORTER_COURSE_H

#include <jansson.h>
#include <stdint.h>

#include "importer/query/figures.h"
#include "importer/query/search.h"

struct course_ask {
	const struct subject *subject;
	const json_t *query;      /* of the flows that count (figures_counted()) */
	const json_t *const *key; /* of the values, arrays; NULL: all flows */
	size_t n;
	uint64_t from_ms, to_ms; /* both in it */
	uint64_t step_ms;        /* steps begin at whole multiples since the epoch, UTC */
};

/* Called with the figures of value `i` in the step that begins at `at_ms`, for each step in which
 * it had flows, value by value in some order. */
typedef void course_visit(void *arg, size_t i, uint64_t at_ms, const struct figures *f);

/*
 * As many searches as it takes, none with more buckets than clusters allow, and no more memory than
 * one of them. `asked` gets the first one, unless it is NULL. A flow stands where it ends; one that
 * has a value at both ends counts once, but for interfaces, whose two figures are different ones.
 */
int course_find(struct searcher *s, const struct course_ask *ask, json_t *asked,
		course_visit *visit, void *arg, struct err *err);

/* The first of 1 and 5 minutes, … hours, … days that divides the time into at most `most` steps and
 * is not shorter than `least_ms`. */
uint64_t course_step(uint64_t from_ms, uint64_t to_ms, size_t most, uint64_t least_ms);

/* How much of the step that begins at `at_ms` is in the time from `from_ms` to `to_ms`. */
uint64_t course_part(uint64_t at_ms, uint64_t step_ms, uint64_t from_ms, uint64_t to_ms);

#endif
