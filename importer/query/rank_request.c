/* SPDX-License-Identifier: Apache-2.0
 * The parts of a ranking's searches that are about values already known: their sums, their flows,
 * and those of none of them. */
#include "importer/query/rank_request.h"

#include <stdio.h>
#include <string.h>

#include "importer/core/json.h"

#define TUPLES_MAX  20000 /* buckets of several values together; clusters take 65,535 in all */
#define CLAUSES_MAX 900   /* of one query; clusters take 1,024 */

const struct subject request_flows = {
	.sides = 1,
	.whole = true,
	.side = { { .sent = "client.bytes", .received = "server.bytes" } },
};

/* The different values of field `i` of the candidates, and whether some have none of it. */
static json_t *values_of(struct candidate *const *list, size_t n, size_t i, bool *ret_missing)
{
	json_t *values = json_array(), *seen = json_object();
	*ret_missing = false;
	for (size_t at = 0; at < n; at++) {
		json_t *v = json_array_get(list[at]->key, i);
		const char *text = json_string_value(v);
		*ret_missing |= !v || json_is_null(v);
		if (!v || json_is_null(v) || (text && json_object_get(seen, text)))
			continue;
		if (text)
			json_object_set_new(seen, text, json_true());
		json_array_append(values, v);
	}
	json_decref(seen);
	return values;
}

/* What one field has to be: one of `values_take`, or nothing where `missing`. */
static json_t *field_is(const char *field, json_t *values_take, bool missing)
{
	json_t *is = json_pack("{s:{s:o}}", "terms", field, values_take);
	if (!missing)
		return is;
	return json_pack("{s:{s:[o,{s:{s:{s:{s:s}}}}]}}", "bool", "should", is, "bool", "must_not",
			 "exists", "field", field);
}

/* Flows that may have one of the candidates at `side`: exactly those for one field, else also other
 * tuples of the same values. */
static json_t *may_have(const struct subject *s, size_t side, struct candidate *const *list,
			size_t n)
{
	json_t *all = json_array();
	for (size_t i = 0; i < s->fields; i++) {
		bool missing;
		json_t *values = values_of(list, n, i, &missing);
		json_array_append_new(
		    all, field_is(s->side[side].field[i], values, missing && s->fields > 1));
	}
	return json_pack("{s:{s:o}}", "bool", "filter", all);
}

json_t *request_has(const struct subject *s, size_t side, const json_t *key)
{
	json_t *all = json_array();
	for (size_t i = 0; i < s->fields; i++) {
		const char *field = s->side[side].field[i];
		json_t *v = json_array_get(key, i);
		if (!v || json_is_null(v))
			json_array_append_new(all, json_pack("{s:{s:{s:{s:s}}}}", "bool",
							     "must_not", "exists", "field", field));
		else
			json_array_append_new(all, field_is(field, json_pack("[O]", v), false));
	}
	return json_pack("{s:{s:o}}", "bool", "filter", all);
}

static json_t *sums_of_side(const struct subject *s, size_t side, struct candidate *const *list,
			    size_t n, json_t *figures_take)
{
	bool missing;
	if (s->fields == 1)
		return json_pack("{s:{s:s,s:o,s:I,s:I},s:o}", "terms", "field",
				 s->side[side].field[0], "include", values_of(list, n, 0, &missing),
				 "size", (json_int_t)n, "shard_size", (json_int_t)n, "aggs",
				 figures_take);
	return json_pack("{s:o,s:{s:{s:{s:o,s:i,s:i},s:o}}}", "filter", may_have(s, side, list, n),
			 "aggs", "tuples", "multi_terms", "terms", tuple_terms(s, side), "size",
			 TUPLES_MAX, "shard_size", TUPLES_MAX, "aggs", figures_take);
}

void request_sums(const struct subject *s, struct candidate *const *list, size_t n, bool peers,
		  json_t *aggs)
{
	for (size_t side = 0; side < s->sides && n; side++) {
		json_t *figures = json_object();
		figures_ask(s, side, figures);
		if (s->side[side].label[0])
			json_object_set_new(figures, "label",
					    json_pack("{s:{s:s,s:i}}", "terms", "field",
						      s->side[side].label, "size", 1));
		if (peers)
			json_object_set_new(
			    figures, "peers",
			    json_pack("{s:{s:s}}", "cardinality", "field", s->side[side].peer));
		json_object_set_new(aggs, side ? "sums1" : "sums0",
				    sums_of_side(s, side, list, n, figures));
	}
}

bool request_sums_take(struct candidates *c, const struct subject *s, const json_t *aggs)
{
	bool whole = true;
	for (size_t side = 0; side < s->sides; side++) {
		const json_t *agg = json_object_get(aggs, side ? "sums1" : "sums0");
		if (s->fields > 1)
			agg = json_object_get(agg, "tuples");
		const json_t *buckets = json_object_get(agg, "buckets"), *bucket;
		whole &= s->fields == 1 || json_int_at(agg, "sum_other_doc_count") == 0;
		size_t i;
		json_array_foreach ((json_t *)buckets, i, bucket) {
			struct candidate *one = candidate_find(c, json_object_get(bucket, "key"));
			const json_t *label = json_array_get(json_at(bucket, "label.buckets"), 0);
			if (!one)
				continue;
			figures_add(s, bucket, &one->figures);
			if (!one->label && json_string_value(json_object_get(label, "key")))
				one->label = strdup(json_text_at(label, "key", ""));
		}
	}
	return whole;
}

json_t *request_rest(const struct subject *s, struct candidate *const *list, size_t n)
{
	json_t *not = json_array();
	json_array_append_new(not, subject_none(s));
	for (size_t side = 0; side < s->sides && n; side++) {
		if (s->fields == 1)
			json_array_append_new(not, may_have(s, side, list, n));
		for (size_t i = 0; i < n && s->fields > 1; i++)
			json_array_append_new(not, request_has(s, side, list[i]->key));
	}
	if (s->fields > 1 && n * s->fields * s->sides > CLAUSES_MAX) {
		json_decref(not );
		return NULL;
	}
	return json_pack("{s:{s:o}}", "bool", "must_not", not );
}

/* The peers of a value's flows at whichever end it is: names that the cluster counts together,
 * which it does of one field or of what a script says. */
static const char peers_script[] =
    "def found = new HashSet(); "
    "for (def side : params.sides) { "
    "  boolean has = doc.containsKey(side.peer); "
    "  for (int i = 0; has && i < side.fields.size(); i++) { "
    "    def field = side.fields[i], wanted = side.values[i]; "
    "    def values = doc.containsKey(field) ? doc[field] : []; "
    "    has = wanted == null && values.size() == 0; "
    "    for (def value : values) { has = has || value.toString().equals(wanted); } "
    "  } "
    "  if (has) { found.addAll(doc[side.peer]); } "
    "} "
    "return found;";

static json_t *value_as_text(const json_t *value)
{
	if (json_is_integer(value))
		return json_sprintf("%lld", (long long)json_integer_value(value));
	return value ? json_incref((json_t *)value) : json_null();
}

static json_t *peers_ask(const struct subject *s, const json_t *key)
{
	json_t *sides = json_array(), *has = json_array();
	for (size_t side = 0; side < s->sides; side++) {
		json_t *fields = json_array(), *values = json_array();
		for (size_t i = 0; i < s->fields; i++) {
			json_array_append_new(fields, json_string(s->side[side].field[i]));
			json_array_append_new(values, value_as_text(json_array_get(key, i)));
		}
		json_array_append_new(sides, json_pack("{s:o,s:o,s:s}", "fields", fields, "values",
						       values, "peer", s->side[side].peer));
		json_array_append_new(has, request_has(s, side, key));
	}
	return json_pack("{s:{s:{s:o}},s:{s:{s:{s:{s:s,s:s,s:{s:o}}}}}}", "filter", "bool",
			 "should", has, "aggs", "peers", "cardinality", "script", "lang",
			 "painless", "source", peers_script, "params", "sides", sides);
}

void request_peers(const struct subject *s, struct candidate *const *list, size_t n, json_t *aggs)
{
	for (size_t i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof(name), "peers%zu", i);
		json_object_set_new(aggs, name, peers_ask(s, list[i]->key));
	}
}

void request_peers_take(struct candidate *const *list, size_t n, const json_t *aggs)
{
	for (size_t i = 0; i < n; i++) {
		char path[40];
		snprintf(path, sizeof(path), "peers%zu.peers.value", i);
		const long long peers = json_int_at(aggs, path);
		list[i]->figures.peers = peers > 0 ? (uint64_t)peers : 0;
	}
}

void request_twice(const struct subject *s, struct candidate *const *list, size_t n, json_t *aggs)
{
	json_t *each = json_object();
	for (size_t i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%zu", i);
		json_object_set_new(each, name,
				    json_pack("{s:{s:[o,o]}}", "bool", "filter",
					      request_has(s, 0, list[i]->key),
					      request_has(s, 1, list[i]->key)));
	}
	json_t *figures = json_object();
	figures_ask(s, 1, figures);
	json_object_set_new(aggs, "twice",
			    json_pack("{s:{s:{s:[o,o]}},s:{s:{s:{s:o},s:o}}}", "filter", "bool",
				      "filter", may_have(s, 0, list, n), may_have(s, 1, list, n),
				      "aggs", "each", "filters", "filters", each, "aggs", figures));
}

void request_twice_take(const struct subject *s, struct candidate *const *list, size_t n,
			const json_t *aggs)
{
	const json_t *each = json_at(aggs, "twice.each.buckets");
	for (size_t i = 0; i < n; i++) {
		char name[16];
		struct figures twice = { 0 };
		snprintf(name, sizeof(name), "%zu", i);
		figures_add(s, json_object_get(each, name), &twice);
		/* what an interface took in and gave out again are two different figures */
		if (!s->whole)
			twice = (struct figures){ .flows = twice.flows };
		/* the value sent and received all of it, once */
		twice.sent = twice.received = 0;
		figures_minus(&list[i]->figures, &twice);
		list[i]->once = true;
	}
}
