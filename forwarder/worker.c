/* SPDX-License-Identifier: Apache-2.0
 * A receiving thread: datagrams from its own sockets, through its own decoder, into the batch pool.
 * It takes no lock a record. */
#include "forwarder/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/thread.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/tell.h"

#define TICK_MS    1000
#define ROUNDS_MAX 16    /* bursts from one socket before the others have their turn */
#define DRAIN_MS   10000 /* at a stop: how long sockets that keep filling are read */
#define STATE_MAX  (512u << 20)

struct worker {
	struct worker_settings settings;
	struct decoder *decoder;
	struct batch_writer writer;
	struct udp_ring *ring;
	struct udp_socket *sockets;
	struct pollfd *polls; /* one a socket, then wake_fd, then TCP */
	uint32_t sockets_n;
	int wake_fd;
	bool gather; /* every socket has room for what comes meanwhile */
	pthread_t thread;
	bool started;
	atomic_bool stop;
	struct worker_live *live;                 /* the thread's own */
	_Atomic(struct worker_live *) fresh_live; /* what it takes next; NULL: nothing new */
	_Atomic(struct fields *) fields;          /* of a reload, not yet taken over; NULL: none */
	struct worker_counters counters;
	uint64_t ticked_ms, saved_ms;
	struct top top;

	pthread_mutex_t lock; /* of what follows */
	struct worker_report report;
	struct buf state; /* newest snapshot, empty when taken */
};

#define COUNT(w, member, n) \
	__atomic_fetch_add(&(w)->counters.member, (uint64_t)(n), __ATOMIC_RELAXED)

/* ---- datagrams ------------------------------------------------------------ */

static bool may_send(const struct worker_live *live, const struct ip *src)
{
	for (size_t i = 0; i < live->allow_n; i++)
		if (prefix_holds(&live->allow[i], src))
			return true;
	return live->allow_n == 0;
}

static void decode(struct worker *w, const struct datagram *d)
{
	struct decode_report report;
	if (decoder_datagram(w->decoder, d, &w->writer.sink, &report) != DECODE_OK)
		tell_problem(&report.problem, d);
	if (report.notice.text)
		tell_notice(&report.notice, d);
}

/* Both who sends and whom he names. */
static bool is_allowed(const struct worker *w, const struct worker_live *live,
		       const struct datagram *d)
{
	struct ip agent;
	return may_send(live, &d->src) &&
	       (live->allow_n == 0 || !decoder_agent(w->decoder, d, &agent) ||
		may_send(live, &agent));
}

static void handle_datagram(struct worker *w, const struct udp_packet *p,
			    const struct worker_live *live, uint64_t now_ms)
{
	struct datagram d = { .data = p->data, .len = p->len, .received_ms = now_ms };
	d.src = ip_from_sockaddr(p->from, &d.port);
	if (!is_allowed(w, live, &d)) {
		COUNT(w, not_allowed, 1);
		return;
	}
	COUNT(w, truncated, p->truncated);
	if (w->settings.tee) {
		uint32_t failed = tee_send(w->settings.tee, p);
		COUNT(w, tee_failed, failed);
		COUNT(w, tee_sent, tee_targets(w->settings.tee) - failed);
	}
	decode(w, &d);
}

static bool may_connect(void *arg, const struct sockaddr *from)
{
	struct worker *w = arg;
	uint16_t port;
	const struct ip src = ip_from_sockaddr(from, &port);
	return may_send(w->live, &src);
}

static bool handle_message(void *arg, const uint8_t *data, size_t len, const struct sockaddr *from,
			   struct stream *stream)
{
	struct worker *w = arg;
	const struct worker_live *live = w->live;
	struct datagram d = {
		.data = data, .len = len, .stream = stream, .received_ms = clock_wall_ms()
	};
	d.src = ip_from_sockaddr(from, &d.port);
	if (!may_send(live, &d.src)) {
		COUNT(w, not_allowed, 1);
		return false;
	}
	COUNT(w, tcp_messages, 1);
	COUNT(w, bytes, len);
	decode(w, &d);
	if (stream->forgotten)
		tell_forgotten(&d.src);
	return !stream->forgotten;
}

static void forget_connection(void *arg, struct stream *stream)
{
	struct worker *w = arg;
	decoder_stream_end(w->decoder, stream);
}

/* Reads one socket until it is empty; true when it was not, after ROUNDS_MAX bursts. */
static bool read_socket(struct worker *w, struct udp_socket *s, const struct worker_live *live)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		int n = udp_receive(s, w->ring);
		if (n < 0) {
			COUNT(w, receive_errors, 1);
			log_error("worker %u: cannot receive: %s", w->settings.number,
				  strerror(errno));
			return false;
		}
		uint64_t now_ms = clock_wall_ms(), bytes = 0;
		for (int i = 0; i < n; i++) {
			const struct udp_packet p = udp_packet(w->ring, i);
			bytes += p.len;
			handle_datagram(w, &p, live, now_ms);
		}
		COUNT(w, datagrams, n);
		COUNT(w, bytes, bytes);
		if (n < UDP_BURST)
			return false;
	}
	return true;
}

/* ---- once a second -------------------------------------------------------- */

static void publish(struct worker *w, const struct top *top)
{
	pthread_mutex_lock(&w->lock);
	w->report.decode = *decoder_counters(w->decoder);
	w->report.made_ms = clock_now_ms();
	if (top) {
		memcpy(w->report.top, top->list, top->n * sizeof(top->list[0]));
		w->report.top_n = top->n;
	}
	pthread_mutex_unlock(&w->lock);
}

static void count_drops(struct worker *w)
{
	uint32_t dropped = 0;
	for (uint32_t i = 0; i < w->sockets_n; i++)
		dropped += udp_drops(&w->sockets[i]);
	COUNT(w, kernel_drops, dropped);
	if (dropped)
		log_warn("the kernel dropped %u datagrams: raise udp.receive_buffer and "
			 "net.core.rmem_max, or udp.workers",
			 dropped);
}

static void save_state(struct worker *w)
{
	struct err err = ERR_NONE;
	struct buf state;
	buf_init(&state, STATE_MAX);
	if (decoder_save(w->decoder, &state, &err) < 0) {
		log_warn("worker %u: the decoder's state is not saved: %s", w->settings.number,
			 err.msg);
		buf_release(&state);
		return;
	}
	pthread_mutex_lock(&w->lock);
	buf_release(&w->state);
	w->state = state;
	pthread_mutex_unlock(&w->lock);
}

static void tick(struct worker *w, uint64_t now_ms)
{
	if (now_ms < w->ticked_ms + TICK_MS && now_ms >= w->ticked_ms)
		return;
	w->ticked_ms = now_ms;
	decoder_tick(w->decoder, clock_wall_ms(), &w->writer.sink);
	count_drops(w);
	publish(w, top_continue(&w->top, w->decoder) ? &w->top : NULL);
	if (w->settings.save_ms && now_ms >= w->saved_ms + w->settings.save_ms) {
		w->saved_ms = now_ms;
		save_state(w);
	}
}

/* ---- the loop ------------------------------------------------------------- */

static void nap(uint64_t us)
{
	const struct timespec t = { .tv_nsec = (long)us * 1000 };
	nanosleep(&t, NULL);
}

/* Waits until something is there or due; then lets datagrams collect, unless the last round found
 * more than it could take: then nobody is waiting for us to sleep. */
static void wait_for_datagrams(struct worker *w, bool behind)
{
	uint64_t now_ms = clock_now_ms();
	uint64_t ticks_ms = w->ticked_ms + TICK_MS > now_ms ? w->ticked_ms + TICK_MS - now_ms : 0;
	uint64_t wait_ms = batch_writer_due(&w->writer, now_ms, w->settings.batch_age_ms, ticks_ms);
	int n = poll(w->polls, w->sockets_n + (w->settings.tcp ? 2 : 1), behind ? 0 : (int)wait_ms);
	COUNT(w, wakeups, 1);
	if (n > 0 && !behind && w->gather && !w->stop)
		nap(w->settings.gather_us);
}

static void take_fields(struct worker *w)
{
	struct err err = ERR_NONE;
	struct fields *fresh = atomic_exchange(&w->fields, NULL);
	if (fresh && decoder_set_fields(w->decoder, fresh, &err) < 0)
		log_error("worker %u: decode.elements: %s; the old ones stay", w->settings.number,
			  err.msg);
}

static void take_live(struct worker *w)
{
	struct worker_live *fresh = atomic_exchange(&w->fresh_live, NULL);
	if (!fresh)
		return;
	free(w->live);
	w->live = fresh;
}

static bool read_all_sockets(struct worker *w)
{
	bool behind = false;
	take_fields(w);
	take_live(w);
	for (uint32_t i = 0; i < w->sockets_n; i++)
		if (w->polls[i].revents || w->stop)
			behind |= read_socket(w, &w->sockets[i], w->live);
	const struct tcp_user user = { w, may_connect, handle_message, forget_connection };
	if (w->settings.tcp)
		behind |= tcp_service(w->settings.tcp, &user);
	return behind;
}

static void worker_run(struct worker *w)
{
	bool behind = false;
	while (!w->stop) {
		wait_for_datagrams(w, behind);
		behind = read_all_sockets(w);
		uint64_t now_ms = clock_now_ms();
		tick(w, now_ms);
		batch_writer_tick(&w->writer, now_ms, w->settings.batch_age_ms);
	}
	/* what the kernel took for us is ours to deliver */
	uint64_t until = clock_now_ms() + DRAIN_MS;
	bool more = true;
	while (more && clock_now_ms() < until)
		more = read_all_sockets(w);
	if (more)
		log_error("worker %u: datagrams still came after %d s; what is left in the sockets "
			  "is lost",
			  w->settings.number, DRAIN_MS / 1000);
	decoder_finish(w->decoder, clock_wall_ms(), &w->writer.sink);
	batch_writer_tick(&w->writer, UINT64_MAX, 0);
	count_drops(w);
	top_all(&w->top, w->decoder);
	publish(w, &w->top);
	if (w->settings.save_ms)
		save_state(w);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	if (w->settings.cpu >= 0) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET((size_t)w->settings.cpu, &set);
		int failed = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
		if (failed)
			log_warn("udp.cpus: cannot pin worker %u to processor %d: %s",
				 w->settings.number, w->settings.cpu, strerror(failed));
	}
	worker_run(w);
	return NULL;
}

/* ---- from outside --------------------------------------------------------- */

/* A socket must hold what 1 ms of heavy load brings: about 100 datagrams, each of which counts for
 * up to 4 KiB. */
#define GATHER_ROOM 400000

static int worker_prepare(struct worker *w, const struct udp_socket *sockets, struct err *err)
{
	uint32_t n = w->sockets_n;
	w->sockets = calloc(n + 1, sizeof(*w->sockets));
	w->polls = calloc(n + 2, sizeof(*w->polls));
	w->ring = udp_ring_new();
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!w->live || !w->sockets || !w->polls || !w->ring || w->wake_fd < 0)
		return err_set(err, EF_FAILED, "out of memory");
	w->gather = w->settings.gather_us > 0;
	for (uint32_t i = 0; i < n; i++) {
		w->sockets[i] = sockets[i];
		w->polls[i] = (struct pollfd){ .fd = sockets[i].fd, .events = POLLIN };
		w->gather = w->gather && sockets[i].buffer >= GATHER_ROOM / 4;
	}
	w->polls[n] = (struct pollfd){ .fd = w->wake_fd, .events = POLLIN };
	if (w->settings.tcp)
		w->polls[n + 1] =
		    (struct pollfd){ .fd = tcp_fd(w->settings.tcp), .events = POLLIN };
	w->decoder = decoder_new(&w->settings.decode, err);
	return w->decoder ? 0 : -1;
}

struct worker *worker_new(const struct worker_settings *settings, const struct udp_socket *sockets,
			  uint32_t n, struct err *err)
{
	struct worker *w = calloc(1, sizeof(*w));
	if (!w) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	w->settings = *settings;
	w->sockets_n = n;
	w->wake_fd = -1;
	w->live = worker_live_copy(settings->live);
	pthread_mutex_init(&w->lock, NULL);
	buf_init(&w->state, STATE_MAX);
	if (worker_prepare(w, sockets, err) < 0) {
		w->sockets_n = 0; /* they stay the caller's */
		worker_free(w);
		return NULL;
	}
	w->saved_ms = clock_now_ms();
	batch_writer_init(&w->writer, settings->pool, settings->heads);
	return w;
}

struct state_load {
	const struct decode_part *part; /* NULL: all */
	const struct worker_live *live;
};

/* A sender that may not send has no place, either. */
static bool may_load(const struct ip *exporter, const void *arg)
{
	const struct state_load *load = arg;
	return may_send(load->live, exporter) &&
	       (!load->part || load->part->holds(exporter, load->part->arg));
}

void worker_load(struct worker *w, const struct buf *state, const struct decode_part *part)
{
	struct err damage = ERR_NONE;
	const struct state_load load = { part, w->live };
	const struct decode_part allowed = { may_load, &load };
	if (w->live->allow_n)
		part = &allowed;
	if (state->len &&
	    decoder_load(w->decoder, state->data, state->len, clock_wall_ms(), part, &damage) < 0)
		log_warn("worker %u starts without the saved templates: %s", w->settings.number,
			 damage.msg);
}

int worker_start(struct worker *w, struct err *err)
{
	char name[16];
	snprintf(name, sizeof(name), "worker %u", w->settings.number);
	w->started = thread_start(&w->thread, name, worker_main, w, err) == 0;
	return w->started ? 0 : -1;
}

void worker_stop(struct worker *w)
{
	w->stop = true;
	eventfd_write(w->wake_fd, 1);
}

void worker_join(struct worker *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < w->sockets_n; i++)
		close(w->sockets[i].fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	fields_free(w->fields);
	free(w->live);
	free(w->fresh_live);
	decoder_free(w->decoder);
	udp_ring_free(w->ring);
	buf_release(&w->state);
	pthread_mutex_destroy(&w->lock);
	free(w->polls);
	free(w->sockets);
	free(w);
}

struct worker_live *worker_live_copy(const struct worker_live *live)
{
	size_t size = sizeof(*live) + live->allow_n * sizeof(*live->allow);
	struct worker_live *copy = malloc(size);
	return copy ? memcpy(copy, live, size) : NULL;
}

void worker_set_live(struct worker *w, struct worker_live *live)
{
	free(atomic_exchange(&w->fresh_live, live));
}

void worker_set_fields(struct worker *w, struct fields *fields)
{
	fields_free(atomic_exchange(&w->fields, fields));
}

void worker_get_report(struct worker *w, struct worker_report *ret_report)
{
	pthread_mutex_lock(&w->lock);
	*ret_report = w->report;
	pthread_mutex_unlock(&w->lock);
	/* the struct is nothing but uint64_t */
	uint64_t *from = (uint64_t *)&w->counters, *to = (uint64_t *)&ret_report->worker;
	for (size_t i = 0; i < sizeof(w->counters) / sizeof(*from); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

bool worker_take_state(struct worker *w, struct buf *ret_state)
{
	pthread_mutex_lock(&w->lock);
	bool there = w->state.len > 0;
	if (there) {
		*ret_state = w->state;
		buf_init(&w->state, STATE_MAX);
	}
	pthread_mutex_unlock(&w->lock);
	return there;
}
