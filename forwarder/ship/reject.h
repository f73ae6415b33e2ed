/* SPDX-License-Identifier: Apache-2.0
 * What Elasticsearch refuses for good: documents for the failed stream, and the reject file where
 * even that fails. */
#ifndef EF_SHIP_REJECT_H
#define EF_SHIP_REJECT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "forwarder/ship/bulk.h"

/* Appends to `body` the action row and document for logs-flow.failed-<ns> that tells of this item:
 * the raw line under event.original, the reason under error, and the item's own id, so that a
 * resend stores it once. */
int reject_document(struct buf *body, const char *prefix, const char *ns,
		    const struct bulk_item *item, const struct bulk_outcome *why, uint64_t now_ms,
		    struct err *err);

/* The reject file: one JSON object a line, {"time","status","type","reason","index","line"}. At
 * `max_bytes` it is renamed to <path>.1, in place of an older one, whose lines are lost then.
 * Thread-safe. */
struct reject_file;

/* Whether rejects can be kept there, now: a regular file that can be written to, or one that can be
 * made, in a folder that lets it make room. Makes nothing. */
int reject_file_check(const char *path, struct err *err);
/* `path` is opened at the first line. */
struct reject_file *reject_file_new(const char *path, uint64_t max_bytes, struct err *err);
void reject_file_free(struct reject_file *f);
/* *ret_lost: lines that went with the file before, to be told and counted, also when it returns
 * -1. */
int reject_file_add(struct reject_file *f, const struct bulk_item *item,
		    const struct bulk_outcome *why, uint64_t now_ms, uint64_t *ret_lost,
		    struct err *err);

#endif
