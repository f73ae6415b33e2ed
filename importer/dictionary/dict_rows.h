/* SPDX-License-Identifier: Apache-2.0
 * The rows of a dictionary: CSV text checked cell by cell, one source laid over the other by key.
 *
 * Every cell is kept in one spelling (numbers without leading zeros, prefixes and MACs canonical,
 * words in lower case), so equal keys are equal texts. Errors are "file:line: …". */
#ifndef EF_IMPORTER_DICT_ROWS_H
#define EF_IMPORTER_DICT_ROWS_H

#include <stddef.h>

#include "common/err.h"
#include "importer/core/memory.h"
#include "importer/dictionary/dict_kind.h"

#define DICT_ROWS_MAX 2000000U /* in one dictionary */

/* What a row is laid over is of a layer before it. */
enum dict_layer {
	DICT_SHIPPED,    /* in efctl itself */
	DICT_FEED,       /* downloaded */
	DICT_DISCOVERED, /* by `efctl inventory` */
	DICT_OWN,        /* written by the user */
};

struct dict_row {
	char *cell[DICT_COLUMNS_MAX]; /* by the kind's columns; never NULL */
	char *key;                    /* the key cells, '\n' between them */
	const char *origin;           /* file, for messages; lives as long as the rows */
	unsigned line;
	unsigned source; /* which call of dict_rows_read() it came with, from 1 */
	enum dict_layer layer;
	UT_hash_handle hh;
};

struct dict_rows {
	const struct dict_kind *kind;
	struct dict_row *row; /* hash over `key`; hh.next walks in the order of first appearance */
	size_t n;
	unsigned sources;
	char **origin;         /* copies of the names, one a source */
	enum dict_layer layer; /* of the rows that are read next */
};

void dict_rows_init(struct dict_rows *rows, const struct dict_kind *kind);
void dict_rows_release(struct dict_rows *rows);

/*
 * Adds the rows of `len` bytes of CSV text. Rows of an earlier source with the same key are
 * replaced; within one source a key may occur once. A row whose first column that is no key is "-"
 * removes what was there. On failure some rows may have been added.
 */
int dict_rows_read(struct dict_rows *rows, const char *text, size_t len, const char *origin,
		   struct err *err);

/* The same for a file; 1 when it does not exist, which is no error. */
int dict_rows_read_file(struct dict_rows *rows, const char *path, struct err *err);

/* Adds or replaces one row from `cells` (kind->columns texts, checked like those of a file). */
int dict_rows_add(struct dict_rows *rows, const char *const *cells, const char *origin,
		  unsigned line, struct err *err);

/* The row with the key of `cells`; NULL: there is none, or they have no key. */
const struct dict_row *dict_rows_find(const struct dict_rows *rows, const char *const *cells);

/* "shipped", "feed", "discovered", "yours". */
const char *dict_layer_name(enum dict_layer layer);

/* "file:line: message"; always -1. */
int dict_row_error(const struct dict_row *row, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
