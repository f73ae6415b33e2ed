/* SPDX-License-Identifier: Apache-2.0
 * efctl top: what has the most of the flows in the index. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/commands.h"
#include "importer/core/print.h"
#include "importer/left_empty.h"
#include "importer/query/known.h"
#include "importer/query/rank_show.h"

#define PEAK_STEP_MS (5 * 60 * 1000)

static void top_show(const struct app *app, const struct rank *rank, const struct rank_ask *ask)
{
	enum rows_format format = app->flags.json ? ROWS_JSON : app->flags.format;
	if (app->flags.show_query)
		query_show_all(app, rank->asked);
	else if (rank->all.flows || format != ROWS_TABLE)
		rank_show(rank, ask, format);
	else
		print_plain(stderr,
			    "no such flow records in %s-%s; new ones are found within "
			    "setup.refresh (10s)\n",
			    NAME(app->elastic.prefix, "logs-flow"), app->elastic.namespace);
}

static int top_rank(struct app *app, struct es *es, const struct query *query,
		    const struct subject *subject, struct err *err)
{
	CLEANUP_JSON json_t *clause = query_clause(query);
	struct searcher searcher;
	struct rank rank = { 0 };
	struct rank_ask ask = {
		.subject = subject,
		.query = clause,
		.by = app->flags.by,
		.count = (size_t)app->flags.count,
		.exact = app->flags.exact,
		.from_ms = query->when.has_from ? query->when.from_ms : 0,
		.to_ms = query->when.has_to ? query->when.to_ms : 0,
		.step_ms = PEAK_STEP_MS,
	};
	if (search_begin(&searcher, app, es, err))
		return -1;
	if (!app->flags.watch)
		left_empty_say(app, es, clause, subject);
	int result = rank_do(&searcher, &ask, &rank, err);
	if (app->flags.watch)
		fputs(PRINT_HOME, stdout);
	if (result == 0)
		top_show(app, &rank, &ask);
	else
		query_refused(query, err);
	rank_release(&rank);
	return result;
}

static int top_find(struct app *app, struct query *query, const struct subject *subject,
		    struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	struct known_field named[KNOWN_MAX];
	const size_t n = known_of_subject(subject, "top", named, 0);
	if (app_connect(app, &es, err) || known_check(app, es, query, named, n, err))
		return -1;
	return top_rank(app, es, query, subject, err);
}

/* One look; times such as --since are of now. */
static int top_once(struct app *app, const struct subject *subject, struct err *err)
{
	CLEANUP_QUERY struct query query = { 0 };
	if (query_read(app, app->args.n ? 1 : 0, &query, err))
		return -1;
	if (!app->flags.watch)
		query_say(&query);
	return top_find(app, &query, subject, err);
}

int cmd_top(struct app *app, struct err *err)
{
	struct subject subject;
	const bool drawn = app->flags.format == ROWS_TABLE && !app->flags.json;
	if (subject_parse(app->args.n ? app->args.item[0] : "hosts", &subject, err))
		return -1;
	if (app->flags.watch && (!isatty(STDOUT_FILENO) || !drawn || app->flags.show_query))
		return err_set(
		    err, EF_USAGE,
		    "--watch draws a table on a terminal; programs ask again themselves");
	for (;;) {
		if (top_once(app, &subject, err))
			return -1;
		if (!app->flags.watch)
			return 0;
		fflush(stdout);
		const struct timespec pause = { .tv_sec = app->flags.watch / 1000,
						.tv_nsec = app->flags.watch % 1000 * 1000000 };
		nanosleep(&pause, NULL);
	}
}
