/* SPDX-License-Identifier: Apache-2.0
 * A question about flows as a command line asks it: which records, of which time. What flows, top,
 * series and report have in common. */
#include "importer/query/query.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/names.h"
#include "importer/client/remote.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"

int query_read(const struct app *app, size_t first, struct query *ret_query, struct err *err)
{
	const struct flags *f = &app->flags;
	const struct when_words words = {
		.from = f->from,
		.to = f->until,
		.around = f->around,
		.since_ms = f->since,
		.window_ms = f->window,
	};
	struct query q = { .first = first };
	if (when_read(&words, clock_wall_ms(), &q.when, err) ||
	    filter_parse_words(&app->args, first, NULL, &q.filter, err))
		return -1;
	*ret_query = q;
	return 0;
}

char *query_text(const struct app *app, size_t first)
{
	struct buf b;
	buf_init(&b, FILTER_TEXT_MAX);
	for (size_t i = first; i < app->args.n; i++)
		if ((i > first && buf_add_text(&b, " ")) || buf_add_text(&b, app->args.item[i]))
			memory_out();
	char *text = buf_steal(&b);
	return text ? text : strdup("");
}

void query_release(struct query *q)
{
	filter_free(q->filter);
	q->filter = NULL;
}

json_t *query_clause(const struct query *q)
{
	const bool timed = q->when.has_from || q->when.has_to;
	if (!timed || filter_is_all(q->filter)) {
		if (timed)
			return json_pack("{s:{s:[o]}}", "bool", "filter", when_query(&q->when));
		return json_pack("{s:{s:[o]}}", "bool", "filter", filter_query(q->filter));
	}
	return json_pack("{s:{s:[o,o]}}", "bool", "filter", when_query(&q->when),
			 filter_query(q->filter));
}

char *query_pattern(const struct app *app)
{
	char name[NAME_ROOM + 120];
	snprintf(name, sizeof(name), "%s-%s", NAME(app->elastic.prefix, "logs-flow"),
		 app->elastic.namespace);
	char *pattern = remote_pattern(name, &app->kibana.remote);
	if (!pattern)
		memory_out();
	return pattern;
}

void query_show(const struct app *app, const json_t *body)
{
	CLEANUP_FREE char *pattern = query_pattern(app);
	print_plain(stdout, "POST %s/_search\n", pattern);
	print_json(stdout, body, JSON_INDENT(2));
}

void query_show_all(const struct app *app, const json_t *asked)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)asked, i, one) {
		json_object_set_new(one, "size", json_integer(0));
		query_show(app, one);
	}
}

void query_say(const struct query *q)
{
	static const char *const dear[] = {
		[FILTER_VALUES] = "has no index: its values are read of every record that nothing "
				  "else leaves out",
		[FILTER_SCRIPT] = "is asked by a script, which runs on every record that nothing "
				  "else leaves out",
	};
	char text[WHEN_SAY_MAX];
	const char *field = NULL;
	const enum filter_cost cost = filter_cost(q->filter, &field);
	if (q->when.has_from || q->when.has_to)
		print_plain(stderr, "%s\n", when_say(&q->when, text));
	if (cost != FILTER_INDEXED && field)
		print_plain(stderr, "%s %s\n", field, dear[cost]);
}

int query_refused(const struct query *q, struct err *err)
{
	const char *field = NULL;
	const enum filter_cost cost = filter_cost(q->filter, &field);
	if (!strstr(err->msg, "allow_expensive_queries"))
		return -1;
	return err_set(err, EF_FAILED,
		       "this cluster forbids expensive queries (search.allow_expensive_queries), "
		       "and this filter is one: %s %s; docs/asking.md has what is indexed",
		       field ? field : "it",
		       cost == FILTER_SCRIPT ? "is asked by a script" : "has no index");
}
