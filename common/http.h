/* SPDX-License-Identifier: Apache-2.0
 * HTTP requests to Elasticsearch and Kibana over one kept libcurl handle: TLS, authentication, time
 * limits, replies with a ceiling. Redirects are replies like others: nothing follows them.
 *
 * A handle belongs to one thread. Credentials never appear in messages, nor does what may be
 * one in a URL. */
#ifndef EF_COMMON_HTTP_H
#define EF_COMMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/options.h"

struct http;

struct http_request {
	const char *method; /* "GET", "PUT", … */
	const char *url;    /* whole URL */
	const void *body;   /* borrowed until http_do() returns; NULL: none */
	size_t body_len;
	const char *content_type;   /* NULL: application/json */
	bool gzip;                  /* the body is gzip-compressed already */
	const char *const *headers; /* further "Name: value" lines, ends with NULL; may be NULL */
	/* Downloads from elsewhere: no credentials go out, and nothing comes compressed, because
	 * libcurl takes a gzip stream that ends early for a whole one. */
	bool anonymous;
	int64_t timeout_ms; /* instead of the settings'; 0: as they say */
};

struct http_reply {
	long status;
	struct buf body; /* caller: buf_init() with the ceiling wanted, buf_release() */
	bool too_long;   /* for that ceiling: http_do() failed */
	/* Retry-After in seconds or as a date (RFC 9110 section 10.2.3); -1: absent */
	int64_t retry_after_ms;
	char etag[128]; /* "" : absent */
	char last_modified[64];
	char product[32]; /* X-elastic-product */
};

/* `s` is copied, its texts are borrowed for the life of the handle, except for the API key: that is
 * copied, too. The library must have been made ready by
 * http_global_init() (once, in main, before threads). */
struct http *http_new(const struct elastic_settings *s, struct err *err);
void http_free(struct http *h);
int http_global_init(struct err *err);

/* Whether the files that `s` names for TLS can be read (else EF_FAILED) and are what they have to
 * be (else EF_USAGE). */
int http_check_files(const struct elastic_settings *s, struct err *err);

/* Do one request. 0: the server answered, whatever the status. -1: no whole answer: EF_UNREACHABLE
 * (connection, time limit, broken reply: trying again may help) or EF_FAILED (TLS trust, reply over
 * the ceiling, memory: it will not). `reply->body` is cleared first. */
int http_do(struct http *h, const struct http_request *req, struct http_reply *reply,
	    struct err *err);

/* Call from another thread: makes a request under way end within about a second with
 * EF_UNREACHABLE. */
void http_abort(struct http *h);

#endif
