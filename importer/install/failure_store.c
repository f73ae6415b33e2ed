/* SPDX-License-Identifier: Apache-2.0
 * What is in the failure stores of our data streams (Elasticsearch 8.19, 9.1 and later): documents
 * that were refused where no dashboard looks. */
#include "importer/install/failure_store.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

/* Store by store, and without ignore_unavailable: that would pass over those that may not be read
 * as if they were not there. */
static int look_at_store(struct es *es, const char *stream, void *arg, struct err *err)
{
	json_t *findings = arg;
	char path[STREAM_NAME + 40];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL,
			    *body = json_pack("{s:i,s:b,s:[{s:s}]}", "size", 1, "track_total_hits",
					      1, "sort", "@timestamp", "desc");
	snprintf(path, sizeof(path), "/%s::failures/_search", stream);
	if (es_call(es, "POST", path, body, &status, &reply, err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	const json_t *last = json_array_get(json_at(reply, "hits.hits"), 0);
	if (status != 200 && status != 404) /* 404: no such stream */
		es_say_unknown(findings, status, reply,
			       "whether the failure store of %s holds documents", stream);
	else if (n)
		finding_add(
		    findings, BAD,
		    "%lld documents were refused and are in %s::failures, where no "
		    "dashboard looks; the last one: %.300s; docs/operating/failed-records.md "
		    "says how they go once more",
		    n, stream, json_text_at(last, "_source.error.message", "no reason kept"));
	return 0;
}

int failure_store_findings(struct es *es, const struct app *app, const struct cluster *cluster,
			   json_t *findings, struct err *err)
{
	return cluster->has[CAP_FAILURE_STORE]
		   ? streams_each(es, app->elastic.namespace, look_at_store, findings, err)
		   : 0;
}
