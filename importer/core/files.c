/* SPDX-License-Identifier: Apache-2.0
 * Reads files, and writes them: whole or not at all, with the folders they need. */
#include "importer/core/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/plain.h"
#include "common/regular.h"

FILE *file_open(const char *path, struct err *err)
{
	FILE *f = regular_stream(path, err);
	if (!f)
		err->code = EF_USAGE; /* somebody named it */
	return f;
}

int file_read(const char *path, size_t ceiling, char **ret_text, size_t *ret_len, struct err *err)
{
	CLEANUP_FILE FILE *f = file_open(path, err);
	struct stat st;
	if (!f)
		return -1;
	if (fstat(fileno(f), &st) != 0)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	if (st.st_size > (off_t)ceiling)
		return err_set(err, EF_USAGE, "%s is larger than %zu KiB; that cannot be right",
			       path, ceiling / 1024);
	size_t len = (size_t)st.st_size;
	CLEANUP_FREE char *text = malloc(len + 1);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	if (fread(text, 1, len, f) != len)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	text[len] = '\0';
	*ret_text = steal_ptr(text);
	*ret_len = len;
	return 0;
}

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

/* The folder itself, never what a link in its place leads to. */
static int open_folder(const char *dir)
{
	bool made = mkdir(dir, 0755) == 0;
	if (!made && errno != EEXIST)
		return -1;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (made && fd >= 0)
		fchmod(fd, 0755); /* whatever the umask says: efd is another user */
	return fd;
}

/* A new file of a name that nobody can foresee; `temporary` has NAME_MAX + 1 bytes. */
static int open_temporary(int folder, const char *name, char *temporary)
{
	unsigned long long random;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	if (snprintf(temporary, NAME_MAX + 1, ".%s.%016llx", name, random) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
}

/* How a file is to be. */
struct owner {
	mode_t mode;
	uid_t uid; /* (uid_t)-1: the writer */
	gid_t gid; /* (gid_t)-1: the writer's */
	/* whose group may not be given away keeps its own: who is not root can do no better */
	bool gives_in;
};

static int file_fill(int fd, const void *data, size_t len, const struct owner *to)
{
	bool owned = to->uid == (uid_t)-1 && to->gid == (gid_t)-1;
	if (!owned && fchown(fd, to->uid, to->gid) != 0 && (!to->gives_in || geteuid() == 0))
		return -1;
	return fchmod(fd, to->mode) != 0 ? -1 : write_all(fd, data, len);
}

static int file_put(int folder, const char *dir, const char *name, const void *data, size_t len,
		    const struct owner *to, struct err *err)
{
	char temporary[NAME_MAX + 1];
	CLEANUP_FD int fd = open_temporary(folder, name, temporary);
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "cannot write %s/%s", dir, name);
	if (file_fill(fd, data, len, to) != 0 || renameat(folder, temporary, folder, name) != 0) {
		int why = errno;
		unlinkat(folder, temporary, 0);
		return err_errno(err, EF_FAILED, why, "cannot write %s/%s", dir, name);
	}
	/* what it held is gone by now: to say that nothing was written would be wrong */
	(void)fsync(folder);
	return 0;
}

/* What somebody would not mean to have replaced: it leads elsewhere, waits for a reader, or is no
 * file at all. */
static int check_plain(const char *path, const struct stat *st, struct err *err)
{
	const char *what = S_ISCHR(st->st_mode) ? "a device" : regular_not(st);
	return what ? err_set(err, EF_USAGE,
			      "%s is %s, and only a plain file is written: name another one, or "
			      "remove it first",
			      path, what)
		    : 0;
}

int file_is_plain(const char *path, struct err *err)
{
	struct stat st;
	return lstat(path, &st) == 0 ? check_plain(path, &st, err) : 0;
}

/* Puts `data` in the place of what is there; `to` NULL: of a file, which stays whose it is. */
static int file_put_over(int folder, const char *dir, const char *name, const void *data,
			 size_t len, const struct owner *to, struct err *err)
{
	struct stat st;
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	bool there = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (there && check_plain(path, &st, err))
		return -1;
	if (!there && !to)
		return err_errno(err, EF_FAILED, errno, "cannot replace %s", path);
	const struct owner its = { .mode = there ? st.st_mode & 07777 : 0,
				   .uid = there ? st.st_uid : (uid_t)-1,
				   .gid = there ? st.st_gid : (gid_t)-1 };
	return file_put(folder, dir, name, data, len, to ? to : &its, err);
}

int file_write_guarded(const char *dir, const char *name, const void *data, size_t len, mode_t mode,
		       gid_t group, struct err *err)
{
	const struct owner to = { mode, (uid_t)-1, group, true };
	CLEANUP_FD int folder = open_folder(dir);
	if (folder < 0 && (errno == ELOOP || errno == ENOTDIR))
		return err_set(err, EF_FAILED,
			       "%s is a symbolic link or no folder: nothing is written through it",
			       dir);
	if (folder < 0)
		return err_errno(err, EF_FAILED, errno, "cannot write to the folder %s", dir);
	return file_put_over(folder, dir, name, data, len, &to, err);
}

static int file_put_at(const char *path, const void *data, size_t len, const struct owner *to,
		       struct err *err)
{
	CLEANUP_FREE char *for_dir = strdup(path), *for_name = strdup(path);
	if (!for_dir || !for_name)
		return err_set(err, EF_FAILED, "out of memory");
	const char *dir = dirname(for_dir), *name = basename(for_name);
	CLEANUP_FD int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? err_errno(err, EF_FAILED, errno, "cannot write %s", path)
			  : file_put_over(folder, dir, name, data, len, to, err);
}

int file_write(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	const struct owner to = { mode, (uid_t)-1, (gid_t)-1, true };
	return file_put_at(path, data, len, &to, err);
}

int file_replace(const char *path, const void *data, size_t len, struct err *err)
{
	return file_put_at(path, data, len, NULL, err);
}

/* No part of the path is empty, "." or "..". */
static bool stays_below(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");
		if (n == 0 || (n == 1 && *path == '.') || (n == 2 && !strncmp(path, "..", 2)))
			return false;
		if (!path[n])
			return true;
		path += n + 1;
	}
}

/* `dir` with the folders on the way to it, which may be links: somebody named them. */
static int make_path(const char *dir, struct err *err)
{
	CLEANUP_FREE char *path = strdup(dir);
	if (!path)
		return err_set(err, EF_FAILED, "out of memory");
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return err_errno(err, EF_FAILED, errno, "cannot make the folder %s", path);
		*slash = '/';
	}
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return err_errno(err, EF_FAILED, errno, "cannot make the folder %s", path);
	return 0;
}

/* The folder that the last part of `path` is in, below `folder`, made where it is missing. No link
 * is followed: it could lead anywhere. -1 with errno; *ret_done is how much of the path it got. */
static int folder_below(int folder, const char *path, size_t *ret_done)
{
	int at = dup(folder);
	*ret_done = 0;
	for (const char *slash; at >= 0 && (slash = strchr(path + *ret_done, '/'));) {
		char part[NAME_MAX + 1];
		int n = snprintf(part, sizeof(part), "%.*s", (int)(slash - path - *ret_done),
				 path + *ret_done);
		bool made = n <= NAME_MAX && (mkdirat(at, part, 0755) == 0 || errno == EEXIST);
		int next =
		    made ? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		int why = n > NAME_MAX ? ENAMETOOLONG : errno;
		close(at);
		errno = why;
		at = next;
		*ret_done = (size_t)(slash - path) + (at >= 0);
	}
	return at;
}

static bool is_printable(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);
	return copy && strcmp(plain_text(copy), path) == 0;
}

int file_write_below(const char *dir, const char *path, const void *data, size_t len, mode_t mode,
		     struct err *err)
{
	const struct owner to = { mode, (uid_t)-1, (gid_t)-1, true };
	char shown[PATH_MAX];
	size_t done;
	if (!stays_below(path))
		return err_set(err, EF_FAILED, "%s would not be below %s: it is not written", path,
			       dir);
	if (!is_printable(path))
		return err_set(err, EF_FAILED,
			       "%s has characters in its name that are not shown: it is not "
			       "written",
			       path);
	if (make_path(dir, err))
		return -1;
	CLEANUP_FD int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return err_errno(err, EF_FAILED, errno, "cannot write to the folder %s", dir);
	CLEANUP_FD int folder = folder_below(top, path, &done);
	int why = errno;
	if (snprintf(shown, sizeof(shown), "%s/%.*s", dir,
		     (int)(folder < 0 || !done ? done : done - 1), path) >= (int)sizeof(shown))
		return err_set(err, EF_FAILED, "the path %s/%s is too long", dir, path);
	if (folder < 0 && (why == ELOOP || why == ENOTDIR))
		return err_set(err, EF_FAILED,
			       "%s is a symbolic link or no folder: nothing is written through it",
			       shown);
	return folder < 0 ? err_errno(err, EF_FAILED, why, "cannot make the folder %s", shown)
			  : file_put_over(folder, shown, path + done, data, len, &to, err);
}
