#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a record takes on disk, merged to one segment: by engine and index mode, by field, and what each option saves.

The project's own captures are enriched by OpenSearch (ES_URL, else an embedded one) and stored there and on embedded
Elasticsearch 8 and 9, under efd's document ids; once as they are, a day, and once as ten days, because an index of a few
thousand records is mostly Lucene's fixed costs: 8 KiB for each field that some records lack, a list of all fields.
Arguments: captures to take in their place.
"""
import base64
import copy
import glob
import hashlib
import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
import harness  # noqa: E402
import cluster  # noqa: E402

INDEX = "disk"
DAYS = 10
DAY_MS = 86400000
# what can be left out of documents by a `remove` processor in flow@custom
LEAVE_OUT = ("network.community_id", "message", "event.start event.end", "event.created", "related.ip", "event.duration",
	"source.mac destination.mac client.mac server.mac", "client.geo.location server.geo.location",
	"ecs agent data_stream log event.kind event.module event.dataset")


def wipe(es):
	for stream in harness.STREAMS:
		es.delete("/_data_stream/" + stream.format(INDEX))


def enriched(es, files, leftovers):
	"""(id, document) of every flow record, by id, with --leftovers as told."""
	harness.efctl("setup", "--no-key", "--no-kibana", "--force", "--yes", "--leftovers", leftovers, es=es)
	wipe(es)
	code, _, talk = harness.replay(es, INDEX, *files)
	if code:
		sys.exit(talk)
	es.post(f"/logs-flow-{INDEX}/_refresh")
	hits = es.must("POST", f"/logs-flow-{INDEX}/_search", {"size": 10000, "sort": ["_doc"]})["hits"]["hits"]
	return sorted(((h["_id"], h["_source"]) for h in hits), key=lambda d: d[0])


def bare(name):
	"""An Elasticsearch without processors, with our templates: the pipelines do nothing there."""
	c = cluster.embedded(name)
	with tempfile.TemporaryDirectory() as tmp:
		harness.efctl("assets", "--write", tmp)
		for path in glob.glob(os.path.join(tmp, "ingest-pipelines", "*.yml")):
			with open(path, "w", encoding="utf-8") as f:
				f.write("# Nothing.\ndescription: Does nothing.\nprocessors: []\n")
		harness.efctl("setup", "--no-key", "--no-kibana", "--force", "--yes", "--assets", tmp, es=c)
	return c


def version(c):
	return ".".join(map(str, c.about[1][:2]))


def on(day, doc_id, doc, ports, rng):
	"""The record on another day: same hosts and services; time, duration, sizes, ephemeral ports and conversation differ."""
	doc = copy.deepcopy(doc)
	shift, factor = day * DAY_MS + rng.randrange(-1800000, 1800000), rng.uniform(0.6, 1.4)
	whole = shift - shift % 1000	# exporters send at full seconds, most of them
	event, message, skewed = doc["event"], doc["message"], "exporter_clock_skew" in doc.get("tags", ())
	doc["@timestamp"] += whole if skewed else shift
	event["created"] += whole
	if "end" in event:
		event["end"] += shift
		event["start"] = event["end"] - int((event["end"] - shift - event["start"]) * factor)
		event["duration"] = (event["end"] - event["start"]) * 1000000
	for end in ("source", "destination", "client", "server", "network"):
		for what in ("bytes", "packets"):
			if what in doc.get(end, {}):
				doc[end][what] = int(doc[end][what] * factor) + 1
		port = doc.get(end, {}).get("port", 0)
		if port >= 32768:
			doc[end]["port"] = ports.setdefault(port, rng.randrange(32768, 61000))
			message = message.replace(f":{port} ", f":{doc[end]['port']} ")
	words = message.split(" ")
	if words[-1] == "bytes":
		words[-2] = str(doc["network"]["bytes"])
	doc["message"] = " ".join(words)
	if "community_id" in doc["network"]:
		ids = doc["network"]["community_id"]
		other = ["1:" + base64.b64encode(hashlib.sha1(f"{day} {i}".encode()).digest()).decode() for i in (ids if isinstance(ids, list) else [ids])]
		doc["network"]["community_id"] = other if isinstance(ids, list) else other[0]
	old = base64.urlsafe_b64decode(doc_id + "A")	# 6 octets of time, 6 of a hash, 2 for the place in the datagram
	new = (int.from_bytes(old[:6], "big") + whole).to_bytes(6, "big") + hashlib.sha1(old[6:12] + bytes([day])).digest()[:6] + old[12:14]
	return base64.urlsafe_b64encode(new).decode().rstrip("="), doc


def days(docs):
	"""The same traffic on ten days, in the order of document ids."""
	rng, out = random.Random(1), list(docs)
	for day in range(1, DAYS):
		ports = {}
		out += [on(day, doc_id, doc, ports, rng) for doc_id, doc in docs]
	return sorted(out, key=lambda d: d[0])


def skip(properties, opensearch):
	"""Numbers and times but @timestamp are kept in columns with a list to skip by (OpenSearch's skip_list, Elasticsearch's own choice) in the place of an index."""
	for name, field in properties.items():
		if "properties" in field:
			skip(field["properties"], opensearch)
		elif name != "@timestamp" and field.get("type") in ("date", "long", "integer", "short", "float"):
			field.update({"index": False, **({"skip_list": True} if opensearch else {})})


def store(c, docs, usage=False, **settings):
	"""Bytes a record in an index with our template, some settings changed; None takes one away; `skip`: see above."""
	t = c.must("POST", "/_index_template/_simulate/logs-flow")["template"]
	index = {k: v for k, v in t["settings"]["index"].items() if k not in ("default_pipeline", "routing", "lifecycle")}
	if settings.pop("skip", False):
		skip(t["mappings"]["properties"], c.about[0] == "opensearch")
	index.update({"refresh_interval": "-1", "number_of_replicas": 0, **settings})
	c.delete(f"/{INDEX}")
	c.must("PUT", f"/{INDEX}", {"settings": {"index": {k: v for k, v in index.items() if v is not None}}, "mappings": t["mappings"]})
	for i in range(0, len(docs), 3000):
		body = "".join(json.dumps({"create": {"_id": n}}) + "\n" + json.dumps(d, separators=(",", ":")) + "\n" for n, d in docs[i:i + 3000])
		if c.must("POST", f"/{INDEX}/_bulk", body, "application/x-ndjson")["errors"]:
			sys.exit("a document was refused")
	size = c.merged(INDEX)[0] / len(docs)
	if usage:
		for name, taken in c.disk_usage(INDEX)[:20]:
			print(f"         {taken / len(docs):6.1f}  {name}")
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
	es, es8, es9 = cluster.connect(), bare("es8"), bare("es9")
	sets = {how: enriched(es, files, how) for how in ("all", "drop", "keep")}
	docs = sets["keep"]
	mapping = {"total_fields": {"limit": 2000}, "source": {"mode": "stored"}}
	standard = {"mode": None}
	ten = days(docs)
	print(f"bytes a record: {len(docs)} records, a day; {len(ten)}, {DAYS} days")
	for what, c, settings in (
			("logsdb with synthetic source (a paid licence)", es9, {}),
			("logsdb with stored source", es9, {"mapping": mapping}),
			("standard index", es9, standard),
			("logsdb with synthetic source (a paid licence)", es8, {}),
			("logsdb with stored source", es8, {"mapping": mapping}),
			("standard index", es8, standard),
			("standard index, not sorted", es8, {"sort": None, **standard}),
			("standard index, sorted, without best_compression", es8, {"codec": "default", **standard}),
			("standard index, sorted, without best_compression (LZ4, not zstd)", es9, {"codec": "default", **standard}),
			("standard index, numbers and times that a list to skip by finds, not an index", es9, {"skip": True, **standard}),
			("logsdb with stored source, likewise", es9, {"skip": True, "mapping": mapping}),
			("OpenSearch, zlib (best_compression, as installed)", es, {}),
			("OpenSearch, LZ4 (default)", es, {"codec": "default"}),
			("OpenSearch, numbers and times that a list to skip by finds, not an index", es, {"skip": True})):
		print(f"{store(c, docs, **settings):8.1f} {store(c, ten, **settings):8.1f}  {version(c)} {what}", flush=True)
	print(f"by field, {version(es9)} logsdb with stored source, ten days")
	store(es9, ten, mapping=mapping, usage=True)
	base = store(es9, docs, mapping=mapping)
	print(f"saves    what ({version(es9)} logsdb with stored source, a day)")
	for how in ("all", "drop"):
		print(f"{base - store(es9, sets[how], mapping=mapping):+8.1f}  --leftovers {how}")
	for paths in LEAVE_OUT:
		print(f"{base - store(es9, without(docs, paths), mapping=mapping):+8.1f}  without {paths}")
	es.delete(f"/{INDEX}")
	wipe(es)


main()
