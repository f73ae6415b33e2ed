/* SPDX-License-Identifier: Apache-2.0
 * The error object: what went wrong, for a person, and the exit code that fits.
 *
 * A function that can fail takes `struct err *err` last and returns 0, or -1 with `err` filled
 * once. On success `err` is untouched; on failure the outputs are. `err` may not be NULL. Context
 * is added on the way up with err_wrap(); only main and the commands print. Every message names the
 * thing (file, line, URL, option) and what to do about it. */
#ifndef EF_COMMON_ERR_H
#define EF_COMMON_ERR_H

#include <stdbool.h>

#include "common/exit.h"

struct err {
	enum ef_exit code;
	char msg[1536];
};

#define ERR_NONE ((struct err){ 0 })

/* Fill `err`; always returns -1, so that `return err_set(...)` reads well. Too long a message is
 * cut. */
int err_set(struct err *err, enum ef_exit code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, followed by ": " and the text of the errno value `errnum`. */
int err_errno(struct err *err, enum ef_exit code, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Put "context: " before the message that is there; code and -1 stay. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
