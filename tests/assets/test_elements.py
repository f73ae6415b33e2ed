#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The names of elements that the normalise stage looks for are names that efd writes: those of forwarder/fields."""
import csv
import os
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import registry  # noqa: E402
import tap  # noqa: E402

# written by name in sflow.c and the dissector
BY_HAND = {"sflow." + n for n in ("discardReason", "samplePool", "drops", "stripped", "headerProtocol", "inner", "vni",
				  "erspanSession", "pppoeSession", "l2tpTunnel", "l2tpSession")}
# no public list of the ids: users name them in a table of their own (decode.elements)
USERS = "ziften."


def written():
	names = BY_HAND | registry.names()
	for r in registry.rows("sflow.csv"):
		names |= {f"sflow.{r['name']}." + f.split(":")[0] for f in r["fields"].split()}
	return names


def looked_for(path):
	with open(path, encoding="utf-8") as f:
		pipeline = yaml.safe_load(f)
	for processor in pipeline["processors"]:
		params = processor.get("script", {}).get("params", {})
		yield from params.get("fields", {})
		for names in params.get("first", {}).values():
			yield from names
		yield from params.get("mpls_sections", [])
		yield from params.get("retransmits", [])
		for _, *names in params.get("response_times", []):
			yield from names


def asked():
	"""The elements that hold the address of an end, by preference: address-elements.csv; {family_end: names}."""
	ends = {}
	with open(os.path.join(ROOT, "ingest-pipelines", "dictionaries", "address-elements.csv"), encoding="utf-8") as f:
		for r in csv.DictReader(line for line in f if not line.startswith("#")):
			ends.setdefault(f"{r['end']}_{r['family']}", []).append(r["element"])
	return ends


def taken():
	"""The same, as the normalise stage takes them."""
	with open(os.path.join(ROOT, "ingest-pipelines", "normalise.yml"), encoding="utf-8") as f:
		first = yaml.safe_load(f)["processors"][0]["script"]["params"]["first"]
	return {**{n: names for n, names in first.items() if n.endswith(("_ip", "_mac")) and n.startswith(("source", "destination"))},
		"exporter_ip": first["exporter"]}


def vendor_ends():
	with open(os.path.join(ROOT, "ingest-pipelines", "lookup-geo-vendor.yml"), encoding="utf-8") as f:
		return yaml.safe_load(f)["processors"][0]["script"]["params"]["vendor_ends"]


def main():
	names = written()
	tap.same(asked(), taken(), "large dictionaries are asked about the elements that the normalise stage takes, in its order")
	tap.same(vendor_ends(), [[n for n in asked()[end] if "." in n] for end in ("source_ip", "destination_ip")], "lookup-geo-vendor.yml asks for the addresses of address-elements.csv")
	seen = sorted(set(looked_for(os.path.join(ROOT, "ingest-pipelines", "normalise.yml"))))
	unknown = [n for n in seen if n not in names and not n.startswith(USERS)]
	tap.ok(len(seen) > 100 and not unknown, f"{len(seen)} names of elements", "not in forwarder/fields: " + ", ".join(unknown))
	tap.done()


main()
