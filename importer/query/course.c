/* SPDX-License-Identifier: Apache-2.0
 * The course of figures over time: of all flows, and of those of some values. */
#include "importer/query/course.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/query/rank_request.h"

#define BUCKETS_MAX 20000 /* of one search; clusters take 65,535 */
#define VALUES_MAX  100   /* of one search */

#define MINUTE (60 * (uint64_t)1000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* One search: some values, some steps. */
struct course_part {
	const struct course_ask *ask;
	size_t first, n;  /* values */
	uint64_t from_ms; /* of the first step */
	size_t steps;
	struct figures *table; /* n × steps */
};

uint64_t course_step(uint64_t from_ms, uint64_t to_ms, size_t most, uint64_t least_ms)
{
	static const uint64_t steps[] = { MINUTE,      2 * MINUTE,  5 * MINUTE, 10 * MINUTE,
					  15 * MINUTE, 30 * MINUTE, HOUR,       2 * HOUR,
					  3 * HOUR,    6 * HOUR,    12 * HOUR,  DAY,
					  2 * DAY,     7 * DAY,     30 * DAY };
	uint64_t step = least_ms;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i] < least_ms)
			continue;
		step = steps[i];
		if ((to_ms - from_ms) / step < most)
			break;
	}
	while ((to_ms - from_ms) / step >= most)
		step *= 2;
	return step;
}

uint64_t course_part(uint64_t at_ms, uint64_t step_ms, uint64_t from_ms, uint64_t to_ms)
{
	uint64_t from = at_ms > from_ms ? at_ms : from_ms;
	uint64_t to = at_ms + step_ms < to_ms ? at_ms + step_ms : to_ms;
	return to > from ? to - from : 0;
}

static const struct subject *subject_of(const struct course_ask *ask, const json_t *key)
{
	return key ? ask->subject : &request_flows;
}

/* Either side on its own where sides have fields of their own, else both at once. */
static json_t *value_clause(const struct course_ask *ask, const json_t *key, size_t side)
{
	const struct subject *s = ask->subject;
	if (!key)
		return side ? NULL : json_pack("{s:{}}", "match_all");
	if (side >= (s->whole ? 1 : s->sides))
		return NULL;
	json_t *has = json_pack("[o]", request_has(s, side, key));
	if (s->whole && s->sides > 1)
		json_array_append_new(has, request_has(s, 1, key));
	return json_pack("{s:{s:o}}", "bool", "should", has);
}

static json_t *steps_ask(const struct course_ask *ask, const json_t *key, size_t side)
{
	json_t *figures = json_object();
	figures_ask(subject_of(ask, key), side, figures);
	return json_pack("{s:{s:s,s:o,s:i},s:o}", "date_histogram", "field", "@timestamp",
			 "fixed_interval", json_sprintf("%llums", (unsigned long long)ask->step_ms),
			 "min_doc_count", 1, "aggs", figures);
}

static json_t *part_aggs(const struct course_part *part)
{
	const struct course_ask *ask = part->ask;
	json_t *aggs = json_object();
	for (size_t i = 0; i < part->n; i++)
		for (size_t side = 0; side < 2; side++) {
			const json_t *key = ask->key[part->first + i];
			json_t *clause = value_clause(ask, key, side);
			char name[24];
			snprintf(name, sizeof(name), "v%zu_%zu", i, side);
			if (clause)
				json_object_set_new(aggs, name,
						    json_pack("{s:o,s:{s:o}}", "filter", clause,
							      "aggs", "steps",
							      steps_ask(ask, key, side)));
		}
	return aggs;
}

static void part_take(struct course_part *part, const json_t *aggs)
{
	const struct course_ask *ask = part->ask;
	for (size_t i = 0; i < part->n; i++)
		for (size_t side = 0; side < 2; side++) {
			char path[48];
			const json_t *bucket;
			size_t at;
			snprintf(path, sizeof(path), "v%zu_%zu.steps.buckets", i, side);
			json_array_foreach (json_at(aggs, path), at, bucket) {
				long long ms = json_int_at(bucket, "key");
				uint64_t step = ms < (long long)part->from_ms
						    ? UINT64_MAX
						    : ((uint64_t)ms - part->from_ms) / ask->step_ms;
				if (step < part->steps)
					figures_add(subject_of(ask, ask->key[part->first + i]),
						    bucket, &part->table[i * part->steps + step]);
			}
		}
}

static int part_find(struct searcher *s, struct course_part *part, json_t *asked,
		     course_visit *visit, void *arg, struct err *err)
{
	const struct course_ask *ask = part->ask;
	CLEANUP_JSON json_t *reply = NULL;
	json_t *aggs = part_aggs(part);
	uint64_t end = part->from_ms + part->steps * ask->step_ms;
	CLEANUP_JSON json_t *query =
	    json_pack("{s:{s:[O,{s:{s:{s:I,s:I,s:s}}}]}}", "bool", "filter", ask->query, "range",
		      "@timestamp", "gte", (json_int_t)part->from_ms, "lt", (json_int_t)end,
		      "format", "epoch_millis");
	CLEANUP_FREE struct figures *table =
	    calloc(part->n * part->steps + 1, sizeof(struct figures));
	if (!table)
		memory_out();
	if (asked && !part->first && part->from_ms <= ask->from_ms)
		json_array_append_new(asked, json_pack("{s:O,s:O}", "query", query, "aggs", aggs));
	if (search_aggs(s, query, aggs, false, &reply, err))
		return -1;
	part->table = table;
	part_take(part, json_object_get(reply, "aggregations"));
	for (size_t i = 0; i < part->n; i++)
		for (size_t t = 0; t < part->steps; t++)
			if (table[i * part->steps + t].flows)
				visit(arg, part->first + i, part->from_ms + t * ask->step_ms,
				      &table[i * part->steps + t]);
	return 0;
}

int course_find(struct searcher *s, const struct course_ask *ask, json_t *asked,
		course_visit *visit, void *arg, struct err *err)
{
	uint64_t first = ask->from_ms / ask->step_ms * ask->step_ms;
	uint64_t all = (ask->to_ms - first) / ask->step_ms + 1;
	size_t steps = all < BUCKETS_MAX ? (size_t)all : BUCKETS_MAX;
	size_t values = BUCKETS_MAX / steps > VALUES_MAX ? VALUES_MAX : BUCKETS_MAX / steps;
	if (ask->to_ms < ask->from_ms)
		return 0;
	for (uint64_t done = 0; done < all; done += steps)
		for (size_t i = 0; i < ask->n; i += values) {
			struct course_part part = {
				.ask = ask,
				.first = i,
				.n = ask->n - i < values ? ask->n - i : values,
				.from_ms = first + done * ask->step_ms,
				.steps = all - done < steps ? (size_t)(all - done) : steps,
			};
			if (part_find(s, &part, asked, visit, arg, err))
				return -1;
		}
	return 0;
}
