/* SPDX-License-Identifier: Apache-2.0
 * What efctl remove has to leave because something that stays needs it. */
#ifndef EF_IMPORTER_REMOVE_NEEDED_H
#define EF_IMPORTER_REMOVE_NEEDED_H

#include <jansson.h>

#include "common/err.h"

struct cluster;
struct es;

/*
 * `paths` is an array of {group, name, …}: assets (group is the name of their kind) and data that
 * are to be removed. Those that a template, pipeline or index that stays refers to are taken out,
 * and what those refer to, too. `ret_kept` gets {group, name, by} of each: `by` is a text such as
 * "index template mine".
 */
int remove_needed(struct es *es, const struct cluster *cluster, json_t *paths, json_t *ret_kept,
		  struct err *err);

#endif
