/* SPDX-License-Identifier: Apache-2.0
 * Which exporters report the same conversations, through address translation too: what doctor says
 * of them. */
#include "importer/doctor_pairs.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define LARGEST 200 /* conversations that are looked at */
#define MOST    8   /* exporters of one of them */
#define PERCENT 5   /* of the smaller one's octets; less is chance */
#define BOTH    4   /* ids of a translated conversation: 2, more where inner ports come and go */

#define IDS     "network.community_id"  /* both of a translated conversation */
#define OUTSIDE "flow.nat.community_id" /* one of them, of records that tell the translation */

/* What `size` values of `field` have in octets, the largest first; with `more` below each. */
static json_t *terms_of(const char *field, int size, json_t *include, json_t *more)
{
	CLEANUP_JSON json_t *terms = json_pack("{s:s,s:i}", "field", field, "size", size);
	json_object_set_new(terms, "order", json_pack("{s:s}", "b", "desc"));
	if (include)
		json_object_set(terms, "include", include);
	json_t *aggs = more ? more : json_object();
	json_object_set_new(aggs, "b", json_pack("{s:{s:s}}", "sum", "field", "network.bytes"));
	return json_pack("{s:O,s:o}", "terms", terms, "aggs", aggs);
}

static json_t *exporters_of(void)
{
	return json_pack("{s:o}", "e", terms_of("observer.name", MOST, NULL, NULL));
}

static int ask(struct es *es, const char *namespace, json_t *conversations, json_t *not_with,
	       json_t **ret_reply, struct err *err)
{
	CLEANUP_JSON json_t *query = json_pack("{s:{s:[{s:{s:{s:s}}}]}}", "bool", "filter", "range",
					       "@timestamp", "gte", "now-1h");
	if (not_with)
		json_object_set(json_object_get(query, "bool"), "must_not", not_with);
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:O,s:{s:o}}", "size", 0, "query", query, "aggs", "c", conversations);
	return streams_search(es, "logs-flow", namespace, body, ret_reply, err);
}

/* The largest conversations of records that tell no translation, each with the octets of its
 * exporters. `ids`: these ones; NULL: whichever they are. */
static int ask_plain(struct es *es, const char *namespace, json_t *ids, json_t **ret_reply,
		     struct err *err)
{
	CLEANUP_JSON json_t *not_with = json_pack("{s:{s:s}}", "exists", "field", OUTSIDE);
	return ask(es, namespace, terms_of(IDS, LARGEST, ids, exporters_of()), not_with, ret_reply,
		   err);
}

/* The same of those that do: `e` has each record once, `n` once for each of its ids. */
static int ask_translated(struct es *es, const char *namespace, json_t **ret_reply, struct err *err)
{
	json_t *more = exporters_of();
	json_object_set_new(more, "n", terms_of(IDS, BOTH, NULL, exporters_of()));
	return ask(es, namespace, terms_of(OUTSIDE, LARGEST, NULL, more), NULL, ret_reply, err);
}

static void octets_add(json_t *object, const char *key, json_int_t octets)
{
	json_int_t had = json_integer_value(json_object_get(object, key));
	json_object_set_new(object, key, json_integer(had + octets));
}

/* conversation -> exporter -> octets. One that is in two replies is the same in both. */
static void conversations_put(json_t *all, const json_t *reply)
{
	size_t i, k;
	json_t *conversation, *exporter;
	json_array_foreach (json_at(reply, "aggregations.c.buckets"), i, conversation) {
		json_t *octets = json_object();
		json_array_foreach (json_at(conversation, "e.buckets"), k, exporter)
			octets_add(octets, json_text_at(exporter, "key", "?"),
				   json_int_at(exporter, "b.value"));
		json_object_set_new(all, json_text_at(conversation, "key", "?"), octets);
	}
}

/* Who translates reports both conversations: inside and outside others may see one of them. */
static void translated_add(json_t *all, const json_t *reply)
{
	size_t i, k, n;
	json_t *outside, *conversation, *exporter;
	json_array_foreach (json_at(reply, "aggregations.c.buckets"), i, outside)
		json_array_foreach (json_at(outside, "n.buckets"), n, conversation) {
			json_t *octets =
			    json_object_get(all, json_text_at(conversation, "key", "?"));
			if (octets)
				json_array_foreach (json_at(conversation, "e.buckets"), k, exporter)
					octets_add(octets, json_text_at(exporter, "key", "?"),
						   json_int_at(exporter, "b.value"));
		}
}

/* What two exporters report of one conversation: the smaller number of both. */
static void pairs_add(json_t *pairs, json_t *exporters)
{
	const char *a, *b;
	json_t *m, *n;
	json_object_foreach (exporters, a, m)
		json_object_foreach (exporters, b, n) {
			if (strcmp(a, b) >= 0)
				continue;
			json_t *of_a = json_object_get(pairs, a);
			if (!of_a)
				json_object_set_new(pairs, a, of_a = json_object());
			json_int_t x = json_integer_value(m), y = json_integer_value(n);
			octets_add(of_a, b, x < y ? x : y);
		}
}

static void pair_tell(const char *a, const char *b, json_int_t both, const json_t *sums,
		      json_int_t all, json_t *findings)
{
	json_int_t x = json_integer_value(json_object_get(sums, a));
	json_int_t y = json_integer_value(json_object_get(sums, b));
	json_int_t smaller = x < y ? x : y;
	if (both > smaller) /* who sees both sides of a translation reports it twice */
		both = smaller;
	if (!smaller || !all || both * 100 / smaller < PERCENT)
		return;
	finding_add(findings, ODD,
		    "%s and %s report the same conversations: %lld %% of the octets of %s, %lld %% "
		    "of all, are counted by both (the %d largest conversations of the last hour); "
		    "exporters.csv, column totals, leaves one of them out",
		    a, b, both * 100 / smaller, x < y ? a : b, both * 100 / all, LARGEST);
}

static void sums_add(const json_t *conversations, json_t *sums, json_int_t *all)
{
	const char *id, *exporter;
	json_t *exporters, *octets;
	json_object_foreach ((json_t *)conversations, id, exporters)
		json_object_foreach (exporters, exporter, octets) {
			octets_add(sums, exporter, json_integer_value(octets));
			*all += json_integer_value(octets);
		}
}

void doctor_pairs_of(const json_t *largest, const json_t *same, const json_t *translated,
		     json_t *findings)
{
	CLEANUP_JSON json_t *conversations = json_object(), *sums = json_object();
	CLEANUP_JSON json_t *pairs = json_object(), *outside = json_object();
	const char *a, *b;
	json_t *exporters, *octets;
	json_int_t all = 0;
	conversations_put(conversations, largest);
	conversations_put(conversations, same);
	conversations_put(outside, translated);
	sums_add(conversations, sums, &all);
	sums_add(outside, sums, &all);
	translated_add(conversations, translated);
	json_object_foreach (conversations, a, exporters)
		pairs_add(pairs, exporters);
	json_object_foreach (pairs, a, exporters)
		json_object_foreach (exporters, b, octets)
			pair_tell(a, b, json_integer_value(octets), sums, all, findings);
}

int doctor_pairs(struct es *es, const char *namespace, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *largest = NULL, *translated = NULL, *same = NULL;
	CLEANUP_JSON json_t *ids = json_array();
	size_t i, k;
	json_t *outside, *conversation;
	if (ask_plain(es, namespace, NULL, &largest, err) ||
	    ask_translated(es, namespace, &translated, err))
		return -1;
	json_array_foreach (json_at(translated, "aggregations.c.buckets"), i, outside)
		json_array_foreach (json_at(outside, "n.buckets"), k, conversation)
			json_array_append(ids, json_object_get(conversation, "key"));
	if (json_array_size(ids) && ask_plain(es, namespace, ids, &same, err))
		return -1;
	doctor_pairs_of(largest, same, translated, findings);
	return 0;
}
