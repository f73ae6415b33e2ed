#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What enrichment costs: processor and wall time for each record, stage by stage; the rate against finished documents;
100,000 threats; bytes on disk for each record, by field where the engine tells (`_disk_usage`).

Times are the engine process's own CPU time from `_nodes/stats`, so other work on the machine disturbs them little. Compare
them within one run only. LINES (60000) raw lines are made; NDJSON=file takes yours. Arguments: stages, disk, rate, forms, threats (all).
"""
import json
import os
import random
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "pipeline"))
import stages  # noqa: E402

LINES = int(os.environ.get("LINES", 60000))
BATCH = 2000
stages.PROFILE = "standard"
STAGES = ("normalise", "traffic", "addresses", "protocol", "roles", "exporter", "counting", "applications", "geo", "threats", "event")
rng = random.Random(1)


def made():
	"""Lines of a router between a site and the internet: 800 inside hosts, 4,000 servers, few services."""
	inside = ["10.%d.%d.%d" % (rng.randrange(4), rng.randrange(20), rng.randrange(1, 250)) for _ in range(800)]
	outside = ["%d.%d.%d.%d" % (rng.randrange(20, 100), rng.randrange(256), rng.randrange(256), rng.randrange(1, 255)) for _ in range(4000)]
	for i in range(LINES):
		a, b = rng.choice(inside), outside[int(len(outside) * rng.random() ** 3)]
		p, q = rng.randrange(32768, 61000), rng.choice((443, 443, 443, 80, 53, 22, 8080, 123))
		ms = 1700000000000 + i * 3
		if i % 2:
			a, b, p, q = b, a, q, p
		yield {"@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + ".%03dZ" % (ms % 1000),
			"flow": {"type": "netflow9", "exporter": "192.0.2.1", "port": 51034, "domain": 256, "seq": i // 24, "template": 260, "exported": ms, "received": ms + 123, "sampling": {"rate": 100, "origin": "sampler"}},
			"ie": {"sourceIPv4Address": a, "destinationIPv4Address": b, "sourceTransportPort": p, "destinationTransportPort": q, "protocolIdentifier": 17 if 53 in (p, q) else 6,
				"octetDeltaCount": int(40 * 1.0001 ** rng.randrange(60000)) + 40, "packetDeltaCount": rng.randrange(1, 500), "tcpControlBits": 27, "ingressInterface": 1 + i % 2, "egressInterface": 2 - i % 2,
				"ipClassOfService": 0, "bgpSourceAsNumber": 0, "bgpDestinationAsNumber": 15133, "ipNextHopIPv4Address": "10.1.1.1", "flowStartMilliseconds": ms - rng.randrange(60000),
				"flowEndMilliseconds": ms, "flowDirection": i % 2, "sourceIPv4PrefixLength": 24, "destinationIPv4PrefixLength": 16}}


def bodies(docs):
	docs = [json.dumps(d, separators=(",", ":")) for d in docs]
	return [("".join('{"create":{}}\n%s\n' % d for d in docs[i:i + BATCH])).encode() for i in range(0, len(docs), BATCH)]


class Bench:
	def __init__(self, cluster):
		self.c = cluster

	def send(self, index, batches, pipeline):
		for body in batches:
			reply = self.c.must("POST", f"/{index}/_bulk" + (f"?pipeline={pipeline}" if pipeline else ""), body, "application/x-ndjson")
			if reply["errors"]:
				raise RuntimeError(json.dumps(reply["items"][0])[:500])

	def measure(self, batches, pipeline, rounds=5, index="bench-nothing", warm=100000):
		"""(CPU µs, wall µs) a record: the best of some rounds, after `warm` records have let the engine compile the scripts."""
		count = BATCH * len(batches)
		for _ in range(max(1, warm // count)):
			self.send(index, batches, pipeline)
		best = []
		for _ in range(rounds):
			cpu, wall = self.c.cpu_ms(), time.time()
			self.send(index, batches, pipeline)
			wall = time.time() - wall
			best.append(((self.c.cpu_ms() - cpu) * 1000 / count, wall * 1e6 / count))
		return min(b[0] for b in best), min(b[1] for b in best)


def blocks(source):
	"""The functions of a script, and the statement below them."""
	out, block, depth = [], [], 0
	for line in (line.strip() for line in source.split("\n")):
		if not line or line.startswith("//"):
			continue
		block.append(line)
		depth += line.count("{") - line.count("}")
		if depth == 0:
			out.append("\n".join(block))
			block = []
	return out[:-1], out[-1]


def prefix(cluster, names):
	"""One script of the first stages, as efctl merges them."""
	functions, calls, params = [], [], {}
	for name in names:
		script = cluster.must("GET", f"/_ingest/pipeline/flow-{name}")[f"flow-{name}"]["processors"][0]["script"]
		own, call = blocks(script["source"].strip())
		functions += [f for f in own if f not in functions]
		calls.append(call)
		params.update(script.get("params", {}))
	cluster.must("PUT", "/_ingest/pipeline/bench-prefix", {"processors": [{"script": {"source": "\n".join(functions + calls), "params": params}}]})


def disk(bench, raw):
	"""Bytes a record, merged to one segment."""
	c = bench.c
	c.delete("/_data_stream/logs-flow-bench")
	bench.send("logs-flow-bench", raw, None)
	size, n = c.merged("logs-flow-bench")
	print(f"{size / n:8.1f} bytes on disk a record, {n} records, merged")
	for name, taken in c.disk_usage("logs-flow-bench")[:30]:
		print(f"         {taken / n:6.2f}  {name}")
	c.delete("/_data_stream/logs-flow-bench")


def without_geo(cluster, name="bench-flow"):
	"""`flow` as installed but for the geo lookups: their price is the database's and its cache's (`ingest.geoip.cache_size`)."""
	flow = cluster.must("GET", "/_ingest/pipeline/flow")["flow"]
	cluster.must("PUT", f"/_ingest/pipeline/{name}", {"processors": [p for p in flow["processors"] if "geoip" not in p and p.get("pipeline", {}).get("name") != "flow-lookup-geo"], "on_failure": flow["on_failure"]})


def each_stage(bench, raw):
	"""The stages one after the other, each measured with all before it."""
	base = bench.measure(raw, "bench-empty")
	print("CPU µs, wall µs a record (nothing is indexed), over a script that does nothing")
	before = (0, 0)
	# all stages fit in one script only when stripped as efctl does: that is `flow`
	for k, what in enumerate(STAGES[:-1] + (f"{STAGES[-1]}: the whole pipeline without geo lookups", "geo lookups, where the cluster has databases")):
		if k < len(STAGES) - 1:
			prefix(bench.c, STAGES[:k + 1])
		now = bench.measure(raw, "bench-prefix" if k < len(STAGES) - 1 else "bench-flow" if k < len(STAGES) else "flow")
		now = (now[0] - base[0], now[1] - base[1])
		print(f"{now[0]:8.1f} {now[1]:8.1f}  ({now[0] - before[0]:+5.1f} {now[1] - before[1]:+5.1f})  … {what}", flush=True)
		before = now


def forms(bench, raw):
	"""Stages as one script against a pipeline a stage, in turns on one cluster: the median of 15 rounds after 200,000 records each.
	Into the real mapping, as records go: as installed (with geo lookups where the cluster has databases), and without geo, which
	makes the difference look larger. Segments are not merged meanwhile: that is work of other threads, at times of its own."""
	c, ways = bench.c, [(merge, geo) for merge in ("true", "false") for geo in ("with", "without")]
	c.must("PUT", "/_index_template/bench-finished", {"index_patterns": ["bench-finished*"], "priority": 900, "composed_of": ["flow@mappings", "flow@settings", "flow@index"],
		"template": {"settings": {"index.merge.policy.segments_per_tier": 1000}}})
	for merge in ("true", "false"):
		with tempfile.TemporaryDirectory() as folder:
			stages.setup(c, None, assets=stages.overlay(folder, merge))
		c.must("PUT", f"/_ingest/pipeline/bench-{merge}-with", c.must("GET", "/_ingest/pipeline/flow")["flow"])
		without_geo(c, f"bench-{merge}-without")
	took = {way: [] for way in ways}
	for k in range(10 + 15):
		for way in ways[::1 if k % 2 else -1]:
			name = "-".join(way)
			cpu, wall = c.cpu_ms(), time.time()
			bench.send(f"bench-finished-{name}", raw[:10], f"bench-{name}")
			wall = time.time() - wall
			took[way].append(((c.cpu_ms() - cpu) * 1000 / BATCH / 10, wall * 1e6 / BATCH / 10))
	median = {}
	for merge, geo in ways:
		c.delete(f"/bench-finished-{merge}-{geo}")
		c.delete(f"/_ingest/pipeline/bench-{merge}-{geo}")
		median[merge, geo] = [sorted(t)[7] for t in zip(*took[merge, geo][10:])]
	for geo in ("with", "without"):
		one, each = median["true", geo], median["false", geo]
		print("enriched and indexed, {} geo: one script {:.1f} CPU µs {:.1f} wall µs a record, a pipeline a stage {:.1f} {:.1f}: {:+.1f} % CPU, {:+.1f} % wall".format(
			geo, *one, *each, *(100 * (b / a - 1) for a, b in zip(one, each))), flush=True)
	stages.setup(c, None)


def rate(bench, raw):
	"""Raw lines through the pipeline against the same documents, finished, without one; and these through a script that does
	nothing, the least that any enrichment by script costs. Into the real mapping, in turns, all work of merging included."""
	c = bench.c
	c.must("PUT", "/_index_template/bench-finished", {"index_patterns": ["bench-finished*"], "priority": 900, "composed_of": ["flow@mappings", "flow@settings", "flow@index"]})
	c.delete("/bench-finished")
	bench.send("bench-finished", raw, "bench-flow")
	c.post("/bench-finished/_refresh")
	finished = bodies(c.docs("bench-finished", size=10000))
	raw = raw[:len(finished)]
	ways = (("finished documents", finished, None), ("raw lines through flow, no geo", raw, "bench-flow"), ("finished documents through an empty script", finished, "bench-empty"))
	took = [[] for _ in ways]
	for k in range(20 + 30):	# 20 rounds to warm up: 200,000 records each
		for n, (_, batches, pipeline) in enumerate(ways):
			wall = time.time()
			bench.send(f"bench-finished-{n}", batches, pipeline)
			took[n].append(time.time() - wall)
	walls = [sum(w[20:]) / len(w[20:]) / (BATCH * len(finished)) for w in took]
	for n, (name, _, _) in enumerate(ways):
		c.delete(f"/bench-finished-{n}")
		print(f"{1e6 * walls[n]:8.1f} wall µs, {1 / walls[n]:6.0f} records a second, {100 * walls[0] / walls[n]:3.0f} %  indexed: {name}", flush=True)


def threats(bench, part):
	"""What 100,000 threat entries add for records that hit none."""
	with tempfile.TemporaryDirectory() as folder:
		with open(os.path.join(folder, "threats.csv"), "w", encoding="utf-8") as f:
			f.write("prefix,feed,category,severity,reference\n")
			known = {"%d.%d.%d.%d" % tuple(rng.randrange(101, 223) for _ in range(4)) for _ in range(100000)}
			f.writelines(f"{ip},bench,c2,90,\n" for ip in sorted(known))
		without = bench.measure(part, "bench-flow")
		stages.setup(bench.c, folder)
		without_geo(bench.c)
		now = bench.measure(part, "bench-flow")
		print(f"{now[0] - without[0]:+8.1f} CPU µs {now[1] - without[1]:+8.1f} wall µs  with {len(known)} threats")
		stages.setup(bench.c, None)


def main():
	cluster = stages.clusters.connect()
	bench = Bench(cluster)
	stages.setup(cluster, None)
	cluster.delete("/bench-nothing")
	cluster.must("PUT", "/bench-nothing", {"settings": {"number_of_replicas": 0, "refresh_interval": "-1"}, "mappings": {"enabled": False}})
	cluster.must("PUT", "/_ingest/pipeline/bench-empty", {"processors": [{"script": {"source": "ctx.x = 1"}}]})
	without_geo(cluster)
	if os.environ.get("NDJSON"):
		with open(os.environ["NDJSON"], encoding="utf-8") as f:
			raw = bodies([d for d in map(json.loads, f) if "ie" in d])
	else:
		raw = bodies(made())
	wanted = sys.argv[1:] or ("stages", "disk", "rate", "forms", "threats")
	if "stages" in wanted:
		each_stage(bench, raw[:20])
	if "disk" in wanted:
		disk(bench, raw)
	if "rate" in wanted:
		rate(bench, raw)
	if "forms" in wanted:
		forms(bench, raw)
	if "threats" in wanted:
		threats(bench, raw[:20])
	for path in ("/bench-finished", "/bench-nothing", "/_index_template/bench-finished", "/_ingest/pipeline/bench-prefix", "/_ingest/pipeline/bench-empty", "/_ingest/pipeline/bench-flow"):
		cluster.delete(path)


main()
