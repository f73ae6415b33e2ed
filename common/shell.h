/* SPDX-License-Identifier: Apache-2.0
 * Words as a shell takes them, for commands that people are told to type. */
#ifndef EF_COMMON_SHELL_H
#define EF_COMMON_SHELL_H

#include "common/buf.h"

/* Adds `word`, in quotes where it needs them. */
BUF_MUST int shell_add_word(struct buf *out, const char *word);

#endif
