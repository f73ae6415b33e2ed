#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the golden inputs of the decoder (tests/golden*/*/input.hex) as first inputs of the targets that read rows of
datagrams (tests/lib/steps.h): FOLDER/TARGET/CASE. usage: corpus.py FOLDER"""
import glob
import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def steps(path):
	"""(exporter octet, bytes) of each step of an input."""
	out = []
	with open(path, encoding="utf-8") as f:
		for line in f:
			words = line.split("#")[0].split()
			if not words:
				continue
			if words[0] == "datagram":
				out.append([int(words[1][-1], 16) & 3, b""])
			elif words[0] == "tick":
				out.append([0x80, None])
			elif words[0] != "restart":
				out[-1][1] += bytes.fromhex("".join(words))
	return out


def main():
	for path in glob.glob(os.path.join(ROOT, "tests", "golden*", "*", "input.hex")):
		rows = steps(path)
		data = b"".join(struct.pack(">HB", 60 if body is None else len(body), who) + (body or b"") for who, body in rows)
		versions = {body[:2] for _, body in rows if body}
		targets = [t for t, v in (("fuzz_netflow5", 5), ("fuzz_netflow9", 9), ("fuzz_ipfix", 10)) if bytes([0, v]) in versions]
		for target in targets + ["fuzz_mixed"]:
			folder = os.path.join(sys.argv[1], target)
			os.makedirs(folder, exist_ok=True)
			with open(os.path.join(folder, os.path.basename(os.path.dirname(path))), "wb") as f:
				f.write(data)


main()
