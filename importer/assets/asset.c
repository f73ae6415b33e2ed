/* SPDX-License-Identifier: Apache-2.0
 * The asset files inside the program (templates, pipelines, dictionaries, dashboards), overlaid by
 * a directory. */
#include "importer/assets/asset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "importer/core/files.h"

#define FILE_MAX_LEN (64U << 20)
#define DEPTH_MAX    16 /* folders in folders: a link that leads upwards ends here */

struct assets {
	struct asset *item;
	size_t n, room;
};

static int asset_add(struct assets *a, struct asset asset, struct err *err)
{
	if (a->n == a->room) {
		size_t room = a->room ? 2 * a->room : 64;
		struct asset *item = realloc(a->item, room * sizeof(*item));
		if (!item)
			return err_set(err, EF_FAILED, "out of memory");
		a->item = item;
		a->room = room;
	}
	a->item[a->n++] = asset;
	return 0;
}

static bool embedded(const struct asset *asset)
{
	return asset->origin == asset->path;
}

static void asset_release(struct asset *asset)
{
	if (embedded(asset))
		return;
	free((char *)asset->path);
	free((char *)asset->text);
	free((char *)asset->origin);
}

static int overlay(struct assets *a, const char *file, const char *path, struct err *err)
{
	struct asset new = { .path = strdup(path), .origin = strdup(file) };
	char *text = NULL;
	if (!new.path || !new.origin || file_read(file, FILE_MAX_LEN, &text, &new.len, err)) {
		if (!new.path || !new.origin)
			err_set(err, EF_FAILED, "out of memory");
		asset_release(&new);
		return -1;
	}
	new.text = text;
	struct asset *old = (struct asset *)assets_find(a, path);
	if (old) {
		asset_release(old);
		*old = new;
		return 0;
	}
	if (asset_add(a, new, err)) {
		asset_release(&new);
		return -1;
	}
	return 0;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int folder_walk(struct assets *a, const char *dir, size_t skip, unsigned depth,
		       struct err *err);

/* Links are followed. */
static int walk_entry(struct assets *a, const char *dir, const char *name, size_t skip,
		      unsigned depth, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	struct stat st;
	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return err_set(err, EF_FAILED, "out of memory");
	}
	if (stat(path, &st) < 0)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	if (S_ISDIR(st.st_mode))
		return folder_walk(a, path, skip, depth + 1, err);
	return S_ISREG(st.st_mode) ? overlay(a, path, path + skip + strspn(path + skip, "/"), err)
				   : 0;
}

static int folder_walk(struct assets *a, const char *dir, size_t skip, unsigned depth,
		       struct err *err)
{
	struct dirent **list;
	if (depth > DEPTH_MAX)
		return err_set(err, EF_USAGE, "%s: more than %d folders in one another", dir,
			       DEPTH_MAX);
	int n = scandir(dir, &list, visible, alphasort);
	if (n < 0)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", dir);
	int result = 0;
	for (int i = 0; i < n; i++) {
		if (result == 0)
			result = walk_entry(a, dir, list[i]->d_name, skip, depth, err);
		free(list[i]);
	}
	free(list);
	return result;
}

static int by_path(const void *x, const void *y)
{
	return strcmp(((const struct asset *)x)->path, ((const struct asset *)y)->path);
}

int assets_open(const char *dir, struct assets **ret_assets, struct err *err)
{
	struct assets *a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(err, EF_FAILED, "out of memory");
	int result = 0;
	for (const struct embedded *e = embedded_assets; e->path && result == 0; e++)
		result = asset_add(a,
				   (struct asset){ .path = e->path,
						   .text = e->text,
						   .len = (size_t)(e->end - e->text),
						   .origin = e->path },
				   err);
	if (result == 0 && dir)
		result = folder_walk(a, dir, strlen(dir), 0, err);
	if (result != 0) {
		assets_free(a);
		return -1;
	}
	if (a->n)
		qsort(a->item, a->n, sizeof(*a->item), by_path);
	*ret_assets = a;
	return 0;
}

void assets_free(struct assets *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		asset_release(&a->item[i]);
	free(a->item);
	free(a);
}

size_t assets_count(const struct assets *a)
{
	return a->n;
}

const struct asset *assets_at(const struct assets *a, size_t i)
{
	return &a->item[i];
}

/* Not by bsearch(): while the overlay is read the list is not sorted yet. */
const struct asset *assets_find(const struct assets *a, const char *path)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->item[i].path, path) == 0)
			return &a->item[i];
	return NULL;
}
