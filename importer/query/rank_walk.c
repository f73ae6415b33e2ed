/* SPDX-License-Identifier: Apache-2.0
 * Looks at each value there is, page by page in the order of the values, and keeps the largest:
 * slow, exact, and in bounded memory whatever their number is. */
#include "importer/query/rank_walk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/json.h"

#define PAGE        5000
#define PEERS_EXACT 1000 /* up to so many, beyond it an estimate; 4 KB for each value of a page */

/* The values of one side, in order. */
struct value_walk {
	size_t side;
	json_t *page, *after; /* page: the buckets at hand; after: where the next one begins */
	size_t at;
	bool ended;
};

struct walker {
	struct searcher *search;
	const struct rank_ask *ask;
	const json_t *query;
	struct rank *rank;
	struct candidates *kept;
	size_t most; /* kept at a time */
	uint64_t others;
};

static json_t *page_aggs(const struct walker *w, const struct value_walk *walk)
{
	const struct subject *s = w->ask->subject;
	json_t *sources = json_array(), *figures = json_object();
	for (size_t i = 0; i < s->fields; i++) {
		char name[8];
		snprintf(name, sizeof(name), "k%zu", i);
		json_array_append_new(sources, json_pack("{s:{s:{s:s,s:b}}}", name, "terms",
							 "field", s->side[walk->side].field[i],
							 "missing_bucket", s->fields > 1));
	}
	json_t *composite = json_pack("{s:i,s:o}", "size", PAGE, "sources", sources);
	if (walk->after)
		json_object_set(composite, "after", walk->after);
	figures_ask(s, walk->side, figures);
	if (w->ask->by == BY_PEERS)
		json_object_set_new(figures, "peers",
				    json_pack("{s:{s:s,s:i}}", "cardinality", "field",
					      s->side[walk->side].peer, "precision_threshold",
					      PEERS_EXACT));
	if (s->side[walk->side].label[0])
		json_object_set_new(figures, "label",
				    json_pack("{s:{s:s,s:i}}", "terms", "field",
					      s->side[walk->side].label, "size", 1));
	return json_pack("{s:{s:o,s:o}}", "page", "composite", composite, "aggs", figures);
}

static int page_get(struct walker *w, struct value_walk *walk, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	json_t *aggs = page_aggs(w, walk);
	if (!walk->after)
		json_array_append_new(w->rank->asked,
				      json_pack("{s:O,s:O}", "query", w->query, "aggs", aggs));
	if (search_aggs(w->search, w->query, aggs, false, &reply, err))
		return -1;
	json_decref(walk->page);
	json_decref(walk->after);
	walk->page = json_incref(json_at(reply, "aggregations.page.buckets"));
	walk->after = json_incref(json_at(reply, "aggregations.page.after_key"));
	walk->at = 0;
	walk->ended = json_array_size(walk->page) == 0;
	return 0;
}

/* The bucket at hand, borrowed; NULL at the end. */
static json_t *walk_bucket(const struct value_walk *walk)
{
	return walk->ended ? NULL : json_array_get(walk->page, walk->at);
}

static int walk_next(struct walker *w, struct value_walk *walk, struct err *err)
{
	if (walk->ended || ++walk->at < json_array_size(walk->page))
		return 0;
	if (!walk->after || json_is_null(walk->after)) {
		walk->ended = true;
		return 0;
	}
	return page_get(w, walk, err);
}

/* ---- the order of a cluster ---- */

static int compare_bytes(const void *a, size_t n, const void *b, size_t m)
{
	int c = memcmp(a, b, n < m ? n : m);
	return c ? c : n < m ? -1 : n > m;
}

static void address_bytes(const json_t *key, unsigned char bytes[16])
{
	const char *text = json_string_value(key);
	memset(bytes, 0, 16);
	if (text && inet_pton(AF_INET6, text, bytes) == 1)
		return;
	memset(bytes, 0, 16);
	bytes[10] = bytes[11] = 0xff;
	if (!text || inet_pton(AF_INET, text, bytes + 12) != 1)
		memset(bytes, 0, 16);
}

static int compare_values(enum subject_kind kind, const json_t *a, const json_t *b)
{
	if (!json_is_string(a) && !json_is_number(a)) /* no value comes first */
		return json_is_string(b) || json_is_number(b) ? -1 : 0;
	if (!json_is_string(b) && !json_is_number(b))
		return 1;
	if (json_is_number(a) && json_is_number(b)) {
		double x = json_number_value(a), y = json_number_value(b);
		return x < y ? -1 : x > y;
	}
	if (kind == SUBJECT_ADDRESS) {
		unsigned char x[16], y[16];
		address_bytes(a, x);
		address_bytes(b, y);
		return compare_bytes(x, 16, y, 16);
	}
	return compare_bytes(
	    json_string_value(a) ? json_string_value(a) : "", json_string_length(a),
	    json_string_value(b) ? json_string_value(b) : "", json_string_length(b));
}

static int compare_keys(const struct subject *s, const json_t *a, const json_t *b)
{
	int c = 0;
	for (size_t i = 0; i < s->fields && !c; i++) {
		char name[8];
		snprintf(name, sizeof(name), "k%zu", i);
		c = compare_values(s->kind[i], json_object_get(json_object_get(a, "key"), name),
				   json_object_get(json_object_get(b, "key"), name));
	}
	return c;
}

/* ---- the largest ---- */

/* Leaves the `most` largest; what goes bounds the others. */
static void kept_trim(struct walker *w)
{
	enum measure by = w->ask->by == BY_PEAK ? BY_BYTES : w->ask->by;
	size_t n;
	CLEANUP_FREE struct candidate **list = candidates_sorted(w->kept, candidate_has, by, &n);
	for (; n > w->most; n--) {
		uint64_t v = candidate_has(list[n - 1], by);
		w->others = v > w->others ? v : w->others;
		candidate_drop(w->kept, list[n - 1]);
	}
}

/* The buckets of one value at either side, or NULL where it is not there. */
static void value_take(struct walker *w, json_t *const bucket[2])
{
	const struct subject *s = w->ask->subject;
	const json_t *first = bucket[0] ? bucket[0] : bucket[1];
	CLEANUP_JSON json_t *key = json_array();
	size_t values = 0;
	for (size_t i = 0; i < s->fields; i++) {
		char name[8];
		snprintf(name, sizeof(name), "k%zu", i);
		json_t *v = json_object_get(json_object_get(first, "key"), name);
		values += v && !json_is_null(v);
		json_array_append(key, v ? v : json_null());
	}
	if (!values)
		return;
	struct candidate *one = candidate_of(w->kept, key);
	for (size_t side = 0; side < 2; side++) {
		const json_t *label = json_array_get(json_at(bucket[side], "label.buckets"), 0);
		if (bucket[side])
			figures_add(s, bucket[side], &one->figures);
		if (!one->label && json_string_value(json_object_get(label, "key")))
			one->label = strdup(json_text_at(label, "key", ""));
	}
	if (HASH_COUNT(w->kept->table) > 4 * w->most)
		kept_trim(w);
}

/* Leaves of both sides' buckets those of the value that comes next; false at the end. */
static bool buckets_next(const struct subject *s, json_t *bucket[2])
{
	if (bucket[0] && bucket[1]) {
		int c = compare_keys(s, bucket[0], bucket[1]);
		if (c)
			bucket[c < 0] = NULL;
	}
	return bucket[0] || bucket[1];
}

static int walk_both(struct walker *w, struct value_walk walk[2], struct err *err)
{
	const struct subject *s = w->ask->subject;
	CLEANUP_JSON json_t *last = NULL;
	for (;;) {
		json_t *bucket[2] = { walk_bucket(&walk[0]), walk_bucket(&walk[1]) };
		if (!buckets_next(s, bucket))
			return 0;
		if (last && compare_keys(s, last, bucket[0] ? bucket[0] : bucket[1]) >= 0)
			return err_set(err, EF_FAILED,
				       "the cluster's order of values is another one than efctl's, "
				       "so they cannot be counted one by one; %s",
				       w->ask->only_exact
					   ? "each of these dimensions alone can be ranked"
					   : "without --exact they can be ranked");
		json_decref(last);
		last = json_incref(bucket[0] ? bucket[0] : bucket[1]);
		value_take(w, bucket);
		for (size_t side = 0; side < 2; side++)
			if (bucket[side] && walk_next(w, &walk[side], err))
				return -1;
	}
}

int walk_all(struct searcher *s, const struct rank_ask *ask, const json_t *query, struct rank *rank,
	     struct candidates *ret, uint64_t *ret_others, struct err *err)
{
	struct walker w = {
		.search = s,
		.ask = ask,
		.query = query,
		.rank = rank,
		.kept = ret,
		.most = ask->count * 2 + 100,
	};
	struct value_walk walk[2] = { { .side = 0 },
				      { .side = 1, .ended = ask->subject->sides < 2 } };
	int result = page_get(&w, &walk[0], err);
	if (result == 0 && !walk[1].ended)
		result = page_get(&w, &walk[1], err);
	if (result == 0)
		result = walk_both(&w, walk, err);
	for (size_t i = 0; i < 2; i++) {
		json_decref(walk[i].page);
		json_decref(walk[i].after);
	}
	if (result == 0) {
		kept_trim(&w);
		*ret_others = w.others;
	}
	return result;
}
