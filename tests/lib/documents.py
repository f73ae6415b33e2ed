# SPDX-License-Identifier: Apache-2.0
"""Documents as a scripted server keeps them: index, _doc, _create, if_seq_no, as Elasticsearch answers to them."""
import json
import threading
from urllib.parse import parse_qs, urlsplit


class Documents:
	"""`answer` returns (status, object), or None for a request that is no matter of documents in an index of `names`."""

	def __init__(self, *names):
		self.names, self.kept, self.seq_no, self.lock = names, {}, 0, threading.Lock()

	def copy(self):
		other = Documents(*self.names)
		other.kept, other.seq_no = {name: dict(docs) for name, docs in self.kept.items()}, self.seq_no
		return other

	def sources(self, name):
		"""id -> document."""
		return {id_: source for id_, (_, source) in self.kept.get(name, {}).items()}

	def answer(self, method, path, sent):
		url = urlsplit(path)
		name, _, rest = url.path[1:].partition("/")
		what, _, id_ = rest.partition("/")
		if name not in self.names or what not in ("", "_doc", "_create", "_refresh", "_search"):
			return None
		with self.lock:
			if not what:
				return self.index(method, name)
			if what.startswith(("_refresh", "_search")):
				hits = [{"_index": name, "_id": id_, "_source": source} for id_, (_, source) in self.kept.get(name, {}).items()]
				return (200, {"hits": {"total": {"value": len(hits)}, "hits": hits}}) if name in self.kept else (404, {})
			return self.document(method, name, what, id_, {k: int(v[0]) for k, v in parse_qs(url.query).items() if k.startswith("if_")}, sent)

	def index(self, method, name):
		there = name in self.kept
		if method == "DELETE":
			self.kept.pop(name, None)
			return (200, {"acknowledged": True}) if there else (404, {"error": {"type": "index_not_found_exception"}, "status": 404})
		if method == "PUT" and there:
			return 400, {"error": {"type": "resource_already_exists_exception", "reason": f"index [{name}] already exists"}, "status": 400}
		if method == "PUT":
			self.kept[name] = {}
		return (200, {"acknowledged": True}) if there or method == "PUT" else (404, {})

	def document(self, method, name, what, id_, wanted, sent):
		docs = self.kept.get(name, {})
		seq_no, source = docs.get(id_, (None, None))
		place = {"_index": name, "_id": id_, "_primary_term": 1}
		if method in ("GET", "HEAD"):
			return (404, {**place, "found": False}) if seq_no is None else (200, {**place, "_seq_no": seq_no, "found": True, "_source": source})
		if what == "_create" and seq_no is not None or "if_seq_no" in wanted and wanted["if_seq_no"] != seq_no:
			return 409, {"error": {"type": "version_conflict_engine_exception", "reason": "version conflict"}, "status": 409}
		if method == "DELETE" and seq_no is None:
			return 404, {**place, "result": "not_found"}
		self.seq_no += 1
		if method == "DELETE":
			del docs[id_]
			return 200, {**place, "_seq_no": self.seq_no, "result": "deleted"}
		self.kept.setdefault(name, docs)[id_] = (self.seq_no, json.loads(sent))
		return 201 if seq_no is None else 200, {**place, "_seq_no": self.seq_no, "result": "created" if seq_no is None else "updated"}
