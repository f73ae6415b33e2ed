/* SPDX-License-Identifier: Apache-2.0
 * Rows of figures for people and for programs: cells that fit, CSV (RFC 4180), and the width of the
 * terminal. */
#ifndef EF_IMPORTER_ROWS_H
#define EF_IMPORTER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --format. */
enum rows_format { ROWS_TABLE, ROWS_CSV, ROWS_JSON };
extern const char *const rows_format_names[]; /* ends with NULL */

/* Columns of the terminal that standard output is, or $COLUMNS; else `otherwise`. */
size_t rows_width(size_t otherwise);

/* A cell of CSV, in quotes where it needs them, with a comma before it unless it is the first. What
 * would steer a terminal is '?' wherever it goes: a file is looked at on one, too. Lines end with
 * LF, as tools of the terminal want it, and readers of RFC 4180 take it. */
void rows_csv_text(FILE *out, const char *text, bool first);
/* The same of `len` octets in which nothing steers, and no quotes or ends of lines are. */
void rows_csv_plain(FILE *out, const char *text, size_t len, bool first);
void rows_csv_number(FILE *out, uint64_t n, bool first);

/* "2026-01-31 13:00 CET": in the zone of this process (TZ), in `text` of WHEN_MAX bytes
 * (core/table.h); returns it. */
const char *local_time_text(uint64_t ms, char *text);

#endif
