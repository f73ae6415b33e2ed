/* SPDX-License-Identifier: Apache-2.0
 * Documents in our data streams that are raw lines as efd sends them: our pipeline did not run when
 * they came. */
#include "importer/install/raw_documents.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define INDICES_MAX 3 /* that are named */

/* All that our pipelines make has the member, and the index knows it of each document. */
static json_t *question(void)
{
	return json_pack("{s:i,s:b,s:[s],s:{s:{s:{s:{s:s}}}},s:{s:{s:{s:s,s:i}}}}", "size", 1,
			 "track_total_hits", 1, "_source", "flow.exporter", "query", "bool",
			 "must_not", "exists", "field", "ecs.version", "aggs", "indices", "terms",
			 "field", "_index", "size", INDICES_MAX + 1);
}

static const char *indices_text(const json_t *reply, char *text, size_t room)
{
	size_t i, n = 0;
	json_t *bucket;
	text[0] = '\0';
	json_array_foreach (json_at(reply, "aggregations.indices.buckets"), i, bucket)
		if (n < room)
			n += (size_t)snprintf(text + n, room - n, "%s%s", i ? ", " : "",
					      i < INDICES_MAX ? json_text_at(bucket, "key", "?")
							      : "…");
	return text;
}

static int look_at_stream(struct es *es, const char *stream, void *arg, struct err *err)
{
	json_t *findings = arg;
	char path[STREAM_NAME + 40], text[400];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL, *body = question();
	snprintf(path, sizeof(path), "/%s/_search", stream);
	if (es_call(es, "POST", path, body, &status, &reply, err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	const json_t *one = json_array_get(json_at(reply, "hits.hits"), 0);
	if (status != 200 && status != 404) /* 404: no such stream */
		es_say_unknown(findings, status, reply,
			       "whether %s has documents without our pipeline", stream);
	/* a pipeline of the user's may take the member away, but makes no raw line again */
	else if (n && json_text_at(one, "_source.flow.exporter", NULL))
		finding_add(findings, BAD,
			    "%lld documents of %s are raw lines, which no dashboard shows, as our "
			    "pipeline did not run when they came (in %s); docs/operating/proof.md, "
			    "\"Raw documents\", has the calls that put them right",
			    n, stream, indices_text(reply, text, sizeof(text)));
	return 0;
}

int raw_documents_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	return streams_each(es, app->elastic.namespace, look_at_stream, findings, err);
}
