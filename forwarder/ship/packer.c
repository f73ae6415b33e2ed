/* SPDX-License-Identifier: Apache-2.0
 * The packer thread: closed batches are compressed and put where they will be sent from. */
#include "forwarder/ship/packer.h"

#include <stdlib.h>
#include <utlist.h>

#include "common/clock.h"
#include "common/log.h"
#include "forwarder/ship/queue.h"

/* While no endpoint takes data, nothing waits in memory. */
static void queue_to_spool(struct shipper *s)
{
	while (shipper_away(s)) {
		pthread_mutex_lock(&s->lock);
		struct parcel *p = queue_pop(s);
		pthread_mutex_unlock(&s->lock);
		if (!p)
			return;
		if (queue_spool(s, p))
			continue;
		pthread_mutex_lock(&s->lock);
		DL_PREPEND(s->queue, p);
		queue_count(s, p);
		pthread_mutex_unlock(&s->lock);
		return;
	}
}

/* Puts the parcel where it will be sent from, waiting as long as neither memory nor disk has
 * room. */
static void deliver(struct shipper *s, struct parcel *p)
{
	bool give_up = false;
	while (!give_up) {
		bool to_disk = s->spool && (s->ship->spool_when == SPOOL_ALWAYS || shipper_away(s));
		pthread_mutex_lock(&s->lock);
		if (!to_disk && queue_has_room(s, p)) {
			DL_APPEND(s->queue, p);
			queue_count(s, p);
			pthread_mutex_unlock(&s->lock);
			return;
		}
		if (!s->spool && !s->give_up && clock_now_ms() < s->deadline_ms)
			queue_wait(s, &s->change, QUEUE_WAKE_MS);
		give_up = s->give_up || clock_now_ms() >= s->deadline_ms;
		pthread_mutex_unlock(&s->lock);
		if (s->spool && queue_spool(s, p))
			return;
		if (s->spool)
			give_up = shipper_pause(s, QUEUE_WAKE_MS) || give_up;
	}
	queue_lose(s, p, "efd had to stop, and there was no spool to keep them");
}

static struct parcel *batch_pack(struct shipper *s, const struct batch *b)
{
	struct parcel *p = calloc(1, sizeof(*p));
	if (p)
		p->gz = gzip_pack(s->gz, b->data, b->len, &p->gz_len);
	if (!p || !p->gz) {
		parcel_free(p);
		return NULL;
	}
	p->raw_len = b->len;
	p->lanes = lanes_of_kinds(b->kinds);
	p->items = b->items;
	p->born_ms = clock_wall_ms();
	COUNT(s, batches, 1);
	COUNT(s, records, b->items);
	COUNT(s, raw_bytes, b->len);
	COUNT(s, gzip_bytes, p->gz_len);
	return p;
}

void *packer_main(void *arg)
{
	struct shipper *s = arg;
	while (!batch_pool_finished(s->pool)) {
		struct batch *b = batch_pool_next(s->pool, QUEUE_WAKE_MS);
		queue_to_spool(s);
		if (s->spool)
			spool_sync_due(s->spool);
		if (!b)
			continue;
		struct parcel *p;
		while (!(p = batch_pack(s, b)) && !shipper_pause(s, QUEUE_WAKE_MS))
			log_error("no memory to compress a batch; trying again");
		if (!p) {
			COUNT(s, records, b->items);
			COUNT(s, lost, b->items);
		}
		batch_pool_return(s->pool, b);
		if (p)
			deliver(s, p);
	}
	pthread_mutex_lock(&s->lock);
	s->packed_all = true;
	queue_wake_all(s);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}
