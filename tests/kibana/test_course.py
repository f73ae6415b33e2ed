#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Charts of rates in a week's view: ten minutes at full speed among a week of little are on them, and what lacks a field is, too.

Two interfaces, a record of each every five minutes; the expected figures are those of the made-up load. The engine is the one of
ES_URL, else an embedded OpenSearch; drawing needs node and npm's vega.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import cluster
import npm
import rig
import saved
import tap

FIVE, DAY = 300000, 86400000
STREAM = "logs-flow-course"
SPEED = 1000000000
now_ms = int(time.time() * 1000) // DAY * DAY
# interface: bits/s as a rule, in its ten minutes, and when these were (days back)
LOAD = {"r1/uplink": (50e6, 920e6, 2.5), "r1/branch": (10e6, 300e6, 4.25)}
APPLICATION = {"r1/uplink": "backup"}	# of the other's traffic none is told


def load(name, t):
	usual, high, back = LOAD[name]
	start = now_ms - back * DAY
	return high if start <= t < start + 2 * FIVE else usual


def lines(days):
	for name in LOAD:
		for t in range(now_ms - days * DAY, now_ms, FIVE):
			count = int(load(name, t) * FIVE / 8000)
			document = {"@timestamp": t + 1000, "observer": {"name": "r1", "ip": "192.0.2.1"}, "network": {"bytes": count, "packets": count // 1000, "direction": "inbound"},
				"client": {"bytes": count // 5}, "server": {"bytes": count - count // 5}, "flow": {"ingress": {"interface": name, "bytes": count, "speed": SPEED}}}
			if name in APPLICATION:
				document["network"]["application"] = APPLICATION[name]
			yield '{"create":{"_index":"%s","pipeline":"_none"}}' % STREAM
			yield json.dumps(document)


es = cluster.connect()
if es.get("/_index_template/logs-flow")[0] != 200:
	rig.efctl(es, "setup", "--yes", "--no-kibana", "--no-key")
es.delete("/_data_stream/" + STREAM)
body = list(lines(8))
for i in range(0, len(body), 4000):
	reply = es.must("POST", "/_bulk", "\n".join(body[i:i + 4000]) + "\n", "application/x-ndjson")
	bad = [x["create"] for x in reply["items"] if x["create"]["status"] != 201]
	if bad:
		raise RuntimeError("refused: " + json.dumps(bad[0])[:400])
es.must("POST", "/%s/_refresh" % STREAM)


def spec_of(dashboard, title):
	return json.loads(json.dumps(next(saved.vega_spec(p) for d, p in saved.panels(rig.objects()) if d["id"] == dashboard and p.get("title") == title)))


def ask(spec, days, index=STREAM):
	"""The engine's answer of a time range of DAYS, put into the spec, too."""
	url = spec["data"][0].pop("url")
	spec["data"][0]["values"] = reply = es.must("POST", "/%s/_search" % index, saved.vega_search(url, now_ms, days * DAY))
	return reply["aggregations"]["f"]


def close(got, wanted):
	return abs(got - wanted) < wanted * 1e-4


charts = {}
for days in (1, 7):
	for dashboard, title in (("flow-interfaces", "In, bits/s"), ("flow-interfaces", "In, utilisation (8 busiest)"), ("flow-top-applications", "Applications, bits/s"), ("flow-ingest", "Documents/s by exporter")):
		spec = spec_of(dashboard, title)
		charts["%s of %d days" % (title, days)] = spec, ask(spec, days)

f = charts["In, bits/s of 7 days"][1]
highest = {b["key"]: max(t["last"]["p0"]["value"] for t in b["t"]["buckets"]) * 8 / 300 for b in f["top"]["buckets"]}
tap.ok(set(highest) == set(LOAD) and all(close(highest[n], LOAD[n][1]) for n in LOAD), "a week's view has the highest five minutes of each interface", str(highest))
step = max(t["v0"]["value"] for b in f["top"]["buckets"] for t in b["t"]["buckets"]) * 8 / 3600
tap.ok(step < 0.5 * LOAD["r1/uplink"][1], "(which the mean of an hour hides)", str(step))
f = charts["Applications, bits/s of 7 days"][1]
most = max(t["last"]["p0"]["value"] or 0 for t in f["all"]["buckets"]) * 8 / 300
tap.ok(close(most, LOAD["r1/uplink"][1] + LOAD["r1/branch"][0]), "a stacked chart has that of all together", str(most))
sums = f["absent"]["v0"]["value"], f["top"]["buckets"][0]["v0"]["value"]
wanted = [sum(load(n, t) * FIVE / 8000 for t in range(now_ms - 7 * DAY, now_ms, FIVE)) for n in ("r1/branch", "r1/uplink")]
tap.ok(all(close(s, w) for s, w in zip(sums, wanted)), "and what has no application", "%s %s" % (sums, wanted))
count = sum(len(t["last"]["f"]["buckets"]) for b in charts["In, bits/s of 7 days"][1]["top"]["buckets"] for t in b["t"]["buckets"])
tap.ok(count == 2 * 7 * 288, "for 4,032 buckets", str(count))

# As many days of five minutes as search.max_buckets allows, whatever the panel: what the legend says.
for d, p in saved.panels(rig.objects()):
	spec = saved.vega_spec(p)
	if spec and spec["description"].startswith("Rates over time"):
		aggs = spec["data"][0]["url"]["body"]["aggs"]["f"]["aggs"]
		own = "last" in aggs.get("top", {}).get("aggs", {}).get("t", {}).get("aggs", {})
		series = next(v for k, v in aggs["top"].items() if k in ("terms", "multi_terms"))["size"] + 1 if own else 1
		days = max(-r for r in saved.walk(spec["data"], "shift"))	# (the chart of a host asks in other searches)
		if days * 288 * series > 65535:
			tap.ok(False, saved.where(d, p) + " asks for too many buckets", "%d days, %d series" % (days, series))

modules = npm.modules("vega@5")
if not modules:
	tap.skip("drawing", "no node or no npm package vega: " + npm.why)
else:
	with tempfile.TemporaryDirectory() as tmp:
		for name, (spec, _) in charts.items():
			with open(os.path.join(tmp, re.sub(r"\W", "_", name) + ".json"), "w") as out:
				json.dump(spec, out)
		p = subprocess.run(["node", os.path.join(HERE, "draw.js"), tmp], env=dict(os.environ, NODE_PATH=modules), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
		tap.ok(len(re.findall(" ok ", p.stdout)) == len(charts), "Vega draws them", p.stdout)

		def texts(name):
			with open(os.path.join(tmp, re.sub(r"\W", "_", name) + ".svg")) as svg:
				return re.findall(r">([^<>]+)</text>", svg.read())
		week, day = texts("Applications, bits/s of 7 days"), texts("Applications, bits/s of 1 days")
		tap.ok({"mean of 1 h", "- - highest 5 min", "930 Mbit/s"} <= set(week), "the legend says so", str(week))
		tap.ok("backup" in week and "no application" in week, "and names what is not told", str(week))
		tap.ok({"mean of 10 min", "- - highest 5 min", "60 Mbit/s"} <= set(day), "in a day's view the steps are ten minutes", str(day))
		week = texts("In, bits/s of 7 days")
		tap.ok({"r1/uplink", "50.9 Mbit/s", "r1/branch", "10.3 Mbit/s", "- - highest 5 min"} <= set(week), "interfaces have a line and their mean each", str(week))

es.delete("/_data_stream/" + STREAM)
tap.done()
