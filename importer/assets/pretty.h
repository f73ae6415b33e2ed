/* SPDX-License-Identifier: Apache-2.0
 * JSON text for people to read and diff: how dashboards are kept in files. */
#ifndef EF_IMPORTER_PRETTY_H
#define EF_IMPORTER_PRETTY_H

#include <jansson.h>

#include "common/buf.h"

/*
 * Appends the text of `json`: sorted keys; a value that fits stands on one line, a long list of
 * short values fills lines, everything else is broken up, one blank an indent. The same layout as
 * `make dashboards` writes. -1: `out` is full.
 */
BUF_MUST int pretty_json(const json_t *json, struct buf *out);

/* The same, but a text of several lines stands as it is, between lines of three quotes, as Kibana's
 * Dev Tools write it: scripts can be read so. It is no JSON any more. */
BUF_MUST int pretty_blocks(const json_t *json, struct buf *out);

#endif
