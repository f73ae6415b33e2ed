/* SPDX-License-Identifier: Apache-2.0
 * The settings of `setup:`, what assets get of them, and whether somebody named an option. */
#ifndef EF_IMPORTER_SETTINGS_H
#define EF_IMPORTER_SETTINGS_H

#include <jansson.h>

#include "common/conf.h"
#include "importer/client/app.h"

/* Groups of settings that a command looks at: which ones its help shows. All of them are read
 * always. */
enum {
	USES_SETUP = 1,
	USES_DICTIONARIES = 2,
	USES_CLUSTER = 4,
	USES_KIBANA = 8,
	USES_SHIP = 16,
	USES_LOG = 32,
};

#define COMMAND_ROWS_MAX 16

struct settings_tables {
	struct opt rows[COMMAND_ROWS_MAX]; /* of the command, and --json */
	struct opt_table table[7];
	uint64_t named[7]; /* of each: which of its rows were named */
	unsigned group[7]; /* USES_… of each, 0: of every command */
	size_t n;
};

struct opt_table setup_options(struct setup_settings *s);

/* Whether the option (by its name in the settings file) was named by the file, the environment or
 * the command line. */
bool settings_named(const struct app *app, const char *option);

/* Every ${variable} that assets may use: the rows of `setup:` by their last word, and the
 * namespace. The caller's. */
json_t *settings_variables(const struct app *app);

/* What setup.profile is a number of; ends with NULL. */
extern const char *const profile_names[];

#endif
