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
#include "forwarder/ship/verdict.h"

/* Only what is needed comes back: 26 bytes an item that was stored, in place of about 250. And a
 * shard that is away is told before elasticsearch.timeout is over: the cluster would wait for it a
 * minute. What else may be asked for goes behind it, BULK_PROOF first. */
#define BULK_PATH                                                                                \
	"/_bulk?timeout=20s&filter_path=errors,items.*.status,items.*.error.type,items.*.error." \
	"reason,items.*"                                                                         \
	".error.caused_by,items.*.failure_store"
/* Which pipelines ran on each document (Elasticsearch 8.12 and later), and into which index it
 * went. */
#define BULK_LIST  "list_executed_pipelines"
#define BULK_PROOF ",items.*.executed_pipelines,items.*._index&" BULK_LIST "=true"
/* Nothing goes into an ordinary index (8.13 and later). */
#define BULK_REQUIRE      "require_data_stream"
#define BULK_STREAMS_ONLY "&" BULK_REQUIRE "=true"

#define BULK_NAMESPACE_MAX 64 /* so that an action row fits SINK_HEAD_MAX */
#define BULK_STREAM_MAX    192
/* How an action row begins, before the name of the stream: ours, and jansson's. */
#define BULK_ROW "{\"create\":{\"_index\":\""

/* The data streams: one for each kind of line, and the one of what was refused. */
enum { BULK_FAILED = LINE_KINDS, BULK_STREAMS };
/* The name of one in installation `prefix`, namespace `ns`. */
void bulk_stream(int stream, const char *prefix, const char *ns, char ret_name[BULK_STREAM_MAX]);
/* The pipeline that has to run on what goes there, in an installation without a prefix; NULL:
 * none. */
const char *bulk_pipeline(int stream);

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

struct bulk_verdicts {
	uint32_t items;
	uint32_t count[VERDICTS];
	uint32_t store_failed; /* refused, and the failure store did not take them either */
	json_t *list;          /* the reply's items; NULL when all were stored or discarded */
};

/* Reads a reply to a request of `items` items; `whole`: the list is there also when all were
 * stored. A document may be quoted in it: where that makes it no JSON (RFC 8259 section 8: half a
 * surrogate pair, no UTF-8), what is not ASCII is left out, and of one that breaks off all is read
 * that is whole; the rest of its items, and those of which it says nothing, are VERDICT_UNHEARD.
 * One without any items that says that there are no errors is believed.
 * -1: it is no answer to this request, so nothing is known of any item; *ret_cut: but a bulk reply,
 * which a smaller request could mend. */
int bulk_judge(const char *reply, size_t len, uint32_t items, bool whole,
	       struct bulk_verdicts *ret_v, bool *ret_cut, struct err *err);
void bulk_verdicts_release(struct bulk_verdicts *v);

struct bulk_outcome {
	enum verdict verdict;
	int status;
	const char *type; /* of the error, "" when there is none; owned by the verdicts */
	const char *reason;
};
struct bulk_outcome bulk_outcome(const struct bulk_verdicts *v, uint32_t item);

/* ---- proof of effect (proof.h) ---- */

struct bulk_place {
	const char *index;       /* "": the reply does not say */
	const json_t *pipelines; /* names of those that ran; NULL: it does not say */
};
/* Where a document that was stored went; false: it was not, or nothing is known of it. */
bool bulk_place(const struct bulk_verdicts *v, uint32_t item, struct bulk_place *ret_place);
/* It counts as not taken, for the reason `why` (BULK_NO_EFFECT). No memory: it stays as it is. */
#define BULK_NO_EFFECT "not_in_effect"
void bulk_refuse(struct bulk_verdicts *v, uint32_t item, const char *why);

#endif
