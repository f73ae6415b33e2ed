/* SPDX-License-Identifier: Apache-2.0
 * Spool files that failed their checksum: kept for a look at them as `*.torn`, until the spool
 * needs their room. */
#include "forwarder/ship/torn.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
