#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a record takes on disk, merged to one segment: by engine and index mode, by field, and what each option saves.

The project's own captures are enriched by OpenSearch (ES_URL, else an embedded one) and stored there and on an embedded
Elasticsearch 8, under efd's document ids. Arguments: captures to take in their place.
"""
import copy
import glob
import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
import harness  # noqa: E402
import cluster  # noqa: E402

INDEX = "disk"
# what can be left out of documents by a `remove` processor in flow@custom
LEAVE_OUT = ("network.community_id", "message", "event.start event.end", "event.created", "related.ip", "event.duration",
	"source.mac destination.mac client.mac server.mac", "client.geo.location server.geo.location",
	"ecs agent data_stream log event.kind event.module event.dataset")


def enriched(es, files, leftovers):
	"""(id, document) of every flow record, by id, with --leftovers as told."""
	harness.efctl("setup", "--no-key", "--no-kibana", "--force", "--leftovers", leftovers, es=es)
	for stream in ("logs-flow", "metrics-flow.counters", "metrics-flow.exporters"):
		es.delete(f"/_data_stream/{stream}-{INDEX}")
	code, _, talk = harness.replay(es, INDEX, *files)
	if code:
		sys.exit(talk)
	es.post(f"/logs-flow-{INDEX}/_refresh")
	hits = es.must("POST", f"/logs-flow-{INDEX}/_search", {"size": 10000, "sort": ["_doc"]})["hits"]["hits"]
	return sorted(((h["_id"], h["_source"]) for h in hits), key=lambda d: d[0])


def templates(es8):
	"""Our templates on a node without processors: the pipelines do nothing there."""
	with tempfile.TemporaryDirectory() as tmp:
		harness.efctl("assets", "--write", tmp)
		for path in glob.glob(os.path.join(tmp, "ingest-pipelines", "*.yml")):
			with open(path, "w", encoding="utf-8") as f:
				f.write("# Nothing.\ndescription: Does nothing.\nprocessors: []\n")
		harness.efctl("setup", "--no-key", "--no-kibana", "--force", "--assets", tmp, es=es8)


def store(c, docs, usage=False, **settings):
	"""Bytes a record in an index with our template, some settings changed; None takes one away."""
	t = c.must("POST", "/_index_template/_simulate/logs-flow")["template"]
	index = {k: v for k, v in t["settings"]["index"].items() if k not in ("default_pipeline", "routing", "lifecycle")}
	index.update({"refresh_interval": "-1", "number_of_replicas": 0, **settings})
	c.delete(f"/{INDEX}")
	c.must("PUT", f"/{INDEX}", {"settings": {"index": {k: v for k, v in index.items() if v is not None}}, "mappings": t["mappings"]})
	for i in range(0, len(docs), 3000):
		body = "".join(json.dumps({"create": {"_id": n}}) + "\n" + json.dumps(d, separators=(",", ":")) + "\n" for n, d in docs[i:i + 3000])
		if c.must("POST", f"/{INDEX}/_bulk", body, "application/x-ndjson")["errors"]:
			sys.exit("a document was refused")
	c.post(f"/{INDEX}/_forcemerge?max_num_segments=1")
	for _ in range(30):	# the merged-away segments go with the last reader
		c.post(f"/{INDEX}/_flush")
		c.post(f"/{INDEX}/_refresh")
		stats = c.must("GET", f"/{INDEX}/_stats/store,docs,segments")["_all"]["primaries"]
		if stats["segments"]["count"] <= 1:
			break
		time.sleep(0.5)
	size = stats["store"]["size_in_bytes"] / len(docs)
	if usage:
		reply = c.must("POST", f"/{INDEX}/_disk_usage?run_expensive_tasks=true")
		fields = next(v for k, v in reply.items() if k != "_shards")["fields"]
		for name, f in sorted(fields.items(), key=lambda x: -x[1]["total_in_bytes"])[:20]:
			print(f"         {f['total_in_bytes'] / len(docs):6.1f}  {name}")
	return size


def without(docs, paths):
	docs = copy.deepcopy(docs)
	for _, doc in docs:
		for path in paths.split():
			*above, name = path.split(".")
			at = doc
			for key in above:
				at = at.get(key, {})
			at.pop(name, None)
	return docs


def main():
	files = sys.argv[1:] or sorted(glob.glob(os.path.join(harness.ROOT, "tests", "captures", "*.pcap")))
	es, es8 = cluster.connect(), cluster.embedded("es8")
	templates(es8)
	sets = {how: enriched(es, files, how) for how in ("all", "drop", "keep")}
	docs = sets["keep"]
	mapping = {"total_fields": {"limit": 2000}, "source": {"mode": "stored"}}
	standard = {"mode": None}
	print(f"{len(docs)} records; bytes a record")
	print(f"{store(es8, docs):8.1f}  Elasticsearch {es8.about[1][0]}, logsdb with synthetic source (a paid licence)")
	base = store(es8, docs, mapping=mapping, usage=True)
	print(f"{base:8.1f}  Elasticsearch {es8.about[1][0]}, logsdb with stored source, and by field (above)")
	print(f"{store(es8, docs, **standard):8.1f}  Elasticsearch {es8.about[1][0]}, standard index")
	print(f"{store(es8, docs, sort=None, **standard):8.1f}  the same, not sorted")
	print(f"{store(es8, docs, codec='default', **standard):8.1f}  the same, sorted, without best_compression")
	print(f"{store(es, docs):8.1f}  OpenSearch {'.'.join(map(str, es.about[1]))}")
	print("saves    what (logsdb with stored source)")
	for how in ("all", "drop"):
		print(f"{base - store(es8, sets[how], mapping=mapping):+8.1f}  --leftovers {how}")
	for paths in LEAVE_OUT:
		print(f"{base - store(es8, without(docs, paths), mapping=mapping):+8.1f}  without {paths}")
	es.delete(f"/{INDEX}")
	for stream in ("logs-flow", "metrics-flow.counters", "metrics-flow.exporters"):
		es.delete(f"/_data_stream/{stream}-{INDEX}")


main()
