/* SPDX-License-Identifier: Apache-2.0
 * Members of a JSON tree that somebody else wrote: by a dotted path, and by their name. */
#include "importer/core/json.h"

#include <limits.h>
#include <string.h>

json_t *json_at(const json_t *json, const char *path)
{
	char key[128];
	while (json && *path) {
		size_t n = strcspn(path, ".");
		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		json = json_object_get(json, key);
		path += n + (path[n] == '.');
	}
	return (json_t *)json;
}

const char *json_text_at(const json_t *json, const char *path, const char *otherwise)
{
	const char *text = json_string_value(json_at(json, path));
	return text ? text : otherwise;
}

long long json_int_at(const json_t *json, const char *path)
{
	const double v = json_number_value(json_at(json, path));
	return v >= 0x1p63 ? LLONG_MAX : v < -0x1p63 ? LLONG_MIN : (long long)v;
}

json_t *json_called(const json_t *array, const char *name)
{
	size_t i;
	json_t *entry;

	json_array_foreach (array, i, entry)
		if (strcmp(json_text_at(entry, "name", ""), name) == 0)
			return entry;
	return NULL;
}

size_t json_position(const json_t *array, const char *text)
{
	size_t i;
	json_t *entry;
	json_array_foreach ((json_t *)array, i, entry)
		if (json_is_string(entry) && strcmp(json_string_value(entry), text) == 0)
			return i;
	return json_array_size(array);
}

bool json_has_text(const json_t *array, const char *text)
{
	return json_position(array, text) < json_array_size(array);
}
