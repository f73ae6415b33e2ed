/* SPDX-License-Identifier: Apache-2.0
 * Closed batches become documents: pack (gzip), queue or spool, send, judge each item, retry what
 * can be retried.
 *
 *   workers ─▶ batch pool ─▶ packer thread ─▶ memory queue ─┬─▶ sender threads ─▶ _bulk
 *                                        └──▶ disk spool ────┘
 *
 * The memory queue is used while Elasticsearch answers; what it cannot hold, and everything while
 * no endpoint takes data, goes to the spool. Without a spool the packer waits, then the pool is
 * empty, then the workers wait. Used by efd and `efctl replay` alike; the shipper logs, and keeps
 * no global state. */
#ifndef EF_SHIP_SHIPPER_H
#define EF_SHIP_SHIPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/options.h"
#include "forwarder/ship/access.h"
#include "forwarder/ship/batch.h"
#include "forwarder/ship/bulk.h"
#include "forwarder/ship/counters.h"
#include "forwarder/ship/options.h"
#include "forwarder/ship/spool.h"

struct shipper;

/* Opens the spool and starts the threads. Both settings are borrowed until shipper_free(),
 * except for the API key, which is copied; elastic_settings_check() was called. The cluster is
 * asked whether it is there from the start on, but an unreachable one is not an error here. */
struct shipper *shipper_new(const struct ship_settings *ship,
			    const struct elastic_settings *elastic, struct err *err);

/* Asks the first endpoint once whether it would take data with these settings, as a start does, and
 * sends none. Returns an exit code (exit.h) with a line for people in `text`: EF_DONE;
 * EF_DIFFERENT: the cluster was not set up, or a data stream is without effect; EF_UNREACHABLE;
 * EF_USAGE: the credentials are refused, or somebody else answers; EF_FAILED: not now. -1: no
 * memory. */
int shipper_look(const struct ship_settings *ship, const struct elastic_settings *elastic,
		 char *text, size_t room, struct err *err);

/* Workers write here: batch_writer_init(w, shipper_pool(s), heads) with heads from bulk_heads(). */
struct batch_pool *shipper_pool(struct shipper *s);

/* A stop has begun: from `timeout_ms` on, what finds no place is given up (and counted as lost), so
 * that no worker waits for room for ever. Call it before waiting for the writers. */
void shipper_hurry(struct shipper *s, uint64_t timeout_ms);

/* Once all writers have closed their batches: waits until everything was sent, or `timeout_ms` is
 * over (UINT64_MAX: no limit). What is left then goes to the spool. Returns the number of records
 * that are neither sent nor spooled (counted as lost). The threads have ended afterwards. A
 * shipper_hurry(s, 0) from another thread ends the waiting. */
uint64_t shipper_finish(struct shipper *s, uint64_t timeout_ms);
void shipper_free(struct shipper *s);

#define SHIP_PROBLEM_MAX 1024
/* What keeps data from going out, or rejected documents from being kept, in one line for people; ""
 * when nothing does. Before the cluster
 * has answered once since the start or the last reload, that is what it says. */
void shipper_problem(struct shipper *s, char *text, size_t room);

/* Where nothing is known to keep data from going out: why it is not known that our pipelines run on
 * all that was sent; "" when it is. */
void shipper_doubt(struct shipper *s, char *text, size_t room);

struct ship_effect {
	const char *stream; /* the shipper's */
	bool proven;        /* what is sent there takes effect */
};
/* Of all data streams; returns how many there are. */
size_t shipper_get_effects(struct shipper *s, struct ship_effect ret[BULK_STREAMS]);

#endif
