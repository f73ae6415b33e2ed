/* SPDX-License-Identifier: Apache-2.0
 * What doctor tells of what a document costs the cluster: time by stage, the geo cache, bytes. */
#include "importer/doctor_cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/doctor_profiles.h"

#define PARTS_MAX 200 /* processors, or fields, that are looked at; more are left out */
#define TOLD_MAX  12
#define TEXT_MAX  4096
#define RUNS_MIN  1000 /* of the pipeline, before its time says something */

/* A part of the whole, and its amount: ms or bytes. */
struct cost_part {
	const char *name;
	double amount;
};

struct cost_parts {
	struct cost_part item[PARTS_MAX];
	size_t n;
};

static void share_add(struct cost_parts *shares, const char *name, double amount)
{
	for (size_t i = 0; i < shares->n; i++)
		if (strcmp(shares->item[i].name, name) == 0) {
			shares->item[i].amount += amount;
			return;
		}
	if (shares->n < PARTS_MAX)
		shares->item[shares->n++] = (struct cost_part){ name, amount };
}

static int share_order(const void *a, const void *b)
{
	const struct cost_part *x = a, *y = b;
	return (x->amount < y->amount) - (x->amount > y->amount);
}

/* "roles 8.1, event 6.0": the largest first, down to 2 % of `whole`, each times `scale`. */
static const char *shares_text(struct cost_parts *shares, double whole, double scale,
			       struct buf *out)
{
	qsort(shares->item, shares->n, sizeof(shares->item[0]), share_order);
	buf_init(out, TEXT_MAX);
	for (size_t i = 0; i < shares->n && i < TOLD_MAX; i++)
		if (shares->item[i].amount * 50 < whole ||
		    buf_add_fmt(out, "%s%s %.1f", i ? ", " : "", shares->item[i].name,
				shares->item[i].amount * scale))
			break;
	return out->data ? out->data : "";
}

/* The name in "script:roles", "conditional:CompoundProcessor-geo-source-v4", whose types are of no
 * interest. */
static const char *processor_name(const char *key)
{
	static const char compound[] = "CompoundProcessor-";
	const char *colon = strchr(key, ':'), *name = colon ? colon + 1 : key;
	return strncmp(name, compound, strlen(compound)) == 0 ? name + strlen(compound) : name;
}

/* A pipeline's own row tells its time: in Elasticsearch 8.3 what the row of the call says is
 * none. That row has all its calls; those of this one take their share. */
static double processor_ms(const json_t *pipelines, const char *key, const json_t *processor)
{
	const json_t *called = strncmp(key, "pipeline:", 9) == 0
				   ? json_object_get(pipelines, processor_name(key))
				   : NULL;
	long long calls = json_int_at(called, "count");
	if (!calls)
		return (double)json_int_at(processor, "stats.time_in_millis");
	return (double)json_int_at(called, "time_in_millis") *
	       (double)json_int_at(processor, "stats.count") / (double)calls;
}

/* One node's. */
static void add_node(const json_t *pipelines, const char *flow, struct cost_parts *shares,
		     long long *count, double *ms)
{
	size_t i;
	json_t *entry, *processor;
	const char *key;
	const json_t *pipeline = json_object_get(pipelines, flow);
	*count += json_int_at(pipeline, "count");
	*ms += (double)json_int_at(pipeline, "time_in_millis");
	json_array_foreach (json_object_get(pipeline, "processors"), i, entry)
		json_object_foreach (entry, key, processor)
			share_add(shares, processor_name(key),
				  processor_ms(pipelines, key, processor));
}

/* OpenSearch adds the time of a batch to its metrics once for each document in it
 * (OperationMetrics.afterN), and from 3.0 on a bulk request is a batch (2.x: when asked to). How
 * long batches were is not told, and conditional processors are timed by document: neither the
 * whole nor a share of it can be had. */
static bool counts_batches(const struct cluster *cluster)
{
	return cluster->distribution == OPENSEARCH && cluster->major >= 3;
}

void doctor_cost_time(const struct cluster *cluster, const json_t *reply, const char *flow,
		      json_t *findings)
{
	struct cost_parts shares = { .n = 0 };
	long long count = 0;
	double ms = 0;
	const char *id;
	json_t *node;
	json_object_foreach (json_object_get(reply, "nodes"), id, node)
		add_node(json_at(node, "ingest.pipelines"), flow, &shares, &count, &ms);
	if (!count)
		return;
	if (counts_batches(cluster)) {
		finding_add(findings, UNKNOWN,
			    "time a document: not told by this OpenSearch; its "
			    "_nodes/stats/ingest counts the time of a batch once for each "
			    "document in it");
		return;
	}
	if (count < RUNS_MIN) {
		finding_add(findings, FINE,
			    "enrichment has had %lld documents since the nodes started, those of "
			    "_simulate among them: too few to tell its time (%d)",
			    count, RUNS_MIN);
		return;
	}
	CLEANUP_BUF struct buf text = { 0 };
	finding_add(findings, FINE,
		    "enrichment takes %.1f us of wall time a document (%lld since the nodes "
		    "started, those of _simulate among them): %s",
		    ms * 1000 / (double)count, count,
		    shares_text(&shares, ms, 1000 / (double)count, &text));
}

void doctor_cost_cache(const json_t *reply, json_t *findings)
{
	long long hits = 0, misses = 0, evictions = 0;
	const char *id;
	json_t *node;
	json_object_foreach (json_object_get(reply, "nodes"), id, node) {
		hits += json_int_at(node, "cache_stats.hits");
		misses += json_int_at(node, "cache_stats.misses");
		evictions += json_int_at(node, "cache_stats.evictions");
	}
	if (hits + misses == 0)
		return;
	int percent = (int)(100 * hits / (hits + misses));
	bool small = percent < 80 && evictions > misses / 2;
	finding_add(findings, small ? ODD : FINE,
		    "the geo databases' cache answered %d %% of %lld questions%s", percent,
		    hits + misses,
		    small ? ": it is too small for your traffic; raise ingest.geoip.cache_size "
			    "(elasticsearch.yml) on the nodes that ingest"
			  : "");
}

void doctor_cost_bytes(const json_t *reply, json_t *findings)
{
	const json_t *all = json_at(reply, "_all.primaries");
	long long documents = json_int_at(all, "docs.count"),
		  bytes = json_int_at(all, "store.size_in_bytes");
	if (documents)
		finding_add(findings, FINE,
			    "flow records take %lld bytes a document on disk (%lld documents, "
			    "without replicas; fresh segments take more than merged ones)",
			    bytes / documents, documents);
}

void doctor_cost_fields(const json_t *reply, long long documents, json_t *findings)
{
	struct cost_parts shares = { .n = 0 };
	const char *index, *name;
	json_t *usage, *field;
	double whole = 0;
	if (!documents)
		return;
	json_object_foreach ((json_t *)reply, index, usage)
		json_object_foreach (json_object_get(usage, "fields"), name, field) {
			double bytes = (double)json_int_at(field, "total_in_bytes");
			share_add(&shares, name, bytes);
			whole += bytes;
		}
	if (whole <= 0)
		return;
	CLEANUP_BUF struct buf text = { 0 };
	finding_add(findings, FINE, "bytes a document by field: %s",
		    shares_text(&shares, whole, 1 / (double)documents, &text));
}

/* What a cluster does not have, or does not tell this user, is no trouble here. */
static int ask_for(struct es *es, const char *method, const char *path, json_t **ret_reply,
		   struct err *err)
{
	long status = 0;
	json_t *reply = NULL;
	if (es_call(es, method, path, NULL, &status, &reply, err))
		return -1;
	if (status != 200) {
		json_decref(reply);
		reply = NULL;
	}
	*ret_reply = reply;
	return 0;
}

/* By field, and what profiles would save: the cluster reads all that it has for it. */
static int look_at_fields(struct es *es, const struct app *app, long long documents,
			  json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *usage = NULL, *sample = NULL;
	char path[2 * NAME_ROOM];
	const char *stream = NAME(es_prefix(es), "logs-flow");
	snprintf(path, sizeof(path), "/%s-%s/_disk_usage?run_expensive_tasks=true", stream,
		 app->elastic.namespace);
	if (ask_for(es, "POST", path, &usage, err))
		return -1;
	doctor_cost_fields(usage, documents, findings);
	if (!usage) {
		finding_add(findings, UNKNOWN,
			    "bytes by field, and what profiles would save: the cluster has no "
			    "_disk_usage");
		return 0;
	}
	snprintf(path, sizeof(path), "/%s-%s/_search?size=%d&sort=_doc", stream,
		 app->elastic.namespace, PROFILE_SAMPLE);
	if (ask_for(es, "GET", path, &sample, err))
		return -1;
	return doctor_profiles(app->assets, usage, sample, documents, findings, err);
}

int doctor_cost(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	struct cluster cluster;
	CLEANUP_JSON json_t *times = NULL, *cache = NULL, *bytes = NULL;
	char path[2 * NAME_ROOM];
	const char *prefix = es_prefix(es), *stream = NAME(prefix, "logs-flow");
	if (cluster_identify(es, &cluster, err) ||
	    ask_for(es, "GET", "/_nodes/stats/ingest?filter_path=nodes.*.ingest.pipelines", &times,
		    err) ||
	    ask_for(es, "GET", "/_ingest/geoip/stats", &cache, err))
		return -1;
	snprintf(path, sizeof(path), "/%s-%s/_stats/store,docs?filter_path=_all.primaries", stream,
		 app->elastic.namespace);
	if (ask_for(es, "GET", path, &bytes, err))
		return -1;
	doctor_cost_time(&cluster, times, NAME(prefix, "flow"), findings);
	doctor_cost_cache(cache, findings);
	doctor_cost_bytes(bytes, findings);
	if (!app->flags.cost)
		return 0;
	return look_at_fields(es, app, json_int_at(bytes, "_all.primaries.docs.count"), findings,
			      err);
}
