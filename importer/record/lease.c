/* SPDX-License-Identifier: Apache-2.0
 * The lease of an installation: who holds it may change the installation, one efctl at a time. */
#include "importer/record/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/thread.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"
#include "importer/core/owner.h"
#include "importer/core/print.h"
#include "importer/core/version.h"
#include "importer/record/document.h"

#define LOOK_MS    500                  /* between two looks at somebody else's lease */
#define DUE_MS     (2 * LEASE_RENEW_MS) /* the thread is late: a write renews by itself */
#define TOO_OLD_MS (LEASE_MS - 5000) /* what is written must be there before another one writes */

struct lease {
	struct es *es;
	json_t *body; /* {id, …, "renewed": how often} */
	char id[17];  /* of this holder */
	struct document_at at;
	/* by clock_boot_ms(): the clocks of those who watch go on while this machine sleeps, too */
	uint64_t renewed_ms; /* when the last renewal that went well was sent */
	bool lost, ending;
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock; /* all of the above, and `es` */
	pthread_cond_t wake;
};

static int lost(struct lease *l, struct err *err)
{
	l->lost = true;
	return err_set(err, EF_FAILED,
		       "another efctl took over because this one had not responded for %d s; "
		       "nothing more was changed; run it again",
		       LEASE_MS / 1000);
}

/* A write whose answer got lost, or that went out twice, is found in the document: 1 it is ours, 0
 * it is not, -1. */
static int is_ours(struct lease *l, struct err *err)
{
	CLEANUP_JSON json_t *body = NULL;
	struct document_at at;
	int there = document_get(l->es, NAMES_LEASE, &body, &at, NULL, err);
	if (there <= 0 || strcmp(json_text_at(body, "id", ""), l->id) != 0)
		return there < 0 ? -1 : 0;
	l->at = at;
	return 1;
}

/* Writes the lease over what was there `at`: 1 it is ours now, 0 somebody else was faster, -1. */
static int write_lease(struct lease *l, struct err *err)
{
	char at[CLOCK_TEXT_MAX];
	uint64_t sent = clock_boot_ms();
	json_object_set_new(l->body, "at",
			    json_string(clock_text(clock_wall_ms(), at))); /* for people */
	json_object_set_new(l->body, "renewed", json_integer(json_int_at(l->body, "renewed") + 1));
	enum document_result result = document_put(l->es, NAMES_LEASE, l->body, &l->at, err);
	int ours = result == DOCUMENT_WRITTEN   ? 1
		   : result == DOCUMENT_CHANGED ? is_ours(l, err)
						: -1;
	if (ours == 1)
		l->renewed_ms = sent;
	return ours;
}

/* With the lock held. A cluster that does not answer may do so before it is too late. */
static int renew(struct lease *l, struct err *err)
{
	if (l->lost)
		return lost(l, err);
	int ours = write_lease(l, err);
	return ours == 0 ? lost(l, err) : ours < 0 ? -1 : 0;
}

static void *lease_thread(void *arg)
{
	struct lease *l = arg;
	pthread_mutex_lock(&l->lock);
	while (!l->ending && !l->lost) {
		struct err ignored = ERR_NONE; /* lease_check() says what counts */
		const struct timespec next = clock_in(LEASE_RENEW_MS);
		while (!l->ending && pthread_cond_timedwait(&l->wake, &l->lock, &next) != ETIMEDOUT)
			;
		if (!l->ending)
			renew(l, &ignored);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int lease_check(struct lease *l, struct err *err)
{
	int result = 0;
	pthread_mutex_lock(&l->lock);
	if (l->lost)
		result = lost(l, err);
	else if (clock_boot_ms() - l->renewed_ms > DUE_MS)
		result = renew(l, err);
	if (result == 0 && clock_boot_ms() - l->renewed_ms > TOO_OLD_MS)
		result = renew(l, err); /* the one before took that long */
	pthread_mutex_unlock(&l->lock);
	return result;
}

static int check_before_write(void *arg, struct err *err)
{
	return lease_check(arg, err);
}

void lease_guard(struct lease *lease, struct es *es)
{
	es_guard(es, check_before_write, lease);
}

/* What a watcher knows of somebody else's lease. */
struct watch {
	struct document_at at;
	uint64_t since_ms; /* it stands so */
	bool told;
};

static bool has_expired(struct watch *w, const json_t *body, const struct document_at *at)
{
	if (w->at.seq_no != at->seq_no || w->at.term != at->term) {
		w->at = *at;
		w->since_ms = clock_boot_ms();
	}
	return clock_boot_ms() - w->since_ms > LEASE_MS ||
	       owner_is_dead(json_text_at(body, "process", ""));
}

static int in_use(const json_t *body, const char *again, int64_t wait_ms, struct err *err)
{
	return err_set(err, EF_FAILED,
		       "%.200s is changing the installation (efctl %.40s, process %lld, since "
		       "%.40s): waited %lld s; try again later, or wait longer with %s",
		       json_text_at(body, "by", "somebody"), json_text_at(body, "command", "?"),
		       json_int_at(body, "pid"), json_text_at(body, "since", "?"),
		       (long long)wait_ms / 1000, again);
}

/* One look: 1 the lease is ours, 0 it is somebody else's, `*ret_body`, -1. */
static int try_to_take(struct lease *l, struct watch *w, json_t **ret_body, struct err *err)
{
	CLEANUP_JSON json_t *body = NULL;
	struct document_at at = { 0 };
	int there = document_get(l->es, NAMES_LEASE, &body, &at, NULL, err);
	if (there < 0)
		return -1;
	if (!there) {
		bool made = false;
		if (document_index_make(l->es, &made, err))
			return -1;
	} else if (!has_expired(w, body, &at)) {
		*ret_body = steal_ptr(body);
		return 0;
	}
	l->at = at;
	return write_lease(l, err);
}

static int wait_for(struct lease *l, const char *command, const char *again, int64_t wait_ms,
		    struct err *err)
{
	struct watch w = { 0 };
	const uint64_t until = clock_boot_ms() + (uint64_t)wait_ms;
	for (;;) {
		CLEANUP_JSON json_t *body = NULL;
		int taken = try_to_take(l, &w, &body, err);
		if (taken)
			return taken < 0 ? -1 : 0;
		if (body && clock_boot_ms() >= until)
			return in_use(body, again, wait_ms, err);
		if (body && !w.told)
			print_plain(stderr,
				    "efctl %s: %s is changing the installation (efctl %s); waiting "
				    "up to %lld s\n",
				    command, json_text_at(body, "by", "somebody"),
				    json_text_at(body, "command", "?"), (long long)wait_ms / 1000);
		w.told = w.told || body;
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
	}
}

static int lease_prepare(struct lease *l, const struct elastic_settings *settings,
			 const char *command, struct err *err)
{
	char name[OWNER_NAME_MAX], process[OWNER_PROCESS_MAX], since[CLOCK_TEXT_MAX];
	pthread_condattr_t attr;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	snprintf(l->id, sizeof(l->id), "%016llx", (unsigned long long)hash_seed());
	l->body = json_pack("{s:s,s:s,s:s,s:I,s:s,s:s,s:s}", "id", l->id, "by", owner_name(name),
			    "command", command, "pid", (json_int_t)getpid(), "process",
			    owner_process(process), "since", clock_text(clock_wall_ms(), since),
			    "version", version_own);
	return es_new(settings, NULL, &l->es, err);
}

int lease_take(const struct elastic_settings *settings, const char *command, const char *again,
	       int64_t wait_ms, struct lease **ret_lease, struct err *err)
{
	struct lease *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(err, EF_FAILED, "out of memory");
	if (lease_prepare(l, settings, command, err) || wait_for(l, command, again, wait_ms, err) ||
	    thread_start(&l->thread, "lease", lease_thread, l, err)) {
		lease_release(l);
		return -1;
	}
	l->threaded = true;
	*ret_lease = l;
	return 0;
}

/* Nobody waits longer than they must: what is ours goes, as far as that can be done. An index that
 * nothing was recorded in goes with the lease in it, so that nobody gets one there in between. */
static void give_back(struct lease *l)
{
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *record = NULL;
	struct document_at at;
	enum document_index index; /* a write would make one that is gone */
	if (document_index_look(l->es, &index, &ignored) == 0 && index == INDEX_OURS &&
	    document_get(l->es, NAMES_RECORD, &record, &at, NULL, &ignored) == 0 &&
	    write_lease(l, &ignored) == 1 && document_index_drop(l->es, NAMES_LEASE))
		return;
	document_delete(l->es, NAMES_LEASE, &l->at, &ignored);
}

void lease_stop(struct lease *l)
{
	if (!l || !l->threaded)
		return;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->threaded = false;
}

void lease_release(struct lease *l)
{
	if (!l)
		return;
	lease_stop(l);
	if (l->renewed_ms && !l->lost)
		give_back(l);
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	json_decref(l->body);
	es_free(l->es);
	free(l);
}
