#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures end to end: every record decoded is a document in the index, with exactly the bytes and packets that were metered."""
import collections
import csv
import glob
import os

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
