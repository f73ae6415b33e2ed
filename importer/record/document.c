/* SPDX-License-Identifier: Apache-2.0
 * Documents of the index in which an installation keeps what it knows of itself: read, written only
 * as they were read, deleted. */
#include "importer/record/document.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"

#define PATH_SIZE 400
#define LIST_MAX  1000 /* documents that are looked at; ours are far fewer */
#define OWNER     "efctl"

/* The index of this installation, for the length of the enclosing block. */
#define INDEX(es) NAME(es_prefix(es), NAMES_INDEX)

static bool is_error(const json_t *reply, const char *type)
{
	return strcmp(json_text_at(reply, "error.type", ""), type) == 0;
}

/* As es_fail(); what somebody did to the index is told with what undoes it. */
static int document_fail(struct es *es, const char *method, const char *path, long status,
			 const json_t *reply, struct err *err)
{
	enum cluster_state state = es_state(status, reply);
	const char *block = cluster_states[state].setting, *index = INDEX(es);
	if (is_error(reply, "index_closed_exception"))
		return err_set(err, EF_USAGE,
			       "the index %s, in which this installation keeps its "
			       "record, is closed: open it (POST /%s/_open)",
			       index, index);
	if (state == STATE_DISK_FULL)
		return err_set(err, EF_USAGE,
			       "the index %s, in which this installation keeps its record, is "
			       "blocked (%s): %s",
			       index, block, cluster_states[state].remedy);
	if (cluster_state_is_of_index(state))
		return err_set(err, EF_USAGE,
			       "the index %s, in which this installation keeps its "
			       "record, is blocked (%s): take that away (PUT "
			       "/%s/_settings {\"%s\": null})",
			       index, block, index, block);
	return es_fail(es, method, path, status, reply, err);
}

int document_index_make(struct es *es, bool *ret_made, struct err *err)
{
	char path[PATH_SIZE];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:{s:{s:b,s:i,s:s}},s:{s:b,s:{s:s,s:s}}}", "settings", "index", "hidden", 1,
		      "number_of_shards", 1, "auto_expand_replicas", "0-1", "mappings", "dynamic",
		      0, "_meta", "managed_by", OWNER, "description",
		      "What efctl setup was told and did. efctl remove deletes it.");
	snprintf(path, sizeof(path), "/%s", INDEX(es));
	*ret_made = false;
	/* Serverless chooses shards and replicas itself, and refuses to be told */
	for (int told = 1; told >= 0; told--) {
		json_t *index = json_at(body, "settings.index");
		json_decref(steal_ptr(reply));
		if (es_call(es, "PUT", path, body, &status, &reply, err))
			return -1;
		*ret_made = status >= 200 && status < 300;
		if (*ret_made || is_error(reply, "resource_already_exists_exception"))
			return 0;
		json_object_del(index, "number_of_shards");
		json_object_del(index, "auto_expand_replicas");
		if (status != 400)
			break;
	}
	return document_fail(es, "PUT", path, status, reply, err);
}

int document_ids(struct es *es, json_t **ret_ids, struct err *err)
{
	char refresh[PATH_SIZE], search[PATH_SIZE];
	size_t i;
	json_t *hit;
	CLEANUP_JSON json_t *reply = NULL, *ids = json_array(),
			    *body = json_pack("{s:i,s:b}", "size", DOCUMENTS_MAX, "_source", 0);
	snprintf(refresh, sizeof(refresh), "/%s/_refresh", INDEX(es));
	snprintf(search, sizeof(search), "/%s/_search", INDEX(es));
	if (es_must(es, "POST", refresh, NULL, NULL, err) ||
	    es_must(es, "POST", search, body, &reply, err))
		return -1;
	json_array_foreach (json_at(reply, "hits.hits"), i, hit)
		json_array_append_new(ids, json_string(json_text_at(hit, "_id", "")));
	*ret_ids = steal_ptr(ids);
	return 0;
}

/* Where a document is, as replies tell it; false when they do not. */
static bool read_at(const json_t *reply, struct document_at *ret_at)
{
	const json_t *seq = json_object_get(reply, "_seq_no"),
		     *term = json_object_get(reply, "_primary_term");
	if (!json_is_integer(seq) || json_integer_value(term) <= 0)
		return false;
	*ret_at = (struct document_at){ json_integer_value(seq), json_integer_value(term) };
	return true;
}

static int odd_reply(const struct es *es, const char *path, struct err *err)
{
	return err_set(err, EF_FAILED,
		       "%s answers to %s with something that is no document; check its URL, and "
		       "what stands between it and here",
		       es_url(es), path);
}

int document_get(struct es *es, const char *id, json_t **ret_body, struct document_at *ret_at,
		 bool *ret_forbidden, struct err *err)
{
	char path[PATH_SIZE];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "/%s/_doc/%s", INDEX(es), id);
	if (ret_forbidden)
		*ret_forbidden = false;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status == 404)
		return 0;
	if (ret_forbidden)
		*ret_forbidden = status == 403 || is_error(reply, "index_closed_exception");
	if (status != 200)
		return document_fail(es, "GET", path, status, reply, err);
	json_t *body = json_object_get(reply, "_source");
	if (!json_is_object(body) || !read_at(reply, ret_at))
		return odd_reply(es, path, err);
	*ret_body = json_incref(body);
	return 1;
}

/* The path that wants the document as it was seen, which may be not at all. */
static const char *path_to(const struct es *es, char path[PATH_SIZE], const char *id,
			   const struct document_at *at)
{
	const char *index = INDEX(es);
	if (at->term)
		snprintf(path, PATH_SIZE, "/%s/_doc/%s?if_seq_no=%lld&if_primary_term=%lld", index,
			 id, at->seq_no, at->term);
	else
		snprintf(path, PATH_SIZE, "/%s/_create/%s", index, id);
	return path;
}

enum document_result document_put(struct es *es, const char *id, const json_t *body,
				  struct document_at *at, struct err *err)
{
	char path[PATH_SIZE];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	path_to(es, path, id, at);
	if (es_call(es, "PUT", path, body, &status, &reply, err))
		return DOCUMENT_FAILED;
	if (status == 409)
		return DOCUMENT_CHANGED;
	if (status < 200 || status > 299) {
		document_fail(es, "PUT", path, status, reply, err);
		return DOCUMENT_FAILED;
	}
	if (!read_at(reply, at)) {
		odd_reply(es, path, err);
		return DOCUMENT_FAILED;
	}
	return DOCUMENT_WRITTEN;
}

enum document_result document_delete(struct es *es, const char *id, const struct document_at *at,
				     struct err *err)
{
	char path[PATH_SIZE];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (at)
		path_to(es, path, id, at);
	else
		snprintf(path, sizeof(path), "/%s/_doc/%s", INDEX(es), id);
	if (es_call(es, "DELETE", path, NULL, &status, &reply, err))
		return DOCUMENT_FAILED;
	if (status == 404 || (status >= 200 && status < 300))
		return DOCUMENT_WRITTEN;
	if (status == 409)
		return DOCUMENT_CHANGED;
	document_fail(es, "DELETE", path, status, reply, err);
	return DOCUMENT_FAILED;
}

/* ---- the index as a whole ---- */

/* 1 and the reply, 0 when the index is not there, -1. */
static int document_ask(struct es *es, const char *method, const char *path, json_t **ret_reply,
			struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, method, path, NULL, &status, &reply, err))
		return -1;
	if (status == 404)
		return 0;
	if (status < 200 || status > 299)
		return document_fail(es, method, path, status, reply, err);
	*ret_reply = steal_ptr(reply);
	return 1;
}

int document_index_look(struct es *es, enum document_index *ret_index, struct err *err)
{
	const char *name = INDEX(es);
	char path[PATH_SIZE];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "/%s", name);
	*ret_index = INDEX_UNSEEN;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status == 404)
		*ret_index = INDEX_ABSENT;
	if (status == 404 || (status == 403 && es_state(status, reply) == STATE_NONE))
		return 0;
	if (status != 200)
		return document_fail(es, "GET", path, status, reply, err);
	const json_t *index = json_object_get(reply, name);
	const char *other = json_object_iter_key(json_object_iter(reply));
	const json_t *first = json_object_get(reply, other ? other : "");
	if (!index && json_object_get(json_object_get(first, "aliases"), name))
		return err_set(
		    err, EF_USAGE,
		    "%s is an alias of the index %.200s, and efctl keeps its record in "
		    "an index of that very name: take the alias away (DELETE "
		    "/%.200s/_alias/%s), and where the record is in that index, _clone it to %s",
		    name, other, other, name, name);
	if (index)
		*ret_index =
		    strcmp(json_text_at(index, "mappings._meta.managed_by", ""), OWNER) == 0
			? INDEX_OURS
			: INDEX_FOREIGN;
	return 0;
}

int document_index_fits(const struct es *es, enum document_index index, struct err *err)
{
	const char *name = INDEX(es);
	if (index != INDEX_FOREIGN)
		return 0;
	return err_set(err, EF_USAGE,
		       "nothing was changed: the index %s, in which efctl keeps its "
		       "record, is there and not efctl's (no _meta.managed_by \"" OWNER "\" in its "
		       "mapping); copy it to another name and delete it, or, where efctl did make "
		       "it, PUT /%s/_mapping {\"_meta\": {\"managed_by\": \"" OWNER "\"}}",
		       name, name);
}

/* The hits of all documents, also of those just written; 1, 0 without an index, -1. */
static int indices_list(struct es *es, json_t **ret_reply, struct err *err)
{
	char refresh[PATH_SIZE], path[PATH_SIZE];
	CLEANUP_JSON json_t *ignored = NULL;
	snprintf(refresh, sizeof(refresh), "/%s/_refresh", INDEX(es));
	snprintf(path, sizeof(path), "/%s/_search?_source=false&size=%d", INDEX(es), LIST_MAX);
	int there = document_ask(es, "POST", refresh, &ignored, err);
	return there > 0 ? document_ask(es, "GET", path, ret_reply, err) : there;
}

static bool is_ours(const char *id)
{
	return strcmp(id, NAMES_RECORD) == 0 || strcmp(id, NAMES_LEASE) == 0 ||
	       strncmp(id, NAMES_FILE, strlen(NAMES_FILE)) == 0;
}

/* The lease is its holder's, who gives it back. */
static int delete_ours(struct es *es, const json_t *hits, struct err *err)
{
	size_t i;
	json_t *hit;
	json_array_foreach (hits, i, hit) {
		const char *id = json_text_at(hit, "_id", "");
		if (is_ours(id) && strcmp(id, NAMES_LEASE) != 0 &&
		    document_delete(es, id, NULL, err) == DOCUMENT_FAILED)
			return -1;
	}
	return 1;
}

/* As document_ask(). */
static int delete_index(struct es *es, struct err *err)
{
	char path[PATH_SIZE];
	CLEANUP_JSON json_t *gone = NULL;
	snprintf(path, sizeof(path), "/%s", INDEX(es));
	return document_ask(es, "DELETE", path, &gone, err);
}

int document_index_clear(struct es *es, struct err *err)
{
	enum document_index index;
	size_t i, others = 0;
	json_t *hit;
	CLEANUP_JSON json_t *reply = NULL;
	int there = document_index_look(es, &index, err) ? -1 : indices_list(es, &reply, err);
	if (there <= 0)
		return there;
	const json_t *hits = json_at(reply, "hits.hits");
	json_array_foreach (hits, i, hit)
		others += !is_ours(json_text_at(hit, "_id", ""));
	if (index != INDEX_OURS || others || i >= LIST_MAX || !json_is_array(hits))
		return delete_ours(es, hits, err);
	return delete_index(es, err) < 0 ? -1 : 0;
}

bool document_index_drop(struct es *es, const char *id)
{
	enum document_index index;
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *reply = NULL;
	if (document_index_look(es, &index, &ignored) || index != INDEX_OURS ||
	    indices_list(es, &reply, &ignored) <= 0)
		return false;
	const json_t *hits = json_at(reply, "hits.hits");
	if (!json_is_array(hits) || json_array_size(hits) > 1 ||
	    (json_array_size(hits) &&
	     strcmp(json_text_at(json_array_get(hits, 0), "_id", ""), id) != 0))
		return false;
	return delete_index(es, &ignored) >= 0;
}
