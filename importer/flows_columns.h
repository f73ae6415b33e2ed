/* SPDX-License-Identifier: Apache-2.0
 * Columns of efctl flows: what of a record stands in each, as text. */
#ifndef EF_IMPORTER_FLOWS_COLUMNS_H
#define EF_IMPORTER_FLOWS_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define FLOWS_COLUMNS_MAX 64
#define FLOWS_FIELDS      4
#define FLOWS_TEXT_MAX    400 /* bytes of a cell of a table */

struct flows_column {
	const char *title;
	/* the cell of `doc` in `text`, which is returned; NULL: the value of the
   * first field */
	const char *(*text)(const json_t *doc, char text[FLOWS_TEXT_MAX]);
	const char *fields[FLOWS_FIELDS]; /* that it needs */
	bool right;                       /* numbers */
	bool wide;                        /* only with --wide */
	int spare; /* columns that are left out where the terminal is narrow: the
                highest first */
};

/* Those of a table, ends with a title that is NULL. */
extern const struct flows_column flows_table[];
/* Fields of a CSV file, ends with NULL. */
extern const char *const flows_csv[];

/* The field that a word of --sort means: bytes, packets, duration, time, or
 * itself. */
const char *flows_sort_field(const char *word);

/* A member of a document by its dotted name, also where a name with dots is a
 * member; or NULL. */
const json_t *flows_value(const json_t *doc, const char *field);

/* A value as text: several with blanks between them, an object as JSON. The
 * caller's. */
char *flows_value_text(const json_t *value);

#endif
