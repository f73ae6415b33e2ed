/* SPDX-License-Identifier: Apache-2.0
 * The running daemon: its parts, the order in which they start and stop, and what a reload
 * changes. */
#include "forwarder/efd.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/thread.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/metrics_server.h"
#include "forwarder/service.h"
#include "forwarder/ship/bulk.h"
#include "forwarder/state.h"

#define SAVE_MS     300000
#define TCP_IDLE_MS 60000

/* ---- start ---------------------------------------------------------------- */

static int open_sink(struct efd *e, struct err *err)
{
	const struct settings *s = e->settings;
	if (strcmp(s->output, "elasticsearch") == 0) {
		if (bulk_heads(s->elastic.prefix, s->elastic.namespace, s->ship.ids, e->heads,
			       err) < 0)
			return -1;
		e->shipper = shipper_new(&s->ship, &s->elastic, err);
		return e->shipper ? 0 : -1;
	}
	for (int kind = 0; kind < LINE_KINDS; kind++)
		e->heads[kind].id_at = -1;
	e->output =
	    output_new(s->output, (uint32_t)s->ship.buffers, (size_t)s->ship.batch_bytes, err);
	return e->output ? 0 : -1;
}

/* Connections must not take the descriptors that spool and senders need. */
static void allow_descriptors(const struct settings *s)
{
	struct rlimit limit;
	const rlim_t need =
	    (rlim_t)(s->workers * ((int64_t)s->udp_listen.n + 4) +
		     s->tcp_connections * (s->tcp_listen.n > 0) + s->ship.connections * 4 + 128);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < need)
		log_warn("%llu descriptors may be needed, and the limit is lower: raise "
			 "LimitNOFILE (ulimit -n), "
			 "or lower tcp.connections",
			 (unsigned long long)need);
}

/* Sockets of every address for every worker; row i belongs to address i. */
static int open_sockets(struct efd *e, struct udp_socket sockets[][WORKERS_MAX], struct err *err)
{
	const struct settings *s = e->settings;
	for (size_t i = 0; i < s->udp_listen.n; i++) {
		const char *listen = s->udp_listen.item[i];
		struct listen_address a;
		bool less = false;
		int failed = listen_parse(listen, false, &a, err);
		int inherited[WORKERS_MAX];
		for (uint32_t w = 0; w < e->workers_n; w++)
			inherited[w] =
			    failed ? -1
				   : service_take_socket((const struct sockaddr *)&a.addr, a.len);
		if (!failed)
			failed = udp_open(listen, (int)e->workers_n, (size_t)s->receive_buffer,
					  inherited, sockets[i], &less, err);
		if (failed) {
			while (i-- > 0)
				for (uint32_t w = 0; w < e->workers_n; w++)
					close(sockets[i][w].fd);
			return -1;
		}
		if (less)
			log_warn("udp.listen %s: the kernel gives a receive buffer of %zu bytes, "
				 "not %lld: "
				 "sysctl -w net.core.rmem_max=%lld, or lower udp.receive_buffer",
				 listen, sockets[i][0].buffer, (long long)s->receive_buffer,
				 (long long)s->receive_buffer);
	}
	return 0;
}

static void settings_for_decoder(const struct settings *s, struct decode_settings *ret)
{
	*ret = decode_defaults();
	ret->hash_seed = hash_seed();
	ret->clock_skew_ms = (uint64_t)s->clock_skew_ms;
	ret->listening_ms = clock_wall_ms();
	ret->exporter_line_ms = (uint64_t)s->exporter_line_ms;
	ret->no_options_join = !s->join_options;
	ret->no_hold = !s->hold;
	ret->no_agents = !s->sflow_agents;
	ret->limits = (struct decode_limits){ .exporters = (uint32_t)s->max_exporters,
					      .domains_per_exporter = (uint32_t)s->max_domains,
					      .templates_per_exporter = (uint32_t)s->max_templates,
					      .options_per_exporter = (uint32_t)s->max_options,
					      .flows_per_exporter = (uint32_t)s->max_flows,
					      .memory = (uint64_t)s->decode_memory,
					      .held_bytes = (uint64_t)s->held_bytes,
					      .held_ms = (uint64_t)s->held_ms,
					      .template_ms = (uint64_t)s->template_ms };
}

struct share {
	uint32_t number, of; /* worker */
};

static bool is_of_share(const struct ip *exporter, const void *arg)
{
	const struct share *share = arg;
	return udp_socket_of(exporter, share->of) == share->number;
}

/* After a change of udp.workers each takes its exporters out of all files of before. */
static void load_state(const struct efd *e, struct worker *w, uint32_t number)
{
	const char *dir = e->settings->state_dir;
	const struct share share = { number, e->workers_n };
	const struct decode_part part = { is_of_share, &share };
	uint32_t before = state_workers(dir);
	bool same = before == e->workers_n;
	struct err odd = ERR_NONE;
	if (!same && state_check(dir, number, e->workers_n, &odd) < 0)
		log_warn("%s; what is there gives way", odd.msg);
	for (uint32_t i = same ? number : 0; i < (same ? number + 1 : before); i++) {
		struct err unread = ERR_NONE;
		CLEANUP_BUF struct buf state;
		buf_init(&state, STATE_FILE_MAX);
		if (state_read(dir, i, before, &state, &unread) < 0)
			log_warn("%s; starting without saved templates", unread.msg);
		else
			worker_load(w, &state, same ? NULL : &part);
	}
}

static struct worker *make_worker(struct efd *e, uint32_t number, const struct udp_socket *sockets,
				  struct err *err)
{
	const struct settings *s = e->settings;
	struct worker_settings ws = { .number = number,
				      .cpu = -1,
				      .gather_us = (uint64_t)s->gather_us,
				      .batch_age_ms = (uint64_t)s->ship.batch_age_ms,
				      .save_ms = s->state_dir ? SAVE_MS : 0,
				      .heads = e->heads,
				      .pool = e->shipper ? shipper_pool(e->shipper)
							 : output_pool(e->output),
				      .live = s->live,
				      .tee = e->tee,
				      .tcp = number == 0 ? e->tcp : NULL };
	settings_for_decoder(s, &ws.decode);
	ws.decode.fields = fields_open(s->elements.item, s->elements.n, err);
	if (!ws.decode.fields)
		return NULL;
	if (s->cpus.n)
		ws.cpu = (int)strtol(s->cpus.item[number % s->cpus.n], NULL, 10);
	struct worker *w = worker_new(&ws, sockets, (uint32_t)s->udp_listen.n, err);
	if (w && s->state_dir)
		load_state(e, w, number);
	return w;
}

static int make_workers(struct efd *e, struct err *err)
{
	size_t listens = e->settings->udp_listen.n;
	struct udp_socket(*sockets)[WORKERS_MAX] = calloc(listens + 1, sizeof(*sockets));
	struct udp_socket *own = calloc(listens + 1, sizeof(*own));
	int failed = sockets && own ? open_sockets(e, sockets, err)
				    : err_set(err, EF_FAILED, "out of memory");
	for (uint32_t w = 0; w < e->workers_n && sockets && own; w++) {
		for (size_t i = 0; i < listens; i++)
			own[i] = sockets[i][w];
		if (!failed && !(e->workers[w] = make_worker(e, w, own, err)))
			failed = -1;
	}
	free(sockets);
	free(own);
	return failed;
}

static int open_tee(struct efd *e, struct err *err)
{
	bool spoofs = false;
	if (!e->settings->tee.n)
		return 0;
	e->tee = tee_new(&e->settings->tee, &e->settings->udp_listen, e->settings->tee_keep_source,
			 &spoofs, err);
	if (e->tee && e->settings->tee_keep_source && !spoofs)
		log_warn("tee.keep_source: efd may not use raw sockets (CAP_NET_RAW); copies come "
			 "from its own address");
	return e->tee ? 0 : -1;
}

static int open_tcp(struct efd *e, struct err *err)
{
	if (!e->settings->tcp_listen.n)
		return 0;
	e->tcp = tcp_new(&e->settings->tcp_listen, (uint32_t)e->settings->tcp_connections,
			 TCP_IDLE_MS, err);
	return e->tcp ? 0 : -1;
}

static void efd_release(struct efd *e)
{
	for (uint32_t i = 0; i < e->workers_n; i++)
		worker_free(e->workers[i]);
	tcp_free(e->tcp);
	tee_free(e->tee);
	shipper_free(e->shipper);
	output_free(e->output);
}

int efd_start(struct efd *e, const struct settings *settings, struct err *err)
{
	*e = (struct efd){ .settings = settings,
			   .workers_n = (uint32_t)settings->workers,
			   .key_file = { .path = settings->elastic.api_key_file },
			   .started_ms = clock_now_ms(),
			   .taken_s = clock_wall_ms() / 1000 };
	allow_descriptors(settings);
	int failed = settings->state_dir ? state_prepare(settings->state_dir, err) : 0;
	if (failed || open_sink(e, err) < 0 || open_tee(e, err) < 0 || open_tcp(e, err) < 0 ||
	    make_workers(e, err) < 0) {
		efd_release(e);
		return -1;
	}
	for (uint32_t i = 0; i < e->workers_n; i++) {
		if (worker_start(e->workers[i], err) < 0) {
			efd_stop(e, -1);
			return -1;
		}
	}
	if (settings->metrics_listen && *settings->metrics_listen &&
	    !(e->metrics = metrics_start(settings->metrics_listen, e, err))) {
		efd_stop(e, -1);
		return -1;
	}
	if (service_sockets_left())
		log_warn("%d sockets from socket activation belong to no address of udp.listen",
			 service_sockets_left());
	return 0;
}

/* ---- run ------------------------------------------------------------------ */

static void write_states(struct efd *e)
{
	for (uint32_t i = 0; i < e->workers_n && e->settings->state_dir; i++) {
		struct err err = ERR_NONE;
		struct buf state;
		if (!worker_take_state(e->workers[i], &state))
			continue;
		if (state_write(e->settings->state_dir, i, e->workers_n, &state, &err) < 0)
			log_error("%s", err.msg);
		buf_release(&state);
	}
}

static void look_for_key(struct efd *e)
{
	struct err err = ERR_NONE;
	char *key = e->shipper ? key_file_look(&e->key_file) : NULL;
	if (!key)
		return;
	int taken = shipper_set_key(e->shipper, key, &err);
	if (taken < 0)
		log_error("the API key in %s: %s; going on with the key of before",
			  e->key_file.path, err.msg);
	else if (taken > 0)
		log_info("the API key in %s is another one: it is used from now on",
			 e->key_file.path);
	explicit_bzero(key, strlen(key));
	free(key);
}

void efd_tick(struct efd *e)
{
	write_states(e);
	look_for_key(e);
}

static void close_fields(struct fields *tables[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fields_free(tables[i]);
}

/* One table for each worker, or none at all. */
static int open_fields(const struct settings *s, struct fields *tables[], uint32_t n,
		       struct err *err)
{
	for (uint32_t i = 0; i < n; i++) {
		tables[i] = fields_open(s->elements.item, s->elements.n, err);
		if (!tables[i]) {
			close_fields(tables, i);
			return -1;
		}
	}
	return 0;
}

static void free_lives(struct worker_live *lives[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(lives[i]);
}

static int copy_lives(const struct worker_live *live, struct worker_live *lives[], uint32_t n,
		      struct err *err)
{
	for (uint32_t i = 0; i < n; i++) {
		lives[i] = worker_live_copy(live);
		if (!lives[i]) {
			free_lives(lives, i);
			return err_set(err, EF_FAILED, "out of memory");
		}
	}
	return 0;
}

int efd_reload(struct efd *e, const struct settings *fresh, struct err *err)
{
	struct fields *tables[WORKERS_MAX];
	struct worker_live *lives[WORKERS_MAX];
	if (copy_lives(fresh->live, lives, e->workers_n, err) < 0)
		return -1;
	if (open_fields(fresh, tables, e->workers_n, err) < 0) {
		free_lives(lives, e->workers_n);
		return -1;
	}
	if (e->shipper && shipper_reload(e->shipper, &fresh->elastic, err) < 0) {
		close_fields(tables, e->workers_n);
		free_lives(lives, e->workers_n);
		return -1;
	}
	e->key_file = (struct key_file){ .path = fresh->elastic.api_key_file };
	if (e->output)
		output_reopen(e->output);
	for (uint32_t i = 0; i < e->workers_n; i++) {
		worker_set_fields(e->workers[i], tables[i]);
		worker_set_live(e->workers[i], lives[i]);
	}
	log_set_level((enum log_level)fresh->log.level);
	return 0;
}

/* ---- stop ----------------------------------------------------------------- */

/* Beside a stop: hears who has no time to wait for it. */
struct listener {
	struct shipper *shipper;
	int signals;
	int done; /* eventfd: the stop is over */
	pthread_t thread;
	bool started;
};

static void *listener_main(void *arg)
{
	const struct listener *l = arg;
	struct pollfd polls[2] = { { .fd = l->done, .events = POLLIN },
				   { .fd = l->signals, .events = POLLIN } };
	while (poll(polls, 2, -1) < 0 || !polls[0].revents) {
		struct signalfd_siginfo info;
		if (read(l->signals, &info, sizeof(info)) != sizeof(info) ||
		    (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT))
			continue;
		log_info("signal %u again: nothing more is sent", info.ssi_signo);
		shipper_hurry(l->shipper, 0);
	}
	return NULL;
}

static void listen_on(struct listener *l, struct shipper *shipper, int signals)
{
	*l = (struct listener){ .shipper = shipper, .signals = signals, .done = -1 };
	if (!shipper || signals < 0)
		return;
	l->done = eventfd(0, EFD_CLOEXEC);
	struct err ignored = ERR_NONE;
	l->started =
	    l->done >= 0 && thread_start(&l->thread, "listener", listener_main, l, &ignored) == 0;
}

static void listen_no_more(struct listener *l)
{
	if (l->started) {
		eventfd_write(l->done, 1);
		pthread_join(l->thread, NULL);
	}
	if (l->done >= 0)
		close(l->done);
}

uint64_t efd_stop(struct efd *e, int signals)
{
	uint64_t lost = 0;
	struct listener listener;
	listen_on(&listener, e->shipper, signals);
	if (e->shipper)
		shipper_hurry(e->shipper, (uint64_t)e->settings->stop_timeout_ms);
	if (e->output)
		output_hurry(e->output);
	for (uint32_t i = 0; i < e->workers_n; i++)
		if (e->workers[i])
			worker_stop(e->workers[i]);
	for (uint32_t i = 0; i < e->workers_n; i++)
		if (e->workers[i])
			worker_join(e->workers[i]);
	write_states(e);
	metrics_stop(e->metrics);
	if (e->shipper)
		lost = shipper_finish(e->shipper, (uint64_t)e->settings->stop_timeout_ms);
	if (e->output)
		lost = output_finish(e->output);
	listen_no_more(&listener);
	efd_release(e);
	return lost;
}
