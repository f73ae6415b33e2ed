# SPDX-License-Identifier: Apache-2.0
"""Questions to a ledger: rows {field: value or list of values}, asked with the searches that dashboards send to the engine, and answered in
the same form, so that the two can be laid side by side. Only as much of the language as the dashboards speak; what it does not know is an error."""
import bisect
import ipaddress
import re

UNIT_MS = {"s": 1000, "m": 60000, "h": 3600000, "d": 86400000, "w": 604800000}
EPSILON = 1e-9


def values(row, field):
	v = row.get(field)
	return [] if v is None else v if isinstance(v, list) else [v]


def milliseconds(interval):
	number, unit = re.fullmatch(r"(\d+)(ms|[smhdw])", interval).groups()
	return int(number) * (1 if unit == "ms" else UNIT_MS[unit])


# ---- which rows

def same(have, wanted):
	if "/" in str(wanted) and re.fullmatch(r"[0-9a-f.:]+/\d+", str(wanted)):
		return ipaddress.ip_address(have) in ipaddress.ip_network(wanted)
	return str(have).lower() == str(wanted).lower() if isinstance(have, bool) or isinstance(wanted, bool) else str(have) == str(wanted)


COMPARE = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}


def all_of(tests):
	return lambda row: all(t(row) for t in tests)


def any_of(tests):
	return lambda row: any(t(row) for t in tests)


def boolean(q):
	some = lambda key: [compiled(x) for x in (q.get(key, []) if isinstance(q.get(key, []), list) else [q[key]])]
	must, should, none = some("filter") + some("must"), some("should"), some("must_not")
	return lambda row: all(t(row) for t in must) and (not should or any(t(row) for t in should)) and not any(t(row) for t in none)


def compiled(query):
	"""An Elasticsearch query as a function of a row."""
	(kind, q), = query.items()
	if kind == "match_all":
		return lambda row: True
	if kind == "bool":
		return boolean(q)
	if kind == "exists":
		return lambda row: bool(values(row, q["field"]))
	(field, wanted), = q.items()
	if kind in ("term", "match_phrase"):
		wanted = wanted["value"] if isinstance(wanted, dict) else wanted
		return lambda row: any(same(v, wanted) for v in values(row, field))
	if kind == "terms":
		texts = {str(w) for w in wanted}
		return lambda row: any(str(v) in texts for v in values(row, field))
	if kind == "range":
		limits = [(COMPARE[op], limit) for op, limit in wanted.items() if op in COMPARE]
		return lambda row: any(all(c(v, limit) for c, limit in limits) for v in values(row, field))
	raise ValueError("no such query here: " + kind)


TOKEN = re.compile(r'\s*(\(|\)|:|>=|<=|>|<|"[^"]*"|[^\s():<>"]+)')
OPERATORS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def kql(text):
	"""Our subset of KQL as an Elasticsearch query."""
	tokens = TOKEN.findall(text)
	def either():
		parts = [both()]
		while tokens and tokens[0].lower() == "or":
			tokens.pop(0)
			parts.append(both())
		return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}}
	def both():
		parts = [one()]
		while tokens and tokens[0].lower() == "and":
			tokens.pop(0)
			parts.append(one())
		return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}}
	def one():
		t = tokens.pop(0)
		if t.lower() == "not":
			return {"bool": {"must_not": [one()]}}
		if t == "(":
			inner = either()
			tokens.pop(0)
			return inner
		field, operator, value = t.strip('"'), tokens.pop(0), tokens.pop(0)
		if operator == ":":
			return {"exists": {"field": field}} if value == "*" else {"term": {field: value.strip('"')}}
		return {"range": {field: {OPERATORS[operator]: float(value)}}}
	return either() if tokens else {"match_all": {}}


# ---- what of them

def metric(kind, spec, rows):
	if kind == "top_hits":
		best = max(rows, key=lambda r: r["@timestamp"], default=None)
		return {"hits": {"hits": [{"_source": best}] if best else []}}
	numbers = [v for r in rows for v in values(r, spec["field"])]
	if kind == "sum":
		return {"value": sum(numbers)}
	if kind == "value_count":
		return {"value": len(numbers)}
	if kind == "cardinality":
		return {"value": len(set(numbers))}
	return {"value": None if not numbers else {"avg": lambda n: sum(n) / len(n), "max": max, "min": min}[kind](numbers)}


METRICS = {"top_hits", "sum", "value_count", "cardinality", "avg", "max", "min"}


def grouped(rows, key_of):
	groups = {}
	for r in rows:
		for key in key_of(r):
			groups.setdefault(key, []).append(r)
	return groups


def single(spec):
	missing = [spec["missing"]] if "missing" in spec else []
	return lambda row: values(row, spec["field"]) or missing


def several(spec):
	parts = [single(t) for t in spec["terms"]]
	def keys(row):
		out = [()]
		for part in parts:
			out = [k + (v,) for k in out for v in part(row)]
		return out
	return keys


def path(bucket, name):
	for step in re.split(r"[>.]", name):
		bucket = bucket["doc_count"] if step == "_count" else bucket.get(step, bucket)
	return bucket["value"] if isinstance(bucket, dict) else bucket


def terms(kind, spec, rows, subs):
	buckets = [{"key": k if kind == "terms" else [str(x) for x in k], "doc_count": len(g), **aggregate(subs, g)}
		for k, g in grouped(rows, single(spec) if kind == "terms" else several(spec)).items()]
	(by, way), = spec.get("order", {"_count": "desc"}).items()
	buckets.sort(key=lambda b: (-(path(b, by) or 0) if way == "desc" else (path(b, by) or 0), str(b["key"])))
	return {"buckets": buckets[:spec["size"]], "sum_other_doc_count": sum(b["doc_count"] for b in buckets[spec["size"]:])}


def histogram(spec, rows, subs):
	step = milliseconds(spec["fixed_interval"])
	groups = grouped(rows, lambda r: [t // step * step for t in values(r, spec["field"])])
	bounds = spec.get("extended_bounds")
	if spec.get("min_doc_count", 0) == 0 and (groups or bounds):
		ends = list(groups) + ([bounds["min"] // step * step, bounds["max"] // step * step] if bounds else [])
		groups = {t: groups.get(t, []) for t in range(min(ends), max(ends) + 1, step)}
	return {"buckets": [{"key": t, "doc_count": len(g), **aggregate(subs, g)} for t, g in sorted(groups.items())]}


def ranges(spec, rows, subs):
	out = []
	for r in spec["ranges"]:
		inside = [x for x in rows if any(r["from"] <= v < r["to"] for v in values(x, spec["field"]))]
		out.append({"from": r["from"], "to": r["to"], "doc_count": len(inside), **aggregate(subs, inside)})
	return {"buckets": out}


def one(agg, rows):
	subs = agg.get("aggs", {})
	(kind, spec), = ((k, v) for k, v in agg.items() if k != "aggs")
	if kind in METRICS:
		return metric(kind, spec, rows)
	if kind == "filter":
		test = compiled(spec)
		inside = [r for r in rows if test(r)]
		return {"doc_count": len(inside), **aggregate(subs, inside)}
	if kind == "missing":
		inside = [r for r in rows if not values(r, spec["field"])]
		return {"doc_count": len(inside), **aggregate(subs, inside)}
	if kind == "filters":
		return {"buckets": {name: one({"filter": f, "aggs": subs}, rows) for name, f in spec["filters"].items()}}
	if kind in ("terms", "multi_terms"):
		return terms(kind, spec, rows, subs)
	if kind == "date_histogram":
		return histogram(spec, rows, subs)
	if kind in ("range", "date_range"):
		return ranges(spec, rows, subs)
	raise ValueError("no such aggregation here: " + kind)


def aggregate(aggs, rows):
	"""The reply's `aggregations`. Pipeline aggregations come last: they read their siblings."""
	later = {n: (kind, a[kind]["buckets_path"].split(">")) for n, a in aggs.items() for kind in ("avg_bucket", "max_bucket") if kind in a}
	out = {n: one(a, rows) for n, a in aggs.items() if n not in later}
	for n, (kind, (name, by)) in later.items():
		numbers = [path(b, by) or 0 for b in out[name]["buckets"]]
		out[n] = {"value": None if not numbers else max(numbers) if kind == "max_bucket" else sum(numbers) / len(numbers)}
	return out


class Ledger:
	def __init__(self, rows):
		self.rows = sorted(rows, key=lambda r: r["@timestamp"])
		self.times = [r["@timestamp"] for r in self.rows]

	def between(self, from_ms, to_ms):
		"""Rows of the range, its last millisecond with it, as Kibana asks."""
		return self.rows[bisect.bisect_left(self.times, from_ms):bisect.bisect_right(self.times, to_ms)]

	def search(self, body, from_ms, to_ms):
		test = compiled(body.get("query", {"match_all": {}}))
		return aggregate(body["aggs"], [r for r in self.between(from_ms, to_ms) if test(r)])


def flat(document, at=""):
	for k, v in document.items():
		if isinstance(v, dict):
			yield from flat(v, at + k + ".")
		else:
			yield at + k, v


def last_differs(got, want, where):
	"""The last record of a bucket: what was asked for of it is the row's."""
	(a, *_), (b, *_) = (([h["_source"] for h in reply["hits"]["hits"]] or [None]) for reply in (got, want))
	if a is None or b is None:
		return [] if a is b else [f"{where}: last {a}, ledger {b}"]
	return [f"{where}: last {k} is {v}, ledger {b.get(k)}" for k, v in flat(a) if v != b.get(k)]


def differences(got, want, where="", skip=()):
	"""What differs between two replies, as lines: buckets by their keys; of buckets with equal rank at the end of a list any may be listed."""
	if isinstance(want, dict) and isinstance(want.get("buckets"), list):
		by = lambda reply: {str(b.get("key", b.get("from"))): b for b in reply["buckets"]}
		a, b = by(got), by(want)
		if len(a) != len(b):
			return [f"{where}: {len(a)} buckets, ledger {len(b)}"]
		out = []
		for k in sorted(b.keys() & a.keys()):
			out += differences(a[k], b[k], f"{where} {k}", skip)
		strange = sorted(a[k]["doc_count"] for k in a.keys() - b.keys()), sorted(b[k]["doc_count"] for k in b.keys() - a.keys())
		return out + ([f"{where}: keys {sorted(a.keys() - b.keys())[:3]}, ledger {sorted(b.keys() - a.keys())[:3]}"] if strange[0] != strange[1] else [])
	if isinstance(want, dict) and "hits" in want:
		return last_differs(got, want, where)
	if isinstance(want, dict):
		return [line for k in want if k not in ("key", "from", "to", "sum_other_doc_count", *skip) for line in differences(got.get(k), want[k], f"{where} {k}".strip(), skip)]
	if isinstance(want, (int, float)) and isinstance(got, (int, float)):
		return [] if abs(got - want) <= EPSILON * max(1, abs(want)) else [f"{where}: {got}, ledger {want}"]
	return [] if got == want or (not want and not got) else [f"{where}: {got}, ledger {want}"]
