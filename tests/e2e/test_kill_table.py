#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that changes an installation, killed or cut off at each of its requests: run again, it comes to the same end.

Rows are commands and what happens to them (proxy.py), columns the requests. A spread of them is tried; KILL_TABLE=all tries each one
(KILL_TABLE=NAME,…: of these commands) with all that can happen; on a real engine those that only look have one of it each.
KILL_TABLE_ON=standin takes a scripted engine (standin.py), which is several times as fast. The end is compared by names and bodies of all
assets, the record, and the mark and documents of each data stream; a foreign template, pipeline and index have to be what they were. Where
a command was run again from a state already, and came to the end, it is not run from the same state once more: most requests only look, and
leave what was there. A slow engine is asked more often: the lease is renewed with time.
"""
import json
import os
import subprocess
import sys
import tempfile

import harness
import cluster
import proxy
import standin
from tap import done, note, ok, same

WANTED = os.environ.get("KILL_TABLE", "")
SCRIPTED = os.environ.get("KILL_TABLE_ON") == "standin"
EACH = 1	# requests of each command that each thing happens at, where not all are tried
RECORD = "/flow-installation"
LISTS = {"component_template": "component_templates", "index_template": "index_templates"}
OWN = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")	# what the engine dates
QUIET = ("--no-key", "--no-connection", "--no-kibana")
DOC = {"@timestamp": "2026-01-01T00:00:00Z", "event": {"id": "1"}}


class State:
	"""What is in a cluster, read so that it can be compared and put back."""

	def __init__(self, es):
		self.es = es
		self.assets = {f"/_ingest/pipeline/{n}": b for n, b in self.found("/_ingest/pipeline").items()}
		for kind, items in LISTS.items():
			for e in self.found(f"/_{kind}").get(items, []):
				self.assets[f"/_{kind}/{e['name']}"] = {k: v for k, v in e[kind].items() if k not in OWN}
		self.streams = {s["name"]: self.stream(s) for s in self.found("/_data_stream").get("data_streams", [])}
		self.plain = {n: self.documents(n) for n in self.found("/*?expand_wildcards=open,hidden") if not n.startswith(".")}
		self.record = self.plain.pop(RECORD[1:], None)

	def found(self, path):
		status, reply = self.es.get(path)
		return reply if status == 200 else {}

	def documents(self, index):
		self.es.post(f"/{index}/_refresh")
		hits = self.es.must("POST", f"/{index}/_search", {"size": 100})["hits"]["hits"]
		return {h["_id"]: h["_source"] for h in hits}

	def stream(self, s):
		"""With the mark of the mapping that it is written with: a rollover that never came shows in it."""
		index = s["indices"][-1]["index_name"]
		mapping = self.es.must("GET", f"/{index}/_mapping")[index]["mappings"]
		return {"mark": mapping.get("_meta"), "documents": self.documents(s["name"])}

	def told(self):
		"""To be compared: without who did it when, and without the lease, which may be held by somebody who is dead."""
		record = {n: {k: v for k, v in d.items() if k not in ("by", "at", "version", "write")} for n, d in (self.record or {}).items() if "lease" not in n}
		return {"assets": self.assets, "streams": self.streams, "plain": self.plain, "record": record if self.record is not None else None}

	def left(self):
		"""All that a command can find here, but for times and random names."""
		return json.dumps([self.told(), sorted(self.record or {})], sort_keys=True)

	def put(self, path, body):
		self.es.must("PUT", path, body)

	def bring_back(self):
		"""Makes the cluster what it was; returns whether anything had to be done."""
		now, es = State(self.es), self.es
		if now.told() == self.told() and now.record == self.record:
			return
		stale = {n for n, s in now.streams.items() if s["mark"] != self.streams.get(n, s)["mark"]}	# rolled over
		for name in stale | set(now.streams) - set(self.streams):
			es.must("DELETE", f"/_data_stream/{name}")
		for prefix in "/_component", "/_ingest", "/_index":	# what is referred to before what refers
			for path, body in self.assets.items():
				if path.startswith(prefix) and now.assets.get(path) != body:
					self.put(path, body)
		for prefix in "/_index", "/_ingest", "/_component":
			for path in set(now.assets) - set(self.assets):
				if path.startswith(prefix):
					es.must("DELETE", path)
		for name, s in self.streams.items():
			there = name in now.streams and name not in stale
			if not there:
				self.put(f"/_data_stream/{name}", None)
			for n, d in s["documents"].items():
				if not there or n not in now.streams[name]["documents"]:
					es.must("PUT", f"/{name}/_create/{n}?pipeline=_none", d)
		self.bring_record_back(now.record)

	def bring_record_back(self, now):
		if self.record is None and now is not None:
			self.es.must("DELETE", RECORD)
		if self.record is not None and now is None:
			self.put(RECORD, {"settings": {"index": {"hidden": True, "number_of_shards": 1, "auto_expand_replicas": "0-1"}},
				"mappings": {"dynamic": False, "_meta": {"managed_by": "efctl"}}})
		for n, d in (self.record or {}).items():
			if d != (now or {}).get(n):
				self.put(f"{RECORD}/_doc/{n}", d)
		for n in set(now or {}) - set(self.record or {}) if self.record is not None else ():
			self.es.must("DELETE", f"{RECORD}/_doc/{n}")


def difference(got, want):
	"""The first few things that are not the same."""
	out = []
	for part in want:
		g, w = got[part] or {}, want[part] or {}
		out += [f"{part} {n}: {'missing' if n not in g else 'not wanted' if n not in w else 'another'} {json.dumps(g.get(n))[:300]}"
			for n in sorted(set(g) | set(w)) if g.get(n) != w.get(n)]
		if (got[part] is None) != (want[part] is None):
			out.append(f"{part}: {'none' if got[part] is None else 'there'}")
	return out[:6]


class Command:
	def __init__(self, name, prepare, *args):
		self.name, self.prepare, self.args = name, prepare, args


class Table:
	def __init__(self, es):
		self.es, self.proxy = es, proxy.Proxy(es.url)
		self.cells = 0

	def run(self, args, url=None):
		p = subprocess.Popen([harness.EFCTL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
			env=dict(os.environ, **cluster.Cluster(url or self.es.url).env()))
		self.proxy.pid = p.pid
		out, err = p.communicate(timeout=120)
		return p.returncode, out[-1500:] + err[-1500:]

	def cell(self, c, kind, n):
		"""What is wrong after something happened at request N; None: nothing. `wanted` and `before` are of the command."""
		self.cells += 1
		self.before.bring_back()
		self.proxy.reset(n, kind)
		code, text = self.run(c.args, self.proxy.url)
		if code not in (0, 1, 2, 3, 4, -2, -9):
			return f"exit code {code}\n{text}"
		self.reached = n <= len(self.proxy.requests)
		what = " ".join(self.proxy.requests[n - 1]) if self.reached else "not reached"
		left = State(self.es).left()
		if left in self.left:	# run again from here before
			return None
		code, again = self.run(c.args)
		wrong = difference(State(self.es).told(), self.wanted)
		if code != self.code or wrong:
			return f"{kind} at {n} ({what}): {text}\nand again: exit code {code}, {'; '.join(wrong) or again}"
		self.left.add(left)
		return None

	def columns(self, requests, row):
		"""The requests that are tried: all (on a real engine each row has its share of those that only look), or a few that change
		something, others in each row."""
		rows = len(proxy.KINDS)
		writes = [i for i, (method, path) in enumerate(requests, 1) if method != "GET" and "_simulate" not in path and "_search" not in path]
		if WANTED:
			return [n for n in range(1, len(requests) + 1) if SCRIPTED or n in writes or n % rows == row % rows]
		step = len(writes) / EACH
		return sorted({writes[int(step * (k + (row % rows + 0.5) / rows))] for k in range(EACH)})

	def command(self, c, number):
		c.prepare(self)
		self.before, self.left = State(self.es), set()	# what was left when something happened, and led to the end
		self.proxy.reset()
		self.code, text = self.run(c.args, self.proxy.url)
		requests = list(self.proxy.requests)
		self.wanted = State(self.es).told()
		ok(self.code == 0 and self.wanted != self.before.told(), f"{c.name}: {len(requests)} requests", text)
		lines = [f"{c.name}, {len(requests)} requests ('.' came to the same end, 'X' did not, '-' made no such request)"]
		for row, kind in enumerate(proxy.KINDS):
			line, bad = [" "] * len(requests), []
			for n in self.columns(requests, row + number):
				found = self.cell(c, kind, n)
				line[n - 1] = "X" if found else "." if self.reached else "-"
				bad += [found] if found else []
			ok(not bad, f"{c.name}: {kind}", "\n".join(bad[:10]))
			lines.append(f"{kind:>11} {''.join(line)}")
		note("\n".join(lines) + f"\n{len(self.left)} states were left")


def nothing(t):
	t.empty.bring_back()


def installed(*args, more=()):
	"""An installation with options ARGS, namespaces `default` and MORE, and a document in each stream of flows."""
	def prepare(t):
		t.empty.bring_back()
		for ns in ("default", *more):
			code, text = t.run(["setup", *QUIET, "--yes", "--namespace", ns, *args])
			if code:
				raise RuntimeError(text)
			t.es.must("PUT", f"/logs-flow-{ns}/_create/1?pipeline=_none&refresh=true", DOC)
	return prepare


def folders(top):
	"""Tables of the user's: some, and others; assets of a later version: one changed, one more."""
	for name, text in (("some", "address,name\n192.0.2.7,seven\n"), ("others", "address,name\n192.0.2.7,se7en\n192.0.2.8,eight\n")):
		os.mkdir(os.path.join(top, name))
		with open(os.path.join(top, name, "hosts.csv"), "w", encoding="utf-8") as f:
			f.write(text)
	later = os.path.join(top, "later")
	harness.efctl("assets", "--write", later, "es-templates/component-templates/flow@mappings.json", "ingest-pipelines/threats.yml")
	for path, old, new in (("es-templates/component-templates/flow@mappings.json", '"properties": {', '"properties": {"later": {"type": "keyword"},'),
			("ingest-pipelines/threats.yml", "Flow stage", "Later stage")):
		with open(os.path.join(later, path), encoding="utf-8") as f:
			text = f.read()
		with open(os.path.join(later, path), "w", encoding="utf-8") as f:
			f.write(text.replace(old, new, 1))
	with open(os.path.join(later, "ingest-pipelines", "extra.yml"), "w", encoding="utf-8") as f:
		f.write("description: of a later version\nprocessors: [{set: {field: a, value: b}}]\n")
	return [os.path.join(top, f) for f in ("some", "others", "later")]


def foreign(es):
	"""Somebody else's things."""
	es.must("PUT", "/_index_template/flowers", {"index_patterns": ["logs-flowers-*"], "priority": 900})
	es.must("PUT", "/_ingest/pipeline/flow-other", {"description": "somebody else's", "processors": []})
	es.must("PUT", "/logs-flowers-lab/_create/1?refresh=true", DOC)


def main():
	with tempfile.TemporaryDirectory() as top:
		some, others, later = folders(top)
		t = Table(cluster.Cluster(standin.Server().url) if SCRIPTED else cluster.embedded("opensearch"))
		foreign(t.es)
		t.empty = State(t.es)
		commands = (
			Command("first installation", nothing, "setup", *QUIET),
			Command("upgrade with an option", installed(), "setup", *QUIET, "--yes", "--refresh", "7s", "--assets", later, "--rollover"),
			Command("downgrade", installed("--assets", later), "setup", *QUIET, "--yes", "--assets", ""),
			Command("setup with tables", installed(), "setup", *QUIET, "--dictionaries-dir", some),
			Command("second namespace", installed(), "setup", *QUIET, "--namespace", "lab"),
			Command("dictionaries apply", installed("--dictionaries-dir", some), "dictionaries", "apply", "--dictionaries-dir", others),
			Command("remove one of two", installed(more=("lab",)), "remove", "--no-kibana", "--yes", "--data", "--namespace", "lab"),
			Command("remove the last", installed(), "remove", "--no-kibana", "--yes", "--data"))
		for number, c in enumerate(commands):
			if WANTED in ("", "all") or c.name in WANTED.split(","):
				t.command(c, number)
		t.empty.bring_back()
		same(State(t.es).told(), t.empty.told(), f"{t.cells} cells, and nothing of anybody else's was touched")
	done()


if WANTED:
	sys.stdout.reconfigure(line_buffering=True)
main()
