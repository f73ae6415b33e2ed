/* SPDX-License-Identifier: Apache-2.0
 * The scripts of a pipeline: merged, finished and measured (docs/pipelines.md, steps 6 to 9). */
#include "importer/assets/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/canon.h"
#include "importer/assets/painless.h"
#include "importer/assets/render.h"
#include "importer/core/print.h"

/* The options of a script that may be merged with a neighbour, or NULL (step 6). */
static json_t *mergeable(const json_t *processor)
{
	json_t *options = json_object_get(processor, "script");
	if (!options || json_object_get(options, "if") || json_object_get(options, "on_failure") ||
	    json_object_get(options, "ignore_failure"))
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

/* "normalise to event": the cluster's statistics and errors name a script by its tag, and one of
 * all stages is none of them. */
static void name_span(json_t *first, const json_t *second)
{
	const char *from = json_string_value(json_object_get(first, "tag")),
		   *to = json_string_value(json_object_get(second, "tag"));
	if (!from || !to || strcmp(from, to) == 0)
		return;
	const char *span = strstr(from, " to ");
	json_object_set_new(
	    first, "tag",
	    json_sprintf("%.*s to %s", span ? (int)(span - from) : (int)strlen(from), from, to));
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
	name_span(first, second);
	return 1;
}

int scripts_merge(struct rendering *r, const char *path, json_t *pipeline, struct err *err)
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

static int finish_script(struct rendering *r, const char *path, json_t *script, struct err *err)
{
	char *finished = NULL;
	const char *source = json_string_value(json_object_get(script, "source"));
	if (painless_finish(r->assets, path, source, &finished, err))
		return -1;
	size_t len = strlen(finished);
	json_object_set_new(script, "source", json_string(finished));
	free(finished);
	if (len <= PAINLESS_MAX)
		return 0;
	return err_set(err, EF_USAGE,
		       "%s: a script of %zu bytes; at most %u are allowed, divide it", path, len,
		       PAINLESS_MAX);
}

/* Calls `each` for every script below `tree`, conditions that are scripts too. */
static int scripts_walk(struct rendering *r, const char *path, json_t *tree,
			int (*each)(struct rendering *r, const char *path, json_t *script,
				    struct err *err),
			struct err *err)
{
	const char *key;
	json_t *value;
	size_t i;
	json_array_foreach (json_is_array(tree) ? tree : NULL, i, value)
		if (scripts_walk(r, path, value, each, err))
			return -1;
	json_object_foreach (json_is_object(tree) ? tree : NULL, key, value) {
		if ((strcmp(key, "script") == 0 || strcmp(key, "if") == 0) &&
		    json_is_string(json_object_get(value, "source")) && each(r, path, value, err))
			return -1;
		if (strcmp(key, "params") != 0 && scripts_walk(r, path, value, each, err))
			return -1;
	}
	return 0;
}

static int check_script(struct rendering *r, const char *path, json_t *script, struct err *err)
{
	(void)r;
	return painless_check(path, json_string_value(json_object_get(script, "source")), err);
}

int scripts_check(struct rendering *r, const char *path, json_t *tree, struct err *err)
{
	return scripts_walk(r, path, tree, check_script, err);
}

int scripts_finish(struct rendering *r, const char *path, json_t *tree, struct err *err)
{
	return scripts_walk(r, path, tree, finish_script, err);
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

static int too_large(const char *path, const json_t *pipeline, size_t len, struct err *err)
{
	const char *name = "?";
	size_t size = 0;
	largest_param(pipeline, &name, &size);
	return err_set(err, EF_USAGE,
		       "%s: the pipeline is %zu KB, at most %u are allowed; its largest table is "
		       "'%s' with %zu KB: make that dictionary smaller",
		       path, len / 1024, PIPELINE_MAX / 1024, name, size / 1024);
}

/* How many bytes each script of a pipeline leaves. */
static json_t *scripts_left(const json_t *pipeline)
{
	json_t *left = json_array(), *processor;
	size_t i;
	json_array_foreach (json_object_get(pipeline, "processors"), i, processor) {
		json_t *source = json_object_get(json_object_get(processor, "script"), "source");
		if (source)
			json_array_append_new(
			    left,
			    json_integer((json_int_t)(PAINLESS_MAX - json_string_length(source))));
	}
	return left;
}

int scripts_measure(struct rendering *r, const char *path, const json_t *pipeline, struct err *err)
{
	char name[200];
	CLEANUP_FREE char *text = canon_text(pipeline);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	size_t len = strlen(text);
	if (len > PIPELINE_MAX)
		return too_large(path, pipeline, len, err);
	if (r->room && render_name(r, path, name, sizeof(name)))
		json_object_set_new(r->room, name,
				    json_pack("{s:o,s:I,s:b}", "scripts", scripts_left(pipeline),
					      "left", (json_int_t)(PIPELINE_MAX - len), "merged",
					      r->merges));
	return 0;
}

/* "120 and 45000 bytes", "2 scripts, " before it where there are two. */
static void print_scripts(FILE *out, const char *name, const json_t *left)
{
	size_t n = json_array_size(left);
	print_plain(out, "%s ", name);
	if (n > 1)
		print_plain(out, "%zu scripts, ", n);
	for (size_t i = 0; i < n; i++)
		print_plain(out, "%s%lld", i ? " and " : "",
			    json_integer_value(json_array_get(left, i)));
	print_plain(out, " bytes");
}

static bool is_tight(const json_t *pipeline)
{
	const json_t *left = json_object_get(pipeline, "scripts"), *bytes;
	size_t i;
	json_array_foreach (left, i, bytes)
		if (json_integer_value(bytes) < PAINLESS_MAX / 2)
			return true;
	return json_is_true(json_object_get(pipeline, "merged")) && json_array_size(left) > 1;
}

void scripts_print_room(FILE *out, const json_t *room)
{
	const char *name;
	json_t *pipeline;
	int said = 0;
	print_plain(out, "left of %u KB a pipeline: ", PIPELINE_MAX / 1024);
	json_object_foreach ((json_t *)room, name, pipeline) {
		json_int_t left = json_integer_value(json_object_get(pipeline, "left"));
		if (left < PIPELINE_MAX / 8 * 7)
			print_plain(out, "%s%s %lld KB", said++ ? ", " : "", name, left / 1024);
	}
	print_plain(out, "%s%u KB and more\n", said ? "; others " : "",
		    PIPELINE_MAX / 8 * 7 / 1024);
	print_plain(out, "left of %u bytes a script: ", PAINLESS_MAX);
	said = 0;
	json_object_foreach ((json_t *)room, name, pipeline) {
		if (!is_tight(pipeline))
			continue;
		print_plain(out, "%s", said++ ? ", " : "");
		print_scripts(out, name, json_object_get(pipeline, "scripts"));
	}
	print_plain(out, "%s%u bytes and more\n", said ? "; others " : "", PAINLESS_MAX / 2);
}
