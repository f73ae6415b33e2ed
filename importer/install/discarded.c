/* SPDX-License-Identifier: Apache-2.0
 * Documents that a pipeline of an installation dropped: no error to anybody, and in no index. */
#include "importer/install/discarded.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

/* A processor is called by its type, with its tag behind it where it has one: "drop:mine". */
#define PATH \
	"/_nodes/stats/ingest?filter_path=nodes.*.ingest.pipelines.*.processors.drop*.stats.count"

static bool is_of(const char *prefix, const char *pipeline)
{
	return name_is_of(prefix, pipeline) && strncmp(name_bare(prefix, pipeline), "flow", 4) == 0;
}

static json_int_t dropped_by(const json_t *pipeline)
{
	json_int_t sum = 0;
	size_t i;
	json_t *processor, *drop;
	const char *type;
	json_array_foreach (json_object_get(pipeline, "processors"), i, processor)
		json_object_foreach (processor, type, drop)
			sum += json_int_at(drop, "stats.count");
	return sum;
}

/* {pipeline: number} over all nodes. */
static json_t *count_all(const char *prefix, const json_t *reply)
{
	json_t *counts = json_object(), *node, *pipeline;
	const char *id, *name;
	json_object_foreach (json_object_get(reply, "nodes"), id, node)
		json_object_foreach (json_at(node, "ingest.pipelines"), name, pipeline)
			if (is_of(prefix, name))
				json_object_set_new(counts, name,
						    json_integer(dropped_by(pipeline) +
								 json_integer_value(json_object_get(
								     counts, name))));
	return counts;
}

int discarded_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	long status = 0;
	const char *name;
	json_t *n;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", PATH, NULL, &status, &reply, err))
		return -1;
	if (status != 200)
		es_say_unknown(findings, status, reply, "whether pipelines drop documents");
	CLEANUP_JSON json_t *counts = count_all(app->elastic.prefix, reply);
	json_object_foreach (counts, name, n)
		if (json_integer_value(n))
			finding_add(
			    findings, ODD,
			    "the pipeline %s has dropped %lld documents since the nodes "
			    "started, which are in no index; if nobody wants that, take its "
			    "processor drop away",
			    name, (long long)json_integer_value(n));
	return 0;
}
