#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every defect of the older collector that is known has a golden case that shows ours right (legacy-defects.csv). That the cases
hold is proved where they are run: tests/golden, tests/pipeline."""
import csv
import json
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402


def records(path):
	with open(os.path.join(ROOT, path), encoding="utf-8") as f:
		return [json.loads(line) for line in f] if path.endswith(".ndjson") else json.load(f)["docs"]


def value(record, path):
	"""What is at a dotted path; names of elements have dots themselves."""
	if not path or record is None:
		return record
	if isinstance(record, list):
		at, _, rest = path.partition(".")
		return value(record[int(at)], rest)
	if path in record:
		return record[path]
	at, _, rest = path.partition(".")
	return value(record.get(at), rest)


with open(os.path.join(HERE, "legacy-defects.csv"), encoding="utf-8") as f:
	for row in csv.DictReader(line for line in f if not line.startswith("#")):
		found = value(records(row["file"])[int(row["record"])], row["field"])
		tap.same("" if found is None else str(found), row["value"], f"{row['defect']}: {row['file']}")
tap.done()
