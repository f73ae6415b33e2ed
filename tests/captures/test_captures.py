#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The captures of this folder say exactly what their exporters were shown: bytes and packets of every host."""
import collections
import csv
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap

EFCTL = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
UNDER = os.environ.get("TESTS_UNDER", "").split()	# make valgrind

# how exporters call the bytes and packets of both directions
NAMES = {"bytes": [("octetDeltaCount", "reverseOctetDeltaCount"), ("initiatorOctets", "responderOctets"),
	("cisco.nvzFlowL4ByteCountOut", "cisco.nvzFlowL4ByteCountIn")],
	"packets": [("packetDeltaCount", "reversePacketDeltaCount"), ("initiatorPackets", "responderPackets")]}


def metered(name):
	"""{host: [bytes sent, packets sent, bytes received, packets received]} as the records of a capture have it."""
	out = collections.defaultdict(lambda: [0, 0, 0, 0])
	lines = subprocess.run([*UNDER, EFCTL, "decode", f"{HERE}/{name}.pcap"], stdout=subprocess.PIPE, check=True).stdout
	for line in lines.splitlines():
		record = json.loads(line)
		ie, rate = record.get("ie", {}), record["flow"].get("sampling", {}).get("rate", 1)
		src, dst = (ie.get(f"{d}IPv4Address", ie.get(f"{d}IPv6Address")) for d in ("source", "destination"))
		for way, a, b in (0, src, dst), (1, dst, src):
			octets, packets = (rate * next((ie[names[way]] for names in NAMES[what] if names[way] in ie), 0) for what in NAMES)
			for host, at in ((a, 0), (b, 2)):
				if octets or packets:
					out[host][at] += octets
					out[host][at + 1] += packets
	return out


with open(f"{HERE}/totals.csv") as f:
	want = collections.defaultdict(dict)
	for r in csv.reader(f):
		if r[0] != "capture":
			want[r[0]][r[1]] = [int(n) for n in r[2:]]
for name, hosts in want.items():
	got = metered(name)
	wrong = [f"{h}: got {got.get(h)}, want {w}" for h, w in hosts.items() if got.get(h) != w]
	wrong += [f"{h}: got {g}, unexpected" for h, g in got.items() if h not in hosts]
	tap.ok(not wrong, f"{name}: bytes and packets of {len(hosts)} hosts", "\n".join(wrong[:10]))

# Nothing was lost on the way into a capture, however its exporter counts.
for path in sorted(glob.glob(f"{HERE}/*.pcap")):
	run = subprocess.run([*UNDER, EFCTL, "replay", "--json", "--output", "/dev/null", path], stdout=subprocess.PIPE, check=True)
	tap.same(json.loads(run.stdout)["lost_by_sequence"], 0, f"{os.path.basename(path)}: no number of the sequence is missing")
tap.done()
