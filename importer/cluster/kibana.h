/* SPDX-License-Identifier: Apache-2.0
 * Kibana's saved objects: planned, imported, exported and removed, one file an object under kibana/. */
#ifndef EF_IMPORTER_KIBANA_H
#define EF_IMPORTER_KIBANA_H

#include <jansson.h>

#include "common/err.h"
#include "importer/cluster/plan.h"

struct app;
struct es;

/* Connects to kibana.url. The state of what was installed is kept in the cluster `es` (a component template without
 * content), because saved objects have no place for a mark. */
struct kibana {
	struct es *kibana;
	struct es *es;
	const char *space; /* NULL: the default one */
	json_t *record;    /* what was installed into this space: "type:id" -> {hash, stored} */
	json_t *ids;       /* "type:our id" -> the id that Kibana uses in this space */
	char version[32];
};

int kibana_open(struct kibana *k, struct app *app, struct es *es, struct err *err);
void kibana_release(struct kibana *k);

/* Appends every object under kibana/ with its action. */
int kibana_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err);

/* Imports what is to be written (overwriting only that) and records what came of it. */
int kibana_apply(struct kibana *k, const struct plan *p, bool force, struct err *err);

/* Every object of the types that we use, as files have them (unfolded): "type:id" -> object. The caller's. */
int kibana_fetch(struct kibana *k, json_t **ret_objects, struct err *err);

/* Deletes what the record says is ours and unchanged (with `force` also what was changed). */
int kibana_remove(struct kibana *k, bool force, size_t *ret_kept, struct err *err);

#endif
