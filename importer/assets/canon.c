/* SPDX-License-Identifier: Apache-2.0
 * The canonical text of a JSON tree and its SHA-256: how assets are compared. */
#include "importer/assets/canon.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"

char *canon_text(const json_t *json)
{
	return json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
}

void canon_hash(const json_t *json, char ret_hash[CANON_HASH_MAX])
{
	CLEANUP_FREE char *text = canon_text(json);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	ret_hash[0] = '\0';
	if (!text || EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) != 1)
		memory_out();
	for (unsigned int i = 0; i < len; i++)
		snprintf(ret_hash + (size_t)2 * i, 3, "%02x", digest[i]);
}

static json_t *scalar_text(const json_t *j)
{
	char number[32];
	switch (json_typeof(j)) {
	case JSON_TRUE:
		return json_string("true");
	case JSON_FALSE:
		return json_string("false");
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)json_integer_value(j));
		return json_string(number);
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.17g", json_real_value(j));
		return json_string(number);
	default:
		return json_deep_copy(j);
	}
}

static void flatten(const char *prefix, const json_t *j, json_t *flat)
{
	const char *key;
	json_t *value;
	if (json_is_object(j)) {
		json_object_foreach ((json_t *)j, key, value) {
			char path[512];
			snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", key);
			flatten(path, value, flat);
		}
		return;
	}
	char name[520];
	snprintf(name, sizeof(name), "%s%s", strncmp(prefix, "index.", 6) == 0 ? "" : "index.",
		 prefix);
	if (!json_is_array(j)) {
		json_object_set_new(flat, name, scalar_text(j));
		return;
	}
	json_t *list = json_array();
	size_t i;
	json_array_foreach (j, i, value)
		json_array_append_new(list, scalar_text(value));
	json_object_set_new(flat, name, list);
}

json_t *canon_settings(const json_t *settings)
{
	json_t *flat = json_object();
	flatten("", settings, flat);
	return flat;
}

/* Puts `value` where the dotted name leads; below what is no object the rest of the name stays
 * whole. */
static void put_at(json_t *tree, const char *name, json_t *value)
{
	const char *dot;
	while ((dot = strchr(name, '.'))) {
		CLEANUP_FREE char *step = strndup(name, (size_t)(dot - name));
		if (!step)
			memory_out();
		json_t *below = json_object_get(tree, step);
		if (below && !json_is_object(below))
			break;
		if (!below)
			json_object_set_new(tree, step, below = json_object());
		tree = below;
		name = dot + 1;
	}
	json_object_set(tree, name, value);
}

json_t *canon_settings_tree(const json_t *settings)
{
	const char *name;
	json_t *value, *tree = json_object();
	CLEANUP_JSON json_t *flat = canon_settings(settings);
	json_object_foreach (flat, name, value)
		put_at(tree, name, value);
	return tree;
}

/* Whether two scalars differ in nothing but their type. */
static bool scalars_agree(const json_t *one, const json_t *other)
{
	if (json_is_object(one) || json_is_array(one) || json_is_object(other) ||
	    json_is_array(other) || json_is_null(one) || json_is_null(other))
		return false;
	CLEANUP_JSON json_t *a = scalar_text(one), *b = scalar_text(other);
	return json_equal(a, b);
}

void canon_types_from(json_t *tree, const json_t *model)
{
	const char *key;
	json_t *value, *its;
	size_t i;
	json_object_foreach (json_is_object(model) ? tree : NULL, key, value) {
		its = json_object_get(model, key);
		if (its && scalars_agree(value, its))
			json_object_set_new(tree, key, json_deep_copy(its));
		else if (its)
			canon_types_from(value, its);
	}
	json_array_foreach (json_is_array(model) ? tree : NULL, i, value) {
		its = json_array_get(model, i);
		if (its && scalars_agree(value, its))
			json_array_set_new(tree, i, json_deep_copy(its));
		else if (its)
			canon_types_from(value, its);
	}
}
