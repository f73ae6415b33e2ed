#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures end to end: every record decoded is a document in the index, with exactly the bytes and packets that were metered."""
import collections
import csv
import glob
import json
import os
import struct
import subprocess
import tempfile
import time

import harness
import flows
import tap

es = harness.ready()

# ---- the project's own captures, against what their exporters were shown ----

own = harness.namespace(es, "own")
files = sorted(glob.glob(os.path.join(harness.ROOT, "tests", "captures", "*.pcap")))
code, summary, talk = harness.replay(es, own, *files)
shipped, records = summary.get("shipped", {}), summary.get("records", {})
tap.same([code, summary.get("accounted")], [0, True], f"own captures: {len(files)} files are replayed and accounted for")
tap.same([shipped.get(k) for k in ("failed", "rejected", "dropped", "lost")], [0] * 4, "own captures: nothing failed or was lost")
tap.same(es.count(f"logs-flow-{own}"), records.get("flow"), "own captures: every record is a document")
tap.same(es.count(f"metrics-flow.counters-{own}"), records.get("counters"), "own captures: every counter sample is a document")
with open(os.path.join(harness.ROOT, "tests", "captures", "totals.csv")) as f:
	want = collections.defaultdict(lambda: [0, 0, 0, 0])
	for row in csv.DictReader(f):
		for i, k in enumerate(("bytes_sent", "packets_sent", "bytes_received", "packets_received")):
			want[row["host"]][i] += int(row[k])
wrong = flows.differences(flows.hosts(es, f"logs-flow-{own}"), want)
tap.ok(not wrong, f"own captures: bytes and packets of {len(want)} hosts in the index", "\n".join(wrong))

# ---- times moved: each capture to now, or all by one amount ----

now = harness.namespace(es, "now")
code, summary, talk = harness.replay(es, now, "--now", *files)
tap.same([code, es.count(f"logs-flow-{now}")], [0, records.get("flow")], "--now: every record is a document")
day = {"range": {"@timestamp": {"gte": "now-26h", "lte": "now"}}}	# sFlow of the virtual machines takes 25 hours and a half
tap.same(es.count(f"logs-flow-{now}", day), records.get("flow"), "--now: the captures of one day are the last day's")


def received(*args):
	"""{exporter: newest time of receipt in milliseconds} as the raw lines of a replay have it, and when that ran."""
	before = time.time() * 1000
	r = harness.efctl("replay", "--output", "-", *args)
	newest = collections.defaultdict(int)
	for line in map(json.loads, r.stdout.splitlines()):
		if "received" in line["flow"]:
			newest[line["flow"]["exporter"]] = max(newest[line["flow"]["exporter"]], line["flow"]["received"])
	return dict(newest), before, time.time() * 1000


with tempfile.TemporaryDirectory() as tmp:
	pair = []	# two captures of one day, the second captured a year later: each packet stands behind 16 bytes that begin with its time
	for i, name in enumerate(("branch-netflow5", "vm-ipfix")):
		with open(os.path.join(harness.ROOT, "tests", "captures", name + ".pcap"), "rb") as f:
			data = bytearray(f.read())
		at = 24
		while at < len(data):
			seconds, _, length, _ = struct.unpack_from("<IIII", data, at)
			struct.pack_into("<I", data, at, seconds + i * 365 * 86400)
			at += 16 + length
		pair.append(os.path.join(tmp, name + ".pcap"))
		with open(pair[-1], "wb") as f:
			f.write(data)
	was, _, _ = received(*pair)
	for order in pair, pair[::-1]:
		got, before, after = received("--now", *order)
		tap.ok(len(got) == 2 and all(int(before) <= t <= after for t in got.values()), "--now: the newest datagram of each capture is from now",
			f"{got} not within {before} and {after}")
		got, before, after = received("--now=together", *order)
		moved = {got[e] - was[e] for e in was}
		tap.ok(len(moved) == 1 and int(before) <= max(got.values()) <= after, "--now=together: all are moved by one amount, the newest is now",
			f"{got} was {was}")
	try:	# the year between the two would take ten minutes
		r = subprocess.run([harness.EFCTL, "replay", "--speed", "50000", "--output", "/dev/null", *pair], capture_output=True, text=True, timeout=120)
		tap.same(r.returncode, 0, "--speed: the year between two captures does not pass")
	except subprocess.TimeoutExpired:
		tap.ok(False, "--speed: the year between two captures does not pass")
r = harness.efctl("replay", "--now=never", "--output", "-", files[0])
tap.ok(r.returncode == 2 and "each, together" in r.stderr, "--now: another word is refused with those that there are", r.stderr)
r = subprocess.run(["bash", "-c", '"$0" replay --now --output - <(cat "$1")', harness.EFCTL, files[0]], capture_output=True, text=True, timeout=60)
tap.ok(r.returncode == 2 and "cannot be read twice" in r.stderr and "/dev/fd/" in r.stderr, "--now: so is what a shell makes of <(command)", r.stderr)

# ---- captures of many vendors: counts ----

index = os.path.join(harness.CAPTURES, "INDEX.csv")
if not os.path.exists(index):
	tap.skip("captures of many vendors", f"{index} is not there")
	tap.done()
with open(index) as f:
	rows = list(csv.DictReader(f))
visible = harness.namespace(es, "visible")
stored = collections.Counter()
for row in rows:
	name = os.path.basename(row["path"])[:-5]
	code, summary, talk = harness.replay(es, visible, os.path.join(harness.CAPTURES, row["path"]))
	if not summary:
		tap.ok(False, f"{name}: replayed", f"exit code {code}: {talk}")
		continue
	shipped, records = summary["shipped"], summary["records"]
	lines = sum(records.values())
	wrong = []
	if code != 0:
		wrong.append(f"exit code {code}: {talk}")
	# Packets that a switch discarded are flow lines here and a kind of their own in that index; one a capture has them.
	expected = int(row["flow_records_if_buffered"]) + ("sflow-drop-notification" in row["features"])
	if name == "nf5-invalid01":	# says that it has 55,582 records: nothing of it is believed
		expected = 0
	if records["flow"] != expected:
		wrong.append(f"{records['flow']} flow records, the index of captures has {expected}")
	if records["counters"] != int(row["counter_samples"]):
		wrong.append(f"{records['counters']} counter samples, the index of captures has {row['counter_samples']}")
	# Captures of one exporter and moment have the same line about it: that is stored once.
	if any(shipped[k] for k in ("failed", "rejected", "dropped", "lost")) or shipped["stored"] + shipped["duplicates"] != lines:
		wrong.append(f"{lines} lines, shipped {shipped}")
	tap.ok(not wrong, f"{name}: counts, all stored, none rejected or lost", "\n".join(wrong))
	stored["flow"] += records["flow"]
	stored["counters"] += records["counters"]
tap.same(es.count(f"logs-flow-{visible}"), stored["flow"], "every record of every capture is a document")
tap.same(es.count(f"metrics-flow.counters-{visible}"), stored["counters"], "every counter sample of every capture is a document")
why = es.docs(f"logs-flow.failed-{visible}", size=5)
tap.ok(not why, "no document failed in a pipeline", "\n".join(str(d.get("error"))[:400] for d in why))
tap.done()
