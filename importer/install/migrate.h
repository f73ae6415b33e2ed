/* SPDX-License-Identifier: Apache-2.0
 * An installation without a record gets one: what it was made with is found out and
 * shown.
 */
#ifndef EF_IMPORTER_MIGRATE_H
#define EF_IMPORTER_MIGRATE_H

#include <jansson.h>
#include <stdio.h>

#include "common/err.h"
#include "importer/client/app.h"

struct install;

/* Appends to `found` the options that the installation was made with (see installed.h), and takes
 * them, and its namespaces, for what is wanted; a note says which options
 * cannot be found out. Nothing where there is a record, or no installation.
 * `in` has its plan. */
int migrate_find(struct install *in, struct app *app, json_t *found, struct err *err);

void migrate_print(FILE *to, const json_t *found);

#endif
