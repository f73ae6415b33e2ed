/* SPDX-License-Identifier: Apache-2.0
 * Puts Painless scripts together: libraries, merging of neighbours, squeezing (docs/pipelines.md, steps 6 to 8). */
#ifndef EF_IMPORTER_PAINLESS_H
#define EF_IMPORTER_PAINLESS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

struct assets;

#define PAINLESS_MAX 65535U /* script.max_size_in_bytes of Elasticsearch and OpenSearch */

/* Whether `source` has a line "//@run", which makes it mergeable. */
bool painless_mergeable(const char *source);

/*
 * The merged source of two scripts that have one: what stands above the line of each, then "//@run", then what stands
 * below. To be freed; NULL when memory is short.
 */
char *painless_merge(const char *first, const char *second);

/*
 * The source as it is installed: "//@include NAME" lines become ingest-pipelines/lib/NAME.painless (once a script; a
 * library may include others), comment lines, blank lines and indentation go; from one that is then still longer than
 * PAINLESS_MAX all other blanks that the language does not need. To be freed. `where` starts messages.
 */
int painless_finish(const struct assets *assets, const char *where, const char *source,
		    char **ret_source, struct err *err);

#endif
