/* SPDX-License-Identifier: Apache-2.0
 * Which threat feeds the installed tables hold, and of when: one document in the cluster, for
 * doctor, status and the dashboard Threats.
 *
 * It is the newest document with event.dataset FEED_STATE_DATASET in logs-ti_flow-*: {"@timestamp",
 * "flow": {"feeds": [{"name", "indicators", "confirmed", "stale"}]}}; times are epoch milliseconds,
 * `confirmed` 0 is a feed that was never loaded, `stale` is when its age will be a finding. The
 * reader compares with his own clock, so it stays true as the feeds age. None: no feed. */
#ifndef EF_IMPORTER_FEED_STATE_H
#define EF_IMPORTER_FEED_STATE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct app;
struct dict_set;
struct es;

#define FEED_STATE_DATASET "ti_flow.feeds"

/* The array of feeds, empty when there are none; null when it is not the user's to read. The
 * caller's. */
int feed_state_read(struct es *es, json_t **ret_feeds, struct err *err);

/* Writes what `set` holds, unless the cluster says the same already. Call it when the tables of
 * `set` are installed. */
int feed_state_note(struct es *es, const struct app *app, struct dict_set *set, struct err *err);

/* The same, of what feed_state_read() gave before the streams of another namespace were deleted:
 * says it in `namespace`, unless the cluster still does. */
int feed_state_keep(struct es *es, const char *namespace, const json_t *feeds, struct err *err);

/* Whether what efctl wrote of feeds is all that is in logs-ti_flow-`namespace`; false also where
 * the cluster does not say. */
bool feed_state_is_alone(struct es *es, const char *namespace);

/* What doctor says of it, appended to `findings` (finding.h). */
int feed_state_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

/* Whether none of them is stale. */
bool feed_state_is_fresh(const json_t *feeds);

/* A line for status. */
#define FEED_STATE_MAX 400
const char *feed_state_text(const json_t *feeds, char text[FEED_STATE_MAX]);

#endif
