/* SPDX-License-Identifier: Apache-2.0
 * The options of efd as text for people: --help, the commented YAML reference, the man page. */
#ifndef EF_SETTINGS_PRINT_H
#define EF_SETTINGS_PRINT_H

#include <stdio.h>

void settings_print_help(FILE *out);
void settings_print_reference(FILE *out);
void settings_print_man(FILE *out);

#endif
