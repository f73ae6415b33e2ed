/* SPDX-License-Identifier: Apache-2.0
 * efctl report: a page about flows that everybody can open. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/commands.h"
#include "importer/core/files.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/left_empty.h"
#include "importer/query/known.h"
#include "importer/report/report.h"
#include "importer/steps.h"

#define REPORT_MODE 0644

static int page_put(const struct app *app, const struct html_page *page, uint64_t flows,
		    struct err *err)
{
	const char *path = app->flags.report;
	char count[PLURAL_MAX];
	if (strcmp(path, "-") == 0) {
		if (fwrite(page->text.data, 1, page->text.len, stdout) != page->text.len)
			return err_set(err, EF_FAILED, "the report could not be written");
		return 0;
	}
	if (file_write(path, page->text.data, page->text.len, REPORT_MODE, err))
		return -1;
	print_plain(stderr, "%s: a report of %s; any browser opens it\n", path,
		    plural_text(flows, "flow", count));
	return 0;
}

/* What the report says of what the installation leaves empty. */
struct empty_notes {
	const struct app *app;
	const json_t *options; /* NULL: they are not known */
	const json_t *query;
	char text[LEFT_EMPTY_TEXT];
};

static const char *empty_note(void *arg, const struct subject *subject)
{
	struct empty_notes *notes = arg;
	const json_t *query = subject ? NULL : notes->query;
	return left_empty_of(notes->app, notes->options, query, subject, notes->text) ? notes->text
										      : NULL;
}

/* The first of them on standard error: by the filter, or by what the page ranks. */
static int empty_say(struct empty_notes *notes, struct err *err)
{
	struct subject places;
	if (subject_parse("as,countries", &places, err))
		return -1;
	const char *note = empty_note(notes, NULL);
	if (!note)
		note = empty_note(notes, &places);
	if (note)
		print_plain(stderr, "%s\n", note);
	return 0;
}

static int report_make(struct app *app, struct es *es, const struct query *query, struct err *err)
{
	CLEANUP_JSON json_t *clause = query_clause(query);
	CLEANUP_FREE char *filter = query_text(app, query->first);
	CLEANUP_FREE char *pattern = query_pattern(app);
	CLEANUP_JSON json_t *options = left_empty_options(es);
	struct empty_notes notes = { .app = app, .options = options, .query = clause };
	struct report_ask ask = {
		.query = clause,
		.filter = filter,
		.from_ms = query->when.has_from ? query->when.from_ms : 0,
		.to_ms = query->when.has_to ? query->when.to_ms : 0,
		.pattern = pattern,
		.count = (size_t)app->flags.count,
		.note = empty_note,
		.note_arg = &notes,
	};
	struct searcher searcher;
	struct html_page page;
	uint64_t flows = 0;
	if (!filter)
		memory_out();
	if (search_begin(&searcher, app, es, err) || steps_least(app, es, &ask.least_ms, err))
		return -1;
	if (empty_say(&notes, err))
		return -1;
	page_init(&page);
	int result = report_write(&page, &searcher, &ask, &flows, err);
	if (result == 0)
		result = page_put(app, &page, flows, err);
	else
		query_refused(query, err);
	page_release(&page);
	return result;
}

int cmd_report(struct app *app, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_QUERY struct query query = { 0 };
	if (query_read(app, 0, &query, err))
		return -1;
	if (strcmp(app->flags.report, "-") != 0 && file_is_plain(app->flags.report, err))
		return -1;
	query_say(&query);
	if (app_connect(app, &es, err) || known_check(app, es, &query, NULL, 0, err))
		return -1;
	return report_make(app, es, &query, err);
}
