/* SPDX-License-Identifier: Apache-2.0
 * Renders an ingest pipeline: steps 1 to 5 of docs/pipelines.md, the order of all nine. */
#include "importer/assets/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/asset.h"
#include "importer/assets/render.h"
#include "importer/assets/scripts.h"
#include "importer/client/probe.h"

#define INLINE_DEPTH_MAX 8

/* Processors that every cluster has, but that need a database the cluster may lack. */
static const struct {
	const char *processor, *member, *value;
	enum capability needs;
} processor_needs[] = {
	{ "geoip", "database_file", "GeoLite2-City.mmdb", CAP_GEOIP_CITY },
	{ "geoip", "database_file", "GeoLite2-Country.mmdb", CAP_GEOIP_COUNTRY },
	{ "geoip", "database_file", "GeoLite2-ASN.mmdb", CAP_GEOIP_ASN },
};

/* The processors of a file, ready but for merging and finishing; `depth` ends circles. */
static int load_processors(struct rendering *r, const char *path, int depth, json_t **ret_pipeline,
			   struct err *err);

/* A processor is an object with one member: type -> options. */
static const char *processor_type(const json_t *processor, json_t **ret_options)
{
	void *iter = json_object_iter((json_t *)processor);
	*ret_options = iter ? json_object_iter_value(iter) : NULL;
	return iter ? json_object_iter_key(iter) : NULL;
}

/* Step 3: whether this is a call of one of our files that the file's processors take the place of,
 * and of which. */
static bool is_inlined(const struct rendering *r, const json_t *processor, char *path, size_t size)
{
	json_t *options;
	if (!r->merges)
		return false;
	const char *type = processor_type(processor, &options);
	const char *name = json_string_value(json_object_get(options, "name"));
	if (!type || strcmp(type, "pipeline") != 0 || json_object_size(options) != 1 || !name)
		return false;
	name = name_bare(r->prefix, name);
	if (strncmp(name, "flow-", 5) != 0)
		return false;
	snprintf(path, size, "ingest-pipelines/%s.yml", name + 5);
	return assets_find(r->assets, path) != NULL;
}

/* Whether a variable has the value, or one of the values, that `when` wants. */
static bool is_met(const json_t *has, const json_t *wanted)
{
	size_t i;
	const json_t *one;
	if (!json_is_array(wanted))
		return json_equal(has, wanted);
	json_array_foreach (wanted, i, one)
		if (json_equal(has, one))
			return true;
	return false;
}

/* Step 2: 1 for a processor that `when` leaves out, 0, or -1; `when` itself is taken away. */
static int take_when(const struct rendering *r, const char *path, json_t *processor,
		     struct err *err)
{
	json_t *options, *wanted;
	const char *name;
	if (!processor_type(processor, &options) || !json_object_get(options, "when"))
		return 0;
	json_object_foreach (json_object_get(options, "when"), name, wanted) {
		const json_t *has = json_object_get(r->variables, name);
		if (!has)
			return err_set(err, EF_USAGE, "%s: when: there is no variable %s", path,
				       name);
		if (!is_met(has, wanted))
			return 1;
	}
	json_object_del(options, "when");
	return 0;
}

/* Step 5. */
static bool is_missing(struct rendering *r, const json_t *processor)
{
	json_t *options;
	const char *type = processor_type(processor, &options);
	if (!type)
		return false;
	if (r->cluster->processors && !json_object_get(r->cluster->processors, type)) {
		render_note(r, "the cluster has no '%s' processor: what it would add is missing",
			    type);
		return true;
	}
	for (size_t i = 0; i < sizeof(processor_needs) / sizeof(processor_needs[0]); i++) {
		const char *value =
		    json_string_value(json_object_get(options, processor_needs[i].member));
		if (strcmp(type, processor_needs[i].processor) != 0 || !value ||
		    strcmp(value, processor_needs[i].value) != 0 ||
		    r->cluster->has[processor_needs[i].needs])
			continue;
		render_note(r, "the cluster has no database %s: what it would add is missing",
			    value);
		return true;
	}
	return false;
}

/* What stands for {dictionary: NAME} or {dictionary: NAME, column: COLUMN}: 1, 0 for anything else,
 * -1 for what is wrong with it. */
static int take_table(struct rendering *r, const json_t *value, json_t **ret_table, struct err *err)
{
	const char *name = json_string_value(json_object_get(value, "dictionary"));
	const char *column = json_string_value(json_object_get(value, "column"));
	const struct render_dictionaries *d = r->dictionaries;
	if (!name || json_object_size(value) != (column ? 2 : 1))
		return 0;
	int result = column ? d->marks(d->arg, name, column, ret_table, err)
			    : d->table(d->arg, name, ret_table, err);
	return result ? -1 : 1;
}

/* Step 4, values. */
static int put_tables(struct rendering *r, json_t *tree, struct err *err)
{
	const char *key;
	json_t *value, *table;
	size_t i;
	if (json_is_array(tree)) {
		json_array_foreach (tree, i, value)
			if (put_tables(r, value, err))
				return -1;
		return 0;
	}
	json_object_foreach (tree, key, value) {
		int taken = take_table(r, value, &table, err);
		if (taken < 0 || (!taken && put_tables(r, value, err)))
			return -1;
		if (taken)
			json_object_set_new(tree, key, table);
	}
	return 0;
}

static int expand_one(struct rendering *r, const char *path, json_t *processor, int depth,
		      json_t *out, struct err *err)
{
	char file[256];
	const char *dictionary = json_string_value(json_object_get(processor, "dictionary"));
	CLEANUP_JSON json_t *inner = NULL;
	if (dictionary && json_object_size(processor) == 1) {
		if (r->dictionaries->calls(r->dictionaries->arg, dictionary, &inner, err))
			return -1;
		return json_array_extend(out, inner);
	}
	int unwanted = take_when(r, path, processor, err);
	if (unwanted)
		return unwanted < 0 ? -1 : 0;
	if (is_inlined(r, processor, file, sizeof(file))) {
		if (load_processors(r, file, depth + 1, &inner, err))
			return -1;
		return json_array_extend(out, json_object_get(inner, "processors"));
	}
	if (is_missing(r, processor))
		return 0;
	if (put_tables(r, processor, err))
		return -1;
	return json_array_append(out, processor);
}

/* Steps 3 to 5 for a list of processors; the lists in on_failure are lists, too. */
static int expand_list(struct rendering *r, const char *path, json_t *holder, const char *member,
		       int depth, struct err *err)
{
	json_t *list = json_object_get(holder, member), *processor, *options;
	size_t i;
	if (!list)
		return 0;
	CLEANUP_JSON json_t *out = json_array();
	json_array_foreach (list, i, processor) {
		processor_type(processor, &options);
		if (json_object_get(options, "on_failure") &&
		    expand_list(r, path, options, "on_failure", depth, err))
			return -1;
		if (expand_one(r, path, processor, depth, out, err))
			return -1;
	}
	if (json_array_size(out) == 0 && strcmp(member, "on_failure") == 0)
		return json_object_del(holder, member); /* an empty one is refused */
	return json_object_set(holder, member, out);
}

/* Whether stages become one: as the file says, else as it suits the cluster. */
static int take_merge(struct rendering *r, const char *path, json_t *pipeline, struct err *err)
{
	const json_t *merge = json_object_get(pipeline, "merge");
	if (merge && !json_is_boolean(merge))
		return err_set(err, EF_USAGE, "%s: merge: true or false is wanted", path);
	r->merges = merge ? json_is_true(merge) : !cluster_shares_documents(r->cluster);
	json_object_del(pipeline, "merge");
	return 0;
}

static int load_processors(struct rendering *r, const char *path, int depth, json_t **ret_pipeline,
			   struct err *err)
{
	CLEANUP_JSON json_t *pipeline = NULL;
	if (depth > INLINE_DEPTH_MAX)
		return err_set(err, EF_USAGE, "%s: pipelines call each other in a circle", path);
	if (render_load(r, path, &pipeline, err))
		return -1;
	if (depth == 0 && take_merge(r, path, pipeline, err))
		return -1;
	if (!json_is_array(json_object_get(pipeline, "processors")))
		return err_set(err, EF_USAGE, "%s: a list 'processors' is wanted", path);
	if (scripts_check(r, path, pipeline, err) ||
	    expand_list(r, path, pipeline, "processors", depth, err) ||
	    expand_list(r, path, pipeline, "on_failure", depth, err))
		return -1;
	*ret_pipeline = steal_ptr(pipeline);
	return 0;
}

int render_pipeline(struct rendering *r, const char *path, json_t **ret_json, struct err *err)
{
	CLEANUP_JSON json_t *pipeline = NULL;
	if (load_processors(r, path, 0, &pipeline, err) || scripts_merge(r, path, pipeline, err) ||
	    scripts_finish(r, path, pipeline, err) || scripts_measure(r, path, pipeline, err))
		return -1;
	*ret_json = steal_ptr(pipeline);
	return 0;
}
