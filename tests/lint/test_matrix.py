#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/states.md says of each state of a cluster which test shows what setup, efd, replay, status and doctor make of it: these tests exist."""
import ast
import glob
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
from tap import done, ok, same  # noqa: E402

PAGE = os.path.join(TOP, "docs", "states.md")
COLUMNS = ["setup", "efd", "replay", "status", "doctor"]
ROWS = ["foreign template", "plain index", "final pipeline", "no source", "blocked write index", "pipeline drops", "pipeline replaced",
	"path", "failure store", "read-only", "no ingest node", "shard limit"]


# what a program cannot see, or has nothing to say of
BLIND = {("no source", "efd"), ("pipeline replaced", "efd"), ("pipeline drops", "setup")}


def matrix():
	"""{row: {column: text}} of the table that begins with a column `state`."""
	with open(PAGE, encoding="utf-8") as f:
		lines = [[c.strip() for c in l.strip().strip("|").split("|")] for l in f if l.startswith("|")]
	head = next(i for i, l in enumerate(lines) if l[1:] == COLUMNS)
	return {l[0]: dict(zip(COLUMNS, l[1:])) for l in lines[head + 2:] if len(l) == len(COLUMNS) + 1}


def functions(name):
	"""The functions of the tests of that name."""
	found = set()
	for path in glob.glob(os.path.join(TOP, "tests", "*", name)):
		with open(path, encoding="utf-8") as f:
			found |= {n.name for n in ast.walk(ast.parse(f.read())) if isinstance(n, ast.FunctionDef)}
	return found


table = matrix()
same(sorted(table), sorted(ROWS), "the matrix has a row for each state")
for row, cells in table.items():
	for column, text in cells.items():
		named = re.findall(r"`(test_\w+\.py) (\w+)`", text)
		missing = [f"{f} {t}" for f, t in named if t not in functions(f)]
		ok((named or (row, column) in BLIND) and not missing, f"{row}, {column}: a test that exists", f"{text!r} {missing}")
done()
