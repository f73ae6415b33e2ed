#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the top talkers, services and conversations of the index, and whether every host's bytes are what was metered."""
import collections
import csv
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cluster
import flows

INDEX = "logs-flow-default"
TOP = 10


def human(n):
	for unit in ("B", "kB", "MB", "GB", "TB"):
		if n < 1000 or unit == "TB":
			return f"{n:,.0f} {unit}" if unit == "B" else f"{n:,.1f} {unit}"
		n /= 1000


def table(title, heads, rows):
	cells = [heads] + [[str(c) for c in r] for r in rows]
	widths = [max(len(r[i]) for r in cells) for i in range(len(heads))]
	print(f"\n{title}\n")
	for n, r in enumerate(cells):
		print("  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths))).rstrip())
		if n == 0:
			print("  " + "  ".join("-" * w for w in widths))


def metered():
	out = collections.defaultdict(lambda: [0, 0, 0, 0])
	with open(os.path.join(HERE, "..", "captures", "totals.csv")) as f:
		for r in csv.DictReader(f):
			for i, k in enumerate(("bytes_sent", "packets_sent", "bytes_received", "packets_received")):
				out[r["host"]][i] += int(r[k])
	return out


def conversations(es):
	body = {"size": 0, "aggs": {"t": {"multi_terms": {"size": TOP, "order": {"bytes": "desc"},
		"terms": [{"field": "client.ip"}, {"field": "server.ip"}, {"field": "flow.service.name", "missing": "-"}]},
		"aggs": {"bytes": {"sum": {"field": "network.bytes"}}, "packets": {"sum": {"field": "network.packets"}}}}}}
	return [(*b["key"], human(b["bytes"]["value"]), f"{int(b['packets']['value']):,}", b["doc_count"])
		for b in es.must("POST", f"/{INDEX}/_search", body)["aggregations"]["t"]["buckets"]]


def main():
	es = cluster.connect()
	total = es.count(INDEX)
	got, want = flows.hosts(es, INDEX), metered()
	rows = sorted(got.items(), key=lambda x: -x[1][0])[:TOP]
	table("Top talkers", ["host", "sent", "received", "bytes sent", "metered", ""],
		[(h, human(n[0]), human(n[2]), f"{n[0]:,}", f"{want[h][0]:,}", "=" if n == want[h] else "DIFFERS") for h, n in rows])
	services = sorted(flows.by(es, INDEX, "flow.service.name", ["network.bytes", "network.packets"]).items(), key=lambda x: -x[1][0])[:TOP]
	table("Top services", ["service", "bytes", "packets", "records"], [(s, human(n[0]), f"{n[1]:,}", n[2]) for s, n in services])
	table("Top conversations", ["client", "server", "service", "bytes", "packets", "records"], conversations(es))
	wrong = [h for h in got.keys() | {h for h, n in want.items() if any(n)} if got[h] != want[h]]
	print(f"\n{total:,} records of {len(got)} hosts; bytes and packets, sent and received, are what the exporters metered for "
		f"{len(got) - len(wrong)} of them.")
	if wrong:
		print("These differ: " + ", ".join(wrong[:20]))
	return 1 if wrong or not total else 0


if __name__ == "__main__":
	sys.exit(main())
