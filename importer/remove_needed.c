/* SPDX-License-Identifier: Apache-2.0
 * What efctl remove has to leave because something that stays needs it. */
#include "importer/remove_needed.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/install/kind.h"

#define POLICY    "lifecycle policy"
#define COMPONENT "component template"
#define PIPELINE  "pipeline"

struct needed {
	json_t *paths, *kept;
	json_t *body; /* object: "group name" -> its body, of all assets in the cluster */
};

static bool is_of(const json_t *entry, const char *group, const char *name)
{
	return strcmp(json_text_at(entry, "group", ""), group) == 0 &&
	       strcmp(json_text_at(entry, "name", ""), name) == 0;
}

/* The place in a list, or its length. */
static size_t needed_find(const json_t *list, const char *group, const char *name)
{
	size_t i;
	json_t *entry;
	json_array_foreach (list, i, entry)
		if (is_of(entry, group, name))
			break;
	return i;
}

static bool goes(const struct needed *n, const char *group, const char *name)
{
	return needed_find(n->paths, group, name) < json_array_size(n->paths);
}

static void refer(struct needed *n, const char *group, const char *name, const char *by);

/* An index setting may stand whole under its dotted name, or in objects. */
static bool is_setting(const char *key, const char *parent, const char *name)
{
	size_t len = strlen(key), end = strlen(name);
	char whole[300];
	snprintf(whole, sizeof(whole), "%s.%s", parent, key);
	return strcmp(whole, name) == 0 || strcmp(key, name) == 0 ||
	       (len > end && key[len - end - 1] == '.' && strcmp(key + len - end, name) == 0);
}

/* Follows every name of an asset in `body`; `key` is the member that it is. */
static void needed_follow(struct needed *n, const char *key, const json_t *body, const char *by)
{
	const char *member;
	json_t *value;
	size_t i;
	json_array_foreach (body, i, value) {
		if (strcmp(key, "composed_of") == 0 && json_is_string(value))
			refer(n, COMPONENT, json_string_value(value), by);
		needed_follow(n, key, value, by);
	}
	json_object_foreach ((json_t *)body, member, value) {
		const char *name = json_string_value(value);
		if (!name)
			needed_follow(n, member, value, by);
		else if (is_setting(member, key, "pipeline.name") ||
			 is_setting(member, key, "default_pipeline") ||
			 is_setting(member, key, "final_pipeline"))
			refer(n, PIPELINE, name, by);
		else if (is_setting(member, key, "lifecycle.name"))
			refer(n, POLICY, name, by);
	}
}

/* Something that stays refers to it: it stays, with what it refers to itself. */
static void refer(struct needed *n, const char *group, const char *name, const char *by)
{
	char key[400];
	if (!goes(n, group, name))
		return;
	json_array_remove(n->paths, needed_find(n->paths, group, name));
	json_array_append_new(n->kept,
			      json_pack("{s:s,s:s,s:s}", "group", group, "name", name, "by", by));
	snprintf(key, sizeof(key), "%s %s", group, name);
	needed_follow(n, "", json_object_get(n->body, key), key);
}

static void needed_note(struct needed *n, const struct kind *kind, const char *name, json_t *body)
{
	char key[400];
	snprintf(key, sizeof(key), "%s %s", kind->name, name);
	json_object_set(n->body, key, body);
}

/* All of a kind, whoever's it is. */
static int read_kind(struct needed *n, struct es *es, const struct kind *kind, struct err *err)
{
	char path[300];
	const char *name;
	json_t *entry;
	size_t i;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "%.*s", (int)strlen(kind->url) - 1, kind->url);
	int found = es_find(es, path, &reply, err);
	if (found <= 0)
		return found;
	json_array_foreach (kind->list ? json_object_get(reply, kind->list) : NULL, i, entry)
		needed_note(n, kind, json_text_at(entry, "name", ""),
			    json_object_get(entry, kind->item));
	json_object_foreach (kind->list ? NULL : reply, name, entry)
		needed_note(n, kind, name, entry);
	return 0;
}

/* Whether one of the indices or data streams that use a policy is nobody's that goes. */
static const char *other_user(const struct needed *n, const json_t *policy)
{
	size_t i;
	json_t *name;
	json_array_foreach (json_at(policy, "in_use_by.data_streams"), i, name)
		if (json_is_string(name) && !goes(n, "data stream", json_string_value(name)))
			return json_string_value(name);
	json_array_foreach (json_at(policy, "in_use_by.indices"), i, name)
		if (json_is_string(name) && strncmp(json_string_value(name), ".ds-", 4) != 0 &&
		    !goes(n, "index", json_string_value(name)))
			return json_string_value(name);
	return NULL;
}

static void refer_to_policies(struct needed *n)
{
	size_t i;
	json_t *entry;
	CLEANUP_JSON json_t *paths = json_copy(n->paths); /* some go on the way */
	json_array_foreach (paths, i, entry) {
		char key[400];
		const char *name = json_text_at(entry, "name", "");
		if (!is_of(entry, POLICY, name))
			continue;
		snprintf(key, sizeof(key), "%s %s", POLICY, name);
		const char *by = other_user(n, json_object_get(n->body, key));
		if (by)
			refer(n, POLICY, name, by);
	}
}

int remove_needed(struct es *es, const struct cluster *cluster, json_t *paths, json_t *ret_kept,
		  struct err *err)
{
	const char *key;
	json_t *body;
	size_t i;
	CLEANUP_JSON json_t *bodies = json_object(), *going = json_object();
	struct needed n = { .paths = paths, .kept = ret_kept, .body = bodies };
	for (const struct kind *k = kinds; k < kinds + kinds_len; k++)
		if ((k->needs == CAPABILITIES || cluster->has[k->needs]) &&
		    read_kind(&n, es, k, err))
			return -1;
	json_array_foreach (paths, i, body) {
		CLEANUP_JSON json_t *name = json_sprintf("%s %s", json_text_at(body, "group", ""),
							 json_text_at(body, "name", ""));
		json_object_set_new(going, json_string_value(name), json_true());
	}
	json_object_foreach (bodies, key, body)
		if (!json_object_get(going, key))
			needed_follow(&n, "", body, key);
	refer_to_policies(&n);
	return 0;
}
