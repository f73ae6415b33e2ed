#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What dictionaries cost: CPU microseconds of the node a document that the `flow` pipeline takes longer with them than without,
and the bytes of the compiled tables. Records pass through _bulk and are dropped at the end, variants in turns, median difference to
the same round without dictionaries, the first third of the rounds left out. A node that does other work, too, is a poor place for it.

usage: dictionaries.py [--rounds N] [--json FILE]     the cluster is that of ES_URL, else an embedded one"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cluster  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
DOCS, REPEATS = 5000, 2
VARIANTS = [("none", 0, 0), ("10,000 threats", 10000, 0), ("100,000 threats", 100000, 0), ("200,000 threats", 200000, 0),
	("1,000 networks", 0, 1000), ("20,000 networks", 0, 20000), ("both", 200000, 20000)]


def v4():
	return f"{random.randrange(1, 224)}.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"


def dictionaries(folder, threats, networks):
	with open(os.path.join(folder, "threats.csv"), "w") as f:
		f.write("prefix,feed,category,severity\n")
		f.writelines(f"{a},feed {i % 20},c2,90\n" for i, a in enumerate({v4() for _ in range(threats)}))
	with open(os.path.join(folder, "networks.csv"), "w") as f:
		f.write("prefix,name,site,role\n")
		f.writelines(f"10.{i % 250}.{i // 250}.0/24,net {i},site {i % 250},{'servers' if i % 3 else 'clients'}\n" for i in range(networks))


def traffic():
	"""Internal clients to random public servers: a threat is met by chance alone, as in life."""
	lines = []
	for i in range(DOCS):
		ie = {"sourceIPv4Address": f"10.{random.randrange(250)}.{random.randrange(80)}.{random.randrange(1, 255)}", "destinationIPv4Address": v4(),
			"sourceTransportPort": random.randrange(1024, 65536), "destinationTransportPort": random.choice([53, 80, 443, 8443]),
			"protocolIdentifier": 6, "octetDeltaCount": 1000 + i, "packetDeltaCount": 10, "tcpControlBits": 27, "ingressInterface": 1, "egressInterface": 2,
			"flowStartMilliseconds": 1700000000000, "flowEndMilliseconds": 1700000001000, "flowEndReason": 3, "ipClassOfService": 0, "vlanId": 7}
		flow = {"type": "ipfix", "exporter": "192.0.2.1", "port": 1, "domain": 0, "seq": i, "template": 256, "exported": 1700000001000, "received": 1700000001000}
		lines.append('{"create":{}}\n' + json.dumps({"@timestamp": "2023-11-14T22:13:21.000Z", "flow": flow, "ie": ie}))
	return "\n".join(lines) + "\n"


def install(es, folder, name):
	"""Installs the dictionaries and keeps the resulting `flow` under a name of its own."""
	run = subprocess.run([EFCTL, "setup", "--force", "--yes", "--no-key", "--no-kibana", "--dictionaries-dir", folder],
		env={**os.environ, **es.env()}, capture_output=True, text=True)
	if run.returncode:
		sys.exit(f"efctl setup: {run.stderr}")
	pipelines = es.must("GET", "/_ingest/pipeline/flow*")
	rename = {k: f"{name}-{k}" for k in pipelines if k.startswith("flow-dict-")}
	def renamed(body):
		text = json.dumps(body)
		for old in sorted(rename, key=len, reverse=True):
			text = text.replace(f'"name": "{old}"', f'"name": "{rename[old]}"')
		return json.loads(text)
	for old in rename:
		es.must("PUT", f"/_ingest/pipeline/{rename[old]}", renamed(pipelines[old]))
	flow = renamed(pipelines["flow"])
	es.must("PUT", f"/_ingest/pipeline/{name}", {"processors": [p for p in flow["processors"] if "geoip" not in json.dumps(p)[:200]] + [{"drop": {}}]})
	return {"flow": len(json.dumps(pipelines["flow"])), "own": {k: len(json.dumps(pipelines[k])) for k in rename}}


def main():
	args = argparse.ArgumentParser()
	args.add_argument("--rounds", type=int, default=24)
	args.add_argument("--json")
	args = args.parse_args()
	es = cluster.connect()
	random.seed(3)
	bulk, result = traffic(), {}
	for i, (title, threats, networks) in enumerate(VARIANTS):
		with tempfile.TemporaryDirectory() as folder:
			dictionaries(folder, threats, networks)
			result[title] = {"name": f"bench-dictionaries-{i}", "rounds": []}
			result[title].update(install(es, folder, result[title]["name"]))
	for _ in range(args.rounds):
		for r in result.values():
			start = es.cpu_ms(0)
			for _ in range(REPEATS):
				es.must("POST", f"/logs-flow-bench/_bulk?pipeline={r['name']}&filter_path=errors", bulk, "application/x-ndjson")
			time.sleep(0.05)	# the figure is a second old at most; let it settle
			r["rounds"].append((es.cpu_ms(0) - start) / DOCS / REPEATS * 1e3)
	base, warm = result["none"], args.rounds // 3
	for r in result.values():
		r["us"] = statistics.median(r["rounds"][warm:])
		r["more"] = statistics.median(a - b for a, b in zip(r["rounds"][warm:], base["rounds"][warm:]))
	print(f"dictionaries on {' '.join(map(str, es.about))}: {base['us']:.1f} us a document without any, {base['flow']} bytes in `flow`")
	for title, r in list(result.items())[1:]:
		where = f"{r['flow'] - base['flow']} bytes in `flow`" if not r["own"] else f"{sum(r['own'].values())} bytes in {len(r['own'])} pipelines of their own"
		print(f"  {title:18} {r['more']:+6.2f} us  {where}")
	for name in es.must("GET", "/_ingest/pipeline/bench-dictionaries-*"):
		es.delete(f"/_ingest/pipeline/{name}")
	with tempfile.TemporaryDirectory() as folder:
		install(es, folder, "bench-dictionaries")
	for name in es.must("GET", "/_ingest/pipeline/bench-dictionaries*"):
		es.delete(f"/_ingest/pipeline/{name}")
	if args.json:
		with open(args.json, "w") as f:
			json.dump(result, f, indent=2)


main()
