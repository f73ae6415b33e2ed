#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that pages say are run, run here, with the programs that were built: blocks whose first line says `run`, page by page in a
folder of its own. A block `output` behind one is what it prints. Those that say `run=FILE` are run by that test."""
import os
import re
import shutil
import subprocess
import tempfile

from tree import ROOT, read, tap, tracked

BUILD = os.path.realpath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
BLOCK = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.M | re.S)
FILES = {"exporter.pcap": "tests/captures/asa-netflow9.pcap", "nat.pcap": "tests/cases/53-mikrotik-nat.pcap"}	# what pages take for granted: name, and what it is here


def blocks(page):
	"""[(commands, what they print or None)] that this test runs."""
	out = []
	for indent, words, body in BLOCK.findall(read(page)):
		body = re.sub(f"^{indent}", "", body, flags=re.M)
		if "run" in words.split():
			out.append([body, None])
		elif "output" in words.split() and out and out[-1][1] is None:
			out[-1][1] = body
		elif "output" not in words.split() and any(w.startswith("run=") for w in words.split()):
			out.append([None, None])	# its output is that test's
	return [b for b in out if b[0]]


def run(page, tmp):
	for name, path in FILES.items():
		shutil.copy(os.path.join(ROOT, path), os.path.join(tmp, name))
	env = dict(os.environ, PATH=BUILD + os.pathsep + os.environ["PATH"], TREE=ROOT, LC_ALL="C.UTF-8", EF_CONFIG_DIR=tmp)
	for commands, prints in blocks(page):
		first = commands.strip().splitlines()[0]
		r = subprocess.run(["sh", "-euc", commands], cwd=tmp, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
		tap.ok(r.returncode == 0 and (r.stdout or r.stderr), f"{page}: {first}", f"exit code {r.returncode}\n{r.stdout}{r.stderr}")
		if prints is not None:
			tap.same(r.stdout, prints, f"{page}: what it prints")


def main():
	if not os.path.exists(os.path.join(BUILD, "efctl")):
		tap.skip_all(f"nothing is built in {BUILD}")
	pages = [p for p in tracked("*.md") if blocks(p)]
	tap.ok(pages, f"{len(pages)} pages with commands that are run here", "")
	for page in pages:
		with tempfile.TemporaryDirectory() as tmp:
			run(page, tmp)
	tap.done()


main()
