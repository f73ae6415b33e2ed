#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines and branches that tests ran, folder by folder, against the floor in tests/coverage.floor, which only rises.

usage: tests/coverage.py BUILD      after tests with programs of BUILD, which were built with --coverage
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
FLOOR = os.path.join(HERE, "coverage.floor")
ROOM = 2.0	# percent: so much above the floor, and it can be raised


def floors():
	"""[(folder, lines, branches)] in percent."""
	with open(FLOOR, encoding="utf-8") as f:
		rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
	return [(folder, float(lines), float(branches)) for folder, lines, branches in rows]


def measured(build, folder):
	"""{"line": (covered, total), "branch": …} of the C files below FOLDER."""
	r = subprocess.run(["gcovr", "--root", ROOT, "--object-directory", os.path.join(ROOT, build), "--filter", f"{folder}/",
		"--exclude-unreachable-branches", os.path.join(ROOT, build), "--json-summary"], capture_output=True, text=True, cwd=ROOT)
	if r.returncode:
		sys.exit(f"gcovr exited {r.returncode}: {r.stderr[-500:]}")
	total = json.loads(r.stdout)
	if not total["line_total"]:
		sys.exit(f"coverage: nothing was measured in {folder}; build and test with make coverage")
	return {k: (total[f"{k}_covered"], total[f"{k}_total"]) for k in ("line", "branch")}


def main(build):
	below = raise_it = False
	for folder, *floor in floors():
		for (kind, (covered, total)), least in zip(measured(build, folder).items(), floor):
			percent = 100 * covered / total
			word = "below the floor" if percent < least else "the floor can rise" if percent >= least + ROOM else "ok"
			below |= percent < least
			raise_it |= percent >= least + ROOM
			print(f"{folder:<18} {kind:<7} {covered:6d} of {total:6d}  {percent:5.1f} %  floor {least:5.1f} %  {word}")
	if below:
		print("coverage fell: write the test that is missing; tests/coverage.floor does not go down")
	elif raise_it:
		print("write the higher numbers into tests/coverage.floor")
	return 1 if below else 0


if __name__ == "__main__":
	if len(sys.argv) != 2:
		sys.exit(__doc__)
	sys.exit(main(sys.argv[1]))
