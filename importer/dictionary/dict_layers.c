/* SPDX-License-Identifier: Apache-2.0
 * Where a dictionary's rows come from, one layer over the other: shipped defaults, downloaded
 * feeds, what was discovered, the user's own files. */
#include "importer/dictionary/dict_layers.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define SOURCE_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

struct sources {
	char name[DICT_SOURCES_MAX][DICT_SOURCE_MAX + 1];
	size_t n;
};

bool dict_source_fits(const char *name)
{
	size_t n = strlen(name);

	return n && n <= DICT_SOURCE_MAX && *name != '-' && strspn(name, SOURCE_LETTERS "-") == n;
}

int dict_layers_read(const struct dict_layers *layers, const char *name, enum dict_layer layer,
		     struct dict_rows *rows, struct err *err)
{
	const char *const dirs[] = { layers->dir, layers->copies };

	rows->layer = layer;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		CLEANUP_FREE char *path = NULL;

		if (!dirs[i])
			continue;
		if (asprintf(&path, "%s/%s", dirs[i], name) < 0)
			return err_set(err, EF_FAILED, "out of memory");
		int rc = dict_rows_read_file(rows, path, err);
		if (rc <= 0)
			return rc;
	}
	return 0;
}

static bool is_there(const struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->name[i], name) == 0)
			return true;
	return false;
}

/* Adds the folders of dir/discovered; what has another kind of name is nobody's source. */
static int sources_add(struct sources *s, const char *dir, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	int rc = 0;

	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR, dir) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	DIR *d = opendir(path);
	if (!d && errno != ENOENT)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	for (struct dirent *e; d && rc == 0 && (e = readdir(d));) {
		if (!dict_source_fits(e->d_name) || is_there(s, e->d_name))
			continue;
		if (s->n == DICT_SOURCES_MAX)
			rc = err_set(err, EF_USAGE, "%s: more than %d sources", path,
				     DICT_SOURCES_MAX);
		else
			snprintf(s->name[s->n++], sizeof(s->name[0]), "%s", e->d_name);
	}
	if (d)
		closedir(d);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sources_sort(struct sources *s)
{
	qsort(s->name, s->n, sizeof(s->name[0]), by_name);
}

static void file_name(char text[128], const char *source, const struct dict_kind *kind)
{
	snprintf(text, 128, DICT_DISCOVERED_DIR "/%s/%s.csv", source, kind->name);
}

int dict_layers_discovered(const struct dict_layers *layers, struct dict_rows *rows,
			   struct err *err)
{
	struct sources s = { .n = 0 };

	if (!rows->kind->discovered)
		return 0;
	if ((layers->dir && sources_add(&s, layers->dir, err)) ||
	    (layers->copies && sources_add(&s, layers->copies, err)))
		return -1;
	sources_sort(&s);
	for (size_t i = 0; i < s.n; i++) {
		char name[128];

		file_name(name, s.name[i], rows->kind);
		if (dict_layers_read(layers, name, DICT_DISCOVERED, rows, err))
			return -1;
	}
	return 0;
}

int dict_discovered_each(const char *dir, dict_discovered_fn *each, void *arg, struct err *err)
{
	struct sources s = { .n = 0 };

	if (sources_add(&s, dir, err))
		return -1;
	sources_sort(&s);
	for (size_t i = 0; i < s.n; i++)
		for (size_t k = 0; k < dict_kinds_len; k++) {
			char name[128], path[4096];

			file_name(name, s.name[i], &dict_kinds[k]);
			snprintf(path, sizeof(path), "%s/%s", dir, name);
			if (dict_kinds[k].discovered && access(path, F_OK) == 0 &&
			    each(arg, name, err))
				return -1;
		}
	return 0;
}
