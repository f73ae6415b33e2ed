/* SPDX-License-Identifier: Apache-2.0
 * Rows of other people's files as CSV: each key once, and nothing that no dictionary takes. */
#ifndef EF_IMPORTER_IMPORT_ROW_H
#define EF_IMPORTER_IMPORT_ROW_H

#include <jansson.h>
#include <stdio.h>

#include "common/err.h"

/* Where rows go: CSV on `out`, each key once (the first one counts). */
struct import {
	FILE *out;
	json_t *seen;   /* keys that were written */
	size_t rows;    /* written */
	size_t skipped; /* lines that could not be used, or keys that were there */
};

/* One row; `cells[0]` is the key. One whose key was there, or that is no UTF-8, is left out and
 * counted. */
int import_row(struct import *im, const char *const *cells, size_t n, struct err *err);

/* A cell, quoted where it has to be. A control character, which no dictionary takes, becomes a
 * blank. */
void import_cell(FILE *out, const char *cell);

#endif
