/* SPDX-License-Identifier: Apache-2.0
 * What a command is told to do (`efctl keys rotate`): a row of a table that begins with its
 * name. */
#ifndef EF_IMPORTER_ACTION_H
#define EF_IMPORTER_ACTION_H

#include <stddef.h>

#include "common/err.h"

/* The row of that name among `n` rows of `size` bytes, each with a `const char *` first; NULL, and
 * EF_USAGE lists them. */
const void *action_find(const void *rows, size_t n, size_t size, const char *name, struct err *err);

#define ACTION_FIND(rows, name, err) \
	action_find((rows), sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), (name), (err))

#endif
