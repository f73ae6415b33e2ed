# SPDX-License-Identifier: Apache-2.0
"""The files of the checkout, for what judges them."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

if not os.path.exists(os.path.join(ROOT, ".git")):
	tap.skip_all("no git checkout")


def git(*args):
	# the owner of the checkout may be somebody else, which only settings in the home could excuse
	return subprocess.run(["git", "-c", "safe.directory=*", *args], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def tracked(*patterns):
	return [f for f in git("ls-files", "--", *patterns).splitlines() if os.path.isfile(os.path.join(ROOT, f))]


def read(path):
	with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
		return f.read()


def judge(name, findings):
	"""One test point: there are no FINDINGS."""
	found = list(findings)
	tap.ok(not found, name, "\n".join(found))
