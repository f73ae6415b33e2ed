#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pipelines as Elasticsearch 8.3 and later gets them, on any engine: `flow` calls a pipeline a stage. The same golden cases; an
edit of a stage takes effect; a failure names its stage; each stage has statistics; going back to one script leaves nothing over."""
import re
import tempfile

import golden
import stages
import tap

RAW = {"@timestamp": "2023-11-14T22:13:20.000Z", "flow": {"type": "netflow9", "exporter": "192.0.2.1", "domain": 1, "received": 1700000000100},
	"ie": {"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "10.0.0.2", "protocolIdentifier": 6, "sourceTransportPort": 50000, "destinationTransportPort": 443,
		"octetDeltaCount": 100, "packetDeltaCount": 1}}


def ours(cluster):
	return cluster.must("GET", "/_ingest/pipeline/flow*")


def called(cluster):
	return [p["pipeline"]["name"] for p in ours(cluster)["flow"]["processors"] if "pipeline" in p]


def readable(cluster):
	"""What a person sees: a stage in its own lines and with its comments, one tagged script or more."""
	pipelines, troubles = ours(cluster), []
	for name in called(cluster):
		for p in pipelines.get(name, {}).get("processors", []):
			if "script" in p and ("tag" not in p["script"] or p["script"]["source"].count("\n") < 10 or "\n//" not in p["script"]["source"]):
				troubles.append(name)
	tap.same(troubles, [], "stages can be read")
	tap.ok(not any("script" in p for p in pipelines["flow"]["processors"]) and len(called(cluster)) > 12, "flow calls them", called(cluster))


def statistics(cluster, name):
	stats = cluster.must("GET", "/_nodes/stats/ingest")["nodes"].values()
	return sum(n["ingest"]["pipelines"][name]["count"] for n in stats)


def edited(cluster, setup):
	"""A change by hand in one stage is what records go through; setup keeps it and says so."""
	stage = ours(cluster)["flow-roles"]
	script = stage["processors"][0]["script"]
	script["source"] += "\nctx.labels = ['by': 'hand'];\n"
	cluster.must("PUT", "/_ingest/pipeline/flow-roles", stage)
	tap.same(stages.simulate(cluster, "flow", [RAW])[0].get("labels"), {"by": "hand"}, "an edit of flow-roles takes effect")
	said = setup(force=False)
	tap.ok(re.search(r"^drifted +pipeline +flow-roles .*kept", said, re.M), "setup keeps it and says so", said)
	script["source"] = "throw new IllegalStateException('roles: broken by hand')"
	cluster.must("PUT", "/_ingest/pipeline/flow-roles", stage)
	failed = stages.simulate(cluster, "flow", [RAW])[0]
	tap.same((failed.get("_index"), failed["error"]["type"]), ("logs-flow.failed-default", "script roles"), "a failure names its stage")
	tap.ok("roles: broken by hand" in failed["error"]["message"], "and says why", failed["error"]["message"])
	setup()
	tap.ok("labels" not in stages.simulate(cluster, "flow", [RAW])[0], "--force puts ours back")


def main():
	cluster = stages.clusters.connect()
	with tempfile.TemporaryDirectory() as folder:
		def setup(merge="false", **more):
			return stages.setup(cluster, assets=stages.overlay(folder, merge), **more)
		setup("true")
		before = set(ours(cluster))
		said = setup()
		tap.ok(re.search(r"^left of 900 KB a pipeline: ", said, re.M), "setup says what is left", said)
		golden.run(cluster)
		golden.vendor_geo(cluster)
		readable(cluster)
		edited(cluster, setup)
		count = statistics(cluster, "flow-roles")
		cluster.must("POST", "/logs-flow-stagestest/_bulk", '{"create":{}}\n' + stages.json.dumps(RAW) + "\n", "application/x-ndjson")
		tap.same(statistics(cluster, "flow-roles") - count, 1, "each stage has statistics of its own")
		cluster.delete("/_data_stream/logs-flow-stagestest")
		tap.same(set(ours(cluster)), before, "as many pipelines as before")
		setup("true")
		tap.ok(set(ours(cluster)) == before and any("script" in p for p in ours(cluster)["flow"]["processors"]), "back to one script: nothing is left over")
	stages.setup(cluster)
	tap.done()


main()
