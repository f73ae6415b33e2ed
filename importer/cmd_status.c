/* SPDX-License-Identifier: Apache-2.0
 * efctl status: the cluster, what is installed, documents, rejects, exporters. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "importer/commands.h"
#include "importer/cluster/es.h"
#include "importer/cluster/install.h"
#include "importer/cluster/streams.h"
#include "importer/table.h"

#define EXPORTERS_MAX  1000
#define EXPORTERS_SHOW 15 /* the rest with --json */

struct stream_status {
	uint64_t documents, bytes;
	uint64_t newest_ms; /* 0: none */
};

static json_t *since_query(const struct app *app)
{
	char from[40];
	if (!app->flags.since)
		return json_pack("{s:{}}", "match_all");
	snprintf(from, sizeof(from), "now-%llds", (long long)(app->flags.since / 1000));
	return json_pack("{s:{s:{s:s}}}", "range", "@timestamp", "gte", from);
}

static int look_at_stream(struct es *es, const struct app *app, const char *stream,
			  struct stream_status *ret, struct err *err)
{
	char path[256];
	CLEANUP_JSON json_t *reply = NULL, *stats = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:b,s:o,s:{s:{s:{s:s}}}}", "size", 0, "track_total_hits", 1, "query",
		      since_query(app), "aggs", "newest", "max", "field", "@timestamp");
	if (streams_search(es, stream, app->elastic.namespace, body, &reply, err))
		return -1;
	ret->documents = (uint64_t)json_int_at(reply, "hits.total.value");
	ret->newest_ms = (uint64_t)json_int_at(reply, "aggregations.newest.value");
	snprintf(path, sizeof(path),
		 "/%s-%s/_stats/store?filter_path=_all.total.store.size_in_bytes", stream,
		 app->elastic.namespace);
	if (es_find(es, path, &stats, err) < 0)
		return -1;
	ret->bytes = (uint64_t)json_int_at(stats, "_all.total.store.size_in_bytes");
	return 0;
}

/* Per exporter: records and newest record. The caller's. */
static int look_at_exporters(struct es *es, const struct app *app, json_t **ret_list,
			     struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:o,s:{s:{s:{s:s,s:i},s:{s:{s:{s:s}},s:{s:{s:s}}}}}}", "size", 0,
		      "query", since_query(app), "aggs", "exporters", "terms", "field",
		      "observer.name", "size", EXPORTERS_MAX, "aggs", "newest", "max", "field",
		      "@timestamp", "bytes", "sum", "field", "network.bytes");
	if (streams_search(es, "logs-flow", app->elastic.namespace, body, &reply, err))
		return -1;
	size_t i;
	json_t *bucket, *list = json_array();
	json_array_foreach (json_at(reply, "aggregations.exporters.buckets"), i, bucket)
		json_array_append_new(
		    list, json_pack("{s:s,s:I,s:I,s:I}", "name", json_text_at(bucket, "key", "?"),
				    "records", (json_int_t)json_int_at(bucket, "doc_count"),
				    "bytes", (json_int_t)json_int_at(bucket, "bytes.value"),
				    "newest_ms", (json_int_t)json_int_at(bucket, "newest.value")));
	*ret_list = list;
	return 0;
}

static void time_text(uint64_t ms, char *text, size_t size)
{
	time_t seconds = (time_t)(ms / 1000), now = time(NULL);
	struct tm tm;
	if (!ms || !gmtime_r(&seconds, &tm)) {
		snprintf(text, size, "never");
		return;
	}
	char stamp[32];
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%SZ", &tm);
	long long ago = (long long)(now - seconds);
	if (ago < 0)
		snprintf(text, size, "%s (%lld s in the future)", stamp, -ago);
	else if (ago < 600)
		snprintf(text, size, "%s (%lld s ago)", stamp, ago);
	else
		snprintf(text, size, "%s", stamp);
}

static void print_assets(const struct plan *p)
{
	printf("assets     ");
	for (int a = 0, said = 0; a < ACTIONS; a++) {
		static const char *const words[ACTIONS] = {
			"missing",       "older than this efctl",
			"as installed",  "changed by hand",
			"not ours",      "yours",
			"no longer used"
		};
		size_t n = plan_count(p, (enum action)a);
		if (n)
			printf("%s%zu %s", said++ ? ", " : "", n, words[a]);
	}
	putchar('\n');
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].action != ACTION_SAME && p->item[i].action != ACTION_YOURS)
			printf("           %s: %s %s\n", action_names[p->item[i].action],
			       p->item[i].group, p->item[i].name);
}

static void print_text(const struct install *in, const struct stream_status *s,
		       const json_t *exporters, const json_t *outdated)
{
	char number[NUMBER_MAX], size[NUMBER_MAX], when[64];
	printf("cluster    %s %s, %s\n", cluster_product(&in->cluster), in->cluster.version,
	       in->cluster.name);
	if (in->has_kibana)
		printf("kibana     %s\n", in->kibana.version);
	print_assets(&in->plan);
	for (size_t i = 0; i < STREAMS; i++) {
		time_text(s[i].newest_ms, when, sizeof(when));
		printf("%-24s %15s %-22s %10s  newest %s\n", stream_rows[i].name,
		       number_text(s[i].documents, number), stream_rows[i].what,
		       bytes_text(s[i].bytes, size), when);
	}
	size_t i;
	json_t *e;
	json_array_foreach (outdated, i, e)
		printf("older map  %s: new fields count from the next rollover on; `efctl setup "
		       "--rollover` does it now\n",
		       json_string_value(e));
	if (json_array_size(exporters))
		printf("exporter                          records             bytes  newest\n");
	json_array_foreach (exporters, i, e) {
		if (i == EXPORTERS_SHOW) {
			printf("and %zu more (--json shows all)\n", json_array_size(exporters) - i);
			break;
		}
		time_text((uint64_t)json_int_at(e, "newest_ms"), when, sizeof(when));
		print_cell(stdout, json_text_at(e, "name", "?"), 24, 0);
		printf(" %16s", number_text((uint64_t)json_int_at(e, "records"), number));
		printf(" %17s  %s\n", number_text((uint64_t)json_int_at(e, "bytes"), number), when);
	}
}

static void print_json(const struct install *in, const struct stream_status *s, json_t *exporters,
		       json_t *outdated)
{
	CLEANUP_JSON json_t *list = json_object();
	for (size_t i = 0; i < STREAMS; i++)
		json_object_set_new(
		    list, stream_rows[i].name,
		    json_pack("{s:I,s:I,s:I}", "documents", (json_int_t)s[i].documents, "bytes",
			      (json_int_t)s[i].bytes, "newest_ms", (json_int_t)s[i].newest_ms));
	CLEANUP_JSON json_t *json =
	    json_pack("{s:o,s:o,s:O,s:O,s:O}", "cluster", cluster_json(&in->cluster), "assets",
		      plan_json(&in->plan), "streams", list, "exporters", exporters,
		      "outdated_streams", outdated);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
}

int cmd_status(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	struct stream_status s[STREAMS] = { 0 };
	CLEANUP_JSON json_t *exporters = NULL, *outdated = json_array();
	if (install_open(&in, app, err) || install_plan(&in, app, err))
		return -1;
	for (size_t i = 0; i < STREAMS; i++)
		if (look_at_stream(in.es, app, stream_rows[i].name, &s[i], err))
			return -1;
	if (look_at_exporters(in.es, app, &exporters, err) ||
	    streams_outdated(in.es, outdated, err))
		return -1;
	if (app->flags.json)
		print_json(&in, s, exporters, outdated);
	else
		print_text(&in, s, exporters, outdated);
	return EF_DONE;
}
