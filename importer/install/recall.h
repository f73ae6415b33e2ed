/* SPDX-License-Identifier: Apache-2.0
 * The user's tables of an installation whose record got lost: what they were, and where they came
 * from, by the copy of it in a component template. */
#ifndef EF_IMPORTER_RECALL_H
#define EF_IMPORTER_RECALL_H

#include <jansson.h>

#include "importer/record/record.h"

struct es;

/* What the component template NAMES_COPY tells of the user's tables: the record's `dictionaries`
 * without where their copies are. The caller's. */
json_t *recall_note(const struct record *r);

/* Where no record was found: puts what that template tells into `r`, so that the tables are looked
 * for where they were. Nothing where it tells nothing, or does not answer. */
void recall_tables(struct es *es, struct record *r);

/* The directory that the tables came from, if anything tells, as a shell takes it; else "DIR". In
 * `ret_text` (ADVICE_MAX bytes), which is returned. */
const char *recall_dir(const struct record *r, char *ret_text);

#endif
