#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The compiled dashboards without any server: every reference, field, column, link and place is right."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "kibana")]
import rig
import saved
import tap

NUMBERS = {"long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long"}
ACCESSORS = ("accessor", "accessors", "splitAccessor", "xAccessor", "yAccessor", "valueAccessor", "groups", "metric", "columnId", "forAccessor")

COLUMN = 100
FEW = {"network.type"}	# all of its values are drawn
FEEDS = "logs-ti_flow-*"
OF_ALL = {"Exporters shown", "Records that failed, of all exporters"}	# whatever the filters, and say so
# MaxMind's credit, and what `setup --external-links on` makes links (test_links: off unless told)
OUTSIDE = {"www.maxmind.com", "www.iana.org", "bgp.tools", "stat.ripe.net"}
objects = rig.objects()
keys = {(o["type"], o["id"]) for o in objects}
ids = {o["id"] for o in objects if o["type"] == "dashboard"}
fields = {}


def mapped(view):
	"""Fields of the documents behind a data view, None while it has no template."""
	if view not in fields:
		fields[view] = rig.mapping_fields(saved.TEMPLATE_OF[view])
	return fields[view]


def unknown(names, view):
	return sorted({n for n in names if n not in saved.NOT_FIELDS and n not in mapped(view) and not n.startswith("_")})


def check(name, troubles):
	tap.ok(not troubles, name, "\n".join(troubles[:20]))


check("there are objects", [] if len(objects) > 20 else ["only %d in kibana/" % len(objects)])
check("no two objects have one id", [] if len(keys) == len(objects) else ["%d objects, %d ids" % (len(objects), len(keys))])
check("references lead to objects of ours", ["%s -> %s %s" % (o["id"], r["type"], r["id"]) for o in objects for r in o["references"] if (r["type"], r["id"]) not in keys])
check("links lead to dashboards of ours", ["%s -> %s" % (o["id"], i) for o in objects for i in re.findall(r"#/view/([\w-]+)", json.dumps(o)) if i not in ids])

# ---- every dashboard has the navigation, with itself marked, and every dashboard can be reached from it
troubles, reached = [], set()
for d, p in saved.panels(objects):
	if p["panelIndex"] == "p00":
		text = p["embeddableConfig"].get("savedVis", {}).get("params", {}).get("markdown", "")
		reached |= set(re.findall(r"#/view/([\w-]+)", text))
		if "**" in text:
			reached.add(d["id"])
		else:
			troubles.append(d["id"] + ": the current tab is not marked")
check("every dashboard begins with the navigation", troubles)
check("every dashboard is in it", sorted(ids - reached))

# ---- layout
troubles = []
taken = {}
for d, p in saved.panels(objects):
	g = p["gridData"]
	cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
	if cells & taken.setdefault(d["id"], set()) or g["x"] + g["w"] > 48 or g["i"] != p["panelIndex"]:
		troubles.append(saved.where(d, p))
	taken[d["id"]] |= cells
check("panels do not overlap and are within the grid", troubles)

# ---- panels
missing, broken, numeric, context, twice, partial, cut = [], [], [], [], [], [], []
for d, p in saved.panels(objects):
	at, names = saved.where(d, p), {r["name"] for r in d["references"]}
	inner = p["embeddableConfig"].get("attributes", {}).get("references", [])
	twice += [at + ": " + r["name"] for r in inner if "%s:%s" % (p["panelIndex"], r["name"]) not in names]
	if "panelRefName" in p and "%s:%s" % (p["panelIndex"], p["panelRefName"]) not in names:
		twice.append(at + ": " + p["panelRefName"])
	spec = saved.vega_spec(p)
	if spec:
		for url in saved.walk(spec["data"], "url"):
			view = next(o["id"] for o in objects if o["type"] == "index-pattern" and o["attributes"]["title"] == url["index"]) if url["index"] != FEEDS else FEEDS
			own = url["body"].get("runtime_mappings", {})
			scripted = re.findall(r"doc\['([^']+)'\]", json.dumps(own))
			missing += ["%s: %s" % (at, n) for n in unknown([f for f in saved.query_fields(url["body"]) if f not in own] + scripted, view)]
			if url["index"] == FEEDS: # what is loaded now, whatever the time range
				continue
			if not url.get("%context%") and at.split("'")[1] not in OF_ALL or url.get("%timefield%") != "@timestamp":
				context.append(at)
	if p["type"] != "lens":
		continue
	view = saved.view_of(inner)
	missing += ["%s: %s" % (at, n) for n in unknown(saved.lens_fields(p), view)]
	for a, layer in saved.lens_layers(p):
		columns = layer["columns"]
		outer = columns[layer["columnOrder"][0]]
		if a["visualizationType"] == "lnsPie" and outer["sourceField"] not in FEW and not outer["params"]["otherBucket"]:
			partial.append(at)
		if a["visualizationType"] == "lnsDatatable":	# a column without a width has COLUMN pixels where they do not all fit
			wide, room = sum(c.get("width", COLUMN) for c in a["state"]["visualization"]["columns"]), int((1366 - 8) * p["gridData"]["w"] / 48 - 24)
			if wide > room:
				cut.append("%s: %d pixels in %d" % (at, wide, room))
		if sorted(layer["columnOrder"]) != sorted(columns):
			broken.append(at + ": columnOrder and columns differ")
		for n, c in columns.items():
			broken += ["%s: %s needs %s" % (at, n, r) for r in c.get("references", []) if r not in columns]
			if c["operationType"] in ("sum", "average", "max", "percentile") and mapped(view).get(c["sourceField"]) not in NUMBERS:
				numeric.append("%s: %s of %s" % (at, c["operationType"], c["sourceField"]))
			rank = c.get("params", {}).get("orderBy", {}).get("columnId")
			if rank and columns.get(rank, {}).get("operationType") in (None, "formula", "math"):
				broken.append("%s: %s is ranked by %s" % (at, n, rank))
		for key in ACCESSORS:
			for v in saved.walk(a["state"]["visualization"], key):
				broken += ["%s: %s names %s" % (at, key, n) for n in (v if isinstance(v, list) else [v]) if n not in columns]
check("panels use mapped fields only", missing)
check("sums, means and maxima are of numbers", numeric)
check("at 1366 pixels all columns of tables are whole", cut)
check("shares are of everything: the rest has a slice", partial)
check("columns, ranks and accessors of Lens panels exist", broken)
check("Vega searches follow the dashboard's time and filters", context)
check("panel references stand in the panel and on the dashboard", twice)

# ---- an interface's figures are its own: network.bytes has a packet once, although two interfaces metered it
def carried(split, summed):
	"""Sums that are not of the one interface that SPLIT, the fields of the buckets, tells apart."""
	sides = {f.rsplit(".", 1)[0] for f in split if re.fullmatch(r"flow\.(in|e)gress\.interface", f)}
	return [s for s in summed if len(sides) == 1 and not s.startswith(sides.copy().pop() + ".")]


def vega_sums(aggs):
	for a in aggs.values():
		below = a.get("aggs", {})
		yield [a.get("terms", {}).get("field", "")], [s["field"] for s in saved.walk(below, "sum")]
		yield from vega_sums(below)


troubles, judged = [], 0
for d, p in saved.panels(objects):
	parts = [] if p["type"] != "lens" else [
		([f for c in layer["columns"].values() if c["operationType"] == "terms" for f in [c["sourceField"]] + c["params"].get("secondaryFields", [])],
			[c["sourceField"] for c in layer["columns"].values() if c["operationType"] == "sum"]) for _, layer in saved.lens_layers(p)]
	for url in saved.walk((saved.vega_spec(p) or {}).get("data", []), "url"):
		parts += vega_sums(url["body"].get("aggs", {}))
	judged += sum(any(".interface" in f for f in split) for split, _ in parts)
	troubles += ["%s: %s" % (saved.where(d, p), n) for split, summed in parts for n in carried(split, summed)]
check("panels by interface sum what the interface carries", troubles or ([] if judged > 10 else ["only %d of them" % judged]))

# ---- bytes are in powers of 1,000, like bits, a provider's bill and `efctl top`
BINARY = re.compile("b(?!d|itd)")	# of a pattern of numeral.js, which Kibana's formats have
BYTES = re.compile(r"(^|[._])bytes$|Octets$")
formats = {o["id"]: o["attributes"]["fieldFormatMap"] for o in objects if o["type"] == "index-pattern"}
decimal = {"id": "bytes", "params": {"pattern": "0,0.[0] bd"}}
patterns = list(saved.walk(objects, "pattern"))
check("no pattern of a format is of powers of 1,024", [p for p in patterns if isinstance(p, str) and BINARY.search(p)] if len(patterns) > 20 else ["only %d patterns" % len(patterns)])
check("fields of bytes have the format of powers of 1,000", ["%s: %s" % (v, n) for v, f in formats.items() for n in f if BYTES.search(n) and f[n] != decimal])
troubles, judged = [], 0
for d, p in saved.panels(objects):
	text = json.dumps(saved.vega_spec(p))
	troubles += [saved.where(d, p) + ": " + w for w in re.findall(r"1024|1048576|1073741824|\b[KMGTP]iB\b|\bKB\b", text)]
	for a, layer in saved.lens_layers(p) if p["type"] == "lens" else []:
		view = formats[saved.view_of(a["references"])]
		for n, c in layer["columns"].items():
			own = c.get("params", {}).get("format", {}).get("id")
			summed = BYTES.search(c.get("sourceField", "")) and "." not in n	# (parts of formulas are not shown)
			judged += bool(summed)
			wrong = own == "bytes" or summed and (own or view.get(c["sourceField"]) != decimal)	# Lens' own format of bytes is of 1,024
			plain = c["operationType"] == "formula" and not re.search(r"[*/]", c["params"]["formula"]) and "bytes" in c["params"]["formula"]
			troubles += ["%s: %s" % (saved.where(d, p), c["label"])] if wrong or plain and c["params"].get("parentFormat") != decimal else []
check("panels write bytes in powers of 1,000", troubles or ([] if judged > 50 else ["only %d columns of bytes" % judged]))

# ---- the rest
troubles = []
for o in objects:
	a = o["attributes"]
	if o["type"] == "search":
		troubles += ["%s: %s" % (o["id"], n) for n in unknown(a["columns"] + saved.kql_fields(a["kibanaSavedObjectMeta"]["searchSourceJSON"]["query"]["query"]), saved.view_of(o["references"]))]
	elif o["type"] == "index-pattern":
		troubles += ["%s: %s" % (o["id"], n) for n in unknown(a["fieldFormatMap"], o["id"])]
	elif o["type"] == "map":
		troubles += ["%s: %s" % (o["id"], n) for n in unknown(saved.map_fields(a["layerListJSON"]), "flow")]
	elif o["type"] == "dashboard":
		views = {r["name"]: r["id"] for r in o["references"]}
		for n, c in a.get("controlGroupInput", {}).get("panelsJSON", {}).items():
			view = views.get("controlGroup_%s:optionsListDataView" % n)
			f = c["explicitInput"]["fieldName"]
			if not view or unknown([f], view) or mapped(view)[f] not in ("keyword", "constant_keyword", "boolean", "ip"):
				troubles.append("%s: control %s" % (o["id"], f))
		troubles += ["%s: filter %s" % (o["id"], n) for f in a["kibanaSavedObjectMeta"]["searchSourceJSON"]["filter"] for n in unknown(saved.query_fields(f["query"]), "flow")]
check("saved searches, formats, maps, controls and filters use mapped fields only", troubles)

foreign = {u for o in objects for u in re.findall(r"https?://[^\s\"'\\)\]]+", json.dumps(o))} - {"https://vega.github.io/schema/vega/v5.json"}
foreign = {u for u in foreign if u.split("/")[2] not in OUTSIDE}
check("nothing else leads to the internet", sorted(foreign) + ["EMS: " + o["id"] for o in objects if re.search(r"EMS_|emsLayer", json.dumps(o))])

tap.done()
