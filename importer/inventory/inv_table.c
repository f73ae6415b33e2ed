/* SPDX-License-Identifier: Apache-2.0
 * The tables of a source: where each is asked, and how rows of a dictionary are made of what
 * comes. */
#include "importer/inventory/inv_table.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/inventory/inv_path.h"

#define CELL_MAX 65536

/* ---- check ------------------------------------------------------------------- */

static const struct dict_kind *table_kind(const json_t *table)
{
	const char *into = json_string_value(json_object_get(table, "into"));
	const struct dict_kind *kind = into ? dict_kind_find(into) : NULL;

	return kind && kind->discovered ? kind : NULL;
}

static int check_template(const json_t *template, const char *of, struct err *err)
{
	if (!json_is_string(template))
		return err_set(err, EF_USAGE, "%s: a text is wanted", of);
	return inv_cell_check(json_string_value(template), err) ? err_wrap(err, "%s", of) : 0;
}

static int check_columns(const struct dict_kind *kind, const json_t *columns, struct err *err)
{
	const char *name;
	json_t *template;

	if (!json_is_object(columns))
		return err_set(err, EF_USAGE, "columns: names with a path each");
	json_object_foreach ((json_t *)columns, name, template) {
		if (dict_kind_column(kind, name) < 0)
			return err_set(err, EF_USAGE, "columns: %s.csv has no column '%.60s'",
				       kind->name, name);
		if (check_template(template, name, err))
			return err_wrap(err, "columns");
	}
	return 0;
}

static int check_rows(const json_t *rows, struct err *err)
{
	size_t i;
	json_t *path;

	if (json_is_string(rows) && json_string_length(rows) < INV_PATH_MAX)
		return 0;
	json_array_foreach ((json_t *)rows, i, path)
		if (!json_is_string(path) || json_string_length(path) >= INV_PATH_MAX)
			return err_set(err, EF_USAGE, "rows: paths are wanted");
	return json_array_size(rows) ? 0
				     : err_set(err, EF_USAGE, "rows: a path, or a list of them");
}

static int check_conditions(const json_t *conditions, const char *name, struct err *err)
{
	const char *path;
	json_t *value;

	if (conditions && !json_is_object(conditions))
		return err_set(err, EF_USAGE, "%s: paths with a text each", name);
	json_object_foreach ((json_t *)conditions, path, value)
		if (!json_is_string(value) || inv_cell_check(path, err))
			return err_set(err, EF_USAGE, "%s: paths with a text each", name);
	return 0;
}

static int check_members(const json_t *table, struct err *err)
{
	static const char *const names[] = { "into",    "url",  "rows",   "next",
					     "columns", "when", "unless", "remember" };
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)table, key, value) {
		bool known = false;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			known |= strcmp(names[i], key) == 0;
		if (!known)
			return err_set(err, EF_USAGE, "there is no setting '%.60s'", key);
	}
	return 0;
}

static int check_remember(const json_t *remember, struct err *err)
{
	if (!remember)
		return 0;
	return check_template(json_object_get(remember, "key"), "remember.key", err) ||
		       check_template(json_object_get(remember, "value"), "remember.value", err)
		   ? -1
		   : 0;
}

static int check_text(const json_t *value, const char *name, struct err *err)
{
	return !value || json_is_string(value)
		   ? 0
		   : err_set(err, EF_USAGE, "%s: a text is wanted", name);
}

static int check_parts(const json_t *table, struct err *err)
{
	return check_members(table, err) || check_text(json_object_get(table, "url"), "url", err) ||
		       check_text(json_object_get(table, "next"), "next", err) ||
		       check_remember(json_object_get(table, "remember"), err) ||
		       check_rows(json_object_get(table, "rows"), err) ||
		       check_conditions(json_object_get(table, "when"), "when", err) ||
		       check_conditions(json_object_get(table, "unless"), "unless", err)
		   ? -1
		   : 0;
}

static int check_table(const json_t *table, struct err *err)
{
	const struct dict_kind *kind = table_kind(table);

	if (!json_is_object(table))
		return err_set(err, EF_USAGE, "into, rows and columns are wanted");
	if (check_parts(table, err))
		return -1;
	if (!kind && (!json_object_get(table, "remember") || json_object_get(table, "into")))
		return err_set(err, EF_USAGE,
			       "into: networks, exporters, interfaces, applications or hosts");
	return kind ? check_columns(kind, json_object_get(table, "columns"), err) : 0;
}

int inv_tables_check(const struct inv_source *s, struct err *err)
{
	size_t n = json_array_size(s->tables);
	const char *name;
	json_t *columns;

	if (n == 0 || n > INV_TABLES_MAX)
		return err_set(err, EF_USAGE, "tables: a list of 1 to %d", INV_TABLES_MAX);
	for (size_t i = 0; i < n; i++)
		if (check_table(json_array_get(s->tables, i), err))
			return err_wrap(err, "table %zu", i + 1);
	if (s->columns && !json_is_object(s->columns))
		return err_set(err, EF_USAGE, "columns: dictionaries with columns each");
	json_object_foreach (s->columns, name, columns) {
		const struct dict_kind *kind = dict_kind_find(name);

		if (!kind || !kind->discovered)
			return err_set(err, EF_USAGE, "columns: '%.60s' cannot be discovered",
				       name);
		if (check_columns(kind, columns, err))
			return err_wrap(err, "%s", name);
	}
	return 0;
}

/* ---- rows -------------------------------------------------------------------- */

struct reading {
	const struct inv_source *source;
	const json_t *table;
	const struct dict_kind *kind; /* NULL: nothing is to come of it */
	struct inv_found *found;
	char name[64];
	unsigned line;
};

bool inv_table_is_wanted(const struct inv_source *s, const json_t *table)
{
	const struct dict_kind *kind = table_kind(table);

	return json_object_get(table, "remember") || (kind && inv_source_sets(s, kind, NULL));
}

/* NULL: nothing fills the column. */
static const char *template_of(const struct reading *r, const struct dict_column *column)
{
	const json_t *own =
	    json_object_get(json_object_get(r->source->columns, r->kind->name), column->name);
	const json_t *usual = json_object_get(json_object_get(r->table, "columns"), column->name);

	if (!column->key && !inv_source_sets(r->source, r->kind, column->name))
		return NULL;
	return json_string_value(own ? own : usual);
}

/* The cell's text in `out`, cleaned; the caller's. NULL with `err`. */
static char *cell_of(const struct reading *r, const struct inv_frame *row, const char *template,
		     struct err *err)
{
	CLEANUP_BUF struct buf out;

	buf_init(&out, CELL_MAX);
	if (template && inv_cell(row, template, r->found->known, &out, err))
		return NULL;
	char *copy = strdup(out.len ? inv_cell_clean(out.data) : "");
	if (!copy)
		err_set(err, EF_FAILED, "out of memory");
	return copy;
}

static bool has_text(const struct reading *r, const struct inv_frame *row, const char *path,
		     const char *wanted)
{
	struct err unused = ERR_NONE;
	CLEANUP_FREE char *text = cell_of(r, row, path, &unused);

	return text && strcmp(text, wanted) == 0;
}

static bool is_meant(const struct reading *r, const struct inv_frame *row)
{
	const char *path;
	json_t *value;

	json_object_foreach (json_object_get(r->table, "when"), path, value)
		if (!has_text(r, row, path, json_string_value(value)))
			return false;
	json_object_foreach (json_object_get(r->table, "unless"), path, value)
		if (has_text(r, row, path, json_string_value(value)))
			return false;
	return true;
}

static int remember_row(const struct reading *r, const struct inv_frame *row, struct err *err)
{
	const json_t *remember = json_object_get(r->table, "remember");

	if (!remember)
		return 0;
	CLEANUP_FREE char *key =
	    cell_of(r, row, json_string_value(json_object_get(remember, "key")), err);
	CLEANUP_FREE char *value =
	    key ? cell_of(r, row, json_string_value(json_object_get(remember, "value")), err)
		: NULL;
	if (!value)
		return -1;
	if (*key && *value)
		json_object_set_new(r->found->known, key, json_string(value));
	return 0;
}

static int add_cells(const struct reading *r, const struct inv_frame *row, struct err *err)
{
	char *cell[DICT_COLUMNS_MAX] = { NULL };
	size_t n = 0, columns = r->kind ? r->kind->columns : 0;

	while (n < columns && (cell[n] = cell_of(r, row, template_of(r, &r->kind->column[n]), err)))
		n++;
	if (n == columns && r->kind)
		inv_found_add(r->found, r->kind, (const char *const *)cell, r->name, r->line);
	for (size_t i = 0; i < n; i++)
		free(cell[i]);
	return n == columns ? 0 : -1;
}

static int take_row(void *arg, const struct inv_frame *row, struct err *err)
{
	struct reading *r = arg;
	struct err why = ERR_NONE;

	r->line++;
	if (++r->found->seen > (size_t)r->source->rows)
		return err_set(err, EF_FAILED, "more than %lld rows (limits.rows)",
			       (long long)r->source->rows);
	if (!is_meant(r, row))
		return 0;
	if (remember_row(r, row, &why) == 0 && add_cells(r, row, &why) == 0)
		return 0;
	err_wrap(&why, "%s:%u", r->name, r->line);
	inv_found_wrong(r->found, &why);
	return 0;
}

int inv_table_read(const struct inv_source *s, size_t number, const json_t *document,
		   struct inv_found *found, struct err *err)
{
	const json_t *table = json_array_get(s->tables, number);
	const json_t *rows = json_object_get(table, "rows");
	struct reading r = { .source = s, .table = table, .found = found };
	size_t i;
	json_t *path;

	r.kind = table_kind(table);
	if (r.kind && !inv_source_sets(s, r.kind, NULL))
		r.kind = NULL;
	snprintf(r.name, sizeof(r.name), "table %zu (%s)", number + 1,
		 r.kind ? r.kind->name : "remembered");
	if (r.kind)
		inv_found_ask(found, r.kind);
	if (json_is_string(rows))
		return inv_path_rows(document, json_string_value(rows), take_row, &r, err);
	json_array_foreach (rows, i, path)
		if (inv_path_rows(document, json_string_value(path), take_row, &r, err))
			return -1;
	return 0;
}
