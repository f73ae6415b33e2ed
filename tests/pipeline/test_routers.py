#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random routers (tests/lib/routers.py): whatever they meter, on whichever interfaces, however they send it, the documents add up to the packets that really were,
by exporter, interface and source, to the octet. SEED=n starts elsewhere, ROUTERS=n takes so many."""
import collections
import json
import os
import random
import subprocess
import sys
import tempfile

import stages
import tap

sys.path.insert(0, os.path.join(stages.ROOT, "tests", "captures"))
import routers as lib  # noqa: E402

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
COUNT = int(os.environ.get("ROUTERS", 8))
BEGAN = 1700000000
DECODE = os.path.join(stages.ROOT, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")
PORTS = {5: 2055, 9: 2055, 10: 4739, lib.SFLOW: 6343}


def lines(sent):
	"""The raw lines of flows."""
	with tempfile.NamedTemporaryFile("w", suffix=".hex") as f:
		for router, at, datagram in sent:
			f.write(f"datagram {router.address} {PORTS[router.version]} {int(at * 1000)}\n  {datagram.hex()}\n")
		f.flush()
		run = subprocess.run([DECODE, f.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
	return [line for line in map(json.loads, run.stdout.decode().splitlines()) if "ie" in line]


def value(doc, path):
	for key in path.split("."):
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def figures(docs):
	"""(address of the router, figure): [octets, packets] of documents."""
	sums = collections.defaultdict(lambda: [0, 0])
	for d in docs:
		address = value(d, "observer.ip")
		for figure, at in (("total", "network"), (("source", value(d, "source.ip")), "source"), (("in", value(d, "flow.ingress.interface")), "flow.ingress"),
				(("out", value(d, "flow.egress.interface")), "flow.egress")):
			for i, what in enumerate(("bytes", "packets")):
				sums[address, figure][i] += value(d, f"{at}.{what}") or 0
	return sums


def spelled(router, figure):
	"""As documents have it."""
	return (router.address, (figure[0], f"{router.address}/{figure[1]}") if figure[0] in ("in", "out") else figure)


def about(router):
	fields = ", ".join(f"{k}: {[f[:2] for f in t.fields]}" for k, t in router.templates.items()) if router.version in (9, 10) else ""
	return f"{router.name}: {router.address} version {router.version} ingress {router.ingress} egress {router.egress} {fields}"


def wrong(router, ledger, got):
	"""What the documents say otherwise than the ledger."""
	for figure in sorted((f for r, f in ledger.passed if r == router.name and f[0] != "conversation"), key=str):
		have = got.get(spelled(router, figure), [0, 0])
		sent, early, said = (to[router.name, figure][:2] for to in (ledger.sent, ledger.early, ledger.counted))
		for name, want in (("packets that were", [a + b for a, b in zip(sent, early)]), ("records that arrived", said)):
			if have != want:
				yield f"{figure}: {have}, by the {name} {want}"


def main():
	tap.note(f"SEED={SEED}")
	routers, ledger, sent = lib.random_world(SEED, COUNT, BEGAN)
	cluster = stages.clusters.connect()
	stages.setup(cluster, dictionaries=None)
	decoded = lines(sent)
	docs = stages.simulate(cluster, "flow", decoded)
	stages.setup(cluster)
	tap.same([len(decoded), [d for d in docs if "error" in d or "_index" in d]], [sum(ledger.arrived.values()), []], f"{len(sent)} datagrams: each record is a document")
	got = figures(docs)
	for router in routers:
		found = list(wrong(router, ledger, got))
		tap.ok(not found, f"{router.name}: {router.version}, {len(router.ingress)} interfaces meter ingress, {len(router.egress)} egress; {ledger.arrived[router.name]} records",
			"\n".join([about(router), *found[:8]]))
	names = {spelled(r, f) for r in routers for name, f in ledger.passed if name == r.name}
	tap.same([k for k, n in got.items() if any(n) and k not in names and k[1][1] is not None], [], "nobody else has any")
	tap.done()


main()
