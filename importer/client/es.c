/* SPDX-License-Identifier: Apache-2.0
 * JSON calls to Elasticsearch, OpenSearch or Kibana: one function, and errors in the server's own
 * words. */
#include "importer/client/es.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/http.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define REPLY_MAX (256U << 20) /* a whole pipeline listing with large dictionaries */

struct es {
	const struct elastic_settings *settings;
	char *base; /* Kibana's URL, or NULL: the endpoints in turn */
	size_t current;
	struct http *http;
	struct http_reply reply;
	es_guard_fn *guard;
	void *guard_arg;
};

int es_new(const struct elastic_settings *settings, const char *base, struct es **ret_es,
	   struct err *err)
{
	struct es *es = calloc(1, sizeof(*es));
	if (!es || (base && !(es->base = strdup(base)))) {
		free(es);
		return err_set(err, EF_FAILED, "out of memory");
	}
	es->settings = settings;
	buf_init(&es->reply.body, REPLY_MAX);
	if (base)
		for (size_t n = strlen(es->base); n && es->base[n - 1] == '/';)
			es->base[--n] = '\0';
	es->http = http_new(settings, err);
	if (!es->http) {
		es_free(es);
		return -1;
	}
	*ret_es = es;
	return 0;
}

void es_free(struct es *es)
{
	if (!es)
		return;
	http_free(es->http);
	buf_release(&es->reply.body);
	free(es->base);
	free(es);
}

const char *es_prefix(const struct es *es)
{
	return es->settings->prefix ? es->settings->prefix : "";
}

void es_guard(struct es *es, es_guard_fn *guard, void *arg)
{
	es->guard = guard;
	es->guard_arg = arg;
}

const char *es_url(const struct es *es)
{
	return es->base ? es->base : es->settings->url.item[es->current];
}

const char *es_reply_text(const struct es *es)
{
	return es->reply.body.data && es->reply.body.len ? es->reply.body.data : "";
}

void es_ceiling(struct es *es, size_t ceiling)
{
	es->reply.body.ceiling = ceiling;
}

bool es_too_long(const struct es *es)
{
	return es->reply.too_long;
}

/* Try each endpoint once, starting with the one that answered last. */
static int send_any(struct es *es, const struct http_request *to, const char *path, struct err *err)
{
	size_t n = es->base ? 1 : es->settings->url.n;
	for (size_t turn = 0; turn < n; turn++) {
		char url[2048];
		if (snprintf(url, sizeof(url), "%s%s", es_url(es), path) >= (int)sizeof(url))
			return err_set(err, EF_FAILED, "the URL for %s is too long", path);
		struct http_request req = *to;
		req.url = url;
		struct err why = ERR_NONE;
		if (http_do(es->http, &req, &es->reply, &why) == 0)
			return 0;
		*err = why;
		if (why.code != EF_UNREACHABLE || es->base)
			return -1;
		es->current = (es->current + 1) % n;
	}
	return -1;
}

static int may_send(const struct es *es, const char *method, struct err *err)
{
	bool asks = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	return es->guard && !asks ? es->guard(es->guard_arg, err) : 0;
}

/* Sends it, and fails where nobody answers, or refuses the credentials. */
static int es_exchange(struct es *es, const char *method, const char *path,
		       const char *content_type, const char *body, size_t len, struct err *err)
{
	/* Kibana asks for the first, Kibana 9 for the second where a path is /internal. */
	static const char *const xsrf[] = { "kbn-xsrf: true", "x-elastic-internal-origin: Kibana",
					    NULL };
	struct http_request req = {
		.method = method,
		.body = body,
		.body_len = len,
		.content_type = content_type,
		.headers = es->base ? xsrf : NULL,
	};
	if (may_send(es, method, err) || send_any(es, &req, path, err))
		return -1;
	if (es->reply.status == 401)
		return err_set(
		    err, EF_USAGE,
		    "%s refuses the credentials (401): set elasticsearch.api_key_file, or "
		    "elasticsearch.user and elasticsearch.password_file "
		    "(environment: EF_ELASTICSEARCH_PASSWORD)",
		    es_url(es));
	return 0;
}

int es_fetch(struct es *es, const char *method, const char *path, const char *body,
	     long *ret_status, char **ret_text, size_t *ret_len, struct err *err)
{
	if (es_exchange(es, method, path, NULL, body, body ? strlen(body) : 0, err))
		return -1;
	const size_t len = es->reply.body.len;
	char *text = len ? buf_steal(&es->reply.body) : strdup("");
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	*ret_status = es->reply.status;
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int es_send(struct es *es, const char *method, const char *path, const char *content_type,
	    const char *body, size_t len, long *ret_status, json_t **ret_reply, struct err *err)
{
	if (es_exchange(es, method, path, content_type, body, len, err))
		return -1;
	json_t *reply = NULL;
	if (es->reply.body.len)
		reply = json_loadb(es->reply.body.data, es->reply.body.len,
				   JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	*ret_status = es->reply.status;
	if (ret_reply)
		*ret_reply = reply ? reply : json_null();
	else
		json_decref(reply);
	return 0;
}

int es_call(struct es *es, const char *method, const char *path, const json_t *body,
	    long *ret_status, json_t **ret_reply, struct err *err)
{
	CLEANUP_FREE char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (body && !text)
		return err_set(err, EF_FAILED, "out of memory");
	return es_send(es, method, path, NULL, text, text ? strlen(text) : 0, ret_status, ret_reply,
		       err);
}

/* A page of HTML, or nothing: a proxy in between, or another server. */
static int no_json(const struct es *es, const char *method, const char *path, long status,
		   struct err *err)
{
	return err_set(err, EF_USAGE,
		       "%s answers %ld to %s %s with something that is no JSON; check its URL, and "
		       "what stands between it and here",
		       es_url(es), status, method, path);
}

int es_must(struct es *es, const char *method, const char *path, const json_t *body,
	    json_t **ret_reply, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, method, path, body, &status, &reply, err))
		return -1;
	if (status < 200 || status > 299)
		return es_fail(es, method, path, status, reply, err);
	if (json_is_null(reply))
		return no_json(es, method, path, status, err);
	if (ret_reply)
		*ret_reply = steal_ptr(reply);
	return 0;
}

int es_find(struct es *es, const char *path, json_t **ret_reply, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if ((status == 200 || status == 404) && json_is_null(reply))
		return no_json(es, "GET", path, status, err);
	if (status == 404)
		return 0;
	if (status != 200)
		return es_fail(es, "GET", path, status, reply, err);
	*ret_reply = steal_ptr(reply);
	return 1;
}

enum cluster_state es_state(long status, const json_t *reply)
{
	const json_t *error = json_object_get(reply, "error");
	const json_t *causes[] = { json_array_get(json_object_get(error, "root_cause"), 0), error };
	enum cluster_state state = STATE_NONE;
	for (size_t i = 0; i < 2 && state == STATE_NONE; i++)
		state = cluster_state_of((int)status, json_text_at(causes[i], "type", ""),
					 json_text_at(causes[i], "reason", ""));
	return state;
}

/* No other user may do what such a state forbids. */
static int state_fail(struct es *es, const char *method, const char *path, long status,
		      enum cluster_state state, const char *reason, struct err *err)
{
	const struct cluster_state_row *row = &cluster_states[state];
	char remedy[CLUSTER_REMEDY_MAX];
	if (row->setting && !cluster_state_is_of_index(state))
		return err_set(err, EF_USAGE, "%s is blocked (%s) and refuses %s %s: %s",
			       es_url(es), row->setting, method, path, row->remedy);
	return err_set(err, status == 503 ? EF_UNREACHABLE : EF_FAILED,
		       "%s refuses %s %s (%ld, %s): %s", es_url(es), method, path, status, reason,
		       cluster_state_remedy_of(state, reason, remedy));
}

int es_fail(struct es *es, const char *method, const char *path, long status, const json_t *reply,
	    struct err *err)
{
	char reason[600];
	es_reason(reply, reason, sizeof(reason));
	enum cluster_state state = es_state(status, reply);
	if (state != STATE_NONE)
		return state_fail(es, method, path, status, state, reason, err);
	if (status == 403 && !strstr(reason, "cluster_block_exception"))
		return err_set(err, EF_USAGE,
			       "%s forbids %s %s (403): %s; use a user or an API key that may: "
			       "docs/efctl.md, Roles",
			       es_url(es), method, path, reason);
	bool away = status == 502 || status == 503 || status == 504;
	if (!away && json_is_null(reply))
		return no_json(es, method, path, status, err);
	return err_set(err, away ? EF_UNREACHABLE : EF_FAILED, "%s answers %ld to %s %s: %s",
		       es_url(es), status, method, path, reason);
}

/* Elasticsearch nests the telling reason: the last caused_by, else the first root cause, else the
 * error itself. */
void es_reason(const json_t *reply, char *text, size_t size)
{
	const json_t *error = json_object_get(reply, "error");
	if (json_is_string(
		error)) { /* Kibana: {"statusCode":400,"error":"Bad Request","message":"…"} */
		snprintf(text, size, "%s: %s", json_string_value(error),
			 json_text_at(reply, "message", "no reason given"));
		return;
	}
	const json_t *cause = json_array_get(json_object_get(error, "root_cause"), 0);
	if (!cause)
		cause = error;
	const char *type = json_text_at(cause, "type", NULL),
		   *reason = json_text_at(cause, "reason", NULL);
	if (!type && !reason) {
		snprintf(text, size, "no reason given");
		return;
	}
	int n = snprintf(text, size, "%s: %s", type ? type : "error",
			 reason ? reason : "no reason given");
	const json_t *inner = error;
	while (json_object_get(inner, "caused_by"))
		inner = json_object_get(inner, "caused_by");
	const char *deepest = inner != error ? json_text_at(inner, "reason", NULL) : NULL;
	if (deepest && (!reason || !strstr(reason, deepest)) && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " (%s)", deepest);
}

void es_say_unknown(json_t *findings, long status, const json_t *reply, const char *fmt, ...)
{
	char what[400], reason[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	es_reason(reply, reason, sizeof(reason));
	finding_add(findings, UNKNOWN, "%s: the cluster does not say (%ld, %s)", what, status,
		    reason);
}

bool es_withheld(long status, const json_t *reply)
{
	char reason[300];
	es_reason(reply, reason, sizeof(reason));
	return status == 410 || (status >= 400 && status < 500 && strstr(reason, "not available"));
}
