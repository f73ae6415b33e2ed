/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds: a verdict and a sentence for people, collected in a list. */
#ifndef EF_IMPORTER_FINDING_H
#define EF_IMPORTER_FINDING_H

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* UNKNOWN: could not be asked, which is not the same as fine. */
enum finding { FINE, ODD, UNKNOWN, BAD };

/* Appends {"result", "text"} to `list`; the results are "ok", "note", "unknown" and "problem". */
void finding_add(json_t *list, enum finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void finding_add_list(json_t *list, enum finding finding, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* How many of them are BAD. */
size_t findings_bad(const json_t *list);

/* The text of the first BAD one, borrowed, or NULL. */
const char *findings_first_bad(const json_t *list);

/* Prints those from number `from` on (`out` NULL: nothing); how many of them are BAD. */
size_t findings_print(FILE *out, const json_t *list, size_t from);

#endif
