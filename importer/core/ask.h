/* SPDX-License-Identifier: Apache-2.0
 * Asks the person at the terminal. */
#ifndef EF_IMPORTER_ASK_H
#define EF_IMPORTER_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether standard input is a terminal: nobody else is asked. */
bool ask_can(void);

/* Shows `question` on standard error and reads one line, without its end, into `answer`. False at
 * the end of the input. What stands on standard output is on the screen before. */
bool ask_line(const char *question, char *answer, size_t size);

/* The same for a question that ends with [y/N]: true for y or yes. */
bool ask_yes(const char *question);

#endif
