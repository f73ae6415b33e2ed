#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every fuzz target takes its generated first inputs, all captures' shapes that were found by fuzzing (found/TARGET/*), and
each of them cut at every eighth octet, without a crash or a bad line."""
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests", "fuzz")


def inputs(folder, target):
	out = []
	for path in sorted(glob.glob(os.path.join(folder, target, "*")) + glob.glob(os.path.join(HERE, "found", target, "*"))):
		with open(path, "rb") as f:
			data = f.read()
		out.append(path)
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
	tap.done()


main()
