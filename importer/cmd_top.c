/* SPDX-License-Identifier: Apache-2.0
 * efctl top: the most by bytes from the index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/client/remote.h"
#include "importer/client/streams.h"
#include "importer/commands.h"
#include "importer/core/action.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/core/table.h"

#define FIELDS_MAX     3
#define CANDIDATES_MAX 10000 /* search.max_buckets allows more, but nobody reads them */

/* What can be ranked: by which fields. A talker is either end, so it is two aggregations put
 * together. */
static const struct ranking {
	const char *name, *title;
	const char *fields[FIELDS_MAX];
	const char *other_end; /* ranked together with fields[0] */
} rankings[] = {
	{ .name = "talkers",
	  .title = "TALKER",
	  .fields = { "flow.client.name" },
	  .other_end = "flow.server.name" },
	{ .name = "services", .title = "SERVICE", .fields = { "flow.service.name" } },
	{ .name = "conversations",
	  .title = "CLIENT → SERVER, SERVICE",
	  .fields = { "flow.client.name", "flow.server.name", "flow.service.name" } },
	{ .name = "applications", .title = "APPLICATION", .fields = { "network.application" } },
	{ .name = "exporters", .title = "EXPORTER", .fields = { "observer.name" } },
};

struct row {
	char *name;
	uint64_t bytes, packets, flows;
	uint64_t in, out; /* talkers: received and sent */
};

struct rows {
	struct row *row;
	size_t n;
	uint64_t total_bytes, total_packets, total_flows;
};

static void rows_release(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->row[i].name);
	free(rows->row);
}

static json_t *sums(void)
{
	return json_pack("{s:{s:{s:s}},s:{s:{s:s}},s:{s:{s:s}},s:{s:{s:s}}}", "bytes", "sum",
			 "field", "network.bytes", "packets", "sum", "field", "network.packets",
			 "client", "sum", "field", "client.bytes", "server", "sum", "field",
			 "server.bytes");
}

static json_t *terms(const struct ranking *k, const char *field, int64_t size)
{
	json_t *order = json_pack("{s:s}", "bytes", "desc");
	if (!k->fields[1])
		return json_pack("{s:{s:s,s:I,s:I,s:o},s:o}", "terms", "field", field, "size",
				 (json_int_t)size, "shard_size", (json_int_t)(size * 5 + 100),
				 "order", order, "aggs", sums());
	json_t *list = json_array();
	for (size_t i = 0; i < FIELDS_MAX && k->fields[i]; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:s}", "field", k->fields[i], "missing", "-"));
	return json_pack("{s:{s:o,s:I,s:I,s:o},s:o}", "multi_terms", "terms", list, "size",
			 (json_int_t)size, "shard_size", (json_int_t)(size * 5 + 100), "order",
			 order, "aggs", sums());
}

static json_t *request(const struct ranking *k, const struct app *app)
{
	/* A talker that is tenth in sum may be further down at each end. */
	int64_t size = k->other_end ? app->flags.count * 10 + 100 : app->flags.count;
	json_t *aggs =
	    json_pack("{s:o,s:o}", "all", json_object(), "top", terms(k, k->fields[0], size));
	json_object_set_new(aggs, "all",
			    json_pack("{s:{s:{}},s:o}", "filter", "match_all", "aggs", sums()));
	if (k->other_end)
		json_object_set_new(aggs, "other", terms(k, k->other_end, size));
	json_t *body = json_pack("{s:i,s:b,s:o}", "size", 0, "track_total_hits", 1, "aggs", aggs);
	if (app->flags.since) {
		char from[40];
		snprintf(from, sizeof(from), "now-%llds", (long long)(app->flags.since / 1000));
		json_object_set_new(body, "query",
				    json_pack("{s:{s:{s:s}}}", "range", "@timestamp", "gte", from));
	}
	return body;
}

static struct row *row_of(struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->row[i].name, name) == 0)
			return &rows->row[i];
	struct row *more = realloc(rows->row, (rows->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	rows->row = more;
	char *copy = strdup(name);
	if (!copy)
		return NULL;
	more[rows->n] = (struct row){ .name = copy };
	return &more[rows->n++];
}

#define NAME_MAX_BYTES 512

/* A name may hold NULs, which would hide what is behind them and make one row of two: a symbol
 * stands for each. */
static void key_text(const json_t *key, char text[NAME_MAX_BYTES])
{
	static const char nul[] = "␀";
	size_t len = json_string_length(key), at = 0;
	for (size_t i = 0; i < len && at + sizeof(nul) < NAME_MAX_BYTES; i++) {
		const char c = json_string_value(key)[i];
		memcpy(text + at, c ? &c : nul, c ? 1 : sizeof(nul) - 1);
		at += c ? 1 : sizeof(nul) - 1;
	}
	snprintf(text + at, NAME_MAX_BYTES - at, "%s", json_is_string(key) ? "" : "?");
}

static void bucket_name(const json_t *bucket, char *name, size_t size)
{
	const json_t *key = json_object_get(bucket, "key");
	char part[3][NAME_MAX_BYTES];
	for (size_t i = 0; i < 3; i++)
		key_text(json_is_array(key) ? json_array_get(key, i) : key, part[i]);
	if (json_is_array(key))
		snprintf(name, size, "%s → %s, %s", part[0], part[1], part[2]);
	else
		snprintf(name, size, "%s", part[0]);
}

static int take_buckets(struct rows *rows, const json_t *agg, bool is_server, struct err *err)
{
	size_t i;
	json_t *bucket;
	json_array_foreach (json_object_get(agg, "buckets"), i, bucket) {
		char name[3 * NAME_MAX_BYTES + 8];
		bucket_name(bucket, name, sizeof(name));
		struct row *row = row_of(rows, name);
		if (!row)
			return err_set(err, EF_FAILED, "out of memory");
		uint64_t from = (uint64_t)json_int_at(bucket, "client.value");
		uint64_t to = (uint64_t)json_int_at(bucket, "server.value");
		row->bytes += (uint64_t)json_int_at(bucket, "bytes.value");
		row->packets += (uint64_t)json_int_at(bucket, "packets.value");
		row->flows += (uint64_t)json_int_at(bucket, "doc_count");
		row->out += is_server ? to : from;
		row->in += is_server ? from : to;
	}
	return 0;
}

static int by_bytes(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return strcmp(a->name, b->name);
}

static void print_text(const struct ranking *k, const struct rows *rows, size_t n)
{
	char number[NUMBER_MAX];
	int width = (int)text_width(k->title) + 2;
	for (size_t i = 0; i < n; i++)
		if ((int)text_width(rows->row[i].name) > width)
			width = (int)text_width(rows->row[i].name);
	width = width > 70 ? 70 : width;
	print_cell(stdout, k->title, width, 0);
	print_plain(stdout, "%18s %7s%s %14s %12s\n", "BYTES", "SHARE",
		    k->other_end ? "           SENT       RECEIVED" : "", "PACKETS", "FLOWS");
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows->row[i];
		print_cell(stdout, r->name, width, 0);
		print_plain(stdout, "%18s", number_text(r->bytes, number));
		print_plain(stdout, " %5.1f %%",
			    rows->total_bytes ? 100.0 * (double)r->bytes / (double)rows->total_bytes
					      : 0.0);
		if (k->other_end) {
			print_plain(stdout, " %14s", bytes_text(r->out, number));
			print_plain(stdout, " %14s", bytes_text(r->in, number));
		}
		print_plain(stdout, " %14s", number_text(r->packets, number));
		print_plain(stdout, " %12s\n", number_text(r->flows, number));
	}
	print_cell(stdout, "all", width, 0);
	print_plain(stdout, "%18s %7s%s", number_text(rows->total_bytes, number), "",
		    k->other_end ? "                              " : "");
	print_plain(stdout, " %14s", number_text(rows->total_packets, number));
	print_plain(stdout, " %12s\n", number_text(rows->total_flows, number));
}

static void rows_print_json(const struct rows *rows, size_t n)
{
	CLEANUP_JSON json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "name",
						      rows->row[i].name, "bytes",
						      (json_int_t)rows->row[i].bytes, "packets",
						      (json_int_t)rows->row[i].packets, "flows",
						      (json_int_t)rows->row[i].flows, "sent",
						      (json_int_t)rows->row[i].out, "received",
						      (json_int_t)rows->row[i].in));
	CLEANUP_JSON json_t *all = json_pack(
	    "{s:O,s:{s:I,s:I,s:I}}", "top", list, "all", "bytes", (json_int_t)rows->total_bytes,
	    "packets", (json_int_t)rows->total_packets, "flows", (json_int_t)rows->total_flows);
	print_json(stdout, all, JSON_INDENT(2));
}

/* Some shards may have failed, or all: a wrong ranking must not look like a right one. */
static int check_reply(const struct es *es, const json_t *reply, struct err *err)
{
	long long failed = json_int_at(reply, "_shards.failed");
	const json_t *first = json_array_get(json_at(reply, "_shards.failures"), 0);
	if (!json_is_object(json_object_get(reply, "hits")))
		return err_set(err, EF_USAGE,
			       "%s does not answer as Elasticsearch does; check elasticsearch.url",
			       es_url(es));
	CLEANUP_FREE char *why = strdup(json_text_at(first, "reason.reason", "no reason given"));
	if (failed)
		print_plain(stderr, "incomplete: %lld of %lld shards failed (%s)\n", failed,
			    json_int_at(reply, "_shards.total"), why ? why : "?");
	if (remote_skipped(reply))
		print_plain(stderr, "incomplete: %lld of %lld clusters did not answer\n",
			    remote_skipped(reply), json_int_at(reply, "_clusters.total"));
	return 0;
}

static int top_search(struct app *app, const struct ranking *k, struct rows *rows, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *body = request(k, app), *reply = NULL;
	if (app_connect(app, &es, err))
		return -1;
	if (streams_search_remote(es, &app->kibana.remote, "logs-flow", app->elastic.namespace,
				  body, &reply, err)) {
		if (strstr(err->msg, "multi_terms"))
			return err_set(err, EF_FAILED,
				       "this cluster cannot rank conversations: the aggregation "
				       "multi_terms came "
				       "with Elasticsearch 7.12 and OpenSearch 2.1");
		return -1;
	}
	if (check_reply(es, reply, err))
		return -1;
	json_t *aggs = json_object_get(reply, "aggregations");
	rows->total_bytes = (uint64_t)json_int_at(aggs, "all.bytes.value");
	rows->total_packets = (uint64_t)json_int_at(aggs, "all.packets.value");
	rows->total_flows = (uint64_t)json_int_at(aggs, "all.doc_count");
	if (take_buckets(rows, json_object_get(aggs, "top"), false, err))
		return -1;
	return take_buckets(rows, json_object_get(aggs, "other"), true, err);
}

int cmd_top(struct app *app, struct err *err)
{
	const char *what = app->args.n ? app->args.item[0] : "talkers";
	const struct ranking *k = ACTION_FIND(rankings, what, err);
	struct rows rows = { 0 };
	if (!k)
		return -1;
	if (app->flags.count < 1 || app->flags.count > CANDIDATES_MAX / 10)
		return err_set(err, EF_USAGE, "--count: 1 to %d", CANDIDATES_MAX / 10);
	int result = top_search(app, k, &rows, err);
	if (result == 0) {
		if (rows.n)
			qsort(rows.row, rows.n, sizeof(*rows.row), by_bytes);
		size_t n = rows.n < (size_t)app->flags.count ? rows.n : (size_t)app->flags.count;
		if (app->flags.json)
			rows_print_json(&rows, n);
		else if (rows.total_flows)
			print_text(k, &rows, n);
		else
			print_plain(stderr,
				    "no flow records in %s-%s yet; new ones are found within "
				    "setup.refresh (10s)\n",
				    NAME(app->elastic.prefix, "logs-flow"), app->elastic.namespace);
	}
	rows_release(&rows);
	return result;
}
