#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a document costs, taken apart: processor time of the whole node and bytes, part by part, and against another checkout.

usage: document.py [--before CHECKOUT] [--profile lean|full]... [bytes] [cpu] [parts] [codecs] [cache] [FILE.ndjson]

bytes: on disk, by field. cpu: by how far a document is made when it comes. parts: without each part of it (with `bytes`, on disk, too). codecs: on disk and to index, by
`index.codec`. cache: what lookups cost into nothing; without ES_URL once for each `ingest.geoip.cache_size` of CACHES, each on a fresh node. All of them, if none is named.

The records are raw lines of captures (`efctl replay --output`), or of FILE; LINES (40000) of them, or the same ones again. All
ways of the table are measured in turns on one warm node: ROUNDS (7) rounds, of which the median counts, after 120,000
documents each (WARM). Compare within one run. CHECKOUT is a built working tree of another commit: its installation stands
beside ours, with a prefix, and is measured in the same turns. The cluster: ES_URL, else an embedded OpenSearch.
"""
import argparse
import copy
import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "pipeline"))
import stages  # noqa: E402

LINES, ROUNDS, WARM = (int(os.environ.get(k, v)) for k, v in (("LINES", 40000), ("ROUNDS", 7), ("WARM", 120000)))
BATCH = 2000
KINDS = ["bytes", "cpu", "parts", "codecs", "cache"]
CODECS = ["default", "best_compression", "zstd_no_dict", "zstd"]	# the last two: OpenSearch
CACHES = [1000, 10000, 100000]	# addresses; the first is the default
EMPTY = "bench-nothing"	# a pipeline
BEFORE = "before"	# the prefix of the other checkout's installation
# what is left out of finished documents, one after the other
PARTS = {
	"places (geo.*)": [f"{e}.geo" for e in stages.ENDS],
	"of them coordinates": [f"{e}.geo.location" for e in stages.ENDS],
	"autonomous systems (as.*)": [f"{e}.as" for e in stages.ENDS],
	"client.*, server.*, flow.client, flow.server": ["client", "server", "flow.client", "flow.server"],
	"related.*": ["related"],
	"network.community_id": ["network.community_id", "flow.nat.community_id"],
	"message": ["message"],
	"flow.ie": ["flow.ie"],
	"times but @timestamp": ["event.start", "event.end", "event.duration", "event.created", "event.ingested"],
	"ecs, agent, log, data_stream, event.kind …": ["ecs", "agent", "log", "data_stream", "event.kind", "event.module", "event.dataset", "event.category", "event.type", "event.severity"],
}
# what a flow record is at the very least, and a mapping of that alone
LEAST = {"@timestamp": "date", "source.ip": "ip", "destination.ip": "ip", "source.port": "integer", "destination.port": "integer", "network.bytes": "long"}


def captured(path):
	"""Raw lines of flows: of a file, else of our captures, made anew by efctl."""
	if path:
		with open(path, encoding="utf-8") as f:
			lines = f.read().splitlines()
	else:
		files = sorted(glob.glob(os.path.join(stages.ROOT, "tests", "captures", "*.pcap")))
		lines = subprocess.run([stages.EFCTL, "replay", "--output", "-", *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout.splitlines()
	flows = [d for d in map(json.loads, lines) if "ie" in d and "counters" not in d]
	step = max(1, len(flows) // LINES)
	flows = flows[::step][:LINES]
	return [flows[i % len(flows)] for i in range(LINES)]


def bodies(docs):
	"""Bulk bodies; the cluster makes the ids."""
	out = []
	for i in range(0, len(docs), BATCH):
		out.append("".join('{"create":{}}\n%s\n' % json.dumps(d, separators=(",", ":"), ensure_ascii=False) for d in docs[i:i + BATCH]).encode())
	return out


def get(doc, path):
	for key in path.split("."):
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def put(doc, path, value):
	*above, name = path.split(".")
	for key in above:
		doc = doc.setdefault(key, {})
	doc[name] = value


def least(docs):
	"""(documents of that alone, what an index of them is)"""
	out, properties = [], {}
	for doc in docs:
		out.append({})
		for path in LEAST:
			if get(doc, path) is not None:
				put(out[-1], path, get(doc, path))
	for path, kind in LEAST.items():
		put(properties, path.replace(".", ".properties."), {"type": kind})
	return out, {"mappings": {"dynamic": False, "properties": properties}, "sort": None}


def name_of(c):
	return f"{c.about[0]} {'.'.join(map(str, c.about[1]))}"


def without(docs, paths):
	docs = copy.deepcopy(docs)
	for doc in docs:
		for path in paths:
			*above, name = path.split(".")
			at = doc
			for key in above:
				at = at.get(key, {})
			at.pop(name, None)
	return docs


class Installation:
	"""One checkout's pipelines and templates in the cluster."""

	def __init__(self, cluster, checkout, prefix, *more):
		self.c, self.prefix = cluster, prefix
		self.dot = prefix + "." if prefix else ""
		efctl = stages.EFCTL if checkout == stages.ROOT else os.path.join(checkout, "build", "efctl")
		more = [*more, *(["--prefix", prefix] if prefix else [])]
		subprocess.run([efctl, "setup", "--url", cluster.url, "--no-kibana", "--no-key", "--no-connection", "--yes", "--force", "--dictionaries-dir", "", "--assets", checkout, *more],
			env={**os.environ, **cluster.env()}, stdout=subprocess.DEVNULL, check=True)
		self.flow = self.dot + "flow"
		self.bare = f"bench-{prefix or 'now'}-bare"
		flow = cluster.must("GET", f"/_ingest/pipeline/{self.flow}")[self.flow]
		rest = [p for p in flow["processors"] if "geoip" not in json.dumps(p) and "lookup-geo" not in p.get("pipeline", {}).get("name", "")]
		cluster.must("PUT", f"/_ingest/pipeline/{self.bare}", {"processors": rest, "on_failure": flow["on_failure"]})

	def index(self, name, mappings=None, **settings):
		"""An index like those of the data stream, empty."""
		stream = f"logs-{self.dot}flow-bench"
		t = self.c.must("POST", f"/_index_template/_simulate_index/{stream}")["template"]
		kept = {k: v for k, v in t["settings"]["index"].items() if k not in ("default_pipeline", "routing", "lifecycle", "mode")}
		kept.update({"refresh_interval": "-1", "number_of_replicas": 0, **settings})
		self.c.delete("/" + name)
		self.c.must("PUT", "/" + name, {"settings": {"index": {k: v for k, v in kept.items() if v is not None}}, "mappings": mappings or t["mappings"]})
		return name


class Way:
	def __init__(self, name, batches, pipeline, index):
		self.name, self.batches, self.pipeline, self.index, self.took = name, batches, pipeline, index, []

	def send(self, c, batches):
		for body in batches:
			reply = c.must("POST", f"/{self.index}/_bulk" + (f"?pipeline={self.pipeline}" if self.pipeline else ""), body, "application/x-ndjson")
			if reply["errors"]:
				raise RuntimeError(json.dumps([i for i in reply["items"] if "error" in i["create"]][0])[:600])

	def round(self, c):
		before = c.cpu_ms()
		self.send(c, self.batches)
		self.took.append((c.cpu_ms() - before) * 1000 / LINES)


def finished(c, installation, raw, pipeline, name):
	"""The documents that a pipeline makes of raw lines, in their order."""
	batch = Way(name, bodies(raw), pipeline, installation.index(name))
	docs = []
	for body in batch.batches:
		c.delete("/" + name)
		installation.index(name)
		batch.send(c, [body])
		docs += c.docs(name, size=BATCH)
	c.delete("/" + name)
	return docs


def ways(c, installations, raw):
	"""What is compared: documents of each installation, by how far they are made when they come."""
	out, lines = [], bodies(raw)

	def way(name, batches, pipeline, installation, **index):
		out.append(Way(name, batches, pipeline, installation.index(f"bench-{len(out)}", **index)))
	for i in installations:
		at, nothing = i.prefix + ": " if i.prefix else "", {"mappings": {"enabled": False}, "sort": None}
		docs = finished(c, i, raw, i.flow, "bench-docs")
		done = bodies(docs)
		way(at + "finished documents", done, None, i)
		way(at + "finished documents, an empty pipeline", done, EMPTY, i)
		way(at + "raw lines, all stages", lines, i.bare, i)
		way(at + "raw lines, all stages and geo lookups", lines, i.flow, i)
		if not i.prefix:
			few, how = least(docs)
			way("the least (a time, addresses, ports, bytes)", bodies(few), None, i, **how)
			way("raw lines into nothing", lines, EMPTY, i, **nothing)
			way("raw lines into nothing, all stages", lines, i.bare, i, **nothing)
			way("raw lines into nothing, all stages and geo lookups", lines, i.flow, i, **nothing)
	return out


def parts(c, installations, raw):
	"""Finished documents that lack a part."""
	i, docs = installations[0], finished(c, installations[0], raw, installations[0].flow, "bench-docs")
	sets = {"finished documents": docs, **{f"without {part}": without(docs, paths) for part, paths in PARTS.items()}}
	return [Way(name, bodies(some), None, i.index(f"bench-{n}")) for n, (name, some) in enumerate(sets.items())]


def cpu(c, table, base="finished documents"):
	warm = -(-WARM // LINES)
	for k in range(warm + ROUNDS):
		for way in table[::1 if k % 2 else -1]:
			way.round(c) if k >= warm else way.send(c, way.batches)
	median = {w.name: sorted(w.took)[len(w.took) // 2] for w in table}
	print(f"{name_of(c)}: CPU µs a document (in brackets the least and the most), flows/s a vCPU, and those µs of {base} as a share; {LINES} documents, the median of {ROUNDS} rounds")
	for way in table:
		share = 100 * median[way.name.split(": ")[0] + ": " + base if ": " in way.name else base] / median[way.name]
		print(f"{median[way.name]:8.1f} ({min(way.took):.1f} to {max(way.took):.1f}) {1e6 / median[way.name]:7.0f}  {share:4.0f} %  {way.name}", flush=True)
		c.delete("/" + way.index)


def kept(c, installation, docs, **settings):
	"""(bytes a document in one segment, [(field, bytes)], [(part of the index, bytes)])"""
	name = installation.index("bench-bytes", **settings)
	Way(name, bodies(docs), None, name).send(c, bodies(docs))
	size, count = c.merged(name)
	usage, shares = ([(field, n / count) for field, n in found] for found in (c.disk_usage(name), c.disk_parts(name).items()))
	c.delete("/" + name)
	return size / count, usage, shares


def on_disk(c, installations, raw, parted):
	print(f"{name_of(c)}: bytes a document, one segment, {LINES} documents")
	for i in installations:
		docs = finished(c, i, raw, i.flow, "bench-docs")
		size, usage, shares = kept(c, i, docs)
		print(f"{size:8.1f}  {i.prefix + ': ' if i.prefix else ''}as it is" + "".join(f", {n:.0f} {name}" for name, n in shares), flush=True)
		for name, n in usage[:10 if i.prefix else 30]:
			print(f"  {n:6.2f}  {name}")
		for part, paths in PARTS.items() if parted and not i.prefix else ():
			print(f"{kept(c, i, without(docs, paths))[0]:8.1f}  without {part}", flush=True)
		if not i.prefix:
			few, how = least(docs)
			print(f"{kept(c, i, few, **how)[0]:8.1f}  the least: {', '.join(LEAST)}", flush=True)


def codecs(c, installation, raw):
	"""The same finished documents, packed in each way that this engine has: on disk, and to index."""
	docs, table = finished(c, installation, raw, installation.flow, "bench-docs"), []
	for codec in CODECS:
		try:
			print(f"{kept(c, installation, docs, codec=codec)[0]:8.1f}  bytes a document, {codec}", flush=True)
		except RuntimeError:
			print(f"{name_of(c)} has no codec {codec}")
			continue
		table.append(Way(codec, bodies(docs), None, installation.index(f"bench-{codec}", codec=codec)))
	cpu(c, table, CODECS[1])


def cache(c, raw):
	"""Lookups into nothing: what they add is the cache's and the databases' work, and that of writing four places."""
	installation = Installation(c, stages.ROOT, "", "--profile", "standard")
	nothing = {"mappings": {"enabled": False}, "sort": None}
	cpu(c, [Way(name, bodies(raw), pipeline, installation.index(f"bench-{n}", **nothing)) for n, (name, pipeline) in
		enumerate((("all stages", installation.bare), ("all stages and geo lookups", installation.flow)))], "all stages")


def caches(raw):
	"""The cache of the cluster that is given, or of a fresh node for each size."""
	if stages.clusters.given():
		return cache(stages.clusters.given(), raw)
	for size in CACHES:
		print(f"ingest.geoip.cache_size: {size}")
		cache(stages.clusters.embedded("opensearch", "--set", f"ingest.geoip.cache_size={size}"), raw)


def main():
	p = argparse.ArgumentParser()
	p.add_argument("--before", metavar="CHECKOUT")
	p.add_argument("--profile", action="append", default=[], choices=("lean", "full"))
	p.add_argument("what", nargs="*")
	args = p.parse_args()
	files = [w for w in args.what if w not in KINDS]
	wanted = [w for w in args.what if w in KINDS] or KINDS
	raw = captured(files[0] if files else os.environ.get("NDJSON"))
	if "cache" in wanted:
		caches(raw)
	if wanted == ["cache"]:
		return
	c = stages.clusters.connect()
	c.must("PUT", f"/_ingest/pipeline/{EMPTY}", {"processors": []})
	installations = [Installation(c, stages.ROOT, "", "--profile", "standard")]
	installations += [Installation(c, stages.ROOT, name, "--profile", name) for name in args.profile]
	if args.before:
		installations.append(Installation(c, args.before, BEFORE))
	if "bytes" in wanted:
		on_disk(c, installations, raw, "parts" in wanted)
	if "cpu" in wanted:
		cpu(c, ways(c, installations, raw))
	if "parts" in wanted:
		cpu(c, parts(c, installations, raw))
	if "codecs" in wanted:
		codecs(c, installations[0], raw)


main()
