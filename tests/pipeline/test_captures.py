#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every visible capture through the whole pipeline into real data streams: nothing rejected, nothing failed, every field
mapped, no unexpected array, sums right; then the queries of Kibana Security's Network page over what is stored."""
import glob
import json
import os
import subprocess

import stages
import tap

NAMESPACE = "pipelinetest"
CAPTURES = os.path.join(stages.ROOT, "..", "shared", "captures", "pcap")
AT_MOST = 1500	# lines of one capture: there are a few huge ones
STREAMS = ("logs-flow", "metrics-flow.counters", "metrics-flow.exporters", "logs-flow.failed")
LISTS = {"tags", "network.community_id", "flow.duplicate.reason", "event.category", "event.type", "related.ip", "related.hosts", "related.user", "related.hash", "flow.tcp.flags",
	"flow.tcp.reverse_flags", "flow.duplicate.reason", "flow.mpls.labels", "flow.bgp.as_path", "flow.bgp.communities", "flow.threat.class",
	"flow.threat.categories", "flow.threat.feeds", *(f"flow.{e}.threat" for e in stages.ENDS)}
# what the page counts as private
PRIVATE = ["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "fd00::/8"]


def stream(line):
	return "logs-flow" if "ie" in line else "metrics-flow.counters" if "counters" in line else "metrics-flow.exporters"


def lines(path):
	run = subprocess.run([stages.EFCTL, "replay", "--output", "-", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
	return [json.loads(l) for l in run.stdout.decode().splitlines()[:AT_MOST]]


def wrong(doc):
	"""What is not as it should be in a flow document, as words."""
	out = []
	get = lambda *path: stages_get(doc, path)
	for what in ("bytes", "packets"):
		parts = [get(end, what) for end in ("source", "destination")]
		total = sum(p for p in parts if p is not None)
		if any(p is not None for p in parts) and get("network", what) != total and "clamped" not in doc.get("tags", ()):
			out.append(f"network.{what} {get('network', what)} is not {total}")
		rate, raw = get("flow", "sampling", "rate") or 1, get("flow", "raw", what)
		if raw is not None and raw * rate != get("network", what) and "clamped" not in doc.get("tags", ()):
			out.append(f"flow.raw.{what} {raw} times {rate} is not {get('network', what)}")
	for end in ("source", "destination"):
		hidden = get(end, "nat") if end == "destination" else None	# who is behind it is meant
		if hidden and (hidden.get("ip") or get(end, "ip")) not in (get("client", "ip"), get("server", "ip")):
			out.append("who is behind the destination is neither client nor server")
		if get(end) and not hidden and get(end) not in (get("client"), get("server")) and not get("user"):
			out.append(f"{end} is neither client nor server")
	out += [f"{path} is a list" for path, v in stages.leaves(doc) if isinstance(v, list) and path not in LISTS and not path.startswith("flow.ie")]
	out += [f"{path} is left over" for path in ("ie", "raw", "tmp", "lookup", "options") if path in doc]
	return out


def stages_get(doc, path):
	for key in path:
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def ship(cluster, items):
	"""Bulk create; the errors."""
	errors = []
	for i in range(0, len(items), 2000):
		body = "".join(json.dumps({"create": {"_index": f"{stream(l)}-{NAMESPACE}"}}) + "\n" + json.dumps(l) + "\n" for l in items[i:i + 2000])
		reply = cluster.must("POST", "/_bulk", body, "application/x-ndjson")
		errors += [json.dumps(x["create"]["error"])[:300] for x in reply["items"] if x["create"]["status"] >= 300]
	return errors


def captures(cluster):
	paths = sorted(glob.glob(os.path.join(CAPTURES, "*.pcap")))
	if not paths:
		tap.skip("captures", "../shared/captures is absent")
		return 0
	sent, errors = 0, []
	for path in paths:
		items = lines(path)
		sent += len(items)
		errors += [f"{os.path.basename(path)}: {e}" for e in ship(cluster, items)]
	tap.ok(not errors, f"{sent} lines of {len(paths)} captures: none is rejected", "\n".join(errors[:10]))
	stored = {s: cluster.count(f"{s}-{NAMESPACE}") for s in STREAMS}
	tap.same(sum(stored.values()), sent, "every line is stored")
	failed = cluster.docs(f"logs-flow.failed-{NAMESPACE}", size=5)
	tap.same(stored["logs-flow.failed"], 0, "no enrichment failed")
	for doc in failed:
		tap.note(json.dumps(doc)[:500])
	for s in STREAMS[:3]:
		fields, faults, loose = stages.mappings(s), {}, set()
		for doc in cluster.docs(f"{s}-{NAMESPACE}"):
			loose.update(stages.unmapped(doc, fields))
			for fault in wrong(doc) if s == "logs-flow" else ():
				faults.setdefault(fault, doc)
		if s == "metrics-flow.counters":
			loose = {f for f in loose if ".adapters" not in f and ".lanes" not in f}
		tap.same(sorted(loose), [], f"{s}: every field of every document is mapped")
		tap.ok(not faults, f"{s}: sums, roles and lists are right", "\n".join(f"{k}: {json.dumps(v)[:300]}" for k, v in list(faults.items())[:5]))
	return stored["logs-flow"]


def dynamic(cluster):
	"""The mapping of the index has no field that the template has not."""
	status, reply = cluster.get(f"/logs-flow-{NAMESPACE}/_mapping")
	have = set()
	for index in reply.values():
		have.update(stages.mapped(index["mappings"]["properties"]))
	tap.same(sorted(have - set(stages.mappings("logs-flow"))), [], "no field was mapped by itself")


def security(cluster):
	"""The aggregations behind the Network page (elastic/kibana, security_solution, factory/network), as that page asks them."""
	either = {"bool": {"should": [{"exists": {"field": "source.ip"}}, {"exists": {"field": "destination.ip"}}], "minimum_should_match": 1}}

	def ask(aggs, query=either):
		return cluster.must("POST", f"/logs-flow-{NAMESPACE}/_search", {"size": 0, "track_total_hits": True, "query": query, "aggs": aggs})

	events = ask({})["hits"]["total"]["value"]
	tap.ok(events > 0, "Network events")
	unique = ask({"ids": {"cardinality": {"field": "network.community_id"}}})["aggregations"]["ids"]["value"]
	tap.ok(0 < unique <= events, "Unique flow IDs", unique)
	for end in ("source", "destination"):
		private = {"bool": {"should": [{"term": {f"{end}.ip": p}} for p in PRIVATE], "minimum_should_match": 1}}
		found = ask({"ips": {"cardinality": {"field": f"{end}.ip"}}}, private)["aggregations"]["ips"]["value"]
		tap.ok(found > 0, f"Unique private IPs: {end}")
		other = "destination" if end == "source" else "source"
		rows = ask({"top": {"terms": {"field": f"{end}.ip", "size": 10, "order": {"bytes_out": "desc"}}, "aggs": {
			"bytes_out": {"sum": {"field": f"{end}.bytes"}}, "bytes_in": {"sum": {"field": f"{other}.bytes"}},
			"domain": {"terms": {"field": f"{end}.domain", "size": 1}}, "flows": {"cardinality": {"field": "network.community_id"}},
			"peers": {"cardinality": {"field": f"{other}.ip"}},
			"location": {"filter": {"exists": {"field": f"{end}.geo"}}, "aggs": {"top": {"top_hits": {"size": 1, "_source": [f"{end}.geo.*"]}}}},
			"as": {"filter": {"exists": {"field": f"{end}.as"}}, "aggs": {"top": {"top_hits": {"size": 1, "_source": [f"{end}.as.*"]}}}}}}})["aggregations"]["top"]["buckets"]
		tap.ok(rows and rows[0]["peers"]["value"] > 0 and (end == "destination" or rows[0]["bytes_out"]["value"] > 0), f"Top {end} IPs", str(rows)[:400])
		countries = ask({"top": {"terms": {"field": f"{end}.geo.country_iso_code"}, "aggs": {"sources": {"cardinality": {"field": "source.ip"}}, "bytes": {"sum": {"field": f"{end}.bytes"}}}}})["aggregations"]["top"]["buckets"]
		if countries:
			tap.ok(countries[0]["sources"]["value"] > 0, f"Top {end} countries")
		else:
			tap.skip(f"Top {end} countries", "this cluster has no geo database")
	for name, field in (("DNS queries", "dns.question.name"), ("TLS handshakes", "tls.version"), ("HTTP", "http.request.method"), ("Users", "user.name")):
		found = ask({"top": {"terms": {"field": field}}}, {"exists": {"field": field}})
		tap.ok("aggregations" in found, f"{name}: {found['hits']['total']['value']} records")


cluster = stages.clusters.connect()
stages.setup(cluster)
for s in STREAMS:
	cluster.delete(f"/_data_stream/{s}-{NAMESPACE}")
if captures(cluster):
	dynamic(cluster)
	security(cluster)
for s in STREAMS:
	cluster.delete(f"/_data_stream/{s}-{NAMESPACE}")
tap.done()
