/* SPDX-License-Identifier: Apache-2.0
 * What shipper.c (threads, queue, packer) and sender.c (requests, verdicts) share; nobody else includes it. */
#ifndef EF_SHIP_SHIPPER_INTERNAL_H
#define EF_SHIP_SHIPPER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/http.h"
#include "forwarder/ship/compress.h"
#include "forwarder/ship/endpoint.h"
#include "forwarder/ship/parcel.h"
#include "forwarder/ship/reject.h"
#include "forwarder/ship/shipper.h"

struct sender {
	struct shipper *s;
	pthread_t thread;
	bool started;
	struct http *http;   /* replaced under the shipper's lock */
	uint32_t generation; /* of the settings that `http` uses */
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
	struct gzip *gz; /* the packer's */
	const char *ns;  /* a reload does not change it */

	_Atomic uint64_t drops_told; /* dropped records that were logged */
	_Atomic uint64_t torn_told;  /* and torn files */

	pthread_mutex_t lock;  /* of everything from here to `problem` */
	pthread_cond_t work;   /* senders wait for it: one is woken for each parcel */
	pthread_cond_t change; /* of anything else: the packer, pauses and the end wait for it */
	const struct elastic_settings *elastic;
	uint32_t generation; /* counts reloads */
	struct parcel_list queue;
	size_t queue_bytes;
	uint32_t queue_n;
	uint32_t sending;        /* parcels in senders' hands */
	uint32_t sending_memory; /* those of them that are on no disk */
	double window;           /* parcels that may be sent at a time: 1 to senders_n */
	bool packed_all;         /* the packer has ended */
	uint64_t deadline_ms;    /* of a stop: the packer waits no longer than this */
	bool give_up;            /* senders put back what they hold and end */
	char problem[512];

	struct ship_counters counters; /* relaxed atomics; gauges are filled in when asked */
	pthread_t packer;
	bool packer_started;
	uint32_t senders_n;
	struct sender senders[];
};

#define COUNT(s, member, n) \
	__atomic_fetch_add(&(s)->counters.member, (uint64_t)(n), __ATOMIC_RELAXED)

uint64_t ship_now_ms(void);  /* monotonic */
uint64_t ship_wall_ms(void); /* since the epoch */

/* The next parcel for this sender, waiting for one; NULL: nothing will come any more. */
struct parcel *shipper_take(struct shipper *s, struct sender *sender);
/* The window of requests under way, as TCP has one: half of it when the cluster is busy, one more after a round of successes. */
void shipper_was_busy(struct shipper *s);
void shipper_went_well(struct shipper *s);
/* A taken parcel is settled: every item is somewhere for good. */
void shipper_settled(struct shipper *s, struct parcel *p);
/* It could not be sent: back to where it is safe (spool, else the head of the queue). */
void shipper_put_back(struct shipper *s, struct parcel *p);
/* Sleeps, less when the shipper gives up; true when it did. */
bool shipper_pause(struct shipper *s, uint64_t ms);
bool shipper_gives_up(struct shipper *s);
/* True when there is a spool and no endpoint takes data: what is in memory had better be on disk. */
bool shipper_away(struct shipper *s);
/* Text for shipper_problem(); NULL: everything works again. */
void shipper_set_problem(struct shipper *s, const char *text);

void *sender_main(void *sender);
int sender_init(struct sender *sender, struct shipper *s, struct err *err);
void sender_release(struct sender *sender);

#endif
