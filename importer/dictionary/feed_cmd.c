/* SPDX-License-Identifier: Apache-2.0
 * efctl dictionaries feeds and update: what feeds there are, and the download of those that are switched on. */
#include "importer/dictionary/feed_cmd.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/http.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/feed.h"

static const char *const outcome_names[] = {
	[FEED_NEW] = "new",
	[FEED_SAME] = "unchanged",
	[FEED_WAIT] = "not due",
};

static void age_text(int64_t ms, char *text, size_t size)
{
	int64_t minutes = ms / 60000;

	if (ms < 0)
		snprintf(text, size, "never");
	else if (minutes < 120)
		snprintf(text, size, "%lld min ago", (long long)minutes);
	else if (minutes < 2880)
		snprintf(text, size, "%lld h ago", (long long)minutes / 60);
	else
		snprintf(text, size, "%lld days ago", (long long)minutes / 1440);
}

int feeds_list(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_JSON json_t *json = json_array();
	const struct dict_rows *feeds;

	if (dict_open(app, &set, err) || dict_set_rows(set, "threat-feeds", &feeds, err))
		return -1;
	for (const struct dict_row *row = feeds->row; row; row = row->hh.next) {
		CLEANUP_FREE char *path =
		    feed_path(dict_dir(app) ? dict_dir(app) : "", row->cell[FEED_NAME]);
		int64_t age = path ? feed_age_ms(path) : -1;
		bool on = strcmp(row->cell[FEED_ENABLED], "true") == 0;
		char ago[32];

		age_text(age, ago, sizeof(ago));
		if (app->flags.json)
			json_array_append_new(json, json_pack("{s:s,s:b,s:s,s:s,s:s,s:I}", "feed",
							      row->cell[FEED_NAME], "enabled", on,
							      "category", row->cell[FEED_CATEGORY],
							      "url", row->cell[FEED_URL], "terms",
							      row->cell[FEED_TERMS], "age_ms",
							      (json_int_t)age));
		else
			printf("%-3s  %-34s %-11s %-12s %s\n", on ? "on" : "off",
			       row->cell[FEED_NAME], row->cell[FEED_CATEGORY], ago,
			       row->cell[FEED_TERMS]);
	}
	if (app->flags.json)
		json_dumpf(json, stdout, JSON_INDENT(2)), putchar('\n');
	return EF_DONE;
}

static bool chosen(const struct app *app, const char *feed)
{
	for (size_t i = 1; i < app->args.n; i++)
		if (strcmp(app->args.item[i], feed) == 0)
			return true;
	return app->args.n < 2;
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
		if (strcmp(row->cell[FEED_ENABLED], "true") != 0)
			return err_set(
			    err, EF_USAGE,
			    "feed \"%s\" is off. Its terms: %s. To switch it on, copy its "
			    "row to %s/threat-feeds.csv with enabled = true",
			    row->cell[FEED_NAME], row->cell[FEED_TERMS], app->dictionaries.dir);
	}
	return feed_check_all(feeds, err);
}

static void report(const struct dict_row *row, const struct feed_report *r)
{
	char age[32];

	age_text(r->age_ms, age, sizeof(age));
	if (r->outcome != FEED_NEW) {
		printf("%-34s %s (%s)\n", row->cell[FEED_NAME], outcome_names[r->outcome], age);
		return;
	}
	printf("%-34s %zu indicators", row->cell[FEED_NAME], r->entries);
	if (r->reserved || r->wide || r->unreadable)
		printf("; left out: %zu reserved, %zu too wide, %zu unreadable", r->reserved,
		       r->wide, r->unreadable);
	printf("; terms: %s\n", row->cell[FEED_TERMS]);
}

/* Elsewhere than our cluster: its CA, its credentials and its endpoints are no concern of the feeds. */
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

		if (strcmp(row->cell[FEED_ENABLED], "true") != 0 ||
		    !chosen(app, row->cell[FEED_NAME]))
			continue;
		n++;
		if (feed_update(http, dict_dir(app), row, special, force, &r, &why) == 0) {
			report(row, &r);
			continue;
		}
		fprintf(stderr, "%s; the indicators of before stay\n", why.msg);
		failed++;
	}
	if (n == 0)
		printf("no feed is switched on; efctl dictionaries feeds lists them with their "
		       "terms\n");
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

	if (!dict_dir(app))
		return err_set(err, EF_USAGE,
			       "downloads need a place: make the directory " DICT_DIR
			       " or name another one (dictionaries.dir)");
	if (dict_open(app, &set, err) || dict_set_rows(set, "threat-feeds", &feeds, err) ||
	    check_names(app, feeds, err))
		return -1;
	http = http_new(&settings, err);
	if (!http)
		return -1;
	rc = update_all(app, http, set, feeds, err);
	http_free(http);
	return rc;
}
