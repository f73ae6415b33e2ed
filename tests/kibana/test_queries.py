#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every search that the dashboards send runs on a real engine over what `make demo` shows and finds something; Vega draws it.

Lens panels, Vega panels, maps, controls, saved searches, over the captures of the office. The engine is the one of ES_URL, else an embedded OpenSearch.
Drawing needs node and npm's vega (fetched into the cache once); without them it is skipped, loudly.
"""
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import carried
import cluster
import ledger
import npm
import rig
import saved
import tap
from vega import bits, human

es = cluster.connect()
objects = rig.objects()
here = rig.Installation(es, "queries", rig.DEMO_TABLES)
here.replay("--now", *rig.captures())
now_ms, span_ms = here.newest() + 1000, 24 * 3600000
# Nothing in there is good news: no record failed. (And no feed is loaded: it says so.)
MAY_BE_EMPTY = re.compile("flow-ingest .*(failed|Left out of totals|[Ii]mplausible)|flow-threats .*Threat feeds")
views = {o["id"]: o["attributes"]["title"] for o in objects if o["type"] == "index-pattern"}


def search(index, body):
	"""(reply, what went wrong); of this installation only."""
	status, reply = es.post("/%s/_search" % here.index(index), body)
	if status != 200:
		return {}, str(reply)[:400]
	return reply, ""


def found(aggregation):
	if "buckets" in aggregation:
		b = aggregation["buckets"]
		return any(x["doc_count"] for x in (b.values() if isinstance(b, dict) else b))
	return any(v for k, v in aggregation.items() if k in ("value", "values", "doc_count"))


def lens(panel):
	index = views[saved.view_of(panel["embeddableConfig"]["attributes"]["references"])]
	for body, top in saved.lens_search(panel, now_ms, span_ms):
		reply, trouble = search(index, body)
		if not trouble and not (found(reply["aggregations"][top]) if top else reply["hits"]["total"]["value"]):
			trouble = "nothing found: " + json.dumps(body)[:600]
		if trouble:
			return trouble
	return ""


def vega(panel, spec):
	"""The spec with the engine's answers in it, for drawing."""
	for data in spec["data"]:
		if "url" in data:
			reply, trouble = search(data["url"]["index"], saved.vega_search(data["url"], now_ms, span_ms))
			if not trouble and not reply["hits"]["hits"] and not any(found(a) for a in reply.get("aggregations", {}).values()):
				trouble = "nothing found"
			if trouble:
				return trouble
			data["values"] = reply
			del data["url"]
	return ""


def value(document, path):
	for name in path.split("."):
		document = document.get(name) if isinstance(document, dict) else None
	return document


def ranked(spec, documents):
	"""[(names, sum)] of a ranking, counted here from the documents, and the sum of all: what the engine's buckets are compared with.
	Of one that has no filter and adds up bytes."""
	aggs = spec["data"][0]["url"]["body"]["aggs"]["f"]
	terms = aggs["aggs"]["top"].get("multi_terms", {}).get("terms") or [aggs["aggs"]["top"]["terms"]]
	field = aggs["aggs"]["all"].get("sum", {}).get("field")
	if aggs["filter"] != {"match_all": {}} or not field:
		return None
	sums = {}
	for d in documents:
		names = tuple(str(t["missing"] if value(d, t["field"]) is None else value(d, t["field"])) for t in terms)
		sums[names] = sums.get(names, 0) + (value(d, field) or 0)
	return sorted(sums.items(), key=lambda s: -s[1]), sum(sums.values())


def same_ranking(spec, wanted, reply):
	"""What differs in the first five rows and in the whole; "" where nothing does."""
	rows, whole = wanted
	f = reply["aggregations"]["f"]
	got = [(tuple(b["key"] if isinstance(b["key"], list) else [b["key"]]), b["v0"]["value"]) for b in f["top"]["buckets"][:5]]
	wrong = [(g, w) for g, w in zip(got, rows) if g[1] != w[1]]	# of equal sums any may come first
	return "" if not wrong and f["all"]["value"] == whole and len(got) == min(5, len(rows)) else "%s; whole %s, here %s" % (wrong, f["all"]["value"], whole)


def billed(documents):
	"""The 95th percentile, the mean and the highest of 5-minute means, as the panel writes them, of the interface with the most bytes both ways: in, out, the greater of both."""
	rows, n = [dict(ledger.flat(d)) for d in documents], math.ceil(span_ms / 300000)
	came, went = carried.five_minutes(rows, carried.busiest(rows), (now_ms - span_ms) // 300000 * 300000, now_ms)
	out = []
	for numbers in (came, went, [max(p) for p in zip(came, went)]):
		of_n = sorted(numbers, reverse=True) + [0] * n
		out += [bits(of_n[n // 20]), bits(sum(numbers) / n), bits(of_n[0])]
	return out


lens_panels, specs, rankings = 0, [], 0
flows = es.docs(here.index("logs-flow-*"), {"range": {"@timestamp": {"gte": now_ms - span_ms, "lte": now_ms}}})
bills = billed(flows)
for d, p in saved.panels(objects):
	spec = saved.vega_spec(p)
	fine = lambda trouble: not trouble or trouble.startswith("nothing found") and MAY_BE_EMPTY.match(saved.where(d, p))
	if p["type"] == "lens":
		lens_panels += 1
		trouble = lens(p)
		if not fine(trouble):
			tap.ok(False, "search of " + saved.where(d, p), trouble)
	elif spec:
		spec = json.loads(json.dumps(spec))
		wanted = ranked(spec, flows) if spec["description"].startswith("The largest by") else None
		trouble = vega(p, spec)
		if wanted and not trouble:
			rankings += 1
			trouble = same_ranking(spec, wanted, spec["data"][0]["values"])
		tap.ok(fine(trouble), "search of " + saved.where(d, p), trouble)
		if not trouble:
			specs.append({"name": "%s-%s" % (d["id"], p["panelIndex"]), "spec": spec})
tap.ok(lens_panels > 100, "%d Lens panels" % lens_panels)
tap.ok(rankings > 8, "%d rankings are those of the documents, records that lack a field with them" % rankings)

for o in objects:
	a = o["attributes"]
	if o["type"] == "map":
		body = {"size": 0, "aggs": {f: {"filter": {"exists": {"field": f}}} for f in saved.map_fields(a["layerListJSON"])}}
		reply, trouble = search("logs-flow-*", body)
		empty = [n for n, g in reply.get("aggregations", {}).items() if not g["doc_count"]]
		tap.ok(not trouble and not empty, "fields of map " + o["id"], trouble or ", ".join(empty))
	elif o["type"] == "search":
		kql = a["kibanaSavedObjectMeta"]["searchSourceJSON"]["query"]["query"]
		reply, trouble = search(views[saved.view_of(o["references"])], {"query": saved.kql_query(kql), "size": 1, "sort": [{a["sort"][0][0]: a["sort"][0][1]}]})
		none = o["id"] == "flow-records-failed"	# and that is as it should be
		tap.ok(not trouble and bool(reply["hits"]["hits"]) != none, "saved search " + o["id"], trouble or "nothing found")
	elif o["type"] == "dashboard" and "controlGroupInput" in a:
		refs = {r["name"]: r["id"] for r in o["references"]}
		troubles = []
		for n, c in a["controlGroupInput"]["panelsJSON"].items():
			reply, trouble = search(views[refs["controlGroup_%s:optionsListDataView" % n]], {"size": 0, "aggs": {"v": {"terms": {"field": c["explicitInput"]["fieldName"]}}}})
			if trouble or not found(reply["aggregations"]["v"]):
				troubles.append("%s: %s" % (c["explicitInput"]["fieldName"], trouble or "nothing found"))
		tap.ok(not troubles, "controls of " + o["id"], "\n".join(troubles))

# The line about threat feeds, over what there may be in the cluster: part of the text that it then shows.
FEED = {"name": "Ours", "indicators": 12345, "confirmed": now_ms, "stale": now_ms * 2}
LINES = {"none": ([], "No threat feed is loaded"), "fresh": ([FEED], "1 threat feed with 12.3k indicators"),
	"stale": ([FEED, dict(FEED, name="Old", stale=now_ms - 1)], "1 of 2 threat feeds are stale: Old")}
for name, (feeds, _) in LINES.items():
	spec = json.loads(json.dumps(next(s for s in (saved.vega_spec(p) or {} for _, p in saved.panels(objects)) if s.get("description", "").startswith("Threat feeds"))))
	del spec["data"][0]["url"]
	spec["data"][0]["values"] = {"hits": {"hits": [{"_source": {"flow": {"feeds": feeds}}}] if feeds else []}}
	specs.append({"name": "flow-feeds-" + name, "spec": spec})

modules = npm.modules("vega@5")
if not modules:
	tap.skip("drawing %d Vega panels" % len(specs), "no node or no npm package vega: " + npm.why)
else:
	with tempfile.TemporaryDirectory() as tmp:
		for s in specs:
			with open(os.path.join(tmp, s["name"] + ".json"), "w") as f:
				json.dump(s["spec"], f)
		p = subprocess.run(["node", os.path.join(HERE, "draw.js"), tmp], env=dict(os.environ, NODE_PATH=modules), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
		drawn = dict(line.split(" ", 1) for line in p.stdout.splitlines() if line.startswith("flow-"))
		for s in specs:
			tap.ok(drawn.get(s["name"], "").startswith("ok"), "drawing of " + s["name"], drawn.get(s["name"], p.stdout[-800:]))
			if "sankey" in s["name"]:	# the engine's own sums, also of what has more pairs than a reply holds
				largest = s["spec"]["data"][0]["values"]["aggregations"]["n0"]["buckets"][:3]
				labels = ["%s  %s" % (b["key"], human(b["v"]["value"], "B")) for b in largest]
				with open(os.path.join(tmp, s["name"] + ".svg")) as f:
					svg = f.read()
				tap.ok(all(l in svg for l in labels), s["name"] + ": nodes are as large as what they stand for", str(labels))
			if s["spec"]["description"].startswith("95th percentile"):
				with open(os.path.join(tmp, s["name"] + ".svg")) as f:
					shown = re.findall(r">([^<>]+)</text>", f.read())
				# (Where so many interfaces are, one has no values of a direction that is small; its mean is there.)
				lacking = [i for i, b in enumerate(bills) if b not in shown]
				tap.ok(len(lacking) <= shown.count("–") and not {1, 4} & set(lacking), "95th percentile, mean and highest are those of the documents", "%s\n%s" % (bills, shown))
		for name, (_, text) in LINES.items():
			with open(os.path.join(tmp, "flow-feeds-%s.svg" % name)) as f:
				svg = f.read()
			tap.ok(text in svg, "threat feeds, %s: the line says so" % name, svg[-600:])
		if os.environ.get("KEEP"):
			shutil.copytree(tmp, os.environ["KEEP"], dirs_exist_ok=True)

tap.done()
