/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of tunnels: exporters that may count a packet inside of one and outside of
 * it. */
#include "importer/doctor_tunnels.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/doctor_exporters.h"

#define PERCENT 1 /* of an exporter's octets; less is not worth a word */

#define SUM       "\"aggs\":{\"b\":{\"sum\":{\"field\":\"network.bytes\"}}"
#define IS(value) "{\"term\":{\"network.transport\":\"" value "\"}}"
#define UDP_TO(to) \
	"{\"bool\":{\"filter\":[" IS("udp") ",{\"term\":{\"destination.port\":" to "}}]}}"

static const char question[] =
    "{\"size\":0,\"query\":{\"bool\":{\"filter\":[{\"range\":{\"@timestamp\":{\"gte\":\"now-1h\"}}}"
    "],\"must_not\":[{\"term\":{\"flow.type\":\"sflow5\"}}]}},\"aggs\":{\"e\":{\"terms\":{"
    "\"field\":\"observer.name\",\"size\":100}," SUM ",\"out\":{\"filter\":{\"term\":{"
    "\"flow.duplicate.reason\":\"interface\"}}},\"t\":{\"filters\":{\"filters\":{"
    "\"GRE\":" IS("gre") ",\"ESP\":" IS("esp") ",\"UDP 4500\":" UDP_TO(
	"4500") ",\"UDP 4789\":" UDP_TO("4789") ",\"IP in IP\":{\"terms\":{\"network.transport\":["
						"\"ipv4\",\"ipv6\"]}}}}," SUM "}}}}}}";

/* "GRE 12 %, ESP 3 %"; the octets of all. */
static long long list_kinds(const json_t *kinds, long long all, char *text, size_t size)
{
	long long octets = 0;
	size_t len = 0;
	const char *name;
	json_t *kind;
	*text = '\0';
	json_object_foreach ((json_t *)kinds, name, kind) {
		long long n = json_int_at(kind, "b.value");
		if (n > 0 && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s %lld %%",
						octets ? ", " : "", name, n * 100 / all);
		octets += n;
	}
	return octets;
}

static void tunnels_of(const char *name, const json_t *exporter, json_t *findings)
{
	char kinds[120];
	long long all = json_int_at(exporter, "b.value");
	if (all <= 0 || json_int_at(exporter, "out.doc_count"))
		return;
	long long tunnels = list_kinds(json_at(exporter, "t.buckets"), all, kinds, sizeof(kinds));
	if (tunnels * 100 / all >= PERCENT)
		finding_add(findings, ODD,
			    "%s carries tunnels (%s of its octets): of those that end in it the "
			    "packets count inside and outside; a row of the tunnel's interface in "
			    "interfaces.csv with totals = false leaves the inner ones out",
			    name, kinds);
}

void doctor_tunnels_of(const json_t *reply, json_t *findings)
{
	doctor_exporters(reply, tunnels_of, findings);
}

int doctor_tunnels(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL, *body = json_loads(question, 0, NULL);
	if (streams_search(es, "logs-flow", app->elastic.namespace, body, &reply, err))
		return -1;
	doctor_tunnels_of(reply, findings);
	return 0;
}
