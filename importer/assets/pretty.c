/* SPDX-License-Identifier: Apache-2.0
 * JSON text for people to read and diff: how dashboards are kept in files. */
#include "importer/assets/pretty.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define WIDTH      140
#define SHORT_ITEM 24
#define QUOTES     "\"\"\""
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

/* Where a value stands, and how texts of several lines look. */
struct margin {
	int indent;
	bool blocks;
};

static int pretty_value(const json_t *json, struct margin at, struct buf *out);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int object(const json_t *json, struct margin at, struct buf *out)
{
	const struct margin inside = { at.indent + 1, at.blocks };
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
		if (!text || (i && buf_add(out, ",", 1)) || blanks(out, inside.indent) ||
		    buf_add_text(out, text) || buf_add(out, ": ", 2) ||
		    pretty_value(json_object_get(json, names[i]), inside, out))
			return -1;
	}
	return blanks(out, at.indent) || buf_add(out, "}", 1) ? -1 : 0;
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

static int array(const json_t *json, struct margin at, struct buf *out)
{
	const struct margin inside = { at.indent + 1, at.blocks };
	size_t i, n = json_array_size(json), column = 0;
	json_t *item;
	bool fill = only_short(json);
	if (buf_add(out, "[", 1))
		return -1;
	json_array_foreach (json, i, item) {
		CLEANUP_FREE char *text = fill ? json_dumps(item, FLAGS) : NULL;
		size_t len = text ? characters(text) + (i + 1 < n) : 0;
		if (!fill || i == 0 || column + len > WIDTH) {
			if (blanks(out, inside.indent))
				return -1;
			column = (size_t)inside.indent;
		}
		column += len;
		if ((text ? buf_add_text(out, text) : pretty_value(item, inside, out)) ||
		    (i + 1 < n && buf_add(out, ",", 1)))
			return -1;
	}
	return blanks(out, at.indent) || buf_add(out, "]", 1) ? -1 : 0;
}

/* A text of several lines that can stand as it is: nothing in it needs an escape. */
static bool is_block(const json_t *json)
{
	const char *text = json_string_value(json);
	if (!text || !strchr(text, '\n') || strstr(text, QUOTES) ||
	    strlen(text) != json_string_length(json))
		return false;
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

/* As Kibana's Dev Tools write it; the quotes at the end have a line of their own after a text that
 * ends with one. */
static int block(const char *text, int indent, struct buf *out)
{
	if (buf_add_text(out, QUOTES))
		return -1;
	for (const char *line = text;; line++) {
		size_t len = strcspn(line, "\n");
		bool last = line[len] == '\0';
		if ((len || last) && blanks(out, last && !len ? indent : indent + 1))
			return -1;
		if ((!len && !last && buf_add(out, "\n", 1)) || buf_add(out, line, len))
			return -1;
		if (last)
			return buf_add_text(out, QUOTES);
		line += len;
	}
}

/* A text inside that is to be a block needs the lines of its own. */
static bool line_fits(const char *one, struct margin at)
{
	return characters(one) + (size_t)at.indent <= WIDTH && !(at.blocks && strstr(one, "\\n"));
}

static int pretty_value(const json_t *json, struct margin at, struct buf *out)
{
	if (at.blocks && is_block(json))
		return block(json_string_value(json), at.indent, out);
	CLEANUP_FREE char *one = json_dumps(json, FLAGS);
	if (!one)
		return -1;
	if (line_fits(one, at) || !(json_is_object(json) || json_is_array(json)))
		return buf_add_text(out, one);
	return json_is_object(json) ? object(json, at, out) : array(json, at, out);
}

int pretty_json(const json_t *json, struct buf *out)
{
	const struct margin root = { 0, false };
	return pretty_value(json, root, out) || buf_add(out, "\n", 1) ? -1 : 0;
}

int pretty_blocks(const json_t *json, struct buf *out)
{
	const struct margin root = { 0, true };
	return pretty_value(json, root, out) || buf_add(out, "\n", 1) ? -1 : 0;
}
