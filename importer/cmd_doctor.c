/* SPDX-License-Identifier: Apache-2.0
 * efctl doctor: looks for what commonly goes wrong, and says how to mend it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/commands.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/feed_state.h"
#include "importer/doctor_cost.h"
#include "importer/doctor_counting.h"
#include "importer/doctor_exporters.h"
#include "importer/doctor_inventory.h"
#include "importer/doctor_profiles.h"
#include "importer/doctor_key.h"
#include "importer/doctor_senders.h"
#include "importer/doctor_timeouts.h"
#include "importer/doctor_tunnels.h"
#include "importer/efd_metrics.h"
#include "importer/install/discarded.h"
#include "importer/install/effect.h"
#include "importer/install/failure_store.h"
#include "importer/install/health.h"
#include "importer/install/ilm.h"
#include "importer/install/install.h"
#include "importer/install/known_faults.h"
#include "importer/install/mend.h"
#include "importer/install/others.h"
#include "importer/install/raw_documents.h"
#include "importer/install/remote_known.h"
#include "importer/install/tell.h"

/* an exporter sends at least every minute; a quarter of an hour without a record is a finding */
#define STALE_S 900

struct examination {
	struct app *app;
	struct install in;
	json_t *findings;
	size_t bad, told; /* of the findings */
	char *metrics;    /* of efd; NULL: none answers */
};

/* Prints and counts what was found since the last call. */
static void tell(struct examination *x)
{
	x->bad += findings_print(x->app->flags.json ? NULL : stdout, x->findings, x->told);
	x->told = json_array_size(x->findings);
}

__attribute__((format(printf, 3, 4))) static void say(struct examination *x, enum finding f,
						      const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	finding_add_list(x->findings, f, fmt, ap);
	va_end(ap);
	tell(x);
}

static void look_at_efd(struct examination *x)
{
	const char *asked = x->app->flags.efd_url, *url = asked ? asked : EFD_URL;
	x->metrics = efd_metrics(url);
	if (!x->metrics) {
		if (asked)
			say(x, BAD,
			    "efd does not answer at %s: is it running, and is that its "
			    "metrics.listen?",
			    url);
	} else if (efd_says(x->metrics, "efd_config_last_reload_successful 0")) {
		say(x, BAD,
		    "efd at %s still uses old settings: it rejected its last reload; `efd "
		    "--check-config` says why, then `systemctl reload efd`",
		    url);
	} else {
		say(x, FINE, "efd at %s answers and uses the settings it was last given", url);
	}
	uint64_t discarded = x->metrics ? efd_documents(x->metrics, "discarded") : 0;
	if (discarded)
		say(x, ODD,
		    "a pipeline dropped %llu documents that efd sent since its start, which are in "
		    "no index",
		    (unsigned long long)discarded);
}

static void look_at_cluster(struct examination *x)
{
	const struct cluster *c = &x->in.cluster;
	say(x, FINE, "%s %s at %s answers", cluster_product(c), c->version, es_url(x->in.es));
	if (c->distribution == ELASTICSEARCH && c->major < 8)
		say(x, ODD, "Elasticsearch %s works, but lacks field types that 8.3 and later have",
		    c->version);
	known_faults(c, x->findings);
	tell(x);
	if (!c->processors)
		say(x, UNKNOWN,
		    "the cluster does not say which processors its nodes have; all are assumed to "
		    "be there");
	if (!c->has[CAP_ILM] && !c->has[CAP_DSL] && !c->has[CAP_ISM])
		say(x, ODD,
		    "neither ILM nor data stream lifecycle: delete old backing indices by other "
		    "means");
	if (x->app->setup.geo == GEO_OFF)
		return;
	if (!c->has[CAP_GEOIP_CITY])
		say(x, ODD, "no geoip processor or database: records get no country, place and AS");
	else if (c->geoip_expired)
		say(x, BAD,
		    "the geo databases have expired: records get no country, place and AS until "
		    "Elasticsearch can download them again (GET /_ingest/geoip/stats), or newer "
		    "ones are in config/ingest-geoip of every node");
	else if (!c->geoip_loaded)
		say(x, ODD,
		    "the geo databases have not been loaded yet: Elasticsearch downloads them, or "
		    "put them into "
		    "config/ingest-geoip of every node");
}

static int look_at_health(struct examination *x, struct err *err)
{
	int result = health_findings(x->in.es, x->app, x->findings, err);
	tell(x);
	return result;
}

static void look_at_record(struct examination *x)
{
	size_t i;
	json_t *note;
	tell_record(&x->in, x->app, x->findings);
	json_array_foreach (x->in.rendering.notes, i, note)
		if (x->in.record.found == RECORD_THERE && strstr(json_string_value(note), "record"))
			finding_add(x->findings, ODD, "%s", json_string_value(note));
	tell(x);
}

/* Whether this efctl wants the very assets that setup wrote last: then those that differ were put
 * there by somebody else. */
static bool wants_what_was_written(const struct install *in)
{
	const struct record *r = &in->record;
	const char *wanted = record_text(r, "assets");
	return r->found == RECORD_THERE && in->copy.age != COPY_RECORD_OLDER && *wanted &&
	       strcmp(record_text(r, "state"), RECORD_APPLIED) == 0 &&
	       strcmp(json_text_at(r->before, "assets", ""), wanted) == 0;
}

static int look_at_assets(struct examination *x)
{
	const struct plan *p = &x->in.plan;
	size_t missing = plan_count(p, ACTION_CREATE), old = plan_count(p, ACTION_UPDATE);
	if ((missing || old) && wants_what_was_written(&x->in))
		say(x, BAD,
		    "%zu assets are missing and %zu differ from what setup last wrote (on %s): was "
		    "a snapshot with its global state restored? %s writes them again",
		    missing, old, record_text(&x->in.record, "at"), MEND(&x->in, x->app, ""));
	else if (missing || old)
		say(x, BAD, "%zu assets are missing and %zu would be updated: %s does both",
		    missing, old, MEND(&x->in, x->app, ""));
	for (size_t i = 0; i < p->n; i++) {
		if (p->item[i].action == ACTION_DRIFTED)
			say(x, ODD, "%s %s was changed by hand; %s would replace it",
			    p->item[i].group, p->item[i].name, MEND(&x->in, x->app, " --force"));
		if (p->item[i].action == ACTION_FOREIGN)
			say(x, BAD, "%s %s is not ours; rename yours, or %s replaces it",
			    p->item[i].group, p->item[i].name, MEND(&x->in, x->app, " --force"));
	}
	if (!missing && !old)
		say(x, FINE, "everything that setup installs is in place");
	return 0;
}

static int look_at_effect(struct examination *x, struct err *err)
{
	int result = effect_findings(x->in.es, x->app, x->findings, err);
	tell(x);
	return result;
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
	long long ms, n, now = (long long)clock_wall_ms() / 1000;
	if (newest(x, "logs-flow", &ms, &n, err))
		return -1;
	uint64_t stored = x->metrics ? efd_documents(x->metrics, "stored") : 0;
	uint64_t discarded = x->metrics ? efd_documents(x->metrics, "discarded") : 0;
	if (n == 0 && stored + discarded)
		say(x, BAD,
		    "no flow record has arrived in %s-%s, although this host's efd sent documents: "
		    "%llu were stored, %llu dropped by a pipeline; does this command use efd's "
		    "namespace and prefix, or does a pipeline send records elsewhere?",
		    NAME(es_prefix(x->in.es), "logs-flow"), x->app->elastic.namespace,
		    (unsigned long long)stored, (unsigned long long)discarded);
	else if (n == 0)
		say(x, BAD,
		    "no flow record has arrived: is efd running, do exporters send to it (2055, "
		    "4739, 6343), does the firewall let them through? efd's /metrics counts "
		    "datagrams");
	else if (now - ms / 1000 > STALE_S)
		say(x, BAD,
		    "the newest flow record is %lld minutes old: is efd still running, are "
		    "exporters still sending?",
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
	/* something else of that name may know no @timestamp */
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:b,s:[{s:{s:s,s:s}}]}", "size", 1, "track_total_hits", 1, "sort",
		      "@timestamp", "order", "desc", "unmapped_type", "date");
	if (streams_search(x->in.es, "logs-flow.failed", x->app->elastic.namespace, body, &reply,
			   err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	json_t *last = json_object_get(json_array_get(json_at(reply, "hits.hits"), 0), "_source");
	if (n)
		say(x, BAD,
		    "%lld records could not be enriched or stored (%s-%s); the last "
		    "one: %.300s",
		    n, NAME(es_prefix(x->in.es), "logs-flow.failed"), x->app->elastic.namespace,
		    json_text_at(last, "error.message", "no reason kept"));
	else
		say(x, FINE, "no failed records");
	return 0;
}

/* What an exporter's own numbers of the last hour say. */
static void numbers_of(const char *name, const json_t *exporter, json_t *findings)
{
	long long lost = json_int_at(exporter, "lost.value"),
		  records = json_int_at(exporter, "records.value"),
		  unknown = json_int_at(exporter, "unknown.value"),
		  errors = json_int_at(exporter, "errors.value");
	if (lost * 100 > records)
		finding_add(findings, BAD,
			    "%s: %lld lost against %lld records in the last hour: look for drops "
			    "on the way and in efd's socket buffer (receive.buffer)",
			    name, lost, records);
	if (unknown)
		finding_add(findings, ODD,
			    "%s: %lld data sets came without a template; shorten the exporter's "
			    "template interval",
			    name, unknown);
	if (errors)
		finding_add(findings, ODD, "%s: %lld datagrams were malformed", name, errors);
}

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
	doctor_exporters(reply, numbers_of, x->findings);
	tell(x);
	return 0;
}

static int look_at_counting(struct examination *x, struct err *err)
{
	int result = doctor_counting(x->in.es, x->app->elastic.namespace, x->findings, err);
	tell(x);
	return result;
}

static int look_at_streams(struct examination *x, struct err *err)
{
	CLEANUP_JSON json_t *outdated = json_array();
	size_t i;
	json_t *name;
	if (streams_outdated(x->in.es, outdated, err))
		return -1;
	json_array_foreach (outdated, i, name)
		say(x, ODD,
		    "%s writes to an index with an older mapping until it rolls over: %s does it "
		    "now",
		    json_string_value(name), MEND(&x->in, x->app, " --rollover"));
	return 0;
}

static int look_at_key(struct examination *x, struct err *err)
{
	int result = doctor_key(x->app, &x->in, x->metrics, x->findings, err);
	tell(x);
	return result;
}

typedef int findings_fn(struct es *es, const struct app *app, json_t *findings, struct err *err);

/* What other files look at. */
static int look_further(struct examination *x, struct err *err)
{
	static findings_fn *const further[] = {
		ilm_findings,    others_findings,  remote_known_findings,  feed_state_findings,
		sender_findings, doctor_tunnels,   raw_documents_findings, discarded_findings,
		doctor_timeouts, doctor_inventory, doctor_unseen,          doctor_cost
	};
	int result = 0;
	for (size_t i = 0; i < sizeof(further) / sizeof(further[0]) && result == 0; i++) {
		result = further[i](x->in.es, x->app, x->findings, err);
		tell(x);
	}
	return result;
}

static int look_at_failure_stores(struct examination *x, struct err *err)
{
	int result = failure_store_findings(x->in.es, x->app, &x->in.cluster, x->findings, err);
	tell(x);
	return result;
}

/* What cannot be looked at does not hide the rest. -1: something could not, the first of it is in
 * `err`. */
static int look_at_data(struct examination *x, struct err *err)
{
	static const struct {
		int (*look)(struct examination *x, struct err *err);
		const char *what;
	} steps[] = {
		{ look_at_streams, "whether data streams have the current mapping" },
		{ look_at_records, "whether flow records arrive" },
		{ look_at_failures, "whether records failed" },
		{ look_at_failure_stores, "whether failure stores hold documents" },
		{ look_at_exporters, "what exporters lose" },
		{ look_at_counting, "whether flows are counted twice" },
		{ look_further, "what else there is" },
	};
	int result = 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct err one = ERR_NONE;
		if (steps[i].look(x, &one) == 0)
			continue;
		if (result == 0)
			*err = one;
		result = -1;
		tell(x);
		say(x, UNKNOWN, "%s: %s", steps[i].what, one.msg);
		if (one.code == EF_UNREACHABLE)
			break;
	}
	return result;
}

static int examine(struct examination *x, struct err *err)
{
	look_at_efd(x);
	if (install_open(&x->in, x->app, err))
		return -1;
	look_at_cluster(x);
	if (look_at_health(x, err) || install_plan(&x->in, x->app, err))
		return -1;
	look_at_record(x);
	look_at_assets(x);
	if (look_at_effect(x, err) || look_at_key(x, err))
		return -1;
	/* with a reason for it, perhaps; then that is the result */
	return look_at_data(x, err) == 0 || x->bad ? 0 : -1;
}

int cmd_doctor(struct app *app, struct err *err)
{
	CLEANUP_JSON json_t *findings = json_array();
	struct examination x = { .app = app, .findings = findings };
	int result = examine(&x, err);
	if (result == 0 && app->flags.json) {
		print_json(stdout, findings, JSON_INDENT(2));
	}
	install_release(&x.in);
	free(x.metrics);
	if (result)
		return -1;
	return x.bad ? EF_DIFFERENT : EF_DONE;
}
