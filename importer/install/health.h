/* SPDX-License-Identifier: Apache-2.0
 * Whether the cluster as a whole, or an index of ours in it, is in a state in which it takes no
 * documents: blocks, shards, disks, nodes. */
#ifndef EF_IMPORTER_HEALTH_H
#define EF_IMPORTER_HEALTH_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct app;
struct es;

/*
 * Appends to `findings` (finding.h) each such state with its remedy (common/cluster_state.h). What
 * the cluster does not say is UNKNOWN; nothing is appended where all is well.
 */
int health_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

/* For those who write at once: -1 with the state and its remedy when the cluster is blocked or runs
 * no pipelines, or, with `creates`, has no room for a new index. What it does not say is no
 * error. */
int health_check(struct es *es, const struct app *app, bool creates, struct err *err);

#endif
