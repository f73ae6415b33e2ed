/* SPDX-License-Identifier: Apache-2.0
 * The option tables as text for people: --help, the commented YAML reference, the man page. */
#ifndef EF_COMMON_CONF_PRINT_H
#define EF_COMMON_CONF_PRINT_H

#include <stdio.h>

#include "common/conf.h"

/* The list of flags for --help. */
void conf_print_help(FILE *out, const struct opt_table *tables, size_t n_tables);
/* The commented YAML reference: every option with its default. */
void conf_print_yaml(FILE *out, const struct opt_table *tables, size_t n_tables);
/* The OPTIONS section of a man page (roff). */
void conf_print_man(FILE *out, const struct opt_table *tables, size_t n_tables);

#endif
