/* SPDX-License-Identifier: Apache-2.0
 * Which threat feeds the installed tables hold, and of when: one document in the cluster, for
 * doctor, status and the dashboard Threats. */
#include "importer/dictionary/feed_state.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/ecs.h"
#include "common/names.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/table.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/feed.h"
#include "importer/dictionary/feed_choice.h"
#include "importer/dictionary/indicators.h"

#define STREAM "logs-ti_flow"

int feed_state_read(struct es *es, json_t **ret_feeds, struct err *err)
{
	char path[NAME_ROOM + 50];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:i,s:{s:{s:s}},s:[{s:{s:s}}]}", "size", 1, "query", "term", "event.dataset",
	    NAME(es_prefix(es), FEED_STATE_DATASET), "sort", "@timestamp", "order", "desc");

	snprintf(path, sizeof(path), "/%s-*/_search?allow_no_indices=true",
		 NAME(es_prefix(es), STREAM));
	if (es_call(es, "POST", path, body, &status, &reply, err))
		return -1;
	if (status != 200 && status != 403)
		return es_fail(es, "POST", path, status, reply, err);
	json_t *feeds =
	    json_at(json_array_get(json_at(reply, "hits.hits"), 0), "_source.flow.feeds");
	*ret_feeds = status == 403          ? json_null()
		     : json_is_array(feeds) ? json_incref(feeds)
					    : json_array();
	return 0;
}

/* What of the feed is kept below `dir`. The file's own number: rows of several feeds may be one
 * entry of the table. */
static json_t *feed_entry(const struct dict_row *row, const char *dir)
{
	CLEANUP_FREE char *path = feed_path(dir, row->cell[FEED_NAME]);
	int64_t confirmed = path ? feed_confirmed_ms(path) : 0;
	int64_t stale = confirmed ? confirmed + feed_stale_ms(row) : 0;

	return json_pack("{s:s,s:I,s:I,s:I}", "name", row->cell[FEED_NAME], "indicators",
			 (json_int_t)(confirmed ? feed_kept_rows(path) : 0), "confirmed",
			 (json_int_t)confirmed, "stale", (json_int_t)stale);
}

/* A feed that this host has no download of is as it was `known`: another host keeps it fresh, and
 * the tables hold the copy of it that the record has. */
static int feeds_of(struct dict_set *set, const char *dir, const json_t *known, json_t **ret_feeds,
		    struct err *err)
{
	const struct dict_rows *rows;
	CLEANUP_JSON json_t *feeds = json_array();

	if (dict_set_rows(set, "threat-feeds", &rows, err))
		return -1;
	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		CLEANUP_JSON json_t *here =
		    feed_is_on(row) ? feed_entry(row, dir ? dir : "") : NULL;
		json_t *was = json_called(known, row->cell[FEED_NAME]);

		if (here)
			json_array_append(feeds,
					  was && !json_int_at(here, "confirmed") ? was : here);
	}
	*ret_feeds = steal_ptr(feeds);
	return 0;
}

static json_t *state_document(const char *prefix, const char *namespace, const json_t *feeds)
{
	return json_pack("{s:I,s:{s:s},s:{s:s,s:s,s:s},s:{s:s,s:s,s:s},s:{s:O}}", "@timestamp",
			 (json_int_t)clock_wall_ms(), "ecs", "version", ECS_VERSION, "data_stream",
			 "type", "logs", "dataset", NAME(prefix, "ti_flow"), "namespace", namespace,
			 "event", "kind", "state", "module", "ti_flow", "dataset",
			 NAME(prefix, FEED_STATE_DATASET), "flow", "feeds", feeds);
}

static int state_write(struct es *es, const char *namespace, const json_t *feeds, struct err *err)
{
	char path[NAME_ROOM + 200];
	CLEANUP_JSON json_t *body = state_document(es_prefix(es), namespace, feeds);

	snprintf(path, sizeof(path), "/%s-%s/_create/%llx?refresh=true",
		 NAME(es_prefix(es), STREAM), namespace, (unsigned long long)clock_wall_ms());
	return es_must(es, "PUT", path, body, NULL, err)
		   ? err_wrap(err, "which threat feeds are loaded")
		   : 0;
}

int feed_state_note(struct es *es, const struct app *app, struct dict_set *set, struct err *err)
{
	CLEANUP_JSON json_t *feeds = NULL, *known = NULL;

	if (feed_state_read(es, &known, err) || feeds_of(set, dict_dir(app), known, &feeds, err))
		return -1;
	if (json_equal(feeds, known) || (json_is_null(known) && json_array_size(feeds) == 0))
		return 0;
	return state_write(es, app->elastic.namespace, feeds, err);
}

int feed_state_keep(struct es *es, const char *namespace, const json_t *feeds, struct err *err)
{
	CLEANUP_JSON json_t *now = NULL;

	if (json_array_size(feeds) == 0)
		return 0;
	if (feed_state_read(es, &now, err))
		return -1;
	return json_equal(now, feeds) ? 0 : state_write(es, namespace, feeds, err);
}

bool feed_state_is_alone(struct es *es, const char *namespace)
{
	char path[NAME_ROOM + 200];
	long status = 0;
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:i,s:b,s:{s:{s:{s:{s:s}}}}}", "size", 0, "track_total_hits", 1, "query", "bool",
	    "must_not", "term", "event.dataset", NAME(es_prefix(es), FEED_STATE_DATASET));

	snprintf(path, sizeof(path), "/%s-%s/_search", NAME(es_prefix(es), STREAM), namespace);
	if (es_call(es, "POST", path, body, &status, &reply, &ignored) || status != 200)
		return false;
	const json_t *others = json_at(reply, "hits.total.value"),
		     *failed = json_at(reply, "_shards.failed");
	return json_is_integer(others) && json_integer_value(others) == 0 &&
	       json_is_integer(failed) && json_integer_value(failed) == 0 &&
	       json_is_false(json_object_get(reply, "timed_out"));
}

/* A feed's time, in the words of feed_age_text(). */
static const char *age_of(const json_t *feed, const char *member, char text[FEED_AGE_MAX])
{
	long long at = json_int_at(feed, member);

	return feed_age_text(at ? (int64_t)clock_wall_ms() - at : -1, text);
}

static bool is_stale(const json_t *feed)
{
	return (int64_t)clock_wall_ms() > json_int_at(feed, "stale");
}

bool feed_state_is_fresh(const json_t *feeds)
{
	size_t i;
	json_t *feed;

	json_array_foreach (feeds, i, feed)
		if (is_stale(feed))
			return false;
	return true;
}

int feed_state_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *feeds = NULL;
	const struct strlist *wanted = &app->setup.feeds;
	size_t i, stale = 0;
	json_t *feed;

	if (feed_state_read(es, &feeds, err))
		return -1;
	if (json_is_null(feeds))
		finding_add(findings, UNKNOWN,
			    "no permission to read which threat feeds are loaded (read on " STREAM
			    "-*)");
	else if (json_array_size(feeds) == 0 && wanted->n &&
		 strcmp(wanted->item[0], FEEDS_NONE) == 0)
		finding_add(findings, FINE, "no threat feed is wanted (setup.feeds: none)");
	else if (json_array_size(feeds) == 0)
		finding_add(findings, ODD,
			    "no threat feed is loaded: threats are only those in your own "
			    "threats.csv. %s lists the feeds; setup --feeds NAME,… loads them, "
			    "--feeds none turns this note off",
			    ADVICE(app, "dictionaries feeds"));
	json_array_foreach (feeds, i, feed) {
		char ago[FEED_AGE_MAX];

		if (!is_stale(feed))
			continue;
		stale++;
		finding_add(findings, BAD,
			    "threat feed %s was last confirmed %s: %s loads it; where setup "
			    "installed the timer, `systemctl status efd-feeds.timer "
			    "efd-feeds.service` says why it was not",
			    json_text_at(feed, "name", "?"), age_of(feed, "confirmed", ago),
			    ADVICE(app, "dictionaries refresh"));
	}
	if (json_array_size(feeds) && !stale)
		finding_add(findings, FINE, "threat feeds loaded and fresh: %zu",
			    json_array_size(feeds));
	return 0;
}

const char *feed_state_text(const json_t *feeds, char text[FEED_STATE_MAX])
{
	char number[NUMBER_MAX], ago[FEED_AGE_MAX];
	size_t i, n = 0, stale = 0;
	uint64_t indicators = 0;
	json_t *feed;

	json_array_foreach (feeds, i, feed) {
		indicators += (uint64_t)json_int_at(feed, "indicators");
		stale += is_stale(feed);
	}
	if (i == 0) {
		snprintf(text, FEED_STATE_MAX, "%s",
			 json_is_null(feeds) ? "not yours to read" : "no feed is loaded");
		return text;
	}
	n = (size_t)snprintf(text, FEED_STATE_MAX, "%zu feed%s, %s indicators; %s", i,
			     i == 1 ? "" : "s", number_text(indicators, number),
			     stale ? "stale:" : "all fresh");
	json_array_foreach (feeds, i, feed)
		if (n < FEED_STATE_MAX && is_stale(feed))
			n += (size_t)snprintf(text + n, FEED_STATE_MAX - n, " %s (%s)%s",
					      json_text_at(feed, "name", "?"),
					      age_of(feed, "confirmed", ago), --stale ? "," : "");
	return text;
}
