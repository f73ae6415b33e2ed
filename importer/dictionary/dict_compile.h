/* SPDX-License-Identifier: Apache-2.0
 * Rows of a dictionary to the JSON that pipelines get. */
#ifndef EF_IMPORTER_DICT_COMPILE_H
#define EF_IMPORTER_DICT_COMPILE_H

#include <jansson.h>

#include "common/err.h"
#include "importer/dictionary/dict_rows.h"
#include "importer/dictionary/dict_table.h"

/* LIST, BITS, MAP, SERVICES. A new reference. */
int dict_compile_simple(const struct dict_rows *rows, json_t **ret_table, struct err *err);

/* ADDRESSES, APPLICATIONS, THREATS. `allow` (may be NULL) are rows whose prefixes have no value: threat-allow. */
int dict_compile_records(const struct dict_rows *rows, const struct dict_rows *allow,
			 struct dict_records *ret_records, struct err *err);

/* A cell as JSON of its column's type; a new reference, NULL when it is empty or memory is short. */
json_t *dict_cell_json(const struct dict_column *column, const char *cell);
/* The cells that are no keys and not empty, as an object. */
json_t *dict_row_json(const struct dict_kind *kind, const struct dict_row *row);

#endif
