# SPDX-License-Identifier: Apache-2.0
"""The programs of the version before: built once, below BUILD, out of the commit that it was."""
import fcntl
import os
import subprocess

import tap

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
# Before there is a release: the last commit before the changelog begins, which also forgot the options that setup ran with.
VERSION = "0c529df"
PROGRAMS = ("efd", "efctl")


def programs():
	"""{name: path}; where the clone does not reach back, the test is skipped."""
	top = os.path.join(ROOT, os.environ.get("BUILD", "build"), VERSION)
	paths = {name: os.path.join(top, "build", name) for name in PROGRAMS}
	os.makedirs(top, exist_ok=True)
	with open(os.path.join(top, ".lock"), "w") as lock:	# several tests want them, at once
		fcntl.flock(lock, fcntl.LOCK_EX)
		if not all(os.path.exists(p) for p in paths.values()):
			build(top)
	return paths


def build(top):
	git = ["git", "-c", "safe.directory=*", "-C", ROOT]
	if subprocess.run([*git, "cat-file", "-e", VERSION + "^{commit}"], stderr=subprocess.DEVNULL).returncode:
		tap.skip_all(f"this clone does not reach back to {VERSION}")
	archive = subprocess.run([*git, "archive", VERSION], stdout=subprocess.PIPE, check=True)
	subprocess.run(["tar", "-x", "-C", top], input=archive.stdout, check=True)
	env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
	subprocess.run(["make", "-s", "-j2", "-C", top, "SETUP=0", *(f"build/{p}" for p in PROGRAMS)], env=env, stdout=subprocess.DEVNULL, check=True)
