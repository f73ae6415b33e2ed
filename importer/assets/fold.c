/* SPDX-License-Identifier: Apache-2.0
 * Kibana saved objects: from a readable JSON tree to the strings inside strings that Kibana wants,
 * and back. */
#include "importer/assets/fold.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

bool fold_is_text(const char *name)
{
	static const char *const names[] = {
		"fieldFormatMap", "fieldAttrs",      "typeMeta",
		"sourceFilters",  "runtimeFieldMap", "spec",
	};
	size_t len = strlen(name);
	if (len >= 4 && strcmp(name + len - 4, "JSON") == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void fold(json_t *tree)
{
	const char *name;
	json_t *value;
	size_t i;
	if (json_is_array(tree)) {
		json_array_foreach (tree, i, value)
			fold(value);
		return;
	}
	json_object_foreach (tree, name, value) {
		fold(value);
		if (!fold_is_text(name) || !(json_is_object(value) || json_is_array(value)))
			continue;
		CLEANUP_FREE char *text =
		    json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15)); /* 0.7 stays 0.7 */
		json_object_set_new(tree, name,
				    json_string(text)); /* an existing key: the walk goes on */
	}
}

void unfold(json_t *tree)
{
	const char *name;
	json_t *value;
	size_t i;
	if (json_is_array(tree)) {
		json_array_foreach (tree, i, value)
			unfold(value);
		return;
	}
	json_object_foreach (tree, name, value) {
		if (json_is_string(value) && fold_is_text(name)) {
			json_t *inner = json_loadb(json_string_value(value),
						   json_string_length(value), 0, NULL);
			if (inner) { /* only objects and arrays load without JSON_DECODE_ANY */
				json_object_set_new(tree, name, inner);
				value = inner;
			}
		}
		unfold(value);
	}
}

static void drop_members(json_t *object, const char *const *names)
{
	for (; *names; names++)
		json_object_del(object, *names);
}

void fold_normalise(json_t *object)
{
	static const char *const added[] = { "version",    "updated_at", "updated_by", "created_at",
					     "created_by", "managed",    "namespaces", "originId",
					     "sort",       "score",      NULL };
	drop_members(object, added);
	unfold(object);
}

void fold_drop_marks(json_t *object)
{
	static const char *const marks[] = { "migrationVersion", "coreMigrationVersion",
					     "typeMigrationVersion", NULL };
	drop_members(object, marks);
}

void fold_hash(const json_t *object, char ret_hash[CANON_HASH_MAX])
{
	CLEANUP_JSON json_t *copy =
	    json_copy((json_t *)object); /* shallow: only members of the root go */
	fold_drop_marks(copy);
	canon_hash(copy, ret_hash);
}
