/* SPDX-License-Identifier: Apache-2.0
 * Kibana's saved objects: planned, imported, exported and removed, one file an object under
 * kibana/. */
#include "importer/install/kibana.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/fold.h"
#include "importer/assets/prefix.h"
#include "importer/assets/render.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/client/remote.h"
#include "importer/client/settings.h"
#include "importer/core/json.h"
#include "importer/install/kibana_extra.h"
#include "importer/install/kibana_space.h"

#define BODY_MAX (64U << 20)
#define BOUNDARY "efctl-b7c1f0d2a9"

static const struct kind kind_object = { .name = "saved object", .in_kibana = true };

/* The types whose objects we bring; an asset of another type is an error. */
static const char *const types[] = { "index-pattern", "search", "lens",     "visualization",
				     "map",           "tag",    "dashboard" };

int kibana_path(const struct kibana *k, const char *path, char *out, size_t size, struct err *err)
{
	int n = k->space ? snprintf(out, size, "/s/%s%s", k->space, path)
			 : snprintf(out, size, "%s", path);
	return n < (int)size ? 0 : err_set(err, EF_USAGE, "kibana.space is too long");
}

static const char *space_name(const struct kibana *k)
{
	return k->space ? k->space : "default";
}

static const char *record_path(const struct kibana *k, char path[NAME_ROOM + 40])
{
	snprintf(path, NAME_ROOM + 40, "/_component_template/%s",
		 NAME(es_prefix(k->es), NAMES_KIBANA));
	return path;
}

static int read_record(struct kibana *k, struct err *err)
{
	char path[NAME_ROOM + 40];
	CLEANUP_JSON json_t *reply = NULL;
	int r = es_find(k->es, record_path(k, path), &reply, err);
	if (r < 0)
		return -1;
	json_t *body =
	    r ? json_object_get(json_array_get(json_object_get(reply, "component_templates"), 0),
				"component_template")
	      : NULL;
	json_t *record = json_object_get(json_at(body, "_meta.spaces"), space_name(k));
	k->record = record ? json_deep_copy(record) : json_object();
	return 0;
}

static int write_record(struct kibana *k, struct err *err)
{
	char path[NAME_ROOM + 40];
	CLEANUP_JSON json_t *reply = NULL;
	int r = es_find(k->es, record_path(k, path), &reply, err);
	if (r < 0)
		return -1;
	json_t *old = json_at(
	    json_object_get(json_array_get(json_object_get(reply, "component_templates"), 0),
			    "component_template"),
	    "_meta.spaces");
	json_t *spaces = old ? json_deep_copy(old) : json_object();
	if (json_object_size(k->record))
		json_object_set(spaces, space_name(k), k->record);
	else
		json_object_del(spaces, space_name(k));
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:{},s:{s:s,s:s,s:o}}", "template", "_meta", "managed_by", "efctl", "description",
	    "Which Kibana objects efctl setup installed, and their hashes. No index uses this.",
	    "spaces", spaces);
	return es_must(k->es, "PUT", path, body, NULL, err);
}

int kibana_open(struct kibana *k, struct app *app, struct es *es, struct err *err)
{
	*k = (struct kibana){ .es = es, .ids = json_object() };
	if (app->kibana.space && *app->kibana.space && strcmp(app->kibana.space, "default") != 0)
		k->space = app->kibana.space;
	if (es_new(&app->elastic, app->kibana.url, &k->kibana, err) ||
	    kibana_identify(k->kibana, k->version, err) || read_record(k, err)) {
		kibana_release(k);
		return -1;
	}
	return 0;
}

void kibana_release(struct kibana *k)
{
	es_free(k->kibana);
	json_decref(k->record);
	json_decref(k->ids);
	k->ids = NULL;
	k->kibana = NULL;
	k->record = NULL;
}

static bool known_type(const char *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static void key_of(const char *type, const char *id, char *key, size_t size)
{
	snprintf(key, size, "%s:%s", type, id);
}

/* Where the space has an object of ours and one of somebody else's under our bare id, the key is
 * ours. */
static void add_found(struct kibana *k, json_t *objects, json_t *object_take)
{
	char key[300];
	CLEANUP_JSON json_t *object = object_take, *id = json_incref(json_object_get(object, "id"));
	fold_normalise(object);
	bool ours = space_leave(object, k->space);
	key_of(json_text_at(object, "type", ""), json_text_at(object, "id", ""), key, sizeof(key));
	if (k->space && !ours && json_object_get(objects, key))
		return;
	json_object_set(k->ids, key, id);
	json_object_set(objects, key, object);
}

/* One object a line. */
static int parse_export(struct kibana *k, const char *text, json_t *objects, struct err *err)
{
	json_object_clear(k->ids);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		json_t *object = len ? json_loadb(line, len, 0, NULL) : NULL;
		if (len && !object)
			return err_set(err, EF_FAILED,
				       "Kibana's export has a line that is no JSON: %.60s", line);
		if (object)
			add_found(k, objects, object);
		line += len + (line[len] == '\n');
	}
	return 0;
}

int kibana_fetch(struct kibana *k, json_t **ret_objects, struct err *err)
{
	char path[300];
	CLEANUP_JSON json_t *body = json_pack("{s:[],s:b}", "type", "excludeExportDetails", 1),
			    *reply = NULL;
	CLEANUP_JSON json_t *objects = json_object();
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		json_array_append_new(json_object_get(body, "type"), json_string(types[i]));
	long status = 0;
	if (kibana_path(k, "/api/saved_objects/_export", path, sizeof(path), err) ||
	    es_call(k->kibana, "POST", path, body, &status, &reply, err))
		return -1;
	if (status == 404)
		return err_set(
		    err, EF_USAGE,
		    "Kibana has no space '%s'; make it in Kibana first, or leave kibana.space out",
		    space_name(k));
	if (status != 200)
		return es_fail(k->kibana, "POST", path, status, reply, err);
	if (parse_export(k, es_reply_text(k->kibana), objects, err))
		return -1;
	*ret_objects = steal_ptr(objects);
	return 0;
}

enum action kibana_compare(const struct kibana *k, const char *key, const char *wanted_hash,
			   const char *found_hash)
{
	const json_t *mark = json_object_get(k->record, key);
	if (!found_hash)
		return ACTION_CREATE;
	if (!mark)
		return ACTION_FOREIGN;
	if (!kibana_untouched(mark, found_hash))
		return ACTION_DRIFTED;
	/* of what is not finished the record has no hash */
	return strcmp(json_text_at(mark, "hash", ""), wanted_hash) == 0 ? ACTION_SAME
									: ACTION_UPDATE;
}

bool kibana_untouched(const json_t *mark, const char *found_hash)
{
	const char *stored = json_text_at(mark, "stored", "");
	return strcmp(stored, found_hash) == 0 || strcmp(stored, MARK_PENDING) == 0;
}

void kibana_note(struct kibana *k, const char *key, const char *hash, const char *stored)
{
	json_object_set_new(k->record, key, json_pack("{s:s,s:s}", "hash", hash, "stored", stored));
}

static enum action compare_objects(const struct kibana *k, const char *key, const json_t *wanted,
				   const json_t *found)
{
	char wanted_hash[CANON_HASH_MAX], found_hash[CANON_HASH_MAX];
	fold_hash(wanted, wanted_hash);
	if (found)
		fold_hash(found, found_hash);
	return kibana_compare(k, key, wanted_hash, found ? found_hash : NULL);
}

/* kibana/TYPE/ID.json; kibana/src and the like have no type's name. */
static bool is_object(const char *path)
{
	char type[64], rest[256];
	return sscanf(path, "kibana/%63[^/]/%255s", type, rest) == 2 && known_type(type) &&
	       !strchr(rest, '/') && strstr(rest, ".json");
}

int kibana_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err)
{
	CLEANUP_JSON json_t *found = NULL, *variables = settings_variables(app);
	if (kibana_fetch(k, &found, err))
		return -1;
	for (size_t i = 0; i < assets_count(app->assets); i++) {
		const struct asset *a = assets_at(app->assets, i);
		json_error_t why;
		char key[300];
		if (!is_object(a->path))
			continue;
		json_t *object = json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, &why);
		if (render_variables(variables, a->origin, object, err)) {
			json_decref(object);
			return -1;
		}
		remote_enter(object, &app->kibana.remote); /* knows the names of our files */
		prefix_enter(app->assets, es_prefix(k->es), object);
		const char *type = json_text_at(object, "type", NULL),
			   *id = json_text_at(object, "id", NULL);
		if (!object || !type || !id || !known_type(type)) {
			json_decref(object);
			return err_set(err, EF_USAGE, "%s:%d: %s", a->origin, object ? 1 : why.line,
				       object ? "a saved object needs a known type and an id"
					      : why.text);
		}
		key_of(type, id, key, sizeof(key));
		enum action action = compare_objects(k, key, object, json_object_get(found, key));
		char group[80], name[220];
		snprintf(group, sizeof(group), "%s", type);
		snprintf(name, sizeof(name), "%s", id);
		if (plan_add(p, &kind_object, group, name, object, action, err))
			return -1;
		p->item[p->n - 1].found = json_incref(json_object_get(found, key));
	}
	return kibana_extra_plan(k, app, p, err);
}

static int add_part(struct buf *out, const json_t *object, const char *space)
{
	CLEANUP_JSON json_t *copy = json_deep_copy(object);
	space_enter(copy, space);
	fold(copy);
	CLEANUP_FREE char *line = json_dumps(copy, JSON_COMPACT | JSON_REAL_PRECISION(15));
	return !line || buf_add_text(out, line) || buf_add(out, "\n", 1);
}

static int check_import(const struct kibana *k, const json_t *reply, size_t wanted, struct err *err)
{
	if (json_is_true(json_object_get(reply, "success")) &&
	    (size_t)json_int_at(reply, "successCount") == wanted)
		return 0;
	const json_t *first = json_array_get(json_object_get(reply, "errors"), 0);
	CLEANUP_FREE char *why = json_dumps(json_object_get(first, "error"), JSON_COMPACT);
	return err_set(err, EF_FAILED, "Kibana %s imported %lld of %zu objects; %s %s: %s",
		       k->version, json_int_at(reply, "successCount"), wanted,
		       json_text_at(first, "type", "?"), json_text_at(first, "id", "?"),
		       why ? why : "no reason given");
}

static int objects_import(struct kibana *k, const struct plan *p, bool force, size_t *ret_n,
			  struct err *err)
{
	CLEANUP_BUF struct buf body;
	buf_init(&body, BODY_MAX);
	int full = buf_add_text(
	    &body, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"file\"; "
		   "filename=\"flow.ndjson\"\r\nContent-Type: application/ndjson\r\n\r\n");
	*ret_n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].kind == &kind_object && plan_writes(&p->item[i], force)) {
			full |= add_part(&body, p->item[i].wanted, k->space);
			++*ret_n;
		}
	full |= buf_add_text(&body, "\r\n--" BOUNDARY "--\r\n");
	if (full)
		return err_set(err, EF_FAILED, "the dashboards are too large, or memory is short");
	if (*ret_n == 0)
		return 0;
	char path[300];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (kibana_path(k, "/api/saved_objects/_import?overwrite=true", path, sizeof(path), err) ||
	    es_send(k->kibana, "POST", path, "multipart/form-data; boundary=" BOUNDARY, body.data,
		    body.len, &status, &reply, err))
		return -1;
	if (status != 200)
		return es_fail(k->kibana, "POST", path, status, reply, err);
	return check_import(k, reply, *ret_n, err);
}

/* Before anything of it is there: what is about to be written is ours, also when this ends before
 * that can be noted. */
static int note_pending(struct kibana *k, const struct plan *p, bool force, struct err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		char key[300];
		if (!item->kind->in_kibana || item->action == ACTION_REMOVE ||
		    !plan_writes(item, force))
			continue;
		key_of(item->group, item->name, key, sizeof(key));
		kibana_note(k, key, "", MARK_PENDING);
		n++;
	}
	return n ? write_record(k, err) : 0;
}

/* Kibana refused the import: what is there is whose it was. */
static void take_back(struct kibana *k, json_t *before_take)
{
	struct err ignored;
	json_decref(k->record);
	k->record = before_take;
	write_record(k, &ignored);
}

/* Kibana migrates and normalises: what it keeps is what we compare with later. */
static int note_imported(struct kibana *k, struct plan *p, bool force, struct err *err)
{
	CLEANUP_JSON json_t *found = NULL;
	if (kibana_fetch(k, &found, err))
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *item = &p->item[i];
		char key[300], hash[CANON_HASH_MAX], stored[CANON_HASH_MAX];
		if (item->kind != &kind_object || !plan_writes(item, force))
			continue;
		key_of(item->group, item->name, key, sizeof(key));
		fold_hash(item->wanted, hash);
		fold_hash(json_object_get(found, key), stored);
		kibana_note(k, key, hash, stored);
		item->applied = true;
	}
	return write_record(k, err);
}

int kibana_apply(struct kibana *k, struct plan *p, bool force, struct err *err)
{
	size_t n;
	int extras;
	CLEANUP_JSON json_t *before = json_deep_copy(k->record);
	if (note_pending(k, p, force, err))
		return -1;
	if (objects_import(k, p, force, &n, err)) {
		if (err->code != EF_UNREACHABLE) /* else it may have come to Kibana */
			take_back(k, steal_ptr(before));
		return -1;
	}
	if (n && note_imported(k, p, force, err))
		return -1;
	extras = kibana_extra_apply(k, p, force, err);
	if (extras < 0) {
		struct err ignored = ERR_NONE; /* what was made before the failure is ours */
		write_record(k, &ignored);
		return -1;
	}
	return extras ? write_record(k, err) : 0;
}

int kibana_remove(struct kibana *k, bool force, size_t *ret_kept, struct err *err)
{
	CLEANUP_JSON json_t *found = NULL, *left = json_object();
	if (kibana_fetch(k, &found, err) || kibana_extra_remove(k, force, left, err))
		return -1;
	const char *key;
	json_t *mark;
	json_object_foreach (k->record, key, mark) {
		char hash[CANON_HASH_MAX], type[64], path[400], whole[500];
		json_t *object = json_object_get(found, key);
		if (!object || sscanf(key, "%63[^:]:", type) != 1)
			continue;
		fold_hash(object, hash);
		if (!force && !kibana_untouched(mark, hash)) {
			json_object_set(left, key, mark);
			continue;
		}
		snprintf(path, sizeof(path), "/api/saved_objects/%s/%s?force=true", type,
			 json_string_value(json_object_get(k->ids, key)));
		if (kibana_path(k, path, whole, sizeof(whole), err) ||
		    es_must(k->kibana, "DELETE", whole, NULL, NULL, err))
			return -1;
	}
	*ret_kept = json_object_size(left);
	json_decref(k->record);
	k->record = steal_ptr(left);
	return write_record(k, err);
}
