/* SPDX-License-Identifier: Apache-2.0
 * An asset as lines that people can read and compare. */
#ifndef EF_IMPORTER_READABLE_H
#define EF_IMPORTER_READABLE_H

#include <jansson.h>

#include "common/buf.h"

/* A line longer than this is no text for people: a script is broken up, other text is cut. */
#define READABLE_LINE_MAX 400

/*
 * Appends `json` in the layout of pretty_blocks(), keys sorted: scripts have their line ends. A
 * member `source` that was squeezed into one line is broken after its statements. Any other text
 * with too long a line is its beginning, its length and a hash. -1: `out` is full, or no memory.
 */
BUF_MUST int readable_json(const json_t *json, struct buf *out);

#endif
