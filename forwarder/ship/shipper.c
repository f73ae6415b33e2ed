/* SPDX-License-Identifier: Apache-2.0
 * Closed batches become documents: the packer, the memory queue, and the start and end of all threads. */
#include "forwarder/ship/shipper_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"

#define PACKER_WAKE_MS 500

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t ship_now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t ship_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

/* Waits for `what` at most `ms`; the lock is held. */
static void wait_for(struct shipper *s, pthread_cond_t *what, uint64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	uint64_t ns = (uint64_t)until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_cond_timedwait(what, &s->lock, &until);
}

static void tell_all(struct shipper *s)
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
	uint64_t until = ship_now_ms() + ms;
	pthread_mutex_lock(&s->lock);
	for (uint64_t now; !s->give_up && (now = ship_now_ms()) < until;)
		wait_for(s, &s->change, until - now);
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

void shipper_problem(struct shipper *s, char *text, size_t room)
{
	pthread_mutex_lock(&s->lock);
	strncpy(text, s->problem, room - 1);
	text[room - 1] = '\0';
	pthread_mutex_unlock(&s->lock);
}

/* ---- memory queue and spool --------------------------------------------- */

static void lose(struct shipper *s, struct parcel *p, const char *why)
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

static void tell_torn(struct shipper *s)
{
	struct spool_state state;
	spool_get_state(s->spool, &state);
	uint64_t told = atomic_exchange(&s->torn_told, state.torn);
	if (state.torn > told)
		log_error(
		    "%llu spool files failed their checksum, and their records are lost: they are "
		    "kept as *.torn in %s; check the disk",
		    (unsigned long long)(state.torn - told), s->ship->spool_dir);
}

static void tell_waiting(struct shipper *s, const char *until)
{
	struct spool_state state;
	spool_get_state(s->spool, &state);
	if (state.items)
		log_info("%llu records wait in the spool %s; %s", (unsigned long long)state.items,
			 s->ship->spool_dir, until);
}

/* Copies the parcel to the spool and frees it; false when the disk failed, and it is the caller's still. */
static bool spool_keeps(struct shipper *s, struct parcel *p)
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

static struct parcel *queue_pop(struct shipper *s)
{
	struct parcel *p = STAILQ_FIRST(&s->queue);
	if (p) {
		STAILQ_REMOVE_HEAD(&s->queue, link);
		s->queue_bytes -= p->gz_len;
		s->queue_n--;
		pthread_cond_broadcast(&s->change);
	}
	return p;
}

static void queue_count(struct shipper *s, const struct parcel *p)
{
	s->queue_bytes += p->gz_len;
	s->queue_n++;
	pthread_cond_signal(&s->work);
}

static bool queue_has_room(const struct shipper *s, const struct parcel *p)
{
	return s->queue_n == 0 || s->queue_bytes + p->gz_len <= (size_t)s->ship->memory_bytes;
}

/* While no endpoint takes data, nothing waits in memory. */
static void queue_to_spool(struct shipper *s)
{
	while (shipper_away(s)) {
		pthread_mutex_lock(&s->lock);
		struct parcel *p = queue_pop(s);
		pthread_mutex_unlock(&s->lock);
		if (!p)
			return;
		if (spool_keeps(s, p))
			continue;
		pthread_mutex_lock(&s->lock);
		STAILQ_INSERT_HEAD(&s->queue, p, link);
		queue_count(s, p);
		pthread_mutex_unlock(&s->lock);
		return;
	}
}

/* Puts the parcel where it will be sent from, waiting as long as neither memory nor disk has room. */
static void deliver(struct shipper *s, struct parcel *p)
{
	bool give_up = false;
	while (!give_up) {
		bool to_disk = s->spool && (s->ship->spool_when == SPOOL_ALWAYS || shipper_away(s));
		pthread_mutex_lock(&s->lock);
		if (!to_disk && queue_has_room(s, p)) {
			STAILQ_INSERT_TAIL(&s->queue, p, link);
			queue_count(s, p);
			pthread_mutex_unlock(&s->lock);
			return;
		}
		if (!s->spool && !s->give_up && ship_now_ms() < s->deadline_ms)
			wait_for(s, &s->change, PACKER_WAKE_MS);
		give_up = s->give_up || ship_now_ms() >= s->deadline_ms;
		pthread_mutex_unlock(&s->lock);
		if (s->spool && spool_keeps(s, p))
			return;
		if (s->spool)
			give_up = shipper_pause(s, PACKER_WAKE_MS) || give_up;
	}
	lose(s, p, "efd had to stop, and there was no spool to keep them");
}

static struct parcel *pack(struct shipper *s, const struct batch *b)
{
	struct parcel *p = calloc(1, sizeof(*p));
	if (p)
		p->gz = gzip_pack(s->gz, b->data, b->len, &p->gz_len);
	if (!p || !p->gz) {
		parcel_free(p);
		return NULL;
	}
	p->raw_len = b->len;
	p->items = b->items;
	p->born_ms = ship_wall_ms();
	COUNT(s, batches, 1);
	COUNT(s, records, b->items);
	COUNT(s, raw_bytes, b->len);
	COUNT(s, gzip_bytes, p->gz_len);
	return p;
}

static void *packer_main(void *arg)
{
	struct shipper *s = arg;
	while (!batch_pool_finished(s->pool)) {
		struct batch *b = batch_pool_next(s->pool, PACKER_WAKE_MS);
		queue_to_spool(s);
		if (s->spool)
			spool_sync_due(s->spool);
		if (!b)
			continue;
		struct parcel *p;
		while (!(p = pack(s, b)) && !shipper_pause(s, PACKER_WAKE_MS))
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
	tell_all(s);
	pthread_mutex_unlock(&s->lock);
	return NULL;
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
	if (s->window < s->senders_n) {
		s->window += 1 / s->window;
		pthread_cond_signal(&s->work);
	}
	if (s->window > s->senders_n)
		s->window = s->senders_n;
	pthread_mutex_unlock(&s->lock);
}

static struct parcel *take_from_memory(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	struct parcel *p = queue_pop(s);
	if (p) {
		s->sending++;
		s->sending_memory++;
	}
	pthread_mutex_unlock(&s->lock);
	return p;
}

static struct parcel *take_from_spool(struct shipper *s)
{
	struct parcel *p = NULL;
	struct err err = ERR_NONE;
	if (!s->spool)
		return NULL;
	enum spool_result r = spool_take(s->spool, &p, &err);
	tell_torn(s);
	if (r == SPOOL_ERROR) {
		COUNT(s, spool_errors, 1);
		log_error("%s", err.msg);
		shipper_pause(s, 1000);
	}
	if (r != SPOOL_OK)
		return NULL;
	pthread_mutex_lock(&s->lock);
	s->sending++;
	pthread_mutex_unlock(&s->lock);
	return p;
}

/* After the last batch the spool's backlog stays where it is: it is safe there, and the stop is not to take hours. */
static bool spool_waits_for_next_start(const struct shipper *s)
{
	return s->packed_all && s->ship->spool_when != SPOOL_ALWAYS;
}

struct parcel *shipper_take(struct shipper *s, struct sender *sender)
{
	for (;;) {
		pthread_mutex_lock(&s->lock);
		bool give_up = s->give_up;
		bool packed_all = s->packed_all;
		bool with_spool = !spool_waits_for_next_start(s);
		bool may_send = s->sending + 1 <= s->window;
		if (!give_up && !may_send)
			wait_for(s, &s->work, PACKER_WAKE_MS);
		pthread_mutex_unlock(&s->lock);
		if (give_up)
			return NULL;
		if (!may_send)
			continue;
		struct parcel *p = NULL;
		if (sender->spool_first && with_spool)
			p = take_from_spool(s);
		if (!p)
			p = take_from_memory(s);
		if (!p && with_spool)
			p = take_from_spool(s);
		sender->spool_first = !sender->spool_first;
		if (p || packed_all)
			return p;
		pthread_mutex_lock(&s->lock);
		if (s->queue_n == 0 && !s->give_up)
			wait_for(s, &s->work, PACKER_WAKE_MS);
		pthread_mutex_unlock(&s->lock);
	}
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

void shipper_put_back(struct shipper *s, struct parcel *p)
{
	if (p->spool_no) {
		spool_release(s->spool, p->spool_no);
		not_sending(s, p);
		parcel_free(p);
		return;
	}
	struct parcel copy = *p; /* spool_keeps() frees p */
	if (!s->spool || !spool_keeps(s, p)) {
		pthread_mutex_lock(&s->lock);
		STAILQ_INSERT_HEAD(&s->queue, p, link);
		queue_count(s, p);
		pthread_mutex_unlock(&s->lock);
	}
	not_sending(s, &copy);
}

/* ---- start and end ------------------------------------------------------ */

static int start(struct shipper *s, const struct elastic_settings *elastic, struct err *err)
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
		tell_torn(s);
		tell_waiting(s, "they are sent now");
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
		int failed = pthread_create(&sender->thread, NULL, sender_main, sender);
		if (failed)
			return err_errno(err, EF_FAILED, failed, "cannot start a thread");
		sender->started = true;
		pthread_setname_np(sender->thread, "sender");
	}
	int failed = pthread_create(&s->packer, NULL, packer_main, s);
	if (failed)
		return err_errno(err, EF_FAILED, failed, "cannot start a thread");
	s->packer_started = true;
	pthread_setname_np(s->packer, "packer");
	return 0;
}

struct shipper *shipper_new(const struct ship_settings *ship,
			    const struct elastic_settings *elastic, struct err *err)
{
	uint32_t n = (uint32_t)ship->connections;
	struct shipper *s = calloc(1, sizeof(*s) + n * sizeof(struct sender));
	if (!s) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	s->ship = ship;
	s->elastic = elastic;
	s->ns = elastic->namespace;
	s->senders_n = n;
	s->window = n;
	s->deadline_ms = UINT64_MAX;
	STAILQ_INIT(&s->queue);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->change, &attr);
	pthread_cond_init(&s->work, &attr);
	pthread_condattr_destroy(&attr);
	if (start(s, elastic, err) == 0)
		return s;
	shipper_free(s);
	return NULL;
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
	return state.files == 0;
}

static void give_up(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->give_up = true;
	for (uint32_t i = 0; i < s->senders_n; i++)
		if (s->senders[i].http)
			http_abort(s->senders[i].http);
	tell_all(s);
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
	s->deadline_ms = ship_now_ms() + timeout_ms;
	tell_all(s);
	pthread_mutex_unlock(&s->lock);
}

uint64_t shipper_finish(struct shipper *s, uint64_t timeout_ms)
{
	uint64_t now = ship_now_ms();
	uint64_t until = timeout_ms < UINT64_MAX - now ? now + timeout_ms : UINT64_MAX;
	batch_pool_finish(s->pool);
	pthread_mutex_lock(&s->lock);
	for (;;) {
		bool away = s->spool && endpoints_all_away(s->endpoints);
		now = ship_now_ms();
		if (all_sent(s, away) || now >= until || now >= s->deadline_ms)
			break;
		wait_for(s, &s->change, until - now < 100 ? until - now : 100);
	}
	pthread_mutex_unlock(&s->lock);
	give_up(s);
	join_all(s);
	struct parcel *p;
	while ((p = queue_pop(s))) {
		if (s->spool && spool_keeps(s, p))
			continue;
		lose(s, p,
		     "Elasticsearch did not take them in time, and there is no spool to keep them");
	}
	if (s->spool)
		tell_waiting(s, "the next start sends them");
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
	give_up(s);
	join_all(s);
	for (uint32_t i = 0; i < s->senders_n; i++)
		sender_release(&s->senders[i]);
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

int shipper_reload(struct shipper *s, const struct elastic_settings *elastic, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	int failed = endpoints_replace(s->endpoints, &elastic->url, err);
	if (!failed) {
		s->elastic = elastic;
		s->generation++;
		tell_all(s);
	}
	pthread_mutex_unlock(&s->lock);
	return failed;
}
