# SPDX-License-Identifier: Apache-2.0
"""The patches of tests/mutants: what their first lines say, and whether they apply."""
import glob
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATCHES = sorted(glob.glob(os.path.join(ROOT, "tests", "mutants", "*.patch")))


def head(path):
	"""{name: value} of the lines before the patch itself."""
	with open(path, encoding="utf-8") as f:
		text = f.read().split("\n--- ", 1)[0]
	return dict(re.findall(r"^([A-Z][a-z-]+): (.*)$", text, flags=re.M))


def killer(path):
	"""The program and the test of it that must fail; "" where the patch does not say."""
	program, _, test = head(path).get("Killed-by", "").partition(" ")
	return program, test


def patch(tree, path, *args):
	"""What patch says when it does not apply to TREE."""
	r = subprocess.run(["patch", "-p1", "--fuzz=1", "-s", "-r", "-", *args, "-i", path], cwd=tree, capture_output=True, text=True)
	return r.stdout + r.stderr if r.returncode else ""
