/* SPDX-License-Identifier: Apache-2.0
 * The sources of an inventory as inventory.yml describes them: where each is asked, how often,
 * within which limits, and what it may set. */
#include "importer/inventory/inv_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/url.h"
#include "importer/assets/yaml.h"
#include "importer/core/files.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/inventory/inv_devices.h"
#include "importer/inventory/inv_table.h"
#include "importer/inventory/inv_type.h"

#define FILE_MAX (1U << 20)

#define AT(field) .offset = offsetof(struct inv_source, field)
#define PATH      .type = OPT_TEXT, .check = conf_check_line

static int check_url(const char *where, const char *url, struct err *err)
{
	if (strchr(url, '@'))
		return err_set(err, EF_USAGE, "%s must not hold a password: token_file names one",
			       where);
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return err_set(err, EF_USAGE, "%s must start with http:// or https://", where);
	return 0;
}

/* A header's name or a word in front of a token: neither can begin another header. */
static int check_token_word(const char *where, const char *text, struct err *err)
{
	for (const char *p = text; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '-' ||
		      (*p >= '0' && *p <= '9')))
			return err_set(err, EF_USAGE, "%s: letters, digits and '-' only", where);
	return 0;
}

/* net-snmp's library has the same names */
const char *const inv_auth_words[] = { "sha", "sha224", "sha256", "sha384", "sha512", "md5", NULL };
const char *const inv_priv_words[] = { "aes", "aes192", "aes256", "none", NULL };

static const struct opt source_rows[] = {
	{ .name = "name", PATH, AT(name) },
	{ .name = "type", PATH, AT(type_name) },
	{ .name = "url", .type = OPT_TEXT, .check = check_url, AT(url) },
	{ .name = "file", PATH, AT(file) },
	{ .name = "token_file", PATH, AT(token_file) },
	{ .name = "header",
	  .type = OPT_TEXT,
	  .check = check_token_word,
	  .preset = "Authorization",
	  AT(header) },
	{ .name = "scheme", .type = OPT_TEXT, .check = check_token_word, AT(scheme) },
	{ .name = "ca_file", PATH, AT(ca_file) },
	{ .name = "proxy", .type = OPT_TEXT, .check = url_check_proxy, AT(proxy) },
	{ .name = "plain_http", .type = OPT_BOOL, AT(plain_http) },
	{ .name = "interval",
	  .type = OPT_DURATION,
	  .preset = "6h",
	  .min = 60000,
	  .max = 366LL * 86400000,
	  AT(interval) },
	{ .name = "community_file", PATH, AT(community_file) },
	{ .name = "user", PATH, AT(user) },
	{ .name = "auth", .type = OPT_ENUM, .choices = inv_auth_words, .preset = "sha", AT(auth) },
	{ .name = "auth_file", PATH, AT(auth_file) },
	{ .name = "priv", .type = OPT_ENUM, .choices = inv_priv_words, .preset = "aes", AT(priv) },
	{ .name = "priv_file", PATH, AT(priv_file) },
	{ .name = "interface_ids",
	  .type = OPT_ENUM,
	  .choices = snmp_ids_words,
	  .preset = "ifindex",
	  AT(interface_ids) },
	{ .name = "seen", .type = OPT_BOOL, .preset = "true", AT(seen) },
	{ .name = "port", .type = OPT_INT, .preset = "161", .min = 1, .max = 65535, AT(port) },
	{ .name = "at_once", .type = OPT_INT, .preset = "64", .min = 1, .max = 900, AT(at_once) },
	{ .name = "rate", .type = OPT_INT, .preset = "500", .min = 1, .max = 100000, AT(rate) },
	{ .name = "retries", .type = OPT_INT, .preset = "2", .max = 10, AT(retries) },
	{ .name = "timeout",
	  .type = OPT_DURATION,
	  .preset = "2s",
	  .min = 100,
	  .max = 60000,
	  AT(timeout) },
	{ .name = "sets", .type = OPT_LIST, .check = conf_check_line, .max = 64, AT(sets) },
	{ .name = "names", .type = OPT_LIST, .check = conf_check_line, .max = 64, AT(names) },
	{ .name = "limits.bytes",
	  .type = OPT_SIZE,
	  .preset = "64M",
	  .min = 1,
	  .max = 1 << 30,
	  AT(bytes) },
	{ .name = "limits.rows",
	  .type = OPT_INT,
	  .preset = "200000",
	  .min = 1,
	  .max = 2000000,
	  AT(rows) },
	{ .name = "limits.pages",
	  .type = OPT_INT,
	  .preset = "2000",
	  .min = 1,
	  .max = 1000000,
	  AT(pages) },
	{ .name = "limits.seconds",
	  .type = OPT_DURATION,
	  .preset = "10m",
	  .min = 1000,
	  .max = 86400000,
	  AT(duration) },
};

static struct opt_table source_options(struct inv_source *s)
{
	return (struct opt_table){ OPT_ROWS(source_rows), .settings = s };
}

/* ---- from YAML --------------------------------------------------------------- */

static const struct opt *option_find(const char *name)
{
	for (size_t i = 0; i < sizeof(source_rows) / sizeof(source_rows[0]); i++)
		if (strcmp(source_rows[i].name, name) == 0)
			return &source_rows[i];
	return NULL;
}

/* A scalar in the notation of settings; NULL: it is none. */
static char *scalar_text(const json_t *value)
{
	char *text = NULL;

	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "true" : "false");
	if (json_is_integer(value) &&
	    asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) > 0)
		return text;
	return NULL;
}

static int set_option(struct inv_source *s, const char *name, const json_t *value, struct err *err)
{
	const struct opt *opt = option_find(name);
	size_t i;
	json_t *word;

	if (!opt)
		return err_set(err, EF_USAGE, "there is no setting '%.60s'", name);
	if (opt->type == OPT_LIST && json_is_array(value)) {
		struct strlist *list = (struct strlist *)(void *)((char *)s + opt->offset);

		json_array_foreach (value, i, word)
			if (!json_is_string(word) ||
			    conf_add_word(opt, list, json_string_value(word), name, err))
				return json_is_string(word)
					   ? -1
					   : err_set(err, EF_USAGE, "%s: words only", name);
		return 0;
	}
	CLEANUP_FREE char *text = scalar_text(value);
	return text ? conf_set(opt, s, text, name, err)
		    : err_set(err, EF_USAGE, "%s: a text, a number or true and false", name);
}

static int set_limits(struct inv_source *s, const json_t *limits, struct err *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(limits))
		return err_set(err, EF_USAGE, "limits: bytes, rows, pages, seconds");
	json_object_foreach ((json_t *)limits, key, value) {
		char name[CONF_NAME_MAX];

		snprintf(name, sizeof(name), "limits.%.60s", key);
		if (set_option(s, name, value, err))
			return -1;
	}
	return 0;
}

/* What is kept as it is written, for others to read. */
static const struct {
	const char *name;
	size_t offset;
} trees[] = {
	{ "tables", offsetof(struct inv_source, tables) },
	{ "columns", offsetof(struct inv_source, columns) },
	{ "devices", offsetof(struct inv_source, devices) },
	{ "roles", offsetof(struct inv_source, roles) },
};
#define TREES (sizeof(trees) / sizeof(trees[0]))

static json_t **tree_of(struct inv_source *s, size_t i)
{
	return (json_t **)(void *)((char *)s + trees[i].offset);
}

static int set_member(struct inv_source *s, const char *key, json_t *value, struct err *err)
{
	if (strcmp(key, "limits") == 0)
		return set_limits(s, value, err);
	for (size_t i = 0; i < TREES; i++)
		if (strcmp(key, trees[i].name) == 0) {
			*tree_of(s, i) = json_incref(value);
			return 0;
		}
	return set_option(s, key, value, err);
}

/* ---- what does not fit together ----------------------------------------------- */

static int check_sets(const struct inv_source *s, struct err *err)
{
	for (size_t i = 0; i < s->sets.n; i++) {
		const char *word = s->sets.item[i], *dot = strchr(word, '.');
		char name[80];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "."), word);
		const struct dict_kind *kind = dict_kind_find(name);
		if (!kind || !kind->discovered)
			return err_set(err, EF_USAGE,
				       "sets: '%s': networks, exporters, interfaces, applications "
				       "and hosts can be discovered",
				       word);
		if (dot && dict_kind_column(kind, dot + 1) < 0)
			return err_set(err, EF_USAGE, "sets: %s.csv has no column '%s'", name,
				       dot + 1);
	}
	return 0;
}

static int find_type(struct inv_source *s, struct err *err)
{
	char names[512] = "";
	size_t n = 0;

	s->type = s->type_name ? inv_type_find(s->type_name) : NULL;
	for (size_t i = 0; !s->type && i < inv_types_len && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
				      inv_types[i].name);
	return s->type ? 0 : err_set(err, EF_USAGE, "type: one of %s", names);
}

static int check_token(const struct inv_source *s, struct err *err)
{
	if (!s->token_file)
		return 0;
	if (!s->url)
		return err_set(err, EF_USAGE, "token_file is for a url");
	if (strncmp(s->url, "http://", 7) == 0 && !s->plain_http)
		return err_set(err, EF_USAGE,
			       "the token would go over the network as it is: use https://, or say "
			       "plain_http: true");
	return 0;
}

/* One place, and a file where only files can be read. */
static int complete_place(struct inv_source *s, struct err *err)
{
	if (!s->url && !s->file && s->type->url && !(s->url = strdup(s->type->url)))
		return err_set(err, EF_FAILED, "out of memory");
	if (s->url && s->type->form >= INV_HOSTS)
		return err_set(err, EF_USAGE, "%s is read from a file", s->type->name);
	if (!s->url == !s->file)
		return err_set(err, EF_USAGE, "one of url and file has to be said");
	return 0;
}

/* With a community, or with a user and its passphrases. */
static int check_snmp(const struct inv_source *s, struct err *err)
{
	if (s->url || s->file || s->token_file || s->tables || s->columns)
		return err_set(err, EF_USAGE, "snmp asks devices: neither url nor file nor tables");
	if (!s->community_file == !s->user)
		return err_set(err, EF_USAGE,
			       "one of community_file (SNMPv2c) and user (SNMPv3) has to be said");
	if (s->user && (!s->auth_file || !s->priv_file == (s->priv != INV_PRIV_NONE)))
		return err_set(err, EF_USAGE,
			       "user: with auth_file and priv_file, or with priv: none");
	return inv_devices_check(s, err);
}

/* What is asked by URL or read from a file. */
static int complete_tables(struct inv_source *s, struct err *err)
{
	if (s->community_file || s->user || s->devices || s->roles)
		return err_set(err, EF_USAGE,
			       "community_file, user, devices and roles are for type snmp");
	if (complete_place(s, err))
		return -1;
	if (!s->scheme && !(s->scheme = strdup(s->type->scheme)))
		return err_set(err, EF_FAILED, "out of memory");
	if (!s->tables && s->type->tables)
		s->tables = json_loads(s->type->tables, 0, NULL);
	return inv_tables_check(s, err);
}

static int source_complete(struct inv_source *s, struct err *err)
{
	if (!s->name || !dict_source_fits(s->name))
		return err_set(err, EF_USAGE, "name: a-z, 0-9 and '-', at most %d",
			       DICT_SOURCE_MAX);
	if (find_type(s, err) || check_token(s, err) || check_sets(s, err))
		return -1;
	if (s->type->form == INV_SNMP)
		return check_snmp(s, err);
	return complete_tables(s, err);
}

static int read_source(struct inv_source *s, const json_t *yaml, struct err *err)
{
	const struct opt_table table = source_options(s);
	const char *key;
	json_t *value;

	if (!json_is_object(yaml))
		return err_set(err, EF_USAGE, "a list of settings is wanted");
	if (conf_set_defaults(&table, 1, err))
		return -1;
	json_object_foreach ((json_t *)yaml, key, value)
		if (set_member(s, key, value, err))
			return -1;
	return source_complete(s, err);
}

static int read_all(const json_t *yaml, struct inv_sources *list, struct err *err)
{
	const json_t *sources = json_object_get(yaml, "sources");
	size_t n = json_array_size(sources);

	if (!json_is_array(sources) || json_object_size(yaml) != 1)
		return err_set(err, EF_USAGE, "one list is wanted, sources:");
	if (n > DICT_SOURCES_MAX)
		return err_set(err, EF_USAGE, "more than %d sources", DICT_SOURCES_MAX);
	list->source = calloc(n + 1, sizeof(*list->source));
	if (!list->source)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct inv_source *s = &list->source[list->n++];

		if (read_source(s, json_array_get(sources, i), err))
			return s->name ? err_wrap(err, "source %.60s", s->name)
				       : err_wrap(err, "source number %zu", i + 1);
		for (size_t j = 0; j < i; j++)
			if (strcmp(list->source[j].name, s->name) == 0)
				return err_set(err, EF_USAGE, "two sources are called %s", s->name);
	}
	return 0;
}

int inv_sources_read(const char *path, struct inv_sources *ret, struct err *err)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_JSON json_t *yaml = NULL;
	size_t len;

	*ret = (struct inv_sources){ .n = 0 };
	if (file_read(path, FILE_MAX, &text, &len, err) ||
	    yaml_to_json(path, text, len, &yaml, err))
		return -1;
	return read_all(yaml, ret, err) ? err_wrap(err, "%s", path) : 0;
}

void inv_sources_release(struct inv_sources *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opt_table table = source_options(&list->source[i]);

		conf_release(&table, 1);
		for (size_t k = 0; k < TREES; k++)
			json_decref(*tree_of(&list->source[i], k));
	}
	free(list->source);
	*list = (struct inv_sources){ .n = 0 };
}

const struct inv_source *inv_source_find(const struct inv_sources *list, const char *name,
					 struct err *err)
{
	char names[512] = "none";
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->source[i].name, name) == 0)
			return &list->source[i];
		if (n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
					      list->source[i].name);
	}
	err_set(err, EF_USAGE, "no source is called '%.60s'; there are: %s", name, names);
	return NULL;
}

bool inv_source_sets(const struct inv_source *s, const struct dict_kind *kind, const char *column)
{
	size_t n = strlen(kind->name);

	for (size_t i = 0; i < s->sets.n; i++) {
		const char *word = s->sets.item[i];

		if (strncmp(word, kind->name, n) != 0 || (word[n] && word[n] != '.'))
			continue;
		if (!word[n] || !column || strcmp(word + n + 1, column) == 0)
			return true;
	}
	return s->sets.n == 0;
}
