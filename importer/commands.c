/* SPDX-License-Identifier: Apache-2.0
 * The one table of efctl's commands: dispatch, help, man page and completion all come from it. */
#include "importer/commands.h"

#include <string.h>

#define ROW(field, kind, name_, preset_, arg_, help_)                                    \
	static const struct opt opt_##field = { .name = name_,                           \
						.type = kind,                            \
						.offset = offsetof(struct flags, field), \
						.preset = preset_,                       \
						.arg = arg_,                             \
						.flag_only = true,                       \
						.help = help_ }

ROW(write, OPT_TEXT, "write", NULL, "DIR", "Write the files below DIR.");

#define ROWS(...)                   \
	(const struct opt *const[]) \
	{                           \
		__VA_ARGS__, NULL   \
	}
#define NO_ROWS                     \
	(const struct opt *const[]) \
	{                           \
		NULL                \
	}

const struct command commands[] = {
	{ .name = "assets",
	  .args = "[PATH…]",
	  .run = cmd_assets,
	  .text = "List, print or write the embedded templates, pipelines and dashboards",
	  .options = ROWS(&opt_write) },
	{ .name = "completion",
	  .args = "",
	  .run = cmd_completion,
	  .text = "Print completion for bash",
	  .options = NO_ROWS },
	{ .name = "help",
	  .args = "[COMMAND]",
	  .run = cmd_help,
	  .text = "Explain a command and its options",
	  .options = NO_ROWS },
};
const size_t commands_len = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < commands_len; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
