/* SPDX-License-Identifier: Apache-2.0
 * The values that shards nominate for a ranking, and the bound for all that none of them did. */
#include "importer/query/rank_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/json.h"

/* A value counts at up to two sides, and where bytes are the sum of two fields by each of them. */
#define LISTS_MAX 4

/* Peers are counted for every value there is, to nominate some: half a kilobyte each will do. */
#define ROUGHLY 100

struct list {
	size_t side;
	const char *field; /* summed; NULL: records or peers */
};

static size_t lists_of(const struct subject *s, enum measure by, struct list list[LISTS_MAX])
{
	size_t n = 0;
	for (size_t side = 0; side < s->sides; side++) {
		const struct subject_side *at = &s->side[side];
		if (by == BY_FLOWS || by == BY_PEERS) {
			list[n++] = (struct list){ side, NULL };
		} else if (s->whole) {
			list[n++] = (struct list){ side, by == BY_PACKETS ? "network.packets"
									  : "network.bytes" };
		} else {
			bool packets = by == BY_PACKETS;
			list[n++] = (struct list){ side, packets ? at->packets_sent : at->sent };
			list[n++] =
			    (struct list){ side, packets ? at->packets_received : at->received };
		}
	}
	return n;
}

/* What no field holds, because it is no character (Unicode, 23.7). */
#define TUPLE_MISSING "\xef\xbf\xbf"

json_t *tuple_terms(const struct subject *s, size_t side)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->fields; i++)
		json_array_append_new(list, json_pack("{s:s,s:s}", "field", s->side[side].field[i],
						      "missing", TUPLE_MISSING));
	return list;
}

static json_t *list_ask(const struct subject *s, const struct list *list, enum measure by,
			size_t size)
{
	json_t *terms = s->fields == 1 ? json_pack("{s:s}", "field", s->side[list->side].field[0])
				       : json_pack("{s:o}", "terms", tuple_terms(s, list->side));
	json_object_set_new(terms, "size", json_integer((json_int_t)size));
	json_object_set_new(terms, "shard_size", json_integer((json_int_t)size));
	json_object_set_new(terms, "order",
			    json_pack("{s:s}", by == BY_FLOWS ? "_count" : "v", "desc"));
	json_t *agg = json_pack("{s:o}", s->fields == 1 ? "terms" : "multi_terms", terms);
	if (by == BY_PEERS)
		json_object_set_new(agg, "aggs",
				    json_pack("{s:{s:{s:s,s:i}}}", "v", "cardinality", "field",
					      s->side[list->side].peer, "precision_threshold",
					      ROUGHLY));
	else if (by != BY_FLOWS)
		json_object_set_new(agg, "aggs",
				    json_pack("{s:{s:{s:s}}}", "v", "sum", "field", list->field));
	return agg;
}

void candidates_ask(const struct subject *s, enum measure by, size_t size, json_t *aggs)
{
	struct list list[LISTS_MAX];
	size_t n = lists_of(s, by, list);
	for (size_t i = 0; i < n; i++) {
		char name[8];
		snprintf(name, sizeof(name), "list%zu", i);
		json_object_set_new(aggs, name, list_ask(s, &list[i], by, size));
	}
}

static uint64_t bucket_value(const json_t *bucket, enum measure by)
{
	long long v = json_int_at(bucket, by == BY_FLOWS ? "doc_count" : "v.value");
	return v > 0 ? (uint64_t)v : 0;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	return a && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

/* An array of the key's values, null for one that is missing; the caller's. */
static json_t *key_array(const json_t *key)
{
	json_t *array = json_array(), *value;
	size_t i;
	json_array_foreach ((json_t *)key, i, value) {
		const char *text = json_string_value(value);
		if (text && strcmp(text, TUPLE_MISSING) == 0)
			json_array_append_new(array, json_null());
		else
			json_array_append(array, value);
	}
	if (!json_is_array(key))
		json_array_append_new(array, key ? json_incref((json_t *)key) : json_null());
	return array;
}

/* Flows that have none of several values have a row of their own (subject_none()). */
static bool key_is_none(const json_t *key)
{
	CLEANUP_JSON json_t *array = key_array(key);
	size_t i;
	json_t *value;
	json_array_foreach (array, i, value)
		if (!json_is_null(value))
			return false;
	return true;
}

static void list_take(struct candidates *c, const json_t *agg, enum measure by, size_t size,
		      uint64_t shards)
{
	const json_t *buckets = json_object_get(agg, "buckets"), *bucket;
	uint64_t least = UINT64_MAX;
	size_t i;
	json_array_foreach ((json_t *)buckets, i, bucket) {
		uint64_t v = bucket_value(bucket, by);
		if (!key_is_none(json_object_get(bucket, "key")))
			candidate_of(c, json_object_get(bucket, "key"))->listed += v;
		least = v < least ? v : least;
	}
	/* rank.h has the proof; one shard's list of S has all that is above its last value */
	if (json_array_size(buckets) < size)
		return;
	uint64_t more = times(shards, least);
	c->missing = c->missing + more < more ? UINT64_MAX : c->missing + more;
}

void candidates_take(struct candidates *c, const struct subject *s, enum measure by, size_t size,
		     uint64_t shards, const json_t *aggs)
{
	struct list list[LISTS_MAX];
	size_t n = lists_of(s, by, list);
	for (size_t i = 0; i < n; i++) {
		char name[8];
		snprintf(name, sizeof(name), "list%zu", i);
		list_take(c, json_object_get(aggs, name), by, size, shards);
	}
}

static char *key_id(const json_t *key)
{
	char *id = json_dumps(key, JSON_COMPACT);
	return id ? id : strdup("?");
}

struct candidate *candidate_find(const struct candidates *c, const json_t *key)
{
	CLEANUP_JSON json_t *array = key_array(key);
	CLEANUP_FREE char *id = key_id(array);
	struct candidate *one = NULL;
	if (!id)
		memory_out();
	HASH_FIND_STR(c->table, id, one);
	return one;
}

struct candidate *candidate_of(struct candidates *c, const json_t *key)
{
	struct candidate *one = candidate_find(c, key);
	if (one)
		return one;
	one = calloc(1, sizeof(*one));
	if (!one)
		memory_out();
	one->key = key_array(key);
	one->id = key_id(one->key);
	if (!one->id)
		memory_out();
	HASH_ADD_KEYPTR(hh, c->table, one->id, strlen(one->id), one);
	return one;
}

static void candidate_free(struct candidate *one)
{
	json_decref(one->key);
	free(one->id);
	free(one->label);
	free(one);
}

void candidate_drop(struct candidates *c, struct candidate *one)
{
	HASH_DEL(c->table, one);
	candidate_free(one);
}

void candidates_release(struct candidates *c)
{
	struct candidate *one = c->table, *next;
	HASH_CLEAR(hh, c->table);
	for (; one; one = next) {
		next = one->hh.next;
		candidate_free(one);
	}
}

uint64_t candidate_listed(const struct candidate *c, enum measure by)
{
	(void)by;
	return c->listed;
}

uint64_t candidate_has(const struct candidate *c, enum measure by)
{
	return figures_value(&c->figures, by);
}

struct ranked {
	uint64_t value;
	struct candidate *one;
};

static int by_value(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;
	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return strcmp(a->one->id, b->one->id);
}

struct candidate **candidates_sorted(const struct candidates *c, candidate_value *value,
				     enum measure by, size_t *ret_n)
{
	size_t n = HASH_COUNT(c->table), i = 0;
	struct ranked *sorted = calloc(n + 1, sizeof(*sorted));
	struct candidate **list = calloc(n + 1, sizeof(struct candidate *));
	if (!sorted || !list)
		memory_out();
	for (struct candidate *one = c->table; one; one = one->hh.next)
		sorted[i++] = (struct ranked){ value(one, by), one };
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_value);
	for (i = 0; i < n; i++)
		list[i] = sorted[i].one;
	free(sorted);
	*ret_n = n;
	return list;
}
