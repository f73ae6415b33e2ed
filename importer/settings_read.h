/* SPDX-License-Identifier: Apache-2.0
 * The option tables of a command: those that efctl shares with efd, its own, and the flags of the
 * command at hand; and their reading. */
#ifndef EF_IMPORTER_SETTINGS_READ_H
#define EF_IMPORTER_SETTINGS_READ_H

#include "importer/client/settings.h"
#include "importer/commands.h"

#define EFCTL_CONFIG "efctl.yml" /* in the folder of the settings */

/* The tables that apply to `command` (NULL: those every command has), filling `app` and what
 * `app->ship` points to. */
void settings_tables(struct app *app, const struct command *command,
		     struct settings_tables *ret_tables);

/* Reads the settings: of efd's connection (never who efd is at the cluster), efctl's own file, the
 * environment and the command line, the later one wins. */
int settings_read(struct app *app, const struct settings_tables *tables, int argc, char **argv,
		  char *ret_shown, struct err *err);

/* What must fit together across options. */
int settings_check(struct app *app, struct err *err);

#endif
