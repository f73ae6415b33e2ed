#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the dashboards show against what truly was: every panel's own searches, with the time range of a quarter of an hour, a day, a week and a month.

A made-up month (month.py) goes as datagrams through efctl and the pipelines into an installation of its own, which is gone afterwards. Every reply of the engine is compared with
the answer of the ledger, number by number; then what the panel makes of it with the question that it asks: nothing is missing from a whole, shares add up to all, no rate is higher
than what was sent. A panel that nothing of this was asked of is an error. TRUTH=FILE takes the table of all panels; KEEP_MONTH=1 leaves the month in the
cluster and takes it from there, PANELS=pattern asks only panels whose names it is found in: for work on panels.
"""
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "captures"), HERE]
import alerts
import cluster
import course
import judge
import meters
import month
import month_more
import npm
import rig
import saved
import tap

END_MS = month.END_S * 1000
RANGES = {"15 min": 900000, "24 h": 86400000, "7 d": 7 * 86400000, "31 d": 31 * 86400000}
# No figure of theirs can be wrong: text and links, documents as they are, places on a map (whose sums are those of the tables beside it).
TEXT = {"navigation": "links", "search": "documents", "map": "places"}

es = cluster.connect()
made = month.Month()
installation = rig.Installation(es, "month", os.path.join(HERE, "month"), keep=bool(os.environ.get("KEEP_MONTH")))
with tempfile.TemporaryDirectory() as tmp:
	capture = os.path.join(tmp, "month.pcap")
	meters.capture(capture, made.datagrams)
	if not installation.old:
		installation.replay(capture)

truth = judge.Judge(es, installation, made)
tap.same(truth.records(), [], "each record is the document that the ledger says, field by field")

objects = rig.objects()
views = {o["id"]: o["attributes"]["title"] for o in objects if o["type"] == "index-pattern"}
silent = []
for dashboard, panel in saved.panels(objects):
	name = saved.where(dashboard, panel)
	if panel["type"] in TEXT or name.endswith("'navigation'") and not saved.vega_spec(panel):
		continue
	if not re.search(os.environ.get("PANELS", ""), name):
		continue
	wrong, asked = [], 0
	for label, span_ms in RANGES.items():
		rows = truth.panel(dashboard, panel, views, label, END_MS - span_ms, END_MS - 1)
		asked += len(rows)
		wrong += [f"{label}: {w}" for r in rows for w in r.wrong]
	tap.ok(not wrong, name, "\n".join(wrong[:12]))
	if not asked:
		silent.append(name)
tap.same(silent, [], "every panel that shows a figure is in the table")

# ---- one interface, as the link of one asks for it: of both its directions, and of nothing that its records name besides. `lab` has one
# direction; what the firewall tells is of both.
WAN = "edge/wan"
for one in (WAN, "edge/lab", "firewall/outside"):
	asked = {"query": {"bool": {"should": [{"term": {f"flow.{side}.interface": one}} for side in ("ingress", "egress")], "minimum_should_match": 1}}}
	for dashboard, panel in saved.panels(objects):
		name = saved.where(dashboard, panel)
		if dashboard["id"] != "flow-interfaces" or not saved.vega_spec(panel) or not re.search(os.environ.get("PANELS", ""), name):
			continue
		line = json.loads(json.dumps(dashboard))
		line["id"] = "flow-interfaces of " + one
		line["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]["filter"] = [asked]
		truth.wanted[saved.where(line, panel)] = one
		for label in ("15 min", "24 h", "7 d", "31 d") if "95th percentile" in name else ("24 h", "7 d"):
			truth.panel(line, panel, views, label, END_MS - RANGES[label], END_MS - 1)

# ---- one host: by address, by name, a subnet, by the address that it is translated to
HOSTS = ("%s.ip", "10.2.0.10", "24 h"), ("flow.%s.name", "www.alpha.example", "24 h"), ("%s.ip", "10.1.0.0/24", "7 d"), ("%s.nat.ip", month_more.PUBLIC, "24 h")
for dashboard, panel in saved.panels(objects):
	if dashboard["id"] != "flow-hosts" or not re.match("Rates over time, as seen|One host|As seen", (saved.vega_spec(panel) or {}).get("description", "")):
		continue
	for field, value, label in HOSTS:
		page = json.loads(json.dumps(dashboard))
		page["id"] = "flow-hosts of " + value
		page["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]["filter"] = [
			{"query": {"bool": {"should": [{"term": {field % end: value}} for end in (("client", "server") if "nat" in field else ("source", "destination"))], "minimum_should_match": 1}}}]
		truth.wanted[saved.where(page, panel)] = field, value
		truth.panel(page, panel, views, label, END_MS - RANGES[label], END_MS - 1)

pictures = truth.drawn()
if pictures is None:
	tap.skip("what Vega panels draw", "no node or no npm package vega: " + npm.why)
for name, wrong in (pictures or {}).items():
	tap.ok(not wrong, "drawing of " + name, "\n".join(wrong[:12]))

# ---- what once misled, one by one (issue 20): each with the figure that was sent
NEEDED = "flow-interfaces", "flow-firewall", "flow-overview"
if pictures and all(any(r.panel.startswith(n) for r in truth.table) for n in NEEDED):
	shown = truth.shown
	tap.same(shown("flow-interfaces p03", "15 min", "edge/lab,"), "92,000,000", "a steady 92 Mbit/s, told every five minutes, is 92 Mbit/s in a quarter of an hour")
	highest = lambda panel: max(r["peak"] for r in truth.pictures[next(k for k in truth.pictures if k[0].startswith(panel) and k[1] == "7 d")]["data"]["peaks"] if r["name"] == WAN)
	tap.same([round(highest("flow-interfaces p05")), round(highest("flow-interfaces p07"), 4)], [92000000, 0.92], "ten minutes at 92 % of a line are in a week's view, in bits/s and as a share")
	denied = sum(r.get("flow.firewall.event") == "denied" for r in made.rows if r["@timestamp"] >= END_MS - RANGES["24 h"])
	tap.same([shown("flow-firewall p05", "24 h", "all rows"), shown("flow-firewall p01", "24 h", "Denied")], [str(denied)] * 2, "who was denied is listed, with a rule or without")
	told = [r for r in made.rows if "flow.firewall.event" in r]
	begun, whole = sum(r["flow.firewall.event"] == "created" for r in told), sum(r["network.bytes"] + r.get("flow.duplicate.bytes", 0) for r in told if r["flow.firewall.event"] == "deleted")
	tap.same([shown("flow-firewall p01", "7 d", q) for q in ("Events", "Connections", "Traffic")], [f"{n:,}" for n in (len(told), begun, whole)],
		"a firewall's events, connections and traffic are three figures: it tells of a connection two or three times, and of all its octets at the end")
	zones = "observer.ingress.zone", "observer.egress.zone"
	zoned = sum(any(z in r for z in zones) for r in made.rows if r["@timestamp"] >= END_MS - RANGES["24 h"])
	tap.ok(any(len({*zones} & r.keys()) == 1 for r in made.rows), "(some records have one zone)")
	tap.same(shown("flow-firewall p10", "24 h", "all rows"), f"{zoned:,}", "what comes from and goes to no zone of ours is between zones, too")
	tap.same(shown("flow-overview p06", "31 d", "all rows"), shown("flow-overview p01", "31 d", "Traffic") and next(r.truth for r in truth.table if r.panel.startswith("flow-overview p06") and r.range == "31 d" and r.question.startswith("all rows")), "conversations of the overview are all traffic")
	countries = [r for r in truth.table if r.panel.startswith("flow-overview p08") and r.range == "7 d"]
	tap.ok(countries and all(r.truth == r.shown and not r.wrong for r in countries), "shares of countries are of all traffic", str(countries))
	quic = sum(r.get("network.bytes", 0) for r in made.rows if r.get("flow.service.name") == "quic" and r["@timestamp"] >= END_MS - RANGES["31 d"])
	tap.ok(quic, "udp/443 is quic in the ledger, and so in the documents", str(quic))

# ---- the rules: what they add up is what was carried, and each fires when it should and at no other time
rule = alerts.rules()
MINUTE, HOUR = 60000, 3600000
peak = month.PEAK_S * 1000
times = [END_MS - n * HOUR for n in range(0, 8 * 24, 3)] + [peak + n * 5 * MINUTE for n in range(-2, 8)]
wrong, fired = alerts.traffic(es, installation, alerts.limited(rule["traffic"], alerts.LINE_LIMIT_BPS), made, times, course.TIMEOUT_MS)
tap.ok(not wrong, "the rule for traffic adds up what came in by each interface", "\n".join(wrong[:10]))
tap.same(fired.get("edge/wan"), [peak + 10 * MINUTE], "ten minutes at 92 % of a line are told when they are over, and never again")
tap.same(sorted(fired.get("edge/lab", [])), sorted(t for t in times if t >= END_MS - 24 * HOUR), "a steady 92 % is told as long as it lasts")
tap.same(sorted(fired), ["core/up", "edge/lab", "edge/wan"], "and nothing else is: what came in at `core` is the same, and did come in there")
wrong, _ = alerts.traffic(es, installation, alerts.limited(rule["traffic"], alerts.LINE_LIMIT_BPS, 1), made, [END_MS - n * MINUTE for n in range(20)], course.TIMEOUT_MS)
tap.ok(wrong, "(with a window of a minute it would be wrong)")
due = lambda now, test, minutes: sum(test(r) for r in made.rows if now - minutes * MINUTE <= r["@timestamp"] < now)
bad = lambda r: r.get("flow.threat.severity") in ("critical", "high")
for now in (END_MS, END_MS - 8 * 24 * HOUR):
	tap.same(alerts.found(es, installation, rule["threat"], now)[""], due(now, bad, 10), "threats of ten minutes")
lost = sum(r.get("exporter.lost", 0) for r in made.health)
when = next(r["@timestamp"] for r in made.health if r.get("exporter.lost"))
tap.same([max(alerts.found(es, installation, rule["exporter-loss"], when + n * MINUTE).values(), default=0) for n in (-1, 15, 600)], [0, lost, 0], "what an exporter lost, and when")
silent = alerts.found(es, installation, rule["exporter-silent"], END_MS)
tap.same(sorted(n for n, v in silent.items() if alerts.fires(rule["exporter-silent"], v)), [], "nobody is silent who sent")
tap.same(alerts.found(es, installation, rule["failed"], END_MS)[""], 0, "nothing failed")
truth.write(os.environ.get("TRUTH") or os.path.join(rig.TOP, os.environ.get("BUILD", "build"), "truth.md"))
tap.done()
