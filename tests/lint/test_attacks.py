#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/README.md: each program that was an attack has a test that is there, and is one."""
import os
import re

from tree import ROOT, judge, read, tap

ROW = re.compile(r"^\| (.*?) ?\| .*? ?\| `([^`]+)` \| (`.+`) \|$", re.M)


def is_there(name, text):
	"""A function that is run: it is named once more; else words of a point."""
	if re.fullmatch(r"\w+", name):
		return len(re.findall(rf"\b{name}\b", text)) > 1
	return name in text


def findings(rows):
	for program, path, names in rows:
		path = "tests/" + path
		if not os.path.exists(os.path.join(ROOT, path)):
			yield f"{path} is not there"
			continue
		for name in re.findall("`([^`]+)`", names):
			if not is_there(name, read(path)):
				yield f"{path} has no {name}"


rows = ROW.findall(read("tests/README.md"))
programs = {p.split()[0] for programs, _, _ in rows for p in re.findall("`([^`]+)`", programs)}
judge("tests of what was done to efd", findings(rows))
tap.ok(len(programs) > 20, f"{len(programs)} programs", sorted(programs))
tap.done()
