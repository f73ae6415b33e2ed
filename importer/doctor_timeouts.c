/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of flows that last longer than the steps of the charts: their bytes stand where
 * they end. */
#include "importer/doctor_timeouts.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "importer/client/advice.h"
#include "importer/client/app.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define NS_A_MS     1000000LL
#define NS_A_MINUTE (60000 * NS_A_MS)

/* Timers are looked at once in a while: a flow of five minutes may be told after six. */
static long long with_slack(long long n)
{
	return n + n / 4;
}

/* To be said to --active-timeout for flows of so many nanoseconds; 0: no chart has such steps. */
static unsigned minutes_for(long long duration_ns)
{
	static const unsigned usual[] = { 1, 2, 5, 10, 15, 20, 30, 60 };
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (duration_ns <= with_slack(usual[i] * NS_A_MINUTE))
			return usual[i];
	return 0;
}

static void finding_of(const struct app *app, const json_t *exporter, json_t *findings)
{
	const char *name = json_text_at(exporter, "key", "?");
	long long records = json_int_at(exporter, "doc_count"),
		  longest = json_int_at(exporter, "longest.value"),
		  steps = (long long)app->setup.active_timeout;
	unsigned minutes = minutes_for(longest);
	char command[60];
	snprintf(command, sizeof(command), "setup --active-timeout %um", minutes);
	finding_add(findings, ODD,
		    "%s: %lld records of the last hour are of flows longer than %lld s, the "
		    "longest %lld s: all their bytes count at the end, so charts with steps of "
		    "%lld s show false peaks and gaps; set its active timeout to 60 s%s%s",
		    name, records, with_slack(steps) / 1000, longest / NS_A_MS / 1000, steps / 1000,
		    minutes ? ", or widen the steps: " : "", minutes ? ADVICE(app, command) : "");
}

int doctor_timeouts(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body = json_pack(
	    "{s:i,s:{s:{s:[{s:{s:{s:s}}},{s:{s:{s:I}}}]}},s:{s:{s:{s:s,s:i},s:{s:{s:{s:s}}}}}}",
	    "size", 0, "query", "bool", "filter", "range", "@timestamp", "gte", "now-1h", "range",
	    "event.duration", "gt", (json_int_t)with_slack(app->setup.active_timeout) * NS_A_MS,
	    "aggs", "e", "terms", "field", "observer.name", "size", 100, "aggs", "longest", "max",
	    "field", "event.duration");
	if (streams_search(es, "logs-flow", app->elastic.namespace, body, &reply, err))
		return -1;
	size_t i;
	json_t *exporter;
	json_array_foreach (json_at(reply, "aggregations.e.buckets"), i, exporter)
		finding_of(app, exporter, findings);
	return 0;
}
