/* SPDX-License-Identifier: Apache-2.0
 * Reads files, and writes them: whole or not at all, with the folders they need. */
#ifndef EF_IMPORTER_FILES_H
#define EF_IMPORTER_FILES_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/err.h"

/* A regular file to read from; NULL with `err` and errno where it cannot be opened, and at once
 * where it is something else: a FIFO would be waited for without end. */
FILE *file_open(const char *path, struct err *err);

/* The whole of a regular file of at most `ceiling` bytes, with a NUL after it. The caller's to
 * free. */
int file_read(const char *path, size_t ceiling, char **ret_text, size_t *ret_len, struct err *err);

/*
 * All that write do it whole or not at all, through a temporary file beside it and a rename. What
 * is there already has to be a plain file: a symbolic link (also one that leads nowhere), a folder,
 * a FIFO, a socket or a device is EF_USAGE, and stays.
 */

/* Whether there is nothing at `path` that they would refuse: for who is going to do something first
 * that cannot be taken back. */
int file_is_plain(const char *path, struct err *err);

/* Writes `len` bytes to `path`; `mode` also when it exists already. */
int file_write(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* The same for `dir`/`path`, making the folders on the way. `path` is foreign: it must not leave
 * the folder, neither by its parts nor by links that are there, and must have no characters that
 * steer a terminal. */
int file_write_below(const char *dir, const char *path, const void *data, size_t len, mode_t mode,
		     struct err *err);

/* The same for a file that may be root's, in a folder that is made when it is not there and that
 * may not be a symbolic link either: nobody is to lead the writer astray. `group` gets the file;
 * (gid_t)-1: the writer's own. */
int file_write_guarded(const char *dir, const char *name, const void *data, size_t len, mode_t mode,
		       gid_t group, struct err *err);

/* Puts `data` in the place of the file `path`, which keeps its mode, owner and group; fails where
 * the writer may not give it to them. */
int file_replace(const char *path, const void *data, size_t len, struct err *err);

#endif
