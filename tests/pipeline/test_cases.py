#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures of public complaints (tests/cases) through efctl replay and the whole pipeline: the documents say what cases.csv says."""
import csv
import glob
import json
import os
import re
import subprocess

import stages
import tap

FOLDER = os.path.join(stages.ROOT, "tests", "cases")
EFCTL = os.path.join(stages.ROOT, os.environ.get("BUILD", "build"), "efctl")


def documents(cluster, path):
	run = subprocess.run([EFCTL, "replay", "--output", "-", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
	return stages.simulate(cluster, "flow", [l for l in map(json.loads, run.stdout.decode().splitlines()) if "ie" in l])


def value(doc, path):
	for key in path.split("."):
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def found(docs, record, field):
	values = [value(d, field) for d in docs]
	if record == "sum":
		return sum(v or 0 for v in values)
	if record == "each":
		return values[0] if all(v == values[0] for v in values) else values
	return values[int(record) - 1]


def main():
	paths = {os.path.basename(p).split("-")[0]: p for p in glob.glob(os.path.join(FOLDER, "*.pcap"))}
	with open(os.path.join(FOLDER, "cases.csv"), encoding="utf-8") as f:
		rows = list(csv.DictReader(line for line in f if not line.startswith("#")))
	with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as f:
		told = set(re.findall(r"^\| `(\d+)` \|", f.read(), re.M))
	tap.same([told, {r["case"] for r in rows}], [set(paths)] * 2, "each capture is explained and judged")
	cluster = stages.clusters.connect()
	stages.setup(cluster)
	docs = {case: documents(cluster, path) for case, path in sorted(paths.items())}
	for r in rows:
		want = None if r["value"] == "none" else json.loads(r["value"])
		tap.same(found(docs[r["case"]], r["record"], r["field"]), want, f"{r['case']}, {r['record']}: {r['field']}")
	tap.done()


main()
