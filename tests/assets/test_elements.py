#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The names of elements that the stages look for are names that efd writes: those of forwarder/fields."""
import csv
import os
import re
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import registry  # noqa: E402
import tap  # noqa: E402

# written by name in sflow.c and the dissector
BY_HAND = {"sflow." + n for n in ("discardReason", "frameLength", "samplePool", "drops", "stripped", "headerProtocol", "inner", "vni",
				  "erspanSession", "pppoeSession", "l2tpTunnel", "l2tpSession")}
# no public list of the ids: users name them in a table of their own (decode.elements)
USERS = ("ziften.", "f5.aclRuleName", "f5.sourceUser")


def written():
	names = BY_HAND | registry.names()
	for r in registry.rows("sflow.csv"):
		names |= {f"sflow.{r['name']}." + f.split(":")[0] for f in r["fields"].split()}
	return names


def processors(name):
	with open(os.path.join(ROOT, "ingest-pipelines", name), encoding="utf-8") as f:
		return yaml.safe_load(f)["processors"]


def looked_for(path):
	for processor in processors(path):
		params = processor.get("script", {}).get("params", {})
		for first in ("first", "traffic_first", "header_first"):
			for names in params.get(first, {}).values():
				yield from names
		yield from params.get("totals", {})
		yield from params.get("role_counters", [])
		yield from params.get("mpls_sections", [])
		yield from params.get("retransmits", [])
		for listed in ("latencies", "latencies_us", "named", "system_names", "flags_inside", "names", "categories", "numbers", "service_names", "port_labels"):
			yield from params.get(listed, [])
		for _, *names in params.get("response_times", []):
			yield from names


# what the rare stage looks at beside an element that makes the record rare
BESIDE = {"protocolIdentifier", "sourceTransportPort", "destinationTransportPort", "octetDeltaCount", "octetTotalCount", "portRangeStart", "portRangeEnd", "portRangeStepSize",
	"ericsson.natLogExtPortFirst", "ericsson.natLogExtPortLast", "cisco.ingressAclId", "cisco.egressAclId", "cisco.firewallExtendedEvent", "cisco.zoneFirewallExtendedEvent",
	"cloudgenix.cgnxMediaJitterObservedDeltaCount", "cloudgenix.cgnxMediaMosObservedDeltaCount", "ixia.ja4b", "ixia.ja4c", "natQuotaExceededEvent", "natThresholdEvent", "flowDirection",
	*(f"{e}{what}Address" for e in ("source", "destination") for what in ("IPv4", "IPv6", "Mac"))}


def rare():
	"""(the elements that elements.csv calls rare, those that the rare stage begins to look at)."""
	lists = {name for name, kind in registry.elements() if kind.startswith("subTemplate")}
	asked = {r["element"] for r in table("elements") if r["rare"]}
	script = processors("rare.yml")[0]["script"]
	params = script["params"]
	source = script["source"] + "".join(text for text in map(library, re.findall(r"//@include ([\w-]+)", script["source"])) if "the rare stage" in text.split("\n")[0])
	own = set(re.findall(r"'((?:[a-z0-9]+[A-Z]|[a-z0-9]+\.)[\w.]+)'", source))
	counts = {row[2] for row in params["response_times"]}
	return asked - lists, own - BESIDE | counts | {params["mpls_sections"][0]} | {name for p in ("latencies", "latencies_us", "retransmits", "named", "system_names") for name in params[p]}


def library(name):
	with open(os.path.join(ROOT, "ingest-pipelines", "lib", name + ".painless"), encoding="utf-8") as f:
		return f.read()


def table(name):
	"""The rows of a dictionary."""
	with open(os.path.join(ROOT, "ingest-pipelines", "dictionaries", name + ".csv"), encoding="utf-8") as f:
		return list(csv.DictReader(line for line in f if not line.startswith("#")))


def typed_again():
	"""Elements of address-elements.csv that a stage names in a list of its own."""
	names = {r["element"] for r in table("address-elements")}
	for stage in ("normalise", "lookup-geo-vendor"):
		params = processors(stage + ".yml")[0]["script"]["params"]
		for listed in params.get("first", {}).values():
			yield from (f"{stage}: {n}" for n in listed if n in names)
		if params["ends"] != {"dictionary": "address-elements"}:
			yield stage


def main():
	names = written()
	tap.same(list(typed_again()), [], "the elements that hold addresses stand in address-elements.csv alone")
	tap.same(*(sorted(names) for names in rare()), "the rare stage is called for the elements that it looks at")
	lists = {n for n, kind in registry.elements() if kind.startswith("subTemplate") and (n.startswith("ixia.") or n.startswith("subTemplate"))}
	tap.same(sorted(lists - {r["element"] for r in table("elements") if r["rare"]}), [], "and for lists of records, which it looks into")
	seen = sorted({n for stage in ("normalise.yml", "traffic.yml", "rare.yml", "roles.yml", "applications.yml") for n in looked_for(stage)} | rare()[1]
		| {r["element"] for name in ("elements", "address-elements") for r in table(name)})
	unknown = [n for n in seen if n not in names and not n.startswith(USERS)]
	tap.ok(len(seen) > 100 and not unknown, f"{len(seen)} names of elements", "not in forwarder/fields: " + ", ".join(unknown))
	tap.done()


main()
