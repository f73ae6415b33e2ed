/* SPDX-License-Identifier: Apache-2.0
 * How well the exporters do, for a report: records and datagrams, losses, duplicates, sampling. */
#include "importer/report/health.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"
#include "importer/core/table.h"

#define EXPORTERS_SHOWN 50
#define STREAM          "metrics-flow.exporters"

/* Columns: sums of metrics-flow.exporters-*, or highest values; a `fault` is marked. */
static const struct health_column {
	const char *title, *field;
	bool highest, fault;
} columns[] = {
	{ "Records", "exporter.records", false, false },
	{ "Datagrams", "exporter.datagrams", false, false },
	{ "Lost", "exporter.lost", false, true },
	{ "Duplicates", "exporter.duplicates", false, true },
	{ "Restarts", "exporter.restarts", false, false },
	{ "No template", "exporter.unknown_templates", false, true },
	{ "Not decoded", "exporter.decode_errors", false, true },
	{ "Sampling", "exporter.sampling_rate", true, false },
	{ "Clock off, ms", "exporter.clock_skew_ms", true, false },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static json_t *health_body(uint64_t from_ms, uint64_t to_ms)
{
	json_t *aggs = json_object();
	for (size_t i = 0; i < COLUMNS; i++) {
		char name[8];
		snprintf(name, sizeof(name), "c%zu", i);
		json_object_set_new(aggs, name,
				    json_pack("{s:{s:s}}", columns[i].highest ? "max" : "sum",
					      "field", columns[i].field));
	}
	return json_pack("{s:i,s:{s:{s:{s:I,s:I,s:s}}},s:{s:{s:{s:s,s:i,s:{s:s}},s:o}}}", "size", 0,
			 "query", "range", "@timestamp", "gte", (json_int_t)from_ms, "lte",
			 (json_int_t)to_ms, "format", "epoch_millis", "aggs", "exporters", "terms",
			 "field", "observer.name", "size", EXPORTERS_SHOWN, "order", "c0", "desc",
			 "aggs", aggs);
}

static void exporter_write(struct html_page *p, const json_t *bucket)
{
	char number[NUMBER_MAX], name[8];
	page_add(p, "<tr><td>");
	page_name(p, json_text_at(bucket, "key", "?"), 60);
	page_add(p, "</td>");
	for (size_t i = 0; i < COLUMNS; i++) {
		snprintf(name, sizeof(name), "c%zu", i);
		long long v = json_int_at(json_object_get(bucket, name), "value");
		page_add(p, "<td%s>%s%s</td>", columns[i].fault && v > 0 ? " class=\"bad\"" : "",
			 v < 0 ? "-" : "", number_text((uint64_t)(v < 0 ? -v : v), number));
	}
	page_add(p, "</tr>\n");
}

int health_write(struct html_page *p, struct searcher *s, uint64_t from_ms, uint64_t to_ms,
		 struct err *err)
{
	const struct app *app = s->app;
	char pattern[NAME_ROOM + 120];
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *asked = json_pack("[o]", health_body(from_ms, to_ms));
	if (streams_search_remote(s->es, &app->kibana.remote, STREAM, app->elastic.namespace,
				  json_array_get(asked, 0), &reply, err))
		return -1;
	const json_t *buckets = json_at(reply, "aggregations.exporters.buckets"), *bucket;
	size_t i;
	page_add(p, "<section><h2>Health of the exporters</h2>\n");
	if (json_array_size(buckets)) {
		page_add(p, "<div class=\"wide\"><table><thead><tr><th></th>");
		for (i = 0; i < COLUMNS; i++)
			page_add(p, "<th>%s</th>", columns[i].title);
		page_add(p, "</tr></thead><tbody>\n");
		json_array_foreach ((json_t *)buckets, i, bucket)
			exporter_write(p, bucket);
		page_add(p, "</tbody></table></div>\n<p class=\"note\">Lost: gaps in sequence "
			    "numbers. All exporters of the time, whatever the filter.</p>\n");
	} else {
		page_add(p,
			 "<p class=\"note\">No exporter told of itself in this time: efd does it "
			 "once a minute, a replay does not.</p>\n");
	}
	snprintf(pattern, sizeof(pattern), "%s-%s", NAME(app->elastic.prefix, STREAM),
		 app->elastic.namespace);
	page_asked(p, pattern, asked);
	page_add(p, "</section>\n");
	return 0;
}
