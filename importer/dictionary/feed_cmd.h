/* SPDX-License-Identifier: Apache-2.0
 * efctl dictionaries feeds and update: what feeds there are, and the download of those that are
 * switched on. */
#ifndef EF_IMPORTER_FEED_CMD_H
#define EF_IMPORTER_FEED_CMD_H

#include <jansson.h>

#include "importer/client/app.h"

/* Operands after the action are names of feeds (update: only these, and without waiting for their
 * interval). */
command_run feeds_list, feeds_update;

struct dict_set;

/* For setup, before it plans: checks setup.feeds where somebody named it. Where nobody ever did it
 * asks with `ask`; else `notes` gets how they are chosen. */
int feeds_offer(struct app *app, struct dict_set *set, bool ask, json_t *notes, struct err *err);

/* Appends to `notes` what is remembered of setup.feeds and names no feed: a later list may have it
 * no more, or it was one of another host's own. */
int feeds_note_gone(const struct app *app, struct dict_set *set, json_t *notes, struct err *err);

#endif
