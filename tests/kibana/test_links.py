#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the links and drill-downs of the dashboards carry and what they do with records that lack a field, as docs/dashboards.md says it; the credit on pages with places; pages of health.

Of the compiled objects alone. That Kibana does so is for test_browser.py.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import absent
import rig
import saved
import tap

objects = rig.objects()
boards = {o["id"]: o for o in objects if o["type"] == "dashboard"}
with open(os.path.join(rig.TOP, "docs", "dashboards.md"), encoding="utf-8") as f:
	page = f.read()


def table(name):
	"""The rows of the table behind the mark NAME, as lists of cells."""
	section = re.search(r"<!-- %s -->\n(.*?)<!-- end -->" % name, page, re.S)[1]
	return [[c.strip() for c in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")][1:]


def codes(cell):
	return sorted(re.findall(r"`([^`]+)`", cell))


# ---- drill-downs: {name: [target, carries all filters, dashboards that have it]}
drills = {}
for d, p in saved.panels(objects):
	events = p["embeddableConfig"].get("enhancements", {}).get("dynamicActions", {}).get("events", [])
	targets = {r["name"].rsplit(":", 2)[-2]: r["id"] for r in d["references"] if r["name"].startswith(p["panelIndex"] + ":drilldown")}
	for e in events:
		config = e["action"]["config"]
		this = [targets[e["eventId"]], config["useCurrentFilters"]]
		row = drills.setdefault(e["action"]["name"], this + [set()])
		if row[:2] != this or not config["useCurrentDateRange"]:
			tap.ok(False, saved.where(d, p) + ": the same words elsewhere mean something else: " + e["action"]["name"])
		row[2].add(d["id"])
listed = {r[0]: [codes(r[1])[0], r[2] == "time, filters, search text, the value", set(codes(r[3]))] for r in table("drill-downs")}
tap.same(listed, drills, "docs/dashboards.md lists the drill-downs, what they carry and where they are")
tap.ok(all(t in boards for t, _, _ in drills.values()), "each leads to a dashboard of ours")

# ---- values that are links
views = {o["id"]: o["attributes"] for o in objects if o["type"] == "index-pattern"}
links = {}
for field, f in views["flow"]["fieldFormatMap"].items():
	m = re.match(r"/\.\./app/dashboards#/view/([\w-]+)\?", f["params"].get("urlTemplate", ""))
	if m:
		links.setdefault(m[1], set()).add(field)
tap.same({codes(r[1])[0]: set(codes(r[0])) for r in table("values")}, links, "and the fields whose values lead to a page")
outside = {f["params"]["urlTemplate"].split("/")[2]: f["id"] for f in views["flow"]["fieldFormatMap"].values() if f["params"].get("urlTemplate", "").startswith("https:")}
tap.same(outside, {"www.iana.org": "number", "bgp.tools": "number", "stat.ripe.net": "string"}, "three that lead outside, and do not unless setup is told")

# ---- records without the field that a panel splits by
rows = re.search(r"<!-- without the field -->\n\|[^\n]*\n\|[^\n]*\n(.*?)<!-- end -->", page, re.S)[1]
tap.same(rows.splitlines(), absent.text(objects).splitlines(), "what becomes of records that lack a field, panel by panel")
tap.ok(all(len(p) for p in absent.table(objects).values()), "each way is some panel's")

# ---- navigation
alone = set()
for o in objects:
	if o["type"] == "dashboard":
		text = next(saved.walk(o, "markdown"))
		here = re.findall(r"\(#/view/([\w-]+)(\?_g=\(filters:!\(\),time:\(from:now-24h,to:now\)\))?\)", text)
		alone |= {i for i, without in here if without}
		tap.ok(all(i in boards for i, _ in here) and not [i for i, without in here if bool(without) != (i in ("flow-health", "flow-ingest", "flow-counters"))],
			"navigation of " + o["id"] + ": filters go everywhere but to pages of health", str(here))
tap.ok(alone, "links to pages of health leave the filters behind", str(alone))

# ---- pages of health: their controls are the exporter's
for i, controls in {"flow-health": {"observer.name"}, "flow-ingest": {"observer.name"}, "flow-counters": {"observer.name", "flow.interface"}}.items():
	got = {c["explicitInput"]["fieldName"] for c in boards[i]["attributes"]["controlGroupInput"]["panelsJSON"].values()}
	tap.same(got, controls, i + ": controls")
health = [p for d, p in saved.panels(objects) if d["id"] == "flow-health"]
strange = [p["title"] for p in health if p["type"] == "lens" and saved.view_of(p["embeddableConfig"]["attributes"]["references"]) != "flow-exporters"]
tap.same(strange, [], "flow-health shows what exporters say of themselves, and no flow")
apart = [saved.where(d, p) for d, p in saved.panels(objects) for s in [saved.vega_spec(p)] if s for x in s["data"] if "%timefield%" in x.get("url", {}) and "%context%" not in x["url"]]
tap.ok(len(apart) == 2, "two panels look at all, whatever the filters", str(apart))

# ---- charts of rates: their page says how long steps are and what makes peaks too high
rated = {d["id"] for d, p in saved.panels(objects) if (saved.vega_spec(p) or {}).get("description", "").startswith(("Rates over time", "Mean and highest"))}
told = {d["id"] for d, p in saved.panels(objects) for text in saved.walk(p, "markdown") if re.match(r"Steps are 5m or more: .* Peaks of exporters that take longer are too high, .*`efctl doctor`", text)}
tap.same(told, rated, "pages with charts of rates say that late records make peaks too high, and whom to ask")

# ---- GeoLite2: its credit wherever places or AS are
for i, o in boards.items():
	own = {r["id"] for r in o["references"]}
	text = json.dumps(o) + "".join(json.dumps(x["attributes"]) for x in objects if x["type"] in ("map", "search") and x["id"] in own)
	geo = bool(re.search(r"(?:client|server|source|destination)\.(?:geo|as)\.", text))
	tap.ok(("GeoLite2 data created by MaxMind, available from" in text) == geo, i + (": names GeoLite2" if geo else ": has no places"), "")

tap.done()
