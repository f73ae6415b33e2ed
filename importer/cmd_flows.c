/* SPDX-License-Identifier: Apache-2.0
 * efctl flows: the records themselves. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/client/es.h"
#include "importer/commands.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/flows_columns.h"
#include "importer/flows_print.h"
#include "importer/flows_sink.h"
#include "importer/left_empty.h"
#include "importer/query/known.h"
#include "importer/query/link.h"
#include "importer/query/pages.h"
#include "importer/query/rows.h"

#define FLOWS_SHOWN 20 /* lines of a table, unless somebody wants more */

static volatile sig_atomic_t flows_interrupted;

static void flows_interrupt(int signal_number)
{
	(void)signal_number;
	flows_interrupted = 1;
}

/* The first Ctrl-C ends after the page that is on its way, the second one at
 * once. */
static void flows_watch(void)
{
	struct sigaction action = { .sa_handler = flows_interrupt, .sa_flags = SA_RESETHAND };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

struct flows_run {
	enum flows_format format;
	const char *output; /* NULL: standard output */
	struct pages_wish wish;
	char *sort; /* owned: the field */
	json_t *fields;
	struct flows_printer *printer;
	struct flows_sink *sink;
	uint64_t done, begun_ms;
	bool progress; /* on standard error */
};

static void run_release(struct flows_run *run)
{
	struct err none = ERR_NONE;
	flows_printer_free(run->printer);
	flows_sink_close(run->sink, &none);
	json_decref(run->fields);
	free(run->sort);
}

/* FIELD, FIELD:asc, FIELD:desc */
static int sort_read(const char *text, struct flows_run *run, struct err *err)
{
	const char *order = text ? strchr(text, ':') : NULL;
	CLEANUP_FREE char *word =
	    text ? strndup(text, order ? (size_t)(order - text) : SIZE_MAX) : strdup("time");
	if (order && strcmp(order, ":asc") != 0 && strcmp(order, ":desc") != 0)
		return err_set(err, EF_USAGE, "--sort: '%s' is no order: write :asc or :desc",
			       order);
	if (!word || !*word || strchr(word, ' ') || strcmp(word, "_id") == 0)
		return err_set(err, EF_USAGE,
			       "--sort: a field is wanted, or time, bytes, packets, duration");
	run->sort = strdup(flows_sort_field(word));
	if (!run->sort)
		return err_set(err, EF_FAILED, "out of memory");
	run->wish.sort = run->sort;
	run->wish.ascending = order && strcmp(order, ":asc") == 0;
	return 0;
}

static int run_check(const struct flags *f, struct err *err)
{
	const bool table = f->record_format == FLOWS_TABLE && !f->json;
	if (f->json && f->record_format != FLOWS_TABLE && f->record_format != FLOWS_JSON)
		return err_set(err, EF_USAGE, "--json and --format %s do not go together",
			       flows_formats[f->record_format]);
	if (f->kql + f->show_query + (f->link != LINK_NOWHERE) > 1)
		return err_set(err, EF_USAGE,
			       "of --kql, --show-query and --link one is enough at a time");
	if (f->limit && f->all)
		return err_set(err, EF_USAGE, "-n and --all do not go together");
	if (f->wide && !table)
		return err_set(err, EF_USAGE, "--wide is for a table");
	if (f->fields.n > FLOWS_COLUMNS_MAX)
		return err_set(err, EF_USAGE, "--fields: %d are the most", FLOWS_COLUMNS_MAX);
	return 0;
}

static int run_read(const struct app *app, struct flows_run *run, struct err *err)
{
	const struct flags *f = &app->flags;
	if (run_check(f, err) || sort_read(f->sort, run, err))
		return -1;
	run->output = f->output && strcmp(f->output, "-") != 0 ? f->output : NULL;
	run->format = f->json ? FLOWS_JSON : (enum flows_format)f->record_format;
	run->wish.limit = (uint64_t)f->limit;
	if (!f->limit && !f->all && run->format == FLOWS_TABLE && !run->output)
		run->wish.limit = FLOWS_SHOWN;
	run->progress = isatty(STDERR_FILENO) && (run->output || !isatty(STDOUT_FILENO));
	run->wish.count = run->progress;
	run->printer = flows_printer_new(run->format, &f->fields, f->wide,
					 run->output ? 0 : (int)rows_width(0));
	run->fields = flows_printer_fields(run->printer);
	run->wish.fields = run->fields;
	return 0;
}

static void run_show_query(const struct app *app, const struct query *q,
			   const struct flows_run *run)
{
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:I,s:[{s:s}],s:o}", "size",
	    (json_int_t)(run->wish.limit ? run->wish.limit : PAGES_SIZE), "sort", run->wish.sort,
	    run->wish.ascending ? "asc" : "desc", "query", query_clause(q));
	if (run->fields)
		json_object_set(body, "_source", run->fields);
	query_show(app, body);
}

static int run_kql(const struct query *q, struct err *err)
{
	CLEANUP_FREE char *text = NULL;
	if (filter_kql(q->filter, &text, err))
		return -1;
	print_plain(stdout, "%s\n", text);
	query_say(q);
	return 0;
}

static int run_link(const struct app *app, const struct query *q, struct err *err)
{
	CLEANUP_FREE char *url = NULL;
	if (link_of(app, q, (enum link_place)app->flags.link, &url, err))
		return -1;
	print_plain(stdout, "%s\n", url);
	if (q->when.has_from || q->when.has_to)
		query_say(q);
	else
		print_plain(stderr, "no time was named: Kibana takes its own\n");
	return 0;
}

static void run_progress(const struct flows_run *run, const struct pages *pages)
{
	char done[NUMBER_MAX], all[NUMBER_MAX], rate[NUMBER_MAX];
	bool more;
	uint64_t total = pages_total(pages, &more);
	const uint64_t ms = clock_now_ms() - run->begun_ms;
	if (run->wish.limit && run->wish.limit < total)
		total = run->wish.limit;
	fputs(PRINT_AGAIN, stderr);
	print_plain(stderr, "%s of %s%s records, %s a second", number_text(run->done, done),
		    more ? "more than " : "", number_text(total, all),
		    number_text(run->done * 1000 / (ms ? ms : 1), rate));
}

static int run_pages(struct flows_run *run, struct pages *pages, struct err *err)
{
	int found = 1;
	while (!flows_interrupted) {
		const struct pages_record *records;
		size_t n;
		found = pages_next(pages, &records, &n, err);
		if (found != 1)
			break;
		const size_t done =
		    flows_print(run->printer, flows_sink_out(run->sink), records, n, err);
		if (flows_sink_pass(run->sink, err))
			return -1;
		run->done += done;
		if (done < n)
			return -1;
		if (run->progress)
			run_progress(run, pages);
	}
	if (run->progress)
		fputs(PRINT_AGAIN, stderr);
	return found < 0 ? -1 : 0;
}

/* What there is beside that, for people. */
static void run_say(const struct flows_run *run, const struct pages *pages)
{
	char done[PLURAL_MAX], all[PLURAL_MAX];
	bool more;
	const uint64_t total = pages_total(pages, &more);
	if (!run->done)
		print_plain(stderr,
			    "no records; new ones become visible within setup.refresh (10s)\n");
	else if (run->format == FLOWS_TABLE && run->done < total)
		print_plain(stderr, "%s of %s%s; -n N shows others, --all all of them\n",
			    number_text(run->done, done), more ? "more than " : "",
			    plural_text(total, "record", all));
	else if (run->output)
		print_plain(stderr, "%s in %s\n", plural_text(run->done, "record", done),
			    run->output);
}

/* The fields that --sort and --fields name; patterns apart, which are for _source alone. */
static size_t run_named(const struct app *app, const struct flows_run *run,
			struct known_field named[KNOWN_MAX])
{
	const struct strlist *fields = &app->flags.fields;
	size_t n = 0;
	named[n++] = (struct known_field){ "--sort", run->wish.sort, true };
	for (size_t i = 0; i < fields->n && n < KNOWN_MAX; i++)
		if (!strchr(fields->item[i], '*'))
			named[n++] = (struct known_field){ "--fields", fields->item[i], false };
	return n;
}

/* Whether all that is named exists; what is ours alone can be shown without a cluster. */
static int run_known(struct app *app, struct es **ret_es, struct query *q,
		     const struct flows_run *run, struct err *err)
{
	struct known_field named[KNOWN_MAX];
	const size_t n = run_named(app, run, named);
	const bool shown = app->flags.kql || app->flags.show_query || app->flags.link;
	if (shown && known_is_ours(q, named, n))
		return 0;
	return app_connect(app, ret_es, err) || known_check(app, *ret_es, q, named, n, err) ? -1
											    : 0;
}

static int run_go(struct app *app, struct es *es, const struct query *q, struct flows_run *run,
		  struct err *err)
{
	CLEANUP_PAGES struct pages *pages = NULL;
	char done[PLURAL_MAX];
	CLEANUP_JSON json_t *clause = query_clause(q);
	query_say(q);
	if (pages_open(app, es, q, &run->wish, &pages, err) ||
	    flows_sink_open(run->output, &run->sink, err))
		return -1;
	left_empty_say(app, es, clause, NULL);
	flows_watch();
	run->begun_ms = clock_now_ms();
	const int result = run_pages(run, pages, err);
	flows_print_end(run->printer, flows_sink_out(run->sink));
	if (result) { /* what was written stays, and is whole */
		struct err none = ERR_NONE;
		flows_sink_close(steal_ptr(run->sink), &none);
		return err_wrap(err, "after %s", plural_text(run->done, "record", done));
	}
	if (flows_sink_close(steal_ptr(run->sink), err))
		return -1;
	if (flows_interrupted)
		return err_set(err, EF_FAILED, "interrupted after %s, written whole",
			       plural_text(run->done, "record", done));
	run_say(run, pages);
	return 0;
}

static int run_all(struct app *app, struct query *q, struct flows_run *run, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	if (run_known(app, &es, q, run, err))
		return -1;
	if (app->flags.kql)
		return run_kql(q, err);
	if (app->flags.link)
		return run_link(app, q, err);
	if (!app->flags.show_query)
		return run_go(app, es, q, run, err);
	run_show_query(app, q, run);
	return 0;
}

int cmd_flows(struct app *app, struct err *err)
{
	CLEANUP_QUERY struct query q = { 0 };
	struct flows_run run = { .output = NULL };
	int result = -1;
	if (query_read(app, 0, &q, err) == 0 && run_read(app, &run, err) == 0)
		result = run_all(app, &q, &run, err);
	run_release(&run);
	return result;
}
