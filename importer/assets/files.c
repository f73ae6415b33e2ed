/* SPDX-License-Identifier: Apache-2.0
 * Writes files: whole or not at all, with the folders they need. */
#include "importer/assets/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

int file_write(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	char temporary[PATH_MAX];
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return err_set(err, EF_FAILED, "the path %s is too long", path);
	CLEANUP_FD int fd = mkstemp(
	    temporary); /* made with 0600: a secret is never open to others, not even shortly */
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "cannot write %s", path);
	if (write_all(fd, data, len) != 0 || fchmod(fd, mode) != 0 ||
	    rename(temporary, path) != 0) {
		int why = errno;
		unlink(temporary);
		return err_errno(err, EF_FAILED, why, "cannot write %s", path);
	}
	return 0;
}

int file_write_below(const char *dir, const char *path, const void *data, size_t len, mode_t mode,
		     struct err *err)
{
	char whole[PATH_MAX];
	if (snprintf(whole, sizeof(whole), "%s/%s", dir, path) >= (int)sizeof(whole))
		return err_set(err, EF_FAILED, "the path %s/%s is too long", dir, path);
	for (char *slash = strchr(whole + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(whole, 0755) != 0 && errno != EEXIST)
			return err_errno(err, EF_FAILED, errno, "cannot make the folder %s", whole);
		*slash = '/';
	}
	return file_write(whole, data, len, mode, err);
}
