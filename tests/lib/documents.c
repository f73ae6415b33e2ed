/* SPDX-License-Identifier: Apache-2.0
 * A server that keeps the documents of one index as Elasticsearch does, for tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/lib/documents.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "common/http.h"
#include "importer/client/names.h"
#include "importer/core/json.h"

struct documents server;
struct elastic_settings settings;
struct es *es;

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, json_t *body_take)
{
	char *text = json_dumps(body_take, JSON_COMPACT);
	json_decref(body_take);
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static bool as_seen(struct MHD_Connection *c, bool create, const json_t *doc)
{
	const char *seq = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "if_seq_no");
	return create ? !doc : !seq || (doc && atoll(seq) == json_int_at(doc, "_seq_no"));
}

static enum MHD_Result write_document(struct MHD_Connection *c, const char *id, bool create,
				      bool gone)
{
	json_t *doc = json_object_get(server.docs, id);
	server.index = server.index || !gone; /* also by a write that is refused then */
	if (!as_seen(c, create, doc))
		return answer(c, 409, json_pack("{s:{s:s}}", "error", "type", "conflict"));
	json_t *made = json_pack("{s:i,s:i,s:o*}", "_seq_no", ++server.seq_no, "_primary_term", 1,
				 "_source", json_loadb(server.text, server.len, 0, NULL));
	if (gone)
		json_object_del(server.docs, id);
	else
		json_object_set(server.docs, id, made);
	server.index = true;
	if (server.lose_answer && --server.lose_answer == 0) {
		json_decref(made);
		return answer(c, 409, json_pack("{s:{s:s}}", "error", "type", "conflict"));
	}
	return answer(c, 201, made);
}

static enum MHD_Result answer_hits(struct MHD_Connection *c)
{
	const char *name;
	json_t *doc, *hits = json_array();
	json_object_foreach (server.docs, name, doc)
		json_array_append_new(hits, json_pack("{s:s}", "_id", name));
	return answer(c, 200, json_pack("{s:{s:o}}", "hits", "hits", hits));
}

/* What is there of the index: its mapping, or the index whose alias the name is. */
static enum MHD_Result answer_index(struct MHD_Connection *c)
{
	if (!server.index)
		return answer(c, 404, json_object());
	const char *asked = NAME(server.prefix, NAMES_INDEX);
	const char *name = server.alias ? server.alias : asked;
	const char *alias = server.alias ? asked : "none";
	return answer(c, 200,
		      json_pack("{s:{s:{s:{}},s:{s:{s:s}}}}", name, "aliases", alias, "mappings",
				"_meta", "managed_by", server.owner));
}

static enum MHD_Result serve_index(struct MHD_Connection *c, const char *method)
{
	bool was = server.index;
	if (strcmp(method, "GET") == 0)
		return answer_index(c);
	server.index = strcmp(method, "PUT") == 0;
	if (!server.index)
		json_object_clear(server.docs);
	return !was == server.index ? answer(c, 200, json_pack("{s:b}", "acknowledged", 1))
				    : answer(c, server.index ? 400 : 404,
					     json_pack("{s:{s:s}}", "error", "type",
						       "resource_already_exists_exception"));
}

static enum MHD_Result serve_document(struct MHD_Connection *c, const char *method,
				      const char *path)
{
	static const char docs[] = "/" NAMES_INDEX "/_doc/", create[] = "/" NAMES_INDEX "/_create/";
	bool creates = strncmp(path, create, strlen(create)) == 0;
	if (server.writes && strcmp(method, "GET") != 0)
		server.writes();
	const char *id = creates ? path + strlen(create) : path + strlen(docs);
	if (strcmp(method, "GET") != 0)
		return write_document(c, id, creates, strcmp(method, "DELETE") == 0);
	json_t *doc = json_object_get(server.docs, id);
	return answer(c, doc ? 200 : 404, doc ? json_incref(doc) : json_object());
}

static enum MHD_Result serve(struct MHD_Connection *c, const char *method, const char *path)
{
	bool whole = strcmp(path, "/" NAMES_INDEX) == 0;
	if (server.broken && !whole)
		return answer(c, strstr(server.broken, "block") ? 403 : 400,
			      json_pack("{s:{s:s,s:s}}", "error", "type", server.broken, "reason",
					server.why));
	if (server.refuse)
		return answer(c, server.refuse, json_pack("{s:{s:s}}", "error", "type", "no"));
	if (whole)
		return serve_index(c, method);
	if (strcmp(path, "/_index_template") == 0)
		return answer(c, 200, json_pack("{s:O*}", "index_templates", server.templates));
	if (strcmp(path, "/" NAMES_INDEX "/_refresh") == 0)
		return answer(c, server.index ? 200 : 404, json_object());
	if (strcmp(path, "/" NAMES_INDEX "/_search") == 0)
		return answer_hits(c);
	return serve_document(c, method, path);
}

/* `path` as it is without a prefix; NULL: it is not of this installation. */
static const char *bare_path(const char *path, char *bare, size_t size)
{
	const char *name = name_bare(server.prefix, path + 1);
	if (server.prefix && name == path + 1)
		return NULL;
	snprintf(bare, size, "/%s", name);
	return bare;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	char bare[400];
	(void)cls;
	(void)version;
	if (!*state) {
		server.len = 0;
		*state = &server;
		return MHD_YES;
	}
	if (!*len)
		return bare_path(path, bare, sizeof(bare)) ? serve(c, method, bare)
							   : answer(c, 500, json_object());
	if (server.len + *len <= sizeof(server.text)) {
		memcpy(server.text + server.len, data, *len);
		server.len += *len;
	}
	*len = 0;
	return MHD_YES;
}

int documents_start(void **state)
{
	struct err err = ERR_NONE;
	char url[64];
	(void)state;
	server.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request,
					 NULL, MHD_OPTION_END);
	if (!server.daemon || http_global_init(&err))
		return -1;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	settings.timeout_ms = settings.connect_timeout_ms = 5000;
	return strlist_add(&settings.url, url) || es_new(&settings, NULL, &es, &err) ? -1 : 0;
}

int documents_stop(void **state)
{
	(void)state;
	es_free(es);
	strlist_release(&settings.url);
	MHD_stop_daemon(server.daemon);
	return 0;
}

int documents_empty(void **state)
{
	(void)state;
	json_decref(server.docs);
	server.docs = json_object();
	json_decref(server.templates);
	server.templates = NULL;
	server.index = false;
	server.owner = "efctl";
	server.prefix = server.alias = server.broken = server.why = NULL;
	server.refuse = server.lose_answer = 0;
	server.writes = NULL;
	return 0;
}

json_t *documents_kept(const char *id)
{
	return json_object_get(json_object_get(server.docs, id), "_source");
}

void documents_put(const char *id, json_t *source_take)
{
	server.index = true;
	json_object_set_new(server.docs, id,
			    json_pack("{s:i,s:i,s:o}", "_seq_no", ++server.seq_no, "_primary_term",
				      1, "_source", source_take));
}

void documents_must(int result, const struct err *err)
{
	if (result)
		fail_msg("%s", err->msg);
}
