/* SPDX-License-Identifier: Apache-2.0
 * Kibana's saved objects: planned, imported, exported and removed, one file an object under
 * kibana/. */
#ifndef EF_IMPORTER_KIBANA_H
#define EF_IMPORTER_KIBANA_H

#include <jansson.h>

#include "common/err.h"
#include "importer/install/plan.h"

struct app;
struct es;

/* Connects to kibana.url. The state of what was installed is kept in the cluster `es` (a component
 * template without content), because saved objects have no place for a mark. */
struct kibana {
	struct es *kibana;
	struct es *es;
	const char *space; /* NULL: the default one */
	json_t *record;    /* what was installed into this space: "type:id" -> {hash, stored} */
	json_t *ids;       /* "type:our id" -> the id that Kibana uses in this space */
	char version[32];
};

/* A path of Kibana's API within the space; -1 when the space's name is too long. */
int kibana_path(const struct kibana *k, const char *path, char *out, size_t size, struct err *err);

/* What the record says of an object with these hashes (`found_hash` NULL: it is not there). */
enum action kibana_compare(const struct kibana *k, const char *key, const char *wanted_hash,
			   const char *found_hash);

/* Whether an object is as we left it, by its entry in the record; one that setup was interrupted
 * at, is. */
bool kibana_untouched(const json_t *mark, const char *found_hash);

/* Records an object as ours: the hash of what was wanted, and of what Kibana made of it. Not
 * written yet. */
void kibana_note(struct kibana *k, const char *key, const char *hash, const char *stored);

int kibana_open(struct kibana *k, struct app *app, struct es *es, struct err *err);
void kibana_release(struct kibana *k);

/* Appends every object under kibana/ with its action, the rules and the settings. */
int kibana_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err);

/* Imports what is to be written (overwriting only that) and records what came of it. */
int kibana_apply(struct kibana *k, struct plan *p, bool force, struct err *err);

/* Every object of the types that we use, as files have them (unfolded): "type:id" -> object. The
 * caller's. */
int kibana_fetch(struct kibana *k, json_t **ret_objects, struct err *err);

/* Deletes what the record says is ours and unchanged (with `force` also what was changed). */
int kibana_remove(struct kibana *k, bool force, size_t *ret_kept, struct err *err);

#endif
