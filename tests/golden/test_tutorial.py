#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CONTRIBUTING.md, "A good first change": its rows are taken by the program that compiles the tables, its datagram gives the line that
it shows, and without its rows the value has no name."""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
GEN, DECODE = os.path.join(BUILD, "host", "gen"), os.path.join(BUILD, "tests", "oracle", "decode")
UNDER = os.environ.get("TESTS_UNDER", "").split()	# make valgrind
FIELDS = os.path.join(ROOT, "forwarder", "fields")


def blocks():
	"""{what the first line of a block names: its text}"""
	with open(os.path.join(ROOT, "CONTRIBUTING.md"), encoding="utf-8") as f:
		section = f.read().split("## A good first change")[1].split("\n## ")[0]
	found = re.findall(r"^   ```\w+ (\S+)\n(.*?)^   ```$", section, re.M | re.S)
	return {name: re.sub("^   ", "", text, flags=re.M) for name, text in found}


def generated(tables, rows):
	"""What becomes of the tables with the tutorial's file among them."""
	shutil.copytree(FIELDS, tables)
	with open(os.path.join(tables, "vendor", os.path.basename(rows)), "w", encoding="utf-8") as f:
		f.write(text[rows])
	return subprocess.run([GEN, tables, "fields"], capture_output=True, text=True)


def decoded(*options):
	run = subprocess.run([*UNDER, DECODE, *options], capture_output=True, text=True, check=True)
	return run.stdout


if not os.access(GEN, os.X_OK):
	tap.skip_all(f"nothing is built in {BUILD}")
text = blocks()
rows = next(name for name in text if "/vendor/" in name)
key = os.path.basename(rows).removesuffix(".csv")
with open(os.path.join(FIELDS, "vendors.csv"), encoding="utf-8") as f:
	pen = next((row["pen"] for row in csv.DictReader(f) if row["key"] == key), "")
tap.ok(pen, f"{key} is a vendor")
with tempfile.TemporaryDirectory() as tmp:
	run = generated(os.path.join(tmp, "fields"), rows)
	elements = list(csv.DictReader(text[rows].splitlines()))
	tap.ok(run.returncode == 0 and all(f'"{key}.{e["name"]}"' in run.stdout for e in elements), "its rows are compiled", run.stderr)
	table, case = os.path.join(tmp, "elements.csv"), os.path.join(tmp, "input.hex")
	with open(table, "w", encoding="utf-8") as f:
		f.write("pen,id,name,type\n" + "".join(f"{pen},{e['id']},{key}.{e['name']},{e['type']}\n" for e in elements))
	with open(case, "w", encoding="utf-8") as f:
		f.write(text["input.hex"])
	tap.same(decoded("--elements", table, case), text["expected.ndjson"], "its datagram gives the line that it shows")
	tap.ok(all(f'"pen{pen}.{e["id"]}"' in decoded(case) for e in elements), "and without its rows the value has no name", decoded(case))
tap.done()
