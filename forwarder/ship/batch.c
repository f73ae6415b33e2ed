/* SPDX-License-Identifier: Apache-2.0
 * A fixed pool of batch buffers: workers fill them with decoded lines, one consumer empties
 * them. */
#include "forwarder/ship/batch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <utlist.h>

#include "common/clock.h"

struct batch_pool {
	pthread_mutex_t lock;
	pthread_cond_t has_free;   /* workers wait */
	pthread_cond_t has_closed; /* the consumer waits; on the monotonic clock */
	struct batch *free_list;
	struct batch *closed_list;
	struct batch_pool_state state;
	bool finished;
	size_t bytes; /* a batch closes at this size */
	size_t room;  /* of one buffer: for the longest line at least */
	char *memory; /* of all buffers */
	struct batch batches[];
};

struct batch_pool *batch_pool_new(uint32_t buffers, size_t bytes, struct err *err)
{
	struct batch_pool *pool = calloc(1, sizeof(*pool) + buffers * sizeof(struct batch));
	size_t room = bytes > SINK_LINE_MAX ? bytes : SINK_LINE_MAX;
	char *memory = mmap(NULL, buffers * room, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!pool || memory == MAP_FAILED) {
		free(pool);
		if (memory != MAP_FAILED)
			munmap(memory, buffers * room);
		err_set(err, EF_FAILED,
			"no memory for %u batch buffers of %zu bytes; lower batch.size or "
			"batch.buffers",
			buffers, room);
		return NULL;
	}
	pool->memory = memory;
	pool->bytes = bytes;
	pool->room = room;
	pool->state.buffers = pool->state.free = buffers;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->has_free, NULL);
	pthread_cond_init(&pool->has_closed, &attr);
	pthread_condattr_destroy(&attr);
	for (uint32_t i = 0; i < buffers; i++) {
		pool->batches[i].data = memory + i * room;
		DL_APPEND(pool->free_list, &pool->batches[i]);
	}
	return pool;
}

void batch_pool_free(struct batch_pool *pool)
{
	if (!pool)
		return;
	munmap(pool->memory, pool->state.buffers * pool->room);
	pthread_cond_destroy(&pool->has_closed);
	pthread_cond_destroy(&pool->has_free);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct batch *take_free(struct batch_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	if (!pool->free_list) {
		uint64_t since = clock_now_ns();
		pool->state.waits++;
		while (!pool->free_list)
			pthread_cond_wait(&pool->has_free, &pool->lock);
		pool->state.wait_ns += clock_now_ns() - since;
	}
	struct batch *b = pool->free_list;
	DL_DELETE(pool->free_list, b);
	pool->state.free--;
	pthread_mutex_unlock(&pool->lock);
	b->len = 0;
	b->items = 0;
	b->opened_ms = 0;
	return b;
}

static void close_batch(struct batch_pool *pool, struct batch *b)
{
	pthread_mutex_lock(&pool->lock);
	DL_APPEND(pool->closed_list, b);
	pool->state.closed++;
	pthread_cond_signal(&pool->has_closed);
	pthread_mutex_unlock(&pool->lock);
}

struct batch *batch_pool_next(struct batch_pool *pool, uint64_t timeout_ms)
{
	struct timespec until = clock_in(timeout_ms);
	pthread_mutex_lock(&pool->lock);
	while (!pool->closed_list && !pool->finished)
		if (pthread_cond_timedwait(&pool->has_closed, &pool->lock, &until) != 0)
			break;
	struct batch *b = pool->closed_list;
	if (b) {
		DL_DELETE(pool->closed_list, b);
		pool->state.closed--;
	}
	pthread_mutex_unlock(&pool->lock);
	return b;
}

/* Last in, first out: a small load keeps to few buffers, and their memory stays in the cache. */
void batch_pool_return(struct batch_pool *pool, struct batch *b)
{
	pthread_mutex_lock(&pool->lock);
	DL_PREPEND(pool->free_list, b);
	pool->state.free++;
	pthread_cond_signal(&pool->has_free);
	pthread_mutex_unlock(&pool->lock);
}

void batch_pool_finish(struct batch_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->finished = true;
	pthread_cond_broadcast(&pool->has_closed);
	pthread_mutex_unlock(&pool->lock);
}

bool batch_pool_finished(struct batch_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	bool finished = pool->finished && !pool->closed_list;
	pthread_mutex_unlock(&pool->lock);
	return finished;
}

void batch_pool_get_state(struct batch_pool *pool, struct batch_pool_state *ret_state)
{
	pthread_mutex_lock(&pool->lock);
	*ret_state = pool->state;
	pthread_mutex_unlock(&pool->lock);
}

/* ---- writer ---- */

/* Hands the open batch over, or back when nothing was written to it. */
static void writer_close(struct batch_writer *w)
{
	struct batch *b = w->batch;
	if (!b)
		return;
	b->len = (size_t)(w->sink.cur - b->data);
	b->items = b->kinds = 0;
	for (int kind = 0; kind < LINE_KINDS; kind++) {
		uint32_t n = (uint32_t)(w->sink.lines[kind] - w->lines_before[kind]);
		b->items += n;
		b->kinds |= (uint32_t)(n > 0) << kind;
	}
	if (b->len)
		close_batch(w->pool, b);
	else
		batch_pool_return(w->pool, b);
	w->batch = NULL;
	w->sink.cur = w->sink.end = NULL;
}

static int writer_more(struct sink *sink, size_t need)
{
	struct batch_writer *w = (struct batch_writer *)sink;
	if (need > w->pool->room)
		return -1;
	writer_close(w);
	w->batch = take_free(w->pool);
	memcpy(w->lines_before, sink->lines, sizeof(w->lines_before));
	sink->cur = w->batch->data;
	sink->end = w->batch->data + (need > w->pool->bytes ? need : w->pool->bytes);
	return 0;
}

void batch_writer_init(struct batch_writer *w, struct batch_pool *pool,
		       const struct line_head heads[LINE_KINDS])
{
	*w = (struct batch_writer){ .pool = pool };
	w->sink.more = writer_more;
	w->sink.owner = w;
	for (int kind = 0; kind < LINE_KINDS; kind++) {
		w->sink.head[kind].id_at = -1;
		if (heads)
			w->sink.head[kind] = heads[kind];
	}
}

void batch_writer_tick(struct batch_writer *w, uint64_t now_ms, uint64_t age_ms)
{
	struct batch *b = w->batch;
	if (!b || w->sink.cur == b->data)
		return;
	if (!b->opened_ms)
		b->opened_ms = now_ms;
	if (now_ms >= b->opened_ms + age_ms)
		writer_close(w);
}

uint64_t batch_writer_due(const struct batch_writer *w, uint64_t now_ms, uint64_t age_ms,
			  uint64_t idle)
{
	const struct batch *b = w->batch;
	if (!b || !b->opened_ms)
		return idle;
	uint64_t due = b->opened_ms + age_ms;
	uint64_t wait = due > now_ms ? due - now_ms : 0;
	return wait < idle ? wait : idle;
}
