/* SPDX-License-Identifier: Apache-2.0
 * What is in the failure stores of our data streams (Elasticsearch 8.19, 9.1 and later): documents
 * that were refused where no dashboard looks. */
#include "importer/install/failure_store.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

/* Those that hold nothing yet have no index, which is no error. */
#define SEARCH "/_search?ignore_unavailable=true&allow_no_indices=true"

int failure_store_findings(struct es *es, const struct app *app, const struct cluster *cluster,
			   json_t *findings, struct err *err)
{
	char path[STREAMS_PATH], reason[300];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL,
			    *body = json_pack("{s:i,s:b,s:[{s:s}]}", "size", 1, "track_total_hits",
					      1, "sort", "@timestamp", "desc");
	if (!cluster->has[CAP_FAILURE_STORE])
		return 0;
	streams_failures_path(es, path, app->elastic.namespace, SEARCH);
	if (es_call(es, "POST", path, body, &status, &reply, err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	const json_t *last = json_array_get(json_at(reply, "hits.hits"), 0);
	es_reason(reply, reason, sizeof(reason));
	if (status != 200 && status != 404)
		finding_add(findings, UNKNOWN,
			    "whether failure stores hold documents: the cluster does not say "
			    "(%ld, %s)",
			    status, reason);
	else if (n)
		finding_add(findings, BAD,
			    "%lld documents were refused and are in failure stores "
			    "(%s-%s::failures, say), where no dashboard looks; the last one, in "
			    "%s: %.300s; docs/operations.md says how they go once more",
			    n, NAME(es_prefix(es), stream_rows[0].name), app->elastic.namespace,
			    json_text_at(last, "_index", "?"),
			    json_text_at(last, "_source.error.message", "no reason kept"));
	return 0;
}
