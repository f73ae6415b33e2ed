/* SPDX-License-Identifier: Apache-2.0
 * What flows were over time: all of them, and those of the values that have the most. */
#include "importer/query/series.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/query/course.h"
#include "importer/query/rank_request.h"
#include "importer/query/rank_show.h"

#define CELLS_MAX 1000000 /* of figures: some 70 MB */

/* The time of the flows, where nobody said which. */
static int range_find(struct searcher *s, const struct series_ask *ask, struct series *ret,
		      struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	ret->from_ms = ask->from_ms;
	ret->to_ms = ask->to_ms;
	if (ask->from_ms && ask->to_ms)
		return 0;
	if (search_aggs(s, ask->query,
			json_pack("{s:{s:{s:s}},s:{s:{s:s}}}", "first", "min", "field",
				  "@timestamp", "last", "max", "field", "@timestamp"),
			false, &reply, err))
		return -1;
	long long first = json_int_at(reply, "aggregations.first.value");
	long long last = json_int_at(reply, "aggregations.last.value");
	if (!ret->from_ms && first > 0)
		ret->from_ms = (uint64_t)first;
	if (!ret->to_ms && last > 0)
		ret->to_ms = (uint64_t)last + 1;
	return 0;
}

static int steps_find(const struct series_ask *ask, struct series *ret, struct err *err)
{
	size_t lines = 1 + (ask->subject ? ask->count : 0);
	uint64_t least = ask->least_ms ? ask->least_ms : 60000;
	ret->step_ms =
	    ask->step_ms ? ask->step_ms : course_step(ret->from_ms, ret->to_ms, ask->most, least);
	if (!ret->from_ms || ret->to_ms <= ret->from_ms) /* no flows */
		return 0;
	ret->first_ms = ret->from_ms / ret->step_ms * ret->step_ms;
	uint64_t steps = (ret->to_ms - 1 - ret->first_ms) / ret->step_ms + 1;
	if (steps > CELLS_MAX / lines)
		return err_set(err, EF_USAGE,
			       "%llu steps of %zu lines are too many: ask for a shorter time, or "
			       "for longer steps (--step)",
			       (unsigned long long)steps, lines);
	ret->steps = (size_t)steps;
	return 0;
}

static void lines_make(const struct series_ask *ask, const struct rank *rank, struct series *ret)
{
	char text[SUBJECT_TEXT_MAX];
	ret->n = 1 + rank->n;
	ret->name = calloc(ret->n, sizeof(char *));
	ret->table = calloc(ret->n * ret->steps + 1, sizeof(*ret->table));
	ret->sum = calloc(ret->n, sizeof(*ret->sum));
	if (!ret->name || !ret->table || !ret->sum || !(ret->name[0] = strdup("all")))
		memory_out();
	for (size_t i = 0; i < rank->n; i++)
		if (!(ret->name[i + 1] = strdup(rank_name(&rank->row[i], ask->subject, text))))
			memory_out();
}

static void step_take(struct series *s, size_t i, uint64_t at_ms, const struct figures *f)
{
	uint64_t at = (at_ms - s->first_ms) / s->step_ms;
	if (at >= s->steps)
		return;
	s->table[i * s->steps + at] = *f;
	figures_plus(&s->sum[i], f);
}

static void all_take(void *arg, size_t i, uint64_t at_ms, const struct figures *f)
{
	step_take(arg, i, at_ms, f);
}

static void value_take_at(void *arg, size_t i, uint64_t at_ms, const struct figures *f)
{
	step_take(arg, i + 1, at_ms, f);
}

static int lines_fill(struct searcher *s, const struct series_ask *ask, const struct rank *rank,
		      struct series *ret, struct err *err)
{
	const struct subject *subject = ask->subject ? ask->subject : &request_flows;
	CLEANUP_JSON json_t *counted = figures_counted(&request_flows, ask->query);
	CLEANUP_JSON json_t *own = figures_counted(subject, ask->query);
	CLEANUP_FREE const json_t **keys = calloc(ret->n + 1, sizeof(json_t *));
	struct course_ask course = {
		.subject = subject,
		.query = counted,
		.key = keys,
		.n = 1,
		.from_ms = ret->from_ms,
		.to_ms = ret->to_ms - 1,
		.step_ms = ret->step_ms,
	};
	if (!keys)
		memory_out();
	for (size_t i = 0; i < rank->n; i++)
		keys[i + 1] = rank->row[i].key;
	if (!ret->steps)
		return 0;
	if (course_find(s, &course, ret->asked, all_take, ret, err))
		return -1;
	course.query = own; /* figures of interfaces are of more flows than the totals */
	course.key = keys + 1;
	course.n = rank->n;
	return course_find(s, &course, ret->asked, value_take_at, ret, err);
}

int series_do(struct searcher *s, const struct series_ask *ask, struct series *ret, struct err *err)
{
	struct rank rank = { 0 };
	struct rank_ask most = {
		.subject = ask->subject,
		.query = ask->query,
		.count = ask->count,
		.from_ms = ask->from_ms,
		.to_ms = ask->to_ms,
	};
	*ret = (struct series){ .asked = json_array() };
	int result = range_find(s, ask, ret, err);
	if (result == 0)
		result = steps_find(ask, ret, err);
	if (result == 0 && ask->subject)
		result = rank_do(s, &most, &rank, err);
	if (result == 0) {
		if (rank.asked)
			json_array_extend(ret->asked, rank.asked);
		lines_make(ask, &rank, ret);
		result = lines_fill(s, ask, &rank, ret, err);
	}
	rank_release(&rank);
	return result;
}

void series_release(struct series *s)
{
	for (size_t i = 0; i < s->n && s->name; i++)
		free(s->name[i]);
	free(s->name);
	free(s->table);
	free(s->sum);
	json_decref(s->asked);
	*s = (struct series){ 0 };
}

uint64_t series_rate(const struct series *s, size_t i, size_t at)
{
	return figures_rate(
	    s->table[i * s->steps + at].bytes,
	    course_part(s->first_ms + at * s->step_ms, s->step_ms, s->from_ms, s->to_ms));
}
