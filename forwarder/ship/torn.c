/* SPDX-License-Identifier: Apache-2.0
 * Spool files that failed their checksum: kept for a look at them as `*.torn`, until the spool needs their room. */
#include "forwarder/ship/torn.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_torn(const struct dirent *d)
{
	return strlen(d->d_name) == 21 && strcmp(d->d_name + 16, ".torn") == 0;
}

static uint64_t walk(int dir, bool remove)
{
	struct dirent **list = NULL;
	int n = scandirat(dir, ".", &list, is_torn, NULL);
	uint64_t bytes = 0;
	for (int i = 0; i < n; i++) {
		struct stat st;
		if (remove)
			unlinkat(dir, list[i]->d_name, 0);
		else if (fstatat(dir, list[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			bytes += spool_disk_size((uint64_t)st.st_size);
		free(list[i]);
	}
	free(list);
	return bytes;
}

uint64_t torn_bytes(int dir)
{
	return walk(dir, false);
}

void torn_remove(int dir)
{
	walk(dir, true);
}
