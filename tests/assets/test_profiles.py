#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What profiles leave out (the stages event and geo) against docs/cost.md and docs/fields.md: every field of a profile's list is one of ours, each row of fields
says from which profile on documents have it, and the panels that lack a field of theirs are those that the page lists."""
import json
import os
import re
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "kibana")]
import rig
import saved
import tap

ROOT = os.path.join(HERE, "..", "..")
ENDS = ("source", "destination", "client", "server")
PROFILES = ("lean", "standard", "full")
BY_RULE = {"event.start", "event.end"}	# kept where no other field says them
# pages that lean fills, but for single panels that docs/cost.md lists
FILLED = ("flow-overview", "flow-top-talkers", "flow-top-services", "flow-top-conversations", "flow-top-applications", "flow-interfaces", "flow-threats")


def read(path):
	with open(os.path.join(ROOT, path), encoding="utf-8") as f:
		return f.read()


def params(stage):
	return yaml.safe_load(read(f"ingest-pipelines/{stage}.yml"))["processors"][0]["script"]["params"]


def left_out(profile):
	"""The paths that documents of a profile lack."""
	event = params("event")
	paths = {".".join(p) for p in event["left_out"][profile] + event["told_already"].get(profile, [])}
	kept = params("geo")["geo_kept"]
	paths |= {f"{end}.geo.{name}" for end in ENDS for name in kept["full"] if name not in kept[profile]}
	return paths


def lacks(field, paths):
	return any(field == p or field.startswith(p + ".") for p in paths)


def least(field):
	"""The profile from which on documents have a field."""
	if field in BY_RULE:
		return "rule"
	return next(p for p in PROFILES if not lacks(field, left_out(p)))


def least_of_row(row, stages):
	"""What docs/fields.md says of a row; of ends that differ, who has it earlier comes first. What the user's own networks say of a place stays."""
	ends = {}
	for end in ENDS if "<end>" in row else ("",):
		ends.setdefault(least(row.replace("<end>", end)), []).append(end)
	if len(ends) == 1:
		own = ".geo." in row and "addresses" in stages and "lean" not in ends
		return next(iter(ends)) + (" (of your networks: lean)" if own else "")
	return "; ".join(f"{p}: {', '.join(ends[p])}" for p in PROFILES if p in ends)


def panel_fields(panel):
	"""The fields without which a panel is empty or less than it is."""
	spec = saved.vega_spec(panel)
	if spec:
		return set(re.findall(r"[a-z_@]+(?:\.[a-z_]+)+", json.dumps(spec)))
	if panel["embeddableConfig"].get("attributes", {}).get("state"):
		return set(saved.lens_fields(panel))
	return set()


def empty_panels(paths):
	"""(dashboard, title of the panel) of all that use a field of flow records that is left out; maps and lists of records by what they are of."""
	objects, others = rig.objects(), {}
	for o in objects:
		if o["type"] == "map":
			others[o["id"]] = set(saved.map_fields(o["attributes"]["layerListJSON"]))
		elif o["type"] == "search" and saved.view_of(o["references"]) == "flow":
			others[o["id"]] = set(o["attributes"]["columns"])
	out = set()
	for d, p in saved.panels(objects):
		refs = {r["id"] for r in d["references"] if r["name"].startswith(p["panelIndex"] + ":")}
		views = refs & set(saved.TEMPLATE_OF)
		fields = panel_fields(p) if not views or views & {"flow", "flow-security"} else set()
		if any(lacks(f, paths) for f in fields.union(*(others.get(r, ()) for r in refs))):
			out.add((d["id"].removeprefix("flow-"), re.sub(r".* '(.*?)(, in steps of .*)?'$", r"\1", saved.where(d, p))))
	return out


def empty_controls(paths):
	"""(dashboard, title) of controls that offer nothing."""
	out = set()
	for o in rig.objects():
		controls = o["attributes"].get("controlGroupInput", {}).get("panelsJSON", {}) if o["type"] == "dashboard" else {}
		out |= {(o["id"].removeprefix("flow-"), c["explicitInput"]["title"]) for c in controls.values() if lacks(c["explicitInput"].get("fieldName", ""), paths)}
	return out


def listed_panels(section):
	"""{(option, dashboard, title)} of a table of docs/cost.md; one without a column for the option has that of its name."""
	text = re.search(rf"<!-- panels of {section} -->\n(.*?)<!-- end -->", page, re.S)[1]
	return {(o or section, d, t) for o, d, titles in re.findall(r"^\|(?: `(--[\w -]+)` \|)? `([\w-]+)` \| (.*) \|$", text, re.M) for t in titles.split(" · ")}


# what an end's place and AS are without the databases; numbers of AS come from exporters, too
UNASKED = {"--geo off": ("geo.country_iso_code", "geo.region_name", "geo.city_name", "geo.location"), "--geo country": ("geo.region_name", "geo.city_name", "geo.location"),
	"--as-lookup off": ("as.organization.name",)}
fields = set(rig.mapping_fields("logs-flow"))
rows = re.findall(r"^\| `([^`]+)` \| \w+ \| \w+ \| ([^|]+) \| ([^|]+?) *\|", read("docs/fields.md"), re.M)
tap.ok(len(rows) > 200 and {"lean", "standard", "full", "rule"} <= {p for *_, p in rows}, f"{len(rows)} rows of docs/fields.md have a profile")
tap.same({row: least_of_row(row, names) for row, names, profile in rows if profile != least_of_row(row, names)}, {}, "which is the least that keeps the field")
tap.same(sorted(fields - {row.replace("<end>", end) for row, *_ in rows for end in ENDS}), [], "and every field of the mapping is in one")
tap.same({"event.start", "event.end"}, {".".join(p) for profile in ("lean", "standard") for p in params("event")["told_already"][profile]}, "only these two are left out by rule")
for profile in PROFILES:
	strange = [p for p in left_out(profile) if not any(f == p or f.startswith(p + ".") for f in fields)]
	tap.same(strange, [], f"{profile} leaves out fields that there are")
kept = params("geo")["geo_kept"]
tap.ok(set(kept["lean"]) < set(kept["standard"]) < set(kept["full"]) and left_out("full") == set(), "each profile keeps what the one before it keeps, full all")

page = read("docs/cost.md")
listed = {(d, t) for _, d, t in listed_panels("lean")}
empty = empty_panels(left_out("lean"))
tap.same(sorted(empty - listed), [], "docs/cost.md lists the panels that are empty with lean")
tap.same(sorted(listed - empty), [], "and no other")
tap.same(sorted(empty_panels(left_out("standard"))), [], "standard fills every panel")
gone = {option: {f"{end}.{name}" for end in ENDS for name in names} for option, names in UNASKED.items()}
tap.same(sorted(listed_panels("switches")), sorted((o, d, t) for o, paths in gone.items() for d, t in empty_panels(paths)), "docs/cost.md lists those that --geo and --as-lookup leave empty")
gone["--profile lean"] = left_out("lean")
tap.same(sorted(listed_panels("controls")), sorted((o, d, t) for o, paths in gone.items() for d, t in empty_controls(paths)), "and the controls that offer nothing then")
tap.same(sorted(empty_controls(left_out("standard"))), [], "standard has something in each")
whole = {d["id"] for d, _ in saved.panels(rig.objects())}
tap.ok(set(FILLED) <= whole and not [t for d, t in empty if "flow-" + d in FILLED and d.startswith("top-")], "lean fills the top pages")
tap.same(sorted(set(re.findall(r"`([a-z0-9_.]+)`", re.search(r"<!-- fields of lean -->\n(.*?)<!-- end -->", page, re.S)[1]))), sorted(left_out("lean") - left_out("standard")),
	"docs/cost.md lists the fields that lean leaves out beside standard's")
tap.same(sorted(set(re.findall(r"`([a-z0-9_.]+)`", re.search(r"<!-- fields of standard -->\n(.*?)<!-- end -->", page, re.S)[1]))), sorted(left_out("standard")),
	"and those that standard leaves out")
tap.done()
