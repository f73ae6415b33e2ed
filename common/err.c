/* SPDX-License-Identifier: Apache-2.0
 * The error object: what went wrong, for a person, and the exit code that fits. */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void fill(struct err *err, const char *fmt,
						       va_list args)
{
	if (vsnprintf(err->msg, sizeof(err->msg), fmt, args) < 0)
		err->msg[0] = '\0';
}

int err_set(struct err *err, enum ef_exit code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err->code = code;
	fill(err, fmt, args);
	va_end(args);
	return -1;
}

int err_errno(struct err *err, enum ef_exit code, int errnum, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err->code = code;
	fill(err, fmt, args);
	va_end(args);

	size_t len = strlen(err->msg);
	errno = errnum; /* %m: the one notation that every libc has and that is safe in threads */
	snprintf(err->msg + len, sizeof(err->msg) - len, ": %m");
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	struct err outer;
	va_list args;
	va_start(args, fmt);
	fill(&outer, fmt, args);
	va_end(args);

	size_t len = strlen(outer.msg);
	snprintf(outer.msg + len, sizeof(outer.msg) - len, ": %s", err->msg);
	memcpy(err->msg, outer.msg, sizeof(err->msg));
	return -1;
}
