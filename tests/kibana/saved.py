# SPDX-License-Identifier: Apache-2.0
"""What is inside saved objects: panels, the fields they use, the searches they send. Knows nothing of servers."""
import re

METRICS = {"sum": "sum", "average": "avg", "unique_count": "cardinality", "max": "max", "min": "min"}
# Kibana's own names, which no mapping has.
NOT_FIELDS = {"___records___"}
# Which index template maps the documents of a data view.
TEMPLATE_OF = {"flow": "logs-flow", "flow-counters": "metrics-flow.counters", "flow-exporters": "metrics-flow.exporters", "flow-failed": "logs-flow.failed", "flow-security": "logs-flow",
	"logs-ti_flow-*": "logs-ti_flow"} # asked by Vega without a view


def walk(node, key):
	"""Every value of the members named KEY, at any depth."""
	if isinstance(node, dict):
		for k, v in node.items():
			if k == key:
				yield v
			yield from walk(v, key)
	elif isinstance(node, list):
		for v in node:
			yield from walk(v, key)


def panels(objects):
	"""(dashboard, panel) of every dashboard."""
	for o in objects:
		if o["type"] == "dashboard":
			for p in o["attributes"]["panelsJSON"]:
				yield o, p


def where(dashboard, panel):
	title = panel.get("title") or panel["embeddableConfig"].get("savedVis", {}).get("title") or "navigation"
	return "%s %s '%s'" % (dashboard["id"], panel["panelIndex"], title)


def lens_layers(panel):
	"""(attributes, layer) of each layer of a Lens panel."""
	a = panel["embeddableConfig"]["attributes"]
	for layer in a["state"]["datasourceStates"]["indexpattern"]["layers"].values():
		yield a, layer


def vega_spec(panel):
	vis = panel.get("embeddableConfig", {}).get("savedVis", {})
	return vis["params"]["spec"] if vis.get("type") == "vega" else None


def kql_fields(kql):
	return [m.strip('"') for m in re.findall(r'("[^"]+"|[A-Za-z_@][\w.@]*)\s*(?::|<|>)', kql)]


def kql_query(kql):
	"""Our subset of KQL as an Elasticsearch query: Lucene's syntax is close enough."""
	if not kql:
		return {"match_all": {}}
	text = re.sub(r"\s*:\s*", ":", kql)
	text = re.sub(r'"([\w.@]+)":', r"\1:", text)
	text = re.sub(r"\s*(>=|<=|>|<)\s*(\d+)", r":\1\2", text)
	return {"query_string": {"query": re.sub(r"\bor\b", "OR", re.sub(r"\band\b", "AND", re.sub(r"\bnot\b", "NOT", text)))}}


def lens_fields(panel):
	for a, layer in lens_layers(panel):
		yield from kql_fields(a["state"]["query"]["query"])
		for c in layer["columns"].values():
			if "sourceField" in c:
				yield c["sourceField"]
			yield from c.get("params", {}).get("secondaryFields", [])
			yield from kql_fields(c.get("filter", {}).get("query", ""))
			for f in c.get("params", {}).get("filters", []):
				yield from kql_fields(f["input"]["query"])


def query_fields(body):
	"""Fields of an Elasticsearch search: the targets of aggregations and the names in queries."""
	for f in walk(body, "field"):
		if isinstance(f, str):
			yield f
	for kind in ("term", "terms", "range", "match_phrase"):
		for q in walk(body, kind):
			if isinstance(q, dict) and "field" not in q and "terms" not in q:
				yield from (k for k in q if k != "boost")


def map_fields(layers):
	for key in ("sourceGeoField", "destGeoField", "geoField", "term"):
		yield from walk(layers, key)
	for metrics in walk(layers, "metrics"):
		yield from (m["field"] for m in metrics if "field" in m)


def view_of(references):
	"""The data view a panel reads."""
	return next((r["id"] for r in references if r["type"] == "index-pattern"), None)


def lens_search(panel, now_ms, span_ms):
	"""[(search body, name of the outermost aggregation or None)] behind a Lens panel."""
	out = []
	for a, layer in lens_layers(panel):
		columns = layer["columns"]
		name = lambda n: re.sub(r"\W", "_", n)
		aggs = {}
		for n, c in columns.items():
			agg = None
			if c["operationType"] in METRICS:
				agg = {METRICS[c["operationType"]]: {"field": c["sourceField"]}}
			elif c["operationType"] == "percentile":
				agg = {"percentiles": {"field": c["sourceField"], "percents": [c["params"]["percentile"]]}}
			elif c["operationType"] == "last_value":
				agg = {"top_hits": {"size": 1, "sort": [{"@timestamp": "desc"}], "_source": [c["sourceField"]]}}
			elif c["operationType"] == "count" and "filter" in c:
				agg = {"value_count": {"field": "@timestamp"}}
			if agg and "filter" in c:
				agg = {"filter": kql_query(c["filter"]["query"]), "aggs": {"v": agg}}
			if agg:
				aggs[name(n)] = agg
		top = None
		for n in reversed([n for n in layer["columnOrder"] if columns[n]["isBucketed"]]):
			c = columns[n]
			p = c["params"]
			if c["operationType"] == "date_histogram":
				b = {"auto_date_histogram": {"field": c["sourceField"], "buckets": 50}}
			elif c["operationType"] == "filters":
				b = {"filters": {"filters": {f["label"]: kql_query(f["input"]["query"]) for f in p["filters"]}}}
			else:
				rank = name(p["orderBy"].get("columnId", ""))
				order = {"order": {rank + (">v" if "filter" in aggs.get(rank, {}) else ""): "desc"}} if rank in aggs else {}
				if p.get("secondaryFields"):
					b = {"multi_terms": {"terms": [{"field": f} for f in [c["sourceField"]] + p["secondaryFields"]], "size": p["size"], **order}}
				else:
					b = {"terms": {"field": c["sourceField"], "size": p["size"], **order}}
			top = name(n)
			aggs = {top: {**b, "aggs": aggs}}
		query = {"bool": {"filter": [kql_query(a["state"]["query"]["query"]), {"range": {"@timestamp": {"gte": now_ms - span_ms, "lte": now_ms}}}]}}
		out.append(({"size": 0, "track_total_hits": True, "query": query, "aggs": aggs}, top))
	return out


# How Kibana rounds {"%autointerval%": n}: up to so many milliseconds.
ROUND = [(500, "100ms"), (5000, "1s"), (7500, "5s"), (15000, "10s"), (45000, "30s"), (180000, "1m"), (450000, "5m"), (1200000, "10m"),
	(2700000, "30m"), (7200000, "1h"), (21600000, "3h"), (86400000, "12h"), (604800000, "24h")]


UNIT_MS = {"week": 604800000, "day": 86400000, "hour": 3600000, "minute": 60000, "second": 1000}


def stands_for(body):
	"""{runtime field: field that is read for it} of a search of host.libsonnet."""
	out = {}
	for name, runtime in body.get("runtime_mappings", {}).items():
		read = re.findall(r"emit\(doc\['([^']+)'\]", runtime["script"])
		out[name] = read[0] if len(read) == 1 else "flow.%s.name" % read[0].split(".")[0]	# a name, or where there is none the address
	return out


def renamed(node, of):
	"""A search with other fields in place of some: what a search with runtime fields is, for engines and ledgers that have none."""
	if isinstance(node, list):
		return [renamed(v, of) for v in node]
	if not isinstance(node, dict):
		return node
	return {of.get(k, k): of.get(v, v) if k == "field" and isinstance(v, str) else renamed(v, of) for k, v in node.items()}


def vega_search(url, now_ms, span_ms, runtime=False):
	"""The search that Kibana makes of a Vega data url: context, time and interval filled in. RUNTIME: with its runtime fields, which OpenSearch has not."""
	def fill(node):
		if isinstance(node, list):
			return [fill(v) for v in node]
		if not isinstance(node, dict):
			return node
		if "%timefilter%" in node:
			return {"min": now_ms - span_ms, "max": now_ms}[node["%timefilter%"]] + node.get("shift", 0) * UNIT_MS[node.get("unit", "day")]
		out = {}
		for k, v in node.items():
			if isinstance(v, dict) and "%autointerval%" in v:
				wide = span_ms / v["%autointerval%"]
				out["fixed_interval"] = next((text for limit, text in ROUND if wide <= limit), "7d").replace("24h", "1d")
			else:
				out[k] = fill(v)
		return out
	body = fill(url["body"])
	if not runtime:
		body = renamed({k: v for k, v in body.items() if k != "runtime_mappings"}, stands_for(body))
	if "%timefield%" not in url: # asked as it stands, whatever the dashboard shows
		return body
	body["query"] = {"bool": {"filter": [body.get("query", {"match_all": {}}), {"range": {url["%timefield%"]: {"gte": now_ms - span_ms, "lte": now_ms}}}]}}
	return body
