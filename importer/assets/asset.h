/* SPDX-License-Identifier: Apache-2.0
 * The asset files inside the program (templates, pipelines, dictionaries, dashboards), overlaid by
 * a directory. */
#ifndef EF_IMPORTER_ASSET_H
#define EF_IMPORTER_ASSET_H

#include <stddef.h>

#include "common/err.h"

/* One file. `path` is as in the repository ("ingest-pipelines/flow.yml"); `text` is followed by a
 * NUL. */
struct asset {
	const char *path;
	const char *text;
	size_t len;
	const char *origin; /* for messages: the path on disk, or `path` when embedded */
};

struct assets;

/*
 * The embedded files; a file of the same path below `dir` (may be NULL) takes the place of the
 * embedded one, further ones are added. EF_USAGE when `dir` cannot be read. All text lives as long
 * as the object.
 */
int assets_open(const char *dir, struct assets **ret_assets, struct err *err);
void assets_free(struct assets *a);

/* Sorted by path. */
size_t assets_count(const struct assets *a);
const struct asset *assets_at(const struct assets *a, size_t i);
/* NULL when there is none. */
const struct asset *assets_find(const struct assets *a, const char *path);

/* Generated: ends with a row of NULLs. */
struct embedded {
	const char *path, *text, *end;
};
extern const struct embedded embedded_assets[];
extern const size_t embedded_assets_len;

#endif
