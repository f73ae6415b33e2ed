/* SPDX-License-Identifier: Apache-2.0
 * A dictionary that is too large for the pipeline `flow`: pipelines of its own, and the filter in
 * front of them. */
#include "importer/dictionary/dict_shard.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/canon.h"
#include "importer/assets/painless.h"
#include "importer/core/json.h"
#include "importer/dictionary/dict.h"
#include "importer/dictionary/dict_filter.h"
#include "importer/dictionary/dict_pack.h"

#define VERSION_DIGITS 10 /* of the hash, in the names of shards */
#define ID_MAX         (NAME_ROOM + 100)

static const char shard_source[] =
    "//@include shard\n"
    "dictionary_ask(ctx, params.name, params.table, params.elements);\n";
static const char filter_source[] =
    "//@include address\n//@include lookup\n//@include first\n//@include filter\n"
    "return filter_any(params.filter, ctx.ie, params.elements);\n";

static size_t json_bytes(const json_t *json)
{
	return json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* The tables of `n` shards; 1 when one of them is too large, then more are needed. */
static int cut_tables(const struct dict_records *records, const char *own, size_t n, json_t *tables,
		      struct err *err)
{
	json_array_clear(tables);
	for (size_t i = 0; i < n; i++) {
		size_t from = records->n * i / n, to = records->n * (i + 1) / n;
		json_t *table = NULL;

		if (dict_records_table(records, from, to, own, &table, err))
			return -1;
		if (json_array_append_new(tables, table))
			return err_set(err, EF_FAILED, "out of memory");
		if (json_bytes(table) > DICT_SHARD_MAX)
			return 1;
	}
	return 0;
}

static int cut_small(const char *name, const struct dict_records *records, const char *own,
		     json_t *tables, struct err *err)
{
	int rc = 1;

	for (size_t n = 1; rc == 1 && n <= DICT_SHARDS_MAX; n++)
		rc = cut_tables(records, own, n, tables, err);
	if (rc == 1)
		return err_set(err, EF_USAGE,
			       "dictionary %s is too large: more than %d pipelines of %u KB", name,
			       DICT_SHARDS_MAX, DICT_SHARD_MAX / 1024);
	return rc;
}

/* Appends {"id", "body"} of a pipeline; its id has the hash of `content`, so that another table has
 * other names. */
static int add_versioned(json_t *pipelines, const char *prefix, const char *name, size_t number,
			 const json_t *content, json_t *body_take, char id[ID_MAX], struct err *err)
{
	char hash[CANON_HASH_MAX];

	canon_hash(content, hash);
	snprintf(id, ID_MAX, "%s%s-%.*s-%zu", NAME(prefix, DICT_PIPELINE), name, VERSION_DIGITS,
		 hash, number);
	if (!body_take ||
	    json_array_append_new(pipelines, json_pack("{s:s,s:o}", "id", id, "body", body_take)))
		return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

static int add_shard(const struct assets *assets, const char *prefix, const char *name,
		     size_t number, json_t *table, const json_t *elements, json_t *pipelines,
		     char id[ID_MAX], struct err *err)
{
	CLEANUP_FREE char *source = NULL;

	if (painless_finish(assets, name, shard_source, &source, err))
		return -1;
	return add_versioned(pipelines, prefix, name, number, table,
			     json_pack("{s:s, s:[{s:{s:s,s:s,s:{s:s,s:O,s:O}}}]}", "description",
				       "Part of a dictionary, written by efctl", "processors",
				       "script", "tag", "dictionary", "source", source, "params",
				       "name", name, "table", table, "elements", elements),
			     id, err);
}

static json_t *call_of(const char *id)
{
	return json_pack("{s:{s:s}}", "pipeline", "name", id);
}

/* One call behind the filter. */
static json_t *filtered_call(const struct assets *assets, const char *id, json_t *filter,
			     const json_t *elements, struct err *err)
{
	CLEANUP_FREE char *source = NULL;

	if (painless_finish(assets, id, filter_source, &source, err))
		return NULL;
	return json_pack("[{s:{s:s,s:{s:s,s:{s:O,s:O}}}}]", "pipeline", "name", id, "if", "source",
			 source, "params", "filter", filter, "elements", elements);
}

/* What `flow-dict-NAME` holds: the calls of all shards; behind one filter where that can help. */
static int caller(const struct assets *assets, const char *prefix, const struct dict_kind *kind,
		  const struct dict_records *records, const json_t *elements, json_t *calls,
		  json_t *pipelines, json_t **ret_processors, struct err *err)
{
	CLEANUP_JSON json_t *filter = NULL;
	char id[ID_MAX];

	if (dict_filter(records, 0, records->n, kind->seldom ? FILTER_MAX : 0, &filter, err))
		return -1;
	if (json_string_length(filter) == 0) {
		*ret_processors = json_incref(calls);
		return 0;
	}
	snprintf(id, sizeof(id), "%s", json_text_at(json_array_get(calls, 0), "pipeline.name", ""));
	if (json_array_size(calls) > 1 &&
	    add_versioned(pipelines, prefix, kind->name, 0, calls,
			  json_pack("{s:s,s:O}", "description",
				    "Asks all parts of a dictionary, written by efctl",
				    "processors", calls),
			  id, err))
		return -1;
	*ret_processors = filtered_call(assets, id, filter, elements, err);
	return *ret_processors ? 0 : -1;
}

int dict_shard(const struct assets *assets, const char *prefix, const struct dict_kind *kind,
	       const struct dict_records *records, const json_t *elements, json_t **ret_pipelines,
	       struct err *err)
{
	CLEANUP_JSON json_t *tables = json_array(), *pipelines = json_array();
	CLEANUP_JSON json_t *calls = json_array(), *processors = NULL;
	bool mac = records->n && records->record[0].family == DICT_MAC48;
	const json_t *used = json_object_get(elements, mac ? "mac" : "ip");
	char id[ID_MAX];
	json_t *table;
	size_t i;

	if (cut_small(kind->name, records, kind->own, tables, err))
		return -1;
	json_array_foreach (tables, i, table)
		if (add_shard(assets, prefix, kind->name, i + 1, table, used, pipelines, id, err) ||
		    json_array_append_new(calls, call_of(id)))
			return -1;
	if (caller(assets, prefix, kind, records, used, calls, pipelines, &processors, err))
		return -1;
	snprintf(id, sizeof(id), "%s%s", NAME(prefix, DICT_PIPELINE), kind->name);
	if (json_array_append_new(pipelines,
				  json_pack("{s:s,s:{s:s,s:O}}", "id", id, "body", "description",
					    "Asks a dictionary, written by efctl", "processors",
					    processors)))
		return err_set(err, EF_FAILED, "out of memory");
	*ret_pipelines = steal_ptr(pipelines);
	return 0;
}
