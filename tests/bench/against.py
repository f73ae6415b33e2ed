#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is decoding as fast as it was? Instructions of one pass over the same generated traffic, of this checkout and of a commit: they
repeat exactly, also on a machine that is busy. Exit code 1 when one protocol is below 0.97 of the commit's speed.

usage: tests/bench/against.py COMMIT [RECORDS]"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LEAST = 0.97
PROTOCOLS = ("nf5", "nf9", "ipfix", "sflow")
PROGRAMS = ("tests/bench/decode", "tests/bench/gen")


def build(tree):
	subprocess.run(["make", "-s", "-j2", "SETUP=0", "DEV=0", "BUILD=build-bench", *(f"build-bench/{p}" for p in PROGRAMS)], cwd=tree, check=True)
	return [os.path.join(tree, "build-bench", p) for p in PROGRAMS]


def instructions(decode, path, folder):
	run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", decode, "--once", path],
		check=True, capture_output=True, text=True)
	return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main(commit, records):
	good = True
	with tempfile.TemporaryDirectory(prefix="efd-bench-") as folder:
		then = os.path.join(folder, "then")
		os.mkdir(then)
		archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
		subprocess.run(["tar", "x", "-C", then], input=archive, check=True)
		decode_then, _ = build(then)
		decode_now, generate = build(ROOT)
		for proto in PROTOCOLS:
			cost = []
			for n in (records, 2 * records):	# the difference has neither the start nor the first templates in it
				path = os.path.join(folder, f"{proto}-{n}.pcap")
				subprocess.run([generate, "--proto", proto, "--records", str(n), "--pcap", path], check=True, stdout=subprocess.DEVNULL)
				cost.append([instructions(p, path, folder) for p in (decode_then, decode_now)])
			was, now = ((twice - once) / records for once, twice in zip(*cost))
			good &= was / now >= LEAST
			print(f"{proto:<6} {was:8.1f} instructions a record, now {now:8.1f}: {was / now:.3f} of the speed")
	return 0 if good else 1


if __name__ == "__main__":
	if len(sys.argv) not in (2, 3):
		sys.exit(__doc__)
	sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000))
