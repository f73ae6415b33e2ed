/* SPDX-License-Identifier: Apache-2.0
 * What people and programs get to see on standard output and error. Names, reasons, descriptions:
 * what comes from a cluster, a feed or a device is kept as it came, and made fit to be shown here,
 * where it is shown. */
#ifndef EF_IMPORTER_PRINT_H
#define EF_IMPORTER_PRINT_H

#include <jansson.h>
#include <stdio.h>

/* Where a line of a terminal is written once more. */
#define PRINT_AGAIN "\r\033[K"
/* Where the whole screen is. */
#define PRINT_HOME "\033[H\033[J"

/* As fprintf(), as plain_text(): whatever the arguments hold, they neither steer the terminal nor
 * begin a line. The only ends of lines are those with which `fmt` begins and ends. */
void print_plain(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A text of several lines, as plain_lines(). */
void print_lines(FILE *out, const char *text);

/* JSON and an end of line; all that steers is escaped. `flags` are json_dumps()'s. */
void print_json(FILE *out, const json_t *json, size_t flags);

#endif
