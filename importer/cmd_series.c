/* SPDX-License-Identifier: Apache-2.0
 * efctl series: what flows were over time. */
#include <stdio.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/commands.h"
#include "importer/core/print.h"
#include "importer/left_empty.h"
#include "importer/query/known.h"
#include "importer/query/rows.h"
#include "importer/query/series_show.h"
#include "importer/steps.h"

#define STEPS_DRAWN 90  /* a step has two columns of dots, or more */
#define STEPS_TABLE 300 /* for programs, unless they say --step */

static void answer_show(const struct app *app, const struct series *series, enum rows_format format)
{
	if (app->flags.show_query)
		query_show_all(app, series->asked);
	else if (series->sum[0].flows || format != ROWS_TABLE)
		series_show(series, format);
	else
		print_plain(stderr, "no such flow records in %s-%s\n",
			    NAME(app->elastic.prefix, "logs-flow"), app->elastic.namespace);
}

static int series_find(struct app *app, struct es *es, const struct query *query,
		       const struct subject *subject, struct err *err)
{
	enum rows_format format = app->flags.json ? ROWS_JSON : app->flags.format;
	CLEANUP_JSON json_t *clause = query_clause(query);
	struct searcher searcher;
	struct series series = { 0 };
	struct series_ask ask = {
		.subject = subject,
		.query = clause,
		.count = (size_t)app->flags.lines,
		.from_ms = query->when.has_from ? query->when.from_ms : 0,
		.to_ms = query->when.has_to ? query->when.to_ms : 0,
		.step_ms = (uint64_t)app->flags.step,
		.most = format == ROWS_TABLE ? STEPS_DRAWN : STEPS_TABLE,
	};
	if (search_begin(&searcher, app, es, err) || steps_least(app, es, &ask.least_ms, err))
		return -1;
	if (ask.step_ms && ask.step_ms < ask.least_ms)
		return err_set(err, EF_USAGE,
			       "--step: exporters report a flow up to %llu s after it began "
			       "(setup.active_timeout), and it counts where it ends, so steps "
			       "cannot be shorter",
			       (unsigned long long)(ask.least_ms / 1000));
	left_empty_say(app, es, clause, subject);
	int result = series_do(&searcher, &ask, &series, err);
	if (result == 0)
		answer_show(app, &series, format);
	else
		query_refused(query, err);
	series_release(&series);
	return result;
}

int cmd_series(struct app *app, struct err *err)
{
	struct subject subject;
	struct known_field named[KNOWN_MAX];
	size_t n = 0;
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_QUERY struct query query = { 0 };
	if (app->flags.dimension && subject_parse(app->flags.dimension, &subject, err))
		return -1;
	if (query_read(app, 0, &query, err))
		return -1;
	query_say(&query);
	if (app->flags.dimension)
		n = known_of_subject(&subject, "--by", named, 0);
	if (app_connect(app, &es, err) || known_check(app, es, &query, named, n, err))
		return -1;
	return series_find(app, es, &query, app->flags.dimension ? &subject : NULL, err);
}
