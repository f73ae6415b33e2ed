/* SPDX-License-Identifier: Apache-2.0
 * Wanted against found: what setup would create, update, leave alone. */
#ifndef EF_IMPORTER_PLAN_H
#define EF_IMPORTER_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/err.h"
#include "importer/install/kind.h"

struct es;
struct rendering;

enum action {
	ACTION_CREATE,
	ACTION_UPDATE, /* ours, as we left it, but we have something newer */
	ACTION_SAME,
	ACTION_DRIFTED, /* ours, but changed by hand since */
	ACTION_FOREIGN, /* the name is taken by something that is not ours */
	ACTION_YOURS,   /* made once for the user to change */
	ACTION_REMOVE,  /* ours, untouched, of an earlier efctl: this one has no such asset */
	ACTIONS
};
extern const char *const action_names[ACTIONS];

struct plan_item {
	const struct kind *kind;
	char *group; /* name of the kind, or the type of a saved object */
	char *name;
	json_t *wanted;
	json_t *found;             /* NULL: nothing, or not looked at */
	char hash[CANON_HASH_MAX]; /* of `wanted` */
	enum action action;
	bool applied; /* written to the cluster in this run */
};

struct plan {
	struct plan_item *item;
	size_t n, room;
};

void plan_release(struct plan *p);

/* Appends an item; takes `wanted_take`. */
int plan_add(struct plan *p, const struct kind *kind, const char *group, const char *name,
	     json_t *wanted_take, enum action action, struct err *err);

bool plan_has(const struct plan *p, const struct kind *kind, const char *name);

/* Which action an asset needs, by what was found (NULL: nothing). */
enum action plan_compare(const struct kind *kind, const char *name, const json_t *wanted,
			 const json_t *found);

/*
 * Renders every asset under es-templates/ and ingest-pipelines/ and compares it with the cluster.
 * At the end come assets that carry our mark but are not wanted any more; dictionaries are left to
 * dict_prune().
 */
int plan_make(struct plan *p, struct es *es, struct rendering *r, struct err *err);

/* Adds one asset that comes from elsewhere (a dictionary's pipeline); takes `wanted_take`. */
int plan_one(struct plan *p, struct es *es, const struct kind *kind, const char *name,
	     json_t *wanted_take, struct err *err);

/* Whether applying would write it. */
bool plan_writes(const struct plan_item *item, bool force);
size_t plan_count(const struct plan *p, enum action action);
size_t plan_writes_count(const struct plan *p, bool force);
size_t plan_applied_count(const struct plan *p);

/* A small table: every item that is not the same, then one line of counts. */
void plan_print(FILE *out, const struct plan *p, bool force);
json_t *plan_json(const struct plan *p);

/* Looks again at what would be written: EF_FAILED where it is not what the plan was made for. */
int plan_still_true(const struct plan *p, struct es *es, bool force, struct err *err);

#endif
