#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Failure stores of Elasticsearch 8.19 and 9.5: ours are off in the templates that they take, whatever the cluster says of logs-*, or as
--failure-store says; and the pipeline flow-retry takes what one kept. On these bare nodes a store that is on takes nothing, and there are no calls for
data streams: tests/fault/test_verdicts.py (efd) and test_lifecycle.py (efctl) ask a scripted server for those."""
import json
import os

import harness
import cluster
import roles
import tap


class Site:
	def __init__(self, name, folder):
		self.es, self.folder = cluster.embedded(name), folder
		self.name = "Elasticsearch " + ".".join(map(str, self.es.about[1]))
		os.environ.update(self.es.env())

	def enter(self, ns):
		self.ns = f"{ns}.{os.getpid()}"

	def run_setup(self, *args):
		return harness.efctl("setup", "--no-key", "--no-connection", "--no-kibana", "--dictionaries-dir", "", "--namespace", self.ns, "--assets", self.folder,
			*args, es=self.es)


def off(site):
	site.enter("off")
	site.es.must("PUT", "/_cluster/settings", {"persistent": {"data_streams.failure_store.enabled": "logs-*"}})
	r = site.run_setup("--yes")
	tap.ok(r.returncode == 0, f"{site.name}: set up, with failure stores on for all of logs-*", r.stdout + r.stderr)
	composed = site.es.must("POST", "/_index_template/_simulate/logs-flow")["template"]
	tap.same(composed.get("data_stream_options", {}).get("failure_store", {}).get("enabled"), False, f"{site.name}: our templates switch them off")
	r = site.run_setup("--dry-run")
	tap.same(r.returncode, 0, f"{site.name}: a second setup changes nothing") or tap.note(r.stdout + r.stderr)


def wanted(site):
	site.enter("wanted")
	r = site.run_setup("--yes", "--failure-store", "on", "--failure-retention", "5d")
	tap.ok(r.returncode == 0, f"{site.name}: --failure-store on", r.stdout + r.stderr)
	store = site.es.must("POST", "/_index_template/_simulate/logs-flow")["template"]["data_stream_options"]["failure_store"]
	tap.same((store.get("enabled"), store.get("lifecycle", {}).get("data_retention")), (True, "5d"), f"{site.name}: in our templates, with its retention")
	r = site.run_setup("--dry-run")
	tap.ok(r.returncode == 0, f"{site.name}: which is remembered", r.stdout + r.stderr)
	r = site.run_setup("--yes", "--reset", "failure_store")
	store = site.es.must("POST", "/_index_template/_simulate/logs-flow")["template"]["data_stream_options"]["failure_store"]
	tap.same(store.get("enabled"), False, f"{site.name}: --reset brings the default back") or tap.note(r.stdout + r.stderr)


def privileges(site):
	"""The role of the manual, beside the one that looks: what it may, and that a search of stores takes it."""
	look, both = roles.user(site.es, "look", "flow-look"), roles.user(site.es, "failures", "flow-look", "flow-failures")
	streams = [s.format("default") for s in harness.STREAMS]
	asked = {"index": [{"names": streams, "privileges": ["read_failure_store", "manage_failure_store"]}]}
	tap.same([who.must("POST", "/_security/user/_has_privileges", asked)["has_all_requested"] for who in (look, both)], [False, True],
		f"{site.name}: the role of the manual may read and manage the failure stores of each stream, that for looking neither")
	path = "/" + ",".join(s + "::failures" for s in streams) + "/_search"
	tap.same([who.get(path)[0] for who in (look, both)], [403, 404], f"{site.name}: who may not read them is told so, whether there are any or not")


def once_more():
	"""What a failure store kept goes through flow-retry as if it came now: an engine with the processors, given what one with the store keeps."""
	es = cluster.embedded()
	r = harness.efctl("setup", "--yes", "--no-key", "--no-connection", "--no-kibana", "--dictionaries-dir", "", es=es)
	tap.ok(r.returncode == 0, "OpenSearch is set up", r.stderr)
	capture = os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap")
	line = next(l for l in map(json.loads, harness.efctl("decode", capture).stdout.splitlines()) if "ie" in l)
	kept = {"@timestamp": "2026-01-01T00:00:00Z", "document": {"id": "its-id", "index": "logs-flow-x", "source": line}, "error": {"message": "refused"}}

	def through(pipeline, source):
		doc = es.must("POST", f"/_ingest/pipeline/{pipeline}/_simulate", {"docs": [{"_index": "logs-flow-x", "_id": "another", "_source": source}]})["docs"][0]["doc"]
		doc["_source"].get("event", {}).pop("ingested", None)
		return doc
	again, first = through("flow-retry", kept), through("flow", line)
	tap.same(again["_source"], first["_source"], "flow-retry makes of it what flow makes of the line")
	tap.same((again["_id"], again["_index"]), ("its-id", "logs-flow-x"), "under its own id, in its own stream")


def main():
	os.environ.pop("ES_URL", None)
	once_more()
	with harness.bare_assets() as folder:
		for name in ("es8", "es9"):
			try:
				site = Site(name, folder)
			except cluster.NoJava as e:
				tap.skip(f"failure store on {name}", str(e))
				continue
			for step in (off, wanted, privileges):
				step(site)
	tap.done()


main()
