/* SPDX-License-Identifier: Apache-2.0
 * Rows of the dictionaries that are no prefixes: lists, maps, paths of fields, the packed table of
 * services. */
#ifndef EF_IMPORTER_DICT_SIMPLE_H
#define EF_IMPORTER_DICT_SIMPLE_H

#include <jansson.h>

#include "common/err.h"
#include "importer/dictionary/dict_rows.h"

/* LIST, BITS, MAP, PATHS, ENDS, SERVICES. A new reference. */
int dict_compile_simple(const struct dict_rows *rows, json_t **ret_table, struct err *err);

/* Of address-elements, for each end a list of alternatives: {"ip": [["sourceIPv4Address", …], …],
 * "mac": […]}. A new reference. */
int dict_compile_alternatives(const struct dict_rows *rows, json_t **ret_json, struct err *err);

/* The rows that a column marks: object, column 0 -> null for "yes", or the number that the cell
 * is. A new reference. */
int dict_compile_marks(const struct dict_rows *rows, int column, json_t **ret_marks,
		       struct err *err);

/* A cell as JSON of its column's type; a new reference, NULL when it is empty or memory is
 * short. */
json_t *dict_cell_json(const struct dict_column *column, const char *cell);
/* The cells that are no keys and not empty, as an object. */
json_t *dict_row_json(const struct dict_kind *kind, const struct dict_row *row);

#endif
