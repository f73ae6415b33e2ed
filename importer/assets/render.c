/* SPDX-License-Identifier: Apache-2.0
 * From asset files to what a given cluster is sent: variables, variants, field types. */
#include "importer/assets/render.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/assets/prefix.h"
#include "importer/assets/yaml.h"
#include "importer/client/probe.h"

#define TEXT_MAX (1U << 20)

/* Field types that some clusters lack, and what takes their place: one row each, tried from top to
 * bottom. */
static const struct {
	const char *type;
	enum capability needs;
	enum capability instead_needs; /* CAPABILITIES: nothing */
	const char *instead; /* the whole mapping; ignore_above is kept where it says so */
	bool keeps_ignore_above;
} field_types[] = {
	{ "flattened", CAP_FLATTENED, CAP_FLAT_OBJECT, "{\"type\":\"flat_object\"}", false },
	{ "flattened", CAP_FLATTENED, CAPABILITIES, "{\"type\":\"object\",\"enabled\":false}",
	  false },
	{ "match_only_text", CAP_MATCH_ONLY_TEXT, CAPABILITIES,
	  "{\"type\":\"text\",\"norms\":false,\"index_options\":\"freqs\"}", false },
	{ "constant_keyword", CAP_CONSTANT_KEYWORD, CAPABILITIES, "{\"type\":\"keyword\"}", false },
	{ "wildcard", CAP_WILDCARD, CAPABILITIES, "{\"type\":\"keyword\"}", true },
};

int render_note(struct rendering *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	size_t i;
	json_t *note;
	json_array_foreach (r->notes, i, note)
		if (strcmp(json_string_value(note), text) == 0)
			return 0;
	return json_array_append_new(r->notes, json_string(text));
}

/* ${name} of a text; the result is a number where the whole text is one variable that is a
 * number. */
static json_t *replace_text(const json_t *variables, const char *path, const char *text,
			    struct err *err)
{
	CLEANUP_BUF struct buf out;
	buf_init(&out, TEXT_MAX);
	const char *at = text;
	for (const char *start; (start = strstr(at, "${"));) {
		size_t n = strcspn(start + 2, "}");
		char name[64];
		if (start[2 + n] != '}' || n >= sizeof(name)) {
			err_set(err, EF_USAGE, "%s: '%.40s' has no end", path, start);
			return NULL;
		}
		memcpy(name, start + 2, n);
		name[n] = '\0';
		const json_t *value = json_object_get(variables, name);
		if (!value) {
			err_set(err, EF_USAGE, "%s: there is no variable ${%s}", path, name);
			return NULL;
		}
		if (start == text && start[3 + n] == '\0')
			return json_deep_copy(value);
		int failed = buf_add(&out, at, (size_t)(start - at));
		if (json_is_integer(value))
			failed |= buf_add_fmt(&out, "%lld", (long long)json_integer_value(value));
		else
			failed |= buf_add_text(&out, json_string_value(value));
		if (failed) {
			err_set(err, EF_FAILED, "%s: out of memory", path);
			return NULL;
		}
		at = start + 3 + n;
	}
	if (buf_add_text(&out, at)) {
		err_set(err, EF_FAILED, "%s: out of memory", path);
		return NULL;
	}
	return json_stringn(out.data, out.len);
}

int render_variables(const json_t *variables, const char *path, json_t *tree, struct err *err)
{
	const char *key;
	json_t *value;
	size_t i;
	if (json_is_object(tree)) {
		json_object_foreach (tree, key, value) {
			if (!json_is_string(value)) {
				if (render_variables(variables, path, value, err))
					return -1;
			} else if (strstr(json_string_value(value), "${")) {
				json_t *new =
				    replace_text(variables, path, json_string_value(value), err);
				if (!new || json_object_set_new(tree, key, new))
					return -1;
			}
		}
	} else if (json_is_array(tree)) {
		json_array_foreach (tree, i, value) {
			if (!json_is_string(value)) {
				if (render_variables(variables, path, value, err))
					return -1;
			} else if (strstr(json_string_value(value), "${")) {
				json_t *new =
				    replace_text(variables, path, json_string_value(value), err);
				if (!new || json_array_set_new(tree, i, new))
					return -1;
			}
		}
	}
	return 0;
}

int render_load(struct rendering *r, const char *path, json_t **ret_json, struct err *err)
{
	const struct asset *a = assets_find(r->assets, path);
	if (!a)
		return err_set(err, EF_USAGE, "there is no asset %s", path);
	CLEANUP_JSON json_t *json = NULL;
	if (yaml_to_json(a->origin, a->text, a->len, &json, err))
		return -1;
	if (!json_is_object(json))
		return err_set(err, EF_USAGE, "%s: an object is wanted", a->origin);
	prefix_enter(r->assets, r->prefix, json);
	if (render_variables(r->variables, a->origin, json, err))
		return -1;
	*ret_json = steal_ptr(json);
	return 0;
}

/* The mapping that takes the place of `field`, or NULL when the cluster has its type. */
static json_t *other_type(const struct rendering *r, const json_t *field)
{
	const char *type = json_string_value(json_object_get(field, "type"));
	for (size_t i = 0; type && i < sizeof(field_types) / sizeof(field_types[0]); i++) {
		if (strcmp(field_types[i].type, type) != 0 || r->cluster->has[field_types[i].needs])
			continue;
		if (field_types[i].instead_needs != CAPABILITIES &&
		    !r->cluster->has[field_types[i].instead_needs])
			continue;
		json_t *instead = json_loads(field_types[i].instead, 0, NULL);
		json_t *ignore_above = json_object_get(field, "ignore_above");
		if (field_types[i].keeps_ignore_above && ignore_above)
			json_object_set(instead, "ignore_above", ignore_above);
		return instead;
	}
	return NULL;
}

static void exchange_types(const struct rendering *r, json_t *mapping)
{
	static const char *const holders[] = { "properties", "fields" };
	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		json_t *fields = json_object_get(mapping, holders[i]), *field;
		const char *name;
		json_object_foreach (fields, name, field) {
			json_t *instead = other_type(r, field);
			if (instead)
				json_object_set_new(fields, name, instead);
			else
				exchange_types(r, field);
		}
	}
	size_t i;
	json_t *dynamic, *rule;
	const char *name;
	json_array_foreach (json_object_get(mapping, "dynamic_templates"), i, dynamic)
		json_object_foreach (dynamic, name, rule) {
			json_t *instead = other_type(r, json_object_get(rule, "mapping"));
			if (instead)
				json_object_set_new(rule, "mapping", instead);
		}
}

/* A mapping carries a mark of itself, so that an index tells which one it was made with
 * (streams.c). */
static void mark_mapping(const char *path, json_t *mappings)
{
	char hash[CANON_HASH_MAX];
	const char *file = strrchr(path, '/');
	if (!mappings || json_object_size(mappings) == 0)
		return;
	canon_hash(mappings, hash);
	json_t *meta = json_object_get(mappings, "_meta");
	if (!meta) {
		meta = json_object();
		json_object_set_new(mappings, "_meta", meta);
	}
	json_object_set_new(meta, file ? file + 1 : path, json_stringn(hash, 16));
}

/* Elastic's serverless decides these itself and refuses templates that name them. */
static void drop_serverless(json_t *settings)
{
	static const char *const refused[] = { "number_of_shards", "number_of_replicas", "codec" };
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		json_object_del(json_object_get(settings, "index"), refused[i]);
}

int render_template(struct rendering *r, const char *path, json_t **ret_json, struct err *err)
{
	json_t *json = NULL;
	if (render_load(r, path, &json, err))
		return -1;
	json_t *template = json_object_get(json, "template"),
	       *mappings = json_object_get(template, "mappings");
	if (r->cluster->serverless)
		drop_serverless(json_object_get(template, "settings"));
	if (!r->cluster->has[CAP_FAILURE_STORE])
		json_object_del(template, "data_stream_options");
	exchange_types(r, mappings);
	mark_mapping(path, mappings);
	if (json_object_get(json, "data_stream") && !r->cluster->has[CAP_DATA_STREAM]) {
		json_object_del(json, "data_stream");
		render_note(r, "the cluster has no data streams: records go to plain indices, "
			       "remove old ones yourself");
	}
	*ret_json = json;
	return 0;
}

/* Of NAME.ilm.json, NAME.dsl.json, NAME.none.json the first one that the cluster can use is
 * taken. */
static bool is_chosen_variant(const struct rendering *r, const char *path, const char *variant)
{
	size_t stem = (size_t)(variant - path);
	for (int i = 0; i <= CAPABILITIES; i++) {
		const char *name = i < CAPABILITIES ? capability_rows[i].name : "none";
		char other[256];
		if (i < CAPABILITIES && !r->cluster->has[i])
			continue;
		snprintf(other, sizeof(other), "%.*s.%s.json", (int)stem, path, name);
		if (assets_find(r->assets, other))
			return strcmp(other, path) == 0;
	}
	return false;
}

/* Without the prefix. */
static bool bare_name(const struct rendering *r, const char *path, char *name, size_t size)
{
	const char *file = strrchr(path, '/');
	file = file ? file + 1 : path;
	const char *dot = strrchr(file, '.');
	if (!dot)
		return false;
	if (strcmp(dot, ".yml") == 0) {
		int stem = (int)(dot - file);
		bool whole = strncmp(file, "flow.", 5) == 0 || memchr(file, '@', (size_t)stem);
		snprintf(name, size, "%s%.*s", whole ? "" : "flow-", stem, file);
		return true;
	}
	if (strcmp(dot, ".json") != 0)
		return false;
	const char *variant = memrchr(file, '.', (size_t)(dot - file));
	char word[32];
	snprintf(word, sizeof(word), "%.*s", variant ? (int)(dot - variant - 1) : 0,
		 variant ? variant + 1 : "");
	if (variant && (capability_find(word) >= 0 || strcmp(word, "none") == 0)) {
		snprintf(name, size, "%.*s", (int)(variant - file), file);
		return is_chosen_variant(r, path, variant);
	}
	snprintf(name, size, "%.*s", (int)(dot - file), file);
	return true;
}

bool render_name(const struct rendering *r, const char *path, char *name, size_t size)
{
	char bare[NAME_ROOM];
	bool is = bare_name(r, path, bare, sizeof(bare));
	if (is)
		snprintf(name, size, "%s", NAME(r->prefix, bare));
	return is;
}
