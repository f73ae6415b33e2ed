/* SPDX-License-Identifier: Apache-2.0
 * The options that efd and efctl share: how to reach Elasticsearch and Kibana, and what to log. */
#include "common/options.h"

#include <ctype.h>
#include <string.h>
#include <openssl/evp.h>

#include "common/api_key.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "common/url.h"

#define AT(field) offsetof(struct elastic_settings, field)

/* First the connection: what efd and efctl have in common. Who they are at the cluster comes after
 * it. */
#define CONNECTION_ROWS    8
#define NAMESPACE_MAX      100
#define FINGERPRINT_DIGITS 64 /* of SHA-256 */

/* Octets as pairs of hexadecimal digits, with ':' between them or without. */
static int check_fingerprint(const char *where, const char *text, struct err *err)
{
	size_t digits = 0;
	const char *at = text;
	for (; isxdigit((unsigned char)at[0]) && isxdigit((unsigned char)at[1]); digits += 2)
		at += at[2] == ':' && at[3] ? 3 : 2;
	if (!*at && digits == FINGERPRINT_DIGITS)
		return 0;
	return err_set(err, EF_USAGE,
		       "%s: '%s' is no SHA-256 fingerprint, which has %d hexadecimal digits: "
		       "`openssl x509 -in ca.pem -noout -fingerprint -sha256` prints one",
		       where, text, FINGERPRINT_DIGITS);
}

static const struct opt elastic_rows[] = {
	{ .name = "elasticsearch.url",
	  .type = OPT_LIST,
	  .offset = AT(url),
	  .flag = "url",
	  .preset = "http://127.0.0.1:9200",
	  .reloads = true,
	  .arg = "URL,…",
	  .help = "Where Elasticsearch or OpenSearch answers. Several endpoints of one cluster are "
		  "used in turn and "
		  "skipped while they are down." },
	{ .name = "elasticsearch.cloud_id",
	  .type = OPT_TEXT,
	  .offset = AT(cloud_id),
	  .arg = "ID",
	  .help = "Elastic Cloud's id of a deployment, in place of the URL." },
	{ .name = "elasticsearch.ca_file",
	  .type = OPT_TEXT,
	  .offset = AT(ca_file),
	  .flag = "ca-file",
	  .arg = "FILE",
	  .help = "PEM file of the CA that signed the server's certificate. "
		  "Without it the system's CAs count." },
	{ .name = "elasticsearch.ca_fingerprint",
	  .type = OPT_TEXT,
	  .offset = AT(ca_fingerprint),
	  .check = check_fingerprint,
	  .arg = "HEX",
	  .help = "Trust the chain that holds a CA certificate with this SHA-256 fingerprint, "
		  "and no other, whatever --verify says. "
		  "Elasticsearch prints it at its first start." },
	{ .name = "elasticsearch.verify",
	  .type = OPT_BOOL,
	  .offset = AT(verify),
	  .flag = "verify",
	  .preset = "true",
	  .help = "Verify the server's certificate and name. Turn it off for a test only. With a "
		  "fingerprint only the name is left out." },
	{ .name = "elasticsearch.proxy",
	  .type = OPT_TEXT,
	  .offset = AT(proxy),
	  .is_url = true,
	  .arg = "URL",
	  .help = "HTTP or SOCKS proxy. Without it the environment's usual variables count." },
	{ .name = "elasticsearch.namespace",
	  .type = OPT_TEXT,
	  .offset = AT(namespace),
	  .flag = "namespace",
	  .preset = "default",
	  .arg = "NAME",
	  .help = "Last part of the data streams' names, as in logs-flow-default." },
	{ .name = "elasticsearch.prefix",
	  .type = OPT_TEXT,
	  .offset = AT(prefix),
	  .flag = "prefix",
	  .preset = "",
	  .arg = "NAME",
	  .help = "An installation of its own in the same cluster: pipelines, templates, "
		  "dashboards and data streams have NAME in their names, as in "
		  "logs-NAME.flow-default." },
	{ .name = "elasticsearch.api_key",
	  .type = OPT_SECRET,
	  .offset = AT(api_key),
	  .path_offset = AT(api_key_file),
	  .flag = "api-key",
	  .reloads = true,
	  .help =
	      "File with the API key (the `encoded` form). efctl setup makes one with the least "
	      "privileges that efd needs." },
	{ .name = "elasticsearch.user",
	  .type = OPT_TEXT,
	  .offset = AT(user),
	  .flag = "user",
	  .letter = 'u',
	  .arg = "NAME",
	  .help = "User name, when there is no API key." },
	{ .name = "elasticsearch.password",
	  .type = OPT_SECRET,
	  .offset = AT(password),
	  .flag = "password",
	  .reloads = true,
	  .help = "File with the user's password." },
	{ .name = "elasticsearch.client_cert",
	  .type = OPT_TEXT,
	  .offset = AT(client_cert),
	  .arg = "FILE",
	  .help = "PEM file of the client certificate." },
	{ .name = "elasticsearch.client_key",
	  .type = OPT_TEXT,
	  .offset = AT(client_key),
	  .arg = "FILE",
	  .help = "PEM file of the client certificate's private key." },
	{ .name = "elasticsearch.timeout",
	  .type = OPT_DURATION,
	  .offset = AT(timeout_ms),
	  .preset = "60s",
	  .min = 100,
	  .max = 3600000,
	  .help = "How long a request may take in all." },
	{ .name = "elasticsearch.connect_timeout",
	  .type = OPT_DURATION,
	  .offset = AT(connect_timeout_ms),
	  .preset = "10s",
	  .min = 100,
	  .max = 600000,
	  .help = "How long establishing a connection may take." },
};

static const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static int check_kibana_url(const char *where, const char *url, struct err *err)
{
	return url_check_server(where, url,
				"; use elasticsearch.user and elasticsearch.password_file, which "
				"Kibana takes, too",
				err);
}

/* As Kibana does; a part of paths, and of our saved objects' ids. */
static int check_space(const char *where, const char *name, struct err *err)
{
	if (!name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] && strlen(name) <= 100)
		return 0;
	return err_set(
	    err, EF_USAGE,
	    "%s: '%s' may hold lower-case letters, digits, '_' and '-', at most 100 (the "
	    "space's identifier, not its name)",
	    where, name);
}

/* A name of a remote cluster, or a pattern of names; a part of paths. */
static int check_remote(const char *where, const char *name, struct err *err)
{
	size_t n = strlen(name);
	for (const char *c = name; *c; c++)
		if (!strchr(letters, *c) && !strchr("_.*-", *c))
			n = 0;
	if (n && n <= 100 && *name != '-')
		return 0;
	return err_set(err, EF_USAGE,
		       "%s: '%s' is no name of a remote cluster; GET _remote/info lists those that "
		       "this cluster knows",
		       where, name);
}

static const struct opt kibana_rows[] = {
	{ .name = "kibana.url",
	  .type = OPT_TEXT,
	  .check = check_kibana_url,
	  .offset = offsetof(struct kibana_settings, url),
	  .arg = "URL",
	  .help = "Where Kibana answers. Without it, dashboards are left out. "
		  "The credentials are those of Elasticsearch." },
	{ .name = "kibana.space",
	  .type = OPT_TEXT,
	  .check = check_space,
	  .offset = offsetof(struct kibana_settings, space),
	  .arg = "NAME",
	  .help = "Kibana space that gets the dashboards. Without it, the default space." },
	{ .name = "kibana.pin_filters",
	  .type = OPT_BOOL,
	  .offset = offsetof(struct kibana_settings, pin_filters),
	  .preset = "true",
	  .help = "Set the space's advanced setting filters:pinnedByDefault, so that filters stay "
		  "when you go from one dashboard to another. Not where somebody has set it." },
	{ .name = "kibana.remote",
	  .type = OPT_LIST,
	  .max = 64,
	  .check = check_remote,
	  .offset = offsetof(struct kibana_settings, remote),
	  .flag = "remote",
	  .arg = "CLUSTER,…",
	  .help = "Remote clusters to query as well (cross-cluster search): by the data views that "
		  "setup writes, and by efctl's commands that query flows or show the status." },
	{ .name = "kibana.alerts",
	  .type = OPT_BOOL,
	  .offset = offsetof(struct kibana_settings, alerts),
	  .help = "Install the alerting rules, switched off. What you change in one is kept." },
};

static const char *const level_names[] = { "error", "warn", "info", "debug", NULL };
static const char *const format_names[] = { "text", "json", NULL };

static const struct opt log_rows[] = {
	{ .name = "log.level",
	  .type = OPT_ENUM,
	  .offset = offsetof(struct log_settings, level),
	  .choices = level_names,
	  .preset = "info",
	  .reloads = true,
	  .help = "How much to say on standard error." },
	{ .name = "log.format",
	  .type = OPT_ENUM,
	  .offset = offsetof(struct log_settings, format),
	  .choices = format_names,
	  .preset = "text",
	  .help = "Lines for people, or JSON." },
};

struct opt_table elastic_options(struct elastic_settings *s)
{
	return (
	    struct opt_table){ .title = "Elasticsearch", OPT_ROWS(elastic_rows), .settings = s };
}

struct opt_table connection_options(struct elastic_settings *s)
{
	return (struct opt_table){
		.title = "Connection", .rows = elastic_rows, .n = CONNECTION_ROWS, .settings = s
	};
}

struct opt_table kibana_options(struct kibana_settings *s)
{
	return (struct opt_table){ .title = "Kibana", OPT_ROWS(kibana_rows), .settings = s };
}

struct opt_table log_options(struct log_settings *s)
{
	return (struct opt_table){ .title = "Log", OPT_ROWS(log_rows), .settings = s };
}

/* A cloud id is "name:Base64(host$elasticsearch-id$kibana-id)". */
static int resolve_cloud_id(struct elastic_settings *s, struct err *err)
{
	const char *colon = strchr(s->cloud_id, ':');
	const char *code = colon ? colon + 1 : s->cloud_id;
	size_t n = strlen(code);
	unsigned char text[512] = { 0 };
	if (n == 0 || n % 4 || n > sizeof(text) ||
	    EVP_DecodeBlock(text, (const unsigned char *)code, (int)n) < 0)
		return err_set(err, EF_USAGE, "elasticsearch.cloud_id: not a cloud id: '%s'",
			       s->cloud_id);
	char *rest = (char *)text;
	const char *host = strsep(&rest, "$");
	const char *id = rest ? strsep(&rest, "$") : NULL;
	if (!id || !*host || !*id)
		return err_set(err, EF_USAGE, "elasticsearch.cloud_id: not a cloud id: '%s'",
			       s->cloud_id);

	const char *port = strchr(host, ':');
	char url[600];
	snprintf(url, sizeof(url), "https://%s.%.*s%s", id,
		 (int)(port ? port - host : (long)strlen(host)), host, port ? port : ":443");
	strlist_release(&s->url);
	if (strlist_add(&s->url, url))
		return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

static int check_url(char *url, struct err *err)
{
	if (url_check_server("elasticsearch.url", url,
			     "; use elasticsearch.user and elasticsearch.password_file", err))
		return -1;
	size_t n = strlen(url);
	while (n && url[n - 1] == '/')
		url[--n] = '\0';
	return 0;
}

int namespace_check(const char *where, const char *name, struct err *err)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.");
	if (n && !name[n] && n <= NAMESPACE_MAX && *name != '.' && *name != '_')
		return 0;
	if (n > NAMESPACE_MAX && !name[n])
		return err_set(err, EF_USAGE,
			       "%s: '%.40s…' has %zu characters, and %d are the most", where, name,
			       n, NAMESPACE_MAX);
	return err_set(err, EF_USAGE,
		       "%s: '%s' may hold lower-case letters, digits, '_' and "
		       "'.' and starts with a letter or digit",
		       where, name);
}

static int check_credentials(const struct elastic_settings *s, struct err *err)
{
	if (s->api_key && api_key_check("elasticsearch.api_key", s->api_key, err))
		return -1;
	if (s->password && !s->user)
		return err_set(err, EF_USAGE,
			       "elasticsearch.password is set but elasticsearch.user is not");
	if (!s->client_cert != !s->client_key)
		return err_set(
		    err, EF_USAGE,
		    "elasticsearch.client_cert and elasticsearch.client_key go together");
	return 0;
}

int elastic_settings_check(struct elastic_settings *s, struct err *err)
{
	if (s->cloud_id && resolve_cloud_id(s, err))
		return -1;
	if (!s->url.n)
		return err_set(err, EF_USAGE, "elasticsearch.url is empty");
	for (size_t i = 0; i < s->url.n; i++)
		if (check_url(s->url.item[i], err))
			return -1;
	if (namespace_check("elasticsearch.namespace", s->namespace, err) ||
	    name_check_prefix(s->prefix, err))
		return -1;
	if (s->proxy && *s->proxy && url_check_proxy("elasticsearch.proxy", s->proxy, err))
		return -1;
	return check_credentials(s, err);
}
