/* SPDX-License-Identifier: Apache-2.0
 * Puts Painless scripts together: libraries, merging of neighbours, stripping (docs/pipelines.md,
 * steps 6 to 8). */
#ifndef EF_IMPORTER_PAINLESS_H
#define EF_IMPORTER_PAINLESS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

struct assets;

#define PAINLESS_MAX 65535U /* script.max_size_in_bytes of Elasticsearch and OpenSearch */

/* Marks ("//@run", "//@include NAME", "//@strip") are comments that have a line of their own. */

/* Whether `source` has a "//@run", which makes it mergeable. */
bool painless_mergeable(const char *source);

/* EF_USAGE, with the line, when it has more than one. */
int painless_check(const char *where, const char *source, struct err *err);

/*
 * The merged source of two scripts that have one: what stands above the line of each, then
 * "//@run", then what stands below; all of it to be stripped. To be freed; NULL when memory is
 * short.
 */
char *painless_merge(const char *first, const char *second);

/*
 * The source as it is installed: "//@include NAME" lines become ingest-pipelines/lib/NAME.painless
 * (once a script; a library may include others; where there is a "//@run" line they stand there,
 * below the script's own functions), "//@run" lines go. The rest stays as it is written; but a
 * merged script, and one that is longer than PAINLESS_MAX, loses its comments and all blanks that
 * the language does not need, and the functions of a merged one get short names. To be freed.
 * `where` starts messages. EF_USAGE for a library that is not there or has a "//@run", a second
 * "//@run", a script without text, and a text or comment without an end.
 */
int painless_finish(const struct assets *assets, const char *where, const char *source,
		    char **ret_source, struct err *err);

#endif
