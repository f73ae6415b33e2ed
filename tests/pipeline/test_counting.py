#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of the decoder through the whole pipeline: what is counted, of totals and of interfaces, is what counting.csv says."""
import csv
import json
import os
import subprocess

import stages
import tap

DECODE = os.path.join(stages.ROOT, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")


def documents(cluster, case):
	run = subprocess.run([DECODE, os.path.join(stages.ROOT, "tests", "golden", case, "input.hex")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
	return stages.simulate(cluster, "flow", [l for l in map(json.loads, run.stdout.decode().splitlines()) if "ie" in l])


def value(doc, path):
	for key in path.split("."):
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def carried(docs, way, interface):
	"""What came in by an interface: the records' own counters where it is the input, the reverse ones where it is the output. And the other way round."""
	mine, other = ("ingress", "egress") if way == "in" else ("egress", "ingress")
	figures = ((value(d, f"flow.{mine}.bytes") if value(d, f"flow.{mine}.interface") == interface else 0,
		value(d, f"flow.{other}.reverse_bytes") if value(d, f"flow.{other}.interface") == interface else 0) for d in docs)
	return sum((a or 0) + (b or 0) for a, b in figures)


def figure(docs, what):
	word, _, rest = what.partition(" ")
	if word in ("in", "out"):
		return carried(docs, word, rest)
	if word == "reason":
		return sum(rest in (value(d, "flow.duplicate.reason") or ()) for d in docs)
	return len(docs) if what == "records" else sum(value(d, what) or 0 for d in docs)


def main():
	cluster = stages.clusters.connect()
	stages.setup(cluster)
	with open(os.path.join(stages.HERE, "counting.csv"), encoding="utf-8") as f:
		rows = list(csv.DictReader(line for line in f if not line.startswith("#")))
	cases = {case: documents(cluster, case) for case in dict.fromkeys(r["case"] for r in rows)}
	for r in rows:
		tap.same(figure(cases[r["case"]], r["what"]), int(r["value"]), f"{r['case']}: {r['what']}")
	tap.done()


main()
