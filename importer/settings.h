/* SPDX-License-Identifier: Apache-2.0
 * The option tables of efctl: those it shares with efd, `setup:`, and the flags of the command at hand. */
#ifndef EF_IMPORTER_SETTINGS_H
#define EF_IMPORTER_SETTINGS_H

#include <jansson.h>

#include "common/conf.h"
#include "importer/commands.h"

#define EFCTL_CONFIG     "/etc/efd/efctl.yml"
#define COMMAND_ROWS_MAX 16

struct settings_tables {
	struct opt rows[COMMAND_ROWS_MAX]; /* of the command, and --json */
	struct opt_table table[7];
	unsigned group[7]; /* USES_… of each, 0: of every command */
	size_t n;
};

/* The tables that apply to `command` (NULL: those every command has), filling `app`. */
void settings_tables(struct app *app, const struct command *command,
		     struct settings_tables *ret_tables);

/* What must fit together across options. */
int settings_check(struct app *app, struct err *err);

/* Every ${variable} that assets may use: the rows of `setup:` by their last word, and the namespace. The caller's. */
json_t *settings_variables(const struct app *app);

#endif
