/* SPDX-License-Identifier: Apache-2.0
 * How two compiled tables differ, in rows: nobody reads 100,000 of them. */
#ifndef EF_IMPORTER_DICT_DELTA_H
#define EF_IMPORTER_DICT_DELTA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define DICT_DELTA_FROM 2000 /* bytes of JSON: less of it is read line by line */

/* `rows` of a table of addresses are its records: nested prefixes are several. */
struct dict_delta {
	size_t old_rows, new_rows;
	size_t added, removed, changed;
};

/* Whether a parameter of a script is a table that is too large to be read. */
bool dict_is_large(const json_t *value);

/* Of two values of the same parameter, compiled by dict_table() or put there by anybody. */
struct dict_delta dict_delta(const json_t *old, const json_t *new);

#endif
