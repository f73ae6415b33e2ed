/* SPDX-License-Identifier: Apache-2.0
 * A receiving thread: datagrams from its own sockets, through its own decoder, into the batch pool.
 * It takes no lock a record. */
#ifndef EF_WORKER_H
#define EF_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/ip.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "forwarder/ship/batch.h"
#include "forwarder/tcp.h"
#include "forwarder/tee.h"
#include "forwarder/top.h"
#include "forwarder/udp.h"

/* What may change while the worker runs; replaced as a whole, never changed in place. */
struct worker_live {
	size_t allow_n; /* 0: everybody may send */
	struct prefix allow[];
};

struct worker_settings {
	uint32_t number; /* from 0 */
	int cpu;         /* to pin to; -1: none */
	uint64_t gather_us;
	uint64_t batch_age_ms;
	uint64_t save_ms; /* interval of state snapshots, 0: none */
	struct decode_settings decode;
	const struct line_head *heads; /* LINE_KINDS texts, NULL: bare lines */
	struct batch_pool *pool;
	const struct worker_live *live; /* copied */
	struct tee *tee;                /* borrowed, shared; NULL: none */
	struct tcp *tcp;                /* borrowed, this worker's alone; NULL: none */
};

/* Its own numbers; relaxed atomics that everybody may read. */
struct worker_counters {
	uint64_t datagrams;
	uint64_t bytes;
	uint64_t tcp_messages;
	uint64_t kernel_drops;
	uint64_t not_allowed;
	uint64_t truncated; /* longer than a datagram may be */
	uint64_t receive_errors;
	uint64_t wakeups;
	uint64_t tee_sent;
	uint64_t tee_failed;
};

/* A copy of what the decoder counts, made once a second by its owner. */
struct worker_report {
	struct worker_counters worker;
	struct decode_counters decode;
	struct exporter_info top[WORKER_TOP];
	size_t top_n;
	uint64_t made_ms; /* monotonic; stands still when the worker does */
};

struct worker;

/* Takes `sockets` (n of them, closed by worker_free()). */
struct worker *worker_new(const struct worker_settings *settings, const struct udp_socket *sockets,
			  uint32_t n, struct err *err);
/* Before the start: what decoder_save() wrote, of all exporters, or of the part that is this
 * worker's. A damaged state is logged and left. */
void worker_load(struct worker *w, const struct buf *state, const struct decode_part *part);
int worker_start(struct worker *w, struct err *err);

/* Ask it to read what the sockets still hold, close its batch and end; then wait for that. */
void worker_stop(struct worker *w);
void worker_join(struct worker *w);
void worker_free(struct worker *w);

/* A copy; NULL: no memory. */
struct worker_live *worker_live_copy(const struct worker_live *live);
/* From the next round on; takes `live`. */
void worker_set_live(struct worker *w, struct worker_live *live);
/* Likewise: takes `fields`, which replace those of decode_settings.fields. */
void worker_set_fields(struct worker *w, struct fields *fields);
void worker_get_report(struct worker *w, struct worker_report *ret_report);
/* The newest snapshot of the decoder's state since the last call, owned by the caller; false: none.
 * After worker_join() always a fresh one. */
bool worker_take_state(struct worker *w, struct buf *ret_state);

#endif
