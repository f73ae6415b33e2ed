/* SPDX-License-Identifier: Apache-2.0
 * The `_bulk` request: action rows before each line, and what the reply says of each item.
 *
 * All lines are sent with `create` into data streams (docs/raw-line.md), the stream named in the
 * row. */
#ifndef EF_SHIP_BULK_H
#define EF_SHIP_BULK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/sink.h"

/* Only what is needed comes back: 26 bytes an item that was stored, in place of about 250. */
#define BULK_PATH                                                                                  \
	"/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,items.*" \
	".error.caused_by"

#define BULK_NAMESPACE_MAX 64 /* so that an action row fits SINK_HEAD_MAX */

/* The action rows for the data streams of installation `prefix`, namespace `ns`, with room for a
 * document id when `ids`. */
int bulk_heads(const char *prefix, const char *ns, bool ids, struct line_head ret_heads[LINE_KINDS],
	       struct err *err);

/* ---- items of a body ---- */

struct bulk_item {
	const char *row; /* action row, without its newline */
	size_t row_len;
	const char *line;
	size_t line_len;
};

/* The item at *at, which moves on; false at the end. A body has whole items only. */
bool bulk_next(const char **at, const char *end, struct bulk_item *ret_item);

/* ---- verdicts ---- */

enum verdict {
	VERDICT_STORED,
	VERDICT_DUPLICATE, /* 409: an earlier attempt had stored it */
	VERDICT_RETRY,     /* 429, 503, cluster block: the cluster cannot take it now */
	/* other 5xx: may be the moment, may be the document; retried, but not for ever */
	VERDICT_FAULT,
	VERDICT_DENIED,   /* 401, 403, 404: somebody has to do something; the data waits */
	VERDICT_REJECTED, /* this document will never be taken */
	VERDICTS
};

struct bulk_verdicts {
	uint32_t items;
	uint32_t count[VERDICTS];
	json_t *list; /* the reply's items; NULL when all were stored */
};

/* Reads a reply to a request of `items` items. -1: it is no whole answer to it, so nothing is known
 * of any item. */
int bulk_judge(const char *reply, size_t len, uint32_t items, struct bulk_verdicts *ret_v,
	       struct err *err);
void bulk_verdicts_release(struct bulk_verdicts *v);

struct bulk_outcome {
	enum verdict verdict;
	int status;
	const char *type; /* of the error, "" when there is none; owned by the verdicts */
	const char *reason;
};
struct bulk_outcome bulk_outcome(const struct bulk_verdicts *v, uint32_t item);

#endif
