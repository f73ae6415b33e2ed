/* SPDX-License-Identifier: Apache-2.0
 * The shipper's counters: one row a number, and the snapshot. */
#include "forwarder/ship/counters.h"

#include "forwarder/ship/shipper_internal.h"

#define ROW(member, is_gauge, metric, key, val, text)                                \
	{                                                                            \
		.offset = offsetof(struct ship_counters, member), .gauge = is_gauge, \
		.name = metric, .label = key, .value = val, .help = text             \
	}

const uint32_t ship_latency_ms[SHIP_LATENCY_BUCKETS - 1] = { 5,   10,   25,   50,   100,  250,
							     500, 1000, 2500, 5000, 15000 };

#define PROOFS \
	"Whether what is sent to a data stream takes effect there, each time that was looked at."
#define REQUEST_ERRORS "Requests without success, or with items to try again."

const struct ship_counter_row ship_counter_rows[] = {
	ROW(batches, false, "ship_batches", NULL, NULL, "Batches closed and compressed."),
	ROW(records, false, "ship_records", NULL, NULL, "Lines in these batches."),
	ROW(raw_bytes, false, "ship_bytes", "form", "raw",
	    "Bytes of batches, before and after compression."),
	ROW(gzip_bytes, false, "ship_bytes", "form", "gzip",
	    "Bytes of batches, before and after compression."),
	ROW(requests, false, "ship_requests", NULL, NULL, "Bulk requests made."),
	ROW(sent_bytes, false, "ship_sent_bytes", NULL, NULL,
	    "Bytes of the bodies of these requests."),
	ROW(stored, false, "ship_documents", "verdict", "stored", "What became of documents."),
	ROW(duplicates, false, "ship_documents", "verdict", "duplicate",
	    "What became of documents."),
	ROW(failed, false, "ship_documents", "verdict", "failed", "What became of documents."),
	ROW(aside, false, "ship_documents", "verdict", "failure_store",
	    "What became of documents."),
	ROW(discarded, false, "ship_documents", "verdict", "discarded",
	    "What became of documents."),
	ROW(rejected, false, "ship_documents", "verdict", "rejected", "What became of documents."),
	ROW(dropped, false, "ship_documents", "verdict", "dropped", "What became of documents."),
	ROW(lost, false, "ship_documents", "verdict", "lost", "What became of documents."),
	ROW(store_failed, false, "ship_failure_store_failed_documents", NULL, NULL,
	    "Documents that were refused, and that their stream's failure store did not take."),
	ROW(retried_items, false, "ship_retried_documents", NULL, NULL,
	    "Documents that a bulk reply sent back to be tried again."),
	ROW(retried_requests, false, "ship_retried_requests", NULL, NULL, "Requests made again."),
	ROW(request_unreachable, false, "ship_request_errors", "kind", "unreachable",
	    REQUEST_ERRORS),
	ROW(request_busy, false, "ship_request_errors", "kind", "busy", REQUEST_ERRORS),
	ROW(request_failed, false, "ship_request_errors", "kind", "failed", REQUEST_ERRORS),
	ROW(request_denied, false, "ship_request_errors", "kind", "denied", REQUEST_ERRORS),
	ROW(request_wrong, false, "ship_request_errors", "kind", "wrong", REQUEST_ERRORS),
	ROW(request_split, false, "ship_request_errors", "kind", "split", REQUEST_ERRORS),
	ROW(proofs_good, false, "ship_proofs", "result", "in_effect", PROOFS),
	ROW(proofs_bad, false, "ship_proofs", "result", "not_in_effect", PROOFS),
	ROW(proofs_none, false, "ship_proofs", "result", "not_verified", PROOFS),
	ROW(parked, false, "ship_parked_documents", NULL, NULL,
	    "Documents set apart because their data stream takes nothing now."),
	ROW(streams_waiting_now, true, "ship_streams_waiting", NULL, NULL,
	    "Data streams that take nothing now, so that what is for them waits."),
	ROW(spooled, false, "spool_batches", NULL, NULL, "Batches written to the spool."),
	ROW(spool_errors, false, "spool_errors", NULL, NULL, "Failures of the spool's disk."),
	ROW(spool_torn, false, "spool_torn", NULL, NULL,
	    "Damaged spool files, and entries that are none, renamed to *.torn."),
	ROW(queue_now, true, "ship_queue_batches", NULL, NULL, "Batches that wait in memory."),
	ROW(queue_bytes_now, true, "ship_queue_bytes", NULL, NULL, "Bytes of these, compressed."),
	ROW(sending_now, true, "ship_sending_batches", NULL, NULL, "Batches being sent."),
	ROW(endpoints_now, true, "ship_endpoints", NULL, NULL, "Endpoints configured."),
	ROW(endpoints_up_now, true, "ship_endpoints_up", NULL, NULL,
	    "Endpoints that took data, or were not asked yet."),
	ROW(spool_files_now, true, "spool_files", NULL, NULL, "Batches in the spool."),
	ROW(spool_bytes_now, true, "spool_bytes", NULL, NULL, "Bytes of the spool's files."),
	ROW(spool_records_now, true, "spool_records", NULL, NULL, "Lines in the spool."),
	ROW(pool_buffers_now, true, "pool_buffers", NULL, NULL, "Batch buffers."),
	ROW(pool_free_now, true, "pool_free", NULL, NULL, "Batch buffers that are free."),
	ROW(pool_waits, false, "pool_waits", NULL, NULL,
	    "How often a worker found no free batch buffer."),
};
const size_t ship_counter_rows_len = sizeof(ship_counter_rows) / sizeof(ship_counter_rows[0]);

static void add_spool(struct shipper *s, struct ship_counters *c)
{
	struct spool_state spool;
	spool_get_state(s->spool, &spool);
	c->dropped += spool.dropped_items;
	c->lost += spool.torn_items;
	c->spool_torn = spool.torn + spool.odd;
	c->spool_files_now = spool.files;
	c->spool_bytes_now = spool.bytes;
	c->spool_records_now = spool.items;
	c->spool_oldest_ms_now = spool.oldest_ms;
}

void shipper_get_counters(struct shipper *s, struct ship_counters *ret_counters)
{
	/* the struct is nothing but uint64_t */
	uint64_t *from = (uint64_t *)&s->counters, *to = (uint64_t *)ret_counters;
	for (size_t i = 0; i < sizeof(s->counters) / sizeof(*from); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	if (s->spool)
		add_spool(s, ret_counters);
	struct batch_pool_state pool;
	batch_pool_get_state(s->pool, &pool);
	ret_counters->pool_buffers_now = pool.buffers;
	ret_counters->pool_free_now = pool.free;
	ret_counters->pool_waits = pool.waits;
	ret_counters->pool_wait_ns = pool.wait_ns;
	uint32_t up;
	ret_counters->endpoints_now = endpoints_count(s->endpoints, &up);
	ret_counters->endpoints_up_now = up;
	pthread_mutex_lock(&s->lock);
	ret_counters->queue_now = s->queue_n;
	ret_counters->queue_bytes_now = s->queue_bytes;
	ret_counters->sending_now = s->sending;
	ret_counters->streams_waiting_now = (uint64_t)__builtin_popcount(lanes_closed(&s->lanes));
	pthread_mutex_unlock(&s->lock);
}
