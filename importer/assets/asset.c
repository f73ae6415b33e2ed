/* SPDX-License-Identifier: Apache-2.0
 * The asset files inside the program (templates, pipelines, dictionaries, dashboards), overlaid by a directory. */
#include "importer/assets/asset.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

#define FILE_MAX_LEN (64U << 20)

struct assets {
	struct asset *item;
	size_t n, room;
};

static int add(struct assets *a, struct asset asset, struct err *err)
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

static void release(struct asset *asset)
{
	if (embedded(asset))
		return;
	free((char *)asset->path);
	free((char *)asset->text);
	free((char *)asset->origin);
}

static int read_file(const char *path, char **ret_text, size_t *ret_len, struct err *err)
{
	CLEANUP_FILE FILE *f = fopen(path, "rb");
	struct stat st;
	if (!f || fstat(fileno(f), &st) != 0)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	if (st.st_size > (off_t)FILE_MAX_LEN)
		return err_set(err, EF_USAGE, "%s is larger than 64 MiB; that is no asset", path);
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

static int overlay(struct assets *a, const char *file, const char *path, struct err *err)
{
	struct asset new = { .path = strdup(path), .origin = strdup(file) };
	char *text = NULL;
	if (!new.path || !new.origin || read_file(file, &text, &new.len, err)) {
		if (!new.path || !new.origin)
			err_set(err, EF_FAILED, "out of memory");
		release(&new);
		return -1;
	}
	new.text = text;
	struct asset *old = (struct asset *)assets_find(a, path);
	if (old) {
		release(old);
		*old = new;
		return 0;
	}
	if (add(a, new, err)) {
		release(&new);
		return -1;
	}
	return 0;
}

static int walk(struct assets *a, const char *dir, struct err *err)
{
	char *const roots[] = { (char *)dir, NULL };
	FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	if (!fts)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", dir);
	int result = 0;
	size_t skip = strlen(dir);
	for (FTSENT *e; result == 0 && (e = fts_read(fts));) {
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			result =
			    err_errno(err, EF_USAGE, e->fts_errno, "cannot read %s", e->fts_path);
		if (e->fts_level > 0 && e->fts_name[0] == '.')
			fts_set(fts, e, FTS_SKIP);
		else if (e->fts_info == FTS_F)
			result = overlay(a, e->fts_path,
					 e->fts_path + skip + strspn(e->fts_path + skip, "/"), err);
	}
	fts_close(fts);
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
		result = add(a,
			     (struct asset){ .path = e->path,
					     .text = e->text,
					     .len = (size_t)(e->end - e->text),
					     .origin = e->path },
			     err);
	if (result == 0 && dir)
		result = walk(a, dir, err);
	if (result != 0) {
		assets_free(a);
		return -1;
	}
	qsort(a->item, a->n, sizeof(*a->item), by_path);
	*ret_assets = a;
	return 0;
}

void assets_free(struct assets *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		release(&a->item[i]);
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
