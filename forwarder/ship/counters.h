/* SPDX-License-Identifier: Apache-2.0
 * The shipper's counters: one row a number, and the snapshot. */
#ifndef EF_SHIP_COUNTERS_H
#define EF_SHIP_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shipper;

#define SHIP_LATENCY_BUCKETS 12
/* Upper bounds of the buckets in milliseconds; the last one has none. */
extern const uint32_t ship_latency_ms[SHIP_LATENCY_BUCKETS - 1];

/* All only grow, except those named _now. records = stored + duplicates + failed + aside +
 * discarded + rejected + dropped + lost, once everything is settled; what a full reject file gave
 * up is counted as rejected first, and then as lost. */
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
	uint64_t aside;      /* refused, and now in the failure store of their stream */
	uint64_t discarded;  /* a pipeline dropped them: in no index, and no error to the cluster */
	uint64_t store_failed; /* refused by a failure store, too; in one of the others, besides */
	uint64_t rejected;     /* refused there too: in the reject file */
	uint64_t dropped;      /* given up by the full spool */
	/* given up for any other reason: memory, damaged spool file, stop without a spool, no
	 * reject file */
	uint64_t lost;
	uint64_t retried_items;
	uint64_t retried_requests;
	uint64_t request_unreachable; /* no answer, or no whole one */
	/* the next three: of the request, or of the first item to be tried again */
	uint64_t request_busy;   /* 429 */
	uint64_t request_failed; /* 5xx, cluster block */
	uint64_t request_denied; /* 401, 403; 404 of an item */
	/* an answer that is not Elasticsearch's, or a cluster without efctl setup */
	uint64_t request_wrong;
	uint64_t request_split; /* too large, or refused as a whole: sent again in halves */
	/* proofs of effect, by data stream (proof.h) */
	uint64_t proofs_good;
	uint64_t proofs_bad;
	uint64_t proofs_none; /* nothing could tell */
	uint64_t parked; /* documents that were set apart, as their data stream takes nothing now */
	uint64_t streams_waiting_now; /* data streams that take nothing */
	uint64_t spooled;             /* batches written to the spool */
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

void shipper_get_counters(struct shipper *s, struct ship_counters *ret_counters);

#endif
