/* SPDX-License-Identifier: Apache-2.0
 * A question as a link into Kibana: its time, and its filter as a query there. */
#include "importer/query/link.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/names.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"

const char *const link_places[] = { [LINK_NOWHERE] = "none",
				    [LINK_DISCOVER] = "discover",
				    [LINK_RECORDS] = "records",
				    [LINK_HOSTS] = "hosts",
				    NULL };

static void rison_print(FILE *out, const json_t *value);

/* Without quotes where nothing in it could be taken for something else. */
static void rison_text(FILE *out, const char *text)
{
	static const char special[] = " '!:(),*@$";
	const bool plain = *text && !strchr("-0123456789", *text) &&
			   !text[strcspn(text, special)] && !strpbrk(text, "\t\r\n");
	if (!plain)
		fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '!')
			fputc('!', out);
		fputc(*text, out);
	}
	if (!plain)
		fputc('\'', out);
}

static void rison_object(FILE *out, const json_t *object)
{
	const char *name;
	json_t *value;
	bool more = false;
	fputc('(', out);
	json_object_foreach ((json_t *)object, name, value) {
		if (more)
			fputc(',', out);
		rison_text(out, name);
		fputc(':', out);
		rison_print(out, value);
		more = true;
	}
	fputc(')', out);
}

static void rison_print(FILE *out, const json_t *value)
{
	size_t i;
	const json_t *one;
	CLEANUP_FREE char *number = NULL;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		rison_object(out, value);
		break;
	case JSON_ARRAY:
		print_plain(out, "!(");
		json_array_foreach (value, i, one) {
			if (i)
				fputc(',', out);
			rison_print(out, one);
		}
		fputc(')', out);
		break;
	case JSON_STRING:
		rison_text(out, json_string_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		print_plain(out, json_is_true(value) ? "!t" : "!f");
		break;
	case JSON_NULL:
		print_plain(out, "!n");
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		number = json_dumps(value, JSON_ENCODE_ANY);
		print_plain(out, "%s", number ? number : "0");
		break;
	}
}

char *link_rison(const json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		memory_out();
	rison_print(out, value);
	if (fclose(out) || !text)
		memory_out();
	return text;
}

/* RFC 3986: unreserved characters stand for themselves, and of the others those that neither a
 * shell nor a terminal that looks for the end of a link stumbles over. */
static void link_encode(FILE *out, const json_t *value)
{
	CLEANUP_FREE char *text = link_rison(value);
	for (const char *c = text; *c; c++)
		if (isalnum((unsigned char)*c) || strchr("-._~:,", *c))
			fputc(*c, out);
		else
			print_plain(out, "%%%02X", (unsigned char)*c);
}

/* Kibana's filter of a query that it has no words for. */
static json_t *link_filter(const struct app *app, const struct query *q, const char *view)
{
	CLEANUP_FREE char *text = query_text(app, q->first);
	const bool ours = strcmp(app->elastic.namespace, "default") == 0;
	json_t *query = filter_query(q->filter);
	if (!ours)
		query = json_pack("{s:{s:[{s:{s:s}},o]}}", "bool", "filter", "term",
				  "data_stream.namespace", app->elastic.namespace, query);
	CLEANUP_FREE char *shown = json_dumps(query, JSON_COMPACT);
	json_t *meta =
	    json_pack("{s:s,s:b,s:s,s:s,s:b,s:s,s:s?}", "alias",
		      text && *text ? text : app->elastic.namespace, "disabled", 0, "index", view,
		      "key", "query", "negate", 0, "type", "custom", "value", shown);
	return json_pack("{s:{s:s},s:o,s:o}", "$state", "store", "appState", "meta", meta, "query",
			 query);
}

static json_t *link_time(const struct query *q)
{
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
	json_t *global = json_pack("{s:[]}", "filters");
	if (!q->when.has_from && !q->when.has_to) /* Kibana's own */
		return global;
	json_object_set_new(global, "time",
			    json_pack("{s:s,s:s}", "from",
				      clock_text_ms(q->when.has_from ? q->when.from_ms : 0, from),
				      "to",
				      q->when.has_to ? clock_text_ms(q->when.to_ms, to) : "now"));
	return global;
}

static void link_print(FILE *out, const struct app *app, const struct query *q,
		       enum link_place place)
{
	static const char *const paths[] = {
		[LINK_DISCOVER] = "discover#/",
		[LINK_RECORDS] = "dashboards#/view/",
		[LINK_HOSTS] = "dashboards#/view/",
	};
	static const char *const ids[] = {
		[LINK_DISCOVER] = NULL,
		[LINK_RECORDS] = "flow-records-client-server",
		[LINK_HOSTS] = "flow-hosts",
	};
	const char *url = app->kibana.url, *space = app->kibana.space;
	const char *view = NAME(app->elastic.prefix, "flow");
	size_t len = strlen(url);
	CLEANUP_JSON json_t *global = link_time(q);
	CLEANUP_JSON json_t *own =
	    json_pack("{s:[],s:{s:s,s:s}}", "filters", "query", "language", "kuery", "query", "");
	if (!filter_is_all(q->filter) || strcmp(app->elastic.namespace, "default") != 0)
		json_array_append_new(json_object_get(own, "filters"), link_filter(app, q, view));
	if (place == LINK_DISCOVER)
		json_object_set_new(own, "index", json_string(view));
	while (len && url[len - 1] == '/')
		len--;
	print_plain(out, "%.*s", (int)len, url);
	if (space && *space && strcmp(space, "default") != 0)
		print_plain(out, "/s/%s", space);
	print_plain(out, "/app/%s%s?_g=", paths[place],
		    ids[place] ? NAME(app->elastic.prefix, ids[place]) : "");
	link_encode(out, global);
	print_plain(out, "&_a=");
	link_encode(out, own);
}

int link_of(const struct app *app, const struct query *q, enum link_place place, char **ret_url,
	    struct err *err)
{
	char *url = NULL;
	size_t len;
	if (!app->kibana.url || !*app->kibana.url)
		return err_set(err, EF_USAGE,
			       "--link: say where Kibana is: --kibana-url http://127.0.0.1:5601, "
			       "or kibana.url in the settings");
	FILE *out = open_memstream(&url, &len);
	if (!out)
		memory_out();
	link_print(out, app, q, place);
	if (fclose(out) || !url)
		memory_out();
	*ret_url = url;
	return 0;
}
