/* SPDX-License-Identifier: Apache-2.0
 * efctl doctor: looks for what commonly goes wrong, and says how to mend it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "importer/commands.h"
#include "importer/cluster/es.h"
#include "importer/cluster/install.h"
#include "importer/cluster/key.h"
#include "importer/cluster/streams.h"
#include "importer/table.h"

#define STALE_S \
	900 /* an exporter sends at least every minute; a quarter of an hour without a record is a finding */

enum finding { FINE, ODD, BAD };

struct examination {
	struct app *app;
	struct install in;
	json_t *findings;
	size_t bad;
};

__attribute__((format(printf, 3, 4))) static void say(struct examination *x, enum finding f,
						      const char *fmt, ...)
{
	static const char *const words[] = { [FINE] = "ok", [ODD] = "note", [BAD] = "problem" };
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	plain_text(text);
	x->bad += f == BAD;
	json_array_append_new(x->findings,
			      json_pack("{s:s,s:s}", "result", words[f], "text", text));
	if (!x->app->flags.json)
		printf("%-8s %s\n", words[f], text);
}

static int look_at_cluster(struct examination *x, struct err *err)
{
	const struct cluster *c = &x->in.cluster;
	CLEANUP_JSON json_t *health = NULL;
	long status = 0;
	say(x, FINE, "%s %s at %s answers", cluster_product(c), c->version, es_url(x->in.es));
	if (es_call(x->in.es, "GET", "/_cluster/health", NULL, &status, &health, err))
		return -1;
	const char *colour = json_text_at(health, "status", "");
	if (strcmp(colour, "red") == 0)
		say(x, BAD,
		    "the cluster is red: some primary shards are missing; GET "
		    "_cluster/allocation/explain says why");
	if (c->distribution == ELASTICSEARCH && c->major < 8)
		say(x, ODD, "Elasticsearch %s works, but lacks field types that 8.3 and later have",
		    c->version);
	if (!c->has[CAP_ILM] && !c->has[CAP_DSL])
		say(x, ODD,
		    "neither ILM nor data stream lifecycle: old backing indices must be removed by "
		    "other means");
	if (!c->has[CAP_GEOIP_CITY])
		say(x, ODD, "no geoip processor or database: records get no country, place and AS");
	else if (!c->geoip_loaded)
		say(x, ODD,
		    "the geo databases have not been loaded yet: Elasticsearch downloads them, or "
		    "put them into "
		    "config/ingest-geoip of every node");
	return 0;
}

static int look_at_assets(struct examination *x)
{
	const struct plan *p = &x->in.plan;
	size_t missing = plan_count(p, ACTION_CREATE), old = plan_count(p, ACTION_UPDATE);
	if (missing || old)
		say(x, BAD,
		    "%zu assets are missing and %zu are older than this efctl: run `efctl setup`",
		    missing, old);
	for (size_t i = 0; i < p->n; i++) {
		if (p->item[i].action == ACTION_DRIFTED)
			say(x, ODD,
			    "%s %s was changed by hand; `efctl setup --force` would replace it",
			    p->item[i].group, p->item[i].name);
		if (p->item[i].action == ACTION_FOREIGN)
			say(x, BAD,
			    "%s %s is not ours; rename yours, or `efctl setup --force` replaces it",
			    p->item[i].group, p->item[i].name);
	}
	if (!missing && !old)
		say(x, FINE, "everything that setup installs is there");
	return 0;
}

/* Another index template with a higher priority would take our data streams away from us. */
static int look_at_template(struct examination *x, struct err *err)
{
	char path[256];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "/_index_template/_simulate_index/logs-flow-%s.probe",
		 x->app->elastic.namespace);
	if (es_call(x->in.es, "POST", path, NULL, &status, &reply, err))
		return -1;
	const char *pipeline = json_text_at(reply, "template.settings.index.default_pipeline", "");
	if (status == 200 && strcmp(pipeline, "flow") != 0)
		say(x, BAD,
		    "new indices of logs-flow-%s would get the pipeline '%s', not 'flow': another "
		    "index template "
		    "with a higher priority matches them (GET _index_template)",
		    x->app->elastic.namespace, pipeline);
	return 0;
}

static int newest(struct examination *x, const char *stream, long long *ret_ms, long long *ret_n,
		  struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:b,s:{s:{s:{s:s}}}}", "size", 0, "track_total_hits", 1, "aggs",
		      "newest", "max", "field", "@timestamp");
	if (streams_search(x->in.es, stream, x->app->elastic.namespace, body, &reply, err))
		return -1;
	*ret_ms = json_int_at(reply, "aggregations.newest.value");
	*ret_n = json_int_at(reply, "hits.total.value");
	return 0;
}

static int look_at_records(struct examination *x, struct err *err)
{
	long long ms, n, now = (long long)time(NULL);
	if (newest(x, "logs-flow", &ms, &n, err))
		return -1;
	if (n == 0)
		say(x, BAD,
		    "no flow record has arrived: does efd run, do exporters send to it (2055, "
		    "4739, 6343), is the port "
		    "open in the firewall? efd's /metrics counts datagrams");
	else if (now - ms / 1000 > STALE_S)
		say(x, BAD,
		    "the newest flow record is %lld minutes old: does efd still run, do exporters "
		    "still send?",
		    (now - ms / 1000) / 60);
	else if (ms / 1000 > now + 60)
		say(x, BAD,
		    "the newest flow record is %lld s in the future: an exporter's clock is wrong; "
		    "set NTP there, or "
		    "lower decode.clock_skew",
		    ms / 1000 - now);
	else
		say(x, FINE, "flow records arrive: %lld of them, the newest %lld s old", n,
		    now - ms / 1000);
	return 0;
}

static int look_at_failures(struct examination *x, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body = json_pack("{s:i,s:b,s:[{s:s}]}", "size", 1, "track_total_hits",
					      1, "sort", "@timestamp", "desc");
	if (streams_search(x->in.es, "logs-flow.failed", x->app->elastic.namespace, body, &reply,
			   err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	json_t *last = json_object_get(json_array_get(json_at(reply, "hits.hits"), 0), "_source");
	if (n)
		say(x, BAD,
		    "%lld records could not be enriched or stored (logs-flow.failed-%s); the last "
		    "one: %.300s",
		    n, x->app->elastic.namespace,
		    json_text_at(last, "error.message", "no reason kept"));
	else
		say(x, FINE, "no failed records");
	return 0;
}

/* What exporters' own numbers of the last hour say. */
static int look_at_exporters(struct examination *x, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_loads("{\"size\":0,\"query\":{\"range\":{\"@timestamp\":{\"gte\":\"now-1h\"}}},"
		       "\"aggs\":{\"e\":{\"terms\":{"
		       "\"field\":\"observer.ip\",\"size\":100},\"aggs\":{"
		       "\"lost\":{\"sum\":{\"field\":\"exporter.lost\"}},\"records\":{\"sum\":{"
		       "\"field\":\"exporter.records\"}},"
		       "\"unknown\":{\"sum\":{\"field\":\"exporter.unknown_templates\"}},"
		       "\"errors\":{\"sum\":{\"field\":\"exporter.decode_errors\"}}}}}}",
		       0, NULL);
	if (streams_search(x->in.es, "metrics-flow.exporters", x->app->elastic.namespace, body,
			   &reply, err))
		return -1;
	size_t i;
	json_t *e;
	json_array_foreach (json_at(reply, "aggregations.e.buckets"), i, e) {
		const char *name = json_text_at(e, "key", "?");
		long long lost = json_int_at(e, "lost.value"),
			  records = json_int_at(e, "records.value");
		if (lost * 100 > records)
			say(x, BAD,
			    "%s: %lld lost against %lld records in the last hour: look for drops "
			    "on the way and in efd's "
			    "socket buffer (receive.buffer)",
			    name, lost, records);
		if (json_int_at(e, "unknown.value"))
			say(x, ODD,
			    "%s: data of %lld sets came without a template; shorten the exporter's "
			    "template interval",
			    name, json_int_at(e, "unknown.value"));
		if (json_int_at(e, "errors.value"))
			say(x, ODD, "%s: %lld datagrams were malformed", name,
			    json_int_at(e, "errors.value"));
	}
	return 0;
}

static int look_at_streams(struct examination *x, struct err *err)
{
	CLEANUP_JSON json_t *outdated = json_array(), *blocked = NULL;
	size_t i;
	json_t *name;
	const char *index;
	if (streams_outdated(x->in.es, outdated, err))
		return -1;
	json_array_foreach (outdated, i, name)
		say(x, ODD,
		    "%s writes to an index with an older mapping until it rolls over: `efctl setup "
		    "--rollover`",
		    json_string_value(name));
	long status = 0;
	if (es_call(x->in.es, "GET",
		    "/" STREAMS_ALL
		    "/_settings/index.blocks.read_only_allow_delete?flat_settings=true",
		    NULL, &status, &blocked, err))
		return -1;
	json_object_foreach (status == 200 ? blocked : NULL, index, name)
		if (json_object_size(json_object_get(name, "settings")))
			say(x, BAD,
			    "%s is read-only: a disk is too full; free some space, Elasticsearch "
			    "lifts the block itself",
			    index);
	return 0;
}

static int look_at_key(struct examination *x, struct err *err)
{
	if (!x->in.cluster.has[CAP_SECURITY])
		return 0;
	static const struct {
		enum finding finding;
		const char *text;
	} rows[] = {
		[KEY_ABSENT] = { ODD, "there is no API key for efd; `efctl setup` makes one" },
		[KEY_REFUSED] = { BAD, "the cluster does not know this API key: another cluster's, "
				       "expired or invalidated; remove the file, then `efctl "
				       "setup` makes a new one" },
		[KEY_WEAK] = { BAD, "the API key there may not write to all our data streams; "
				    "remove the file, "
				    "then `efctl setup` makes a new one" },
		[KEY_FITS] = { FINE, "the API key for efd works" },
	};
	enum key_found found;
	if (key_look(&x->app->elastic, x->app->setup.key_file, &found, err))
		return -1;
	say(x, rows[found].finding, "%s (setup.key_file): %s", x->app->setup.key_file,
	    rows[found].text);
	return 0;
}

static int examine(struct examination *x, struct err *err)
{
	if (install_open(&x->in, x->app, err) || look_at_cluster(x, err) ||
	    install_plan(&x->in, x->app, err))
		return -1;
	look_at_assets(x);
	if (look_at_template(x, err) || look_at_key(x, err) || look_at_streams(x, err) ||
	    look_at_records(x, err) || look_at_failures(x, err) || look_at_exporters(x, err))
		return -1;
	return 0;
}

int cmd_doctor(struct app *app, struct err *err)
{
	CLEANUP_JSON json_t *findings = json_array();
	struct examination x = { .app = app, .findings = findings };
	int result = examine(&x, err);
	if (result == 0 && app->flags.json) {
		json_dumpf(findings, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	install_release(&x.in);
	if (result)
		return -1;
	return x.bad ? EF_DIFFERENT : EF_DONE;
}
