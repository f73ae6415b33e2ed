/* SPDX-License-Identifier: Apache-2.0
 * Writes files: whole or not at all, with the folders they need. */
#ifndef EF_IMPORTER_FILES_H
#define EF_IMPORTER_FILES_H

#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/* Writes `len` bytes to `path` through a temporary file beside it and a rename; `mode` also when it exists already. */
int file_write(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* The same for `dir`/`path`, making the folders on the way. */
int file_write_below(const char *dir, const char *path, const void *data, size_t len, mode_t mode,
		     struct err *err);

#endif
