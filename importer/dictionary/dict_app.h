/* SPDX-License-Identifier: Apache-2.0
 * Dictionaries in efctl: their options, and their pipelines in the plan and on the cluster. */
#ifndef EF_IMPORTER_DICT_APP_H
#define EF_IMPORTER_DICT_APP_H

#include "importer/app.h"
#include "importer/dictionary/dict.h"

struct es;

#define DICT_DIR      "/etc/efd/dictionaries"
#define DICT_GRACE_MS 2000U

struct opt_table dictionary_options(struct dictionary_settings *s);

/* The directory of the user's files: NULL when it is the preset one and does not exist. */
const char *dict_dir(const struct app *app);

/* The defaults and the directory of the settings. */
int dict_open(const struct app *app, struct dict_set **ret_set, struct err *err);

/*
 * Deletes the dictionary pipelines of ours on the cluster that the set does not need any more. Call it when nothing refers to
 * them; it waits `grace_ms` for documents that are on their way when there is anything to delete.
 */
int dict_prune(struct es *es, struct dict_set *set, unsigned grace_ms, size_t *ret_removed,
	       struct err *err);

#endif
