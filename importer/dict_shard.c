/* SPDX-License-Identifier: Apache-2.0
 * A dictionary that is too large for the pipeline `flow`: pipelines of its own, and the filter in front of them. */
#include "importer/dict_shard.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/canon.h"
#include "importer/dict.h"
#include "importer/painless.h"

#define VERSION_DIGITS 10 /* of the hash, in the names of shards */

static const char shard_source[] =
    "//@include shard\n"
    "dictionary_ask(ctx, params.name, params.table, params.elements);\n";
static const char filter_source[] = "//@include address\n//@include lookup\n//@include filter\n"
				    "return filter_any(params.filter, ctx.ie, params.elements);\n";

static size_t json_bytes(const json_t *json)
{
	return json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* The tables of `n` shards; 1 when one of them is too large, then more are needed. */
static int cut(const struct dict_records *records, const char *own, size_t n, json_t *tables,
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
		rc = cut(records, own, n, tables, err);
	if (rc == 1)
		return err_set(err, EF_USAGE,
			       "dictionary %s is too large: more than %d pipelines of %u KB", name,
			       DICT_SHARDS_MAX, DICT_SHARD_MAX / 1024);
	return rc;
}

/* Appends {"id", "body"} of one shard and gives its id. */
static int add_shard(const struct assets *assets, const char *name, size_t number, json_t *table,
		     const json_t *elements, json_t *pipelines, char id[128], struct err *err)
{
	CLEANUP_FREE char *source = NULL;
	char hash[CANON_HASH_MAX];
	json_t *body;

	if (painless_finish(assets, name, shard_source, &source, err))
		return -1;
	canon_hash(table, hash);
	snprintf(id, 128, DICT_PIPELINE "%s-%.*s-%zu", name, VERSION_DIGITS, hash, number);
	body = json_pack("{s:s, s:[{s:{s:s,s:s,s:{s:s,s:O,s:O}}}]}", "description",
			 "Part of a dictionary, written by efctl", "processors", "script", "tag",
			 "dictionary", "source", source, "params", "name", name, "table", table,
			 "elements", elements);
	if (!body ||
	    json_array_append_new(pipelines, json_pack("{s:s,s:o}", "id", id, "body", body)))
		return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

/* The call of one shard, behind its filter. */
static int add_call(const struct assets *assets, const char *id, json_t *filter,
		    const json_t *elements, json_t *calls, struct err *err)
{
	CLEANUP_FREE char *source = NULL;
	json_t *call = json_pack("{s:s}", "name", id);

	if (json_string_length(filter)) {
		if (painless_finish(assets, id, filter_source, &source, err)) {
			json_decref(call);
			return -1;
		}
		json_object_set_new(call, "if",
				    json_pack("{s:s,s:{s:O,s:O}}", "source", source, "params",
					      "filter", filter, "elements", elements));
	}
	if (json_array_append_new(calls, json_pack("{s:o}", "pipeline", call)))
		return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

int dict_shard(const struct assets *assets, const struct dict_kind *kind,
	       const struct dict_records *records, const json_t *elements, json_t **ret_pipelines,
	       struct err *err)
{
	CLEANUP_JSON json_t *tables = json_array(), *pipelines = json_array();
	CLEANUP_JSON json_t *calls = json_array();
	bool mac = records->n && records->record[0].family == DICT_MAC48;
	const json_t *used = json_object_get(elements, mac ? "mac" : "ip");
	char id[128];
	size_t n;

	if (cut_small(kind->name, records, kind->own, tables, err))
		return -1;
	n = json_array_size(tables);
	for (size_t i = 0; i < n; i++) {
		size_t ceiling = kind->seldom ? FILTER_MAX / n : 0;
		CLEANUP_JSON json_t *filter = NULL;

		if (dict_filter(records, records->n * i / n, records->n * (i + 1) / n, ceiling,
				&filter, err) ||
		    add_shard(assets, kind->name, i + 1, json_array_get(tables, i), used, pipelines,
			      id, err) ||
		    add_call(assets, id, filter, used, calls, err))
			return -1;
	}
	snprintf(id, sizeof(id), DICT_PIPELINE "%s", kind->name);
	if (json_array_append_new(pipelines,
				  json_pack("{s:s,s:{s:s,s:O}}", "id", id, "body", "description",
					    "Asks the parts of a dictionary, written by efctl",
					    "processors", calls)))
		return err_set(err, EF_FAILED, "out of memory");
	*ret_pipelines = steal_ptr(pipelines);
	return 0;
}
