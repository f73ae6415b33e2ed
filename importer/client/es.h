/* SPDX-License-Identifier: Apache-2.0
 * JSON calls to Elasticsearch, OpenSearch or Kibana: one function, and errors in the server's own
 * words. */
#ifndef EF_IMPORTER_ES_H
#define EF_IMPORTER_ES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cluster_state.h"
#include "common/options.h"

struct es;

/*
 * A client of the endpoints in `settings` (borrowed, outlives the client). With `base` all calls go
 * to that URL with the same credentials: Kibana. Nothing is sent yet.
 */
int es_new(const struct elastic_settings *settings, const char *base, struct es **ret_es,
	   struct err *err);
void es_free(struct es *es);

/* `guard` is asked before each request that may change something (all but GET and HEAD), and may
 * forbid it with -1 and `err`. NULL: nobody is. */
typedef int es_guard_fn(void *arg, struct err *err);
void es_guard(struct es *es, es_guard_fn *guard, void *arg);

/* The prefix of the installation (common/names.h), or "". */
const char *es_prefix(const struct es *es);

/* The endpoint that answered last, or the first one: for messages. */
const char *es_url(const struct es *es);

/*
 * One call; `path` starts with '/'. `body` may be NULL. 0 when the server answered, whatever it
 * said: `*ret_status` and `*ret_reply` (the caller's; JSON null when there was no JSON; `ret_reply`
 * may be NULL). -1 when it could not be reached or refused the credentials (401): the message says
 * what to do.
 */
int es_call(struct es *es, const char *method, const char *path, const json_t *body,
	    long *ret_status, json_t **ret_reply, struct err *err);

/* The same with a body that is ready: NDJSON for _bulk and _msearch, multipart for Kibana. */
int es_send(struct es *es, const char *method, const char *path, const char *content_type,
	    const char *body, size_t len, long *ret_status, json_t **ret_reply, struct err *err);

/* es_call() without reading the reply: its text is the caller's, "" where there is none. What is
 * sent is JSON, or NULL. */
int es_fetch(struct es *es, const char *method, const char *path, const char *body,
	     long *ret_status, char **ret_text, size_t *ret_len, struct err *err);

/* Replies of more than `ceiling` octets are errors from now on; es_too_long() tells whether the
 * last call failed for that. */
void es_ceiling(struct es *es, size_t ceiling);
bool es_too_long(const struct es *es);

/* The body of the last reply as text, valid until the next call; "" when there was none. */
const char *es_reply_text(const struct es *es);

/* The same, and anything but 2xx with JSON is an error with the server's reason. `ret_reply` may be
 * NULL. */
int es_must(struct es *es, const char *method, const char *path, const json_t *body,
	    json_t **ret_reply, struct err *err);

/* 1 and the reply when it is there, 0 when the server answers 404, -1 for everything else. */
int es_find(struct es *es, const char *path, json_t **ret_reply, struct err *err);

/* Fills `err` from a reply that is no success; always -1. 403 tells about privileges. */
int es_fail(struct es *es, const char *method, const char *path, long status, const json_t *reply,
	    struct err *err);

/* The state of the cluster that an error reply tells of. */
enum cluster_state es_state(long status, const json_t *reply);

/* Whether this is a server that withholds the API, as Elastic's Serverless does with all that is
 * about nodes: 410, or "not available". What it would have said is unknown then. */
bool es_withheld(long status, const json_t *reply);

/* The reason in an error reply ("mapper_parsing_exception: No handler for type [x]"), cut to
 * `size`. */
void es_reason(const json_t *reply, char *text, size_t size);

/* Appends to `findings` (finding.h) that what `fmt` says is UNKNOWN, as the cluster answered so. */
void es_say_unknown(json_t *findings, long status, const json_t *reply, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static inline void cleanup_es_(struct es **es)
{
	es_free(*es);
}
#define CLEANUP_ES __attribute__((cleanup(cleanup_es_)))

#endif
