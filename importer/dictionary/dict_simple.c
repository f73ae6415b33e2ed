/* SPDX-License-Identifier: Apache-2.0
 * Rows of the dictionaries that are no prefixes: lists, maps, paths of fields, the packed table of
 * services. */
#include "importer/dictionary/dict_simple.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/dictionary/dict_compile.h"
#include "importer/dictionary/dict_pack.h"

#define NAMES_MAX (85 * 85)
#define PACKED    5U /* port in three digits, number of the name in two */

json_t *dict_cell_json(const struct dict_column *column, const char *cell)
{
	if (!*cell)
		return NULL;
	switch (column->type) {
	case DICT_COUNT:
		return json_integer((json_int_t)strtoull(cell, NULL, 10));
	case DICT_REAL:
		return json_real(strtod(cell, NULL));
	case DICT_BOOL:
		return json_boolean(*cell == 't');
	default:
		return json_string(cell);
	}
}

json_t *dict_row_json(const struct dict_kind *kind, const struct dict_row *row)
{
	json_t *json = json_object();

	for (size_t i = 0; i < kind->columns; i++)
		if (!kind->column[i].key && *row->cell[i])
			json_object_set_new(json, kind->column[i].name,
					    dict_cell_json(&kind->column[i], row->cell[i]));
	return json;
}

static int no_memory(struct err *err)
{
	return err_set(err, EF_FAILED, "out of memory");
}

static int compile_list(const struct dict_rows *rows, json_t **ret_table, struct err *err)
{
	CLEANUP_JSON json_t *list = json_array();
	int value = dict_kind_column(rows->kind, rows->kind->value);

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		size_t at = strtoul(row->cell[0], NULL, 10);

		if (rows->kind->shape == DICT_BITS) {
			if (at & (at - 1))
				return dict_row_error(row, err, "%zu is not a power of two", at);
			at = (size_t)__builtin_ctzl(at);
		}
		while (json_array_size(list) <= at)
			if (json_array_append_new(list, json_null()))
				return no_memory(err);
		json_array_set_new(list, at, json_string(row->cell[value]));
	}
	*ret_table = steal_ptr(list);
	return 0;
}

static int compile_map(const struct dict_rows *rows, json_t **ret_table, struct err *err)
{
	const struct dict_kind *kind = rows->kind;
	CLEANUP_JSON json_t *map = json_object();
	int value = kind->value ? dict_kind_column(kind, kind->value) : -1;

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		CLEANUP_FREE char *key = strdup(row->key);
		size_t n = key ? strlen(key) : 0;

		while (n && key[n - 1] == '\n')
			key[--n] = '\0'; /* empty columns at the end are not in the key */
		for (char *p = key; p && *p; p++)
			if (*p == '\n')
				*p = kind->separator ? kind->separator : '/';
		if (!key || json_object_set_new(map, key,
						value < 0 ? dict_row_json(kind, row)
							  : json_string(row->cell[value])))
			return no_memory(err);
	}
	*ret_table = steal_ptr(map);
	return 0;
}

/* The words that the normalise stage knows; those that write no field. */
static const struct {
	const char *name;
	bool no_field;
} conversions[] = {
	{ "long", false }, { "count", false },     { "as", false },      { "id", false },
	{ "text", false }, { "mac", false },       { "ip", false },      { "dns", false },
	{ "mask", false }, { "forwarded", false }, { "rest", true },     { "stays", true },
	{ "drop", true },  { "user", false },      { "personal", true },
};

static int check_conversion(const struct dict_row *row, struct err *err)
{
	const char *field = row->cell[2];

	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
		if (strcmp(conversions[i].name, row->cell[1]) != 0)
			continue;
		if (conversions[i].no_field == !*field)
			return 0;
		return dict_row_error(row, err, "%s: %s", row->cell[1],
				      *field ? "has no field"
					     : "a field is wanted, such as flow.ttl.min");
	}
	return dict_row_error(
	    row, err,
	    "\"%s\" is no conversion: long, count, mask, as, id, text, user, mac, "
	    "ip, dns, forwarded, rest, personal, stays or drop is wanted",
	    row->cell[1]);
}

/* null for "yes", or the number that the cell is; NULL where it is empty. */
static int read_mark(const struct dict_row *row, int column, json_t **ret_mark, struct err *err)
{
	const char *mark = row->cell[column];
	char *end = NULL;

	if (!*mark || strcmp(mark, "yes") == 0) {
		*ret_mark = *mark ? json_null() : NULL;
		return 0;
	}
	long long number = strtoll(mark, &end, 10);
	if (*end)
		return dict_row_error(row, err, "\"%s\": yes or a whole number is wanted", mark);
	*ret_mark = json_integer(number);
	return *ret_mark ? 0 : no_memory(err);
}

int dict_compile_marks(const struct dict_rows *rows, int column, json_t **ret_marks,
		       struct err *err)
{
	CLEANUP_JSON json_t *marks = json_object();

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		json_t *mark = NULL;

		if (read_mark(row, column, &mark, err))
			return -1;
		if (mark && json_object_set_new(marks, row->cell[0], mark))
			return no_memory(err);
	}
	*ret_marks = steal_ptr(marks);
	return 0;
}

static int compile_paths(const struct dict_rows *rows, json_t **ret_table, struct err *err)
{
	CLEANUP_JSON json_t *map = json_object();

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		CLEANUP_JSON json_t *mark = NULL;

		if (check_conversion(row, err) || read_mark(row, 3, &mark, err))
			return -1;
		if (strcmp(row->cell[1], "stays") == 0) /* as if it had no row */
			continue;
		json_t *list = json_pack("[s]", row->cell[1]);
		if (json_object_set_new(map, row->cell[0], list))
			return no_memory(err);
		for (const char *at = row->cell[2]; *at;) {
			size_t n = strcspn(at, ".");

			if (n == 0)
				return dict_row_error(row, err, "\"%s\" is no path of a field",
						      row->cell[2]);
			if (json_array_append_new(list, json_stringn(at, n)))
				return no_memory(err);
			at += n + (at[n] == '.');
		}
	}
	*ret_table = steal_ptr(map);
	return 0;
}

int dict_compile_alternatives(const struct dict_rows *rows, json_t **ret_json, struct err *err)
{
	CLEANUP_JSON json_t *json = json_pack("{s:[],s:[]}", "ip", "mac"), *ends = json_object();
	char key[300];

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		json_t *family = json_object_get(json, row->cell[1]), *list;

		if (!family)
			return dict_row_error(row, err, "the family must be ip or mac");
		snprintf(key, sizeof(key), "%s %s", row->cell[1], row->cell[2]);
		list = json_object_get(ends, key);
		if (!list) {
			list = json_array();
			json_object_set_new(ends, key, list);
			json_array_append(family, list);
		}
		if (json_array_append_new(list, json_string(row->cell[0])))
			return no_memory(err);
	}
	*ret_json = steal_ptr(json);
	return 0;
}

static int compile_ends(const struct dict_rows *rows, json_t **ret_table, struct err *err)
{
	CLEANUP_JSON json_t *ends = json_object();
	char end[300];

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		snprintf(end, sizeof(end), "%s_%s", row->cell[2], row->cell[1]);
		if (!json_object_get(ends, end) && json_object_set_new(ends, end, json_array()))
			return no_memory(err);
		if (json_array_append_new(json_object_get(ends, end), json_string(row->cell[0])))
			return no_memory(err);
	}
	*ret_table = steal_ptr(ends);
	return 0;
}

static int by_transport_and_port(const void *a, const void *b)
{
	const struct dict_row *x = *(struct dict_row *const *)a, *y = *(struct dict_row *const *)b;
	int order = strcmp(x->cell[1], y->cell[1]);
	unsigned long p = strtoul(x->cell[0], NULL, 10), q = strtoul(y->cell[0], NULL, 10);

	return order ? order : p < q ? -1 : p > q;
}

/* The number of a name in `names`, added when it is new. */
static int name_number(json_t *names, json_t *numbers, const struct dict_row *row, unsigned *ret,
		       struct err *err)
{
	json_t *number = json_object_get(numbers, row->cell[2]);

	if (!number) {
		if (json_array_size(names) == NAMES_MAX)
			return dict_row_error(row, err, "more than %d different names", NAMES_MAX);
		number = json_integer((json_int_t)json_array_size(names));
		if (json_object_set_new(numbers, row->cell[2], number) ||
		    json_array_append_new(names, json_string(row->cell[2])))
			return no_memory(err);
	}
	*ret = (unsigned)json_integer_value(number);
	return 0;
}

static int compile_services(const struct dict_rows *rows, json_t **ret_table, struct err *err)
{
	CLEANUP_FREE const struct dict_row **sorted = calloc(rows->n + 1, sizeof(*sorted));
	CLEANUP_JSON json_t *table = json_object(), *numbers = json_object();
	json_t *names = json_array();
	CLEANUP_BUF struct buf packed;
	size_t n = 0;

	buf_init(&packed, PACKED * 65536U);
	if (!sorted || json_object_set_new(table, "names", names))
		return no_memory(err);
	for (const struct dict_row *row = rows->row; row; row = row->hh.next)
		sorted[n++] = row;
	qsort(sorted, n, sizeof(*sorted), by_transport_and_port);
	for (size_t i = 0; i < n; i++) {
		const char *transport = sorted[i]->cell[1];
		char record[PACKED];
		unsigned number = 0;

		if (name_number(names, numbers, sorted[i], &number, err))
			return -1;
		dict_digits(record, 3, strtoul(sorted[i]->cell[0], NULL, 10));
		dict_digits(record + 3, 2, number);
		if (buf_add(&packed, record, PACKED))
			return no_memory(err);
		if (i + 1 < n && strcmp(sorted[i + 1]->cell[1], transport) == 0)
			continue;
		json_object_set_new(table, transport, json_stringn(packed.data, packed.len));
		buf_clear(&packed);
	}
	*ret_table = steal_ptr(table);
	return 0;
}

int dict_compile_simple(const struct dict_rows *rows, json_t **ret_table, struct err *err)
{
	switch (rows->kind->shape) {
	case DICT_LIST:
	case DICT_BITS:
		return compile_list(rows, ret_table, err);
	case DICT_MAP:
		return compile_map(rows, ret_table, err);
	case DICT_PATHS:
		return compile_paths(rows, ret_table, err);
	case DICT_ENDS:
		return compile_ends(rows, ret_table, err);
	case DICT_SERVICES:
		return compile_services(rows, ret_table, err);
	default:
		return err_set(err, EF_FAILED, "dictionary %s has no simple form",
			       rows->kind->name);
	}
}
