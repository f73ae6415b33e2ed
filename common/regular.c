/* SPDX-License-Identifier: Apache-2.0
 * The one way to open files for reading: regular ones, which nobody has to be waited for. */
#include "common/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3); /* Linux' devices.txt */
}

const char *regular_not(const struct stat *st)
{
	return S_ISREG(st->st_mode) || is_null_device(st) ? NULL
	       : S_ISLNK(st->st_mode)                     ? "a symbolic link"
	       : S_ISDIR(st->st_mode)                     ? "a folder"
	       : S_ISFIFO(st->st_mode)                    ? "a FIFO"
	       : S_ISSOCK(st->st_mode)                    ? "a socket"
							  : "a device";
}

static int refuse_kind(const char *path, const char *what, struct err *err)
{
	err_set(err, EF_USAGE,
		"%s is no regular file but %s, which is not waited for: put a file in its place",
		path, what);
	errno = EINVAL;
	return -1;
}

static int plain_open(const char *path, int follow, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);
	int why = errno;
	if (fd < 0 && why == ENXIO)
		return refuse_kind(path, "a socket", err);
	if (fd < 0 && why == ELOOP && follow)
		return refuse_kind(path, "a symbolic link", err);
	const char *what = fd >= 0 && fstat(fd, &st) == 0 ? regular_not(&st) : NULL;
	if (fd >= 0 && !what)
		return fd;
	if (fd >= 0) {
		close(fd);
		return refuse_kind(path, what, err);
	}
	err_errno(err, EF_FAILED, why, "cannot read %s", path);
	errno = why;
	return -1;
}

int regular_open_entry(const char *path, struct err *err)
{
	return plain_open(path, O_NOFOLLOW, err);
}

int regular_open(const char *path, struct err *err)
{
	return plain_open(path, 0, err);
}

FILE *regular_stream(const char *path, struct err *err)
{
	int fd = regular_open(path, err);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	if (fd >= 0 && !f) {
		close(fd);
		err_set(err, EF_FAILED, "out of memory");
	}
	return f;
}

int regular_check(const char *path, struct err *err)
{
	CLEANUP_FD int fd = regular_open(path, err);
	return fd < 0 ? -1 : 0;
}

/* What no secret has, and what a header or a terminal would make something else of. */
static const char *secret_fault(const char *line, size_t len)
{
	if (strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		return "a mark of the byte order: save it as text without one";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return "a control character: its first line must be the secret and "
			       "nothing else";
	return NULL;
}

int regular_secret(const char *path, char *line, size_t room, struct err *err)
{
	size_t len = 0;
	CLEANUP_FD int fd = regular_open(path, err);
	if (fd < 0)
		return -1;
	for (ssize_t n; len < room && (n = read(fd, line + len, room - len)) != 0;) {
		if (n < 0 && errno != EINTR)
			return err_errno(err, EF_FAILED, errno, "cannot read %s", path);
		len += n > 0 ? (size_t)n : 0;
	}
	const char *end = memchr(line, '\n', len);
	if (!end && len == room)
		return err_set(err, EF_USAGE, "the first line of %s is longer than %zu bytes", path,
			       room - 1);
	len = end ? (size_t)(end - line) : len;
	while (len && line[len - 1] == '\r')
		len--;
	explicit_bzero(line + len, room - len);
	const char *fault = secret_fault(line, len);
	if (!len)
		return err_set(err, EF_FAILED, "%s is empty; its first line must be the secret",
			       path);
	return fault ? err_set(err, EF_USAGE, "%s has %s", path, fault) : 0;
}
