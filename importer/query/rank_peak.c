/* SPDX-License-Identifier: Apache-2.0
 * The most bits per second that a value had in one step of time. */
#include "importer/query/rank_peak.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "importer/core/json.h"
#include "importer/query/rank_request.h"

#define BUCKETS_MAX 30000 /* of one search; clusters take 65,535 */
#define ROWS_MAX    100

/* Either side on its own where sides have fields of their own, else both at once: a flow with the
 * value at both counts once. */
static void peak_ask(const struct rank_ask *ask, struct candidate *const *list, size_t n,
		     size_t side, json_t *aggs)
{
	const struct subject *s = ask->subject;
	json_t *each = json_object();
	for (size_t i = 0; i < n; i++) {
		char name[16];
		json_t *has = json_array();
		snprintf(name, sizeof(name), "%zu", i);
		json_array_append_new(has, request_has(s, side, list[i]->key));
		if (s->whole && s->sides > 1)
			json_array_append_new(has, request_has(s, 1, list[i]->key));
		json_object_set_new(each, name, json_pack("{s:{s:o}}", "bool", "should", has));
	}
	json_t *figures = json_object();
	figures_ask(s, side, figures);
	json_object_set_new(aggs, side ? "peaks1" : "peaks0",
			    json_pack("{s:{s:o},s:{s:{s:{s:s,s:o,s:i},s:o}}}", "filters", "filters",
				      each, "aggs", "steps", "date_histogram", "field",
				      "@timestamp", "fixed_interval",
				      json_sprintf("%llums", (unsigned long long)ask->step_ms),
				      "min_doc_count", 1, "aggs", figures));
}

/* Both sides' bytes of one step, by its time. */
static void peak_take(const struct rank_ask *ask, const json_t *aggs, size_t i,
		      struct candidate *one)
{
	json_t *steps = json_object();
	uint64_t most = 0;
	for (size_t side = 0; side < 2; side++) {
		char path[40];
		snprintf(path, sizeof(path), "peaks%zu.buckets.%zu.steps.buckets", side, i);
		const json_t *bucket;
		size_t at;
		json_array_foreach (json_at(aggs, path), at, bucket) {
			struct figures f = { 0 };
			char when[24];
			figures_add(ask->subject, bucket, &f);
			snprintf(when, sizeof(when), "%lld", json_int_at(bucket, "key"));
			uint64_t before =
			    (uint64_t)json_integer_value(json_object_get(steps, when));
			f.bytes += before;
			json_object_set_new(steps, when, json_integer((json_int_t)f.bytes));
			most = f.bytes > most ? f.bytes : most;
		}
	}
	json_decref(steps);
	one->figures.peak = figures_rate(most, ask->step_ms);
}

int peaks_find(struct searcher *s, const struct rank_ask *ask, const json_t *query,
	       struct rank *rank, struct candidate *const *list, size_t n, struct err *err)
{
	uint64_t steps = (rank->to_ms - rank->from_ms) / ask->step_ms + 2;
	size_t rows = steps >= BUCKETS_MAX / 2 ? 1 : BUCKETS_MAX / 2 / (size_t)steps;
	rows = rows > ROWS_MAX ? ROWS_MAX : rows;
	for (size_t at = 0; at < n; at += rows) {
		CLEANUP_JSON json_t *reply = NULL;
		json_t *aggs = json_object();
		size_t now = n - at < rows ? n - at : rows;
		for (size_t side = 0; side < (ask->subject->whole ? 1 : ask->subject->sides);
		     side++)
			peak_ask(ask, list + at, now, side, aggs);
		json_array_append_new(rank->asked,
				      json_pack("{s:O,s:O}", "query", query, "aggs", aggs));
		if (search_aggs(s, query, aggs, false, &reply, err))
			return -1;
		for (size_t i = 0; i < now; i++)
			peak_take(ask, json_object_get(reply, "aggregations"), i, list[at + i]);
	}
	return 0;
}
