/* SPDX-License-Identifier: Apache-2.0
 * The patience of a replay that ships: when nothing was settled for too long, it is given up. */
#include "importer/capture/patience.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/thread.h"

#define LOOK_US 50000U

struct patience {
	pthread_t thread;
	struct shipper *shipper;
	uint64_t patience_ms;
	char problem[512]; /* written before `gave_up` is */
	atomic_bool gave_up, ended;
};

static uint64_t settled(const struct ship_counters *c)
{
	return c->stored + c->duplicates + c->failed + c->aside + c->discarded + c->rejected +
	       c->lost;
}

static bool has_to_settle(const struct ship_counters *c)
{
	return c->queue_now || c->sending_now || c->spool_files_now;
}

static void *patience_main(void *arg)
{
	struct patience *w = arg;
	uint64_t since = clock_now_ms(), before = 0;
	while (!w->ended && !w->gave_up) {
		struct ship_counters c;
		shipper_get_counters(w->shipper, &c);
		if (settled(&c) != before || !has_to_settle(&c))
			since = clock_now_ms();
		before = settled(&c);
		if (clock_now_ms() - since >= w->patience_ms) {
			shipper_problem(w->shipper, w->problem, sizeof(w->problem));
			w->gave_up = true;
			shipper_hurry(w->shipper, 0);
		}
		usleep(LOOK_US);
	}
	return NULL;
}

struct patience *patience_new(struct shipper *shipper, uint64_t patience_ms, struct err *err)
{
	struct patience *w = calloc(1, sizeof(*w));
	if (!w) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	w->shipper = shipper;
	w->patience_ms = patience_ms;
	if (thread_start(&w->thread, "patience", patience_main, w, err) == 0)
		return w;
	free(w);
	return NULL;
}

void patience_free(struct patience *w)
{
	if (!w)
		return;
	w->ended = true;
	pthread_join(w->thread, NULL);
	free(w);
}

const char *patience_gave_up(const struct patience *w)
{
	return w && w->gave_up ? w->problem : NULL;
}
