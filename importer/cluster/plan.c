/* SPDX-License-Identifier: Apache-2.0
 * Wanted against found: what setup would create, update, leave alone. */
#include "importer/cluster/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/dictionary/dict.h"
#include "importer/cluster/es.h"
#include "importer/assets/render.h"

const char *const action_names[ACTIONS] = {
	[ACTION_CREATE] = "create",   [ACTION_UPDATE] = "update",   [ACTION_SAME] = "same",
	[ACTION_DRIFTED] = "drifted", [ACTION_FOREIGN] = "foreign", [ACTION_YOURS] = "yours",
	[ACTION_REMOVE] = "remove",
};

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->item[i].group);
		free(p->item[i].name);
		json_decref(p->item[i].wanted);
	}
	free(p->item);
	*p = (struct plan){ 0 };
}

int plan_add(struct plan *p, const struct kind *kind, const char *group, const char *name,
	     json_t *wanted_take, enum action action, struct err *err)
{
	CLEANUP_JSON json_t *wanted = wanted_take;
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct plan_item *item = realloc(p->item, room * sizeof(*item));
		if (!item)
			return err_set(err, EF_FAILED, "out of memory");
		p->item = item;
		p->room = room;
	}
	struct plan_item item = {
		.kind = kind, .group = strdup(group), .name = strdup(name), .action = action
	};
	if (!item.group || !item.name) {
		free(item.group);
		free(item.name);
		return err_set(err, EF_FAILED, "out of memory");
	}
	if (kind && wanted)
		kind_hash(kind, wanted, item.hash);
	item.wanted = steal_ptr(wanted);
	p->item[p->n++] = item;
	return 0;
}

enum action plan_compare(const struct kind *kind, const char *name, const json_t *wanted,
			 const json_t *found)
{
	struct mark mark;
	char wanted_hash[CANON_HASH_MAX], found_hash[CANON_HASH_MAX];
	if (!found)
		return ACTION_CREATE;
	if (kind_is_yours(name))
		return ACTION_YOURS;
	if (!kind_read_mark(kind, found, &mark))
		return ACTION_FOREIGN;
	kind_hash(kind, wanted, wanted_hash);
	kind_hash(kind, found, found_hash);
	if (strcmp(found_hash, mark.hash) != 0 && strcmp(found_hash, mark.stored) != 0)
		return strcmp(found_hash, wanted_hash) == 0 ? ACTION_UPDATE : ACTION_DRIFTED;
	return strcmp(wanted_hash, mark.hash) == 0 ? ACTION_SAME : ACTION_UPDATE;
}

/* What stands under `name`: 1, 0 when nothing does, -1. */
static int find(struct es *es, const struct kind *kind, const char *name, json_t **ret_reply,
		struct err *err)
{
	char path[300];
	snprintf(path, sizeof(path), "%s%s", kind->url, name);
	return es_find(es, path, ret_reply, err);
}

int plan_one(struct plan *p, struct es *es, const struct kind *kind, const char *name,
	     json_t *wanted_take, struct err *err)
{
	CLEANUP_JSON json_t *wanted = wanted_take, *reply = NULL;
	int r = find(es, kind, name, &reply, err);
	if (r < 0)
		return -1;
	enum action action =
	    plan_compare(kind, name, wanted, r ? kind_body(kind, reply, name) : NULL);
	return plan_add(p, kind, kind->name, name, steal_ptr(wanted), action, err);
}

static int plan_kind(struct plan *p, struct es *es, struct rendering *r, const struct kind *kind,
		     struct err *err)
{
	size_t folder = strlen(kind->folder);
	for (size_t i = 0; i < assets_count(r->assets); i++) {
		const char *path = assets_at(r->assets, i)->path;
		char name[200];
		if (strncmp(path, kind->folder, folder) != 0 || strchr(path + folder, '/') ||
		    !render_name(r, path, name, sizeof(name)))
			continue;
		json_t *wanted = NULL;
		if (kind->render(r, path, &wanted, err) || plan_one(p, es, kind, name, wanted, err))
			return -1;
	}
	return 0;
}

static bool is_planned(const struct plan *p, const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].kind == kind && strcmp(p->item[i].name, name) == 0)
			return true;
	return false;
}

/* One asset that stands there and that we may not want any more; `body` holds at least its mark. */
static int plan_leftover(struct plan *p, struct es *es, const struct kind *kind, const char *name,
			 const json_t *body, struct err *err)
{
	struct mark mark;
	char hash[CANON_HASH_MAX];
	if (!kind_read_mark(kind, body, &mark) || is_planned(p, kind, name) ||
	    strncmp(name, DICT_PIPELINE, strlen(DICT_PIPELINE)) == 0)
		return 0;
	CLEANUP_JSON json_t *reply = NULL;
	int r = find(es, kind, name, &reply, err);
	if (r <= 0)
		return r;
	kind_hash(kind, kind_body(kind, reply, name), hash);
	bool untouched = strcmp(hash, mark.hash) == 0 || strcmp(hash, mark.stored) == 0;
	return untouched ? plan_add(p, kind, kind->name, name, NULL, ACTION_REMOVE, err) : 0;
}

/* Only the marks are asked for: dictionaries can be large. */
static int plan_leftovers(struct plan *p, struct es *es, const struct kind *kind, struct err *err)
{
	char path[400];
	const char *name;
	json_t *entry;
	size_t i;
	CLEANUP_JSON json_t *reply = NULL;
	if (kind->list)
		snprintf(path, sizeof(path), "%s%s?filter_path=%s.name,%s.%s._meta", kind->url,
			 kind->ours, kind->list, kind->list, kind->item);
	else
		snprintf(path, sizeof(path),
			 "%s%s?filter_path=*.description,*._meta,*.policy._meta", kind->url,
			 kind->ours);
	int r = es_find(es, path, &reply, err);
	if (r <= 0)
		return r;
	json_array_foreach (kind->list ? json_object_get(reply, kind->list) : NULL, i, entry)
		if (plan_leftover(p, es, kind, json_text_at(entry, "name", ""),
				  json_object_get(entry, kind->item), err))
			return -1;
	json_object_foreach (kind->list ? NULL : reply, name, entry)
		if (plan_leftover(p, es, kind, name, entry, err))
			return -1;
	return 0;
}

int plan_make(struct plan *p, struct es *es, struct rendering *r, struct err *err)
{
	for (const struct kind *k = kinds; k < kinds + kinds_len; k++) {
		if (k->needs != CAPABILITIES && !r->cluster->has[k->needs])
			continue;
		if (plan_kind(p, es, r, k, err))
			return -1;
	}
	for (const struct kind *k = kinds + kinds_len;
	     k-- > kinds;) /* what refers to others goes first */
		if ((k->needs == CAPABILITIES || r->cluster->has[k->needs]) &&
		    plan_leftovers(p, es, k, err))
			return -1;
	return 0;
}

bool plan_writes(const struct plan_item *item, bool force)
{
	switch (item->action) {
	case ACTION_CREATE:
	case ACTION_UPDATE:
	case ACTION_REMOVE:
		return true;
	case ACTION_DRIFTED:
	case ACTION_FOREIGN:
		return force;
	default:
		return false;
	}
}

size_t plan_count(const struct plan *p, enum action action)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += p->item[i].action == action;
	return n;
}

size_t plan_writes_count(const struct plan *p, bool force)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += plan_writes(&p->item[i], force);
	return n;
}

void plan_print(FILE *out, const struct plan *p, bool force)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		if (item->action == ACTION_SAME || item->action == ACTION_YOURS)
			continue;
		const char *what = "";
		if (item->action == ACTION_DRIFTED)
			what = force ? "  changed by hand, replaced"
				     : "  changed by hand, kept (--force replaces it)";
		if (item->action == ACTION_REMOVE)
			what = "  no longer used";
		if (item->action == ACTION_FOREIGN)
			what = force ? "  not ours, replaced"
				     : "  not ours, kept (--force replaces it)";
		fprintf(out, "%-8s %-20s %s%s\n", action_names[item->action], item->group,
			item->name, what);
	}
	for (int a = 0, said = 0; a < ACTIONS; a++) {
		size_t n = plan_count(p, (enum action)a);
		if (n)
			fprintf(out, "%s%zu %s", said++ ? ", " : "", n, action_names[a]);
	}
	fputc('\n', out);
}

json_t *plan_json(const struct plan *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "kind", p->item[i].group,
						      "name", p->item[i].name, "action",
						      action_names[p->item[i].action]));
	return list;
}
