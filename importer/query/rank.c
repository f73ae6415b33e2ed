/* SPDX-License-Identifier: Apache-2.0
 * Ranks values by what flows have of them: the most, with exact sums, and what is known of those
 * that are not shown. */
#include "importer/query/rank.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/json.h"
#include "importer/query/course.h"
#include "importer/query/rank_list.h"
#include "importer/query/rank_request.h"
#include "importer/query/rank_walk.h"

#define LIST_MIN       2000 /* values of each shard, at least: the bound gets better with them */
#define LIST_MAX       20000
#define CANDIDATES_MIN 100

struct work {
	struct searcher *search;
	const struct rank_ask *ask;
	struct rank_ask exactly; /* the question where it has to be walked after all */
	enum measure by;         /* what lists are ordered by: peaks have none */
	json_t *query;           /* of the flows that count */
	struct candidates candidates;
	struct rank *rank;
	uint64_t unlisted; /* more than any value that was no candidate has */
};

/* One search, kept for whoever wants to see how the figures came about. */
static int work_search(struct work *w, json_t *aggs_take, bool whole_lists, json_t **ret_reply,
		       struct err *err)
{
	json_t *one = json_pack("{s:O,s:O}", "query", w->query, "aggs", aggs_take);
	json_array_append_new(w->rank->asked, one);
	return search_aggs(w->search, w->query, aggs_take, whole_lists, ret_reply, err);
}

/* ---- totals, and the lists of candidates ---- */

static json_t *total_aggs(const struct subject *s)
{
	json_t *all = json_object(), *none = json_object();
	figures_ask(&request_flows, 0, all);
	figures_ask(&request_flows, 0, none);
	json_object_set_new(all, "first", json_pack("{s:{s:s}}", "min", "field", "@timestamp"));
	json_object_set_new(all, "last", json_pack("{s:{s:s}}", "max", "field", "@timestamp"));
	return json_pack("{s:{s:{s:{}},s:o},s:{s:o,s:o}}", "all", "filter", "match_all", "aggs",
			 all, "none", "filter", subject_none(s), "aggs", none);
}

static void totals_take(struct work *w, const json_t *aggs)
{
	struct rank *r = w->rank;
	const json_t *all = json_object_get(aggs, "all");
	figures_add(&request_flows, all, &r->all);
	figures_add(&request_flows, json_object_get(aggs, "none"), &r->none);
	long long first = json_int_at(all, "first.value"), last = json_int_at(all, "last.value");
	r->from_ms = w->ask->from_ms ? w->ask->from_ms : first > 0 ? (uint64_t)first : 0;
	r->to_ms = w->ask->to_ms ? w->ask->to_ms : last > 0 ? (uint64_t)last : 0;
}

/* What several meters told, apart from the totals; what cannot be is no repetition. */
static int repeats_ask(struct work *w, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *query = json_pack(
	    "{s:{s:[O,{s:{s:s}}],s:{s:{s:s}}}}", "bool", "filter", w->ask->query, "exists", "field",
	    "flow.duplicate.reason", "must_not", "term", "flow.duplicate.reason", "implausible");
	if (search_aggs(w->search, query,
			json_pack("{s:{s:{s:s}},s:{s:o}}", "bytes", "sum", "field",
				  "flow.duplicate.bytes", "alone", "filter", figures_repeats()),
			false, &reply, err))
		return -1;
	w->rank->repeats = (uint64_t)json_int_at(reply, "aggregations.alone.doc_count");
	w->rank->repeated_bytes = (uint64_t)json_int_at(reply, "aggregations.bytes.value");
	return 0;
}

static int no_tuples(struct err *err)
{
	return strstr(err->msg, "multi_terms") ? 1 : -1;
}

/* 1: the cluster has no multi_terms. */
static int lists_ask(struct work *w, struct err *err)
{
	const struct rank_ask *ask = w->ask;
	CLEANUP_JSON json_t *reply = NULL;
	size_t size = ask->count * 10 > LIST_MIN ? ask->count * 10 : LIST_MIN;
	size = size > LIST_MAX ? LIST_MAX : size;
	json_t *aggs = total_aggs(ask->subject);
	if (!ask->exact)
		candidates_ask(ask->subject, w->by, size, aggs);
	if (work_search(w, aggs, !ask->exact, &reply, err))
		return ask->subject->fields > 1 ? no_tuples(err) : -1;
	totals_take(w, json_object_get(reply, "aggregations"));
	if (!ask->exact)
		candidates_take(&w->candidates, ask->subject, w->by, size, search_shards(reply),
				json_object_get(reply, "aggregations"));
	return 0;
}

/* ---- the sums of candidates ---- */

static int sums_ask(struct work *w, struct err *err)
{
	const struct rank_ask *ask = w->ask;
	struct candidates *c = &w->candidates;
	CLEANUP_JSON json_t *reply = NULL;
	size_t n, most = ask->count * 2 > CANDIDATES_MIN ? ask->count * 2 : CANDIDATES_MIN;
	CLEANUP_FREE struct candidate **list = candidates_sorted(c, candidate_listed, w->by, &n);
	w->unlisted = c->missing;
	if (n > most && w->unlisted <= UINT64_MAX - list[most]->listed)
		w->unlisted += list[most]->listed;
	while (n > most)
		candidate_drop(c, list[--n]);
	json_t *aggs = json_object();
	request_sums(ask->subject, list, n, w->by == BY_PEERS, aggs);
	if (n == 0) {
		json_decref(aggs);
		return 0;
	}
	if (work_search(w, aggs, ask->subject->fields > 1, &reply, err))
		return -1;
	if (!request_sums_take(c, ask->subject, json_object_get(reply, "aggregations")))
		w->unlisted = UINT64_MAX;
	w->rank->exact = c->missing == 0 && w->unlisted != UINT64_MAX;
	return 0;
}

/* ---- flows that have a value at both sides count once ---- */

static int twice_ask(struct work *w, struct candidate *const *list, size_t n, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	json_t *aggs = json_object();
	request_twice(w->ask->subject, list, n, aggs);
	if (w->by == BY_PEERS)
		request_peers(w->ask->subject, list, n, aggs);
	if (work_search(w, aggs, false, &reply, err))
		return -1;
	request_twice_take(w->ask->subject, list, n, json_object_get(reply, "aggregations"));
	if (w->by == BY_PEERS)
		request_peers_take(list, n, json_object_get(reply, "aggregations"));
	return 0;
}

/* Until the first rows are all of flows counted once: those behind them have too much rather than
 * too little. That is so of peers, too, of which one may be at either end. */
static int once_each(struct work *w, struct err *err)
{
	struct candidate *next[REQUEST_TWICE_MAX];
	while (w->ask->subject->sides > 1) {
		size_t n, chosen = 0;
		CLEANUP_FREE struct candidate **list =
		    candidates_sorted(&w->candidates, candidate_has, w->by, &n);
		bool missing = false;
		for (size_t i = 0; i < n && i < w->ask->count; i++)
			missing |= !list[i]->once;
		for (size_t i = 0;
		     i < n && missing && chosen < REQUEST_TWICE_MAX && (i < w->ask->count + 20);
		     i++)
			if (!list[i]->once)
				next[chosen++] = list[i];
		if (!chosen)
			return 0;
		if (twice_ask(w, next, chosen, err))
			return -1;
	}
	return 0;
}

/* ---- the result ---- */

static void rows_make(struct work *w, struct candidate *const *list, size_t n)
{
	struct rank *r = w->rank;
	r->row = calloc(n + 1, sizeof(*r->row));
	if (!r->row)
		memory_out();
	for (size_t i = 0; i < n; i++)
		r->row[r->n++] = (struct rank_row){
			.key = json_incref(list[i]->key),
			.label = list[i]->label ? strdup(list[i]->label) : NULL,
			.figures = list[i]->figures,
		};
}

/* What is left of all, where each flow is in one row. */
static void rest_reckon(struct rank *r, struct candidate *const *list, size_t n)
{
	r->rest = r->all;
	figures_minus(&r->rest, &r->none);
	for (size_t i = 0; i < n; i++)
		figures_minus(&r->rest, &list[i]->figures);
}

static int rest_ask(struct work *w, struct candidate *const *list, size_t n, struct err *err)
{
	struct rank *r = w->rank;
	const struct subject *s = w->ask->subject;
	const bool reckoned = s->sides == 1 && !s->many;
	if (reckoned && r->all.rate <= 1) { /* of which flows a rate is cannot be reckoned */
		rest_reckon(r, list, n);
		return 0;
	}
	CLEANUP_JSON json_t *reply = NULL;
	json_t *query = request_rest(s, list, n), *figures = json_object();
	r->rest_unknown = !query && !reckoned;
	figures_ask(&request_flows, 0, figures);
	if (!query) {
		json_decref(figures);
		if (reckoned)
			rest_reckon(r, list, n);
		return 0;
	}
	if (work_search(w, json_pack("{s:{s:o,s:o}}", "rest", "filter", query, "aggs", figures),
			false, &reply, err))
		return -1;
	figures_add(&request_flows, json_at(reply, "aggregations.rest"), &r->rest);
	return 0;
}

/* What is not in the first `n`: the others among the candidates, and those that were none. A peak
 * has no more than all the bytes of its value. */
static void others_find(struct work *w, struct candidate *const *list, size_t all, size_t n)
{
	struct rank *r = w->rank;
	enum measure by = w->ask->by;
	r->others = w->unlisted;
	if (by == BY_PEAK)
		r->others = figures_rate(w->unlisted, w->ask->step_ms);
	if (all > n && figures_value(&list[n]->figures, by) > r->others)
		r->others = figures_value(&list[n]->figures, by);
	for (r->certain = 0; r->certain < n; r->certain++)
		if (figures_value(&list[r->certain]->figures, by) < r->others)
			break;
}

static void peak_take(void *arg, size_t i, uint64_t at_ms, const struct figures *f)
{
	struct candidate *const *list = arg;
	(void)at_ms;
	if (f->bytes > list[i]->figures.peak)
		list[i]->figures.peak = f->bytes; /* bits per second when all are there */
}

/* The most bits per second that each of `n` candidates had in one step. */
static int peaks_ask(struct work *w, struct candidate **list, size_t n, struct err *err)
{
	const json_t **keys = calloc(n + 1, sizeof(json_t *));
	struct course_ask ask = {
		.subject = w->ask->subject,
		.query = w->query,
		.key = keys,
		.n = n,
		.from_ms = w->rank->from_ms,
		.to_ms = w->rank->to_ms,
		.step_ms = w->ask->step_ms,
	};
	if (!keys)
		memory_out();
	for (size_t i = 0; i < n; i++)
		keys[i] = list[i]->key;
	int result = course_find(w->search, &ask, w->rank->asked, peak_take, list, err);
	for (size_t i = 0; i < n; i++)
		list[i]->figures.peak = figures_rate(list[i]->figures.peak, ask.step_ms);
	free(keys);
	return result;
}

static int result_make(struct work *w, struct err *err)
{
	size_t all;
	if (w->ask->by == BY_PEAK) {
		size_t most = w->ask->count * 2 > 40 ? w->ask->count * 2 : 40;
		CLEANUP_FREE struct candidate **list =
		    candidates_sorted(&w->candidates, candidate_has, BY_BYTES, &all);
		if (all > most && list[most]->figures.bytes > w->unlisted)
			w->unlisted = list[most]->figures.bytes;
		while (all > most)
			candidate_drop(&w->candidates, list[--all]);
		if (peaks_ask(w, list, all, err))
			return -1;
	}
	CLEANUP_FREE struct candidate **list =
	    candidates_sorted(&w->candidates, candidate_has, w->ask->by, &all);
	size_t n = all < w->ask->count ? all : w->ask->count;
	others_find(w, list, all, n);
	if (rest_ask(w, list, n, err))
		return -1;
	rows_make(w, list, n);
	return 0;
}

static void walk_instead(struct work *w)
{
	w->exactly = *w->ask;
	w->exactly.exact = w->exactly.only_exact = true;
	w->ask = &w->exactly;
}

/* multi_terms leaves out flows that lack a number or an address, and so the largest rows maybe. */
static bool lists_would_lack(const struct subject *s)
{
	for (size_t i = 0; i < s->fields; i++)
		if (s->fields > 1 && s->kind[i] != SUBJECT_TEXT)
			return true;
	return false;
}

static int rank_work(struct work *w, struct err *err)
{
	if (lists_would_lack(w->ask->subject))
		walk_instead(w);
	int got = lists_ask(w, err);
	if (got < 0)
		return -1;
	if (got == 1) { /* no multi_terms: the other way, which every cluster has */
		walk_instead(w);
		if (lists_ask(w, err))
			return -1;
	}
	if (w->ask->exact) {
		if (walk_all(w->search, w->ask, w->query, w->rank, &w->candidates, &w->unlisted,
			     err))
			return -1;
		w->rank->exact = true;
	} else if (sums_ask(w, err)) {
		return -1;
	}
	w->rank->about = w->ask->by == BY_PEERS;
	if (once_each(w, err) || result_make(w, err))
		return -1;
	return repeats_ask(w, err);
}

int rank_do(struct searcher *s, const struct rank_ask *ask, struct rank *ret, struct err *err)
{
	struct work w = { .search = s, .ask = ask, .rank = ret };
	*ret = (struct rank){ .asked = json_array() };
	w.by = ask->by == BY_PEAK ? BY_BYTES : ask->by;
	w.query = figures_counted(ask->subject, ask->query);
	int result = rank_work(&w, err);
	json_decref(w.query);
	candidates_release(&w.candidates);
	return result;
}

void rank_release(struct rank *r)
{
	for (size_t i = 0; i < r->n; i++) {
		json_decref(r->row[i].key);
		free(r->row[i].label);
	}
	free(r->row);
	json_decref(r->asked);
	*r = (struct rank){ 0 };
}
