/* SPDX-License-Identifier: Apache-2.0
 * Records to the strings and rows of a table, and the reading of them: the layout in
 * docs/dictionaries.md. */
#ifndef EF_IMPORTER_DICT_PACK_H
#define EF_IMPORTER_DICT_PACK_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "importer/dictionary/dict_table.h"

/*
 * The table of records `from` up to `to`; `own` (may be NULL) is the member of the values that is
 * kept apart. A family whose last record in the slice is not its last at all is closed where the
 * next slice begins.
 */
int dict_records_table(const struct dict_records *records, size_t from, size_t to, const char *own,
		       json_t **ret_table, struct err *err);

/* Appends `count` digits of base 85 of `value`; `out` has room. */
void dict_digits(char *out, unsigned count, dict_address value);
/* The value of the `count` digits at `text` + `at`. */
uint32_t dict_value(const char *text, size_t at, unsigned count);
/* The key of an address: digits and a NUL, 21 bytes at most. */
void dict_key(enum dict_family family, dict_address address, char *ret_key);

/* The number in table.rows that holds for an address, or -1: what table_find() in lookup.painless
 * does. */
long dict_table_find(const json_t *table, enum dict_family family, dict_address address);
/* The row itself, as table_row() gives it: a new reference, NULL when there is none. */
json_t *dict_table_row(const json_t *table, enum dict_family family, dict_address address);

/*
 * Calls `each` for every record of a table that holds something: `key` is its family and where it
 * begins, `row` is borrowed. The table may be anybody's JSON: what is none is passed over.
 */
typedef void dict_row_fn(void *arg, const char *key, json_t *row);
void dict_table_each(const json_t *table, dict_row_fn *each, void *arg);

#endif
