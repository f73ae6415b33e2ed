/* SPDX-License-Identifier: Apache-2.0
 * A fixed pool of batch buffers: workers fill them with decoded lines, one consumer empties them.
 *
 * The pool is all the memory that raw lines ever have. A worker that finds no free buffer waits:
 * that is the back-pressure, and the kernel's socket buffer is what gives then. Pool functions are
 * thread-safe; a writer belongs to one thread. */
#ifndef EF_SHIP_BATCH_H
#define EF_SHIP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/sink.h"

struct batch {
	char *data;
	size_t len;
	uint32_t items;
	uint32_t kinds;            /* a bit (1 << enum line_kind) for each that it has */
	uint64_t opened_ms;        /* on the caller's clock; 0: empty */
	struct batch *prev, *next; /* in its pool */
};

struct batch_pool;

struct batch_pool_state {
	uint32_t buffers;
	uint32_t free;
	uint32_t closed;  /* waiting for the consumer */
	uint64_t waits;   /* how often a worker found the pool empty */
	uint64_t wait_ns; /* and how long they waited, all together */
};

/* `buffers` buffers of `bytes` bytes, or more where one line needs it (SINK_LINE_MAX); memory is
 * touched only when used. */
struct batch_pool *batch_pool_new(uint32_t buffers, size_t bytes, struct err *err);
void batch_pool_free(struct batch_pool *pool);

/* For the consumer: the oldest closed batch, or NULL after timeout_ms, or at once when the pool was
 * finished and nothing is left. Give it back with batch_pool_return(). */
struct batch *batch_pool_next(struct batch_pool *pool, uint64_t timeout_ms);
void batch_pool_return(struct batch_pool *pool, struct batch *b);

/* No more batches will be closed: batch_pool_next() does not wait any more. */
void batch_pool_finish(struct batch_pool *pool);
/* True when it was finished and every closed batch was taken. */
bool batch_pool_finished(struct batch_pool *pool);

void batch_pool_get_state(struct batch_pool *pool, struct batch_pool_state *ret_state);

/* ---- the worker's side ---- */

/* Point `sink` at the decoder. Whole lines only ever lie in one batch. */
struct batch_writer {
	struct sink sink; /* first: `more` finds the writer by it */
	struct batch_pool *pool;
	struct batch *batch;               /* being filled; NULL before the first line */
	uint64_t lines_before[LINE_KINDS]; /* sink lines when it was taken */
};

/* `heads` are the texts before each line (bulk_heads(), or NULL for bare NDJSON). */
void batch_writer_init(struct batch_writer *w, struct batch_pool *pool,
		       const struct line_head heads[LINE_KINDS]);
/* Closes the batch that is `age_ms` old or older; call it after every round of datagrams. 0 closes
 * whatever there is. */
void batch_writer_tick(struct batch_writer *w, uint64_t now_ms, uint64_t age_ms);
/* Milliseconds until the open batch is due, `idle` when there is none. */
uint64_t batch_writer_due(const struct batch_writer *w, uint64_t now_ms, uint64_t age_ms,
			  uint64_t idle);

#endif
