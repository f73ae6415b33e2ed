/* SPDX-License-Identifier: Apache-2.0
 * The API keys that efctl made, as the cluster has them: listed, looked up, revoked. */
#include "importer/client/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"

#define PATH "/_security/api_key"

/* What it was made for; -1: efctl did not make it, or for an installation with another prefix. Its
 * name alone proves nothing: anybody may call a key so. */
static int namespace_of(const json_t *entry, const char *prefix,
			char ret_namespace[KEY_NAMESPACE_MAX])
{
	const char *name = json_text_at(entry, "name", ""), *every = NAME(prefix, KEY_NAME_EVERY);
	size_t n = strlen(every);
	if (strcmp(json_text_at(entry, "metadata.managed_by", ""), KEY_MANAGER) != 0 ||
	    strncmp(name, every, n) != 0 || (name[n] && name[n] != '-'))
		return -1;
	const char *namespace = name[n] ? name + n + 1 : "";
	if (strlen(namespace) >= KEY_NAMESPACE_MAX || (name[n] && !*namespace))
		return -1;
	memcpy(ret_namespace, namespace, strlen(namespace) + 1);
	return 0;
}

static bool read_entry(const json_t *entry, const char *prefix, struct key *ret)
{
	struct key key = { .revoked = json_is_true(json_object_get(entry, "invalidated")) };
	const char *id = json_text_at(entry, "id", "");
	if (namespace_of(entry, prefix, key.namespace) || !*id || strlen(id) >= sizeof(key.id))
		return false;
	snprintf(key.id, sizeof(key.id), "%s", id);
	snprintf(key.name, sizeof(key.name), "%s", json_text_at(entry, "name", ""));
	key.created_ms = (uint64_t)json_int_at(entry, "creation");
	key.expires_ms = (uint64_t)json_int_at(entry, "expiration");
	*ret = key;
	return true;
}

static int by_namespace(const void *a, const void *b)
{
	const struct key *one = a, *other = b;
	int order = strcmp(one->namespace, other->namespace);
	if (order == 0)
		order =
		    one->created_ms < other->created_ms ? -1 : one->created_ms > other->created_ms;
	return order ? order : strcmp(one->id, other->id);
}

void keys_read(const json_t *reply, const char *prefix, struct keys *ret)
{
	const json_t *entries = json_object_get(reply, "api_keys");
	size_t i;
	json_t *entry;
	*ret = (struct keys){ 0 };
	ret->list = calloc(json_array_size(entries) + 1, sizeof(*ret->list));
	if (!ret->list)
		memory_out();
	json_array_foreach (entries, i, entry)
		ret->n += read_entry(entry, prefix, &ret->list[ret->n]);
	qsort(ret->list, ret->n, sizeof(*ret->list), by_namespace);
}

void keys_release(struct keys *k)
{
	free(k->list);
	*k = (struct keys){ 0 };
}

/* Who may not see all keys may see their own. */
static int keys_get(struct es *es, const char *query, bool *ret_only_own, json_t **ret_reply,
		    struct err *err)
{
	char path[200];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), PATH "?%s", query);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	*ret_only_own = status == 403;
	if (status == 403) {
		json_decref(steal_ptr(reply));
		snprintf(path, sizeof(path), PATH "?%s&owner=true", query);
		if (es_call(es, "GET", path, NULL, &status, &reply, err))
			return -1;
	}
	if (status == 404)
		return 0;
	if (status != 200 || !json_is_array(json_object_get(reply, "api_keys")))
		return es_fail(es, "GET", path, status, reply, err);
	*ret_reply = steal_ptr(reply);
	return 1;
}

int keys_of(struct es *es, const char *namespace, struct keys *ret, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	bool only_own;
	struct keys all;
	if (keys_get(es, "owner=false", &only_own, &reply, err) < 0)
		return -1;
	keys_read(reply, es_prefix(es), &all);
	all.only_own = only_own;
	size_t n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (!all.list[i].revoked &&
		    (!namespace || strcmp(all.list[i].namespace, namespace) == 0))
			all.list[n++] = all.list[i];
	all.n = n;
	*ret = all;
	return 0;
}

int keys_list(struct es *es, struct keys *ret, struct err *err)
{
	return keys_of(es, NULL, ret, err);
}

int keys_find(struct es *es, const char *id, struct key *ret, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	char query[API_KEY_ID_MAX + 8];
	struct keys found;
	bool only_own;
	snprintf(query, sizeof(query), "id=%s", id);
	int there = keys_get(es, query, &only_own, &reply, err);
	if (there <= 0)
		return there;
	keys_read(reply, es_prefix(es), &found);
	there = found.n == 1 && strcmp(found.list[0].id, id) == 0;
	if (there)
		*ret = found.list[0];
	keys_release(&found);
	return there;
}

int keys_revoke(struct es *es, const char *id, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *body = json_pack("{s:[s]}", "ids", id), *reply = NULL;
	if (es_call(es, "DELETE", PATH, body, &status, &reply, err))
		return -1;
	if (status == 403) { /* who may not end all keys may end their own */
		json_decref(steal_ptr(reply));
		json_object_set_new(body, "owner", json_true());
		if (es_call(es, "DELETE", PATH, body, &status, &reply, err))
			return -1;
	}
	if (status != 200)
		return es_fail(es, "DELETE", PATH, status, reply, err);
	if (!json_has_text(json_object_get(reply, "invalidated_api_keys"), id) &&
	    !json_has_text(json_object_get(reply, "previously_invalidated_api_keys"), id))
		return err_set(err, EF_FAILED,
			       "API key %s was not revoked: somebody else made it, and ending the "
			       "keys of others takes the privilege manage_api_key",
			       id);
	return 0;
}

enum key_end key_end(uint64_t expires_ms, uint64_t now_ms)
{
	if (!expires_ms)
		return KEY_ENDS_NEVER;
	if (expires_ms <= now_ms)
		return KEY_ENDED;
	uint64_t left = expires_ms - now_ms;
	return left <= KEY_NOW_MS    ? KEY_ENDS_NOW
	       : left <= KEY_SOON_MS ? KEY_ENDS_SOON
				     : KEY_ENDS_LATER;
}
