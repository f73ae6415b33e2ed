/* SPDX-License-Identifier: Apache-2.0
 * Questions about fields that the installation leaves empty: told beside the answer. */
#ifndef EF_IMPORTER_LEFT_EMPTY_H
#define EF_IMPORTER_LEFT_EMPTY_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/client/app.h"
#include "importer/query/dimension.h"

struct es;

#define LEFT_EMPTY_TEXT 400

/*
 * The line about the first of `fields` (an array of names) that documents lack by the options of a
 * record ({"setup.profile": "lean"}), in `text`; false where all are kept.
 */
bool left_empty(const struct assets *assets, const json_t *options, const json_t *fields,
		char text[LEFT_EMPTY_TEXT]);

/* Appends to `fields` the names of those that a query (query DSL) asks. */
void left_empty_asked(const json_t *query, json_t *fields);
/* The same for what is ranked. */
void left_empty_ranked(const struct subject *subject, json_t *fields);

/* The options that the installation has recorded, for all of these; the caller's. NULL: its record
 * is not there, or not for this user, and nothing is said. */
json_t *left_empty_options(struct es *es);

/* That line for a query, and for what is ranked (NULL: neither). */
bool left_empty_of(const struct app *app, const json_t *options, const json_t *query,
		   const struct subject *subject, char text[LEFT_EMPTY_TEXT]);

/* Prints it to standard error, if there is one. */
void left_empty_say(const struct app *app, struct es *es, const json_t *query,
		    const struct subject *subject);

#endif
