/* SPDX-License-Identifier: Apache-2.0
 * The text that a source gave, as a JSON document: JSON itself, or CSV as a list of its rows. */
#include "importer/inventory/inv_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/csv.h"
#include "common/plain.h"
#include "importer/dictionary/import_names.h"
#include "importer/inventory/inv_type.h"

#define COLUMNS_MAX 64

/* A page for people, with which logins and proxies answer. */
static bool is_html(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n\xef\xbb\xbf", *text)) {
		text++;
		len--;
	}
	return len && *text == '<';
}

static int read_json(const char *text, size_t len, json_t **ret_document, struct err *err)
{
	json_error_t why;

	/* a NUL in a name ends the name, and is no reason to give up */
	*ret_document = json_loadb(text, len, JSON_ALLOW_NUL, &why);
	return *ret_document
		   ? 0
		   : err_set(err, EF_FAILED, "is no JSON: %s (line %d)", why.text, why.line);
}

struct csv_names {
	char *name[COLUMNS_MAX];
	int n;
};

static json_t *row_object(const struct csv_names *names, char *const *cell)
{
	json_t *row = json_object();

	for (int i = 0; i < names->n; i++)
		json_object_set_new(row, names->name[i], json_string(cell[i]));
	return row;
}

/* One line into `list`; 1: it names the columns. */
static int read_row(struct csv_names *names, char *line, unsigned number, json_t *list,
		    struct err *err)
{
	char *cell[COLUMNS_MAX];
	int n = csv_split(line, cell, COLUMNS_MAX);

	if (n < 0)
		return err_set(err, EF_FAILED,
			       "line %u: a quote that is not closed on its line, "
			       "or more than %d columns",
			       number, COLUMNS_MAX);
	if (names->n == 0) {
		for (int i = 0; i < n; i++)
			names->name[i] = cell[i];
		names->n = n;
		return 1;
	}
	if (n != names->n)
		return err_set(err, EF_FAILED, "line %u: %d columns, and %d have names", number, n,
			       names->n);
	json_array_append_new(list, row_object(names, cell));
	return 0;
}

static int read_csv(const struct inv_source *s, const char *text, size_t len, json_t **ret_document,
		    struct err *err)
{
	CLEANUP_FREE char *copy = strndup(text, len);
	CLEANUP_JSON json_t *list = json_array();
	struct csv_names names = { .n = 0 };
	unsigned number = 0;
	char *rest = copy;

	if (!copy)
		return err_set(err, EF_FAILED, "out of memory");
	if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
		rest += 3;
	for (size_t i = 0; i < s->names.n && i < COLUMNS_MAX; i++)
		names.name[names.n++] = s->names.item[i];
	for (char *line; (line = strsep(&rest, "\n"));) {
		number++;
		line[strcspn(line, "\r")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (read_row(&names, plain_text(line), number, list, err) < 0)
			return -1;
	}
	if (names.n == 0)
		return err_set(err, EF_FAILED, "there is nothing in it");
	*ret_document = steal_ptr(list);
	return 0;
}

/* Through the CSV that the reader makes of it. */
static int read_names(const struct inv_source *s, json_t **ret_document, struct err *err)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_JSON json_t *seen = json_object();
	static const char *const head[] = { "address", "name" };
	size_t len = 0;
	struct import im = { .out = open_memstream(&text, &len), .seen = seen };

	if (!im.out)
		return err_set(err, EF_FAILED, "out of memory");
	int rc = import_row(&im, head, 2, err) ? -1
		 : s->type->form == INV_HOSTS  ? import_hosts(&im, s->file, err)
		 : s->type->form == INV_ZONE   ? import_zone(&im, s->file, err)
					       : import_leases(&im, s->file, err);
	if (fclose(im.out) && rc == 0)
		rc = err_set(err, EF_FAILED, "out of memory");
	return rc ? -1 : read_csv(s, text, len, ret_document, err);
}

int inv_text_read(const struct inv_source *s, const char *text, size_t len, json_t **ret_document,
		  struct err *err)
{
	if (is_html(text, len))
		return err_set(err, EF_FAILED,
			       "answers with a page of HTML or XML: is the url the one for "
			       "programs, and does a login stand in front of it?");
	if (s->type->form == INV_JSON)
		return read_json(text, len, ret_document, err);
	return s->type->form == INV_CSV ? read_csv(s, text, len, ret_document, err)
					: read_names(s, ret_document, err);
}
