/* SPDX-License-Identifier: Apache-2.0
 * What a spool cannot send: damaged files, and entries that are none, kept for a look at them as
 * `*.torn` until the spool needs their room. */
#include "forwarder/ship/torn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forwarder/ship/spool_file.h"

int spool_lock_dir(const char *dir, struct err *err)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot make the directory", dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot open the directory", dir);
	if (faccessat(fd, ".", W_OK | X_OK, 0) < 0)
		err_errno(err, EF_FAILED, errno, "spool %s: the directory is not writable", dir);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		err_set(err, EF_FAILED,
			"spool %s: another process uses this directory; give each efd its own",
			dir);
	else
		return fd;
	close(fd);
	return -1;
}

DIR *spool_names(int dir)
{
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = own >= 0 ? fdopendir(own) : NULL;
	if (!names && own >= 0)
		close(own);
	return names;
}

static bool is_torn(const char *name)
{
	return strlen(name) == 21 && strcmp(name + 16, ".torn") == 0;
}

uint64_t torn_size(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0
		   ? 0
		   : spool_disk_size((uint64_t)st.st_size);
}

uint64_t torn_set_aside(int dir, const char *name, uint64_t no, uint64_t *last_no)
{
	char torn[SPOOL_NAME_SIZE];
	struct stat st;
	spool_file_name(torn, no, "torn");
	while (fstatat(dir, torn, &st, AT_SYMLINK_NOFOLLOW) == 0)
		spool_file_name(torn, ++*last_no, "torn");
	return renameat(dir, name, dir, torn) == 0 ? torn_size(dir, torn) : 0;
}

static uint64_t torn_walk(int dir, bool remove)
{
	DIR *names = spool_names(dir);
	uint64_t bytes = 0;
	for (const struct dirent *d; names && (d = readdir(names));) {
		if (!is_torn(d->d_name))
			continue;
		if (remove)
			unlinkat(dir, d->d_name, 0);
		else
			bytes += torn_size(dir, d->d_name);
	}
	if (names)
		closedir(names);
	return bytes;
}

uint64_t torn_bytes(int dir)
{
	return torn_walk(dir, false);
}

void torn_remove(int dir)
{
	torn_walk(dir, true);
}
