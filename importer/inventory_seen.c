/* SPDX-License-Identifier: Apache-2.0
 * Which exporters the cluster has seen, for sources of an inventory that ask them. */
#include "importer/inventory_seen.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"

/* efd says once a minute who sends to it, which is less to search than the flows. */
#define STREAM "metrics-flow.exporters"

int exporters_seen(struct app *app, int fd, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:i,s:{s:{s:{s:s}}},s:{s:{s:{s:s,s:i}}}}", "size", 0, "query", "range", "@timestamp",
	    "gte", "now-30d", "aggs", "e", "terms", "field", "observer.ip", "size", SEEN_MAX);
	size_t i;
	json_t *bucket;

	if (app_connect(app, &es, err) ||
	    streams_search(es, STREAM, app->elastic.namespace, body, &reply, err))
		return -1;
	json_array_foreach (json_at(reply, "aggregations.e.buckets"), i, bucket)
		if (dprintf(fd, "%s\n", json_text_at(bucket, "key", "")) < 0)
			return err_errno(err, EF_FAILED, errno, "no place for exporters");
	return 0;
}
