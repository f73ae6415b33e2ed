#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What data streams that are there keep of their own: OpenSearch's index state management, scripted after its published API (docs.opensearch.org,
"ISM API": no engine with the plugin was at hand); lifecycle and failure store of Elasticsearch, scripted after its API: the bare nodes lack the calls."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "e2e")]
import harness  # noqa: E402
import cluster  # noqa: E402
import standin  # noqa: E402
from tap import done, ok, same  # noqa: E402

POLICY = "/_plugins/_ism/policies/flow"


class Ism:
	"""The plugin's part of an engine: one policy with a sequence number, and which index has which."""

	def __init__(self, engine):
		self.engine, self.policy, self.seq, self.managed, self.asked = engine, None, 0, {}, []

	def indices(self, pattern):
		names = [i["index_name"] for n in self.engine.streams for i in self.engine.told(n)["indices"]]
		return [n for n in names if re.fullmatch(pattern.replace(".", r"\.").replace("*", ".*"), n)]

	def explain(self, pattern):
		found = {n: {"index.plugins.index_state_management.policy_id": self.managed.get(n), "index": n, "policy_id": self.managed.get(n)} for n in self.indices(pattern)}
		return 200, {**found, "total_managed_indices": sum(n in self.managed for n in found)}

	def put(self, query, sent):
		if self.policy and query != f"if_seq_no={self.seq}&if_primary_term=1":
			return standin.no(409, "version_conflict_engine_exception", "the policy is there")
		self.seq += 1
		self.policy = json.loads(sent)["policy"]
		return 201, {"_id": "flow", "_seq_no": self.seq, "_primary_term": 1, "policy": {"policy": self.policy}}

	def answer(self, method, path, sent):
		path, _, query = path.partition("?")
		if path == "/_plugins/_ism/policies":
			return 200, {"policies": [], "total_policies": 0}
		if path == POLICY and method == "GET":
			# the server adds to what it was given
			added = json.loads(json.dumps(self.policy))
			if added:
				added.update(policy_id="flow", last_updated_time=1, schema_version=1, error_notification=None)
				for state in added["states"]:
					for action in state["actions"]:
						action["retry"] = {"count": 3, "backoff": "exponential", "delay": "1m"}
			return (200, {"_id": "flow", "_version": self.seq, "_seq_no": self.seq, "_primary_term": 1, "policy": added}) if self.policy else standin.no(404, "status_exception", "Policy not found")
		if path == POLICY and method == "DELETE":
			self.policy = None
			return 200, {"result": "deleted"}
		if path == POLICY:
			return self.put(query, sent)
		what, index = path.removeprefix("/_plugins/_ism/").split("/")
		if what == "explain":
			return self.explain(index)
		self.asked.append((what, index))
		if json.loads(sent) != {"policy_id": "flow"} or index not in self.indices(index):
			return standin.no(400, "illegal_argument_exception", index)
		self.managed[index] = "flow"
		return 200, {"updated_indices": 1, "failures": False, "failed_indices": []}


class Engine(standin.Engine):
	def __init__(self):
		super().__init__()
		self.ism = Ism(self)

	def answer(self, method, path, sent):
		if path.startswith("/_plugins/_ism/") and self.ism:
			with self.lock:
				return self.ism.answer(method, path, sent)
		return super().answer(method, path, sent)


def server(engine):
	s = standin.Server()
	s.scripted = engine
	return cluster.Cluster(s.url)


def efctl(es, command, *args):
	r = harness.efctl(command, *(["--no-kibana"] if command in ("setup", "remove") else []), *(["--yes", "--no-key", "--no-connection"] if command == "setup" else []), *args, es=es)
	r.all = r.stdout + r.stderr
	return r


def ism():
	engine = Engine()
	es, plugin = server(engine), engine.ism
	engine.ism = None
	r = efctl(es, "setup")
	ok(r.returncode == 0 and "nothing deletes old indices" in r.stdout and "ISM" in r.stdout and "_rollover" in r.stdout, "without the plugin setup says that nothing deletes, and how one can", r.all)
	r = efctl(es, "setup", "--dry-run", "--namespace", "site", "--prefix", "acme")
	ok("POST /logs-acme.flow-site/_rollover" in r.all, "by the stream's own name", r.all)
	engine.ism = plugin
	r = efctl(es, "setup")
	ok(r.returncode == 0 and "ISM policy" in r.stdout and "nothing deletes" not in r.stdout, "with it there is a policy", r.all)
	states = {s["name"]: s for s in plugin.policy["states"]}
	same(states["hot"]["transitions"], [{"state_name": "delete", "conditions": {"min_rollover_age": "30d"}}], "which deletes after the retention")
	same(sorted(plugin.policy["ism_template"][0]["index_patterns"]), sorted(["logs-flow-*", "logs-flow.failed-*", "metrics-flow.counters-*",
		"metrics-flow.exporters-*", "logs-ti_flow-*"]), "new indices of all our streams get it")
	there = sorted(n for n in plugin.indices(".*"))
	ok(there and sorted(plugin.managed) == there, "and those that are there, which its template does not reach", f"{there} {plugin.managed}")
	r = efctl(es, "setup", "--dry-run")
	same((r.returncode, len(plugin.asked)), (0, len(there)), "a second setup changes nothing") or print("# " + r.all.replace("\n", "\n# "))
	r = efctl(es, "setup", "--retention", "7d")
	ok(r.returncode == 0 and plugin.policy["states"][0]["transitions"][0]["conditions"] == {"min_rollover_age": "7d"}, "a new retention changes the policy", r.all)
	same(sorted(i for what, i in plugin.asked if what == "change_policy"), there, "and brings it to the indices that have the one from before")
	plugin.policy = {"description": "mine", "states": [], "default_state": "x"}
	r = efctl(es, "setup")
	ok("not ours, and kept" in r.stdout and plugin.policy["description"] == "mine", "somebody else's policy of our name is kept", r.all)
	r = efctl(es, "setup", "--force")
	ok(r.returncode == 0 and plugin.policy["description"].startswith("Flow data streams"), "but for --force", r.all)
	r = efctl(es, "remove", "--yes", "--data")
	ok(r.returncode == 0 and plugin.policy is None, "remove takes ours away", r.all)


def lifecycle():
	lacks = standin.LACKS
	standin.LACKS = tuple(l for l in lacks if "lifecycle" not in l)
	engine = Engine()
	engine.ism = None
	es = server(engine)
	efctl(es, "setup", "--retention", "9d")
	r = efctl(es, "setup", "--dry-run")
	same(r.returncode, 0, "the streams have it from the template") or print("# " + r.all.replace("\n", "\n# "))
	r = efctl(es, "setup", "--retention", "7d")
	ok(r.returncode == 0 and "retention 9d -> 7d" in r.stdout, "a new retention is said for the streams that are there", r.all)
	same({s["lifecycle"]["data_retention"] for s in engine.streams.values()}, {"7d"}, "and brought to them")
	efctl(es, "remove", "--yes", "--data")
	standin.LACKS = lacks


class Stores(Engine):
	"""The failure stores of Elasticsearch 8.19: an option of each stream, taken from its template, and how many documents each holds."""

	def __init__(self):
		super().__init__()
		self.ism, self.options, self.failures, self.raw, self.shy, self.bare = None, {}, 0, 0, False, False

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
		if path.startswith("/_data_stream/") and self.bare:
			return 405, {"error": f"Incorrect HTTP method for uri [{path}] and method [{method}], allowed: [POST]", "status": 405}
		if path.endswith("/_options") and method == "PUT":
			self.options[path.split("/")[2]] = json.loads(sent)
			return 200, {"acknowledged": True}
		if path.endswith("/_options") and self.shy:
			return standin.no(403, "security_exception", "action [indices:admin/data_stream/options/get] is unauthorized")
		if path.endswith("/_options"):
			return 200, {"data_streams": [{"name": n, **({"options": self.options[n]} if self.options.get(n) else {})} for n in self.streams]}
		if "ecs.version" in str(sent) and "_search" in path:
			n = self.raw if path.startswith("/logs-flow-default/") else 0
			hits = [{"_source": {"flow": {"exporter": "192.0.2.1"}}}] if n else []
			return 200, {"hits": {"total": {"value": n}, "hits": hits}, "aggregations": {"indices": {"buckets": [{"key": ".ds-x-000002"}] if n else []}}}
		if "::failures" in path:
			n = self.failures if "/logs-flow-default::" in path else 0
			if n < 0:
				return standin.no(403, "security_exception", "unauthorized")
			hits = [{"_index": ".fs-logs-flow-default-2026.01.01-000001", "_source": {"error": {"message": "failed to parse field"}}}] if n else []
			return 200, {"hits": {"total": {"value": n}, "hits": hits}}
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
		engine.shy = True
		r = efctl(es, "setup", "--dry-run")
		ok(r.returncode == 3 and f"{name}: failure store on -> off" in r.stdout, f"on {how}: also to who may not see options", r.all)
		engine.shy = False
		r = efctl(es, "setup")
		ok(r.returncode == 0 and is_on() is False, f"on {how}: setup switches it off", r.all)
	engine.bare = True
	r = efctl(es, "setup", "--retention", "8d")
	ok(r.returncode == 0 and "update   data stream" not in r.stdout, "a bare node has no calls for what streams have: nothing is changed, and nothing stops", r.all)
	engine.bare = False
	engine.failures = 7
	for command in ("status", "doctor"):
		r = efctl(es, command)
		ok(r.returncode == 3 and r.stdout.count("7 documents were refused and are in logs-flow-default::failures") == 1 and "failed to parse field" in r.stdout, f"{command} says what is in it", r.all[-1200:])
	engine.failures, engine.raw = 0, 3
	for command in ("status", "doctor"):
		r = efctl(es, command)
		ok(r.returncode == 3 and r.stdout.count("3 documents of logs-flow-default are raw lines") == 1 and "in .ds-x-000002" in r.stdout, f"{command} names raw documents", r.all[-1200:])
	engine.failures, engine.raw = -1, 0
	for command in ("status", "doctor"):
		r = efctl(es, command)
		ok("unknown  whether the failure store of logs-flow-default holds documents" in r.stdout, f"{command} says that it may not look", r.all[-1200:])
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


ism()
lifecycle()
failure_stores()
done()
