/* SPDX-License-Identifier: Apache-2.0
 * A report of flows as one page that needs nothing else: totals, course, rankings, the largest
 * conversations, the exporters. */
#include "importer/report/report.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/core/json.h"
#include "importer/core/table.h"
#include "importer/core/version.h"
#include "importer/query/rank.h"
#include "importer/query/rows.h"
#include "importer/query/series.h"
#include "importer/report/chart.h"
#include "importer/report/health.h"
#include "importer/report/ranking.h"
#include "importer/report/sankey.h"

#define STEPS_SHOWN  150
#define LAYERS_SHOWN 6

/* What is ranked, in this order, two beside one another where there is room. */
static const struct ranked_section {
	const char *title, *dimension;
} sections[] = {
	{ "Clients", "clients" },
	{ "Servers", "servers" },
	{ "Services", "services" },
	{ "Applications", "applications" },
	{ "Autonomous systems", "as" },
	{ "Countries", "countries" },
	{ "Interfaces", "interfaces" },
	{ "Threats", "threats" },
	{ "Exporters", "exporters" },
	{ "Bad addresses", "threat-addresses" },
	{ "Conversations", "conversations" },
};

struct report {
	struct html_page *p;
	struct searcher *s;
	struct report_ask ask; /* with the time that was found */
};

static int course_write(struct report *r, struct series *series, struct err *err)
{
	struct subject services;
	struct series_ask ask = {
		.subject = &services,
		.query = r->ask.query,
		.count = LAYERS_SHOWN,
		.from_ms = r->ask.from_ms,
		.to_ms = r->ask.to_ms,
		.least_ms = r->ask.least_ms,
		.most = STEPS_SHOWN,
	};
	if (subject_parse("services", &services, err) || series_do(r->s, &ask, series, err))
		return -1;
	r->ask.from_ms = series->from_ms;
	r->ask.to_ms = series->to_ms;
	return 0;
}

/* How many different ones there are; estimates of the cluster's. */
static int counts_ask(struct report *r, json_t **ret_reply, struct err *err)
{
	json_t *aggs = json_object();
	static const char *const fields[] = { "flow.client.name", "flow.server.name",
					      "observer.name" };
	static const char *const names[] = { "clients", "servers", "exporters" };
	for (size_t i = 0; i < 3; i++)
		json_object_set_new(aggs, names[i],
				    json_pack("{s:{s:s}}", "cardinality", "field", fields[i]));
	return search_aggs(r->s, r->ask.query, aggs, false, ret_reply, err);
}

/* 1234567 -> "1.2 million": tiles are narrow. */
static const char *count_text(uint64_t n, char number[NUMBER_MAX])
{
	static const char *const units[] = { "million", "billion", "trillion" };
	double v = (double)n / 1e6;
	size_t u = 0;
	if (n < 1000000)
		return number_text(n, number);
	for (; v >= 999.95 && u < 2; u++)
		v /= 1000;
	snprintf(number, NUMBER_MAX, "%.1f %s", v, units[u]);
	return number;
}

static void tile_write(struct html_page *p, const char *text, const char *value)
{
	page_add(p, "<div class=\"tile\"><b>%s</b><span>%s</span></div>\n", value, text);
}

static int tiles_write(struct report *r, const struct series *s, struct err *err)
{
	char number[NUMBER_MAX];
	CLEANUP_JSON json_t *reply = NULL;
	const struct figures *all = &s->sum[0];
	uint64_t most = 0;
	if (counts_ask(r, &reply, err))
		return -1;
	for (size_t at = 0; at < s->steps; at++)
		most = series_rate(s, 0, at) > most ? series_rate(s, 0, at) : most;
	page_add(r->p, "<div class=\"tiles\">\n");
	tile_write(r->p, "bytes", bytes_text(all->bytes, number));
	tile_write(r->p, "packets", count_text(all->packets, number));
	tile_write(r->p, "flows", count_text(all->flows, number));
	tile_write(r->p, "mean",
		   rate_text(figures_rate(all->bytes, s->to_ms - s->from_ms), number));
	tile_write(r->p, "highest step", rate_text(most, number));
	static const char *const names[] = { "clients", "servers", "exporters" };
	for (size_t i = 0; i < 3; i++) {
		char path[60];
		snprintf(path, sizeof(path), "aggregations.%s.value", names[i]);
		tile_write(r->p, names[i], count_text((uint64_t)json_int_at(reply, path), number));
	}
	page_add(r->p, "</div>\n");
	return 0;
}

static void about_write(struct report *r)
{
	char from[WHEN_MAX], to[WHEN_MAX], now[WHEN_MAX];
	page_head(r->p, "Flow report");
	page_add(r->p, "<h1>Flow report</h1>\n<p class=\"about\">");
	page_text(r->p, local_time_text(r->ask.from_ms, from));
	page_add(r->p, " to ");
	page_text(r->p, local_time_text(r->ask.to_ms, to));
	page_add(r->p, ", <code>");
	page_text(r->p, r->ask.pattern);
	page_add(r->p, "</code>");
	if (*r->ask.filter) {
		page_add(r->p, ", filter <code>");
		page_text(r->p, r->ask.filter);
		page_add(r->p, "</code>");
	}
	page_add(r->p, "<br>Made ");
	page_text(r->p, local_time_text(clock_wall_ms(), now));
	page_add(r->p, " by efctl ");
	page_text(r->p, version_own);
	page_add(r->p, "</p>\n");
	page_note(r->p, r->ask.note(r->ask.note_arg, NULL));
}

static int ranking_ask(struct report *r, const struct ranked_section *at, size_t count,
		       struct subject *subject, struct rank_ask *ask, struct rank *rank,
		       struct err *err)
{
	if (subject_parse(at->dimension, subject, err))
		return -1;
	*ask = (struct rank_ask){
		.subject = subject,
		.query = r->ask.query,
		.count = count,
		.from_ms = r->ask.from_ms,
		.to_ms = r->ask.to_ms,
	};
	return rank_do(r->s, ask, rank, err);
}

static int rankings_write(struct report *r, struct err *err)
{
	page_add(r->p, "<div class=\"grid\">\n");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		struct subject subject;
		struct rank_ask ask;
		struct rank rank = { 0 };
		int got = ranking_ask(r, &sections[i], r->ask.count, &subject, &ask, &rank, err);
		bool cannot = got && strstr(err->msg, SEARCH_NO_INDEX);
		if (got == 0)
			ranking_write(r->p, sections[i].title, &rank, &ask, r->ask.pattern,
				      r->ask.note(r->ask.note_arg, &subject));
		rank_release(&rank);
		if (got && !cannot)
			return -1;
		if (cannot) {
			page_add(r->p, "<section><h2>%s</h2>\n", sections[i].title);
			page_note(r->p, err->msg);
			page_add(r->p, "</section>\n");
		}
	}
	page_add(r->p, "</div>\n");
	return 0;
}

static int bands_write(struct report *r, struct err *err)
{
	static const struct ranked_section largest = { "The largest", "conversations" };
	struct subject subject;
	struct rank_ask ask;
	struct rank rank = { 0 };
	int got = ranking_ask(r, &largest, SANKEY_BANDS, &subject, &ask, &rank, err);
	if (got == 0 && rank.n) {
		page_add(r->p,
			 "<section><h2>From whom to whom: the %zu largest conversations</h2>"
			 "\n",
			 rank.n);
		sankey_draw(r->p, &rank);
		page_asked(r->p, r->ask.pattern, rank.asked);
		page_add(r->p, "</section>\n");
	}
	rank_release(&rank);
	return got;
}

static void notes_write(struct report *r, const struct series *s)
{
	char number[NUMBER_MAX];
	page_add(r->p,
		 "<p class=\"note\">A flow stands where it ends; a step of the course is %llu "
		 "minutes. Bytes and packets are counted once for each exporter; what only "
		 "repeats other records is left out.",
		 (unsigned long long)(s->step_ms / 60000));
	if (s->sum[0].rate > 1)
		page_add(r->p, " ~ has sampled flows, of one packet in up to %s: an estimate.",
			 number_text(s->sum[0].rate, number));
	page_add(r->p, "</p>\n");
}

int report_write(struct html_page *p, struct searcher *s, const struct report_ask *ask,
		 uint64_t *ret_flows, struct err *err)
{
	struct report r = { .p = p, .s = s, .ask = *ask };
	struct series series = { 0 };
	int result = course_write(&r, &series, err);
	if (result == 0) {
		*ret_flows = series.sum[0].flows;
		about_write(&r);
		result = tiles_write(&r, &series, err);
	}
	if (result == 0) {
		page_add(p, "<section><h2>Bits per second, by service</h2>\n");
		chart_draw(p, &series);
		page_asked(p, ask->pattern, series.asked);
		page_add(p, "</section>\n");
		result = bands_write(&r, err);
	}
	if (result == 0)
		result = rankings_write(&r, err);
	if (result == 0)
		result = health_write(p, s, r.ask.from_ms, r.ask.to_ms, err);
	if (result == 0) {
		notes_write(&r, &series);
		page_foot(p);
	}
	series_release(&series);
	return result;
}
