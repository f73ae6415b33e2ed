/* SPDX-License-Identifier: Apache-2.0
 * Dictionaries in efctl: their options, and the set that the settings mean. */
#ifndef EF_IMPORTER_DICT_APP_H
#define EF_IMPORTER_DICT_APP_H

#include "importer/client/app.h"
#include "importer/dictionary/dict.h"

/* In the folder of the settings. */
#define DICT_DIR       "dictionaries"
#define INVENTORY_FILE "inventory.yml"

struct opt_table dictionary_options(struct dictionary_settings *s);

/* The directory of the user's files: NULL when it is the usual one and does not exist. */
const char *dict_dir(const struct app *app);

/* The defaults and the directory of the settings. */
int dict_open(const struct app *app, struct dict_set **ret_set, struct err *err);

#endif
