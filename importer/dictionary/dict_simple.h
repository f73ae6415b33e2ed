/* SPDX-License-Identifier: Apache-2.0
 * Rows of the dictionaries that are no prefixes: lists, maps, paths of fields, the packed table of
 * services. */
#ifndef EF_IMPORTER_DICT_SIMPLE_H
#define EF_IMPORTER_DICT_SIMPLE_H

#include <jansson.h>

#include "common/err.h"
#include "importer/dictionary/dict_rows.h"

/* LIST, BITS, MAP, SERVICES. A new reference. */
int dict_compile_simple(const struct dict_rows *rows, json_t **ret_table, struct err *err);

/* A cell as JSON of its column's type; a new reference, NULL when it is empty or memory is
 * short. */
json_t *dict_cell_json(const struct dict_column *column, const char *cell);
/* The cells that are no keys and not empty, as an object. */
json_t *dict_row_json(const struct dict_kind *kind, const struct dict_row *row);

#endif
