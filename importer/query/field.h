/* SPDX-License-Identifier: Apache-2.0
 * Fields of a document: what asking for one costs. */
#ifndef EF_IMPORTER_FIELD_H
#define EF_IMPORTER_FIELD_H

#include <stdbool.h>

#include "importer/query/filter.h"

/* Whether a word may be the name of a field: names joined by dots, and no address. */
bool field_can_be(const char *word);

/* What a term on it costs; a field that our words do not use counts as FILTER_VALUES. */
enum filter_cost field_cost(const char *field);

/* The fields that have an index, of those that our words use; ends with NULL. The template of the
 * mappings says the same. */
extern const char *const field_indexed[];

#endif
