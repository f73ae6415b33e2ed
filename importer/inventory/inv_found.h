/* SPDX-License-Identifier: Apache-2.0
 * What a source said: rows of the dictionaries that can be discovered, and what was left out. */
#ifndef EF_IMPORTER_INV_FOUND_H
#define EF_IMPORTER_INV_FOUND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "importer/dictionary/dict_rows.h"

#define INV_KINDS_MAX  8
#define INV_CELL_BYTES 256 /* of a name; more is cut */

struct inv_found {
	struct dict_rows rows[INV_KINDS_MAX]; /* of each kind that can be discovered */
	bool asked[INV_KINDS_MAX];            /* whether there was a table for it */
	size_t kinds;
	size_t seen;    /* rows, whatever became of them */
	size_t doubles; /* left out: another one of the same table has the key */
	size_t silent;  /* left out: without a key, or with nothing but a key */
	size_t wrong;   /* left out: `first` says why of the first one */
	struct err first;
	json_t *known; /* what tables remember for each other: name -> text -> text */
};

void inv_found_init(struct inv_found *found);
void inv_found_release(struct inv_found *found);

/* The rows of the kind; NULL: it cannot be discovered. */
struct dict_rows *inv_found_rows(struct inv_found *found, const struct dict_kind *kind);
void inv_found_ask(struct inv_found *found, const struct dict_kind *kind);

/* Foreign text made a cell: of one line, printable, with no blanks around it, of INV_CELL_BYTES at
 * most; "-", which would take a row away, is nothing. Changes and returns `text`. */
char *inv_cell_clean(char *text);

/* Adds a row of cleaned cells (one a column; "" where there is none), or counts why not. `table` is
 * where it is from, for messages: a row of a later table takes the place of an earlier one's, of
 * one table the first row counts. */
void inv_found_add(struct inv_found *found, const struct dict_kind *kind, const char *const *cells,
		   const char *table, unsigned line);
/* One that could not even be read. */
void inv_found_wrong(struct inv_found *found, const struct err *why);

/* EF_FAILED when most rows are wrong: it is something else than was meant. */
int inv_found_check(const struct inv_found *found, struct err *err);

#endif
