#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What data streams that are there keep of their own: lifecycle and failure store of Elasticsearch, scripted after its API: the bare nodes lack the calls."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "e2e")]
import harness  # noqa: E402
import cluster  # noqa: E402
import standin  # noqa: E402
from tap import done, ok, same  # noqa: E402

def server(engine):
	s = standin.Server()
	s.scripted = engine
	return cluster.Cluster(s.url)


def efctl(es, command, *args):
	r = harness.efctl(command, *(["--no-kibana"] if command in ("setup", "remove") else []), *(["--yes", "--no-key", "--no-connection"] if command == "setup" else []), *args, es=es)
	r.all = r.stdout + r.stderr
	return r


def lifecycle():
	lacks = standin.LACKS
	standin.LACKS = tuple(l for l in lacks if "lifecycle" not in l)
	engine = standin.Engine()
	es = server(engine)
	efctl(es, "setup", "--retention", "9d")
	r = efctl(es, "setup", "--dry-run")
	same(r.returncode, 0, "the streams have it from the template") or print("# " + r.all.replace("\n", "\n# "))
	r = efctl(es, "setup", "--retention", "7d")
	ok(r.returncode == 0 and "retention 9d -> 7d" in r.stdout, "a new retention is said for the streams that are there", r.all)
	same({s["lifecycle"]["data_retention"] for s in engine.streams.values()}, {"7d"}, "and brought to them")
	efctl(es, "remove", "--yes", "--data")
	standin.LACKS = lacks


class Stores(standin.Engine):
	"""The failure stores of Elasticsearch 8.19: an option of each stream, taken from its template, and how many documents each holds."""

	def __init__(self):
		super().__init__()
		self.options, self.failures = {}, 0

	def composed(self, template):
		options = {}
		for c in self.assets["_index_template"][template].get("composed_of", []):
			options.update(self.assets["_component_template"][c].get("template", {}).get("data_stream_options", {}))
		return options

	def told(self, name):
		return {**super().told(name), "failure_store": {"enabled": self.options.get(name, {}).get("failure_store", {}).get("enabled", True)}}	# on for logs-*

	def stream(self, method, names):
		answer = super().stream(method, names)
		if method == "PUT" and answer[0] == 200:
			self.options[names] = self.composed(self.template_of(names))
		return answer

	def simulate(self, path, sent):
		status, body = super().simulate(path, sent)
		template = self.template_of(path.rsplit("/", 1)[1])
		if template and "_simulate_index" in path:
			body["template"]["data_stream_options"] = self.composed(template)
		return status, body

	def answer(self, method, path, sent):
		if path.endswith("/_options") and method == "PUT":
			self.options[path.split("/")[2]] = json.loads(sent)
			return 200, {"acknowledged": True}
		if path.endswith("/_options"):
			return 200, {"data_streams": [{"name": n, **({"options": self.options[n]} if self.options.get(n) else {})} for n in self.streams]}
		if "::failures" in path:
			hits = [{"_index": ".fs-logs-flow-default-2026.01.01-000001", "_source": {"error": {"message": "failed to parse field"}}}] if self.failures else []
			return 200, {"hits": {"total": {"value": self.failures}, "hits": hits}}
		return super().answer(method, path, sent)


def failure_stores():
	lacks = standin.LACKS
	standin.LACKS = tuple(l for l in lacks if l not in ("data_stream_options", '"lifecycle"'))
	engine, name = Stores(), "logs-flow-default"
	es = server(engine)

	def is_on():
		return engine.options[name]["failure_store"]["enabled"]
	r = efctl(es, "setup")
	ok(r.returncode == 0 and is_on() is False, "new streams have it off from their template", r.all)
	for how, options in (("by the cluster's word for logs-*", {}), ("by somebody's hand", {"failure_store": {"enabled": True}})):
		engine.options[name] = options
		for command, args in (("status", []), ("doctor", []), ("replay", [os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap")])):
			r = efctl(es, command, *args)
			ok(r.returncode == 3 and f"the failure store of {name} is on" in r.all, f"on {how}: {command} says so", r.all[-1200:])
		r = efctl(es, "setup", "--dry-run")
		ok(r.returncode == 3 and f"{name}: failure store " in r.stdout and "-> off" in r.stdout, f"on {how}: a dry run says that setup would switch it off", r.all)
		r = efctl(es, "setup")
		ok(r.returncode == 0 and is_on() is False, f"on {how}: setup switches it off", r.all)
	engine.failures = 7
	for command in ("status", "doctor"):
		r = efctl(es, command)
		ok(r.returncode == 3 and "7 documents were refused" in r.stdout and "failed to parse field" in r.stdout, f"{command} says what is in it", r.all[-1200:])
	engine.failures = 0
	r = efctl(es, "setup", "--failure-store", "on", "--failure-retention", "5d")
	same(engine.options[name], {"failure_store": {"enabled": True, "lifecycle": {"data_retention": "5d"}}}, "--failure-store on, with its retention") or print("# " + r.all)
	r = efctl(es, "setup", "--dry-run")
	same(r.returncode, 0, "is remembered") or print("# " + r.all.replace("\n", "\n# "))
	r = efctl(es, "status")
	ok(r.returncode == 0 and "the failure store of" not in r.stdout, "and no problem then", r.all)
	r = efctl(es, "setup", "--reset", "failure-store")
	ok(is_on() is False, "--reset switches it off again", r.all)
	efctl(es, "remove", "--yes", "--data")
	standin.LACKS = lacks


lifecycle()
failure_stores()
done()
