/* SPDX-License-Identifier: Apache-2.0
 * Tables and numbers for people. */
#ifndef EF_IMPORTER_TABLE_H
#define EF_IMPORTER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NUMBER_MAX 32

/* 1234567 -> "1,234,567", in `text` of NUMBER_MAX bytes; returns `text`. */
char *number_text(uint64_t n, char *text);

/* 1 and "flow" -> "1 flow", 1234 -> "1,234 flows"; `text` has PLURAL_MAX bytes. */
#define PLURAL_MAX 64
char *plural_text(uint64_t n, const char *one, char *text);

/* 1234567 -> "1.2 MB" (powers of 1000). */
char *bytes_text(uint64_t n, char *text);
/* 1234567 -> "1.2 Mbit/s". */
char *rate_text(uint64_t bits_per_second, char *text);

/* "2026-01-31 12:00:00Z", and how long ago when that is short; "never" for 0. `text` has WHEN_MAX
 * bytes; returns it. */
#define WHEN_MAX 64
char *when_text(uint64_t ms, char *text);

/* "2026-01-31 12:00Z", for what is not near; "never" for 0. `text` has WHEN_MAX bytes; returns
 * it. */
char *minute_text(uint64_t ms, char *text);

/* Characters (not bytes) that a UTF-8 text takes on a terminal, wide scripts aside. */
size_t text_width(const char *text);

/* Whether LC_ALL, LC_CTYPE or LANG (the first that is set) say UTF-8. */
bool text_unicode(void);

/* The same of a text as print_cell() shows it, which has "->" for an arrow where there is no
 * UTF-8. */
size_t cell_width(const char *text);

/* A column of plain text: `width` characters, cut with … (or ~) when longer; to the right when
 * `right`. */
void print_cell(FILE *out, const char *text, int width, int right);

#endif
