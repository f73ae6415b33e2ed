/* SPDX-License-Identifier: Apache-2.0
 * The one table of efctl's commands: dispatch, help, man page and completion all come from it. */
#ifndef EF_IMPORTER_COMMANDS_H
#define EF_IMPORTER_COMMANDS_H

#include <stddef.h>

#include "common/conf.h"
#include "importer/app.h"

/* Groups of settings that a command looks at: which ones its help shows. All of them are read always. */
enum {
	USES_SETUP = 1,
	USES_DICTIONARIES = 2,
	USES_CLUSTER = 4,
	USES_KIBANA = 8,
	USES_SHIP = 16,
	USES_LOG = 32,
};

struct command {
	const char *name;
	const char *args; /* operands in the usage line */
	const char *text; /* one line */
	command_run *run;
	unsigned uses;
	const struct opt *const *options; /* rows into struct flags, ends with NULL */
};

extern const struct command commands[];
extern const size_t commands_len;

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* cmd_*.c */
command_run cmd_assets, cmd_decode, cmd_dictionaries, cmd_doctor, cmd_export, cmd_remove,
    cmd_replay, cmd_setup, cmd_simulate, cmd_status, cmd_top, cmd_help, cmd_completion;

#endif
