# SPDX-License-Identifier: Apache-2.0
"""A server that keeps what setup gives it and hands it out again, and otherwise says what a small OpenSearch would."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lib"))
import scripted  # noqa: E402
from documents import Documents  # noqa: E402

ROOT = {"cluster_name": "small", "version": {"number": "3.0.0", "distribution": "opensearch"}}
SAYS = (("/_nodes", {"nodes": {"a": {"roles": ["data", "ingest"]}}}), ("/_security/_authenticate", {}))
KEPT = {"/_component_template/": "component_template", "/_index_template/": "index_template", "/_ingest/pipeline/": None}


class Handler(scripted.Handler):
	def found(self, path):
		for start, what in KEPT.items():
			name = path[len(start):]
			if path.startswith(start) and path in self.server.kept:
				stored = self.server.kept[path]
				return {f"{what}s": [{"name": name, what: stored}]} if what else {name: stored}
		return None

	def any_method(self):
		sent, path = self.sent(), self.path.split("?")[0]
		of_document = self.server.documents.answer(self.command, self.path, sent)
		if of_document:
			return self.reply(*of_document)
		if self.command == "PUT":
			self.server.kept[path] = json.loads(sent)
			return self.reply(200, {"acknowledged": True})
		if path.endswith("/_search"):
			return self.reply(200, {"hits": {"hits": []}})
		if self.command == "POST":
			return self.reply(400, {})
		said = ROOT if path == "/" else next((body for start, body in SAYS if path.startswith(start)), None)
		body = said if said is not None else self.found(path)
		return self.reply(404, {}) if body is None else self.reply(200, body)


class Server(scripted.Server):
	def state(self):
		"""What setup made of it, without who did it when."""
		documents = self.documents.sources("flow-installation")
		return self.kept, {id_: {k: v for k, v in d.items() if k not in ("at", "write")} for id_, d in documents.items()}

	def __init__(self):
		self.kept, self.documents = {}, Documents("flow-installation")
		super().__init__(Handler)
