/* SPDX-License-Identifier: Apache-2.0
 * The folder of the settings files, and which of them efd reads in which order. */
#include "common/conf_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

#define BELOW "conf.d"

const char *conf_dir(void)
{
	const char *named = getenv("EF_CONFIG_DIR");
	return named && *named ? named : CONF_DIR;
}

char *conf_dir_path(const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", conf_dir(), name) < 0 ? NULL : path;
}

bool conf_is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static int add_conf_file(const char *name, struct strlist *paths, struct err *err)
{
	CLEANUP_FREE char *path = conf_dir_path(name);
	return path && strlist_add(paths, path) == 0 ? 0 : err_set(err, EF_FAILED, "out of memory");
}

static int is_settings(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return n > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 4, ".yml") == 0;
}

int conf_dir_list(const char *last, struct strlist *ret_paths, struct err *err)
{
	CLEANUP_FREE char *below = conf_dir_path(BELOW);
	CLEANUP_FREE struct dirent **entries = NULL;
	if (!below)
		return err_set(err, EF_FAILED, "out of memory");
	int n = scandir(below, &entries, is_settings, alphasort);
	int why = errno;
	if (n < 0 && (conf_is_there(below) || (why != ENOENT && why != ENOTDIR)))
		return err_errno(err, why == ENOENT ? EF_FAILED : EF_USAGE, why,
				 "cannot read the folder %s", below);
	int result = n > CONF_FILES_MAX
			 ? err_set(err, EF_USAGE, "%s: more than %d files", below, CONF_FILES_MAX)
			 : 0;
	for (int i = 0; i < n; i++) {
		char name[sizeof(BELOW) + sizeof(entries[i]->d_name) + 1];
		snprintf(name, sizeof(name), "%s/%s", BELOW, entries[i]->d_name);
		if (result == 0)
			result = add_conf_file(name, ret_paths, err);
		free(entries[i]);
	}
	return result ? result : add_conf_file(last, ret_paths, err);
}
