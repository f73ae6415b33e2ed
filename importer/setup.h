/* SPDX-License-Identifier: Apache-2.0
 * What efctl setup found out and did beside the plan: for its parts that show, ask and compare. */
#ifndef EF_IMPORTER_SETUP_H
#define EF_IMPORTER_SETUP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "importer/client/app.h"
#include "importer/client/connection.h"
#include "importer/install/feed_timer.h"
#include "importer/install/install.h"
#include "importer/install/ism.h"

enum key_state { KEY_NONE, KEY_KEPT, KEY_UNCHECKED, KEY_FOREIGN, KEY_MAKE, KEY_MADE };

/* What is done beside the assets of the plan, in this order; the names are in setup_show.c. */
enum setup_step {
	STEP_ASSETS,
	STEP_STREAMS,
	STEP_DICTIONARIES, /* pipelines of tables that nothing refers to any more are deleted */
	STEP_KIBANA,
	STEP_KEY,
	STEP_CONNECTION,
	STEP_ROLLOVER,
	STEP_FEED_TIMER,
	SETUP_STEPS
};

/* What setup found out and did beside the plan. */
struct outcome {
	enum key_state key;
	bool key_replaces; /* KEY_MAKE, and the file holds a key that does not fit this cluster */
	struct connection connection;
	struct feed_timer feed_timer;
	struct ism ism;
	json_t *outdated;   /* data streams with an older mapping */
	json_t *effects;    /* findings: what keeps the installation from taking effect */
	json_t *states;     /* findings: what keeps the cluster from taking documents */
	json_t *streams;    /* data streams of the namespace that are missing, and are created */
	json_t *own;        /* what of streams that are there is changed: stream_own.h */
	bool new_namespace; /* it is set up for the first time */
	json_t *migrated; /* what an installation without a record was made with: see installed.h */
	const char *record;    /* what becomes of the record: create, update, same */
	char interrupted[400]; /* whose setup did not come to its end, and when; "" none */
	/* array of texts: what of the user's it replaces or deletes beside the plan's items */
	json_t *reasons;
	enum setup_step doing; /* what is being done, or what it stopped at */
	bool applied;          /* all of it */
	bool rolled_over;
	const char *stopped; /* why, or NULL */
};

#endif
