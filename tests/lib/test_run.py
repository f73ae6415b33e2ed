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
	with open(path, "w") as f:
		f.write("#!/bin/sh\necho 'ok 1 - a'; echo 'ok 2 - b # SKIP no root'; echo 'ok 3 - c # SKIP no key'\n")
	skips = os.path.join(d, "skips")
	name = os.path.relpath(path)
	for rows, closing, code in (
			([], "1 passed, 2 failed, 0 skipped", 1),
			([f"there,{name},b: no root,x", f"*,{name},c,x"], "1 passed, 0 failed, 2 skipped", 0),
			([f"elsewhere,{name},b: no root,x", "there,other,b: no root,x", f"*,{name},c,x"], "1 passed, 1 failed, 1 skipped", 1)):
		with open(skips, "w") as f:
			f.write("\n".join(["run,test,skip,reason"] + rows) + "\n")
		r = subprocess.run([os.path.join(HERE, "..", "run.py"), "--skips", skips + ":there", path], stdout=subprocess.PIPE, text=True)
		tap.same([r.stdout.splitlines()[-1], r.returncode], [closing, code], f"runner: {len(rows)} skips allowed")
	with open(path, "w") as f:
		f.write("#!/bin/sh\necho 'ok 1 - a'\n")
	r = subprocess.run([os.path.join(HERE, "..", "run.py"), path], env=dict(os.environ, TESTS_SKIPS=skips + ":there"), stdout=subprocess.PIPE, text=True)
	tap.ok("did not happen: c" in r.stdout and r.returncode == 0, "runner: an allowed skip that did not happen is said", r.stdout)
	with open(path, "w") as f:
		f.write("#!/bin/sh\nkill -INT $$\necho 'ok 1 - still there'\n")
	r = subprocess.run(["sh", "-c", f"trap '' INT; exec {os.path.join(HERE, '..', 'run.py')} {path}"], stdout=subprocess.PIPE, text=True)
	tap.ok("died: SIGINT" in r.stdout, "runner: Ctrl-C means something to a test where the runner was started in the background", r.stdout)
	# each waits for the other: only side by side do both end; the second of a list comes after its first
	ways = {n: os.path.join(d, n) for n in ("left", "right", "after")}
	for n, script in (("left", "cat fifo"), ("right", "echo 'ok 1 - met' > fifo; echo 'ok 1 - a'"), ("after", "test ! -e fifo || echo ok; rm fifo; echo 'ok 1 - b'")):
		with open(ways[n], "w") as f:
			f.write(f"#!/bin/sh\ncd {d}\n{script}\n")
		os.chmod(ways[n], 0o755)
	os.mkfifo(os.path.join(d, "fifo"))
	r = subprocess.run([os.path.join(HERE, "..", "run.py"), "-t", "20", ways["left"], "--beside", ways["right"], ways["after"]], stdout=subprocess.PIPE, text=True)
	tap.same([r.stdout.splitlines()[-1], r.returncode], ["4 passed, 0 failed, 0 skipped", 0], "runner: two lists side by side, each in its order")
	r = subprocess.run([os.path.join(HERE, "..", "run.py")], stdout=subprocess.PIPE, text=True)
	tap.same(r.returncode, 1, "runner: nothing to run is a failure")

tap.same(ndjson.diff({"a": 1, "b": [1, {"c": 2}]}, {"a": 1, "b": [1, {"c": 2}]}), [], "compare: equal")
tap.same(len(ndjson.diff({"a": 1, "b": [1, {"c": 2}]}, {"a": True, "b": [1, {"c": 3}], "d": None})), 3,
	"compare: type, nested value and missing key are told apart")
tap.done()
