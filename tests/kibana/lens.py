# SPDX-License-Identifier: Apache-2.0
"""What a Lens panel shows: its searches as Kibana makes them of its columns, and its rows out of the replies, formulas with them.

`ask` is a function (search body) -> aggregations: the engine's, or the ledger's."""
import re

import ledger
import saved

METRIC = {"sum": "sum", "average": "avg", "unique_count": "cardinality", "max": "max", "min": "min"}
OTHER, MISSING = "(other)", "(missing)"
# Kibana's steps: a least interval is taken unless it makes more than histogram:maxBars (100) of them, else the next of these that does not.
STEPS_S = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 43200, 86400, 604800]
MAX_BARS, BAR_TARGET = 100, 50


def step_ms(interval, span_ms):
	least = ledger.milliseconds(interval) if interval != "auto" else 1000 * next(s for s in STEPS_S if s * 1000 * BAR_TARGET >= span_ms)
	return least if span_ms / least <= MAX_BARS else 1000 * next(s for s in STEPS_S if s * 1000 * MAX_BARS >= span_ms)


def safe(column):
	return re.sub(r"\W", "_", column)


class Lens:
	def __init__(self, panel, filters):
		"""FILTERS: Elasticsearch queries of the dashboard."""
		self.attributes, layer = next(iter(saved.lens_layers(panel)))
		self.columns, self.order, self.filters = layer["columns"], layer["columnOrder"], filters
		self.type = self.attributes["visualizationType"]
		self.query = ledger.kql(self.attributes["state"]["query"]["query"])
		self.buckets = [c for c in self.order if self.columns[c]["isBucketed"]]
		referred = {r for c in self.columns.values() for r in c.get("references", [])}
		self.measures = [c for c in self.order if c not in self.buckets and c not in referred]
		self.view = saved.view_of(self.attributes["references"])

	def label(self, column):
		return self.columns[column].get("label", "")

	def base(self, column):
		"""The aggregation that a measure is made of."""
		c = self.columns[column]
		return column if c["operationType"] in METRIC or c["operationType"] in ("count", "last_value") else self.base(next(r for r in c["references"] if not r.startswith("speed")))

	def aggregation(self, c):
		kind = c["operationType"]
		if kind in METRIC:
			agg = {METRIC[kind]: {"field": c["sourceField"]}}
		elif kind == "count":
			agg = {"value_count": {"field": "@timestamp"}}
		elif kind == "last_value":
			agg = {"top_hits": {"size": 1, "sort": [{"@timestamp": "desc"}], "_source": [c["sourceField"]]}}
		else:
			return None
		return {"filter": ledger.kql(c["filter"]["query"]), "aggs": {"v": agg}} if "filter" in c else agg

	def metrics(self):
		made = {safe(n): self.aggregation(self.columns[n]) for n in self.order if n not in self.buckets}
		return {n: a for n, a in made.items() if a}

	def bucket(self, n, metrics, from_ms, to_ms):
		c = self.columns[n]
		p = c["params"]
		if c["operationType"] == "date_histogram":
			return {"date_histogram": {"field": c["sourceField"], "fixed_interval": "%dms" % step_ms(p["interval"], to_ms - from_ms), "min_doc_count": 0,
				"extended_bounds": {"min": from_ms, "max": to_ms}}}
		if c["operationType"] == "filters":
			return {"filters": {"filters": {f["label"]: ledger.kql(f["input"]["query"]) for f in p["filters"]}}}
		by = p["orderBy"]
		rank = safe(by.get("columnId", ""))
		order = {rank + (">v" if "filter" in metrics[rank] else ""): "desc"} if rank in metrics else {"_count": "desc"}
		if p.get("secondaryFields"):
			return {"multi_terms": {"terms": [{"field": f} for f in [c["sourceField"]] + p["secondaryFields"]], "size": p["size"], "order": order}}
		return {"terms": {"field": c["sourceField"], "size": p["size"], "order": order}}

	def body(self, from_ms, to_ms, inside=None):
		"""INSIDE: only the buckets below the first, in a filter each ({name: query}): what is not listed."""
		aggs = metrics = self.metrics()
		for n in reversed(self.buckets[1:]):
			aggs = {safe(n): {**self.bucket(n, metrics, from_ms, to_ms), "aggs": {**aggs, **metrics}}}
		if inside is not None:
			aggs = {name: {"filter": q, "aggs": aggs} for name, q in inside.items()}
		elif self.buckets:
			n = self.buckets[0]
			aggs = {safe(n): {**self.bucket(n, metrics, from_ms, to_ms), "aggs": {**aggs, **metrics}}}
		return {"size": 0, "query": self.whole(), "aggs": aggs}

	def whole(self):
		"""What the panel is about: its query and the dashboard's filters."""
		return {"bool": {"filter": [self.query, *self.filters]}}

	def unlisted(self, reply):
		"""{row: query} of what Lens asks for in a second search: the other values, and what lacks the field."""
		c = self.columns[self.buckets[0]] if self.buckets else {"operationType": ""}
		if c["operationType"] != "terms":
			return {}
		has, keys = {"exists": {"field": c["sourceField"]}}, [b["key"] for b in reply[safe(self.buckets[0])]["buckets"]]
		out = {}
		if c["params"].get("otherBucket"):
			out[OTHER] = {"bool": {"filter": [has], "must_not": [{"terms": {c["sourceField"]: keys}}]}}
		if c["params"].get("missingBucket"):
			out[MISSING] = {"bool": {"must_not": [has]}}
		return out

	def ask(self, ask, from_ms, to_ms):
		"""The two replies."""
		first = ask(self.body(from_ms, to_ms))
		more = self.unlisted(first)
		return first, ask(self.body(from_ms, to_ms, more)) if more else {}

	def additive(self):
		"""Do rows of the first measure add up?"""
		kinds = {c["operationType"] for c in self.columns.values() if not c["isBucketed"]}
		return self.columns[self.base(self.measures[0])]["operationType"] in ("sum", "count") and not kinds & {"counter_rate"}

	def rate(self):
		return "normalize_by_unit" in {c["operationType"] for c in self.columns.values()} and not any("speed" in c for c in self.columns)

	def total(self, replies):
		"""What all rows have of the first measure's sum, those at the edges that are not drawn with them."""
		n = self.base(self.measures[0])
		leaves = [leaf for _, leaf in self.leaves(replies[0], 0)] + [leaf for node in replies[1].values() for _, leaf in self.leaves(node, 1)]
		return sum(v or 0 for v in self.column(n, [((), leaf) for leaf in leaves], 1, [], None))

	# ---- rows

	def leaves(self, node, level):
		"""[(keys, bucket)] below NODE."""
		if level == len(self.buckets):
			return [((), node)]
		buckets = node[safe(self.buckets[level])]["buckets"]
		buckets = [{"key": k, **b} for k, b in buckets.items()] if isinstance(buckets, dict) else buckets
		return [((" › ".join(map(str, b["key"])) if isinstance(b["key"], list) else b["key"],) + k, leaf) for b in buckets for k, leaf in self.leaves(b, level + 1)]

	def rows(self, replies, from_ms, to_ms):
		"""[(keys, {measure: value})] as they are drawn: no part of a step at either end."""
		first, more = replies
		leaves = self.leaves(first, 0)
		for name, node in more.items():
			if node["doc_count"]:
				leaves += [((name,) + k, leaf) for k, leaf in self.leaves(node, 1)]
		timed = [i for i, b in enumerate(self.buckets) if self.columns[b]["operationType"] == "date_histogram"]
		if timed:
			i, step = timed[0], step_ms(self.columns[self.buckets[timed[0]]]["params"]["interval"], to_ms - from_ms)
			leaves = [(k, leaf) for k, leaf in leaves if k[i] >= from_ms and k[i] + step <= to_ms + 1]
		else:
			step = to_ms - from_ms
		known = {}
		value = lambda n: known.setdefault(n, self.column(n, leaves, step, timed, value))
		table = {m: value(m) for m in self.measures}
		return [(k, {m: table[m][i] for m in self.measures}) for i, (k, _) in enumerate(leaves)]

	def column(self, n, leaves, step, timed, value):
		"""The values of a column, one for each leaf."""
		c = self.columns[n]
		kind = c["operationType"]
		if kind in METRIC or kind == "count":
			cells = [leaf[safe(n)] for _, leaf in leaves]
			return [(x["v"] if "filter" in c else x)["value"] for x in cells]
		if kind == "last_value":
			hits = [leaf[safe(n)]["v"]["hits"]["hits"] for _, leaf in leaves]
			return [dict(ledger.flat(h[0]["_source"])).get(c["sourceField"]) if h else None for h in hits]
		parts = [value(r) for r in c["references"]]
		if kind == "normalize_by_unit":
			return [None if v is None else v / step * 1000 for v in parts[0]]
		if kind == "overall_sum":
			return [sum(v or 0 for v in parts[0])] * len(leaves)
		if kind == "counter_rate":
			return counter_rate(leaves, parts[0], timed[0])
		if kind == "math":
			return [calculate(c["params"]["tinymathAst"], dict(zip(c["references"], at))) for at in zip(*parts)] if parts else []
		return parts[0]		# formula


def counter_rate(leaves, numbers, at):
	last, out = {}, []
	for (keys, _), v in zip(leaves, numbers):
		series = keys[:at] + keys[at + 1:]
		before = last.get(series)
		out.append(None if v is None or before is None else v - before if v >= before else v)
		last[series] = v if v is not None else before
	return out


def calculate(tree, by):
	"""tinymath; nothing is where a part is nothing."""
	if isinstance(tree, (int, float)):
		return tree
	if isinstance(tree, str):
		return by[tree]
	if tree.get("type") == "variable":
		return by[tree["value"]]
	a, b = (calculate(x, by) for x in tree["args"])
	if a is None or b is None:
		return None
	return a * b if tree["name"] == "multiply" else a / b if b else None
