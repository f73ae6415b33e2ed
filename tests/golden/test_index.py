#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.md names each golden case, and nothing that is not there."""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, "lib"))
import tap  # noqa: E402

with open(os.path.join(HERE, "README.md"), encoding="utf-8") as f:
	rows = [line.split("|") for line in f if line.startswith("| ")]
left = {name for row in rows for name in re.findall(r"`([^`]+)`", row[2])}
right = {name for row in rows for name in re.findall(r"`([^`]+)`", row[3])}
golden = {os.path.relpath(os.path.dirname(p), HERE) for p in glob.glob(os.path.join(TESTS, "golden*", "*", "input.hex"))}
tap.same(sorted(golden ^ left), [], "each golden case stands under a rule")
cases = {"cases/" + os.path.basename(p).split("-")[0] for p in glob.glob(os.path.join(TESTS, "cases", "*.pcap"))}
tap.same(sorted(cases ^ {r for r in right if r.startswith("cases/")}), [], "so does each capture of tests/cases")
stages = {r for r in right if not r.startswith("cases/")}
tap.same([s for s in sorted(stages) if not os.path.exists(os.path.join(TESTS, "pipeline", s + "-expected.json"))], [], "the cases of stages are there")
tap.done()
