/* SPDX-License-Identifier: Apache-2.0
 * The one way to open files for reading: regular ones, which nobody has to be waited for.
 *
 * A FIFO in the place of a file holds whoever opens it until somebody writes, a device for as long
 * as it likes, and signals wait meanwhile. /dev/null is an empty file. */
#ifndef EF_COMMON_REGULAR_H
#define EF_COMMON_REGULAR_H

#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/err.h"

/* What a file is, in words: "a FIFO", "a device"; NULL: a regular one, or /dev/null. */
const char *regular_not(const struct stat *st);

/* A descriptor of the file, or of that which a link in its place leads to: mounted secrets are
 * links. -1 with `err`, which names the file, and errno (EINVAL: it is no regular file, and `err`
 * says EF_USAGE; else EF_FAILED). */
int regular_open(const char *path, struct err *err);
/* The same of an entry of a folder that only we write to: a link is refused, too. */
int regular_open_entry(const char *path, struct err *err);
/* The same as regular_open(), as a stream; NULL in place of -1. */
FILE *regular_stream(const char *path, struct err *err);
/* Whether a file that somebody else is going to open (a library) is one, and can be read. */
int regular_check(const char *path, struct err *err);

/* The first line of a file that holds a secret, without its end, into `line` (`room` bytes, which
 * the caller wipes). EF_FAILED: the file is empty. EF_USAGE: the line has no room, or it has
 * what no secret has: a NUL, another control character, a mark of the byte order. */
int regular_secret(const char *path, char *line, size_t room, struct err *err);

#endif
