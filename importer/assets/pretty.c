/* SPDX-License-Identifier: Apache-2.0
 * JSON text for people to read and diff: how dashboards are kept in files. */
#include "importer/assets/pretty.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define WIDTH      140
#define SHORT_ITEM 24
#define FLAGS      (JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

static size_t characters(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) !=
		     0x80; /* not the continuation of a UTF-8 character */
	return n;
}

static int blanks(struct buf *out, int n)
{
	return buf_add_fmt(out, "\n%*s", n, "");
}

static int value(const json_t *json, int indent, struct buf *out);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int object(const json_t *json, int indent, struct buf *out)
{
	size_t n = 0;
	const char *name;
	json_t *member;
	CLEANUP_FREE const char **names = calloc(json_object_size(json) + 1, sizeof(*names));
	if (!names)
		return -1;
	json_object_foreach ((json_t *)json, name, member)
		names[n++] = name;
	qsort(names, n, sizeof(*names), by_name);
	if (buf_add(out, "{", 1))
		return -1;
	for (size_t i = 0; i < n; i++) {
		CLEANUP_JSON json_t *key = json_string(names[i]);
		CLEANUP_FREE char *text = json_dumps(key, FLAGS);
		if (!text || (i && buf_add(out, ",", 1)) || blanks(out, indent + 1) ||
		    buf_add_text(out, text) || buf_add(out, ": ", 2) ||
		    value(json_object_get(json, names[i]), indent + 1, out))
			return -1;
	}
	return blanks(out, indent) || buf_add(out, "}", 1) ? -1 : 0;
}

static bool only_short(const json_t *list)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		CLEANUP_FREE char *text = json_dumps(item, FLAGS);
		if (!text || characters(text) > SHORT_ITEM)
			return false;
	}
	return true;
}

static int array(const json_t *json, int indent, struct buf *out)
{
	size_t i, n = json_array_size(json), at = 0;
	json_t *item;
	bool fill = only_short(json);
	if (buf_add(out, "[", 1))
		return -1;
	json_array_foreach (json, i, item) {
		CLEANUP_FREE char *text = fill ? json_dumps(item, FLAGS) : NULL;
		size_t len = text ? characters(text) + (i + 1 < n) : 0;
		if (!fill || i == 0 || at + len > WIDTH) {
			if (blanks(out, indent + 1))
				return -1;
			at = (size_t)indent + 1;
		}
		at += len;
		if ((text ? buf_add_text(out, text) : value(item, indent + 1, out)) ||
		    (i + 1 < n && buf_add(out, ",", 1)))
			return -1;
	}
	return blanks(out, indent) || buf_add(out, "]", 1) ? -1 : 0;
}

static int value(const json_t *json, int indent, struct buf *out)
{
	CLEANUP_FREE char *one = json_dumps(json, FLAGS);
	if (!one)
		return -1;
	if (characters(one) + (size_t)indent <= WIDTH ||
	    !(json_is_object(json) || json_is_array(json)))
		return buf_add_text(out, one);
	return json_is_object(json) ? object(json, indent, out) : array(json, indent, out);
}

int pretty_json(const json_t *json, struct buf *out)
{
	return value(json, 0, out) || buf_add(out, "\n", 1) ? -1 : 0;
}
