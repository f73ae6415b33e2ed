/* SPDX-License-Identifier: Apache-2.0
 * Ways into foreign JSON: the rows of a document, and the text of a cell of one. */
#include "importer/inventory/inv_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* ---- rows -------------------------------------------------------------------- */

struct rows_walk {
	const char *whole; /* the path, for messages */
	inv_row_fn *each;
	void *arg;
};

static int walk_from(const struct rows_walk *w, const struct inv_frame *frame, const json_t *value,
		     const char *path, struct err *err);

/* What stands in front of the next dot, and what is behind it. */
struct segment {
	char name[INV_PATH_MAX];
	bool list, all;
	const char *rest;
};

static void next_segment(const char *path, struct segment *s)
{
	size_t n = strcspn(path, ".");

	s->rest = path[n] ? path + n + 1 : path + n;
	s->list = n >= 2 && strncmp(path + n - 2, "[]", 2) == 0;
	snprintf(s->name, sizeof(s->name), "%.*s", (int)(s->list ? n - 2 : n), path);
	s->all = strcmp(s->name, "*") == 0;
}

static int walk_list(const struct rows_walk *w, const struct inv_frame *frame, const json_t *list,
		     const char *key, const char *rest, struct err *err)
{
	size_t i;
	json_t *element;

	json_array_foreach ((json_t *)list, i, element) {
		const struct inv_frame row = { element, key, frame };

		if (walk_from(w, &row, element, rest, err))
			return -1;
	}
	return 0;
}

static int walk_members(const struct rows_walk *w, const struct inv_frame *frame,
			const json_t *object, const struct segment *s, struct err *err)
{
	const char *key;
	json_t *member;

	json_object_foreach ((json_t *)object, key, member) {
		const struct inv_frame row = { member, key, frame };
		int rc = s->list ? walk_list(w, &row, member, key, s->rest, err)
				 : walk_from(w, &row, member, s->rest, err);

		if (rc)
			return -1;
	}
	return 0;
}

/* What the reply as a whole lacks is another reply than was asked for. */
static int not_there(const struct rows_walk *w, const struct inv_frame *frame, const char *name,
		     const char *what, struct err *err)
{
	if (frame->outer)
		return 0;
	return err_set(err, EF_FAILED, "the reply has no %s '%s' (rows: %s)", what,
		       *name ? name : ".", w->whole);
}

static int walk_from(const struct rows_walk *w, const struct inv_frame *frame, const json_t *value,
		     const char *path, struct err *err)
{
	struct segment s;

	if (!*path) {
		const struct inv_frame row = { value, frame->key, frame };

		return w->each(w->arg, value == frame->value ? frame : &row, err);
	}
	next_segment(path, &s);
	if (s.all)
		return json_is_object(value) ? walk_members(w, frame, value, &s, err)
					     : not_there(w, frame, s.name, "object", err);
	if (*s.name)
		value = json_object_get(value, s.name);
	if (s.list)
		return json_is_array(value) ? walk_list(w, frame, value, s.name, s.rest, err)
					    : not_there(w, frame, s.name, "list", err);
	return value ? walk_from(w, frame, value, s.rest, err)
		     : not_there(w, frame, s.name, "member", err);
}

int inv_path_rows(const json_t *document, const char *path, inv_row_fn *each, void *arg,
		  struct err *err)
{
	const struct rows_walk w = { path, each, arg };
	const struct inv_frame root = { document, "", NULL };

	return walk_from(&w, &root, document, path, err);
}

/* ---- cells ------------------------------------------------------------------- */

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

const json_t *inv_path_at(const json_t *value, const char *path)
{
	while (value && *path) {
		struct segment s;

		next_segment(path, &s);
		if (json_is_array(value) && is_number(s.name))
			value = json_array_get(value, strtoul(s.name, NULL, 10));
		else
			value = json_object_get(value, s.name);
		path = s.rest;
	}
	return value;
}

static int add_scalar(struct buf *out, const json_t *value, const char *path, struct err *err)
{
	int rc = 0;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		rc = buf_add_text(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		rc = buf_add_fmt(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		rc = buf_add_fmt(out, "%.15g", json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		rc = buf_add_text(out, json_is_true(value) ? "true" : "false");
		break;
	case JSON_NULL:
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		return err_set(err, EF_USAGE, "'%s' is %s, where a text or a number is wanted",
			       path, json_is_array(value) ? "a list" : "an object");
	}
	return rc ? err_set(err, EF_USAGE, "'%s' is longer than %zu bytes", path, out->ceiling) : 0;
}

/* The text from `from` on is changed as `:name` says. */
static int modify(struct buf *out, size_t from, const char *name, const json_t *known,
		  struct err *err)
{
	char *text = out->data + from;

	if (out->len == from)
		return 0;
	if (strcmp(name, "host") == 0) {
		out->len = from + strcspn(text, "/");
		out->data[out->len] = '\0';
		return 0;
	}
	if (strcmp(name, "kilo") != 0) {
		const json_t *value = json_object_get(json_object_get(known, name), text);

		out->len = from;
		out->data[from] = '\0';
		return add_scalar(out, value, name, err);
	}
	if (!is_number(text) || out->len - from > 15)
		return err_set(err, EF_USAGE, "'%s' is no number", text);
	return buf_add_text(out, "000") ? err_set(err, EF_USAGE, "too long") : 0;
}

/* One path, with what may stand behind it. */
static int add_path(const struct inv_frame *row, char *path, const json_t *known, struct buf *out,
		    struct err *err)
{
	size_t from = out->len;
	char *modifiers = strchr(path, ':');

	if (modifiers)
		*modifiers++ = '\0';
	for (; row && *path == '^'; path++)
		row = row->outer;
	if (row && strcmp(path, "@") == 0) {
		if (buf_add_text(out, row->key))
			return err_set(err, EF_USAGE, "'@' is longer than %zu bytes", out->ceiling);
	} else if (row &&
		   add_scalar(out, strcmp(path, ".") ? inv_path_at(row->value, path) : row->value,
			      path, err)) {
		return -1;
	}
	for (char *name; modifiers && (name = strsep(&modifiers, ":"));)
		if (modify(out, from, name, known, err))
			return -1;
	return 0;
}

/* The first of them that has something. */
static int add_paths(const struct inv_frame *row, const char *paths, size_t n, const json_t *known,
		     struct buf *out, struct err *err)
{
	char copy[INV_PATH_MAX], *rest = copy;
	size_t from = out->len;

	snprintf(copy, sizeof(copy), "%.*s", (int)n, paths);
	for (char *path; out->len == from && (path = strsep(&rest, "|"));)
		if (add_path(row, path, known, out, err))
			return -1;
	return 0;
}

int inv_cell(const struct inv_frame *row, const char *template, const json_t *known,
	     struct buf *out, struct err *err)
{
	size_t from = out->len;
	bool found = false;

	if (*template == '=')
		return buf_add_text(out, template + 1) ? err_set(err, EF_USAGE, "too long") : 0;
	if (!strchr(template, '{'))
		return add_paths(row, template, strlen(template), known, out, err);
	while (*template) {
		size_t plain = strcspn(template, "{"), at;

		if (buf_add(out, template, plain))
			return err_set(err, EF_USAGE, "too long");
		template += plain;
		if (!*template)
			break;
		at = out->len;
		plain = strcspn(template, "}");
		if (add_paths(row, template + 1, plain - 1, known, out, err))
			return -1;
		found |= out->len > at;
		template += plain + (template[plain] == '}');
	}
	if (!found && out->len > from) { /* nothing but what stands around it */
		out->len = from;
		out->data[from] = '\0';
	}
	return 0;
}

static int check_path(char *path, const json_t *known, struct err *err)
{
	char *modifiers = strchr(path, ':');

	if (modifiers)
		*modifiers++ = '\0';
	if (!*path)
		return err_set(err, EF_USAGE, "there is no path");
	for (char *name; modifiers && (name = strsep(&modifiers, ":"));)
		if (strcmp(name, "host") != 0 && strcmp(name, "kilo") != 0 &&
		    !json_object_get(known, name))
			return err_set(
			    err, EF_USAGE,
			    "':%s' is neither :host nor :kilo, and no table remembers it", name);
	return 0;
}

static int check_paths(const char *paths, size_t n, const json_t *known, struct err *err)
{
	char copy[INV_PATH_MAX], *rest = copy;

	snprintf(copy, sizeof(copy), "%.*s", (int)n, paths);
	for (char *path; (path = strsep(&rest, "|"));)
		if (check_path(path, known, err))
			return -1;
	return 0;
}

int inv_cell_check(const char *template, const json_t *known, struct err *err)
{
	if (strlen(template) >= INV_PATH_MAX)
		return err_set(err, EF_USAGE, "longer than %d bytes", INV_PATH_MAX - 1);
	if (*template == '=')
		return 0;
	if (!strchr(template, '{'))
		return check_paths(template, strlen(template), known, err);
	for (const char *p = template; (p = strchr(p, '{'));) {
		size_t n = strcspn(p, "}");

		if (!p[n])
			return err_set(err, EF_USAGE, "'{' without '}'");
		if (check_paths(p + 1, n - 1, known, err))
			return -1;
		p += n;
	}
	return 0;
}

bool inv_cell_uses(const char *template, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = template; *template != '=' && (p = strchr(p, ':')); p++)
		if (strncmp(p + 1, name, n) == 0 && (!p[n + 1] || strchr(":|}", p[n + 1])))
			return true;
	return false;
}
