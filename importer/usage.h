/* SPDX-License-Identifier: Apache-2.0
 * Help, man page and shell completion, printed from the table of commands and the tables of
 * options. */
#ifndef EF_IMPORTER_USAGE_H
#define EF_IMPORTER_USAGE_H

#include <stdio.h>

#include "importer/commands.h"

void usage_program(FILE *out);
void usage_command(FILE *out, const struct command *command);
void usage_man(FILE *out);

#endif
