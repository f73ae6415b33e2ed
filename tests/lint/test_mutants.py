#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each patch of tests/mutants applies to the sources as they are and names the test that it fails: whether that fails is for `make mutants`."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

patches = sorted(glob.glob(os.path.join(ROOT, "tests", "mutants", "*.patch")))
wrong = []
for path in patches:
	with open(path, encoding="utf-8") as f:
		killer = re.search(r"^Killed-by: (\S+) \S", f.read(), re.M)
	run = subprocess.run(["patch", "-p1", "--fuzz=1", "-s", "-r", "-", "--dry-run", "-i", path], cwd=ROOT, capture_output=True, text=True)
	if run.returncode or not killer:
		wrong.append(f"{os.path.basename(path)}: {run.stdout.strip() or 'no line Killed-by'}")
tap.ok(len(patches) > 50 and not wrong, f"{len(patches)} mutants apply", "\n".join(wrong))
tap.done()
