/* SPDX-License-Identifier: Apache-2.0
 * Reads a table from a CSV file row by row, with the file and line in every error.
 *
 * RFC 4180 quoting inside one line (no line breaks in a cell), UTF-8, LF or CRLF. Empty lines and
 * lines that start with '#' are passed over. The first other line must be the header that the
 * caller expects, column for column. */
#ifndef EF_COMMON_CSV_H
#define EF_COMMON_CSV_H

#include <stddef.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/err.h"

#define CSV_COLUMNS_MAX 16
#define CSV_LINE_MAX    65536 /* octets; a longer line is an error, not a cut */

struct csv {
	char *cell
	    [CSV_COLUMNS_MAX]; /* of the current row, NUL-terminated, valid until the next call */
	int columns;           /* as many as the header has */
	unsigned line;         /* number of the current row's line, from 1 */
	const char *path;      /* borrowed from the caller */
	FILE *file;
	char *text;
	size_t room;
};

/* Open `path` and check its header ("id,name,type"). `path` must outlive `c`. 0, or -1 with `err`;
 * after either one csv_close() is fine. */
int csv_open(struct csv *c, const char *path, const char *header, struct err *err);

/* The next row: 1 with `cell` filled, 0 at the end, -1 with `err` (file:line: what is wrong). */
int csv_next(struct csv *c, struct err *err);

/* Fill `err` with "file:line: message" for the current row; always -1. */
int csv_error(const struct csv *c, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A cell that must be a decimal number up to `max`; -1 with `err` otherwise. */
int csv_number(const struct csv *c, int column, unsigned long max, unsigned long *ret_number,
	       struct err *err);

void csv_close(struct csv *c);

/* Split one line (without its line end) in place into at most `max` cells. The number of cells, or
 * -1 when a quote is not closed, text follows a closing quote, or there are more than `max`
 * cells. */
int csv_split(char *line, char *cell[], int max);

/* Adds `text` in quotes, as one cell. -1 where `out` is full. */
int csv_add_quoted(struct buf *out, const char *text);

#endif
