/* SPDX-License-Identifier: Apache-2.0
 * What of others is in our way: index templates that win over ours, and Elastic's own netflow
 * integration beside us. */
#include "importer/install/others.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define INTEGRATION "logs-netflow.log-*" /* the streams of Elastic's integration */

static bool pattern_matches(const json_t *template, const char *stream)
{
	size_t i;
	json_t *pattern;

	json_array_foreach (json_at(template, "index_template.index_patterns"), i, pattern)
		if (json_is_string(pattern) &&
		    fnmatch(json_string_value(pattern), stream, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

/* Each of our templates has the name of its streams. */
static void look_at_stream(const json_t *templates, const char *row, const char *stream,
			   json_t *findings)
{
	const json_t *ours = json_called(templates, row);
	long long priority = json_int_at(ours, "index_template.priority");
	size_t i;
	json_t *t;

	json_array_foreach (ours ? templates : NULL, i, t)
		if (t != ours && json_int_at(t, "index_template.priority") > priority &&
		    pattern_matches(t, stream))
			finding_add(
			    findings, BAD,
			    "index template %s has a higher priority (%lld) than ours (%lld) "
			    "and matches %s: new indices there get its mapping and no "
			    "pipeline of ours; lower its priority, or narrow its patterns",
			    json_text_at(t, "name", "?"), json_int_at(t, "index_template.priority"),
			    priority, stream);
}

static int look_at_templates(struct es *es, const struct app *app, json_t *findings,
			     struct err *err)
{
	static const char path[] =
	    "/_index_template?filter_path=index_templates.name,index_templates.index_template."
	    "index_patterns,index_templates.index_template.priority";
	char reason[300], stream[NAME_ROOM + 100];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;

	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status != 200) {
		es_reason(reply, reason, sizeof(reason));
		finding_add(findings, UNKNOWN,
			    "whether another index template wins over ours: the cluster does not "
			    "say (%ld, %s)",
			    status, reason);
		return 0;
	}
	for (size_t i = 0; i < STREAMS_ALL; i++) {
		const char *name = NAME(es_prefix(es), stream_rows[i].name);
		snprintf(stream, sizeof(stream), "%s-%s", name, app->elastic.namespace);
		look_at_stream(json_object_get(reply, "index_templates"), name, stream, findings);
	}
	return 0;
}

/* Documents of the last hour: those of one that was switched off are no finding. */
static int look_at_integration(struct es *es, json_t *findings, struct err *err)
{
	static const char path[] = "/" INTEGRATION "/_search?allow_no_indices=true";
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:b,s:{s:{s:{s:s}}}}", "size", 0, "track_total_hits", 1, "query",
		      "range", "@timestamp", "gte", "now-1h");

	if (es_call(es, "POST", path, body, &status, &reply, err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	if (status != 200)
		finding_add(findings, UNKNOWN,
			    "whether Elastic's netflow integration takes flows, too: not yours to "
			    "read (%ld for " INTEGRATION ")",
			    status);
	else if (n)
		finding_add(findings, ODD,
			    "Elastic's netflow integration takes flows, too: %lld documents of the "
			    "last hour in " INTEGRATION ". Who counts in logs-* counts an exporter "
			    "that sends to both twice: let each send to one",
			    n);
	return 0;
}

int others_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	return look_at_templates(es, app, findings, err) || look_at_integration(es, findings, err)
		   ? -1
		   : 0;
}
