/* SPDX-License-Identifier: Apache-2.0
 * The one table of efctl's commands: dispatch, help, man page and completion all come from it. */
#ifndef EF_IMPORTER_COMMANDS_H
#define EF_IMPORTER_COMMANDS_H

#include <stddef.h>

#include "common/conf.h"
#include "importer/client/settings.h"

struct command {
	const char *name;
	const char *args; /* operands in the usage line */
	const char *text; /* one line */
	command_run *run;
	unsigned uses;
	bool remote;   /* it looks at other clusters, too (kibana.remote) */
	bool no_empty; /* it destroys: no empty flag is taken for the wish for a default */
	const struct opt *const *options; /* rows into struct flags, ends with NULL */
};

extern const struct command commands[];
extern const size_t commands_len;

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* cmd_*.c */
command_run cmd_capture, cmd_inventory;
command_run cmd_assets, cmd_decode, cmd_dictionaries, cmd_doctor, cmd_export, cmd_flows, cmd_keys,
    cmd_remove, cmd_replay, cmd_report, cmd_series, cmd_setup, cmd_simulate, cmd_status, cmd_top,
    cmd_help, cmd_completion;

#endif
