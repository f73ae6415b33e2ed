/* SPDX-License-Identifier: Apache-2.0
 * Kibana saved objects: from a readable JSON tree to the strings inside strings that Kibana wants,
 * and back. */
#ifndef EF_IMPORTER_FOLD_H
#define EF_IMPORTER_FOLD_H

#include <jansson.h>
#include <stdbool.h>

#include "importer/assets/canon.h"

/*
 * The fold rule: a member whose name ends in "JSON", or is one of fieldFormatMap, fieldAttrs,
 * typeMeta, sourceFilters, runtimeFieldMap or (Vega's) spec, and whose value is an object or an
 * array, becomes its compact JSON text, innermost first. "fields" is not in the list: Vega
 * transforms use that name for a plain array.
 */
bool fold_is_text(const char *name);

/* Folds / unfolds the tree in place. Text that is no JSON (a Vega spec in Hjson, say) stays
 * text. */
void fold(json_t *tree);
void unfold(json_t *tree);

/*
 * Brings an exported object into the form that is kept in files: unfolded, and without what Kibana
 * adds of its own (version, time stamps, name spaces). The marks of migrations stay, Kibana needs
 * them to import the file again.
 */
void fold_normalise(json_t *object);

/* Takes the marks of migrations away, which change with every Kibana. */
void fold_drop_marks(json_t *object);

/* The hash that objects are compared by: without the marks of migrations, which change with every
 * Kibana. */
void fold_hash(const json_t *object, char ret_hash[CANON_HASH_MAX]);

#endif
