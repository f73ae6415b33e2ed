/* SPDX-License-Identifier: Apache-2.0
 * Closed batches become documents: pack (gzip), queue or spool, send, judge each item, retry what can be retried.
 *
 *   workers ─▶ batch pool ─▶ packer thread ─▶ memory queue ─┬─▶ sender threads ─▶ _bulk
 *                                        └──▶ disk spool ────┘
 *
 * The memory queue is used while Elasticsearch answers; what it cannot hold, and everything while no endpoint takes
 * data, goes to the spool. Without a spool the packer waits, then the pool is empty, then the workers wait.
 * Used by efd and `efctl replay` alike; the shipper logs, and keeps no global state. */
#ifndef EF_SHIP_SHIPPER_H
#define EF_SHIP_SHIPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/options.h"
#include "forwarder/ship/batch.h"
#include "forwarder/ship/options.h"
#include "forwarder/ship/spool.h"

struct shipper;

#define SHIP_LATENCY_BUCKETS 12
/* Upper bounds of the buckets in milliseconds; the last one has none. */
extern const uint32_t ship_latency_ms[SHIP_LATENCY_BUCKETS - 1];

/* All only grow, except those named _now. records = stored + duplicates + failed + rejected + dropped + lost, once
 * everything is settled. */
struct ship_counters {
	uint64_t batches;
	uint64_t records;    /* lines in batches */
	uint64_t raw_bytes;  /* before compression */
	uint64_t gzip_bytes; /* after it */
	uint64_t requests;
	uint64_t sent_bytes;
	uint64_t stored;
	uint64_t duplicates; /* an earlier attempt had stored them */
	uint64_t failed;     /* refused, and now in logs-flow.failed-* with the reason */
	uint64_t rejected; /* refused there too: in the reject file, or, without one, only logged */
	uint64_t dropped;  /* given up by the full spool */
	uint64_t
	    lost; /* given up for any other reason: memory, torn spool file, stop without a spool */
	uint64_t retried_items;
	uint64_t retried_requests;
	uint64_t request_unreachable; /* no answer, or no whole one */
	/* the next three: of the request, or of the first item to be tried again */
	uint64_t request_busy;   /* 429 */
	uint64_t request_failed; /* 5xx, cluster block */
	uint64_t request_denied; /* 401, 403; 404 of an item */
	uint64_t
	    request_wrong; /* an answer that is not Elasticsearch's, or a cluster without efctl setup */
	uint64_t request_split; /* 413, 400: sent again in halves */
	uint64_t spooled;       /* batches written to the spool */
	uint64_t spool_errors;
	uint64_t spool_torn; /* files that failed their checksum and are set aside */
	uint64_t latency[SHIP_LATENCY_BUCKETS]; /* requests by duration */
	uint64_t latency_sum_ms;
	uint64_t queue_now; /* batches that wait in memory */
	uint64_t queue_bytes_now;
	uint64_t sending_now; /* batches in the senders' hands */
	uint64_t endpoints_now;
	uint64_t endpoints_up_now;
	uint64_t spool_files_now;
	uint64_t spool_bytes_now;
	uint64_t spool_records_now;
	uint64_t spool_oldest_ms_now; /* wall clock; 0: empty */
	uint64_t pool_buffers_now;
	uint64_t pool_free_now;
	uint64_t pool_waits;
	uint64_t pool_wait_ns;
};

struct ship_counter_row {
	uint16_t offset; /* of the uint64_t in struct ship_counters */
	bool gauge;
	const char *name;  /* snake case, no prefix */
	const char *label; /* or NULL */
	const char *value;
	const char *help;
};
extern const struct ship_counter_row ship_counter_rows[];
extern const size_t ship_counter_rows_len;

/* Opens the spool and starts the threads. Both settings are borrowed until shipper_free(); elastic_settings_check() was
 * called. Nothing is sent or asked before the first batch: an unreachable cluster is not an error here. */
struct shipper *shipper_new(const struct ship_settings *ship,
			    const struct elastic_settings *elastic, struct err *err);

/* Workers write here: batch_writer_init(w, shipper_pool(s), heads) with heads from bulk_heads(). */
struct batch_pool *shipper_pool(struct shipper *s);

/* A stop has begun: from `timeout_ms` on, what finds no place is given up (and counted as lost), so that no worker waits for room
 * for ever. Call it before waiting for the writers. */
void shipper_hurry(struct shipper *s, uint64_t timeout_ms);

/* Once all writers have closed their batches: waits until everything was sent, or `timeout_ms` is over (UINT64_MAX: no
 * limit). What is left then goes to the spool. Returns the number of records that are neither sent nor spooled (counted as
 * lost). The threads have ended afterwards. A shipper_hurry(s, 0) from another thread ends the waiting. */
uint64_t shipper_finish(struct shipper *s, uint64_t timeout_ms);
void shipper_free(struct shipper *s);

/* New endpoints and credentials, from the next request on. `elastic` is borrowed like the first one, which must stay too. */
int shipper_reload(struct shipper *s, const struct elastic_settings *elastic, struct err *err);

void shipper_get_counters(struct shipper *s, struct ship_counters *ret_counters);

/* What keeps data from going out, in one line for people; "" when nothing does. */
void shipper_problem(struct shipper *s, char *text, size_t room);

#endif
