/* SPDX-License-Identifier: Apache-2.0
 * HTTP requests to Elasticsearch and Kibana over one kept libcurl handle. */
#include "common/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/regular.h"
#include "common/url.h"

#define UPLOAD_PIECE 262144L /* bytes */

struct http {
	CURL *curl;
	struct elastic_settings s; /* its texts are borrowed, but for the API key */
	char message[CURL_ERROR_SIZE];
	atomic_bool aborted;
	struct http_reply *reply; /* of the request under way */
};

int http_global_init(struct err *err)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
	return code ? err_set(err, EF_FAILED, "libcurl: %s", curl_easy_strerror(code)) : 0;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *arg)
{
	(void)one;
	struct http *h = arg;
	if (buf_add(&h->reply->body, bytes, n)) {
		h->reply->too_long = true;
		return 0;
	}
	return n;
}

/* When `line` is the header `name`, copy its value; too long a value is left out, it would be wrong
 * when cut. */
static bool header_value(const char *line, size_t n, const char *name, char *value, size_t room)
{
	size_t skip = strlen(name);
	if (n <= skip || strncasecmp(line, name, skip) != 0 || line[skip] != ':')
		return false;
	line += skip + 1;
	n -= skip + 1;
	while (n && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
		n--;
	if (n >= room)
		return false;
	memcpy(value, line, n);
	value[n] = '\0';
	return true;
}

static int64_t parse_retry_after(const char *text)
{
	char *end;
	long long seconds = strtoll(text, &end, 10);
	if (end != text && *end == '\0')
		return seconds < 0 ? 0 : seconds > 86400 ? 86400000 : seconds * 1000;
	time_t when = curl_getdate(text, NULL), now = (time_t)(clock_wall_ms() / 1000);
	if (when < 0)
		return -1;
	return when > now ? (int64_t)(when - now) * 1000 : 0;
}

static size_t take_header(char *line, size_t one, size_t n, void *arg)
{
	(void)one;
	struct http_reply *r = ((struct http *)arg)->reply;
	char value[64];
	if (header_value(line, n, "retry-after", value, sizeof(value)))
		r->retry_after_ms = parse_retry_after(value);
	header_value(line, n, "etag", r->etag, sizeof(r->etag));
	header_value(line, n, "last-modified", r->last_modified, sizeof(r->last_modified));
	header_value(line, n, "x-elastic-product", r->product, sizeof(r->product));
	return n;
}

static int progress(void *arg, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
	(void)dt, (void)dn, (void)ut, (void)un;
	return ((struct http *)arg)->aborted;
}

struct http *http_new(const struct elastic_settings *s, struct err *err)
{
	struct http *h = calloc(1, sizeof(*h));
	if (h)
		h->curl = curl_easy_init();
	if (!h || !h->curl) {
		free(h);
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	h->s = *s;
	if (s->api_key && !(h->s.api_key = strdup(s->api_key))) {
		http_free(h);
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	return h;
}

/* What TLS is made from, of a file each; NULL: not named. */
#define TLS_FILES 3
static void tls_files(const struct elastic_settings *s, const char *ret[TLS_FILES][2])
{
	const char *const files[TLS_FILES][2] = { { "elasticsearch.ca_file", s->ca_file },
						  { "elasticsearch.client_cert", s->client_cert },
						  { "elasticsearch.client_key", s->client_key } };
	memcpy(ret, files, sizeof(files));
}

/* libcurl opens them by their names at each connection, and would wait for a FIFO. */
static int look_at_files(const struct elastic_settings *s, struct err *err)
{
	const char *files[TLS_FILES][2];
	tls_files(s, files);
	for (int i = 0; i < TLS_FILES; i++)
		if (files[i][1] && regular_check(files[i][1], err))
			return err_wrap(err, "%s", files[i][0]);
	return 0;
}

/* Nobody is there to be asked for one. */
static int no_passphrase(char *text, int room, int writes, void *arg)
{
	(void)text, (void)room, (void)writes, (void)arg;
	return 0;
}

int http_check_files(const struct elastic_settings *s, struct err *err)
{
	if (look_at_files(s, err))
		return -1;
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	if (!tls)
		return err_set(err, EF_FAILED, "out of memory");
	SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
	int result = 0;
	if (s->ca_file && SSL_CTX_load_verify_locations(tls, s->ca_file, NULL) != 1)
		result = err_set(err, EF_USAGE,
				 "elasticsearch.ca_file: %s holds no certificate in the form PEM",
				 s->ca_file);
	else if (s->client_cert && SSL_CTX_use_certificate_chain_file(tls, s->client_cert) != 1)
		result = err_set(err, EF_USAGE,
				 "elasticsearch.client_cert: %s holds no certificate in the form "
				 "PEM",
				 s->client_cert);
	else if (s->client_key &&
		 SSL_CTX_use_PrivateKey_file(tls, s->client_key, SSL_FILETYPE_PEM) != 1)
		result = err_set(err, EF_USAGE,
				 "elasticsearch.client_key: %s is not the private key of %s in the "
				 "form PEM, without a passphrase",
				 s->client_key, s->client_cert);
	SSL_CTX_free(tls);
	ERR_clear_error();
	return result;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	if (h->s.api_key)
		explicit_bzero(h->s.api_key, strlen(h->s.api_key));
	free(h->s.api_key);
	free(h);
}

void http_abort(struct http *h)
{
	h->aborted = true;
}

/* Does the SHA-256 of the certificate equal `hex` (upper or lower case, with or without ':')? */
static bool has_fingerprint(const X509 *cert, const char *hex)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!X509_digest(cert, EVP_sha256(), digest, &len))
		return false;
	for (unsigned i = 0; i < len; i++, hex += 2) {
		char want[3];
		snprintf(want, sizeof(want), "%02x", digest[i]);
		while (*hex == ':')
			hex++;
		if (strncasecmp(hex, want, 2) != 0)
			return false;
	}
	return *hex == '\0';
}

/* OpenSSL asks whether the server's chain is good: yes when it holds the pinned CA certificate and
 * verifies up to it. */
static int verify_pinned(X509_STORE_CTX *chain, void *arg)
{
	const struct http *h = arg;
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(chain);
	STACK_OF(X509) *anchor = sk_X509_new_null();
	for (int i = 0; anchor && i < sk_X509_num(sent); i++)
		if (has_fingerprint(sk_X509_value(sent, i), h->s.ca_fingerprint))
			sk_X509_push(anchor, sk_X509_value(sent, i));
	int good = 0;
	if (anchor && sk_X509_num(anchor) > 0) {
		X509_STORE_CTX_set0_trusted_stack(chain, anchor);
		X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(chain),
					    X509_V_FLAG_PARTIAL_CHAIN);
		good = X509_verify_cert(chain);
	} else {
		X509_STORE_CTX_set_error(chain, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
	}
	sk_X509_free(anchor);
	return good;
}

static CURLcode pin(CURL *curl, void *ssl_ctx, void *arg)
{
	(void)curl;
	SSL_CTX_set_cert_verify_callback(ssl_ctx, verify_pinned, arg);
	return CURLE_OK;
}

static void set_tls(struct http *h)
{
	const struct elastic_settings *s = &h->s;
	/* a fingerprint says more than `verify`, which leaves out the name then */
	bool pinned = s->ca_fingerprint != NULL;
	curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, (long)(s->verify || pinned));
	curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, s->verify ? 2L : 0L);
	/* Beside a fingerprint the system's CAs do not count, nor whether it has any. */
	if (s->ca_file || pinned)
		curl_easy_setopt(h->curl, CURLOPT_CAINFO, s->ca_file);
	if (pinned) {
		curl_easy_setopt(h->curl, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(h->curl, CURLOPT_SSL_CTX_FUNCTION, pin);
		curl_easy_setopt(h->curl, CURLOPT_SSL_CTX_DATA, h);
	}
	/* whatever the system's OpenSSL would still take */
	curl_easy_setopt(h->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->client_cert) {
		curl_easy_setopt(h->curl, CURLOPT_SSLCERT, s->client_cert);
		curl_easy_setopt(h->curl, CURLOPT_SSLKEY, s->client_key);
	}
}

/* Credentials as a header line, wiped by the caller; NULL when there are none or memory is
 * short. */
static char *auth_header(const struct elastic_settings *s)
{
	CLEANUP_BUF struct buf line;
	buf_init(&line, 65536);
	if (!s->api_key || buf_add_text(&line, "Authorization: ApiKey ") ||
	    buf_add_text(&line, s->api_key))
		return NULL;
	return buf_steal(&line);
}

static int append_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (!longer)
		return -1;
	*list = longer;
	return 0;
}

static struct curl_slist *make_headers(const struct http *h, const struct http_request *req)
{
	struct curl_slist *list = NULL;
	char type[128];
	snprintf(type, sizeof(type), "Content-Type: %s",
		 req->content_type ? req->content_type : "application/json");
	/* no waiting for "100 Continue": the servers here take or refuse a body as a whole */
	int bad = append_header(&list, "Expect:");
	if (req->body)
		bad |= append_header(&list, type);
	if (req->gzip)
		bad |= append_header(&list, "Content-Encoding: gzip");
	for (const char *const *line = req->headers; line && *line; line++)
		bad |= append_header(&list, *line);
	if (h->s.api_key && !req->anonymous) {
		char *auth = auth_header(&h->s);
		bad |= !auth || append_header(&list, auth);
		if (auth)
			explicit_bzero(auth, strlen(auth));
		free(auth);
	}
	if (bad) {
		curl_slist_free_all(list);
		return NULL;
	}
	return list;
}

/* Whether the server is on this machine: 127.0.0.0/8, ::1, localhost. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "localhost", "[::1]" };
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	if (strncmp(host, "127.", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const size_t len = strlen(hosts[i]);
		if (strncmp(host, hosts[i], len) == 0 && strchr(":/", host[len]))
			return true; /* strchr() finds the end, too */
	}
	return false;
}

static void set_request(struct http *h, const struct http_request *req, struct curl_slist *headers)
{
	CURL *c = h->curl;
	const struct elastic_settings *s = &h->s;
	curl_easy_reset(c); /* keeps the connections */
	curl_easy_setopt(c, CURLOPT_URL, req->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->message);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
			 (long)(req->timeout_ms ? req->timeout_ms : s->timeout_ms));
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_timeout_ms);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, h);
	/* whatever libcurl can undo; within one machine it would only cost time on both sides */
	if (!req->anonymous && !is_loopback(req->url))
		curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
	if (req->body) {
		/* a bulk body of the usual size in one call of the system; libcurl's 64 KiB would
		 * make three */
		if (req->body_len > UPLOAD_PIECE / 4)
			curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_PIECE);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, req->body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
	}
	if (strcmp(req->method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, req->method);
	if (s->proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, s->proxy);
	set_tls(h);
	if (!req->anonymous && !s->api_key && s->user) {
		curl_easy_setopt(c, CURLOPT_USERNAME, s->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD, s->password ? s->password : "");
	}
}

static int explain(const struct http *h, CURLcode code, const struct http_request *req,
		   struct err *err)
{
	char url[URL_SHOWN_MAX], why[CURL_ERROR_SIZE];
	url_shown(req->url, url, sizeof(url));
	/* libcurl quotes a proxy that it cannot use, with the password, and finds some in the
	 * environment, too */
	url_shown(*h->message ? h->message : curl_easy_strerror(code), why, sizeof(why));
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
		return err_set(err, EF_FAILED, "%s: the server's certificate is not trusted (%s)%s",
			       url, why,
			       req->anonymous ? ""
					      : "; give its CA with elasticsearch.ca_file or "
						"elasticsearch.ca_fingerprint");
	case CURLE_SSL_CONNECT_ERROR:
		if (strstr(why, "wrong version number"))
			return err_set(err, EF_UNREACHABLE,
				       "%s: no answer: nobody speaks TLS there; is it http://?",
				       url);
		break;
	case CURLE_GOT_NOTHING:
		if (strncmp(url, "http:", 5) == 0)
			return err_set(err, EF_UNREACHABLE, "%s: no answer: %s; is it https://?",
				       url, why);
		break;
	case CURLE_OUT_OF_MEMORY:
		/* so libcurl calls a header line that it has no room for, too */
		return err_set(err, EF_FAILED,
			       "%s: out of memory, or a header line of the reply is too long", url);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(err, EF_USAGE, "%s: not a usable URL (%s)", url, why);
	case CURLE_WRITE_ERROR:
		if (h->reply->too_long)
			return err_set(err, EF_FAILED, "%s: the reply is larger than %zu bytes",
				       url, h->reply->body.ceiling);
		break;
	default:
		break;
	}
	return err_set(err, EF_UNREACHABLE, "%s: no answer: %s", url, why);
}

int http_do(struct http *h, const struct http_request *req, struct http_reply *reply,
	    struct err *err)
{
	if (look_at_files(&h->s, err))
		return -1;
	struct curl_slist *headers = make_headers(h, req);
	if (!headers)
		return err_set(err, EF_FAILED, "out of memory");
	buf_clear(&reply->body);
	reply->status = 0;
	reply->retry_after_ms = -1;
	reply->etag[0] = reply->last_modified[0] = reply->product[0] = '\0';
	h->message[0] = '\0';
	reply->too_long = false;
	h->reply = reply;
	set_request(h, req, headers);
	CURLcode code = curl_easy_perform(h->curl);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_slist_free_all(headers);
	return code ? explain(h, code, req, err) : 0;
}
