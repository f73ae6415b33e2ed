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

#define OWN        "network.community_id"
#define TRANSLATED "flow.nat.community_id"

/* The largest conversations by `field`, each with the octets of its exporters. `ids`: these ones;
 * NULL: whichever they are. */
static int ask(struct es *es, const char *namespace, const char *field, json_t *ids,
	       json_t **ret_reply, struct err *err)
{
	CLEANUP_JSON json_t *sum = json_pack("{s:{s:s}}", "sum", "field", "network.bytes");
	CLEANUP_JSON json_t *terms =
	    json_pack("{s:s,s:i,s:{s:s}}", "field", field, "size", LARGEST, "order", "b", "desc");
	if (ids)
		json_object_set(terms, "include", ids);
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:i,s:{s:{s:{s:s}}},s:{s:{s:O,s:{s:O,s:{s:{s:s,s:i},s:{s:O}}}}}}", "size", 0, "query",
	    "range", "@timestamp", "gte", "now-1h", "aggs", "c", "terms", terms, "aggs", "b", sum,
	    "e", "terms", "field", "observer.name", "size", MOST, "aggs", "b", sum);
	return streams_search(es, "logs-flow", namespace, body, ret_reply, err);
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

/* What an exporter reports by other addresses belongs to the conversation that the others see. */
static void translated_add(json_t *all, const json_t *reply)
{
	size_t i, k;
	json_t *conversation, *exporter;
	json_array_foreach (json_at(reply, "aggregations.c.buckets"), i, conversation) {
		json_t *octets = json_object_get(all, json_text_at(conversation, "key", "?"));
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
	if (!smaller || !all || both * 100 / smaller < PERCENT)
		return;
	finding_add(findings, ODD,
		    "%s and %s report the same conversations: %lld %% of the octets of %s, %lld %% "
		    "of all, are counted by both (the %d largest conversations of the last hour); "
		    "exporters.csv, column totals, leaves one of them out",
		    a, b, both * 100 / smaller, x < y ? a : b, both * 100 / all, LARGEST);
}

void doctor_pairs_of(const json_t *largest, const json_t *same, const json_t *translated,
		     json_t *findings)
{
	CLEANUP_JSON json_t *conversations = json_object(), *sums = json_object();
	CLEANUP_JSON json_t *pairs = json_object();
	const char *a, *b;
	json_t *exporters, *octets;
	json_int_t all = 0;
	conversations_put(conversations, largest);
	conversations_put(conversations, same);
	json_object_foreach (conversations, a, exporters)
		json_object_foreach (exporters, b, octets) {
			octets_add(sums, b, json_integer_value(octets));
			all += json_integer_value(octets);
		}
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
	size_t i;
	json_t *conversation;
	if (ask(es, namespace, OWN, NULL, &largest, err) ||
	    ask(es, namespace, TRANSLATED, NULL, &translated, err))
		return -1;
	json_array_foreach (json_at(translated, "aggregations.c.buckets"), i, conversation)
		json_array_append(ids, json_object_get(conversation, "key"));
	if (json_array_size(ids) && ask(es, namespace, OWN, ids, &same, err))
		return -1;
	doctor_pairs_of(largest, same, translated, findings);
	return 0;
}
