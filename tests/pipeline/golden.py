# SPDX-License-Identifier: Apache-2.0
"""Golden cases of the pipelines: <stage>/<case>.json goes through flow-<stage> (folder `flow`: the whole pipeline).

A case is {"about": why it is there, "docs": [document, …]}; <case>-expected.json has {"docs": […]}. With UPDATE=1 the
expected files are written anew; read the difference before you commit it.
"""
import glob
import json
import os
import re
import tempfile

import stages
import tap
from ndjson import diff


# stages that read what others left, and the name of several that do one thing
CHAINS = {"rare": ["rare", "normalise", "event"], "normalise": ["rare", "normalise", "traffic"], "counting": ["rare", "normalise", "traffic", "exporter", "counting"], "sampling": ["counting"], "services": ["roles"], "hosts": ["addresses"], "applications": ["roles", "applications"]}
SCRATCH = {"rare", "told", "turned", "twice", "kept", "two_alike", "post", "used", "left", "inside", "source", "destination", "exporter", "exporter_network", "exporter_row", "appids", "source_service", "destination_service", "source_application", "destination_application", "behind", "behind_as", "behind_service", "front", "front_as", "source_own", "destination_own"}


def tidy(doc, folder):
	"""Without what differs between runs and engines: the time of ingestion, answers of geo databases; scratch of single stages; of a merged script's name all
	but its first stage."""
	if "type" in doc.get("error", {}):
		doc["error"]["type"] = re.sub(r"^(script \w+) to \w+$", r"\1", doc["error"]["type"])
	for end in stages.ENDS if folder == "flow" else ():
		doc.get(end, {}).pop("geo", None)
		doc.get(end, {}).pop("as", None)
	for kind in ("geo", "as") if folder.startswith("lookup-") else ():
		doc.get("lookup", {}).pop(kind, None)
	doc.get("event", {}).pop("ingested", None)
	for key in [k for k in doc.get("tmp", {}) if k in SCRATCH or ":" in k]:
		del doc["tmp"][key]
	if "original" in doc.get("event", {}):
		doc["event"]["original"] = json.loads(doc["event"]["original"])
	if doc.get("tmp") == {}:
		del doc["tmp"]
	return doc


def vendor_geo(cluster):
	"""Ends in a vendor's elements get the place and the AS that they would get in IANA's."""
	flow = {"type": "ipfix", "exporter": "192.0.2.80", "domain": 1, "received": 1700000000100}
	ends = [("sourceIPv4Address", "destinationIPv4Address"), ("cisco.clientIPv4Address", "cisco.serverIPv4Address"), ("sonicwall.initiatorIpAddr", "sonicwall.responderIpAddr")]
	docs = [{"@timestamp": "2023-11-14T22:13:20.000Z", "flow": flow, "ie": {a: "10.0.0.1", b: "8.8.8.8", "protocolIdentifier": 6, "destinationTransportPort": 443}} for a, b in ends]
	want, *got = ({k: d.get("destination", {}).get(k) for k in ("ip", "geo", "as")} for d in stages.simulate(cluster, "flow", docs))
	if not want["geo"]:
		tap.skip("geo of vendors' elements", "the cluster has no geo database that knows 8.8.8.8")
		return
	for (_, name), have in zip(ends[1:], got):
		tap.same(have, want, f"geo of {name}")


def own_as(cluster):
	"""The AS of the user's network stays also where the database goes before the exporter; the exporter's does not."""
	installed = cluster.must("GET", "/_ingest/pipeline/flow-geo")["flow-geo"]
	installed["processors"][0]["script"]["params"]["as_from"] = "database"
	doc = {"source": {"ip": "198.51.100.1", "as": {"number": 64500}}, "destination": {"ip": "8.8.8.8", "as": {"number": 64501}}, "flow": {},
		"tmp": {"source_as": True}, "lookup": {"as": {"source": {"asn": 1}, "destination": {"asn": 2}}}}
	reply = cluster.must("POST", "/_ingest/pipeline/_simulate", {"pipeline": {"processors": installed["processors"]}, "docs": [{"_source": doc}]})
	got = reply["docs"][0]["doc"]["_source"]
	tap.same([got[end]["as"]["number"] for end in ("source", "destination")], [64500, 2], "AS from the database: the user's own stays")


def pipeline(folder):
	return "flow" if folder == "flow" else ["flow-" + stage for stage in CHAINS.get(folder, [folder])]


def grown(cluster):
	"""A stage that an overlay makes longer: one more script at most, setup says so, and the same documents."""
	with open(os.path.join(stages.ROOT, "ingest-pipelines", "threats.yml"), encoding="utf-8") as f:
		before, mark, after = f.read().partition("        void threats(Map ctx")
	for more in (2000, 12000):
		with tempfile.TemporaryDirectory() as folder:
			os.makedirs(os.path.join(folder, "ingest-pipelines"))
			with open(os.path.join(folder, "ingest-pipelines", "threats.yml"), "w", encoding="utf-8") as f:
				f.write(f"{before}        String filler() {{ return '{'x' * more}'; }}\n\n{mark}{after}")
			said = stages.setup(cluster, assets=folder)
		n = sum("script" in p for p in cluster.must("GET", "/_ingest/pipeline/flow")["flow"]["processors"])
		tap.ok(n == (1 if more == 2000 else 2) and (n == 1) == ("flow 2 scripts" not in said), f"{more} bytes more: setup says how many scripts", f"{n} scripts\n{said}")
		run(cluster, "flow", f"{more} bytes more: ")
	stages.setup(cluster)


def run(cluster, only="*", what=""):
	update = os.environ.get("UPDATE") == "1"
	streams = {"counters": "metrics-flow.counters", "exporters": "metrics-flow.exporters"}
	for path in sorted(glob.glob(os.path.join(stages.HERE, only, "*.json"))):
		folder, case = os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-5]
		if case.endswith("-expected"):
			continue
		with open(path, encoding="utf-8") as f:
			given = json.load(f)
		stream = streams.get(folder, "logs-flow")
		got = {"docs": [tidy(d, folder) for d in stages.simulate(cluster, pipeline(folder), given["docs"], stream + "-default")]}
		expected = path[:-5] + "-expected.json"
		if update:
			with open(expected, "w", encoding="utf-8") as f:
				f.write(json.dumps(got, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
		with open(expected, encoding="utf-8") as f:
			differences = diff(got, json.load(f))
		tap.ok(not differences, f"{what}{folder}/{case}", "\n".join(differences[:20]) + "\n" + given["about"])
