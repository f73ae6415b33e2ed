#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hook flow@custom: what it adds is there; what it fails on is kept whole and can be tried again (docs/operating/failed-records.md)."""
import atexit
import json
import os
import re

import harness
import tap

es = harness.ready()
ns = harness.namespace(es, "custom")
FLOWS, FAILED, COUNTERS = f"logs-flow-{ns}", f"logs-flow.failed-{ns}", f"metrics-flow.counters-{ns}"
HOOK = "/_ingest/pipeline/flow@custom"
before = es.must("GET", HOOK)["flow@custom"]
atexit.register(lambda: es.must("PUT", HOOK, before))
HEAD = {"type": "ipfix", "exporter": "192.0.2.1", "port": 4739, "domain": 0, "seq": 1, "exported": 1700000000000, "received": 1700000000000}
LINE = {"@timestamp": "2023-11-14T22:13:20.000Z", "flow": HEAD, "ie": {"sourceIPv4Address": "10.20.70.99", "destinationIPv4Address": "192.0.2.53",
	"sourceTransportPort": 50000, "destinationTransportPort": 53, "protocolIdentifier": 17, "octetDeltaCount": 1000, "packetDeltaCount": 10,
	"ntop.dnsQuery": "host.example.co.uk", "ntop.dnsQueryType": 1}}


def hook(*processors):
	es.must("PUT", HOOK, {"processors": list(processors)})


def send(index, doc_id, line):
	body = json.dumps({"create": {"_id": doc_id}}) + "\n" + json.dumps(line) + "\n"
	tap.ok(not es.must("POST", f"/{index}/_bulk?refresh=true", body, "application/x-ndjson")["errors"], f"a line for {index} is taken")


def stored(index):
	"""{id: document}, without the time of ingestion; a stream that nothing was written to has none."""
	status, reply = es.post(f"/{index}/_search", {"size": 100})
	docs = {h["_id"]: h["_source"] for h in reply["hits"]["hits"]} if status == 200 else {}
	for doc in docs.values():
		doc.get("event", {}).pop("ingested", None)
	return docs


def retry():
	"""As docs/operating/failed-records.md says, for our namespace."""
	with open(os.path.join(harness.ROOT, "docs", "operating", "failed-records.md"), encoding="utf-8") as f:
		body = re.search(r"POST _reindex\n(\{.*?\n\})\n", f.read(), re.S).group(1)
	reply = es.must("POST", "/_reindex?refresh=true", json.loads(body.replace("-default", f"-{ns}")))
	tap.same(reply["failures"], [], "retried")
	return reply


hook({"set": {"field": "labels.mine", "value": "1"}})
send(FLOWS, "good", LINE)
good = stored(FLOWS)["good"]
tap.same(good.get("labels"), {"mine": "1"}, "what the hook adds is in the document")

hook({"set": {"field": "labels.mine", "value": "1"}}, {"fail": {"message": "no luck"}})
send(FLOWS, "late", LINE)
send(FLOWS, "early", {**LINE, "ie": "broken"})
tap.same(sorted(stored(FLOWS)), ["good"], "a failing hook keeps a record out of the stream")
failed = stored(FAILED)
tap.same(sorted(failed), ["early", "late"], "it is with the failed ones, as is a broken line")
tap.ok("no luck" in failed["late"]["error"]["message"], "with the reason", failed["late"]["error"])
kept = json.loads(failed["late"]["event"]["original"])
kept["event"].pop("ingested", None)
tap.same(kept, good, "and whole, as the stages had made it")
tap.same(json.loads(failed["early"]["event"]["original"]), {**LINE, "ie": "broken"}, "the broken line is as it came")

send(FAILED, "raw", {"@timestamp": LINE["@timestamp"], "event": {"original": json.dumps(LINE)}})
send(FAILED, "counters", {"@timestamp": LINE["@timestamp"], "event": {"original": json.dumps({"@timestamp": LINE["@timestamp"],
	"flow": {**HEAD, "type": "sflow5"}, "counters": {"if_counters": {"ifIndex": 3, "ifInOctets": 5}}})}})
hook({"set": {"field": "labels.mine", "value": "1"}})
retry()
after = stored(FLOWS)
tap.same(sorted(after), ["good", "late", "raw"], "after the hook is mended they are records")
tap.same([after["late"], after["raw"]], [good, good], "like any other")
tap.same(list(stored(COUNTERS)), ["counters"], "counters are with the counters")
tap.same(retry()["created"], 0, "trying again stores nothing twice")
tap.same(sorted(stored(FLOWS)), ["good", "late", "raw"], "and changes nothing")

with open(os.path.join(harness.ROOT, "docs", "fields.md"), encoding="utf-8") as f:
	less = json.loads(re.search(r"PUT _ingest/pipeline/flow@custom\n +(.*)\n", f.read()).group(1))
es.must("PUT", HOOK, less)
send(FLOWS, "less", LINE)
send(FLOWS, "lacking", {**LINE, "ie": {"octetDeltaCount": 7}})
docs = stored(FLOWS)
tap.ok("lacking" in docs and "less" in docs, "a hook that leaves fields out passes over records without them", list(stored(FAILED)))
tap.same([docs["less"]["network"].get("community_id"), docs["less"]["event"].get("start"), docs["less"]["source"]["ip"]], [None, None, good["source"]["ip"]], "and leaves them out")

with open(os.path.join(harness.ROOT, "docs", "pipelines.md"), encoding="utf-8") as f:
	field, target, condition = re.search(r"- registered_domain: \{field: ([\w.]+), target_field: ([\w.]+), if: \"(.*?)\"", f.read()).groups()
status, reply = es.put(HOOK, {"processors": [{"registered_domain": {"field": field, "target_field": target, "if": condition, "ignore_missing": True}}]})
if status == 400 and "No processor type exists" in str(reply):
	tap.skip("registered domain", "the cluster has no such processor")
else:
	send(FLOWS, "dns", LINE)
	tap.same(stored(FLOWS)["dns"]["dns"]["question"].get("registered_domain"), "example.co.uk", "the manual's hook names the registered domain")
tap.done()
