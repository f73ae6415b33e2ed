/* SPDX-License-Identifier: Apache-2.0
 * The values of some fields of a document, found in its text: nothing is made of the others. */
#ifndef EF_IMPORTER_PICK_H
#define EF_IMPORTER_PICK_H

#include <stddef.h>

struct picker;

/* A value as it stands in the text: JSON; NULL where the document has none. */
struct picked {
	const char *json;
	size_t len;
};

/* For `n` fields by their dotted names, borrowed; a name may be there twice. */
struct picker *picker_new(const char *const *fields, size_t n);
void picker_free(struct picker *p);

/*
 * Fills `ret`, of as many as there are fields, from a document without blanks as hits_text() gives
 * it (importer/query/hits.h); other octets make it find nothing sensible, and read nothing behind
 * them. Names are compared as they are written: engines write ours without escapes. Of a repeated
 * member the last one counts; a name with dots that is one member is found where there is no object
 * of that name.
 */
void picker_read(const struct picker *p, const char *json, size_t len, struct picked *ret);

#endif
