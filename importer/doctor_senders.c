/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of who sends: several devices behind one address, and sFlow agents that are
 * nobody or somebody else's. */
#include "importer/doctor_senders.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/doctor_exporters.h"

#define PORTS_SHOWN 8

/* "40001, 40002, …": some of the ports; their number. */
static size_t list_ports(const json_t *buckets, char *text, size_t size)
{
	size_t i, len = 0;
	json_t *port;
	*text = '\0';
	json_array_foreach (buckets, i, port)
		if (i < PORTS_SHOWN && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%lld", i ? ", " : "",
						json_int_at(port, "key"));
	return json_array_size(buckets);
}

static void devices(const char *name, const json_t *ports, json_t *findings)
{
	char text[PORTS_SHOWN * 8 + 1];
	size_t n = list_ports(ports, text, sizeof(text));
	if (n)
		finding_add(findings, ODD,
			    "%s: %zu devices send from this address (NAT, containers), told apart "
			    "by their ports (%s%s): give them addresses of their own, or fixed "
			    "ports and rows in exporters.csv",
			    name, n, text, n > PORTS_SHOWN ? ", …" : "");
}

/* Loopback, or no address at all. */
static bool is_nobody(const char *agent)
{
	return strncmp(agent, "127.", 4) == 0 || strncmp(agent, "0.", 2) == 0 ||
	       strcmp(agent, "::") == 0 || strcmp(agent, "::1") == 0;
}

static void agents(const char *name, const json_t *buckets, json_t *findings)
{
	size_t i;
	json_t *bucket;
	json_array_foreach (buckets, i, bucket) {
		const char *agent = json_text_at(bucket, "key", "?");
		if (is_nobody(agent))
			finding_add(findings, ODD,
				    "%s: its sFlow names %s as agent, so it goes by the sender's "
				    "address: set the agent's address in the device",
				    name, agent);
		else
			finding_add(findings, ODD,
				    "%s: names the sFlow agent %s and counts as an exporter of its "
				    "own, for that agent's datagrams come from another sender "
				    "(or decode.sflow_agents is false): a second path of one "
				    "device, or somebody who claims to be it",
				    name, agent);
	}
}

static void sender_of(const char *name, const json_t *exporter, json_t *findings)
{
	devices(name, json_at(exporter, "ports.buckets"), findings);
	agents(name, json_at(exporter, "agents.buckets"), findings);
}

void sender_findings_of(const json_t *reply, json_t *findings)
{
	doctor_exporters(reply, sender_of, findings);
}

int sender_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body = json_loads(
	    "{\"size\":0,\"query\":{\"range\":{\"@timestamp\":{\"gte\":\"now-1h\"}}},\"aggs\":{"
	    "\"e\":{\"terms\":{\"field\":\"observer.ip\",\"size\":100},\"aggs\":{"
	    "\"ports\":{\"terms\":{\"field\":\"flow.exporter.port\",\"size\":64}},"
	    "\"agents\":{\"terms\":{\"field\":\"flow.exporter.agent\",\"size\":10}}}}}}",
	    0, NULL);
	if (streams_search(es, "metrics-flow.exporters", app->elastic.namespace, body, &reply, err))
		return -1;
	sender_findings_of(reply, findings);
	return 0;
}
