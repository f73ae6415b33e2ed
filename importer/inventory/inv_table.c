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

static int check_template(const json_t *template, const char *of, const json_t *known,
			  struct err *err)
{
	if (!json_is_string(template))
		return err_set(err, EF_USAGE, "%s: a text is wanted", of);
	return inv_cell_check(json_string_value(template), known, err) ? err_wrap(err, "%s", of)
								       : 0;
}

static int check_columns(const struct dict_kind *kind, const json_t *columns, const json_t *known,
			 struct err *err)
{
	const char *name;
	json_t *template;

	if (!json_is_object(columns))
		return err_set(err, EF_USAGE, "columns: names with a path each");
	json_object_foreach ((json_t *)columns, name, template) {
		if (dict_kind_column(kind, name) < 0)
			return err_set(err, EF_USAGE, "columns: %s.csv has no column '%.60s'",
				       kind->name, name);
		if (check_template(template, name, known, err))
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

static int check_conditions(const json_t *conditions, const char *name, const json_t *known,
			    struct err *err)
{
	const char *path;
	json_t *value;

	if (conditions && !json_is_object(conditions))
		return err_set(err, EF_USAGE, "%s: paths with a text each", name);
	json_object_foreach ((json_t *)conditions, path, value)
		if (!json_is_string(value) || inv_cell_check(path, known, err))
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

/* One or several, as a list; the caller's. */
static json_t *remembered(const json_t *table)
{
	json_t *remember = json_object_get(table, "remember");

	if (json_is_array(remember))
		return json_incref(remember);
	return remember ? json_pack("[O]", remember) : json_array();
}

/* Of letters, so that it cannot be mistaken for a part of a path. */
static int check_name(const json_t *as, struct err *err)
{
	const char *name = json_string_value(as);

	return name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyz") == strlen(name)
		   ? 0
		   : err_set(err, EF_USAGE, "remember.as: a name of letters a-z");
}

static int check_remember(const json_t *table, const json_t *known, struct err *err)
{
	CLEANUP_JSON json_t *list = remembered(table);
	size_t i;
	json_t *one;

	json_array_foreach (list, i, one)
		if (check_name(json_object_get(one, "as"), err) ||
		    check_template(json_object_get(one, "key"), "remember.key", known, err) ||
		    check_template(json_object_get(one, "value"), "remember.value", known, err))
			return -1;
	return 0;
}

/* The names of all that tables remember, as the keys of an object; the caller's. */
static json_t *known_names(const json_t *tables)
{
	json_t *names = json_object(), *table, *one;
	size_t i, k;

	json_array_foreach ((json_t *)tables, i, table) {
		CLEANUP_JSON json_t *list = remembered(table);

		json_array_foreach (list, k, one) {
			const char *as = json_string_value(json_object_get(one, "as"));

			if (as)
				json_object_set_new(names, as, json_true());
		}
	}
	return names;
}

static int check_text(const json_t *value, const char *name, struct err *err)
{
	return !value || json_is_string(value)
		   ? 0
		   : err_set(err, EF_USAGE, "%s: a text is wanted", name);
}

static int check_parts(const json_t *table, const json_t *known, struct err *err)
{
	return check_members(table, err) || check_text(json_object_get(table, "url"), "url", err) ||
		       check_text(json_object_get(table, "next"), "next", err) ||
		       check_remember(table, known, err) ||
		       check_rows(json_object_get(table, "rows"), err) ||
		       check_conditions(json_object_get(table, "when"), "when", known, err) ||
		       check_conditions(json_object_get(table, "unless"), "unless", known, err)
		   ? -1
		   : 0;
}

static int check_table(const json_t *table, const json_t *known, struct err *err)
{
	const struct dict_kind *kind = table_kind(table);

	if (!json_is_object(table))
		return err_set(err, EF_USAGE, "into, rows and columns are wanted");
	if (check_parts(table, known, err))
		return -1;
	if (!kind && (!json_object_get(table, "remember") || json_object_get(table, "into")))
		return err_set(err, EF_USAGE,
			       "into: networks, exporters, interfaces, applications or hosts");
	return kind ? check_columns(kind, json_object_get(table, "columns"), known, err) : 0;
}

int inv_tables_check(const struct inv_source *s, struct err *err)
{
	size_t n = json_array_size(s->tables);
	CLEANUP_JSON json_t *known = known_names(s->tables);
	const char *name;
	json_t *columns;

	if (n == 0 || n > INV_TABLES_MAX)
		return err_set(err, EF_USAGE, "tables: a list of 1 to %d", INV_TABLES_MAX);
	for (size_t i = 0; i < n; i++)
		if (check_table(json_array_get(s->tables, i), known, err))
			return err_wrap(err, "table %zu", i + 1);
	if (s->columns && !json_is_object(s->columns))
		return err_set(err, EF_USAGE, "columns: dictionaries with columns each");
	json_object_foreach (s->columns, name, columns) {
		const struct dict_kind *kind = dict_kind_find(name);

		if (!kind || !kind->discovered)
			return err_set(err, EF_USAGE, "columns: '%.60s' cannot be discovered",
				       name);
		if (check_columns(kind, columns, known, err))
			return err_wrap(err, "%s", name);
	}
	return 0;
}

/* ---- rows -------------------------------------------------------------------- */

struct reading {
	const struct inv_source *source;
	const json_t *table;
	const struct dict_kind *kind; /* NULL: nothing is to come of it */
	json_t *remembered;           /* list, borrowed */
	struct inv_found *found;
	char name[64];
	unsigned line;
};

/* NULL: nothing fills the column. */
static const char *template_of(const struct inv_source *s, const json_t *table,
			       const struct dict_kind *kind, const struct dict_column *column)
{
	const json_t *own = json_object_get(json_object_get(s->columns, kind->name), column->name);
	const json_t *usual = json_object_get(json_object_get(table, "columns"), column->name);

	if (!column->key && !inv_source_sets(s, kind, column->name))
		return NULL;
	return json_string_value(own ? own : usual);
}

/* Whether rows come of the table. */
static bool fills(const struct inv_source *s, const json_t *table)
{
	const struct dict_kind *kind = table_kind(table);

	if (!kind || !inv_source_sets(s, kind, NULL))
		return false;
	for (size_t i = 0; i < kind->columns; i++)
		if (kind->column[i].required && !template_of(s, table, kind, &kind->column[i]))
			return false;
	return true;
}

/* Whether a table of which rows come looks up what is remembered as `name`. */
static bool is_looked_up(const struct inv_source *s, const char *name)
{
	size_t i;
	json_t *table;

	json_array_foreach (s->tables, i, table) {
		const struct dict_kind *kind = fills(s, table) ? table_kind(table) : NULL;

		for (size_t k = 0; kind && k < kind->columns; k++) {
			const char *template = template_of(s, table, kind, &kind->column[k]);

			if (template && inv_cell_uses(template, name))
				return true;
		}
	}
	return false;
}

bool inv_table_is_wanted(const struct inv_source *s, const json_t *table)
{
	CLEANUP_JSON json_t *list = remembered(table);
	size_t i;
	json_t *one;

	json_array_foreach (list, i, one)
		if (is_looked_up(s, json_string_value(json_object_get(one, "as"))))
			return true;
	return fills(s, table);
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

static int remember_value(const struct reading *r, const struct inv_frame *row, const json_t *one,
			  struct err *err)
{
	const char *as = json_string_value(json_object_get(one, "as"));
	CLEANUP_FREE char *key =
	    cell_of(r, row, json_string_value(json_object_get(one, "key")), err);
	CLEANUP_FREE char *value =
	    key ? cell_of(r, row, json_string_value(json_object_get(one, "value")), err) : NULL;
	json_t *known = json_object_get(r->found->known, as);

	if (!value)
		return -1;
	if (!known) {
		known = json_object();
		json_object_set_new(r->found->known, as, known);
	}
	if (*key && *value)
		json_object_set_new(known, key, json_string(value));
	return 0;
}

static int remember_row(const struct reading *r, const struct inv_frame *row, struct err *err)
{
	size_t i;
	json_t *one;

	json_array_foreach (r->remembered, i, one)
		if (remember_value(r, row, one, err))
			return -1;
	return 0;
}

static int add_cells(const struct reading *r, const struct inv_frame *row, struct err *err)
{
	char *cell[DICT_COLUMNS_MAX] = { NULL };
	size_t n = 0, columns = r->kind ? r->kind->columns : 0;

	while (n < columns &&
	       (cell[n] = cell_of(
		    r, row, template_of(r->source, r->table, r->kind, &r->kind->column[n]), err)))
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
	CLEANUP_JSON json_t *list = remembered(table);
	struct reading r = { .source = s, .table = table, .remembered = list, .found = found };
	size_t i;
	json_t *path;

	r.kind = fills(s, table) ? table_kind(table) : NULL;
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
