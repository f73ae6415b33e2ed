# SPDX-License-Identifier: Apache-2.0
"""A scripted OpenSearch for the whole kill table: what setup, remove and `dictionaries apply` ask of one, with what it refuses.

It keeps templates, pipelines, data streams and documents; checks that what is referred to is there; and adds to index templates,
as servers do. It says nothing of search, ingest or time: that the real engine does as this one is for the spread of the table to show.
"""
import fnmatch
import json
import os
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lib"))
import scripted  # noqa: E402
from documents import Documents  # noqa: E402

LISTED = {"_component_template": "component_template", "_index_template": "index_template"}
LACKS = ("logsdb", "data_stream_options", '"lifecycle"', '"flattened"', "constant_keyword")
PROCESSORS = "append convert date date_index_name dissect fail foreach geoip gsub join json kv pipeline remove rename script set split".split()
ROOT = {"cluster_name": "scripted", "version": {"number": "3.8.0", "distribution": "opensearch"}}
RECORD, OTHER = "flow-installation", "logs-flowers-lab"


def no(status, kind, reason=""):
	return status, {"error": {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}]}, "status": status}


class Engine:
	def __init__(self):
		self.assets = {k: {} for k in (*LISTED, "pipeline")}
		self.streams = {}	# name -> {generation, meta, documents}
		self.documents, self.lock = Documents(RECORD, OTHER), threading.RLock()

	# ---- templates and pipelines
	def matching(self, kind, names):
		return sorted(n for n in self.assets[kind] if any(fnmatch.fnmatchcase(n, p) for p in (names or "*").split(",")))

	def asset(self, method, kind, name, sent):
		if method == "GET":
			found = self.matching(kind, name)
			if not found and name:
				return no(404, "resource_not_found_exception", f"{name} not found")
			bodies = {n: self.assets[kind][n] for n in found}
			what = LISTED.get(kind)
			return 200, {what + "s": [{"name": n, what: b} for n, b in bodies.items()]} if what else bodies
		if method == "DELETE":
			return self.delete_asset(kind, name)
		body = json.loads(sent)
		missing = [c for c in body.get("composed_of", []) if c not in self.assets["_component_template"]]
		if missing:
			return no(400, "invalid_index_template_exception", f"component templates {missing} do not exist")
		if kind == "_index_template":
			body["added_by_the_server"] = True
		self.assets[kind][name] = body
		return 200, {"acknowledged": True}

	def delete_asset(self, kind, name):
		if name not in self.assets[kind]:
			return no(404, "resource_not_found_exception", f"{name} not found")
		users = [n for n, t in self.assets["_index_template"].items() if name in t.get("composed_of", [])]
		if kind == "_component_template" and users:
			return no(400, "illegal_argument_exception", f"component templates [{name}] cannot be removed as they are still in use by {users}")
		of = [s for s in self.streams if self.template_of(s) == name]
		if kind == "_index_template" and of:
			return no(400, "illegal_argument_exception", f"index template [{name}] is in use by data streams {of}")
		del self.assets[kind][name]
		return 200, {"acknowledged": True}

	def template_of(self, index):
		fit = [(t.get("priority", 0), n) for n, t in self.assets["_index_template"].items() if "data_stream" in t
			and any(fnmatch.fnmatchcase(index, p) for p in t["index_patterns"])]
		return max(fit)[1] if fit else None

	def meta(self, template):
		"""The mark of the mapping that a new index gets."""
		parts = [self.assets["_component_template"][c] for c in self.assets["_index_template"][template].get("composed_of", [])]
		meta = {}
		for body in (*parts, self.assets["_index_template"][template]):
			meta.update(body.get("template", {}).get("mappings", {}).get("_meta", {}))
		return meta

	# ---- data streams
	def told(self, name):
		s = self.streams[name]
		return {"name": name, "indices": [{"index_name": f".ds-{name}-{i:06}"} for i in range(1, s["generation"] + 1)],
			**({"lifecycle": s["lifecycle"]} if s.get("lifecycle") else {})}

	def lifecycle(self, template):
		"""What a stream takes from its template when it is made."""
		parts = (self.assets["_component_template"][c] for c in self.assets["_index_template"][template].get("composed_of", []))
		return next((l for l in (p.get("template", {}).get("lifecycle") for p in parts) if l), None)

	def own_lifecycle(self, name, sent):
		self.streams[name]["lifecycle"] = json.loads(sent)
		return 200, {"acknowledged": True}

	def stream(self, method, names):
		found = [n for n in sorted(self.streams) if any(fnmatch.fnmatchcase(n, p) for p in (names or "*").split(","))]
		if method == "PUT":
			template = self.template_of(names)
			if names in self.streams or not template:
				return no(400, "resource_already_exists_exception" if template else "illegal_argument_exception", names)
			self.streams[names] = {"generation": 1, "meta": self.meta(template), "documents": {}, "lifecycle": self.lifecycle(template)}
			return 200, {"acknowledged": True}
		if not found and names and "*" not in names:
			return no(404, "index_not_found_exception", names)
		if method == "DELETE":
			for n in found:
				del self.streams[n]
		return 200, {"data_streams": [self.told(n) for n in found], "acknowledged": True} if method == "GET" else {"acknowledged": True}

	def on_index(self, method, names, rest, sent, lenient):
		"""Requests below the name of an index or data stream."""
		found = [n for n in (*self.streams, *self.documents.kept) if any(fnmatch.fnmatchcase(n, p) for p in names.split(","))]
		what = rest.split("/")[0]
		if what == "_mapping":
			s = self.streams.get(names[len(".ds-"):-len("-000001")])
			return (200, {names: {"mappings": {"_meta": s["meta"]}}}) if s else no(404, "index_not_found_exception", names)
		if not found and "*" not in names and not lenient:
			return no(404, "index_not_found_exception", names)
		if what == "_search":
			hits = [{"_id": i, "_source": d} for n in found for i, d in (self.streams[n]["documents"] if n in self.streams
				else self.documents.sources(n)).items()]
			return 200, {"hits": {"total": {"value": len(hits)}, "hits": hits}, "aggregations": {"newest": {"value": 1.7e12 if hits else None}}}
		if what == "_rollover":
			self.streams[names].update(generation=self.streams[names]["generation"] + 1, meta=self.meta(self.template_of(names)))
		elif what == "_create":
			self.streams[names]["documents"][rest.split("/")[1]] = json.loads(sent)
		elif what != "_refresh":
			return no(400, "illegal_argument_exception", f"no handler for {method} {names}/{rest}")
		return 200, {"acknowledged": True}

	def simulate(self, path, sent):
		name = path.rsplit("/", 1)[1]
		if path.startswith("/_ingest/pipeline/_simulate"):
			return no(400, "parse_exception") if b"_meta" in sent else (200, {"docs": []})
		if name == "_simulate":
			return no(400, "parse_exception") if any(l.encode() in sent for l in LACKS) else (200, {"template": {}})
		template = self.template_of(name)
		if not template:
			return 200, {"template": {}}
		settings = self.assets["_index_template"][template].get("template", {}).get("settings", {})
		return 200, {"template": {"mappings": {"_meta": self.meta(template)}, "settings": settings}}

	def cat(self, names):
		n = sum(len(self.streams[s]["documents"]) for s in self.streams if fnmatch.fnmatchcase(s, names))
		return 200, [{"health": "green", "docs.count": str(n), "store.size": str(1000 * n)}]

	def answer(self, method, path, sent):
		url = urllib.parse.urlsplit(path)
		parts = [urllib.parse.unquote(p) for p in url.path[1:].split("/")]
		with self.lock:
			if "_simulate" in url.path:
				return self.simulate(url.path, sent)
			if url.path == "/":
				return 200, ROOT
			if url.path == "/*":
				return 200, {n: {} for n in self.documents.kept}
			if parts[0] in LISTED:
				return self.asset(method, parts[0], parts[1] if len(parts) > 1 else "", sent)
			if parts[:2] == ["_ingest", "pipeline"]:
				return self.asset(method, "pipeline", parts[2] if len(parts) > 2 else "", sent)
			if parts[0] == "_data_stream" and parts[-1] == "_lifecycle":
				return self.own_lifecycle(parts[1], sent)
			if parts[0] == "_data_stream":
				return self.stream(method, parts[1] if len(parts) > 1 else "")
			if parts[:2] == ["_cat", "indices"]:
				return self.cat(parts[2])
			if parts[0] == "_nodes":
				return 200, {"nodes": {"a": {"roles": ["data", "ingest"], "ingest": {"processors": [{"type": t} for t in PROCESSORS]}}}}
			if len(parts) > 1 and parts[1] == "_stats":
				return 200, {"_all": {"total": {"store": {"size_in_bytes": 0}}}}
			if parts[0].startswith("_"):
				return no(400, "illegal_argument_exception", f"no handler for {method} {path}")
			kept = self.documents.answer(method, path, sent)
			return kept if kept is not None else self.on_index(method, parts[0], "/".join(parts[1:]), sent, "ignore_unavailable" in url.query)


class Handler(scripted.Handler):
	def any_method(self):
		status, body = self.server.scripted.answer(self.command, self.path, self.sent())
		self.reply(status, body, [("Content-Type", "application/json")])


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Engine()
		super().__init__(Handler)
