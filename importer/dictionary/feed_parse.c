/* SPDX-License-Identifier: Apache-2.0
 * Addresses out of the text of a threat feed: lines, columns, URLs, JSON. */
#include "importer/dictionary/feed_parse.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/csv.h"

#define COLUMNS_MAX 64

static const struct {
	const char *name;
	enum feed_format_kind kind;
	char separator;
} formats[] = {
	{ "text", FEED_TEXT, 0 },      { "urls", FEED_URLS, 0 },     { "csv", FEED_COLUMNS, ',' },
	{ "tsv", FEED_COLUMNS, '\t' }, { "ssv", FEED_COLUMNS, ';' }, { "psv", FEED_COLUMNS, '|' },
	{ "json", FEED_JSON, 0 },
};

static int parse_columns(const char *text, struct feed_format *f)
{
	char *end = NULL;
	long column = strtol(text, &end, 10), length = 0;

	if (end == text || column < 1 || column > COLUMNS_MAX)
		return -1;
	if (*end == '/') {
		text = end + 1;
		length = strtol(text, &end, 10);
		if (end == text || length < 1 || length > COLUMNS_MAX)
			return -1;
	}
	f->column = (int)column - 1;
	f->length = (int)length - 1;
	return *end ? -1 : 0;
}

int feed_format_parse(const char *text, struct feed_format *ret_format, struct err *err)
{
	size_t n = strcspn(text, ":");
	const char *rest = text[n] ? text + n + 1 : "";

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct feed_format f = { .kind = formats[i].kind,
					 .separator = formats[i].separator,
					 .length = -1 };

		if (strlen(formats[i].name) != n || strncmp(formats[i].name, text, n) != 0)
			continue;
		if (f.kind == FEED_COLUMNS ? parse_columns(rest, &f) != 0
		    : f.kind == FEED_JSON  ? !*rest || strlen(rest) >= sizeof(f.member)
					   : *rest != '\0')
			break;
		snprintf(f.member, sizeof(f.member), "%s", rest);
		*ret_format = f;
		return 0;
	}
	return err_set(
	    err, EF_USAGE,
	    "format \"%s\" is none of text, urls, csv:N, tsv:N, ssv:N, psv:N, json:MEMBER", text);
}

/* An address, a prefix (host bits are cut), or "address:port" of IPv4. */
static int read_prefix(char *text, struct prefix *ret_prefix)
{
	char *colon = strchr(text, ':');
	struct err unused;

	if (colon && strchr(text, '.') && !strchr(colon + 1, ':') &&
	    strspn(text, "0123456789.:") == strlen(text))
		*colon = '\0';
	if (*text == '[') {
		text[strcspn(text, "]")] = '\0';
		text++;
	}
	return prefix_parse(text, true, ret_prefix, &unused);
}

/* 1 when the list is full. */
static int prefix_keep(struct feed_prefixes *p, const struct prefix *prefix, size_t max)
{
	if (p->n == max)
		return 1;
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 1024;
		struct prefix *more = realloc(p->prefix, room * sizeof(*more));

		if (!more)
			return 1;
		p->prefix = more;
		p->room = room;
	}
	p->prefix[p->n++] = *prefix;
	return 0;
}

static char *text_trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static int split_cells(const struct feed_format *f, char *line, char *cell[COLUMNS_MAX])
{
	const char separator[2] = { f->separator, '\0' };
	int n = 0;

	if (f->separator == ',')
		return csv_split(line, cell, COLUMNS_MAX);
	while (line && n < COLUMNS_MAX)
		cell[n++] = strsep(&line, separator);
	return n;
}

/* The host of a URL, or of "HOST/PATH". One that is a name holds no address: `*ret_name` is set. */
static char *find_host(char *line, bool *ret_name)
{
	char *url = strstr(line, "://"), *host = url ? url + 3 : line;

	host[strcspn(host, *host == '[' ? "]" : "/:?# \t")] = '\0';
	*ret_name = host[strspn(host, "0123456789.")] && (url || strchr(host, '.'));
	for (const char *p = host; *p; p++)
		*ret_name &= isalnum((unsigned char)*p) || strchr("-_.", *p);
	return host;
}

/* The text in a line that should be an address, or NULL. */
static char *find_address(const struct feed_format *f, char *line, char joined[128], bool *ret_name)
{
	char *cell[COLUMNS_MAX];
	int n;

	switch (f->kind) {
	case FEED_URLS:
		return find_host(line, ret_name);
	case FEED_COLUMNS:
		n = split_cells(f, line, cell);
		if (f->column >= n || f->length >= n)
			return NULL;
		if (f->length < 0)
			return text_trim(cell[f->column]);
		snprintf(joined, 128, "%s/%s", text_trim(cell[f->column]),
			 text_trim(cell[f->length]));
		return joined;
	default:
		line[strcspn(line, " \t,;#|\"")] = '\0';
		return line;
	}
}

static int parse_lines(const struct feed_format *f, char *text, size_t max, struct feed_prefixes *p)
{
	while (text && *text) {
		char joined[128], *line = text_trim(strsep(&text, "\n")), *address;
		struct prefix prefix;
		bool name = false;

		if (!*line || *line == '#' || *line == ';' || strncmp(line, "//", 2) == 0)
			continue;
		address = find_address(f, line, joined, &name);
		if (name)
			p->names++;
		else if (!address || read_prefix(address, &prefix))
			p->unreadable++;
		else if (prefix_keep(p, &prefix, max))
			return 1;
	}
	return 0;
}

static int keep_member(const struct feed_format *f, const json_t *object, size_t max,
		       struct feed_prefixes *p)
{
	const char *value = json_string_value(json_object_get(object, f->member));
	CLEANUP_FREE char *copy = value ? strdup(value) : NULL;
	struct prefix prefix;

	if (copy && read_prefix(copy, &prefix) == 0)
		return prefix_keep(p, &prefix, max);
	p->unreadable++;
	return 0;
}

static int parse_json(const struct feed_format *f, char *text, size_t len, size_t max,
		      struct feed_prefixes *p)
{
	CLEANUP_JSON json_t *json = json_loadb(text, len, 0, NULL);
	json_t *object;
	size_t i;

	if (json_is_array(json)) {
		json_array_foreach (json, i, object)
			if (keep_member(f, object, max, p))
				return 1;
		return 0;
	}
	while (text && *text) {
		char *line = text_trim(strsep(&text, "\n"));
		CLEANUP_JSON json_t *one = *line ? json_loads(line, 0, NULL) : NULL;

		/* Spamhaus closes its lists with a line of facts about the list. */
		if (json_object_get(one, "type") && !json_object_get(one, f->member))
			continue;
		if (*line && keep_member(f, one, max, p))
			return 1;
	}
	return 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order = memcmp(&x->ip, &y->ip, sizeof(x->ip));

	return order ? order : (int)x->len - (int)y->len;
}

static void sort_unique(struct feed_prefixes *p)
{
	size_t n = 0;

	if (p->n)
		qsort(p->prefix, p->n, sizeof(*p->prefix), compare_prefixes);
	for (size_t i = 0; i < p->n; i++)
		if (n == 0 || compare_prefixes(&p->prefix[i], &p->prefix[n - 1]) != 0)
			p->prefix[n++] = p->prefix[i];
	p->n = n;
}

int feed_parse(const struct feed_format *format, const char *text, size_t len, size_t max,
	       struct feed_prefixes *ret_prefixes, struct err *err)
{
	CLEANUP_FREE char *copy = malloc(len + 1);
	struct feed_prefixes p = { 0 };
	int full;

	if (!copy)
		return err_set(err, EF_FAILED, "out of memory");
	if (memchr(text, '\0', len))
		return err_set(err, EF_FAILED, "the reply holds a NUL: it is no text");
	memcpy(copy, text, len);
	copy[len] = '\0';
	full = format->kind == FEED_JSON ? parse_json(format, copy, len, max, &p)
					 : parse_lines(format, copy, max, &p);
	if (full) {
		feed_prefixes_release(&p);
		return err_set(err, EF_FAILED, "more than %zu addresses", max);
	}
	sort_unique(&p);
	*ret_prefixes = p;
	return 0;
}

void feed_prefixes_release(struct feed_prefixes *p)
{
	free(p->prefix);
	*p = (struct feed_prefixes){ 0 };
}
