#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No capture, ours or of others where they are, comes near the ceiling over the bytes of lines for a byte received."""
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap

DECODE = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")
with open(os.path.join(ROOT, "forwarder", "decode", "line", "ceiling.h")) as f:
	FACTOR = int(re.search(r"OUTPUT_FACTOR (\d+)", f.read()).group(1))


def refused(path, factor):
	"""Lines that are left out where `factor` bytes may be written for a byte received, and nothing beside that."""
	run = subprocess.run([DECODE, "--output", str(factor), path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
	return json.loads(run.stderr.strip().splitlines()[-1]).get("output_refused", 0)


ours = sorted(glob.glob(f"{HERE}/*.pcap"))
others = sorted(glob.glob(f"{ROOT}/../shared/captures/pcap/**/*.pcap*", recursive=True))
tap.ok(len(ours) > 10, "there are captures")
tap.note(f"{len(ours)} captures of ours, {len(others)} of others")
tap.same([os.path.basename(p) for p in ours + others if refused(p, FACTOR // 2)], [], "no capture reaches half of the ceiling")
tap.ok(sum(refused(p, 1) > 0 for p in ours) > 10, "all would reach one that is too low")
tap.done()
