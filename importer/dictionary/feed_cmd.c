/* SPDX-License-Identifier: Apache-2.0
 * efctl dictionaries feeds and update: what feeds there are, and the download of those that are
 * switched on. */
#include "importer/dictionary/feed_cmd.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/http.h"
#include "common/url.h"
#include "importer/client/advice.h"
#include "importer/client/settings.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/feed.h"
#include "importer/dictionary/feed_choice.h"

static const char *const outcome_names[] = {
	[FEED_NEW] = "new",
	[FEED_SAME] = "unchanged",
	[FEED_WAIT] = "not due",
};

static json_t *feed_json(const struct dict_row *row, const char *dir)
{
	CLEANUP_FREE char *path = dir ? feed_path(dir, row->cell[FEED_NAME]) : NULL;
	int64_t age = path ? feed_age_ms(path) : -1;
	char shown[URL_SHOWN_MAX];

	url_shown(row->cell[FEED_URL], shown, sizeof(shown));
	return json_pack("{s:s,s:b,s:s,s:s,s:s,s:s,s:I,s:I}", "feed", row->cell[FEED_NAME],
			 "enabled", feed_is_on(row), "category", row->cell[FEED_CATEGORY], "url",
			 shown, "terms", row->cell[FEED_TERMS], "use",
			 feed_uses[feed_use(row)].word, "age_ms", (json_int_t)age, "indicators",
			 (json_int_t)(age < 0 ? 0 : feed_kept_rows(path)));
}

int feeds_list(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_JSON json_t *json = json_array();
	const struct dict_rows *feeds;

	if (dict_open(app, &set, err) || dict_set_rows(set, "threat-feeds", &feeds, err))
		return -1;
	if (!app->flags.json) {
		feeds_print(stdout, feeds, dict_dir(app), false);
		return EF_DONE;
	}
	for (const struct dict_row *row = feeds->row; row; row = row->hh.next)
		json_array_append_new(json, feed_json(row, dict_dir(app)));
	print_json(stdout, json, JSON_INDENT(2));
	return EF_DONE;
}

static bool feed_chosen(const struct app *app, const char *feed)
{
	for (size_t i = 1; i < app->args.n; i++)
		if (strcmp(app->args.item[i], feed) == 0)
			return true;
	return app->args.n < 2;
}

int feeds_note_gone(const struct app *app, struct dict_set *set, json_t *notes, struct err *err)
{
	const struct strlist *choice = &app->setup.feeds;
	const struct dict_rows *feeds;

	if (dict_set_rows(set, "threat-feeds", &feeds, err))
		return -1;
	for (size_t i = 0; !settings_named(app, "setup.feeds") && i < choice->n; i++)
		if (!feeds_word_known(feeds, choice->item[i]))
			json_array_append_new(
			    notes,
			    json_sprintf("what the record says is not used: setup.feeds: no feed "
					 "is called \"%s\" any more; %s lists them, and setup "
					 "--feeds NAME,… chooses anew",
					 choice->item[i], ADVICE(app, "dictionaries feeds")));
	return 0;
}

/* What somebody names has to be there; what is remembered is in the way of no other feed. */
static int check_choice(const struct app *app, struct dict_set *set, const struct dict_rows *feeds,
			struct err *err)
{
	CLEANUP_JSON json_t *notes = json_array();
	size_t i;
	json_t *note;

	if (settings_named(app, "setup.feeds"))
		return feeds_choice_check(feeds, &app->setup.feeds, err);
	if (feeds_note_gone(app, set, notes, err))
		return -1;
	json_array_foreach (notes, i, note)
		print_plain(stderr, "note: %s\n", json_string_value(note));
	return 0;
}

/* A name that is no feed, or one that is off, is a mistake and not a feed without news. */
static int check_names(const struct app *app, const struct dict_rows *feeds, struct err *err)
{
	for (size_t i = 1; i < app->args.n; i++) {
		const struct dict_row *row = feeds->row;

		while (row && strcmp(row->cell[FEED_NAME], app->args.item[i]) != 0)
			row = row->hh.next;
		if (!row)
			return err_set(
			    err, EF_USAGE,
			    "no feed is called \"%s\"; efctl dictionaries feeds lists them",
			    app->args.item[i]);
		if (!feed_is_on(row))
			return err_set(
			    err, EF_USAGE,
			    "feed \"%s\" is off. Its terms: %s. `efctl setup --feeds` switches "
			    "on what you choose",
			    row->cell[FEED_NAME], row->cell[FEED_TERMS]);
	}
	return feed_check_all(feeds, err);
}

static void report(const struct dict_row *row, const struct feed_report *r)
{
	char age[FEED_AGE_MAX];

	feed_age_text(r->age_ms, age);
	if (r->outcome != FEED_NEW) {
		print_plain(stdout, "%-34s %s (%s)\n", row->cell[FEED_NAME],
			    outcome_names[r->outcome], age);
		return;
	}
	print_plain(stdout, "%-34s %zu indicators", row->cell[FEED_NAME], r->entries);
	if (r->reserved || r->wide || r->unreadable)
		print_plain(stdout, "; left out: %zu reserved, %zu too wide, %zu unreadable",
			    r->reserved, r->wide, r->unreadable);
	print_plain(stdout, "; terms: %s\n", row->cell[FEED_TERMS]);
}

/* Elsewhere than our cluster: its CA, its credentials and its endpoints are no concern of the
 * feeds. */
static struct elastic_settings outside(const struct app *app)
{
	return (struct elastic_settings){ .verify = true,
					  .proxy = app->elastic.proxy,
					  .timeout_ms = app->elastic.timeout_ms,
					  .connect_timeout_ms = app->elastic.connect_timeout_ms };
}

static int update_all(struct app *app, struct http *http, struct dict_set *set,
		      const struct dict_rows *feeds, struct err *err)
{
	const struct dict_rows *special;
	size_t failed = 0, n = 0;

	if (dict_set_rows(set, "special-purpose", &special, err))
		return -1;
	for (const struct dict_row *row = feeds->row; row; row = row->hh.next) {
		bool force = app->flags.force || app->args.n > 1;
		struct err why = ERR_NONE;
		struct feed_report r;

		if (!feed_is_on(row) || !feed_chosen(app, row->cell[FEED_NAME]))
			continue;
		n++;
		if (feed_update(http, app->dictionaries.dir, row, special, force, &r, &why) == 0) {
			report(row, &r);
			continue;
		}
		print_plain(stderr, "%s; the indicators of before stay\n", why.msg);
		failed++;
	}
	if (failed)
		return err_set(err, EF_FAILED, "%zu of %zu feeds could not be updated", failed, n);
	return EF_DONE;
}

int feeds_update(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	struct elastic_settings settings = outside(app);
	const struct dict_rows *feeds;
	struct http *http;
	int rc;

	if (dict_open(app, &set, err) || dict_set_rows(set, "threat-feeds", &feeds, err) ||
	    check_names(app, feeds, err) || check_choice(app, set, feeds, err))
		return -1;
	if (feeds_on(feeds) == 0) {
		print_plain(
		    stdout,
		    "no feed is switched on; efctl dictionaries feeds lists them with their "
		    "terms\n");
		return EF_DONE;
	}
	http = http_new(&settings, err);
	if (!http)
		return -1;
	rc = update_all(app, http, set, feeds, err);
	http_free(http);
	return rc;
}

int feeds_offer(struct app *app, struct dict_set *set, bool ask, json_t *notes, struct err *err)
{
	const struct dict_rows *feeds;

	if (dict_set_rows(set, "threat-feeds", &feeds, err))
		return -1;
	if (settings_named(app, "setup.feeds") && feeds_choice_check(feeds, &app->setup.feeds, err))
		return -1;
	if (app->setup.feeds.n || feeds_on(feeds))
		return 0;
	if (!ask) {
		json_array_append_new(
		    notes, json_sprintf("no threat feed is chosen: %s lists them with their terms; "
					"--feeds NAME,… chooses, --feeds none ends this note",
					ADVICE(app, "dictionaries feeds")));
		return 0;
	}
	return feeds_ask(feeds, dict_dir(app), &app->setup.feeds, err) ||
		       dict_set_choose(set, &app->setup.feeds, err)
		   ? -1
		   : 0;
}
