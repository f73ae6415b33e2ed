/* SPDX-License-Identifier: Apache-2.0
 * Shows a ranking: as a table, as CSV, as JSON. */
#ifndef EF_IMPORTER_RANK_SHOW_H
#define EF_IMPORTER_RANK_SHOW_H

#include "importer/query/rank.h"
#include "importer/query/rows.h"

void rank_show(const struct rank *r, const struct rank_ask *ask, enum rows_format format);

/* The row's name for people, in `text` of SUBJECT_TEXT_MAX bytes; returns it. */
const char *rank_name(const struct rank_row *row, const struct subject *s, char *text);

/* What is known of the values that are not shown, as a sentence; the caller's. */
char *rank_proof(const struct rank *r, const struct rank_ask *ask);

#endif
