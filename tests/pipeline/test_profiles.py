#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Profiles on an engine: a document of `standard` or `lean` is that of `full` without what the stages' lists leave out, and nothing else is another; start and
end of every flow can be read in all of them; --geo and --as-lookup ask the databases for what they say, where the cluster has some."""
import glob
import json
import os
import subprocess

import stages
import tap
import yaml

LINES = 400	# of each capture


def params(stage):
	with open(os.path.join(stages.ROOT, "ingest-pipelines", f"{stage}.yml"), encoding="utf-8") as f:
		return yaml.safe_load(f)["processors"][0]["script"]["params"]


def told_already(profile):
	"""What is left out where other fields say it."""
	return {".".join(p) for p in params("event")["told_already"].get(profile, [])}


def left_out(profile):
	kept = params("geo")["geo_kept"]
	paths = {".".join(p) for p in params("event")["left_out"][profile]} | told_already(profile)
	paths |= {f"{end}.geo.{name}" for end in stages.ENDS for name in kept["full"] if name not in kept[profile]}
	return paths


def raw():
	"""Lines of every golden case and of every capture, and some between public addresses, one of them translated."""
	for path in sorted(glob.glob(os.path.join(stages.ROOT, "tests", "golden*", "*", "expected.ndjson"))):
		with open(path, encoding="utf-8") as f:
			yield from [l for l in map(json.loads, f) if "ie" in l]
	for path in sorted(glob.glob(os.path.join(stages.ROOT, "tests", "captures", "*.pcap"))):
		run = subprocess.run([stages.EFCTL, "replay", "--output", "-", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
		yield from [l for l in map(json.loads, run.stdout.decode().splitlines()) if "ie" in l][:LINES]
	for ends in ({"sourceIPv4Address": "8.8.8.8", "destinationIPv4Address": "1.1.1.1"}, {"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "8.8.8.8",
		"postNATSourceIPv4Address": "9.9.9.9"}, {"sourceIPv6Address": "2001:4860:4860::8888", "destinationIPv6Address": "fd00::1"}):
		yield {"@timestamp": "2026-01-02T03:04:05.678Z", "flow": {"type": "ipfix", "exporter": "192.0.2.1", "domain": 1, "seq": 1, "template": 256, "exported": 1767323045678,
			"received": 1767323045700}, "ie": {**ends, "sourceTransportPort": 50000, "destinationTransportPort": 443, "protocolIdentifier": 6, "octetDeltaCount": 1000, "packetDeltaCount": 3}}


def documents(cluster, lines, *more):
	stages.setup(cluster, dictionaries=None, more=more)	# no places of networks
	docs = stages.simulate(cluster, "flow", lines)
	for doc in docs:	# the clock's
		doc.get("event", {}).pop("ingested", None)
	return docs


def flat(doc):
	return {path: value for path, value in stages.leaves(doc)}


def below(path, paths):
	return any(path == p or path.startswith(p + ".") for p in paths)


def compare(profile, full, docs, paths):
	lost, other, sometimes = set(), [], told_already(profile)
	for a, b in zip(full, docs):
		a, b = flat(a), flat(b)
		lost |= {p for p in a if p not in b}
		other += [p for p in b if below(p, paths - sometimes) or b[p] != a.get(p)]
		other += [p for p in a if p not in b and not below(p, paths)]
	tap.same(sorted(set(other)), [], f"{profile}: a document is that of full without what the lists leave out")
	return lost


def said(doc):
	"""event.start and event.end of a document of any profile, by the rule of docs/fields.md."""
	at, event = doc["@timestamp"], doc["event"]
	if "start" in event or "end" in event or "time_unknown" in doc.get("tags", ()):
		return event.get("start"), event.get("end")
	if "duration" in event:
		return at - event["duration"] // 1000000, at
	return (at, at) if doc["flow"]["type"] == "sflow5" else (None, None)


def times(profile, full, docs):
	"""What a profile leaves out of times is what the others say, and what nobody told is not made up."""
	told = [(a["event"].get("start"), a["event"].get("end")) for a in full]
	tap.same([(want, said(b)) for want, b in zip(told, docs) if want != said(b)][:5], [], f"{profile}: start and end of every flow can be read, and none that was not told")
	without = [b for a, b in zip(full, docs) if "start" in a["event"] and "start" not in b["event"]]
	tap.ok(len(full) / 2 < len(without) < len(full), f"{profile}: most records have neither: {len(without)} of {len(full)}")
	kinds = {"sflow" if b["flow"]["type"] == "sflow5" else "flow" for b in without}
	tap.same(kinds, {"sflow", "flow"}, f"{profile}: of sFlow and of flows")


def hollow(doc, at=""):
	"""Paths of objects with nothing in them."""
	for name, value in doc.items():
		if isinstance(value, dict):
			yield from hollow(value, f"{at}{name}.") if value else [at + name]


def main():
	cluster = stages.clusters.connect()
	lines = list(raw())
	full = documents(cluster, lines, "--profile", "full")
	tap.ok(len(full) > 1000 and not [d for d in full if "error" in d], f"{len(full)} documents of all captures")
	standard = documents(cluster, lines, "--profile", "standard")
	seen = compare("standard", full, standard, left_out("standard"))
	places = [d for d in full[-3:] if "country_iso_code" in d.get("destination", {}).get("geo", {})]
	tap.ok(not places or any(p.endswith("geo.country_name") for p in seen), "which are names of places, where there is a database")
	lean = documents(cluster, lines, "--profile", "lean")
	seen = compare("lean", full, lean, left_out("lean"))
	tap.ok({"message", "network.community_id", "related.ip", "flow.source.name", "event.start"} <= seen, "lean leaves out what it says")
	tap.ok(not {p for p in seen if p.startswith("flow.sampling.")}, "and keeps the sampling rate, without which a figure could not be marked")
	for profile, docs in (("full", full), ("standard", standard), ("lean", lean)):
		tap.same(sorted({p for d in docs for p in hollow(d)}), [], f"{profile}: no object is empty")
		if profile != "full":
			times(profile, full, docs)
	tap.ok(not [d for d in full if said(d) != (d["event"].get("start"), d["event"].get("end"))], "and in full, where a duration alone is marked")
	if not places:
		tap.skip("--geo and --as-lookup", "this cluster has no geo database")
	else:
		lookups(cluster, lines[-3:])
	stages.setup(cluster)
	tap.done()


def lookups(cluster, lines):
	def at(*more):
		docs = documents(cluster, lines, *more)
		return [{"geo": sorted(d[end].get("geo", {})), "as": "as" in d[end]} for d in docs for end in ("source", "destination")]
	every = at()
	tap.same([bool(e["geo"]) for e in every], [True, True, True, True, True, False], "public addresses have a place, the translated one its translation's, an IPv6 one too")
	tap.same([e["as"] for e in every], [True, True, True, True, True, False], "and an AS")
	for profile in ("lean", "standard"):
		docs = documents(cluster, lines, "--profile", profile)
		tap.same([["as" in d.get(end, ()) for end in stages.ENDS] for d in docs], [["as" in d.get(end, ()) for end in stages.ENDS] for d in documents(cluster, lines)],
			f"{profile} keeps the AS of all ends")
	tap.ok("location" in every[0]["geo"] + every[1]["geo"], "with coordinates")
	country = at("--geo", "country")
	tap.ok(all(set(e["geo"]) <= {"continent_name", "country_iso_code", "country_name"} for e in country) and country[0]["geo"] and country[0]["as"], "--geo country: the country alone", str(country))
	off = at("--geo", "off", "--as-lookup", "off")
	tap.same([e for e in off if e["geo"] or e["as"]], [], "--geo off --as-lookup off: neither")
	stages.setup(cluster, more=["--reset", "geo", "--reset", "as_lookup"])


main()
