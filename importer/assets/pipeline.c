/* SPDX-License-Identifier: Apache-2.0
 * Renders an ingest pipeline: the nine steps of docs/pipelines.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/assets/painless.h"
#include "importer/cluster/probe.h"
#include "importer/assets/render.h"

#define INLINE_DEPTH_MAX 8

/* Processors that every cluster has, but that need a database the cluster may lack. */
static const struct {
	const char *processor, *member, *value;
	enum capability needs;
} processor_needs[] = {
	{ "geoip", "database_file", "GeoLite2-City.mmdb", CAP_GEOIP_CITY },
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

/* Step 3: whether this is a call of one of our files, and which. */
static bool is_inlined(const struct rendering *r, const json_t *processor, char *path, size_t size)
{
	json_t *options;
	const char *type = processor_type(processor, &options);
	const char *name = json_string_value(json_object_get(options, "name"));
	if (!type || strcmp(type, "pipeline") != 0 || json_object_size(options) != 1 || !name ||
	    strncmp(name, "flow-", 5) != 0)
		return false;
	snprintf(path, size, "ingest-pipelines/%s.yml", name + 5);
	return assets_find(r->assets, path) != NULL;
}

/* Step 5. */
static bool is_missing(struct rendering *r, const json_t *processor)
{
	json_t *options;
	const char *type = processor_type(processor, &options);
	if (!type)
		return false;
	if (!json_object_get(r->cluster->processors, type)) {
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
		const char *name = json_string_value(json_object_get(value, "dictionary"));
		if (!name || json_object_size(value) != 1) {
			if (put_tables(r, value, err))
				return -1;
			continue;
		}
		if (r->dictionaries->table(r->dictionaries->arg, name, &table, err))
			return -1;
		json_object_set_new(tree, key, table);
	}
	return 0;
}

static int expand_one(struct rendering *r, json_t *processor, int depth, json_t *out,
		      struct err *err)
{
	char path[256];
	const char *dictionary = json_string_value(json_object_get(processor, "dictionary"));
	CLEANUP_JSON json_t *inner = NULL;
	if (dictionary && json_object_size(processor) == 1) {
		if (r->dictionaries->calls(r->dictionaries->arg, dictionary, &inner, err))
			return -1;
		return json_array_extend(out, inner);
	}
	if (is_inlined(r, processor, path, sizeof(path))) {
		if (load_processors(r, path, depth + 1, &inner, err))
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
static int expand(struct rendering *r, json_t *holder, const char *member, int depth,
		  struct err *err)
{
	json_t *list = json_object_get(holder, member), *processor, *options;
	size_t i;
	if (!list)
		return 0;
	CLEANUP_JSON json_t *out = json_array();
	json_array_foreach (list, i, processor) {
		processor_type(processor, &options);
		if (json_object_get(options, "on_failure") &&
		    expand(r, options, "on_failure", depth, err))
			return -1;
		if (expand_one(r, processor, depth, out, err))
			return -1;
	}
	if (json_array_size(out) == 0 && strcmp(member, "on_failure") == 0)
		return json_object_del(holder, member); /* an empty one is refused */
	return json_object_set(holder, member, out);
}

static int load_processors(struct rendering *r, const char *path, int depth, json_t **ret_pipeline,
			   struct err *err)
{
	CLEANUP_JSON json_t *pipeline = NULL;
	if (depth > INLINE_DEPTH_MAX)
		return err_set(err, EF_USAGE, "%s: pipelines call each other in a circle", path);
	if (render_load(r, path, &pipeline, err))
		return -1;
	if (!json_is_array(json_object_get(pipeline, "processors")))
		return err_set(err, EF_USAGE, "%s: a list 'processors' is wanted", path);
	if (expand(r, pipeline, "processors", depth, err) ||
	    expand(r, pipeline, "on_failure", depth, err))
		return -1;
	*ret_pipeline = steal_ptr(pipeline);
	return 0;
}

/* The options of a script that may be merged with a neighbour, or NULL (step 6). */
static json_t *mergeable(const json_t *processor)
{
	json_t *options;
	const char *type = processor_type(processor, &options);
	if (!type || strcmp(type, "script") != 0 || json_object_get(options, "if") ||
	    json_object_get(options, "on_failure") || json_object_get(options, "ignore_failure"))
		return NULL;
	const char *source = json_string_value(json_object_get(options, "source"));
	return source && painless_mergeable(source) ? options : NULL;
}

/* Adds the parameters of `from` to those of `to`. */
static int unite_params(const char *path, json_t *to, const json_t *from, struct err *err)
{
	const char *name;
	json_t *value, *mine = json_object_get(to, "params");
	if (!json_object_get(from, "params"))
		return 0;
	if (!mine) {
		mine = json_object();
		json_object_set_new(to, "params", mine);
	}
	json_object_foreach (json_object_get(from, "params"), name, value) {
		json_t *known = json_object_get(mine, name);
		if (known && !json_equal(known, value))
			return err_set(
			    err, EF_USAGE,
			    "%s: scripts that are merged give the parameter '%s' two values", path,
			    name);
		json_object_set(mine, name, value);
	}
	return 0;
}

/* 1: `second` went into `first`, 0: it would be too long, -1: failed. */
static int merge(struct rendering *r, const char *path, json_t *first, const json_t *second,
		 struct err *err)
{
	CLEANUP_FREE char *merged =
	    painless_merge(json_string_value(json_object_get(first, "source")),
			   json_string_value(json_object_get(second, "source")));
	CLEANUP_FREE char *finished = NULL;
	if (!merged)
		return err_set(err, EF_FAILED, "out of memory");
	if (painless_finish(r->assets, path, merged, &finished, err))
		return -1;
	if (strlen(finished) > PAINLESS_MAX)
		return 0;
	if (unite_params(path, first, second, err))
		return -1;
	json_object_set_new(first, "source", json_string(merged));
	return 1;
}

static int merge_neighbours(struct rendering *r, const char *path, json_t *pipeline,
			    struct err *err)
{
	CLEANUP_JSON json_t *out = json_array();
	json_t *processor, *open = NULL;
	size_t i;
	json_array_foreach (json_object_get(pipeline, "processors"), i, processor) {
		json_t *options = mergeable(processor);
		int merged = open && options ? merge(r, path, open, options, err) : 0;
		if (merged < 0)
			return -1;
		if (merged)
			continue;
		json_array_append(out, processor);
		open = options;
	}
	return json_object_set(pipeline, "processors", out);
}

/* Steps 7 to 9 for every script, wherever it stands. */
static int finish_scripts(struct rendering *r, const char *path, json_t *tree, struct err *err)
{
	const char *key;
	json_t *value;
	size_t i;
	if (json_is_array(tree)) {
		json_array_foreach (tree, i, value)
			if (finish_scripts(r, path, value, err))
				return -1;
		return 0;
	}
	json_object_foreach (tree, key, value) {
		const char *source = json_string_value(json_object_get(value, "source"));
		if (strcmp(key, "script") == 0 && source) {
			char *finished = NULL;
			if (painless_finish(r->assets, path, source, &finished, err))
				return -1;
			size_t len = strlen(finished);
			json_object_set_new(value, "source", json_string(finished));
			free(finished);
			if (len > PAINLESS_MAX)
				return err_set(
				    err, EF_USAGE,
				    "%s: a script of %zu bytes; at most %u are allowed, divide it",
				    path, len, PAINLESS_MAX);
		}
		if (strcmp(key, "params") != 0 && finish_scripts(r, path, value, err))
			return -1;
	}
	return 0;
}

/* The largest value in `params` anywhere below, for the message of step 9. */
static void largest_param(const json_t *tree, const char **ret_name, size_t *ret_size)
{
	const char *key;
	json_t *value;
	size_t i;
	json_array_foreach (tree, i, value)
		largest_param(value, ret_name, ret_size);
	json_object_foreach ((json_t *)tree, key, value) {
		if (strcmp(key, "params") != 0) {
			largest_param(value, ret_name, ret_size);
			continue;
		}
		const char *name;
		json_t *param;
		json_object_foreach (value, name, param) {
			CLEANUP_FREE char *text = canon_text(param);
			if (text && strlen(text) > *ret_size) {
				*ret_size = strlen(text);
				*ret_name = name;
			}
		}
	}
}

static int check_size(const char *path, const json_t *pipeline, struct err *err)
{
	CLEANUP_FREE char *text = canon_text(pipeline);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	if (strlen(text) <= PIPELINE_MAX)
		return 0;
	const char *name = "?";
	size_t size = 0;
	largest_param(pipeline, &name, &size);
	return err_set(err, EF_USAGE,
		       "%s: the pipeline is %zu KB, at most %u are allowed; its largest table is "
		       "'%s' with %zu KB: "
		       "make that dictionary smaller",
		       path, strlen(text) / 1024, PIPELINE_MAX / 1024, name, size / 1024);
}

int render_pipeline(struct rendering *r, const char *path, json_t **ret_json, struct err *err)
{
	CLEANUP_JSON json_t *pipeline = NULL;
	if (load_processors(r, path, 0, &pipeline, err) ||
	    merge_neighbours(r, path, pipeline, err) || finish_scripts(r, path, pipeline, err) ||
	    check_size(path, pipeline, err))
		return -1;
	*ret_json = steal_ptr(pipeline);
	return 0;
}
