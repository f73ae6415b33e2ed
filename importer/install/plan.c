/* SPDX-License-Identifier: Apache-2.0
 * Wanted against found: what setup would create, update, leave alone. */
#include "importer/install/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/asset.h"
#include "importer/assets/render.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict.h"
#include "importer/install/ilm.h"

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
		json_decref(p->item[i].found);
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
	if (!kind->in_kibana && wanted)
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
	if (!kind_untouched(&mark, found_hash))
		return strcmp(found_hash, wanted_hash) == 0 ? ACTION_UPDATE : ACTION_DRIFTED;
	bool whole = strcmp(mark.stored, MARK_PENDING) != 0;
	return whole && strcmp(wanted_hash, mark.hash) == 0 ? ACTION_SAME : ACTION_UPDATE;
}

/* What stands under `name`: 1, 0 when nothing does, -1. */
static int asset_find(struct es *es, const struct kind *kind, const char *name, json_t **ret_reply,
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
	int r = asset_find(es, kind, name, &reply, err);
	if (r < 0)
		return -1;
	json_t *found = r ? kind_body(kind, reply, name) : NULL;
	enum action action = plan_compare(kind, name, wanted, found);
	if (plan_add(p, kind, kind->name, name, steal_ptr(wanted), action, err))
		return -1;
	p->item[p->n - 1].found = json_incref(found);
	return 0;
}

static int plan_asset(struct plan *p, struct es *es, struct rendering *r, const struct kind *kind,
		      const char *path, struct err *err)
{
	size_t folder = strlen(kind->folder);
	char name[200];
	json_t *wanted = NULL;
	if (strncmp(path, kind->folder, folder) != 0 || strchr(path + folder, '/') ||
	    !render_name(r, path, name, sizeof(name)))
		return 0;
	return kind->render(r, path, &wanted, err) || plan_one(p, es, kind, name, wanted, err) ? -1
											       : 0;
}

static int plan_kind(struct plan *p, struct es *es, struct rendering *r, const struct kind *kind,
		     struct err *err)
{
	for (size_t i = 0; i < assets_count(r->assets); i++) {
		const char *path = assets_at(r->assets, i)->path;
		if (!(kind->last && strcmp(path, kind->last) == 0) &&
		    plan_asset(p, es, r, kind, path, err))
			return -1;
	}
	return kind->last ? plan_asset(p, es, r, kind, kind->last, err) : 0;
}

bool plan_has(const struct plan *p, const struct kind *kind, const char *name)
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
	const char *prefix = es_prefix(es);
	if (!kind_read_mark(kind, body, &mark) || plan_has(p, kind, name) ||
	    !name_is_of(prefix, name) ||
	    strncmp(name_bare(prefix, name), DICT_PIPELINE, strlen(DICT_PIPELINE)) == 0)
		return 0;
	CLEANUP_JSON json_t *reply = NULL;
	int r = asset_find(es, kind, name, &reply, err);
	if (r <= 0)
		return r;
	kind_hash(kind, kind_body(kind, reply, name), hash);
	return kind_untouched(&mark, hash)
		   ? plan_add(p, kind, kind->name, name, NULL, ACTION_REMOVE, err)
		   : 0;
}

/* Only the marks are asked for: dictionaries can be large. */
static int plan_leftovers(struct plan *p, struct es *es, const struct kind *kind, struct err *err)
{
	char path[400];
	const char *name, *ours = NAME(es_prefix(es), kind->ours);
	json_t *entry;
	size_t i;
	CLEANUP_JSON json_t *reply = NULL;
	if (kind->list)
		snprintf(path, sizeof(path), "%s%s?filter_path=%s.name,%s.%s._meta", kind->url,
			 ours, kind->list, kind->list, kind->item);
	else
		snprintf(path, sizeof(path),
			 "%s%s?filter_path=*.description,*._meta,*.policy._meta", kind->url, ours);
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

/* A lifecycle policy of the user's is his; ours, which old indices may need, stays where it is. */
static bool is_left_alone(const struct rendering *r, const struct kind *kind)
{
	return kind->needs == CAP_ILM &&
	       ilm_is_yours(r->prefix, json_text_at(r->variables, "ilm_policy", NULL));
}

int plan_make(struct plan *p, struct es *es, struct rendering *r, struct err *err)
{
	for (const struct kind *k = kinds; k < kinds + kinds_len; k++) {
		if ((k->needs != CAPABILITIES && !r->cluster->has[k->needs]) || is_left_alone(r, k))
			continue;
		if (plan_kind(p, es, r, k, err))
			return -1;
	}
	for (const struct kind *k = kinds + kinds_len;
	     k-- > kinds;) /* what refers to others goes first */
		if ((k->needs == CAPABILITIES || r->cluster->has[k->needs]) &&
		    !is_left_alone(r, k) && plan_leftovers(p, es, k, err))
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

int plan_still_true(const struct plan *p, struct es *es, bool force, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		CLEANUP_JSON json_t *reply = NULL;
		if (item->kind->in_kibana || item->action == ACTION_REMOVE ||
		    !plan_writes(item, force))
			continue;
		int r = asset_find(es, item->kind, item->name, &reply, err);
		if (r < 0)
			return -1;
		const json_t *now = r ? kind_body(item->kind, reply, item->name) : NULL;
		if (now && item->found ? json_equal(now, item->found) : now == item->found)
			continue;
		return err_set(err, EF_FAILED,
			       "%s %s was changed in the meantime, so nothing was changed here; "
			       "run it again to see the plan for what is there now",
			       item->group, item->name);
	}
	return 0;
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

size_t plan_applied_count(const struct plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += p->item[i].applied;
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
		print_plain(out, "%-8s %-20s %s%s\n", action_names[item->action], item->group,
			    item->name, what);
	}
	for (int a = 0, said = 0; a < ACTIONS; a++) {
		size_t n = plan_count(p, (enum action)a);
		if (n)
			print_plain(out, "%s%zu %s", said++ ? ", " : "", n, action_names[a]);
	}
	fputc('\n', out);
}

json_t *plan_json(const struct plan *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:b}", "kind", p->item[i].group,
						      "name", p->item[i].name, "action",
						      action_names[p->item[i].action], "applied",
						      p->item[i].applied));
	return list;
}
