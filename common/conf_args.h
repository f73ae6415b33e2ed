/* SPDX-License-Identifier: Apache-2.0
 * Settings from the environment and the command line, and the order in which all sources are
 * read. */
#ifndef EF_COMMON_CONF_ARGS_H
#define EF_COMMON_CONF_ARGS_H

#include "common/conf.h"
#include "common/conf_yaml.h"

/* Read everything: argv[1…] (options may stand anywhere; "--" ends them), the file of --config/-c
 * or EF_CONFIG or, in their order, those of `files` that exist, the environment. Operands are
 * collected in `ret_operands` (may be NULL: then an operand is an error). --help, -h and --version,
 * -V set `ret_shown` to the letter and read no further. Errors are EF_USAGE and name
 * file:line:column, variable or flag. Release with conf_release() also after an error. */
int conf_load(const struct opt_table *tables, size_t n_tables, const struct conf_file *files,
	      size_t n_files, int argc, char **argv, struct strlist *ret_operands, char *ret_shown,
	      struct err *err);

/* What must be known before anything else is read: returns the file of --config/-c or EF_CONFIG,
 * or NULL, and sets `ret_shown` as conf_load() does. */
const char *conf_look_ahead(int argc, char **argv, char *ret_shown);

#endif
