/* SPDX-License-Identifier: Apache-2.0
 * URLs that somebody typed: which of them can be used, and how they are shown without what is
 * secret in them. */
#include "common/url.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define HIDDEN "…"

static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool found = curl_url_get(url, part, &text, 0) == CURLUE_OK;
	curl_free(text);
	return found;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(word, *list) == 0)
			return true;
	return false;
}

/* What is wrong with a URL that libcurl has read; NULL: nothing. */
static const char *fault_of(CURLU *url, const char *const *schemes, const char *other_scheme)
{
	char *scheme = NULL, *port = NULL;
	bool known = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		     is_one_of(scheme, schemes);
	bool no_port = curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK &&
		       strtoul(port, NULL, 10) == 0;
	curl_free(scheme);
	curl_free(port);
	return !known                              ? other_scheme
	       : no_port                           ? "nobody answers at port 0"
	       : has_part(url, CURLUPART_QUERY)    ? "it must have no query ('?')"
	       : has_part(url, CURLUPART_FRAGMENT) ? "it must have no fragment ('#')"
						   : NULL;
}

/* The URL itself is in the message only when it could be read: else nobody knows what of it is a
 * password. */
static int check(const char *where, const char *text, const char *const *schemes,
		 const char *other_scheme, struct err *err)
{
	char shown[URL_SHOWN_MAX];
	CURLU *url = curl_url();
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	if (url)
		code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	const char *fault = code ? NULL : fault_of(url, schemes, other_scheme);
	curl_url_cleanup(url);
	if (code == CURLUE_OUT_OF_MEMORY)
		return err_set(err, EF_FAILED, "out of memory");
	if (code)
		return err_set(err, EF_USAGE, "%s is no URL: %s", where, curl_url_strerror(code));
	return fault ? err_set(err, EF_USAGE, "%s: '%s' cannot be used: %s", where,
			       url_shown(text, shown, sizeof(shown)), fault)
		     : 0;
}

int url_check_server(const char *where, const char *url, const char *instead, struct err *err)
{
	static const char *const schemes[] = { "http", "https", NULL };
	char shown[URL_SHOWN_MAX];
	if (strchr(url, '@')) /* first, for then it is shown to nobody */
		return err_set(err, EF_USAGE, "%s must not hold a password%s", where, instead);
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return err_set(err, EF_USAGE, "%s: '%s' must start with http:// or https://", where,
			       url_shown(url, shown, sizeof(shown)));
	return check(where, url, schemes, "it must start with http:// or https://", err);
}

int url_check_proxy(const char *where, const char *url, struct err *err)
{
	static const char *const schemes[] = { "http",   "https",   "socks4", "socks4a",
					       "socks5", "socks5h", NULL };
	CLEANUP_BUF struct buf whole;
	buf_init(&whole, 65536);
	/* libcurl takes a host alone for a proxy that speaks HTTP */
	if (buf_add_text(&whole, strstr(url, "://") ? "" : "http://") || buf_add_text(&whole, url))
		return err_set(err, EF_USAGE, "%s is too long", where);
	int result = check(where, whole.data, schemes,
			   "a proxy is http, https, socks4, socks4a, socks5 or socks5h", err);
	explicit_bzero(whole.data, whole.len);
	return result;
}

/* Scheme, host and port in one text; NULL: it has none. */
static char *origin_of(const char *text)
{
	static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
	CLEANUP_BUF struct buf origin;
	CURLU *url = curl_url();
	buf_init(&origin, 65536);
	bool bad = !url || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !bad; i++) {
		char *part = NULL;
		bad = curl_url_get(url, parts[i], &part, CURLU_DEFAULT_PORT) != CURLUE_OK ||
		      buf_add_text(&origin, part) || buf_add_text(&origin, "\n");
		curl_free(part);
	}
	curl_url_cleanup(url);
	return bad ? NULL : buf_steal(&origin);
}

bool url_same_origin(const char *one, const char *other)
{
	CLEANUP_FREE char *first = origin_of(one);
	CLEANUP_FREE char *second = origin_of(other);
	return first && second && strcasecmp(first, second) == 0;
}

int url_resolve(const char *base, const char *reference, char **ret_url, struct err *err)
{
	char *whole = NULL, shown[URL_SHOWN_MAX];
	CURLU *url = curl_url();
	bool bad = !url || curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK ||
		   curl_url_set(url, CURLUPART_URL, reference, 0) != CURLUE_OK ||
		   curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK ||
		   (strncmp(whole, "http://", 7) != 0 && strncmp(whole, "https://", 8) != 0);
	char *copy = bad ? NULL : strdup(whole);
	curl_free(whole);
	curl_url_cleanup(url);
	if (bad)
		return err_set(err, EF_USAGE, "'%.200s' is no URL that can be asked",
			       url_shown(reference, shown, sizeof(shown)));
	if (!copy)
		return err_set(err, EF_FAILED, "out of memory");
	*ret_url = copy;
	return 0;
}

/* Copies `n` bytes as far as there is room. */
static void add_shown(char *ret, size_t room, size_t *len, const char *text, size_t n)
{
	if (n > room - 1 - *len)
		n = room - 1 - *len;
	memcpy(ret + *len, text, n);
	*len += n;
}

const char *url_shown(const char *text, char *ret, size_t room)
{
	size_t len = 0;
	for (const char *sign; (sign = strstr(text, "://")) != NULL;) {
		const char *start = sign + 3, *end = start + strcspn(start, " \t\r\n\"'<>");
		const char *at = memrchr(start, '@', (size_t)(end - start));
		add_shown(ret, room, &len, text, (size_t)(start - text));
		if (at)
			add_shown(ret, room, &len, HIDDEN, strlen(HIDDEN));
		start = at ? at : start;
		size_t n = strcspn(start, "?#");
		bool more = n < (size_t)(end - start);
		n = more ? n + 1 : (size_t)(end - start);
		add_shown(ret, room, &len, start, n);
		if (more)
			add_shown(ret, room, &len, HIDDEN, strlen(HIDDEN));
		text = end;
	}
	add_shown(ret, room, &len, text, strlen(text));
	ret[len] = '\0';
	return ret;
}
