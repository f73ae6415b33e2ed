/* SPDX-License-Identifier: Apache-2.0
 * The timer that keeps threat feeds fresh on efd's host: its settings, its key, and whether systemd
 * runs it. It also installs what `efctl inventory` found, where there is an inventory.yml.
 *
 * The units come with the package (packaging/systemd); what they need is FEED_TIMER_CONFIG, and the
 * folder for downloads. Only root on a host with the units and a running systemd installs that. */
#ifndef EF_IMPORTER_FEED_TIMER_H
#define EF_IMPORTER_FEED_TIMER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"
#include "importer/client/app.h"

struct es;
struct install;

#define FEED_TIMER_CONFIG "feeds.yml" /* in the folder of the settings; names no feed */

enum feed_timer_state {
	FEED_TIMER_NONE,    /* nothing is for it to do, and no timer runs */
	FEED_TIMER_SAME,    /* it runs, with what it needs */
	FEED_TIMER_START,   /* it is to be made so */
	FEED_TIMER_STOP,    /* nothing any more */
	FEED_TIMER_STARTED, /* done */
	FEED_TIMER_STOPPED,
	FEED_TIMER_BY_HAND, /* feeds are chosen, and this is not where the timer can run */
};

struct feed_timer {
	enum feed_timer_state state;
	bool feeds;     /* some are chosen; else it is for what an inventory finds */
	bool loaded;    /* all feeds that are chosen are in the cluster, and fresh */
	bool needs_key; /* the cluster has security, and the key that is there does not fit */
	struct buf text;
	gid_t group;
};

/* What has to be done. `ca_file` is where the timer finds the CA (NULL: none); `here` says whether
 * this host's own files may be looked at at all. Release it also after an error. */
int feed_timer_plan(struct install *in, const struct app *app, const char *ca_file, bool here,
		    struct feed_timer *ret, struct err *err);

/* Whether carrying it out would change anything here. */
bool feed_timer_changes(const struct feed_timer *t);

/* The last thing that setup does: the timer's first run waits for its lease. */
int feed_timer_apply(struct feed_timer *t, struct es *es, struct err *err);
void feed_timer_release(struct feed_timer *t);

/* What would be done, or was. */
void feed_timer_print(FILE *out, const struct app *app, const struct feed_timer *t);
extern const char *const feed_timer_words[];

/* Whether the timer's settings name the cluster and the prefix of `app`. `ret_path`, the caller's,
 * is where they are, or would be; NULL: no memory. */
bool feed_timer_is_of(const struct app *app, char **ret_path);

/* For remove: stops it, where feed_timer_is_of() says so, and takes settings and key
 * away. `secured`: the cluster has API keys. */
int feed_timer_remove(struct es *es, const struct app *app, bool secured, struct err *err);

#endif
