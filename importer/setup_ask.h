/* SPDX-License-Identifier: Apache-2.0
 * Whether efctl setup may go on: what would be replaced or deleted of the user's, and who says
 * so. */
#ifndef EF_IMPORTER_SETUP_ASK_H
#define EF_IMPORTER_SETUP_ASK_H

#include <stdbool.h>

#include "importer/setup.h"

/* Whether this run is to write, not only to look. */
bool setup_writes(const struct app *app);

/* Whether anything is not as setup would have it, kept or not. */
bool setup_differs(const struct plan *p);

/* Whether somebody is there to be asked. */
bool setup_asks(const struct app *app);

/* Whether applying would change anything. */
bool setup_changes(const struct install *in, const struct app *app, const struct outcome *o);

/* Whether the cluster would not take documents, or not as they should be: what was found. */
bool setup_without_effect(const struct outcome *o);

/* EF_USAGE where nobody's yes helps: a newer version, tables that would be lost; or where nobody
 * can say it to what was found out of an installation without a record. */
int setup_forbidden(const struct install *in, const struct app *app, const struct outcome *o,
		    struct err *err);

/*
 * 0: go on. On a terminal the person is asked, unless nothing would change. Without one it goes on
 * where nothing of the user's is replaced or deleted, else EF_USAGE; a "no" is EF_FAILED. --yes
 * goes on.
 */
int setup_ask(struct install *in, const struct app *app, const struct outcome *o, struct err *err);

#endif
