#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The runner itself: a runner that miscounts would hide every other failure."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import ndjson
import tap

CASES = [	# name, script, closing line, exit code
	("passes and a skip", "echo '1..3'; echo 'ok 1 - a'; echo 'ok 2 - b'; echo 'ok 3 - c # SKIP no root'",
		"2 passed, 0 failed, 1 skipped", 0),
	("a failure", "echo 'ok 1 - a'; echo 'not ok 2 - b'; exit 1", "1 passed, 1 failed, 0 skipped", 1),
	("cmocka's two groups", "echo '1..1'; echo 'ok 1 - a'; echo '1..1'; echo 'ok 1 - b'",
		"2 passed, 0 failed, 0 skipped", 0),
	("cmocka's skip", "echo '1..1'; echo 'not ok 1 # SKIP'", "0 passed, 0 failed, 1 skipped", 0),
	("a plan not kept", "echo '1..3'; echo 'ok 1 - a'", "1 passed, 1 failed, 0 skipped", 1),
	("a crash", "echo 'ok 1 - a'; kill -SEGV $$", "1 passed, 1 failed, 0 skipped", 1),
	("an exit code without a reason", "echo 'ok 1 - a'; exit 3", "1 passed, 1 failed, 0 skipped", 1),
	("exit code 77", "echo 'no such kernel' >&2; exit 77", "0 passed, 0 failed, 1 skipped", 0),
	("silence", "true", "0 passed, 1 failed, 0 skipped", 1),
]

with tempfile.TemporaryDirectory() as d:
	for name, script, closing, code in CASES:
		path = os.path.join(d, "t")
		with open(path, "w") as f:
			f.write("#!/bin/sh\n" + script + "\n")
		os.chmod(path, 0o755)
		r = subprocess.run([os.path.join(HERE, "..", "run.py"), path], stdout=subprocess.PIPE, text=True)
		tap.same([r.stdout.splitlines()[-1], r.returncode], [closing, code], f"runner: {name}")
	r = subprocess.run([os.path.join(HERE, "..", "run.py")], stdout=subprocess.PIPE, text=True)
	tap.same(r.returncode, 1, "runner: nothing to run is a failure")

tap.same(ndjson.diff({"a": 1, "b": [1, {"c": 2}]}, {"a": 1, "b": [1, {"c": 2}]}), [], "compare: equal")
tap.same(len(ndjson.diff({"a": 1, "b": [1, {"c": 2}]}, {"a": True, "b": [1, {"c": 3}], "d": None})), 3,
	"compare: type, nested value and missing key are told apart")
tap.done()
