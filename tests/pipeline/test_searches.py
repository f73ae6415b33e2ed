#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What docs/fields.md says can be searched can be, field by field: a document with a value in each is found by it. On Elasticsearch 7.10, which searches
nothing without an index, and on the cluster of ES_URL, else OpenSearch, which searches doc values, too."""
import json

import stages
import tap

INDEX = "logs-flow-searches"
VALUES = {"ip": "2001:db8::7", "keyword": "seven", "constant_keyword": None, "wildcard": "/a/seven", "date": 1700000000000, "boolean": True, "float": 7.5, "byte": 7,
	"flattened": {"sevenId": "seven"}}
# these have a value of their own
FIXED = {"data_stream.type": "logs", "data_stream.dataset": "flow", "data_stream.namespace": "searches"}


def value(field, kind):
	return FIXED.get(field, VALUES.get(kind, 7))


def document(fields):
	doc = {}
	for field, (kind, _) in fields.items():
		if kind in ("alias", "geo_point", "text"):
			continue
		*above, name = field.split(".")
		at = doc
		for key in above:
			at = at.setdefault(key, {})
		at[name] = value(field, kind)
	return doc


def found(cluster, field, kind):
	"""How many documents a search finds, or why there was none."""
	if kind == "flattened":
		field, kind = field + ".sevenId", "keyword"
	status, reply = cluster.post(f"/{INDEX}/_count", {"query": {"term": {field: value(field, kind)}}})
	return reply["count"] if status == 200 else json.dumps(reply)[:300]


def searches(cluster, name, uses):
	stages.setup(cluster)
	cluster.delete(f"/_data_stream/{INDEX}")
	cluster.delete(f"/{INDEX}")
	fields = stages.documented()
	cluster.must("POST", f"/{INDEX}/_bulk?refresh=true&pipeline=_none", json.dumps({"create": {}}) + "\n" + json.dumps(document(fields)) + "\n", "application/x-ndjson")
	taken = cluster.must("GET", f"/{INDEX}/_mapping")
	kept = stages.mapped(next(iter(taken.values()))["mappings"]["properties"])
	sought = [f for f, (kind, use) in fields.items() if use in uses and kind in (*VALUES, "long", "integer", "short", "alias") and kept.get(f) != "object"]
	missing = {f: n for f in sought if (n := found(cluster, f, fields[f][0])) != 1}
	tap.ok(len([f for f in sought if fields[f][0] == "ip"]) > 10 and len(sought) > 100, f"{name}: {len(sought)} fields are searched for")
	tap.same(missing, {}, f"{name}: what the documentation says can be searched is found")
	cluster.delete(f"/_data_stream/{INDEX}")
	cluster.delete(f"/{INDEX}")


def main():
	searches(stages.clusters.connect(), "the cluster", ("yes", "search", "values"))
	try:
		old = stages.clusters.embedded("es7")
	except stages.clusters.NoJava as e:
		tap.skip("Elasticsearch 7.10", str(e))
	else:
		searches(old, "Elasticsearch 7.10", ("yes", "search"))
	tap.done()


main()
