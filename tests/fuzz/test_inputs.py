#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every fuzz target takes its generated first inputs, all captures' shapes that were found by fuzzing (found/TARGET/*), and
each of them cut at every eighth octet, without a crash or a bad line; and the corpus as it is. Nothing of that grows beyond its room."""
import csv
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

KEPT = re.compile(r"\+\d+")	# what corpus.py calls an input of the corpus
ROOM = 2 << 20	# octets of the corpus
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests", "fuzz")


def inputs(folder, target):
	out = []
	for path in sorted(glob.glob(os.path.join(folder, target, "*")) + glob.glob(os.path.join(HERE, "found", target, "*"))):
		with open(path, "rb") as f:
			data = f.read()
		out.append(path)
		if KEPT.fullmatch(os.path.basename(path)):
			continue	# what fuzzing found is cut already
		for n in range(0, len(data), 8):
			cut = f"{folder}/{target}-{len(out)}-{n}"
			with open(cut, "wb") as f:
				f.write(data[:n])
			out.append(cut)
	return out


def main():
	with tempfile.TemporaryDirectory() as folder:
		subprocess.run([os.path.join(BUILD, "seeds"), folder], check=True)
		subprocess.run([os.path.join(HERE, "corpus.py"), folder], check=True)
		for source in sorted(glob.glob(os.path.join(HERE, "fuzz_*.c"))):
			target = os.path.basename(source)[:-2]
			files = inputs(folder, target)
			run = subprocess.run([os.path.join(BUILD, target)] + files, capture_output=True, text=True)
			tap.ok(run.returncode == 0, f"{target}: {len(files)} inputs", run.stderr[-2000:])
	size = sum(os.path.getsize(f) for f in glob.glob(os.path.join(HERE, "corpus", "*")))
	tap.ok(0 < size < ROOM, f"the corpus is below {ROOM >> 20} MiB", size)
	targets = {os.path.basename(f)[:-2] for f in glob.glob(os.path.join(HERE, "fuzz_*.c"))}
	with open(os.path.join(HERE, "edges.csv"), newline="", encoding="utf-8") as f:
		rows = list(csv.DictReader(f))
	tap.same(sorted({r["target"] for r in rows}), sorted(targets), "edges.csv has a row for each target")
	tap.same(sorted({os.path.basename(f)[:-3] for f in glob.glob(os.path.join(HERE, "corpus", "*.xz"))}), sorted(targets), "and the corpus a file")
	tap.done()


main()
