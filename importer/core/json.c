/* SPDX-License-Identifier: Apache-2.0
 * Members of a JSON tree that somebody else wrote: by a dotted path, and by their name. */
#include "importer/core/json.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
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

/* Of the byte at `at`: C0 but for tabs and ends of lines, DEL, and C1, which is c2 80 to c2 9f. */
static bool is_steering(const char *text, size_t len, size_t at)
{
	unsigned char c = (unsigned char)text[at], next = at + 1 < len ? text[at + 1] : 0;
	if (c == '\n' || c == '\t' || (c == '\r' && next == '\n'))
		return false;
	return c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

/* A copy without control characters; NULL: there are none, or there is no memory. */
static char *plain_copy(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len && !is_steering(text, len, at))
		at++;
	char *copy = at < len ? malloc(len + 1) : NULL;
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (; at < len; at++)
		if (is_steering(text, len, at)) {
			copy[at] = '?';
			if ((unsigned char)text[at] == 0xc2)
				copy[++at] = '?';
		}
	return copy;
}

/* Members whose names are not plain get others. */
static void plain_names(json_t *object)
{
	const char *name;
	json_t *value;
	void *next;
	json_object_foreach_safe (object, next, name, value) {
		char *plain = plain_copy(name, strlen(name));
		if (plain && json_object_set(object, plain, value) == 0)
			json_object_del(object, name);
		free(plain);
	}
}

void json_plain(json_t *tree)
{
	const char *name;
	json_t *value;
	size_t i;
	if (json_is_string(tree)) {
		size_t len = json_string_length(tree);
		char *plain = plain_copy(json_string_value(tree), len);
		if (plain)
			json_string_setn(tree, plain, len);
		free(plain);
	}
	json_array_foreach (tree, i, value)
		json_plain(value);
	if (json_is_object(tree))
		plain_names(tree);
	json_object_foreach (tree, name, value)
		json_plain(value);
}
