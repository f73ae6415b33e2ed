#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of the decoder: tests/golden*/<case>/input.hex must give expected.ndjson, and for tests/golden-bad also the
counters and complaints of expected.log. `test_golden.py --update` writes what it got; read the diff before you commit it."""
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import ndjson  # noqa: E402
import tap  # noqa: E402

DECODE = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")
UNDER = os.environ.get("TESTS_UNDER", "").split()	# make valgrind
UPDATE = "--update" in sys.argv


def read(path):
	try:
		with open(path, encoding="utf-8") as f:
			return f.read()
	except FileNotFoundError:
		return ""


def unique_keys(pairs):
	"""A JSON object may not have a key twice."""
	keys = [k for k, _ in pairs]
	if len(keys) != len(set(keys)):
		raise ValueError(f"a key comes twice: {sorted(keys)}")
	return dict(pairs)


def check(case, with_log):
	run = subprocess.run([*UNDER, DECODE, os.path.join(case, "input.hex")], capture_output=True)
	out, log = run.stdout.decode(), run.stderr.decode()
	name = os.path.relpath(case, os.path.join(ROOT, "tests"))
	for line in out.splitlines():
		json.loads(line, object_pairs_hook=unique_keys)
	for file, got in (("expected.ndjson", out), ("expected.log", log)):
		if file == "expected.log" and not with_log:
			continue
		path = os.path.join(case, file)
		if UPDATE:
			with open(path, "w", encoding="utf-8") as f:
				f.write(got)
		want = read(path)
		detail = f"got\n{got}want\n{want}"
		if file == "expected.ndjson":
			try:
				detail = "\n".join(ndjson.diff_lines(*[[json.loads(x) for x in t.splitlines()] for t in (got, want)]))
			except ValueError:
				pass
		tap.ok(run.returncode == 0 and got == want, f"{name}: {file}", detail)


def main():
	for group, with_log in (("golden", False), ("golden-bad", True)):
		for case in sorted(glob.glob(os.path.join(ROOT, "tests", group, "*", "input.hex"))):
			check(os.path.dirname(case), with_log)
	tap.done()


main()
