/* SPDX-License-Identifier: Apache-2.0
 * What an installation without a record was made with, as far as its assets tell: an earlier efctl
 * kept none, or it got lost.
 */
#ifndef EF_IMPORTER_INSTALLED_H
#define EF_IMPORTER_INSTALLED_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct app;
struct install;

/*
 * Compares what is installed with what the plan would write there. Appends to `ret_list` an object
 * {option, installed, wanted, keep, change} for each option whose value would change and that
 * neither the command line, nor the environment, nor the configuration file names; `keep` and
 * `change` are what to give. Of the user's tables only the names are found.
 */
int installed_find(const struct install *in, const struct app *app, json_t *ret_list,
		   struct err *err);

/* Takes what was found for what is wanted, into `app` and the record: 1 where that changes the
 * plan, 0, or -1. Tables cannot be taken over: see installed_lost(). */
int installed_adopt(struct install *in, struct app *app, const json_t *list, struct err *err);

/* Whether tables of the user's are among what was found. */
bool installed_has_tables(const json_t *list);

/* EF_USAGE where tables of the user's would give way to the shipped ones; 0 else. */
int installed_lost(const struct install *in, const struct app *app, const json_t *list,
		   struct err *err);

/* EF_USAGE that tells all of it, for a run that nobody can be asked about; 0 when there is nothing.
 */
int installed_refuse(const struct install *in, const struct app *app, const json_t *list,
		     struct err *err);

#endif
