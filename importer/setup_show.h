/* SPDX-License-Identifier: Apache-2.0
 * What efctl setup would do, did, and did not get done: as text for people, as JSON for
 * programs. */
#ifndef EF_IMPORTER_SETUP_SHOW_H
#define EF_IMPORTER_SETUP_SHOW_H

#include <stdio.h>

#include "importer/setup.h"

/* Before anything is written: options, assets, key, connection, and what follows from it. */
void setup_show_plan(FILE *out, const struct install *in, const struct app *app,
		     const struct outcome *o);
/* Afterwards: what became of it, and what is left to do by hand. */
void setup_show_done(FILE *out, const struct install *in, const struct app *app,
		     const struct outcome *o);
/* After a failure: what is applied and what is not. */
void setup_show_stopped(FILE *out, const struct install *in, const struct app *app,
			const struct outcome *o);
/* All of it as one JSON document on standard output. */
int setup_show_json(const struct install *in, const struct app *app, const struct outcome *o,
		    struct err *err);

#endif
