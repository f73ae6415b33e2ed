/* SPDX-License-Identifier: Apache-2.0
 * The shipper as its parts see it: shipper.c starts them, packer.c and sender.c are the threads,
 * queue.c is between them; nobody else includes it. */
#ifndef EF_SHIP_SHIPPER_INTERNAL_H
#define EF_SHIP_SHIPPER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/http.h"
#include "forwarder/ship/bulk.h"
#include "forwarder/ship/compress.h"
#include "forwarder/ship/endpoint.h"
#include "forwarder/ship/lane.h"
#include "forwarder/ship/parcel.h"
#include "forwarder/ship/reject.h"
#include "forwarder/ship/shipper.h"

#define REPLY_MAX (64u << 20)

struct sender {
	struct shipper *s;
	pthread_t thread;
	bool started;
	struct elastic_settings elastic; /* a copy of its own: a reload may come while it asks */
	struct http *http;               /* replaced under the shipper's lock */
	uint32_t generation;             /* of the settings that `http` uses */
	char key_id[API_KEY_ID_MAX];     /* of the API key that `http` uses; "": none */
	struct gzip *gz;
	struct http_reply reply;
	bool spool_first; /* memory and spool take turns */
};

struct shipper {
	const struct ship_settings *ship;
	struct batch_pool *pool;
	struct spool *spool;         /* NULL: none */
	struct reject_file *rejects; /* NULL: none */
	struct endpoints *endpoints;
	struct gzip *gz;         /* the packer's */
	const char *ns, *prefix; /* a reload does not change them */

	_Atomic uint64_t drops_told; /* dropped records that were logged */
	_Atomic uint64_t torn_told;  /* and torn files */
	_Atomic uint64_t odd_told;   /* and entries that are none of ours */

	pthread_mutex_t lock;  /* of everything from here to `problem` */
	pthread_cond_t work;   /* senders wait for it: one is woken for each parcel */
	pthread_cond_t change; /* of anything else: the packer, pauses and the end wait for it */
	struct elastic_settings elastic; /* its texts are borrowed, but for the API key */
	struct ship_keys keys;
	struct lanes lanes;
	uint32_t proving;     /* bits of lanes whose first document is under way */
	bool no_list;         /* the cluster does not tell which pipelines ran */
	bool no_require;      /* and knows no require_data_stream */
	bool short_replies;   /* it was asked which pipelines ran, and replies do not say */
	bool told_discarded;  /* the log says that a pipeline drops documents */
	bool may_look;        /* these credentials may look at a stream */
	uint32_t generation;  /* counts reloads, and new keys */
	struct parcel *queue; /* a utlist: the oldest first */
	size_t queue_bytes;   /* of it, and of what is parked in memory */
	uint32_t queue_n;
	uint32_t sending;        /* parcels in senders' hands */
	uint32_t sending_memory; /* those of them that are on no disk */
	uint32_t sending_parts;  /* those of them that are parts of another */
	uint32_t senders_ended;
	double window;        /* parcels that may be sent at a time: 1 to senders_n */
	bool packed_all;      /* the packer has ended */
	uint64_t deadline_ms; /* of a stop: the packer waits no longer than this */
	bool proven;  /* the cluster has answered as it should since the start or the last reload */
	bool give_up; /* senders put back what they hold and end */
	char problem[SHIP_PROBLEM_MAX];

	struct ship_counters counters; /* relaxed atomics; gauges are filled in when asked */
	pthread_t packer;
	bool packer_started;
	uint32_t senders_n;
	struct sender senders[];
};

#define COUNT(s, member, n) \
	__atomic_fetch_add(&(s)->counters.member, (uint64_t)(n), __ATOMIC_RELAXED)

#endif
