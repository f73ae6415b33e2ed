#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults that somebody made by hand, each a patch: the test that its first lines name must fail with it.

usage: tests/mutants/test_mutants.py [PATCH…]      (all of tests/mutants/*.patch)

A patch begins with lines of what it is, then
  Killed-by: PROGRAM TEST       PROGRAM below build/, or a script (which gets efd and efctl), and a test of it that must be among those that fail
  Sanitize: address             (may be missing) the program is built so; then it may die instead of a report of the sanitizer in
  Report: FUNCTION              the function that has the fault: a crash of another kind, or elsewhere, is no kill
The name of each test point says which of the two it was.
Works in a scratch copy of the checkout, builds nothing but those programs, and takes each patch out again. A patch that does
not apply any more, a test that is red without it, and one that stays green with it are failures.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from mutants import PATCHES, ROOT, head, killer, patch  # noqa: E402


def copy_tree(to):
	files = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
	for name in files.decode().split("\0"):
		if name and os.path.isfile(os.path.join(ROOT, name)) and not name.endswith(".pcap"):
			os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
			shutil.copy2(os.path.join(ROOT, name), os.path.join(to, name))


def build(tree, program, sanitize):
	"""(command, what make said when it failed)"""
	folder = "build-san" if sanitize else "build"
	# a frame that a sanitizer or -O1 makes larger is no finding here, nor a warning that a fault causes
	more = [f"SANITIZE={sanitize}"] if sanitize else []
	script = program.endswith(".py")
	wanted = ["efd", "efctl", "tests/oracle/decode"] if script else [program]
	r = subprocess.run(["make", "-s", "-j2", "SETUP=0", "DEV=0", f"BUILD={folder}", "CFLAGS=-O1 -g", *more, *(f"{folder}/{w}" for w in wanted)],
		cwd=tree, capture_output=True, text=True)
	return os.path.join(tree, *([] if script else [folder]), program), r.stderr if r.returncode else ""


def run(path, tree):
	"""(exit code, names of the tests that failed, output)"""
	script = path.endswith(".py")
	env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", BUILD="build")
	try:
		r = subprocess.run([path], capture_output=True, text=True, errors="replace", timeout=300, env=env, cwd=tree if script else ROOT)
	except subprocess.TimeoutExpired:
		return -1, ["(time)"], "it did not end"
	text = r.stdout + r.stderr
	return r.returncode, re.findall(r"^\s*not ok \d+ - (.*\S)", text, flags=re.M), text


def reported(text, function):
	"""Whether a sanitizer reports a fault in that function: it is one of the innermost of the first stack."""
	found = re.search(r"ERROR: \w+Sanitizer: [\w-]+|: runtime error: ", text)
	return bool(found and function) and function in re.findall(r"#\d+ 0x[0-9a-f]+ in (\w+)", text[found.start():])[:3]


def judge(tree, path, green):
	name, row = os.path.basename(path), head(path)
	program, test = killer(path)
	sanitize = row.get("Sanitize", "")
	if not test:
		return tap.ok(False, name, "no line `Killed-by: PROGRAM TEST`")
	if (program, sanitize) not in green:
		file, trouble = build(tree, program, sanitize)
		code, failed, text = (1, [], trouble) if trouble else run(file, tree)
		green[program, sanitize] = "" if code == 0 else f"{program} fails without any patch: {failed} {text[-1500:]}"
	if green[program, sanitize]:
		return tap.ok(False, name, green[program, sanitize])
	if trouble := patch(tree, path, "--dry-run"):
		return tap.ok(False, name, f"does not apply any more: {trouble}")
	patch(tree, path)
	file, trouble = build(tree, program, sanitize)
	code, failed, text = (0, [], "") if trouble else run(file, tree)
	patch(tree, path, "-R")
	if trouble:
		return tap.ok(False, name, f"does not build: {trouble[-1500:]}")
	by = "assertion" if test in failed else "report" if code != 0 and reported(text, row.get("Report")) else ""
	return tap.ok(by, f"{name}: {test} of {program}" + (f" ({by})" if by else ""), f"exit code {code}, failed: {' '.join(failed) or 'none'}\n{text[-600:] if not by else ''}")


def main():
	patches = [os.path.abspath(p) for p in sys.argv[1:]] or PATCHES
	green = {}
	with tempfile.TemporaryDirectory(prefix="efd-mutants-") as tree:
		copy_tree(tree)
		for path in patches:
			judge(tree, path, green)
	tap.done()


main()
