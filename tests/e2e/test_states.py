#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cluster that takes nothing says why in many ways: real engines are brought into each state, and setup, status, doctor, replay and efd tell
them apart, each with the remedy; what waited is stored when the state is over."""
import contextlib
import json
import os
import sys
import tempfile

import harness
import cluster
import net
import tap

WAYS = ("setup", "dry run", "status", "doctor", "replay")
BYTES = "cluster.routing.allocation.disk.watermark."
RECORDS, SEED = 90, "2026-01-01T00:00:00Z"
STARTED = {"opensearch": ["--set", BYTES + "enable_for_single_data_node=true"], "es8": []}	# as Elasticsearch is
NO_INGEST = {"opensearch": "node.roles=[cluster_manager, data]", "es8": "node.roles=[master, data]"}


class Site:
	"""One engine with an installation; `folder`: the assets that it takes, None: the embedded ones. Each state has a namespace of its own."""

	def __init__(self, name, es, folder):
		self.name, self.es, self.folder = name, es, folder
		self.enter("first")

	def enter(self, state):
		self.ns = f"{state.replace('_', '')}.{os.getpid()}"
		self.stream = f"logs-flow-{self.ns}"
		self.setup = ["setup", "--no-key", "--no-connection", "--no-kibana", "--dictionaries-dir", "", "--namespace", self.ns]
		self.setup += ["--assets", self.folder] if self.folder else []

	def make(self, wait="1m"):
		"""The stream, where setup has not made it: a bare node has no call for that, but makes one for a document."""
		if self.es.get(f"/{self.stream}")[0] == 404:
			self.es.post(f"/{self.stream}/_create/seed?timeout={wait}", {"@timestamp": SEED})

	def run(self, way, es=None):
		commands = {"setup": [*self.setup, "--yes"], "dry run": [*self.setup, "--dry-run"], "status": ["status", "--namespace", self.ns],
			"doctor": ["doctor", "--namespace", self.ns],
			"replay": ["replay", "--namespace", self.ns, os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap")]}
		return harness.efctl(*commands[way], es=es or self.es)

	def settings(self, **values):
		self.es.must("PUT", "/_cluster/settings", {"persistent": {k.replace("__", "."): v for k, v in values.items()}})

	def indices(self):
		return list(self.es.must("GET", f"/{self.stream}"))


def told(site, state, words, ways=WAYS, codes=(2, 3)):
	"""Each way names the state by WORDS, and fails with one of CODES."""
	for way in ways:
		r = site.run(way)
		text = r.stdout + r.stderr
		tap.ok(r.returncode in codes and all(w in text for w in words) and "Roles" not in text,
			f"{site.name}, {state}: {way} names it with the remedy", f"{r.returncode}\n{text[-1500:]}")


def efd_tells(site, state, words, efd, seconds):
	efd.send(RECORDS)
	net.wait_for(lambda: all(w in efd.get("/readyz")[1] for w in words), "/readyz of efd", seconds)
	ready, log = efd.get("/readyz"), efd.log_text()
	tap.ok(ready[0] == 503, f"{site.name}, {state}: /readyz of efd names it with the remedy", ready)
	tap.ok(all(w in log for w in words) and "make a key" not in log, f"{site.name}, {state}: and so does its log", log[-800:])
	tap.note("the engine's own words: " + ready[1].strip()[:400])


def stored(site):
	"""The flows that efd sent: a bare node, where no pipeline does anything, refuses raw lines by the mapping, and they are in the failed stream."""
	flows = [d for d in site.es.docs(f"logs-flow-{site.ns}") if not str(d["@timestamp"]).startswith(SEED[:-1])]	# synthetic _source has milliseconds
	refused = [d for d in site.es.docs(f"logs-flow.failed-{site.ns}") if "octetDeltaCount" in json.dumps(d)]
	return len(flows) + len(refused)


@contextlib.contextmanager
def waiting(site, state, words, seconds=40):
	"""An efd whose documents wait; when the block has ended the state all are stored."""
	with harness.fault.Efd(site.es.url, namespace=site.ns, decode_exporter_interval="1h") as efd:
		efd_tells(site, state, words, efd, seconds)
		yield
		net.wait_for(lambda: stored(site) >= RECORDS, "what waited", 90)
		tap.same(stored(site), RECORDS, f"{site.name}, {state}: what waited is stored afterwards")
		net.wait_for(lambda: efd.get("/readyz")[0] == 200, "efd to be ready again", 30)
		efd.stop()


def fresh(site):
	r = site.run("setup")
	site.make()
	tap.ok(r.returncode == 0, f"{site.name}: set up", r.stdout + r.stderr)


def read_only(site):
	fresh(site)
	words = ['"cluster.blocks.read_only": null']
	site.settings(cluster__blocks__read_only=True)
	told(site, "read-only", words)
	with waiting(site, "read-only", words):
		site.settings(cluster__blocks__read_only=None)


def shard_limit(site):
	fresh(site)
	words = ["cluster.max_shards_per_node"]
	site.settings(cluster__max_shards_per_node=1)
	told(site, "shard limit, streams there", words, ("dry run", "status", "doctor"), (3,))
	site.enter("shard_limit_none")
	told(site, "shard limit", words, ("setup", "dry run", "status", "doctor") + (() if site.folder else ("replay",)))
	with waiting(site, "shard limit", words):
		site.settings(cluster__max_shards_per_node=None)


def watermark(site, low, high, flood):
	site.settings(cluster__info__update__interval="10s", **{"cluster.routing.allocation.disk.threshold_enabled": True},
		**{BYTES + k: v for k, v in (("low", low), ("high", high), ("flood_stage", flood))})


def no_watermark(site):
	watermark(site, "3b", "2b", "1b")


def may_create(site):
	"""OpenSearch makes no new index while all disks are rather full."""
	return "create_index" not in json.dumps(site.es.must("GET", "/_cluster/settings?flat_settings=true"))


def flood_stage(site):
	fresh(site)
	words = ["too full"]
	watermark(site, "9999tb", "9999tb", "9999tb")
	index = site.indices()[-1]

	def blocked():
		return "read_only_allow_delete" in json.dumps(site.es.must("GET", f"/{index}/_settings"))
	net.wait_for(blocked, "the block of the flood stage", 60)
	told(site, "flood stage", words, ("setup", "dry run", "status", "doctor"), (2, 3))
	with waiting(site, "flood stage", words):
		no_watermark(site)
	net.wait_for(lambda: not blocked() and may_create(site), "the blocks to be lifted", 90)


def red(site):
	words = ["allocation/explain"]
	site.settings(cluster__routing__allocation__enable="none")
	site.make("1s")
	told(site, "a red stream", words + [site.ns], ("status", "doctor", "dry run"), (3,))
	with waiting(site, "a red stream", words, seconds=150):
		site.settings(cluster__routing__allocation__enable=None)
		for name in (site.stream, f"logs-flow.failed-{site.ns}"):	# a search before its shard is there fails
			site.es.must("GET", f"/_cluster/health/{name}?wait_for_status=yellow&timeout=60s")


def high_watermark(site):
	"""Shards that are there stay; those of a new index are given to no node."""
	fresh(site)
	watermark(site, "9999tb", "9999tb", "1b")

	def is_red():
		return site.es.must("GET", f"/_cluster/health/{site.stream}")["status"] == "red"

	def rolled_to_red():	# a node's disk is looked at every ten seconds
		return is_red() or site.es.post(f"/{site.stream}/_rollover?timeout=1s") and is_red()
	net.wait_for(rolled_to_red, "the red index", 60, 3)
	told(site, "high watermark", ["a disk is too full", "watermark", site.stream], ("status", "doctor", "dry run"), (3,))
	no_watermark(site)
	site.es.must("POST", "/_cluster/reroute?retry_failed=true")
	net.wait_for(lambda: not is_red() and may_create(site), "the index to be there", 90)


def path(site):
	"""A URL with a path that leads nowhere: commands say what to check; what efd sends goes through our pipeline all the same, or /readyz is no "ok"."""
	fresh(site)
	there = cluster.Cluster(site.es.url + "/nowhere", site.es.user, site.es.password)
	for way in WAYS:
		r = site.run(way, there)
		tap.ok(r.returncode == 2 and "elasticsearch.url" in r.stderr, f"{site.name}, path: {way} says what to check", f"{r.returncode}\n{r.stdout}{r.stderr}"[-800:])
	with harness.fault.Efd(site.es.url + "/nowhere", namespace=site.ns, decode_exporter_interval="1h") as efd:
		efd.send(RECORDS)
		net.wait_for(lambda: stored(site) == RECORDS or efd.get("/readyz")[0] == 503, "documents, or a reason", 30)
		docs = [d for d in site.es.docs(site.stream) if "flow" in d]
		tap.ok(site.folder or all("event" in d for d in docs), f"{site.name}, path: efd stores nothing without our pipeline", json.dumps(docs[:1])[:500])


def no_ingest(name, assets):
	"""The same data, with a node that lost its role at a restart."""
	words = ["role ingest"]
	with tempfile.TemporaryDirectory(prefix="efctl-test-") as data:
		os.chmod(data, 0o755)
		es = cluster.embedded(name, "--data", data)
		site = Site(name, es, assets)
		fresh(site)
		cluster.stop(name, es)
		site.es = cluster.embedded(name, "--data", data, "--set", NO_INGEST[name])
		os.environ.update(site.es.env())
		told(site, "no ingest node", words)
		with harness.fault.Efd(site.es.url, namespace=site.ns) as efd:
			efd_tells(site, "no ingest node", words, efd, 40)
		cluster.stop(name, site.es)


def look_at(name, assets):
	os.environ.pop("ES_URL", None)
	try:
		site = Site(name, cluster.embedded(name, *STARTED[name]), assets)
	except cluster.NoJava as e:
		tap.skip(f"states of {name}", str(e))
		return
	os.environ.update(site.es.env())
	tap.note(f"{name}: {site.es.about}")
	for state in (path, read_only, shard_limit, flood_stage, high_watermark, red):
		if len(sys.argv) < 2 or state.__name__ in sys.argv[1:]:
			site.enter(state.__name__)
			state(site)
	cluster.stop(name, site.es)
	if len(sys.argv) < 2 or "no_ingest" in sys.argv[1:]:
		no_ingest(name, assets)


def main():
	look_at("opensearch", None)
	tap.done()


if __name__ == "__main__":
	main()
