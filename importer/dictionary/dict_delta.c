/* SPDX-License-Identifier: Apache-2.0
 * How two compiled tables differ, in rows: nobody reads 100,000 of them. */
#include "importer/dictionary/dict_delta.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/canon.h"
#include "importer/dictionary/dict_pack.h"
#include "importer/dictionary/dict_table.h"

#define SERVICE 5U /* bytes of a record of `services`: port, name */

/* A key that is no UTF-8 is nobody's: it is not noted. */
static void note_row(void *arg, const char *key, json_t *row)
{
	json_object_set(arg, key, row);
}

/* `services`: strings of records, one a transport, and the list of names beside them. */
static void service_rows(const json_t *table, json_t *rows)
{
	const char *transport;
	json_t *records, *names = json_object_get(table, "names");
	json_object_foreach ((json_t *)table, transport, records) {
		const char *text = json_string_value(records);
		for (size_t i = 0; text && i + SERVICE <= json_string_length(records);
		     i += SERVICE) {
			char key[200];
			json_t *name = json_array_get(names, dict_value(text, i + 3, 2));
			snprintf(key, sizeof(key), "%.100s %.3s", transport, text + i);
			if (name)
				note_row(rows, key, name);
		}
	}
}

static void list_rows(const json_t *list, json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach (list, i, row) {
		char key[24];
		snprintf(key, sizeof(key), "%zu", i);
		if (!json_is_null(row))
			note_row(rows, key, row);
	}
}

/* {where a row is: what it says}. */
static json_t *rows_of(const json_t *table)
{
	json_t *rows = json_object();
	if (json_is_array(table))
		list_rows(table, rows);
	else if (json_is_integer(json_object_get(table, "width")))
		dict_table_each(table, note_row, rows);
	else if (json_is_array(json_object_get(table, "names")))
		service_rows(table, rows);
	else if (json_is_object(table))
		json_object_update(rows, (json_t *)table);
	return rows;
}

bool dict_is_large(const json_t *value)
{
	if (!json_is_object(value) && !json_is_array(value))
		return false;
	CLEANUP_FREE char *text = canon_text(value);
	return text && strlen(text) > DICT_DELTA_FROM;
}

struct dict_delta dict_delta(const json_t *old, const json_t *new)
{
	struct dict_delta d = { 0 };
	const char *key;
	json_t *row;
	CLEANUP_JSON json_t *before = rows_of(old), *after = rows_of(new);
	d.old_rows = json_object_size(before);
	d.new_rows = json_object_size(after);
	json_object_foreach (after, key, row) {
		const json_t *was = json_object_get(before, key);
		d.added += !was;
		d.changed += was && !json_equal(was, row);
	}
	d.removed = d.old_rows - (d.new_rows - d.added);
	return d;
}
