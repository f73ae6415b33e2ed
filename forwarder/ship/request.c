/* SPDX-License-Identifier: Apache-2.0
 * One request of a sender: an endpoint is picked and asked or given a parcel, and its answer judged
 * as a whole. */
#include "forwarder/ship/request.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/cluster_state.h"
#include "common/log.h"
#include "common/names.h"
#include "forwarder/ship/bulk.h"
#include "forwarder/ship/proof.h"
#include "forwarder/ship/queue.h"

#define TEMPLATE_PATH     "/_index_template/%s?filter_path=index_templates.name"
#define TEMPLATE_PATH_MAX (sizeof(TEMPLATE_PATH) + NAME_ROOM)
#define BULK_PATH_MAX     (sizeof(BULK_PATH) + sizeof(BULK_PROOF) + sizeof(BULK_STREAMS_ONLY))
#define REPLY_KEEP        (1u << 20) /* memory that stays with the sender between requests */

int request_connect(struct sender *sender, struct err *err)
{
	struct shipper *s = sender->s;
	struct elastic_settings copy = { 0 };
	struct opt_table table = elastic_options(&copy);
	if (conf_copy(&table, &s->elastic))
		return err_set(err, EF_FAILED, "out of memory");
	struct http *fresh = http_new(&copy, err); /* borrows its texts */
	if (!fresh) {
		conf_release(&table, 1);
		return -1;
	}
	request_disconnect(sender);
	sender->elastic = copy;
	sender->http = fresh;
	sender->generation = s->generation;
	strncpy(sender->key_id, ship_keys_in_force(&s->keys), sizeof(sender->key_id) - 1);
	if (s->give_up)
		http_abort(fresh);
	return 0;
}

void request_disconnect(struct sender *sender)
{
	struct opt_table table = elastic_options(&sender->elastic);
	http_free(sender->http);
	sender->http = NULL;
	conf_release(&table, 1);
	sender->elastic = (struct elastic_settings){ 0 };
}

/* After a reload: a handle with the new settings. False: no memory for it now. The lock is held. */
static bool refresh_http(struct sender *sender)
{
	struct shipper *s = sender->s;
	struct err err = ERR_NONE;
	if (sender->http && sender->generation == s->generation)
		return true;
	return request_connect(sender, &err) == 0;
}

/* An endpoint, and the credentials that belong to it: a reload changes both at once, so that none
 * go to another cluster. */
static int pick(struct sender *sender, char ret_base[ENDPOINT_URL_MAX], bool *ret_fresh,
		uint64_t *ret_wait_ms)
{
	struct shipper *s = sender->s;
	*ret_wait_ms = BACKOFF_MIN_MS;
	pthread_mutex_lock(&s->lock);
	int endpoint = !refresh_http(sender) ? -1
					     : endpoints_pick(s->endpoints, clock_now_ms(),
							      ret_base, ret_fresh, ret_wait_ms);
	pthread_mutex_unlock(&s->lock);
	return endpoint;
}

/* ---- one request -------------------------------------------------------- */

void sender_trouble(struct shipper *s, const char *text, uint64_t pause_ms)
{
	shipper_set_problem(s, text);
	log_warn("%s; the data waits, next try in %.1f s", text, (double)pause_ms / 1000);
}

/* The query string in a message tells nobody anything. */
static void without_path(char *text, const char *path)
{
	char *at = strstr(text, path);
	if (at)
		memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
}

void sender_first_line(const struct buf *body, char text[200])
{
	size_t n = 0;
	while (n < body->len && n < 199 && body->data[n] != '\n' && body->data[n] != '\r') {
		text[n] = body->data[n];
		n++;
	}
	text[n] = '\0';
}

/* The state of the cluster that a reply tells of; its reason goes to ret_reason. */
static enum cluster_state state_of_reply(const struct http_reply *r, char ret_reason[200])
{
	enum cluster_state state = STATE_NONE;
	json_t *reply = r->status == 200 || !r->body.len
			    ? NULL
			    : json_loadb(r->body.data, r->body.len, 0, NULL);
	const json_t *error = json_object_get(reply, "error");
	const char *type = json_string_value(json_object_get(error, "type"));
	const char *reason = json_string_value(json_object_get(error, "reason"));
	if (type && reason) {
		state = cluster_state_of((int)r->status, type, reason);
		snprintf(ret_reason, 200, "%s", reason);
	}
	json_decref(reply);
	return state;
}

/* All of the cluster takes nothing, whatever is in the request and whoever sends it. False: the
 * reply is about something else. */
static bool cluster_takes_nothing(struct sender *sender, const char *base, int endpoint)
{
	struct shipper *s = sender->s;
	char text[SHIP_PROBLEM_MAX], reason[200], remedy[CLUSTER_REMEDY_MAX];
	enum cluster_state state = state_of_reply(&sender->reply, reason);
	if (state == STATE_NONE)
		return false;
	COUNT(s, request_failed, 1);
	snprintf(text, sizeof(text), "%s: takes nothing (%ld: %s): %s", base, sender->reply.status,
		 reason, cluster_state_remedy_of(state, reason, remedy));
	sender_trouble(s, text,
		       endpoints_failed(s->endpoints, endpoint, clock_now_ms(),
					sender->reply.retry_after_ms, true));
	return true;
}

/* A verdict on a request is none on its documents, but a firewall on the way may have found one of
 * them bad. What else there is of 4xx speaks of the URL or the credentials. */
static bool may_be_a_document(long status)
{
	return status == 400 || status == 403 || status == 406 || status == 413 || status == 422;
}

/* What a status other than 200 means for the endpoint; the text says what to do. */
static enum answer explain_status(struct sender *sender, const char *url, int endpoint)
{
	struct shipper *s = sender->s;
	const struct http_reply *r = &sender->reply;
	char text[512], body[200];
	bool away = true;
	sender_first_line(&r->body, body);
	if (r->status == 429) {
		COUNT(s, request_busy, 1);
		away = false;
		snprintf(text, sizeof(text), "%s: busy (429)", url);
	} else if (r->status == 401) {
		COUNT(s, request_denied, 1);
		snprintf(text, sizeof(text),
			 "%s: the credentials are not accepted (401): check "
			 "elasticsearch.api_key_file, where another key is "
			 "taken as it comes, or user and password_file, then send SIGHUP",
			 url);
	} else if (r->status == 403) {
		COUNT(s, request_denied, 1);
		snprintf(text, sizeof(text),
			 "%s: these credentials may not write (403): make a key with `efctl "
			 "setup`: %s",
			 url, body);
	} else if (may_be_a_document(r->status)) {
		COUNT(s, request_wrong, 1);
		snprintf(text, sizeof(text),
			 "%s: refuses every request (%ld), whatever is in it: check "
			 "elasticsearch.url and what is between it and efd: %s",
			 url, r->status, body);
	} else if (r->status >= 500) {
		COUNT(s, request_failed, 1);
		snprintf(text, sizeof(text), "%s: cannot take data now (%ld): %s", url, r->status,
			 body);
	} else {
		COUNT(s, request_wrong, 1);
		snprintf(text, sizeof(text),
			 "%s: status %ld is no answer of Elasticsearch: check "
			 "elasticsearch.url: %s",
			 url, r->status, body);
	}
	sender_trouble(
	    s, text,
	    endpoints_failed(s->endpoints, endpoint, clock_now_ms(), r->retry_after_ms, away));
	if (!away)
		shipper_was_busy(s);
	return away ? ANSWER_NONE : ANSWER_BUSY;
}

static int get_template(struct sender *sender, const char *base, struct err *err)
{
	char url[ENDPOINT_URL_MAX + TEMPLATE_PATH_MAX];
	snprintf(url, sizeof(url), "%s" TEMPLATE_PATH, base, NAME(sender->s->prefix, "logs-flow"));
	const struct http_request req = { .method = "GET", .url = url };
	return http_do(sender->http, &req, &sender->reply, err);
}

static void not_prepared(struct shipper *s, const char *base, int endpoint)
{
	char text[512];
	COUNT(s, request_wrong, 1);
	snprintf(text, sizeof(text),
		 "%s: there is no index template %s: run `efctl setup` for this cluster, or "
		 "check elasticsearch.url",
		 base, NAME(s->prefix, "logs-flow"));
	sender_trouble(s, text, endpoints_failed(s->endpoints, endpoint, clock_now_ms(), -1, true));
}

static bool speaks_of(const struct buf *body, const char *member)
{
	return body->len && memmem(body->data, body->len, member, strlen(member));
}

static bool speaks_of_an_error(const struct buf *body)
{
	return speaks_of(body, "\"error\"");
}

/* The first request after silence: is this a cluster that efctl setup has prepared? Something in
 * between may let nobody ask that. */
static bool is_prepared(struct sender *sender, const char *base, int endpoint)
{
	struct shipper *s = sender->s;
	struct err err = ERR_NONE;
	if (!s->ship->setup_check || get_template(sender, base, &err) < 0 ||
	    sender->reply.status != 404 || !speaks_of_an_error(&sender->reply.body))
		return true; /* whatever is wrong otherwise, the bulk request tells better */
	not_prepared(s, base, endpoint);
	return false;
}

long request_ask(struct sender *sender, const char *path)
{
	struct shipper *s = sender->s;
	struct err ignored = ERR_NONE;
	char url[ENDPOINT_URL_MAX + 600];
	bool fresh;
	uint64_t wait_ms;
	int endpoint = pick(sender, url, &fresh, &wait_ms);
	sender->reply.status = 0;
	if (endpoint < 0)
		return 0;
	size_t n = strlen(url);
	snprintf(url + n, sizeof(url) - n, "%s", path);
	const struct http_request req = { .method = "GET", .url = url };
	if (http_do(sender->http, &req, &sender->reply, &ignored) < 0)
		return sender->reply.status = 0;
	endpoints_worked(s->endpoints, endpoint);
	return sender->reply.status;
}

/* Nothing was heard of the cluster, and no parcel is on its way to find out: one of the senders
 * does. */
static bool has_to_ask(const struct sender *sender)
{
	struct shipper *s = sender->s;
	pthread_mutex_lock(&s->lock);
	bool unproven = !s->proven && !s->sending && !s->queue_n;
	pthread_mutex_unlock(&s->lock);
	return unproven && sender == s->senders;
}

static void proved(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->proven = true;
	pthread_mutex_unlock(&s->lock);
	shipper_set_problem(s, NULL);
}

static enum asked asked_of(long status, const struct buf *body)
{
	if (status == 429 || status >= 500)
		return ASKED_NOT_NOW;
	return status == 401 || (status == 403 && speaks_of_an_error(body)) ? ASKED_DENIED
									    : ASKED_WRONG;
}

static enum asked not_reached(struct sender *sender, int endpoint, struct err *err)
{
	struct shipper *s = sender->s;
	char path[TEMPLATE_PATH_MAX];
	if (shipper_gives_up(s))
		return ASKED_NOBODY;
	COUNT(s, request_unreachable, 1);
	snprintf(path, sizeof(path), TEMPLATE_PATH, NAME(s->prefix, "logs-flow"));
	without_path(err->msg, path);
	sender_trouble(s, err->msg,
		       endpoints_failed(s->endpoints, endpoint, clock_now_ms(), -1, true));
	return ASKED_UNREACHABLE;
}

enum asked sender_ask_now(struct sender *sender)
{
	struct shipper *s = sender->s;
	struct err err = ERR_NONE;
	const struct http_reply *r = &sender->reply;
	char base[ENDPOINT_URL_MAX];
	bool fresh;
	uint64_t wait_ms;
	int endpoint = pick(sender, base, &fresh, &wait_ms);
	if (endpoint < 0)
		return ASKED_NOBODY;
	if (get_template(sender, base, &err) < 0)
		return not_reached(sender, endpoint, &err);
	bool missing = r->status == 404 && speaks_of_an_error(&r->body);
	if (missing && s->ship->setup_check) {
		not_prepared(s, base, endpoint);
		return ASKED_UNPREPARED;
	}
	/* efd's key may not look at templates: then the cluster knows it at least */
	bool known = r->status == 403 && speaks_of_an_error(&r->body);
	if (!missing && !known &&
	    !(r->status == 200 && speaks_of(&r->body, "\"index_templates\""))) {
		explain_status(sender, base, endpoint);
		return asked_of(r->status, &r->body);
	}
	endpoints_worked(s->endpoints, endpoint);
	log_info("%s answers and accepts these credentials", base);
	proof_idle(sender, true);
	proved(s);
	return ASKED_WELL;
}

void sender_ask(struct sender *sender)
{
	if (has_to_ask(sender))
		sender_ask_now(sender);
	else if (sender == sender->s->senders)
		proof_idle(sender, false);
}

static void observe_latency(struct shipper *s, uint64_t ms)
{
	int at = 0;
	while (at < SHIP_LATENCY_BUCKETS - 1 && ms > ship_latency_ms[at])
		at++;
	COUNT(s, latency[at], 1);
	COUNT(s, latency_sum_ms, ms);
}

static enum answer refused(struct sender *sender, struct parcel *p, const char *base, int endpoint,
			   const char *why)
{
	struct shipper *s = sender->s;
	char text[ENDPOINT_URL_MAX + sizeof(((struct err *)0)->msg) + 40];
	enum refusal refusal = endpoints_refused(s->endpoints, endpoint, p->items, &p->refusals);
	if (refusal != REFUSAL_ALL) {
		COUNT(s, request_denied, sender->reply.status == 403);
		endpoints_worked(s->endpoints, endpoint);
		return refusal == REFUSAL_LOOK ? ANSWER_SPLIT : ANSWER_REJECTED;
	}
	if (!why) {
		explain_status(sender, base, endpoint);
		return ANSWER_REFUSED;
	}
	COUNT(s, request_wrong, 1);
	snprintf(text, sizeof(text), "%s: %s: check elasticsearch.url", base, why);
	sender_trouble(s, text, endpoints_failed(s->endpoints, endpoint, clock_now_ms(), -1, true));
	return ANSWER_REFUSED;
}

/* A cluster from before these parameters refuses the request for them, and stored nothing. What the
 * text names is left out from now on. */
static bool knows_less(struct shipper *s, const struct http_reply *r)
{
	if (r->status != 400 || !speaks_of(&r->body, "unrecognized parameter"))
		return false;
	bool no_list = speaks_of(&r->body, "[" BULK_LIST "]");
	bool no_require = speaks_of(&r->body, "[" BULK_REQUIRE "]");
	pthread_mutex_lock(&s->lock);
	s->no_list |= no_list;
	s->no_require |= no_require;
	pthread_mutex_unlock(&s->lock);
	return no_list || no_require;
}

static enum answer read_reply(struct sender *sender, struct parcel *p, const char *base,
			      int endpoint, struct bulk_verdicts *ret_v)
{
	struct shipper *s = sender->s;
	const struct http_reply *r = &sender->reply;
	struct err err = ERR_NONE;
	char text[ENDPOINT_URL_MAX + sizeof(err.msg)];
	bool cut;
	if (knows_less(s, r)) {
		endpoints_worked(s->endpoints, endpoint);
		return ANSWER_AGAIN;
	}
	if (cluster_takes_nothing(sender, base, endpoint))
		return ANSWER_NONE;
	if (may_be_a_document(r->status))
		return refused(sender, p, base, endpoint, NULL);
	if (r->status != 200)
		return explain_status(sender, base, endpoint);
	if (bulk_judge(r->body.data, r->body.len, p->items, p->proves, ret_v, &cut, &err) == 0) {
		endpoints_passed(s->endpoints, endpoint);
		shipper_went_well(s);
		return ANSWER_BULK;
	}
	if (cut)
		return refused(sender, p, base, endpoint, err.msg);
	COUNT(s, request_wrong, 1);
	snprintf(text, sizeof(text), "%s: %.300s: check elasticsearch.url", base, err.msg);
	sender_trouble(s, text, endpoints_failed(s->endpoints, endpoint, clock_now_ms(), -1, true));
	return ANSWER_NONE;
}

/* What this cluster knows of the parameters that we would like. A cluster that comes back may be a
 * newer one. */
static void bulk_path(struct shipper *s, const struct parcel *p, char path[BULK_PATH_MAX])
{
	pthread_mutex_lock(&s->lock);
	bool list = p->proves && !s->no_list;
	bool require = s->ship->setup_check && !s->no_require;
	pthread_mutex_unlock(&s->lock);
	snprintf(path, BULK_PATH_MAX, "%s%s%s", BULK_PATH, list ? BULK_PROOF : "",
		 require ? BULK_STREAMS_ONLY : "");
}

static void know_nothing(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->no_list = s->no_require = s->short_replies = false;
	pthread_mutex_unlock(&s->lock);
}

static enum answer post(struct sender *sender, struct parcel *p, const char *base, int endpoint,
			struct bulk_verdicts *ret_v)
{
	struct shipper *s = sender->s;
	struct err err = ERR_NONE;
	char path[BULK_PATH_MAX], url[ENDPOINT_URL_MAX + BULK_PATH_MAX];
	bulk_path(s, p, path);
	snprintf(url, sizeof(url), "%s%s", base, path);
	const struct http_request req = { .method = "POST",
					  .url = url,
					  .body = p->gz,
					  .body_len = p->gz_len,
					  .content_type = "application/x-ndjson",
					  .gzip = true };
	uint64_t start = clock_now_ms();
	COUNT(s, requests, 1);
	COUNT(s, sent_bytes, p->gz_len);
	int done = http_do(sender->http, &req, &sender->reply, &err);
	observe_latency(s, clock_now_ms() - start);
	if (done == 0)
		return read_reply(sender, p, base, endpoint, ret_v);
	if (shipper_gives_up(s))
		return ANSWER_NONE;
	COUNT(s, request_unreachable, 1);
	if (sender->reply.status == 200 && sender->reply.too_long && p->items > 1)
		return ANSWER_SPLIT; /* more errors than can be read at once */
	without_path(err.msg, path);
	sender_trouble(s, err.msg,
		       endpoints_failed(s->endpoints, endpoint, clock_now_ms(), -1, true));
	return ANSWER_NONE;
}

enum answer sender_attempt(struct sender *sender, struct parcel *p, bool again,
			   struct bulk_verdicts *ret_v)
{
	struct shipper *s = sender->s;
	char base[ENDPOINT_URL_MAX];
	uint64_t wait_ms = 0;
	bool fresh;
	int endpoint = pick(sender, base, &fresh, &wait_ms);
	if (endpoint < 0) {
		shipper_pause(s, wait_ms < 1000 ? wait_ms : 1000);
		return ANSWER_NONE;
	}
	if (fresh && !is_prepared(sender, base, endpoint))
		return ANSWER_NONE;
	if (fresh)
		know_nothing(s);
	COUNT(s, retried_requests, again);
	enum answer answer = post(sender, p, base, endpoint, ret_v);
	if (sender->reply.body.room > REPLY_KEEP && answer != ANSWER_BULK)
		buf_release(&sender->reply.body);
	return answer;
}
