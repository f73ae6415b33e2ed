/* SPDX-License-Identifier: Apache-2.0
 * Fields of a document: which there are, of what type, and what asking for one costs. */
#ifndef EF_IMPORTER_FIELD_H
#define EF_IMPORTER_FIELD_H

#include <jansson.h>
#include <stdbool.h>

#include "importer/query/filter.h"

/* How values of a field are written. */
enum field_kind {
	FIELD_UNKNOWN, /* there is no such field */
	FIELD_TEXT,    /* and all that is none of the following */
	FIELD_WHOLE,   /* a number */
	FIELD_REAL,    /* the same with parts */
	FIELD_ADDRESS,
	FIELD_DATE,
	FIELD_TRUE,   /* or false */
	FIELD_FOLDER, /* an object: it has fields and no value */
};

/* Of `field`; `types` has those of a cluster: name to "keyword", "ip", "long", … NULL: the mapping
 * of our template says it. What is in a flattened field is a text. */
enum field_kind field_kind_of(const json_t *types, const char *field);

/* What is wrong with `field`, of type FIELD_FOLDER or FIELD_UNKNOWN, behind "'…'" or "this": "is no
 * field of a record; did you mean 'source.ip'?" */
#define FIELD_WRONG_TEXT 200
const char *field_wrong(const char *field, enum field_kind type, char text[FIELD_WRONG_TEXT]);

/* Whether a word may be the name of a field: names joined by dots, and no address. */
bool field_can_be(const char *word);

/* What a term on it costs; a field that our words do not use counts as FILTER_VALUES. */
enum filter_cost field_cost(const char *field);

/* The fields that have an index, of those that our words use; ends with NULL. The template of the
 * mappings says the same. */
extern const char *const field_indexed[];

#endif
