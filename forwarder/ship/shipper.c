/* SPDX-License-Identifier: Apache-2.0
 * Closed batches become documents: the start and the end of all threads. */
#include "forwarder/ship/shipper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/exit.h"
#include "common/thread.h"
#include "forwarder/ship/access.h"
#include "forwarder/ship/packer.h"
#include "forwarder/ship/queue.h"
#include "forwarder/ship/request.h"
#include "forwarder/ship/sender.h"

void shipper_problem(struct shipper *s, char *text, size_t room)
{
	pthread_mutex_lock(&s->lock);
	const struct lane *closed = lanes_problem(&s->lanes);
	if (closed && !s->problem[0] && closed->effect == EFFECT_NONE)
		snprintf(text, room, "nothing is sent to %s, what is for it waits: %s",
			 closed->name, closed->why);
	else if (closed && !s->problem[0])
		snprintf(text, room, "%s takes nothing, what is for it waits: %s", closed->name,
			 closed->why);
	else
		snprintf(text, room, "%s",
			 s->problem[0] || s->proven ? s->problem
						    : "nothing was heard of Elasticsearch yet");
	pthread_mutex_unlock(&s->lock);
	struct err err = ERR_NONE;
	if (!*text && s->rejects && reject_file_check(s->ship->reject_file, &err) < 0)
		snprintf(text, room, "what is refused for good would be lost: %s", err.msg);
}

size_t shipper_get_effects(struct shipper *s, struct ship_effect ret[BULK_STREAMS])
{
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < BULK_STREAMS; i++) {
		const struct lane *lane = &s->lanes.lane[LANE_FIRST + i];
		ret[i] = (struct ship_effect){ lane->name, lane->effect == EFFECT_PROVEN };
	}
	pthread_mutex_unlock(&s->lock);
	return BULK_STREAMS;
}

void shipper_doubt(struct shipper *s, char *text, size_t room)
{
	bool proven = false;
	const struct lane *open = NULL;
	pthread_mutex_lock(&s->lock);
	for (int i = LANE_FIRST; i < LANE_OTHER; i++) {
		const struct lane *lane = &s->lanes.lane[i];
		proven |= lane->effect == EFFECT_PROVEN;
		if (!open && lane->used && lane->effect != EFFECT_PROVEN)
			open = lane;
	}
	if (!s->ship->setup_check)
		snprintf(text, room, "ship.setup_check is off");
	else if (open && !open->pipeline[0])
		snprintf(text, room, "whether what is sent to %s stays there%s%s", open->name,
			 open->doubt[0] ? ": " : "", open->doubt);
	else if (open)
		snprintf(text, room, "whether the pipeline '%s' runs on what is sent to %s%s%s",
			 open->pipeline, open->name, open->doubt[0] ? ": " : "", open->doubt);
	else
		snprintf(text, room, "%s",
			 proven ? ""
				: "nothing was sent yet that would show whether it takes effect");
	pthread_mutex_unlock(&s->lock);
}

/* ---- start and end ------------------------------------------------------ */

static int shipper_start(struct shipper *s, const struct elastic_settings *elastic, struct err *err)
{
	const struct ship_settings *ship = s->ship;
	const struct spool_settings spool = { .dir = ship->spool_dir,
					      .max_bytes = (uint64_t)ship->spool_bytes,
					      .policy = (enum spool_policy)ship->spool_full,
					      .sync = (enum spool_sync)ship->spool_sync };
	s->pool = batch_pool_new((uint32_t)ship->buffers, (size_t)ship->batch_bytes, err);
	s->endpoints = s->pool ? endpoints_new(&elastic->url, err) : NULL;
	if (!s->endpoints)
		return -1;
	if (spool.dir && !(s->spool = spool_open(&spool, err)))
		return -1;
	if (s->spool) {
		queue_tell_torn(s);
		queue_tell_waiting(s, "they are sent now");
	}
	if (ship->reject_file &&
	    !(s->rejects = reject_file_new(ship->reject_file, (uint64_t)ship->reject_bytes, err)))
		return -1;
	s->gz = gzip_new();
	if (!s->gz)
		return err_set(err, EF_FAILED, "out of memory");
	for (uint32_t i = 0; i < s->senders_n; i++) {
		struct sender *sender = &s->senders[i];
		if (sender_init(sender, s, err) < 0)
			return -1;
		if (thread_start(&sender->thread, "sender", sender_main, sender, err) < 0)
			return -1;
		sender->started = true;
	}
	s->packer_started = thread_start(&s->packer, "packer", packer_main, s, err) == 0;
	return s->packer_started ? 0 : -1;
}

/* Without threads, endpoints and all that is on a disk. */
static struct shipper *shipper_make(const struct ship_settings *ship,
				    const struct elastic_settings *elastic, uint32_t n,
				    struct err *err)
{
	struct shipper *s = calloc(1, sizeof(*s) + n * sizeof(struct sender));
	if (!s) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	s->ship = ship;
	s->ns = elastic->namespace;
	s->prefix = elastic->prefix;
	lanes_init(&s->lanes, s->prefix, s->ns);
	s->senders_n = n;
	s->window = n;
	s->deadline_ms = UINT64_MAX;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->change, &attr);
	pthread_cond_init(&s->work, &attr);
	pthread_condattr_destroy(&attr);
	if (access_init(s, elastic, err) == 0)
		return s;
	shipper_free(s);
	return NULL;
}

struct shipper *shipper_new(const struct ship_settings *ship,
			    const struct elastic_settings *elastic, struct err *err)
{
	struct shipper *s = shipper_make(ship, elastic, (uint32_t)ship->connections, err);
	if (s && shipper_start(s, elastic, err) == 0)
		return s;
	shipper_free(s);
	return NULL;
}

/* ---- asked once ---- */

static enum ef_exit exit_of(enum asked asked)
{
	static const enum ef_exit codes[] = {
		[ASKED_WELL] = EF_DONE,
		[ASKED_NOBODY] = EF_FAILED,
		[ASKED_UNREACHABLE] = EF_UNREACHABLE,
		[ASKED_DENIED] = EF_USAGE,
		[ASKED_UNPREPARED] = EF_DIFFERENT,
		[ASKED_WRONG] = EF_USAGE,
		[ASKED_NOT_NOW] = EF_FAILED,
	};
	return codes[asked];
}

int shipper_look(const struct ship_settings *ship, const struct elastic_settings *elastic,
		 char *text, size_t room, struct err *err)
{
	struct shipper *s = shipper_make(ship, elastic, 1, err);
	int code = -1;
	if (s && (s->endpoints = endpoints_new(&elastic->url, err)) &&
	    sender_init(s->senders, s, err) == 0) {
		enum asked asked = sender_ask_now(s->senders);
		code = exit_of(asked);
		shipper_problem(s, text, room);
		size_t n = strlen(text);
		if (asked == ASKED_WRONG && n < room)
			snprintf(text + n, room - n,
				 "; if that is a proxy that lets nobody ask for templates, a start "
				 "sends all the same");
		if (code == EF_DONE && *text)
			code = EF_DIFFERENT; /* a data stream without effect */
	}
	char doubt[440] = "";
	if (code == EF_DONE)
		shipper_doubt(s, doubt, sizeof(doubt));
	if (code == EF_DONE)
		snprintf(text, room, "%s answers and accepts these credentials%s%s",
			 elastic->url.item[0], *doubt ? "; not verified: " : "", doubt);
	shipper_free(s);
	return code;
}

struct batch_pool *shipper_pool(struct shipper *s)
{
	return s->pool;
}

static bool all_sent(const struct shipper *s, bool away)
{
	if (!s->packed_all || s->queue_n || s->sending_memory)
		return false;
	if (away)
		return true; /* what is left is on disk, and nobody would take it */
	if (s->sending)
		return false;
	if (!s->spool || s->ship->spool_when != SPOOL_ALWAYS)
		return true;
	struct spool_state state;
	spool_get_state(s->spool, &state);
	/* what waits for a closed lane is nobody's to send any more */
	return state.files == 0 || s->senders_ended == s->senders_n;
}

static void shipper_give_up(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->give_up = true;
	for (uint32_t i = 0; i < s->senders_n; i++)
		if (s->senders[i].http)
			http_abort(s->senders[i].http);
	queue_wake_all(s);
	pthread_mutex_unlock(&s->lock);
}

static void join_all(struct shipper *s)
{
	if (s->packer_started)
		pthread_join(s->packer, NULL);
	s->packer_started = false;
	for (uint32_t i = 0; i < s->senders_n; i++) {
		if (s->senders[i].started)
			pthread_join(s->senders[i].thread, NULL);
		s->senders[i].started = false;
	}
}

void shipper_hurry(struct shipper *s, uint64_t timeout_ms)
{
	pthread_mutex_lock(&s->lock);
	s->deadline_ms = clock_now_ms() + timeout_ms;
	queue_wake_all(s);
	pthread_mutex_unlock(&s->lock);
}

uint64_t shipper_finish(struct shipper *s, uint64_t timeout_ms)
{
	uint64_t now = clock_now_ms();
	uint64_t until = timeout_ms < UINT64_MAX - now ? now + timeout_ms : UINT64_MAX;
	batch_pool_finish(s->pool);
	pthread_mutex_lock(&s->lock);
	for (;;) {
		bool away = s->spool && endpoints_all_away(s->endpoints);
		now = clock_now_ms();
		if (all_sent(s, away) || now >= until || now >= s->deadline_ms)
			break;
		queue_wait(s, &s->change, until - now < 100 ? until - now : 100);
	}
	pthread_mutex_unlock(&s->lock);
	shipper_give_up(s);
	join_all(s);
	struct parcel *p;
	while ((p = queue_pop(s))) {
		if (s->spool && queue_spool(s, p))
			continue;
		queue_lose(
		    s, p,
		    "Elasticsearch did not take them in time, and there is no spool to keep them");
	}
	if (s->spool)
		queue_tell_waiting(s, "the next start sends them");
	struct ship_counters counters;
	shipper_get_counters(s, &counters);
	return counters.lost;
}

void shipper_free(struct shipper *s)
{
	if (!s)
		return;
	if (s->pool)
		batch_pool_finish(s->pool);
	shipper_give_up(s);
	join_all(s);
	for (uint32_t i = 0; i < s->senders_n; i++)
		sender_release(&s->senders[i]);
	access_release(s);
	struct parcel *p;
	while ((p = queue_pop(s)))
		parcel_free(p);
	gzip_free(s->gz);
	reject_file_free(s->rejects);
	spool_close(s->spool);
	endpoints_free(s->endpoints);
	batch_pool_free(s->pool);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->change);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
