/* SPDX-License-Identifier: Apache-2.0
 * A source is asked by HTTP: its token goes to its own origin alone, and what comes is bounded. */
#include "importer/inventory/inv_http.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/http.h"
#include "common/regular.h"
#include "common/url.h"

#define TOKEN_MAX  4096
#define CONNECT_MS 10000

struct inv_http {
	const struct inv_source *source;
	struct http *http;
	char *token; /* the whole header line; NULL: none */
	uint64_t end_ms;
	int64_t bytes, pages; /* that are left */
};

static int read_token(struct inv_http *h, struct err *err)
{
	const struct inv_source *s = h->source;
	char token[TOKEN_MAX];
	int rc = 0;

	if (!s->token_file)
		return 0;
	if (regular_secret(s->token_file, token, sizeof(token), err))
		return err_wrap(err, "token_file");
	bool bare = strcmp(s->scheme, "none") == 0;
	if (asprintf(&h->token, "%s: %s%s%s", s->header, bare ? "" : s->scheme, bare ? "" : " ",
		     token) < 0) {
		h->token = NULL;
		rc = err_set(err, EF_FAILED, "out of memory");
	}
	explicit_bzero(token, sizeof(token));
	return rc;
}

struct inv_http *inv_http_new(const struct inv_source *s, struct err *err)
{
	static char no_proxy[] = ""; /* borrowed for as long as there are requests */
	const struct elastic_settings settings = { .verify = true,
						   .ca_file = s->ca_file,
						   /* "" keeps libcurl from the environment's */
						   .proxy = s->proxy ? s->proxy : no_proxy,
						   .timeout_ms = s->duration,
						   .connect_timeout_ms = CONNECT_MS };
	struct inv_http *h = calloc(1, sizeof(*h));

	if (!h) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	*h = (struct inv_http){ .source = s,
				.end_ms = clock_now_ms() + (uint64_t)s->duration,
				.bytes = s->bytes,
				.pages = s->pages };
	if (s->ca_file && regular_check(s->ca_file, err)) {
		err_wrap(err, "ca_file");
		inv_http_free(h);
		return NULL;
	}
	h->http = http_new(&settings, err);
	if (!h->http || read_token(h, err)) {
		inv_http_free(h);
		return NULL;
	}
	return h;
}

void inv_http_free(struct inv_http *h)
{
	if (!h)
		return;
	http_free(h->http);
	if (h->token)
		explicit_bzero(h->token, strlen(h->token));
	free(h->token);
	free(h);
}

static int check_status(long status, struct err *err)
{
	if (status == 200)
		return 0;
	if (status / 100 == 3)
		return err_set(err, EF_FAILED,
			       "HTTP %ld leads elsewhere, which is not followed: correct the url",
			       status);
	if (status == 401 || status == 403)
		return err_set(err, EF_FAILED,
			       "HTTP %ld: the token is not taken, or may not read this", status);
	return err_set(err, EF_FAILED, "HTTP %ld", status);
}

/* libcurl's clock and ours may differ by a tick: who runs out of time there has to be past the end
 * here. */
#define LATE_MS 20

static int http_ask(struct inv_http *h, const char *url, uint64_t left_ms, struct buf *body,
		    struct err *err)
{
	const char *const headers[] = { "Accept-Encoding: identity",
					"Accept: application/json, text/csv, */*;q=0.1", h->token,
					NULL };
	const struct http_request request = { .method = "GET",
					      .url = url,
					      .headers = headers,
					      .anonymous = true,
					      .timeout_ms = (int64_t)left_ms + LATE_MS };
	struct http_reply reply = { .body = *body };
	int rc = http_do(h->http, &request, &reply, err);

	*body = reply.body;
	if (rc && body->len && err->code == EF_FAILED && clock_now_ms() < h->end_ms)
		return err_wrap(err, "limits.bytes");
	if (rc && clock_now_ms() >= h->end_ms)
		return err_set(err, EF_FAILED, "not at its end after %lld s (limits.seconds)",
			       (long long)h->source->duration / 1000);
	return rc ? -1 : check_status(reply.status, err);
}

int inv_http_get(struct inv_http *h, const char *url, struct buf *body, struct err *err)
{
	uint64_t now = clock_now_ms();
	char shown[URL_SHOWN_MAX];

	buf_init(body, (size_t)h->bytes);
	if (!url_same_origin(url, h->source->url))
		return err_set(err, EF_USAGE,
			       "%s is another scheme, host or port than the url of the source: it "
			       "is not asked",
			       url_shown(url, shown, sizeof(shown)));
	if (h->pages-- == 0)
		return err_set(err, EF_FAILED, "more than %lld pages (limits.pages)",
			       (long long)h->source->pages);
	if (now >= h->end_ms)
		return err_set(err, EF_FAILED, "not at its end after %lld s (limits.seconds)",
			       (long long)h->source->duration / 1000);
	if (h->bytes == 0)
		return err_set(err, EF_FAILED, "more than %lld bytes (limits.bytes)",
			       (long long)h->source->bytes);
	if (http_ask(h, url, h->end_ms - now, body, err))
		return err_wrap(err, "%s", url_shown(url, shown, sizeof(shown)));
	h->bytes -= (int64_t)body->len;
	return 0;
}
