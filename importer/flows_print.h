/* SPDX-License-Identifier: Apache-2.0
 * Records as text: a table for a terminal, CSV, JSON, NDJSON. */
#ifndef EF_IMPORTER_FLOWS_PRINT_H
#define EF_IMPORTER_FLOWS_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/query/pages.h"

enum flows_format { FLOWS_TABLE, FLOWS_CSV, FLOWS_JSON, FLOWS_NDJSON };
extern const char *const flows_formats[]; /* ends with NULL */

struct flows_printer;

/*
 * `fields` are those that are wanted; none: as the format has them. A table on
 * a terminal of `width` columns (0: any) leaves out what does not fit, unless
 * `wide`. The caller's.
 */
struct flows_printer *flows_printer_new(enum flows_format format, const struct strlist *fields,
					bool wide, int width);
void flows_printer_free(struct flows_printer *printer);

/* Array of the fields that it needs of each document, the caller's; NULL: all.
 */
json_t *flows_printer_fields(const struct flows_printer *printer);

/* The records of one page, in front of them what has to stand before the first. Returns how many
 * were printed: fewer than `n`, and `err`, where the next one cannot be read. */
size_t flows_print(struct flows_printer *printer, FILE *out, const struct pages_record *records,
		   size_t n, struct err *err);

/* What has to stand behind the last. */
void flows_print_end(struct flows_printer *printer, FILE *out);

#endif
