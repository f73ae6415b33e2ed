/* SPDX-License-Identifier: Apache-2.0
 * efctl status: the cluster, what is installed, documents, rejects, exporters. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/client/remote.h"
#include "importer/client/streams.h"
#include "importer/commands.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/feed_state.h"
#include "importer/install/discarded.h"
#include "importer/install/effect.h"
#include "importer/install/failure_store.h"
#include "importer/install/health.h"
#include "importer/install/install.h"
#include "importer/install/mend.h"
#include "importer/install/raw_documents.h"
#include "importer/install/replaced.h"
#include "importer/install/tell.h"

#define EXPORTERS_MAX  1000
#define EXPORTERS_SHOW 15 /* the rest with --json */

struct stream_status {
	uint64_t documents, bytes;
	uint64_t newest_ms; /* 0: none */
	long long skipped;  /* remote clusters that did not answer */
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
	if (streams_search_remote(es, &app->kibana.remote, stream, app->elastic.namespace, body,
				  &reply, err))
		return -1;
	ret->skipped = remote_skipped(reply);
	ret->documents = (uint64_t)json_int_at(reply, "hits.total.value");
	ret->newest_ms = (uint64_t)json_int_at(reply, "aggregations.newest.value");
	snprintf(path, sizeof(path),
		 "/%s-%s/_stats/store?filter_path=_all.total.store.size_in_bytes",
		 NAME(es_prefix(es), stream), app->elastic.namespace);
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
	if (streams_search_remote(es, &app->kibana.remote, "logs-flow", app->elastic.namespace,
				  body, &reply, err))
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

static void print_assets(const struct install *in, const struct app *app)
{
	const struct plan *p = &in->plan;
	if (plan_count(p, ACTION_CREATE) == p->n) {
		print_plain(stdout, "assets     none: nothing is set up in this cluster; %s does\n",
			    MEND(in, app, ""));
		return;
	}
	print_plain(stdout, "assets     ");
	for (int a = 0, said = 0; a < ACTIONS; a++) {
		static const char *const words[ACTIONS] = {
			"missing",       "that setup would update",
			"as installed",  "changed by hand",
			"not ours",      "yours",
			"no longer used"
		};
		size_t n = plan_count(p, (enum action)a);
		if (n)
			print_plain(stdout, "%s%zu %s", said++ ? ", " : "", n, words[a]);
	}
	putchar('\n');
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].action != ACTION_SAME && p->item[i].action != ACTION_YOURS)
			print_plain(stdout, "           %s: %s %s\n",
				    action_names[p->item[i].action], p->item[i].group,
				    p->item[i].name);
}

static void print_record(const struct install *in, const struct app *app)
{
	size_t i;
	json_t *entry;
	CLEANUP_JSON json_t *told = json_array();
	CLEANUP_JSON json_t *options = tell_options(in);
	tell_record(in, app, told);
	json_array_foreach (told, i, entry)
		print_plain(stdout, "%-10s %s\n", i ? "" : "setup",
			    json_text_at(entry, "text", ""));
	if (in->record.found == RECORD_THERE)
		print_plain(stdout, "options    %s\n", json_string_value(options));
	json_array_foreach (in->rendering.notes, i, entry)
		print_plain(stdout, "note       %s\n", json_string_value(entry));
}

static void print_text(const struct install *in, const struct app *app,
		       const struct stream_status *s, const json_t *exporters,
		       const json_t *outdated, const json_t *effects, const json_t *feeds)
{
	char number[NUMBER_MAX], size[NUMBER_MAX], when[WHEN_MAX], threats[FEED_STATE_MAX];
	print_plain(stdout, "cluster    %s %s, %s\n", cluster_product(&in->cluster),
		    in->cluster.version, in->cluster.name);
	if (in->has_kibana)
		print_plain(stdout, "kibana     %s\n", in->kibana.version);
	print_record(in, app);
	print_assets(in, app);
	findings_print(stdout, effects, 0);
	print_plain(stdout, "threats    %s\n", feed_state_text(feeds, threats));
	for (size_t i = 0; i < STREAMS; i++) {
		when_text(s[i].newest_ms, when);
		print_plain(stdout, "%-24s %15s %-22s %10s  newest %s\n",
			    NAME(es_prefix(in->es), stream_rows[i].name),
			    number_text(s[i].documents, number), stream_rows[i].what,
			    bytes_text(s[i].bytes, size), when);
	}
	if (s[0].skipped)
		print_plain(stdout, "incomplete: %lld remote clusters did not answer\n",
			    s[0].skipped);
	size_t i;
	json_t *e;
	json_array_foreach (outdated, i, e)
		print_plain(stdout,
			    "older map  %s: new fields count from the next rollover on; %s does it "
			    "now\n",
			    json_string_value(e), MEND(in, app, " --rollover"));
	if (json_array_size(exporters))
		print_plain(
		    stdout,
		    "exporter                          records             bytes  newest\n");
	json_array_foreach (exporters, i, e) {
		if (i == EXPORTERS_SHOW) {
			print_plain(stdout, "and %zu more (--json shows all)\n",
				    json_array_size(exporters) - i);
			break;
		}
		when_text((uint64_t)json_int_at(e, "newest_ms"), when);
		print_cell(stdout, json_text_at(e, "name", "?"), 24, 0);
		print_plain(stdout, " %16s",
			    number_text((uint64_t)json_int_at(e, "records"), number));
		print_plain(stdout, " %17s  %s\n",
			    number_text((uint64_t)json_int_at(e, "bytes"), number), when);
	}
}

static void status_print_json(const struct install *in, const struct app *app,
			      const struct stream_status *s, json_t *exporters, json_t *outdated,
			      json_t *effects, json_t *feeds)
{
	CLEANUP_JSON json_t *list = json_object(), *told = json_array();
	tell_record(in, app, told);
	for (size_t i = 0; i < STREAMS; i++)
		json_object_set_new(
		    list, NAME(es_prefix(in->es), stream_rows[i].name),
		    json_pack("{s:I,s:I,s:I}", "documents", (json_int_t)s[i].documents, "bytes",
			      (json_int_t)s[i].bytes, "newest_ms", (json_int_t)s[i].newest_ms));
	CLEANUP_JSON json_t *json = json_pack(
	    "{s:o,s:O?,s:O,s:o,s:O,s:O,s:O,s:O,s:O}", "cluster", cluster_json(&in->cluster),
	    "record", in->record.found == RECORD_THERE ? in->record.before : NULL, "findings", told,
	    "assets", plan_json(&in->plan), "streams", list, "exporters", exporters,
	    "outdated_streams", outdated, "effects", effects, "feeds", feeds);
	print_json(stdout, json, JSON_INDENT(2));
}

/* What is in the data streams, and from whom. */
static int look_at_data(struct install *in, const struct app *app, struct stream_status *s,
			json_t **ret_exporters, json_t *outdated, struct err *err)
{
	for (size_t i = 0; i < STREAMS; i++)
		if (look_at_stream(in->es, app, stream_rows[i].name, &s[i], err))
			return -1;
	return look_at_exporters(in->es, app, ret_exporters, err) ||
		       streams_outdated(in->es, outdated, err)
		   ? -1
		   : 0;
}

int cmd_status(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	struct stream_status s[STREAMS] = { 0 };
	CLEANUP_JSON json_t *exporters = NULL, *outdated = json_array(), *feeds = NULL,
			    *effects = json_array();
	if (install_open(&in, app, err) || install_plan(&in, app, err) ||
	    health_findings(in.es, app, effects, err))
		return -1;
	replaced_findings(&in, app, effects);
	if (look_at_data(&in, app, s, &exporters, outdated, err)) {
		if (!findings_bad(effects))
			return -1;
		/* a stream that is away does not hide why */
		finding_add(effects, UNKNOWN, "the data streams and what is in them: %s", err->msg);
	}
	if (!exporters)
		exporters = json_array();
	if (feed_state_read(in.es, &feeds, err) ||
	    failure_store_findings(in.es, app, &in.cluster, effects, err) ||
	    raw_documents_findings(in.es, app, effects, err) ||
	    discarded_findings(in.es, app, effects, err) ||
	    (in.cluster.has[CAP_DATA_STREAM] && effect_findings(in.es, app, effects, err)))
		return -1;
	if (app->flags.json)
		status_print_json(&in, app, s, exporters, outdated, effects, feeds);
	else
		print_text(&in, app, s, exporters, outdated, effects, feeds);
	return findings_bad(effects) ? EF_DIFFERENT : EF_DONE;
}
