#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The column `stage` of docs/fields.md is true: each field that a stage writes names it, and each that is named was seen to write.

All raw lines of the golden cases go through the stages one by one; what is new or other behind a stage is what that stage wrote. What
the rare stage found stands in ctx.tmp until a later stage puts it in its place: it is the rare stage's."""
import csv
import glob
import json
import os
import re

import stages
import tap
import vendors

OTHERS = {"-", "efd", "all"}	# no stage, or any
# with --leftovers all alone; with a column that the test's tables do not fill
UNSEEN = {("flow.exporter.exported", "normalise"), ("flow.exporter.sequence", "normalise"), ("<end>.geo.region_name", "addresses")}
RAW = {"flow", "normalise", "rare", "counting"}	# folders of cases that begin with raw lines


def owners():
	"""field -> stages, of docs/fields.md."""
	with open(os.path.join(stages.ROOT, "docs", "fields.md"), encoding="utf-8") as f:
		rows = re.findall(r"^\| `([^`]+)` \| \w+ \| \w+ \| ([^|]+?) *\|", f.read(), re.M)
	return {field: set(names.split(", ")) for field, names in rows}


def row_of(field, table):
	"""The row of docs/fields.md that a field is in; `<end>` is source and destination."""
	rows = [field, *(re.sub(rf"\b{end}\b", "<end>", field, count=1) for end in stages.ENDS[:2])]
	return next((r for r in rows if r in table), field)


def raw_lines():
	for path in sorted(glob.glob(os.path.join(stages.ROOT, "tests", "golden", "*", "expected.ndjson"))):
		with open(path, encoding="utf-8") as f:
			yield from (doc for doc in map(json.loads, f) if "ie" in doc)
	for path in sorted(glob.glob(os.path.join(stages.HERE, "*", "*.json"))):
		if os.path.basename(os.path.dirname(path)) in RAW and not path.endswith("-expected.json"):
			with open(path, encoding="utf-8") as f:
				yield from json.load(f)["docs"]
	yield from map(vendors.line, vendors.cases())


def called():
	"""The stages in the order of flow.yml."""
	with open(os.path.join(stages.ROOT, "ingest-pipelines", "flow.yml"), encoding="utf-8") as f:
		return re.findall(r"name: flow-([\w-]+)", f.read().partition("\non_failure:")[0])


def by_table():
	"""What the element table writes, which is the normalise stage's; not all of its rows are in the cases."""
	with open(os.path.join(stages.ROOT, "ingest-pipelines", "dictionaries", "elements.csv"), encoding="utf-8") as f:
		return {(r["field"], "normalise") for r in csv.DictReader(line for line in f if not line.startswith("#"))}


def field_of(path, fields):
	"""The mapped field that holds a leaf."""
	while path and path not in fields:
		path = path.rpartition(".")[0]
	return path


def found_early(doc):
	"""(path, value) of what the rare stage left for others to put in its place."""
	tmp = doc.get("tmp", {})
	told = tmp.get("told", {})
	return [*stages.leaves(tmp.get("rare", {})), *stages.leaves(told.get("event", {}), "event"), *stages.leaves(told.get("rule", {}), "rule")]


def wrote(stage, before, after, fields):
	"""The fields that a stage wrote in one document."""
	if stage == "rare":
		early = found_early(after)
		more = {"event.type"} if after.get("tmp", {}).get("told", {}).get("types") else set()
		return {field_of(path, fields) for path, _ in early} | more
	if stage == "normalise":	# it makes flow anew
		before = {k: v for k, v in before.items() if k != "flow"}
	# repr: 1 and True are not the same
	known = {(path, repr(value)) for path, value in [*stages.leaves(before), *found_early(before)]}
	return {field_of(path, fields) for path, value in stages.leaves(after) if (path, repr(value)) not in known}


def main():
	cluster = stages.clusters.connect()
	stages.setup(cluster)
	fields, table, seen = stages.mappings("logs-flow"), owners(), {}
	docs = list(raw_lines())
	for stage in called():
		after = stages.simulate(cluster, f"flow-{stage}", docs)
		pairs = [(a, b) for a, b in zip(docs, after) if "error" not in b and "_index" not in b]
		for a, b in pairs:
			for field in wrote(stage, a, b, fields):
				seen.setdefault(field, set()).add(stage)
		docs = [b for _, b in pairs]
	copies = ("client.", "server.", "flow.client.", "flow.server.")
	wrote_row = {}
	for field, names in seen.items():
		if field in fields and not field.startswith(copies):
			wrote_row.setdefault(row_of(field, table), set()).update(names)
	seen = wrote_row
	strange = [f"{f}: {stage}" for f, names in sorted(seen.items()) for stage in sorted(names - table.get(f, set())) if "all" not in table.get(f, set())]
	tap.ok(len(docs) > 300 and len(seen) > 150 and not strange, "what stages write names them in docs/fields.md", f"{len(docs)} documents, {len(seen)} rows\n" + "\n".join(strange))
	excused = UNSEEN | {(row_of(f, table), stage) for f, stage in by_table()}
	if "geo" not in {name for names in seen.values() for name in names}:	# no database that knows an address of the cases
		excused |= {(f, "geo") for f in table}
	idle = [f"{f}: {stage}" for f, names in sorted(table.items()) for stage in sorted(names - OTHERS - seen.get(f, set())) if (f, stage) not in excused]
	tap.ok(not idle, "what docs/fields.md names was seen to write", "\n".join(idle))
	tap.done()


main()
