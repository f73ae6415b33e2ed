#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl remove: one namespace goes, by the exact names of its streams; all others and everybody else's things stay."""
import datetime
import json
import os
import tempfile

import harness
import cluster
from tap import done, ok, same

CAPTURE = os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap")
# `lab` is the beginning of two others; what is foreign looks like ours at first sight
OTHERS = "labour", "lab.x"
FOREIGN = "logs-flow.other-lab", "logs-flowers-lab", "logs-flow.failed.old-lab"


def remove(es, folder, *args, namespace="lab", stdin=""):
	return harness.efctl("remove", "--no-kibana", "--namespace", namespace, *args, es=es, cwd=folder, stdin=stdin)


def typed(es, folder, answer, *args):
	"""efctl remove of `lab` on a terminal where somebody types ANSWER: (exit code, what the screen shows)."""
	left = [] if answer is None else [answer.encode() + b"\n"]
	return harness.typed(["remove", "--no-kibana", "--namespace", "lab", *args], lambda text: left.pop() if left and text.endswith(b": ") else None,
		es, folder)


def content(es, namespace):
	"""Every document of a namespace with its id."""
	out = {}
	for stream in harness.STREAMS:
		es.post(f"/{stream.format(namespace)}/_refresh")
		status, reply = es.post(f"/{stream.format(namespace)}/_search", {"size": 10000})
		out[stream] = sorted((h["_id"], json.dumps(h["_source"], sort_keys=True)) for h in reply["hits"]["hits"]) \
			if status == 200 else None
	return out


def assets(es):
	"""Everything that setup installs, as the cluster shows it."""
	return [es.must("GET", path) for path in ("/_ingest/pipeline/flow*", "/_index_template/*flow*", "/_component_template/flow*")]


def names(es):
	"""Everything that has a name in the cluster state: {section: names}."""
	m = es.must("GET", "/_cluster/state/metadata")["metadata"]
	held = {s: sorted(m.get(s, {}).get(s, {})) for s in ("component_template", "index_template", "data_stream")}
	return dict(held, indices=sorted(m["indices"]), templates=sorted(m["templates"]),
		pipelines=sorted(p["id"] for p in m.get("ingest", {}).get("pipeline", [])))


def fill(es, namespace, folder):
	r = harness.efctl("replay", "--namespace", namespace, CAPTURE, es=es, cwd=folder)
	ok(r.returncode == 0, f"{namespace}: a capture is replayed", r.stderr)


def one_of_three(es, folder):
	same(harness.efctl("setup", "--no-key", es=es, cwd=folder).returncode, 0, "setup")
	for namespace in ("lab", *OTHERS):
		fill(es, namespace, folder)
	es.must("PUT", "/_index_template/flowers", {"index_patterns": list(FOREIGN), "priority": 900, "data_stream": {}})
	for name in FOREIGN:
		es.must("POST", f"/{name}/_doc?refresh=true", {"@timestamp": "2026-01-01T00:00:00Z"})
	before, installed = {n: content(es, n) for n in OTHERS}, assets(es)
	documents = es.count("logs-flow-lab")
	newest = max(d["@timestamp"] for d in es.docs("logs-flow-lab"))
	newest = datetime.datetime.fromtimestamp(newest // 1000, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")

	for bad in "*", "lab,labour", "la*", "_all", "lab-x", "-lab", "LAB", "lab/_doc", ".lab", "lab%2A":
		r = remove(es, folder, "--yes", "--data", namespace=bad)
		ok(r.returncode == 2 and "namespace" in r.stderr, f"namespace '{bad}' is refused", r.stdout + r.stderr)
	r = remove(es, folder, "--yes")
	ok(r.returncode == 2 and "--data" in r.stderr and "namespace lab" in r.stderr, "without --data it refuses", r.stderr)
	r = remove(es, folder, "--data", "--dry-run")
	line = next((l for l in r.stdout.splitlines() if " logs-flow-lab " in l + " "), "")
	ok(r.returncode == 3 and f"{documents:,} documents" in line and "B, newest" in line and newest in line,
		"a dry run lists documents, bytes and the newest document", r.stdout)
	ok(not any(o in r.stdout.replace("used by namespace", "") for o in FOREIGN) and "logs-flow-labour" not in r.stdout,
		"and no stream of anybody else's", r.stdout)
	r = remove(es, folder, "--data")
	ok(r.returncode == 1 and "--yes" in r.stderr, "without a terminal --yes is wanted", r.stderr)
	for answer in "y", "yes", "labour", "":
		code, screen = typed(es, folder, answer, "--data")
		ok(code == 1 and "nothing was removed" in screen, f"typing '{answer}' removes nothing", screen)
	same(es.count("logs-flow-lab"), documents, "every document is still there")

	code, screen = typed(es, folder, "lab", "--data")
	ok(code == 0 and all(f"used by namespace {o}" in screen for o in OTHERS),
		"typing the namespace removes it and says for whom the assets are kept", screen)
	left = [s["name"] for s in es.must("GET", "/_data_stream/*")["data_streams"]]
	same([s for s in left if s.endswith("-lab")], sorted(FOREIGN), "its streams are gone, what looks alike is there")
	for other in OTHERS:
		ok(before[other] == content(es, other) and before[other]["logs-flow-{}"], f"{other}: not one document was touched")
	same(assets(es), installed, "templates and pipelines are what they were")
	for name in FOREIGN:
		same(es.count(name), 1, f"{name} is somebody else's")
	r = remove(es, folder, "--yes", "--data")
	ok(r.returncode == 0 and "nothing of namespace lab" in r.stderr, "there is nothing to remove a second time", r.stderr)


def the_last(es, folder):
	same(remove(es, folder, "--yes", "--data", namespace="labour").returncode, 0, "the second namespace goes")
	# what a foreign data stream under our own pattern needs is needed
	r = remove(es, folder, "--yes", namespace="lab.x")
	ok(r.returncode == 2 and "lab.x" in r.stderr, "the last one with documents is refused without --data", r.stderr)
	r = remove(es, folder, "--yes", "--data", namespace="default")
	ok(r.returncode == 0 and "used by namespace lab.x" in r.stdout, "empty streams go, the assets stay for the last one", r.stdout)
	ok(es.get("/_index_template/logs-flow")[0] == 200, "they are there")
	r = remove(es, folder, "--dry-run", "--data", namespace="lab.x")
	ok(r.returncode == 3 and "record               flow-installation" in r.stdout, "with the last namespace the record would go", r.stdout)
	r = remove(es, folder, "--yes", "--data", namespace="lab.x")
	ok(r.returncode == 0 and "used by" not in r.stdout, "the last namespace goes", r.stdout + r.stderr)
	same([es.get(p)[0] for p in ("/_ingest/pipeline/flow", "/_index_template/logs-flow", "/_data_stream/logs-flow-lab.x",
		"/flow-installation")], [404] * 4, "and with it pipelines, templates and the record")
	for name in FOREIGN:
		same(es.count(name), 1, f"{name} is still there")


def what_is_used(es, folder, empty):
	"""What somebody else's template or pipeline is made of stays, and what the user changed."""
	setup = ["setup", "--no-key", "--yes"]
	same(harness.efctl(*setup, es=es, cwd=folder).returncode, 0, "setup once more")
	es.must("PUT", "/_index_template/mine", {"index_patterns": ["mine-*"], "composed_of": ["flow@mappings"], "priority": 7})
	es.must("PUT", "/_ingest/pipeline/mine", {"processors": [{"pipeline": {"name": "flow-threats"}}]})
	mine = {"processors": [{"set": {"field": "labels.mine", "value": "1"}}]}
	es.must("PUT", "/_ingest/pipeline/flow@custom", mine)
	r = remove(es, folder, "--yes", namespace="default")
	ok(r.returncode == 0, "the last namespace goes, whoever uses a part of it", r.stdout + r.stderr)
	for text in ("component template   flow@mappings  needed by index template mine", "pipeline             flow-threats  needed by pipeline mine",
			"pipeline             flow@custom  changed by hand (--force removes it anyway)"):
		ok("kept     " + text in r.stdout, f"kept and named: {text}", r.stdout)
	left = names(es)
	same([sorted(set(left[s]) - set(empty[s])) for s in left], [["flow@mappings"], ["mine"], [], [], [], ["flow-threats", "flow@custom", "mine"]],
		"nothing else is left")
	same(es.must("GET", "/_ingest/pipeline/flow@custom")["flow@custom"], mine, "what the user wrote is what it was")
	es.delete("/_index_template/mine")
	es.delete("/_ingest/pipeline/mine")
	r = remove(es, folder, "--yes", "--force", namespace="default")
	ok(r.returncode == 0 and names(es) == empty, "needed no more they go; with --force what was changed, too", r.stdout + r.stderr)


def feeds(es, folder, empty):
	"""What setup itself wrote of the feeds is no data of the user's; an indicator is."""
	for namespace in "default", "lab":
		r = harness.efctl("setup", "--no-key", "--yes", "--feeds", "all-free", "--namespace", namespace, es=es, cwd=folder)
		ok(r.returncode == 0, f"setup with feeds: {namespace}", r.stdout + r.stderr)
	known = [d["flow"]["feeds"] for d in es.docs("logs-ti_flow-default")]
	ok(len(known) == 1 and known[0], "which feeds are on is one document", known)
	r = remove(es, folder, "--dry-run", namespace="default")
	ok(r.returncode == 3 and "logs-ti_flow-default  1 documents" in r.stdout, "without --data it would go, and is listed", r.stdout + r.stderr)
	r = remove(es, folder, "--yes", namespace="default")
	ok(r.returncode == 0 and es.get("/_data_stream/logs-ti_flow-default")[0] == 404, "and goes", r.stdout + r.stderr)
	same([d["flow"]["feeds"] for d in es.docs("logs-ti_flow-lab")], known, "what the tables hold is said by the namespace that stays")
	es.must("PUT", "/logs-ti_flow-lab/_create/one?refresh=true", {"@timestamp": "2026-01-01T00:00:00Z", "event": {"dataset": "ti_flow"}})
	r = remove(es, folder, "--yes")
	ok(r.returncode == 2 and "logs-ti_flow-lab still has documents" in r.stderr, "an indicator wants --data", r.stdout + r.stderr)
	es.must("POST", "/logs-ti_flow-lab/_delete_by_query?refresh=true", {"query": {"term": {"event.dataset": "ti_flow"}}})
	r = remove(es, folder, "--yes")
	ok(r.returncode == 0 and names(es) == empty, "without it the last namespace goes, and all with it", r.stdout + r.stderr)


def scrolled(es):
	"""This engine has no point in time with places of records: efctl flows goes by a scroll."""
	address = lambda n: f"10.0.{n >> 8}.{n & 255}"
	lines = (json.dumps({"@timestamp": "2026-11-01T12:00:00.000Z", "source": {"ip": address(n)}, "network": {"bytes": n}}) for n in range(5000))
	reply = es.must("POST", "/logs-flow-scrolled/_bulk?refresh=true&pipeline=_none", "".join('{"create":{}}\n' + line + "\n" for line in lines), "application/x-ndjson")
	same(reply["errors"], False, "Elasticsearch 7.10: 5,000 records")
	r = harness.efctl("flows", "--namespace", "scrolled", "--format", "ndjson", es=es)
	got = sorted(json.loads(line)["source"]["ip"] for line in r.stdout.splitlines())
	ok(got == sorted(address(n) for n in range(5000)), "flows on Elasticsearch 7.10: each record exactly once", f"{len(got)} {r.stderr}")
	r = harness.efctl("flows", "--namespace", "scrolled", "--sort", "bytes:asc", "-n", "4500", "--json", "src net 10.0/16", es=es)
	got = [d["network"]["bytes"] for d in json.loads(r.stdout or "[]")]
	ok(got == list(range(4500)), "and in order, as many as are wanted", f"{len(got)} {r.stderr}")
	same(es.must("GET", "/_nodes/stats/indices/search")["nodes"].popitem()[1]["indices"]["search"]["scroll_current"], 0, "no scroll is left behind")
	es.delete("/logs-flow-scrolled")


def plain_indices(folder):
	"""A cluster without data streams: plain indices of the same names."""
	es = cluster.embedded("es7")
	r = harness.efctl("setup", "--no-key", es=es, cwd=folder)
	ok(r.returncode == 0, "no data streams: setup", r.stdout + r.stderr)
	for namespace in "lab", "labour":
		fill(es, namespace, folder)
	scrolled(es)
	es.must("PUT", "/mine/_doc/1?refresh=true", {"mine": True})
	es.must("POST", "/_aliases", {"actions": [{"add": {"index": "mine", "alias": "metrics-flow.counters-lab"}}]})
	before = content(es, "labour")
	r = remove(es, folder, "--yes", "--data")
	ok(r.returncode == 0 and "used by namespace labour" in r.stdout, "no data streams: a namespace is removed", r.stdout + r.stderr)
	same(es.get("/logs-flow-lab")[0], 404, "no data streams: its index is gone")
	ok(content(es, "labour") == before and before["logs-flow-{}"], "no data streams: the other's documents stay")
	same(es.get("/mine/_doc/1")[0], 200, "no data streams: an alias of such a name is no index of ours")


def main():
	with tempfile.TemporaryDirectory() as folder:
		es = cluster.embedded("opensearch")
		empty = names(es)
		one_of_three(es, folder)
		the_last(es, folder)
		es.must("DELETE", "/_data_stream/" + ",".join(FOREIGN))
		es.must("DELETE", "/_index_template/flowers")
		same(names(es), empty, "after the last namespace the cluster is what it was before setup, name by name")
		what_is_used(es, folder, empty)
		feeds(es, folder, empty)
		plain_indices(folder)
	done()


main()
