# SPDX-License-Identifier: Apache-2.0
"""Asks the engine and the ledger what a panel asks, and judges what it shows."""
import collections
import itertools
import json

import ledger
import saved
import tap
import vega
from course import TIMEOUT_MS, Course
from lens import MISSING, OTHER, Lens, step_ms

# Fields that only the pipelines know: their values are not asked for, but that each record has one.
PIPELINES_OWN = {"flow.role.reason"}
HEALTH = {"exporter.datagrams", "exporter.records", "exporter.lost", "exporter.restarts"}

Row = collections.namedtuple("Row", "panel range question truth shown wrong")


# What nobody knows before: when datagrams are taken in and documents made.
UNTOLD = {"event.created", "event.ingested"}
# Panels whose titles name a part: what is left out of them is not what they are about.
PART = {"flow-as p02": "of AS: what has none is in the tables", "flow-as p03": "the same", "flow-as p04": "the same", "flow-as p05": "the same",
	"flow-overview p11": "threats", "flow-overview p12": "of the top clients", "flow-ingest p05": "of records that were sampled", "flow-ingest p06": "the same"}


def walked(aggs):
	for name, a in aggs.items():
		yield name, a
		yield from walked(a.get("aggs", {}))


def series(row, field, listed):
	"""Which lines of a chart a record is in."""
	if field is None or field["operationType"] != "terms":
		return [None]
	fields = [field["sourceField"]] + field["params"].get("secondaryFields", [])
	keys = [" › ".join(map(str, k)) if len(fields) > 1 else k[0] for k in itertools.product(*(ledger.values(row, f) for f in fields))]
	return [MISSING] if not keys else [k if k in listed else OTHER for k in keys]


def number(x):
	return "–" if x is None else f"{x:,.0f}" if abs(x) >= 100 or x == int(x) else f"{x:.3g}"


class Judge:
	def __init__(self, es, installation, month):
		self.es, self.installation, self.month = es, installation, month
		self.ledgers = {"logs-flow-*": ledger.Ledger(month.rows), "metrics-flow.counters-*": ledger.Ledger(month.counters),
			"metrics-flow.exporters-*": ledger.Ledger(month.health), "logs-flow.failed-*": ledger.Ledger([]), "logs-ti_flow-*": ledger.Ledger([])}
		self.told = {f for r in month.rows for f in r} | {f for r in month.counters for f in r}
		self.table, self.specs, self.pictures, self.wanted = [], {}, {}, {}	# wanted: which interface a panel has to be about

	# ---- record by record

	def records(self, limit=10):
		"""Lines about documents that differ from their row of the ledger, in the fields that it knows."""
		key = lambda d: tuple(str(d.get(f, "")).strip("[']") for f in ("observer.name", "@timestamp", "source.ip", "destination.ip", "server.port", "flow.firewall.event",
			"flow.duplicate.reason", "client.nat.port", "flow.ingress.interface"))
		have, out = collections.defaultdict(list), []
		for d in self.documents():
			have[key(d)].append(d)
		plain = lambda v: sorted(v) if isinstance(v, list) and len(v) > 1 else v[0] if isinstance(v, list) else v
		for row in self.month.rows:
			if row["@timestamp"] < self.month.begin_ms:	# who meters where is not known yet
				continue
			found = have.get(key(row))
			d = found.pop() if found else None
			wrong = ["no document"] if d is None else [f"{f}: {d.get(f)}, ledger {row.get(f)}" for f in self.told - {"start"} if plain(d.get(f)) != plain(row.get(f))]
			out += [f"{key(row)}: {w}" for w in wrong]
		return out[:limit]

	def documents(self):
		at = self.installation.index("logs-flow-*")
		reply = self.es.must("POST", f"/{at}/_search?scroll=2m", {"size": 5000, "sort": ["_doc"]})
		while reply["hits"]["hits"]:
			for h in reply["hits"]["hits"]:
				yield dict(ledger.flat(h["_source"]))
			reply = self.es.must("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": reply["_scroll_id"]})

	# ---- panel by panel

	def engine(self, pattern, body, from_ms, to_ms):
		query = {"bool": {"filter": [body.get("query", {"match_all": {}}), {"range": {"@timestamp": {"gte": from_ms, "lte": to_ms}}}]}}
		return self.es.must("POST", f"/{self.installation.index(pattern)}/_search?ignore_unavailable=true", {**body, "size": 0, "query": query})["aggregations"]

	def panel(self, dashboard, panel, views, label, from_ms, to_ms):
		"""The rows of the table for one range; none where there is nothing to be asked."""
		name = saved.where(dashboard, panel)
		context = json.loads(json.dumps(dashboard["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])).get("filter", [])
		filters = [f["query"] for f in context]
		spec = saved.vega_spec(panel)
		rows = self.lens(name, Lens(panel, filters), views, label, from_ms, to_ms) if panel["type"] == "lens" else self.vega(name, spec, filters, label, from_ms, to_ms) if spec else []
		self.table += rows
		return rows

	def lens(self, name, lens, views, label, from_ms, to_ms):
		pattern = views[lens.view]
		book = self.ledgers[pattern]
		shown = lens.ask(lambda body: self.engine(pattern, body, from_ms, to_ms), from_ms, to_ms)
		due = lens.ask(lambda body: book.search(body, from_ms, to_ms), from_ms, to_ms)
		fields = set(lens_fields(lens))
		first = lens.measures[0]
		if fields & PIPELINES_OWN or pattern == "metrics-flow.exporters-*":
			wrong, due = [], None
		else:
			wrong = ledger.differences(shown[0], due[0]) + ledger.differences(shown[1], due[1], "not listed")
		rows = lens.rows(shown, from_ms, to_ms)
		numbers = [v[first] for _, v in rows if v[first] is not None]
		timed = any(lens.columns[b]["operationType"] == "date_histogram" for b in lens.buckets)
		question = lens.label(first) + (", highest step" if timed else ", all rows" if lens.additive() else ", largest")
		merge = sum if lens.additive() and not timed else lambda n: max(n, default=0)
		if due is None:
			return [Row(name, label, question, "not told", number(merge(numbers)), self.shares(lens, rows))]
		truth = merge([v[first] for _, v in lens.rows(due, from_ms, to_ms) if v[first] is not None])
		wrong += self.shares(lens, rows) + ([] if name.startswith(tuple(PART)) else self.whole(lens, book, shown, from_ms, to_ms))
		if "as last reported" in name:
			wrong += self.last_reported(lens, book.between(from_ms, to_ms), rows)
		if timed and pattern == "logs-flow-*" and lens.rate():
			truth, more = self.course(lens, book, rows, from_ms, to_ms)
			wrong += more
		return [Row(name, label, question, number(truth), number(merge(numbers)), wrong)]

	def last_reported(self, lens, told, rows):
		"""Each figure of a row is the one in the last record of what the row is about."""
		by = {r.get(lens.columns[lens.buckets[0]]["sourceField"]): r for r in told}	# in order of time
		of = [(m, lens.columns[m]["sourceField"]) for m in lens.measures if lens.columns[m].get("sourceField") != "___records___"]
		return [f"{keys[0]}: {field} is {shown[m]}, last {by[keys[0]].get(field)}" for keys, shown in rows for m, field in of if shown[m] != by[keys[0]].get(field)]

	def whole(self, lens, book, replies, from_ms, to_ms):
		"""A table or a chart whose rows are parts of a whole has all of it, or says that it lists some."""
		base = lens.columns[lens.base(lens.measures[0])]
		terms = [lens.columns[b] for b in lens.buckets if lens.columns[b]["operationType"] == "terms"]
		if base["operationType"] not in ("sum", "count") or not terms or any(t["sourceField"] in vega.SEVERAL for t in terms):
			return []
		test = ledger.compiled({"bool": {"filter": [lens.whole(), ledger.kql(base.get("filter", {}).get("query", ""))]}})
		rows = [r for r in book.between(from_ms, to_ms) if test(r)]
		total = len(rows) if base["operationType"] == "count" else sum(r.get(base["sourceField"], 0) for r in rows)
		left, labels = total - lens.total(replies), [lens.label(m) for m in lens.measures]
		if left <= ledger.EPSILON * total:
			return []
		# A ranking, as bars or as a table, is of the largest; it claims no whole unless it shows shares of it.
		ranking = lens.type == "lnsDatatable" or lens.attributes["state"]["visualization"].get("preferredSeriesType", "").startswith("bar_horizontal")
		if ranking and "Share" not in labels:
			return []
		return [f"leaves out {number(left)} of {number(total)} without a word"]

	def shares(self, lens, rows):
		at = next((m for m in lens.measures if lens.label(m) in ("Share", "Share of rows")), None)
		sum_of = sum(v[at] or 0 for _, v in rows) if at and rows else 1
		return [] if abs(sum_of - 1) < 1e-6 or not sum_of else [f"shares add up to {sum_of:.1%}"]

	def course(self, lens, book, rows, from_ms, to_ms):
		"""(the true highest mean of a step, what is wrong): steps as long as flows may last, and no step has more than was sent in it and in the time before that a record
		may tell of, nor less than what ended in it for certain."""
		base = lens.columns[lens.base(lens.measures[0])]
		at = next(i for i, b in enumerate(lens.buckets) if lens.columns[b]["operationType"] == "date_histogram")
		step = step_ms(lens.columns[lens.buckets[at]]["params"]["interval"], to_ms - from_ms)
		wrong = [] if step >= TIMEOUT_MS else [f"steps of {step / 1000:.0f} s, flows last {TIMEOUT_MS / 1000:.0f} s"]
		test = ledger.compiled({"bool": {"filter": [lens.whole(), ledger.kql(base.get("filter", {}).get("query", ""))]}})
		sent = [r for r in book.between(from_ms - step, to_ms + TIMEOUT_MS) if test(r)]
		field = lens.columns[lens.buckets[0]] if at else None
		scale = next((c["params"]["tinymathAst"]["args"][1] for c in lens.columns.values() if c["operationType"] == "math"), 1)
		listed = {k[0] for k, _ in rows} - {OTHER, MISSING}
		courses, top = collections.defaultdict(lambda: Course(step)), 0
		for r in sent:
			for key in series(r, field, listed):
				courses[key].add(r["start"], r["@timestamp"], r.get(base.get("sourceField"), 0) if base["operationType"] == "sum" else 1)
		for keys, shown in rows:
			t, of = keys[at], courses[keys[0] if at else None]
			value = (shown[lens.measures[0]] or 0) / scale * step / 1000
			top = max(top, of.true[t] * scale / step * 1000)
			if not of.fits(t, value):
				wrong.append(f"{keys}: {number(value)} in a step in which {number(of.true[t])} were sent")
		return top, wrong

	# ---- Vega: asked now, drawn in one go at the end

	def vega(self, name, spec, filters, label, from_ms, to_ms):
		"""Remembers the replies for drawn(); the row says whether they are the ledger's."""
		spec, wrong, dues = json.loads(json.dumps(spec)), [], {}
		for data in spec["data"]:
			if "url" not in data:
				continue
			pattern, body = data["url"]["index"], saved.vega_search(data["url"], to_ms, to_ms - from_ms)
			of_context = saved.renamed(filters if data["url"].get("%context%") else [], saved.stands_for(data["url"]["body"]))
			body["query"] = {"bool": {"filter": [body.get("query", {"match_all": {}}), *of_context]}}
			if "aggs" not in body:	# the newest document about feeds: there is none
				data["values"] = {"hits": {"hits": []}}
				continue
			shown = self.es.must("POST", f"/{self.installation.index(pattern)}/_search?ignore_unavailable=true", body)["aggregations"]
			due = dues[data["name"]] = self.ledgers[pattern].search(body, from_ms, to_ms)
			if pattern != "metrics-flow.exporters-*":
				untold = {n for n, a in walked(body["aggs"]) if set(saved.query_fields(a)) & UNTOLD}
				wrong += ledger.differences(shown, due, skip=untold)
			data["values"] = {"aggregations": shown}
		asked = json.loads(json.dumps(spec))
		for data in asked["data"]:
			if "values" in data:
				data.pop("url", None)
		self.specs[name, label] = asked, spec, dues.get("reply"), filters, from_ms, to_ms
		return [Row(name, label, "all numbers of the replies", "the same", "differ" if wrong else "the same", wrong)]

	def drawn(self):
		"""Judges what Vega made of the replies: {panel: what is wrong}."""
		self.pictures = pictures = vega.draw({k: v[0] for k, v in self.specs.items()})
		if pictures is None:
			return None
		out = {}
		for (name, label), (_, spec, due, filters, from_ms, to_ms) in self.specs.items():
			pattern = next((d["url"]["index"] for d in spec["data"] if "url" in d), "logs-flow-*")
			test = ledger.compiled({"bool": {"filter": filters}})
			rows = [r for r in self.ledgers[pattern].between(from_ms, to_ms) if test(r)]
			of = vega.judge_of(spec)(drawn=pictures[name, label], due=due, rows=rows, spec=spec, from_ms=from_ms, to_ms=to_ms, seconds=(to_ms - from_ms) / 1000, wanted=self.wanted.get(name))
			told = pattern != "metrics-flow.exporters-*"
			self.table += [Row(name, label, q, number(t) if told else "not told", number(s), w if told else []) for q, t, s, w in of]
			out.setdefault(name, []).extend(f"{label}: {x}" for _, _, _, w in of if told for x in w)
		return out

	def shown(self, panel, label, question):
		"""What is shown of a question, as the table has it."""
		return next((r.shown for r in self.table if r.panel.startswith(panel) and r.range == label and r.question.startswith(question)), None)

	def write(self, path):
		with open(path, "w") as f:
			f.write("| panel | range | question | ledger | shown |\n|---|---|---|---|---|\n")
			f.writelines(f"| {r.panel} | {r.range} | {r.question} | {r.truth} | {r.shown} |\n" for r in self.table)
		tap.note(f"{len(self.table)} rows: {path}")


def lens_fields(lens):
	for c in lens.columns.values():
		if "sourceField" in c:
			yield c["sourceField"]
		yield from c.get("params", {}).get("secondaryFields", [])
