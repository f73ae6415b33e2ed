/* SPDX-License-Identifier: Apache-2.0
 * The memory queue, with the spool behind it: what waits, what is being sent, and how much may be
 * sent at a time. */
#include "forwarder/ship/queue.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "common/clock.h"
#include "common/log.h"

void queue_wait(struct shipper *s, pthread_cond_t *what, uint64_t ms)
{
	struct timespec until = clock_in(ms);
	pthread_cond_timedwait(what, &s->lock, &until);
}

void queue_wake_all(struct shipper *s)
{
	pthread_cond_broadcast(&s->change);
	pthread_cond_broadcast(&s->work);
}

bool shipper_gives_up(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	bool give_up = s->give_up;
	pthread_mutex_unlock(&s->lock);
	return give_up;
}

bool shipper_pause(struct shipper *s, uint64_t ms)
{
	uint64_t until = clock_now_ms() + ms;
	pthread_mutex_lock(&s->lock);
	for (uint64_t now; !s->give_up && (now = clock_now_ms()) < until;)
		queue_wait(s, &s->change, until - now);
	bool give_up = s->give_up;
	pthread_mutex_unlock(&s->lock);
	return give_up;
}

bool shipper_away(struct shipper *s)
{
	return s->spool && endpoints_all_away(s->endpoints);
}

void shipper_set_problem(struct shipper *s, const char *text)
{
	pthread_mutex_lock(&s->lock);
	bool was = s->problem[0] != '\0';
	strncpy(s->problem, text ? text : "", sizeof(s->problem) - 1);
	pthread_mutex_unlock(&s->lock);
	if (was && !text)
		log_info("Elasticsearch takes data again");
}

/* ---- memory queue and spool --------------------------------------------- */

void queue_lose(struct shipper *s, struct parcel *p, const char *why)
{
	COUNT(s, lost, p->items);
	log_error("%u records are lost: %s", p->items, why);
	parcel_free(p);
}

static void tell_drops(struct shipper *s)
{
	struct spool_state state;
	spool_get_state(s->spool, &state);
	uint64_t told = atomic_exchange(&s->drops_told, state.dropped_items);
	if (state.dropped_items > told)
		log_warn("the spool is full (spool.size, or its disk): %llu records dropped, %llu "
			 "since the start; the %s",
			 (unsigned long long)(state.dropped_items - told),
			 (unsigned long long)state.dropped_items,
			 s->ship->spool_full == SPOOL_DROP_OLDEST ? "oldest" : "newest");
}

void queue_tell_torn(struct shipper *s)
{
	struct spool_state state;
	spool_get_state(s->spool, &state);
	uint64_t torn = state.torn - atomic_exchange(&s->torn_told, state.torn);
	uint64_t odd = state.odd - atomic_exchange(&s->odd_told, state.odd);
	if (torn)
		log_error("%llu spool files are damaged, and their records are lost: they are kept "
			  "as *.torn in %s (the last was %s); check the disk",
			  (unsigned long long)torn, s->ship->spool_dir, state.aside);
	if (odd)
		log_error("%llu entries of the spool are no files that efd can have written: they "
			  "are kept as *.torn in %s (the last was %s)",
			  (unsigned long long)odd, s->ship->spool_dir, state.aside);
}

void queue_tell_waiting(struct shipper *s, const char *until)
{
	struct spool_state state;
	spool_get_state(s->spool, &state);
	if (state.items)
		log_info("%llu records wait in the spool %s; %s", (unsigned long long)state.items,
			 s->ship->spool_dir, until);
}

/* Copies the parcel to the spool and frees it; false when the disk failed, and it is the caller's
 * still. */
bool queue_spool(struct shipper *s, struct parcel *p)
{
	struct err err = ERR_NONE;
	enum spool_result result = spool_put(s->spool, p, &err);
	if (result == SPOOL_ERROR) {
		COUNT(s, spool_errors, 1);
		log_error("%s; check the disk and its permissions", err.msg);
		return false;
	}
	tell_drops(s);
	if (result == SPOOL_OK) {
		COUNT(s, spooled, 1);
		pthread_mutex_lock(&s->lock);
		pthread_cond_signal(&s->work);
		pthread_mutex_unlock(&s->lock);
	}
	parcel_free(p);
	return true;
}

/* The first of the list; the lock is held. */
static struct parcel *pop(struct shipper *s, struct parcel **list)
{
	struct parcel *p = *list;
	if (p) {
		DL_DELETE(*list, p);
		s->queue_bytes -= p->gz_len;
		s->queue_n--;
		pthread_cond_broadcast(&s->change);
	}
	return p;
}

static struct parcel *pop_parked(struct shipper *s, int lane)
{
	struct lane *l = &s->lanes.lane[lane];
	struct parcel *p = pop(s, &l->parked);
	if (p)
		l->parked_bytes -= p->gz_len;
	return p;
}

struct parcel *queue_pop(struct shipper *s)
{
	struct parcel *p = pop(s, &s->queue);
	for (int lane = LANE_FIRST; lane < LANES && !p; lane++)
		p = pop_parked(s, lane);
	return p;
}

void queue_count(struct shipper *s, const struct parcel *p)
{
	s->queue_bytes += p->gz_len;
	s->queue_n++;
	pthread_cond_signal(&s->work);
}

bool queue_has_room(const struct shipper *s, const struct parcel *p)
{
	return !s->queue || s->queue_bytes + p->gz_len <= (size_t)s->ship->memory_bytes;
}

/* ---- the senders' side -------------------------------------------------- */

void shipper_was_busy(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->window = s->window > 2 ? s->window / 2 : 1;
	pthread_mutex_unlock(&s->lock);
}

void shipper_went_well(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->proven = true;
	if (s->window < s->senders_n) {
		s->window += 1 / s->window;
		pthread_cond_signal(&s->work);
	}
	if (s->window > s->senders_n)
		s->window = s->senders_n;
	pthread_mutex_unlock(&s->lock);
}

/* More parked in memory than a lane may have. The lock is held. */
static bool lane_is_full(const struct shipper *s, const struct lane *lane)
{
	return lane->parked_bytes > (size_t)s->ship->memory_bytes / 2;
}

/* Only what is parked is to be taken. The lock is held. */
static bool source_has_to_wait(const struct shipper *s)
{
	bool full = false;
	for (int lane = LANE_FIRST; lane < LANES; lane++)
		full = full || lane_is_full(s, &s->lanes.lane[lane]);
	return full && s->ship->source_waits;
}

static struct parcel *take_from_memory(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t now = clock_now_ms();
	uint32_t waiting = lanes_waiting(&s->lanes, now);
	struct parcel *p = NULL;
	for (int lane = LANE_FIRST; lane < LANES && !p; lane++)
		if (!(waiting >> lane & 1) && (p = pop_parked(s, lane)))
			lane_taken(&s->lanes, lane, now);
	if (!p && !source_has_to_wait(s))
		p = pop(s, &s->queue);
	if (p) {
		s->sending++;
		s->sending_memory++;
	}
	pthread_mutex_unlock(&s->lock);
	return p;
}

/* Lanes of which nothing is to be taken now; closed ones whose parcels are gone are open again. */
static uint32_t lanes_to_leave(struct shipper *s)
{
	uint32_t parked = spool_lanes(s->spool);
	pthread_mutex_lock(&s->lock);
	uint64_t now = clock_now_ms();
	uint32_t gone = lanes_let_go(&s->lanes, parked, now);
	uint32_t waiting = lanes_waiting(&s->lanes, now);
	pthread_mutex_unlock(&s->lock);
	for (int lane = LANE_FIRST; lane < LANES; lane++)
		if (gone >> lane & 1)
			log_warn("nothing is left of what waited for %s: the next document tells "
				 "whether it takes any",
				 s->lanes.lane[lane].name);
	return waiting;
}

static struct parcel *take_from_spool(struct shipper *s)
{
	struct parcel *p = NULL;
	struct err err = ERR_NONE;
	if (!s->spool)
		return NULL;
	uint32_t waiting = lanes_to_leave(s);
	enum spool_result r = spool_take(s->spool, waiting, &p, &err);
	queue_tell_torn(s);
	if (r == SPOOL_ERROR) {
		COUNT(s, spool_errors, 1);
		log_error("%s", err.msg);
		shipper_pause(s, 1000);
	}
	if (r != SPOOL_OK)
		return NULL;
	pthread_mutex_lock(&s->lock);
	lane_taken(&s->lanes, p->lane, clock_now_ms());
	s->sending++;
	pthread_mutex_unlock(&s->lock);
	return p;
}

/* After the last batch the spool's backlog stays where it is: it is safe there, and the stop is not
 * to take hours. */
static bool spool_waits_for_next_start(const struct shipper *s)
{
	return s->packed_all && s->ship->spool_when != SPOOL_ALWAYS;
}

enum queue_take shipper_take(struct shipper *s, bool *spool_first, struct parcel **ret_p)
{
	for (;;) {
		pthread_mutex_lock(&s->lock);
		bool give_up = s->give_up;
		bool packed_all = s->packed_all;
		bool parked = s->queue_n > 0;
		bool with_spool = !spool_waits_for_next_start(s);
		bool may_send = s->sending - s->sending_parts + 1 <= s->window;
		if (!give_up && !may_send)
			queue_wait(s, &s->work, QUEUE_WAKE_MS);
		pthread_mutex_unlock(&s->lock);
		if (give_up)
			return TAKE_END;
		if (!may_send)
			continue;
		struct parcel *p = NULL;
		if (*spool_first && with_spool)
			p = take_from_spool(s);
		if (!p)
			p = take_from_memory(s);
		if (!p && with_spool)
			p = take_from_spool(s);
		*spool_first = !*spool_first;
		*ret_p = p;
		return p ? TAKE_PARCEL : packed_all && !parked ? TAKE_END : TAKE_NOTHING;
	}
}

void shipper_wait(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	if ((!s->queue || source_has_to_wait(s)) && !s->give_up)
		queue_wait(s, &s->work, QUEUE_WAKE_MS);
	pthread_mutex_unlock(&s->lock);
}

static void not_sending(struct shipper *s, const struct parcel *p)
{
	pthread_mutex_lock(&s->lock);
	s->sending--;
	s->sending_memory -= p->spool_no == 0;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
}

void shipper_settled(struct shipper *s, struct parcel *p)
{
	if (p->spool_no)
		spool_done(s->spool, p->spool_no);
	not_sending(s, p);
	parcel_free(p);
}

void shipper_park(struct shipper *s, struct parcel *p)
{
	if (s->spool && queue_spool(s, p))
		return;
	struct parcel *lost = NULL, *next;
	struct lane *lane = &s->lanes.lane[p->lane];
	char why[BULK_STREAM_MAX + sizeof(lane->why) + 80];
	pthread_mutex_lock(&s->lock);
	DL_APPEND(lane->parked, p);
	lane->parked_bytes += p->gz_len;
	queue_count(s, p);
	while (lane_is_full(s, lane) && lane->parked != p && !s->ship->source_waits) {
		struct parcel *oldest = pop_parked(s, p->lane);
		DL_APPEND(lost, oldest);
	}
	snprintf(why, sizeof(why), "%s takes nothing (%s), and there is no spool to keep them",
		 lane->name, lane->why);
	pthread_mutex_unlock(&s->lock);
	for (; lost; lost = next) {
		next = lost->next;
		queue_lose(s, lost, why);
	}
}

static void into_queue(struct shipper *s, struct parcel *p, bool first)
{
	pthread_mutex_lock(&s->lock);
	if (first)
		DL_PREPEND(s->queue, p);
	else
		DL_APPEND(s->queue, p);
	queue_count(s, p);
	pthread_mutex_unlock(&s->lock);
}

void shipper_put_back(struct shipper *s, struct parcel *p)
{
	bool behind = p->lane != LANE_ANY || p->refusals.strikes;
	p->proves = 0;
	struct parcel copy = *p; /* what follows may free p */
	if (p->spool_no) {
		if (behind)
			spool_requeue(s->spool, p);
		else
			spool_release(s->spool, p->spool_no);
		parcel_free(p);
	} else if (p->lane != LANE_ANY) {
		shipper_park(s, p);
	} else if (!s->spool || !queue_spool(s, p)) {
		into_queue(s, p, !behind);
	}
	not_sending(s, &copy);
}
