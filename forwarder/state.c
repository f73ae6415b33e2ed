/* SPDX-License-Identifier: Apache-2.0
 * Decoder state on disk: one file a worker, replaced as a whole. */
#include "forwarder/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/regular.h"

#define PATH_ROOM 4096

static void path_of(char path[PATH_ROOM], const char *dir, uint32_t worker, uint32_t workers,
		    const char *suffix)
{
	snprintf(path, PATH_ROOM, "%s/decoder-%u-of-%u.state%s", dir, worker + 1, workers, suffix);
}

int state_prepare(const char *dir, struct err *err)
{
	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return err_errno(err, EF_FAILED, errno, "state.dir: cannot make %s", dir);
	if (access(dir, W_OK | X_OK) < 0)
		return err_errno(err, EF_FAILED, errno, "state.dir: cannot write to %s", dir);
	return 0;
}

uint32_t state_workers(const char *dir)
{
	struct timespec newest = { 0 };
	uint32_t found = 0;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		uint32_t worker, workers;
		int end = 0;
		struct stat st;
		if (sscanf(e->d_name, "decoder-%u-of-%u.state%n", &worker, &workers, &end) != 2 ||
		    !end || e->d_name[end] ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (found &&
		    (st.st_mtim.tv_sec < newest.tv_sec ||
		     (st.st_mtim.tv_sec == newest.tv_sec && st.st_mtim.tv_nsec < newest.tv_nsec)))
			continue;
		newest = st.st_mtim;
		found = workers;
	}
	if (d)
		closedir(d);
	return found;
}

int state_check(const char *dir, uint32_t worker, uint32_t workers, struct err *err)
{
	char path[PATH_ROOM];
	path_of(path, dir, worker, workers, "");
	CLEANUP_FD int fd = regular_open_entry(path, err);
	return fd >= 0 || errno == ENOENT ? 0 : err_wrap(err, "state");
}

int state_read(const char *dir, uint32_t worker, uint32_t workers, struct buf *ret_state,
	       struct err *err)
{
	char path[PATH_ROOM];
	path_of(path, dir, worker, workers, "");
	struct stat st;
	CLEANUP_FD int fd = regular_open_entry(path, err);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_wrap(err, "state");
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > ret_state->ceiling)
		return err_set(err, EF_FAILED, "state %s: too large", path);
	for (;;) {
		if (buf_reserve(ret_state, 65536) < 0)
			return err_set(err, EF_FAILED, "state %s: too large", path);
		ssize_t n = read(fd, ret_state->data + ret_state->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, EF_FAILED, errno, "state %s: cannot read", path);
		if (n == 0)
			return 0;
		ret_state->len += (size_t)n;
	}
}

static int write_whole(int fd, const struct buf *state)
{
	for (size_t at = 0; at < state->len;) {
		ssize_t n = write(fd, state->data + at, state->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	return fdatasync(fd);
}

int state_write(const char *dir, uint32_t worker, uint32_t workers, const struct buf *state,
		struct err *err)
{
	char path[PATH_ROOM], temp[PATH_ROOM];
	path_of(path, dir, worker, workers, "");
	path_of(temp, dir, worker, workers, ".new");
	unlink(temp); /* whatever it is: nobody is waited for, and no link is followed */
	CLEANUP_FD int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "state %s: cannot write", temp);
	if (write_whole(fd, state) < 0 || rename(temp, path) < 0) {
		err_errno(err, EF_FAILED, errno, "state %s: cannot write", path);
		unlink(temp);
		return -1;
	}
	return 0;
}
