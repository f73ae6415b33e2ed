#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl against servers that are no Elasticsearch, or answer as none should: exit codes, messages, no crash."""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import scripted  # noqa: E402
from documents import Documents  # noqa: E402
from tap import done, ok  # noqa: E402

TOP = os.path.join(HERE, "..", "..")
EFCTL = os.environ.get("EFCTL") or os.path.join(TOP, os.environ.get("BUILD", "build"), "efctl")
CAPTURE = os.path.join(TOP, "tests", "captures", "vm-ipfix.pcap")
HTML = (200, "<html>It works</html>")
ROOT = (200, {"cluster_name": "odd", "version": {"number": "3.0.0", "distribution": "opensearch"}})


class Odd:
	"""Answers by the first rule whose (method, start of the path) fits: (status, text or an object), or a function of the request."""

	def __init__(self, *rules):
		class Handler(scripted.Handler):
			def any_method(self):
				sent = self.sent()
				found = next(a for m, p, a in rules if m in ("", self.command) and self.path.startswith(p))
				self.reply(*(found(self.command, self.path, sent) if callable(found) else found))
		self.port = scripted.Server(Handler).port


def efctl(port, *args, scheme="http", stdin=""):
	env = dict(os.environ, EF_ELASTICSEARCH_URL=f"{scheme}://127.0.0.1:{port}", EF_ELASTICSEARCH_TIMEOUT="10s")
	r = subprocess.run([EFCTL, *args], input=stdin, capture_output=True, text=True, env=env, timeout=60)
	return r.returncode, r.stdout, r.stderr


def fails(name, code, words, port, *args, **more):
	got, out, err = efctl(port, *args, **more)
	ok(got == code and all(w in err for w in words), f"{name}: exit code {code}, and says why", f"{got}\n{out}{err}")


COMMANDS = (["setup"], ["status"], ["doctor"], ["top"], ["top", "conversations"], ["remove", "--yes"], ["replay", CAPTURE],
	["simulate"], ["dictionaries", "apply"], ["dictionaries", "indicators"])
LINE = json.dumps({"ie": {"octetDeltaCount": 1}, "flow": {"exporter": "192.0.2.1"}})

page, refuses = Odd(("", "/", HTML)), Odd(("", "/", (501, "<html>no such method</html>")))
for command in COMMANDS:
	fails(f"{command[0]} of a web server", 2, ["127.0.0.1"], page.port, *command, stdin=LINE)
	fails(f"{command[0]} of one that refuses", 2, ["127.0.0.1"], refuses.port, *command, stdin=LINE)

proxy = Odd(("GET", "/", ROOT), ("", "/", (502, "<html>Bad Gateway</html>")))
fails("a proxy without a server", 4, ["502"], proxy.port, "top")
fails("JSON that is no search result", 2, ["elasticsearch.url"], Odd(("", "/", (200, {"fine": True}))).port, "top")

# Members of the wrong types, and too few of them.
buckets = [{"key": 7, "doc_count": "x"}, {"key": [1, 2, 3], "doc_count": 2, "bytes": 5}, 5, {"key": "a\u001b[31m", "bytes": {"value": 1}}]
found = {"hits": {}, "_shards": {"failed": 1, "total": 2, "failures": [{"reason": {"reason": "no such shard"}}]},
	"aggregations": {"all": {"doc_count": 3}, "list0": {"buckets": buckets}, "list1": {"buckets": {"no": "list"}}, "sums0": {"buckets": buckets, "tuples": 5}, "sums1": [],
		"twice": {"each": {"buckets": 7}}, "page": {"buckets": buckets, "after_key": 5}}}
odd = Odd(("", "/", (200, found)))
for subject in ("talkers", "conversations", "as", "interfaces"):
	code, out, err = efctl(odd.port, "top", subject)
	ok(code == 0 and "(null)" not in out, f"top {subject}: buckets of wrong types", out + err)
	ok("1 of 2 shards failed (no such shard)" in err, f"top {subject}: failed shards are told", err)
	ok("\x1b" not in out, f"top {subject}: what an exporter sent does not steer the terminal", out)
fails("pages that come again", 1, ["order of values"], Odd(("", "/", (200, {"hits": {}, "aggregations": {"page": {"buckets": [{"key": {"k0": "a"}}], "after_key": {"k0": "a"}}}}))).port, "top", "clients", "--exact")
for body in ({"cluster_name": 1, "version": {"number": 7}}, [], 5, None, {"version": []}, {"version": {"number": "x"}, "cluster_name": "c"}):
	fails(f"root {json.dumps(body)}", 2, ["127.0.0.1"], Odd(("", "/", (200, body))).port, "status")
for answer in ((200, []), (200, 5), (200, {"nodes": [], "docs": 1, "error": [1]}), (404, {"error": {"root_cause": {}}})):
	port = Odd(("GET", "/_", answer), ("GET", "/", ROOT), ("", "/", answer)).port
	for command in (c for c in COMMANDS if c[0] not in ("top", "replay") and "indicators" not in c):
		fails(f"{' '.join(command)}: {json.dumps(answer)}", 1, ["node"], port, *command, stdin=LINE)

# An API key that cannot be written is of no use: it is deleted again. The server keeps what it is given, no more.
stored, deleted, documents = {}, [], Documents("flow-installation")


def keep(method, path, sent):
	kind, name = path.rsplit("/", 1)
	if method == "PUT":
		stored[path] = json.loads(sent)
	if path not in stored:
		return 404, {}
	if kind == "/_ingest/pipeline":
		return 200, {name: stored[path]}
	what = kind[2:]
	return 200, {what + "s": [{"name": name, what: stored[path]}]}


def forget(method, path, sent):
	deleted.extend(json.loads(sent)["ids"])
	return 200, {}


secured = Odd(("", "/flow-installation", documents.answer), ("GET", "/_nodes", (200, {"nodes": {"a": {"roles": ["data", "ingest"]}}})), ("", "/_security/_authenticate", (200, {})),
	("POST", "/_security/user/_has_privileges", (200, {"has_all_requested": True})),
	("POST", "/_security/api_key", (200, {"id": "k1", "encoded": "c2VjcmV0"})), ("DELETE", "/_security/api_key", forget),
	("POST", "/_", (400, {})), ("", "/_component_template/", keep), ("", "/_index_template/", keep), ("", "/_ingest/pipeline/", keep),
	("", "/_", (404, {})), ("", "/", ROOT))
with tempfile.TemporaryDirectory() as folder:
	code, out, err = efctl(secured.port, "setup", "--show-key", "--key-file", os.path.join(folder, "nowhere", "key"))
	ok(code == 1 and "nowhere" in err and "c2VjcmV0" not in out + err, "a key file that cannot be written is an error", out + err)
	ok(deleted == ["k1"], "and the key that nobody has is deleted", str(deleted))
	path = os.path.join(folder, "key")
	code, out, err = efctl(secured.port, "setup", "--key-file", path)
	ok(code == 0 and "c2VjcmV0" not in out + err and os.stat(path).st_mode & 0o777 == 0o600, "else it is there, for its owner only, and not shown", out + err)
	ok(len(deleted) == 1 and os.listdir(folder) == ["key"], "and nothing is left beside it", str(os.listdir(folder)))

# What doctor says of what is not ours, and of what the cluster does not tell.
GREEN = ("GET", "/_cluster/health", (200, {"status": "green"}))
NODES = ("GET", "/_nodes", (200, {"nodes": {"a": {"roles": ["data", "ingest"]}}}))
FLOW = ("POST", "/_index_template/_simulate_index", (200, {"template": {"settings": {"index": {"default_pipeline": "flow"}}}}))
STORED = (("", "/_component_template/", keep), ("", "/_index_template/", keep), ("", "/_ingest/pipeline/", keep))


def record():
	return "", "/flow-installation", Documents("flow-installation").answer


def hits(n):
	return 200, {"hits": {"total": {"value": n}, "hits": []}}


def doctor(name, *rules, root=ROOT):
	"""{text: result} of a cluster of which RULES say what is special; it ends well or with a problem, never otherwise."""
	port = Odd(record(), *rules, GREEN, NODES, FLOW, ("POST", "/logs-", hits(0)), ("POST", "/metrics-", hits(0)), *STORED, ("", "/_", (404, {})), ("", "/", root)).port
	code, out, err = efctl(port, "doctor", "--json")
	ok(code == 3, f"{name}: doctor looks at all of it", f"{code}\n{out}{err}")
	return {f["text"]: f["result"] for f in json.loads(out)} if out.startswith("[") else {}


def says(findings, word):
	return sorted((result, text) for text, result in findings.items() if word in text)


def template(name, priority, *patterns):
	return {"name": name, "index_template": {"priority": priority, "index_patterns": list(patterns)}}


templates = (200, {"index_templates": [template("logs-flow", 260, "logs-flow-*"), template("mine", 500, "other-*", "logs-*"),
	template("elsewhere", 500, "logs-flow-other", "log-*"), template("logs", 100, "logs-*-*")]})
told = doctor("a template that wins", ("GET", "/_index_template?", templates))
wins = says(told, "higher priority")
ok([r for r, _ in wins] == ["problem"] and all(w in wins[0][1] for w in ("index template mine", "(500)", "(260)", "logs-flow-default")),
	"an index template of higher priority on our streams is named, and no other", str(wins))

# One that is made of ours, and of more: that may add fields, and nothing that hides ours or what is in them.
OURS = {"settings": {"index": {"default_pipeline": "flow"}}, "mappings": {"dynamic": False, "properties": {"source": {"properties": {"ip": {"type": "ip"}}}}}}
MORE = {"source": {"properties": {"ip": {"type": "ip", "fields": {"text": {"type": "keyword"}}}, "rack": {"type": "keyword"}}}, "site": {"type": "keyword"}}
UNSEARCHED = {"source": {"properties": {"ip": {"type": "ip", "index": False, "doc_values": False}}}}
OFF = {"source": {"enabled": False, "properties": {"ip": {"type": "ip"}}}}
for mapping, setting, get in (({}, {}, None), ({"properties": MORE}, {}, None), ({"runtime": {"source.rack": {"type": "keyword"}}}, {}, None),
		({"dynamic_templates": [{"a": {"match": "x*", "mapping": {"type": "keyword"}}}], "_meta": {"by": "somebody"}}, {}, None),
		({"properties": UNSEARCHED}, {}, "another mapping"), ({"properties": OFF}, {}, "another mapping"), ({"_source": {"enabled": False}}, {}, "another mapping"),
		({"_routing": {"required": True}}, {}, "another mapping"), ({"runtime": {"source.ip": {"type": "ip"}}}, {}, "another mapping"),
		({"properties": {}}, {}, "another mapping"), ({}, {"default_pipeline": "theirs"}, "not our pipeline"), ({}, {"final_pipeline": "_none"}, None),
		({}, {"final_pipeline": "theirs"}, "after it the pipeline theirs")):
	theirs = {"settings": {"index": {**OURS["settings"]["index"], **setting}}, "mappings": {**OURS["mappings"], **mapping}}
	told = doctor(f"a template of {mapping} {setting}", ("GET", "/_index_template?", templates), ("POST", "/_index_template/_simulate/logs-flow", (200, {"template": OURS})),
		("POST", "/_index_template/_simulate/mine", (200, {"template": theirs})))
	wins = says(told, "index template mine")
	ok([r for r, _ in wins] == ["problem" if get else "ok"] and (not get or get in wins[0][1]), f"a template that wins with {mapping} {setting}: {get or 'fine'}", str(wins))

# The index that is written to.
INDEX = ".ds-logs-flow-default-000001"
for setting, mapping, words in (({}, {}, []), ({"final_pipeline": "theirs"}, {}, ["'theirs'", f"PUT /{INDEX}/_settings", "index.final_pipeline"]),
		({"blocks": {"write": "true"}}, {}, ["index.blocks.write", f"PUT /{INDEX}/_settings"]),
		({"blocks": {"read_only": "true"}}, {}, ["index.blocks.read_only", f"PUT /{INDEX}/_settings"]),
		({"blocks": {"write": "false"}, "final_pipeline": "_none"}, {}, []), ({}, {"_source": {"enabled": False}}, ["_source.enabled", "--rollover"]),
		({"default_pipeline": "theirs"}, {}, ["'theirs'", f"PUT /{INDEX}/_settings", "index.default_pipeline"])):
	index = {INDEX: {"settings": {"index": {"default_pipeline": "flow", **setting}}, "mappings": mapping}}
	told = doctor(f"a write index with {setting} {mapping}", ("GET", "/_index_template?", (200, {})), ("GET", f"/{INDEX}", (200, index)),
		("GET", "/_data_stream/logs-flow-default", (200, {"data_streams": [{"name": "logs-flow-default", "indices": [{"index_name": INDEX}]}]})))
	found = says(told, "writes to")
	ok([r for r, _ in found] == ["problem"] * bool(words) and all(w in found[0][1] for w in words), f"a write index with {setting} {mapping}: {words or 'fine'}", str(found))
told = doctor("a write index that nobody may look at", ("GET", "/_index_template?", (200, {})),
	("GET", f"/{INDEX}", (403, {"error": {"type": "cluster_block_exception", "reason": f"index [{INDEX}] blocked by: [FORBIDDEN/9/index metadata (api)];"}, "status": 403})),
	("GET", "/_data_stream/logs-flow-default", (200, {"data_streams": [{"name": "logs-flow-default", "indices": [{"index_name": INDEX}]}]})))
found = says(told, "writes to")
ok([r for r, _ in found] == ["problem"] and f"PUT /{INDEX}/_settings" in found[0][1], "one whose block forbids to look at it", str(told))

# What pipelines dropped, over all nodes, of ours only; and what cannot be looked at does not hide what comes after it.
drop = lambda n, name="drop": {"processors": [{"set": {"stats": {}}}, {name: {"stats": {"count": n}}}]}
nodes = {"a": {"ingest": {"pipelines": {"flow@custom": drop(3, "drop:mine"), "flow": drop(0), "theirs": drop(9), "acme.flow": drop(8)}}},
	"b": {"ingest": {"pipelines": {"flow@custom": drop(4)}}}}
told = doctor("what pipelines dropped", ("GET", "/_nodes/stats/ingest", (200, {"nodes": nodes})),
	("POST", "/logs-flow.failed-", (400, {"error": {"type": "search_phase_execution_exception", "reason": "all shards failed"}, "status": 400})))
found = says(told, "dropped")
ok([r for r, _ in found] == ["note"] and "flow@custom has dropped 7 " in found[0][1], "what a pipeline dropped is summed and named", str(found))
ok([r for r, _ in says(told, "whether records failed")] == ["unknown"] and says(told, "threat"), "doctor goes on when a stream cannot be searched", str(told))

for n, results in ((0, []), (7, ["note"])):
	told = doctor(f"{n} documents of the integration", ("GET", "/_index_template?", (200, {})), ("POST", "/logs-netflow.log-*/", hits(n)))
	netflow = says(told, "netflow")
	ok([r for r, _ in netflow] == results and all("7 documents" in t for _, t in netflow), f"Elastic's integration with {n} new documents", str(told))

stream = {"data_streams": [{"name": "logs-flow-default", "indices": [{"index_name": i} for i in
	("partial-.ds-logs-flow-default-000001", "restored-.ds-logs-flow-default-000002", ".ds-logs-flow-default-000003")]}]}
told = doctor("searchable snapshots", ("GET", "/_index_template?", (200, {})), ("GET", "/_data_stream/", (200, stream)),
	("GET", "/.ds-logs-flow-default-000003/_mapping", (200, {".ds-logs-flow-default-000003": {"mappings": {}}})),
	("GET", "/logs-flow-*", (200, {i["index_name"]: {"settings": {}} for i in stream["data_streams"][0]["indices"]})))
ok(not [t for t in told if "partial-" in t or "restored-" in t or "older mapping" in t], "backing indices in snapshots are not called wrong", str(told))

# What all records go through: somebody's in place of ours, ours changed by hand, none.
stored.clear()
port = Odd(record(), GREEN, NODES, FLOW, ("POST", "/logs-", hits(0)), ("POST", "/metrics-", hits(0)), ("POST", "/_", (400, {})), *STORED, ("", "/_", (404, {})), ("", "/", ROOT)).port
code, out, err = efctl(port, "setup", "--no-key", "--no-connection", "--yes")
before = json.loads(json.dumps(stored))
code, out, err = efctl(port, "status")
ok(code == 0 and "goes through" not in out and "go through" not in out, "status of what setup wrote", f"{code}\n{out}{err}")
FLOWS, TEMPLATE, OTHER = "/_ingest/pipeline/flow", "/_index_template/logs-flow", "/_ingest/pipeline/flow-roles"
for name, path, body, want, words, replays in (("somebody's pipeline", FLOWS, {"processors": []}, 3, ("pipeline flow, ", "is not ours", "setup", "--force"), False),
		("somebody's pipeline that ours calls", OTHER, {"processors": []}, 3, ("pipeline flow-roles, ", "is not ours", "--force"), True),
		("somebody's template", TEMPLATE, {"index_patterns": ["logs-flow-*"], "data_stream": {}}, 3, ("template logs-flow, ", "is not ours", "--force"), True),
		("ours, changed by hand", FLOWS, {**before[FLOWS], "processors": [{"drop": {}}]}, 0, ("note", "pipeline flow, ", "changed by hand", "--force"), True),
		("none", FLOWS, None, 3, ("pipeline flow is missing", "setup"), False)):
	stored.clear()
	stored.update(before)
	stored.pop(path) if body is None else stored.update({path: body})
	code, out, err = efctl(port, "status")
	ok(code == want and any(all(w in line for w in words) for line in out.splitlines()), f"{name}: status says so with exit code {want}", f"{code}\n{out}{err}")
	if not replays:
		fails(f"replay, {name}", 3, ["nothing is replayed", "pipeline flow"], port, "replay", CAPTURE)
stored.clear()

# Versions that lose data, geo databases that are too old, and states of the cluster.
for number, problem in (("9.5.0", True), ("9.5.2", True), ("9.5.3", False), ("9.1.1", True), ("9.1.2", False), ("8.19.1", True), ("8.19.2", False)):
	told = doctor(number, root=(200, {"cluster_name": "e", "version": {"number": number}}))
	ok([r for r, _ in says(told, "known to lose data")] == ["problem"] * problem, f"Elasticsearch {number}: {'known to lose data' if problem else 'fine'}", str(told))
expired = (200, {"docs": [{"doc": {"_source": {"ip": "8.8.8.8", "tags": ["_geoip_expired_database"]}}}]})
told = doctor("expired databases", ("POST", "/_ingest/pipeline/_simulate", expired))
ok([r for r, _ in says(told, "geo databases have expired")] == ["problem"], "geo databases that have expired are told", str(told))
for shards, result in ((1000, "problem"), (998, "note"), (990, None)):
	told = doctor(f"{shards} shards", ("GET", "/_cluster/settings", (200, {"defaults": {"cluster.max_shards_per_node": "1000"}})),
		("GET", "/_cluster/health", (200, {"status": "green", "number_of_data_nodes": 1, "active_shards": shards})))
	ok([r for r, _ in says(told, "cluster.max_shards_per_node")] == [result] * (result is not None), f"{shards} of 1000 shards", str(told))

# Limits of all pipelines together: asked, and reckoned before anything is written.
for setting, value, fits in (("max_total_metadata_size", "25mb", True), ("max_total_metadata_size", "50kb", False), ("max_pipeline_size", "300b", False),
		("max_pipelines", "3", False)):
	stored.clear()
	limits = {"ingest.pipeline.max_pipeline_size": "1mb", "ingest.pipeline.max_total_metadata_size": "25mb", "ingest.pipeline.max_pipelines": "10000"}
	limits[f"ingest.pipeline.{setting}"] = value
	port = Odd(record(), ("GET", "/_cluster/settings", (200, {"defaults": limits})), GREEN, NODES, FLOW, ("POST", "/_", (400, {})), *STORED,
		("GET", "/_ingest/pipeline", (200, {"others": {"processors": [], "description": "x" * 50000}})), ("", "/_", (404, {})), ("", "/", ROOT)).port
	code, out, err = efctl(port, "setup", "--no-key", "--no-connection", "--dry-run")
	ok(code == 3 and (setting in out) != fits, f"{setting} of {value}: a dry run {'has nothing against it' if fits else 'says so'}", out + err)
	code, out, err = efctl(port, "setup", "--no-key", "--no-connection", "--yes")
	ok((code, bool(stored)) == ((0, True) if fits else (2, False)) and (setting in err) != fits, f"{setting} of {value}: setup {'goes on' if fits else 'writes nothing'}",
		f"{code} {len(stored)}\n{out}{err}")

withheld = (410, {"error": {"type": "api_not_available_exception", "reason": "not available when running in serverless mode"}, "status": 410})
SERVERLESS = (200, {"cluster_name": "less", "version": {"number": "8.11.0", "build_flavor": "serverless"}})
missing = [("GET", p, withheld) for p in ("/_nodes", "/_cluster/health", "/_ilm", "/_license", "/_index_template?", "/logs-flow-*")]
missing.append(("POST", "/_index_template/_simulate_index", withheld))
told = doctor("APIs that are withheld", *missing, root=SERVERLESS)
for word in ("all shards are there", "processors its nodes have", "which template", "another index template wins", "full disk"):
	ok([r for r, _ in says(told, word)] == ["unknown"], f"'{word}' is unknown, not fine", str(told))
stored.clear()
port = Odd(record(), *missing, ("POST", "/_index_template/_simulate", (200, {})), ("POST", "/_ingest/pipeline/_simulate", (200, {})),
	("POST", "/logs-", hits(0)), ("PUT", "/_data_stream", (200, {})), ("GET", "/_data_stream", (404, {})), *STORED, ("", "/_", (404, {})), ("", "/", SERVERLESS)).port
code, out, err = efctl(port, "setup", "--dry-run", "--no-key")
ok(code == 3 and "nodes not told" in out, "a cluster that does not tell of its nodes: the plan is made", out + err)
code, out, err = efctl(port, "setup", "--no-key", "--yes")
given = stored.get("/_component_template/flow@settings", {"template": {"settings": {"index": {}}}})["template"]["settings"]["index"]
ok(code == 0 and "refresh_interval" in given and not {"number_of_shards", "number_of_replicas", "codec"} & set(given),
	"and carried out, without what is the cluster's own business there", f"{given}\n{out}{err}")

# A lifecycle policy of the user's own.
put = []


def noted(method, path, sent):
	if method == "PUT":
		put.append(path)
	return keep(method, path, sent)


def with_ilm(*rules):
	stored.clear()
	put.clear()
	return Odd(record(), *rules, ("GET", "/_ilm/status", (200, {"operation_mode": "RUNNING"})), ("GET", "/_ilm/policy/mine", (200, {"mine": {"policy": {}}})),
		("PUT", "/_ilm/policy/", lambda *r: (put.append(r[1]), (200, {}))[1]), ("GET", "/_ilm/policy/", (404, {})), GREEN, NODES, FLOW,
		("POST", "/logs-", hits(0)), ("POST", "/metrics-", hits(0)), ("POST", "/_", (400, {})), ("GET", "/_index_template?", (200, {})),
		("", "/_component_template/", noted), ("", "/_index_template/", noted), ("", "/_ingest/pipeline/", noted), ("", "/_", (404, {})), ("", "/", ROOT)).port


def lifecycle():
	return stored["/_component_template/flow@lifecycle"]["template"]["settings"]["index"]["lifecycle"]["name"]


port = with_ilm()
fails("a policy that is not there", 2, ["lifecycle policy 'others'"], port, "setup", "--no-key", "--ilm-policy", "others")
fails("a retention of nothing", 2, ["--retention", "0d"], port, "setup", "--no-key", "--retention", "0d")
fails("a Kibana that is no URL", 2, ["--kibana-url", "notaurl"], port, "setup", "--no-key", "--kibana-url", "notaurl")
fails("a policy and a retention", 2, ["mine", "setup.retention"], port, "setup", "--no-key", "--ilm-policy", "mine", "--retention", "7d")
fails("a name that is none", 2, ["'a/b'"], port, "setup", "--no-key", "--ilm-policy", "a/b")
ok(not put, "and nothing is installed", str(put))
fails("a policy where there are none", 2, ["setup.ilm_policy", "OpenSearch"], with_ilm(("GET", "/_ilm", (404, {}))), "setup", "--no-key", "--ilm-policy", "mine")
code, out, err = efctl(port, "setup", "--no-key", "--ilm-policy", "mine", "--yes")
ok(code == 0 and lifecycle() == "mine" and not [p for p in put if "_ilm" in p], "templates name the user's policy, and ours is not written", f"{put}\n{out}{err}")
ok("note: lifecycle policy mine is yours" in out, "setup says so", out)
code, out, err = efctl(port, "setup", "--no-key", "--dry-run")
ok(code == 0 and "lifecycle policy mine is yours" in out, "it is remembered", out + err)
fails("a retention beside the policy that is remembered", 2, ["mine", "setup.retention"], port, "setup", "--no-key", "--retention", "7d")
told = json.loads(efctl(port, "doctor", "--json")[1])
ok([f["result"] for f in told if "lifecycle policy mine" in f["text"]] == ["ok"], "doctor finds the policy", str(told))
body = stored["/_component_template/flow@lifecycle"]["template"]["settings"]["index"]["lifecycle"]
body["name"] = "gone"
told = json.loads(efctl(port, "doctor", "--json")[1])
ok([f["result"] for f in told if "lifecycle policy gone" in f["text"]] == ["problem"], "and one that is gone", str(told))
body["name"] = "mine"
code, out, err = efctl(port, "setup", "--no-key", "--dry-run", "--reset", "ilm-policy")
ok(code == 3 and "create   lifecycle policy     flow" in out and "is yours" not in out, "--reset goes back to ours", out + err)
port = with_ilm()
code, out, err = efctl(port, "setup", "--dry-run", "--no-key")
ok(code == 3 and "lifecycle policy" in out and "is yours" not in out, "without the option it is ours", out + err)

# Other clusters: asked by what reads, and by nothing else.
asked = []


def answer(method, path, sent):
	asked.append((method, path.split("?")[0]))
	return 200, {"hits": {"total": {"value": 1}, "hits": []}, "_clusters": {"total": 3, "successful": 2, "skipped": 1},
		"aggregations": {"all": {"doc_count": 1}, "list0": {"buckets": []}, "list1": {"buckets": []}}}


port = Odd(record(), ("POST", "/logs-flow-", answer), ("POST", "/metrics-", answer), GREEN, NODES, ("POST", "/logs-", hits(0)), ("POST", "/_", (400, {})),
	*STORED, ("", "/_", (404, {})), ("", "/", ROOT)).port
code, out, err = efctl(port, "top", "--remote", "eu,us")
ok(code == 0 and set(asked) == {("POST", "/logs-flow-default,eu:logs-flow-default,us:logs-flow-default/_search")}, "top --remote asks them, too", f"{asked}\n{err}")
ok(err.count("1 of 3 clusters did not answer") == 1, "and says once who is missing", err)
code, out, err = efctl(port, "status", "--remote", "eu")
ok(code == 0 and ("POST", "/metrics-flow.exporters-default,eu:metrics-flow.exporters-default/_search") in asked and "did not answer" in out,
	"so does status", f"{asked}\n{out}{err}")
asked.clear()
for command in (["replay", CAPTURE], ["remove", "--yes"], ["doctor"], ["dictionaries", "apply"], ["export"]):
	fails(f"{command[0]} --remote", 2, ["--remote", "its own clients"], port, *command, "--remote", "eu")
fails("a name that is none", 2, ["--remote", "'a:b'"], port, "top", "--remote", "a:b")
ok(not asked, "nobody was asked", str(asked))

# What setup brings into Kibana, with other clusters.
imported = {}


def bring(method, path, sent):
	lines = [json.loads(line) for line in sent.decode().split("\n") if line.startswith("{")]
	imported.update({(o["type"], o["id"]): o for o in lines})
	return 200, {"success": True, "successCount": len(lines)}


kibana = Odd(("POST", "/api/saved_objects/_export", lambda *r: (200, "\n".join(map(json.dumps, imported.values())))),
	("POST", "/api/saved_objects/_import", bring), ("GET", "/api/status", (200, {"version": {"number": "8.3.3"}})), ("", "/", (404, {}))).port
ELASTIC = (200, {"cluster_name": "e", "version": {"number": "8.3.3"}})
stored.clear()
port = Odd(record(), GREEN, NODES, ("POST", "/logs-", hits(0)), ("POST", "/_", (400, {})), *STORED, ("", "/_", (404, {})), ("", "/", ELASTIC)).port
setup = ("setup", "--no-key", "--yes", "--no-kibana-pin-filters", "--kibana-url", f"http://127.0.0.1:{kibana}", "--remote", "eu,us")
code, out, err = efctl(port, *setup)
titles = sorted(o["attributes"]["title"] for (kind, _), o in imported.items() if kind == "index-pattern")
ok(code == 0 and titles == ["logs-*"] + [f"{p},eu:{p},us:{p}" for p in ("logs-flow-*", "logs-flow.failed-*", "metrics-flow.counters-*", "metrics-flow.exporters-*")],
	"setup --remote: data views look at them, too", f"{code} {titles}\n{out[-500:]}{err}")
vega = json.dumps(imported.get(("dashboard", "flow-overview"), {}))
ok("logs-flow-*,eu:logs-flow-*,us:logs-flow-*" in vega, "and so do Vega's searches", vega[:200])
code, out, err = efctl(port, *setup, "--dry-run")
ok(code == 0, "a second run changes nothing", out[-800:] + err)
with tempfile.TemporaryDirectory() as folder:
	code, out, err = efctl(port, "export", "index-pattern:flow", "--kibana-url", f"http://127.0.0.1:{kibana}", "--write", folder)
	with open(os.path.join(folder, "kibana", "index-pattern", "flow.json")) as f:
		ok(json.load(f)["attributes"]["title"] == "logs-flow-*", "export writes files as they were", out + err)

# A Kibana whose objects have names that lead out of the folder.
for kind, name in ("dashboard", "../../../out"), ("..", "out"), ("dashboard", "/out"):
	out_of_it = Odd(("POST", "/api/saved_objects/_export", (200, json.dumps({"type": kind, "id": name, "attributes": {"title": "x"}, "references": []}))),
		("GET", "/api/status", (200, {"version": {"number": "8.3.3"}})), ("", "/", (404, {}))).port
	with tempfile.TemporaryDirectory() as folder:
		below = os.path.join(folder, "a", "b")
		os.makedirs(below)
		code, out, err = efctl(port, "export", f"{kind}:{name}", "--kibana-url", f"http://127.0.0.1:{out_of_it}", "--write", below)
		files = [os.path.join(where, f) for where, _, names in os.walk(folder) for f in names]
		ok(code == 1 and not files, f"export writes nothing for the object {kind}:{name}", f"{code} {files}\n{out}{err}")

# A setup that stops halfway says what is there and what is not; running it again goes on from there.
stored.clear()
refusing = [True]


def half(method, path, sent):
	return (400, {"error": {"reason": "no room for it"}}) if method == "PUT" and path.endswith("/logs-flow") and refusing[0] \
		else keep(method, path, sent)


halfway = Odd(("", "/flow-installation", Documents("flow-installation").answer), ("GET", "/_nodes", (200, {"nodes": {"a": {"roles": ["data", "ingest"]}}})), ("POST", "/_", (400, {})), ("", "/_component_template/", keep),
	("", "/_index_template/", half), ("", "/_ingest/pipeline/", keep), ("", "/_", (404, {})), ("", "/", ROOT))
code, out, err = efctl(halfway.port, "setup", "--no-key", "--no-connection")
told = [l.split()[-1] for l in out.splitlines() if l.startswith("not yet  index template")]
ok(code == 1 and all(w in err for w in ("setup stopped", "running it again", "no room for it")), "a refused template: exit code 1, and why", err)
ok("logs-flow" in told and "flow@settings" not in told and any(l.startswith("applied: ") for l in out.splitlines()),
	"what is not there is listed", out)
there = len(stored)
code, out, err = efctl(halfway.port, "setup", "--no-key", "--no-connection", "--json")
result = json.loads(out)
ok(code == 1 and "no room for it" in result["stopped"] and result["stopped_at"] == "templates and pipelines" and not result["applied"],
	"as JSON, too", out)
ok([a["name"] for a in result["assets"] if a["action"] == "create" and not a["applied"]] == told, "with the same assets", str(told))
ok(not any(a["action"] in ("drifted", "foreign", "update") for a in result["assets"]), "what was applied is ours", out)
refusing[0] = False
code, out, err = efctl(halfway.port, "setup", "--no-key", "--no-connection")
ok(code == 0 and f"applied: {len(told)} of {len(told)}" in out and len(stored) == there + len(told), "later it goes on from there", out + err)

# What was written, and not read back before the end: it is gone on with, and does not pass for somebody's change.
for path, body in stored.items():
	if path.startswith("/_component_template/") and "hash" in body.get("_meta", {}):
		body["template"]["version"] = 1	# as a server that adds something
		body["_meta"]["stored"] = "?"
code, out, err = efctl(halfway.port, "setup", "--no-key", "--no-connection", "--json")
result = {a["name"]: a["action"] for a in json.loads(out)["assets"]}
ok(code == 0 and result["flow@settings"] == "update" and "?" not in [b.get("_meta", {}).get("stored") for b in stored.values()],
	"an asset that setup was interrupted at is written again", out + err)

# TLS where none is, and none where it is wanted.
fails("TLS to a plain server", 4, ["http://"], page.port, "top", scheme="https")
silent = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: [c.close() for c, _ in iter(silent.accept, None) if c.recv(1)], daemon=True).start()
fails("a server that hangs up", 4, ["127.0.0.1"], silent.getsockname()[1], "top")

# Captures: an output that is one of the inputs, and more exporters than there may be sockets.
def capture_of(path, exporters):
	"""One NetFlow 5 header from each of so many addresses, as raw IP."""
	with open(path, "wb") as f:
		f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
		for i in range(exporters):
			udp = struct.pack(">HHHH", 9, 2055, 8 + 24, 0) + struct.pack(">HH", 5, 0) + bytes(20)
			ip = struct.pack(">BBHHHBBHI4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, (127 << 24) + (1 << 16) + i, bytes([127, 0, 0, 1]))
			f.write(struct.pack("<IIII", 1767225600, 0, len(ip + udp), len(ip + udp)) + ip + udp)


with tempfile.TemporaryDirectory() as folder:
	path, link = os.path.join(folder, "a.pcap"), os.path.join(folder, "b.pcap")
	capture_of(path, 1500)
	os.link(path, link)
	size = os.stat(path).st_size
	for output in (path, link):
		for command in ("replay", "decode"):
			fails(f"{command}: the output is the input", 2, ["one file", path], page.port, command, path, "--output", output)
	r = subprocess.run(f'"{EFCTL}" decode "{path}" >> "{path}"', shell=True, capture_output=True, text=True, timeout=60)
	ok(r.returncode == 2 and "one file" in r.stderr, "standard output too", r.stderr)
	ok(os.stat(path).st_size == size, "and the input is as it was", str(os.stat(path).st_size))
	receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
	receiver.bind(("127.0.0.1", 0))
	receiver.settimeout(2)
	senders = set()

	def receive():
		while len(senders) < 1500:
			senders.add(receiver.recvfrom(100)[1])
	thread = threading.Thread(target=receive, daemon=True)
	thread.start()
	to = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
	code, out, err = efctl(page.port, "replay", "--port", "2055", "--to", to, path)
	thread.join(10)
	ok(code == 0 and "1500" in out and len({a for a, _ in senders}) == 1500, "1,500 exporters have a socket each", f"{len(senders)}\n{out}{err}")
	r = subprocess.run(f'ulimit -n 100 && "{EFCTL}" replay --port 2055 --to {to} "{path}"', shell=True, capture_output=True, text=True, timeout=60)
	ok(r.returncode == 1 and "ulimit -n" in r.stderr, "where the system does not allow so many, it is said", r.stderr)

# Usage.
for speed in ("nan", "inf", "0", "-1", "1e-300", "x"):
	fails(f"--speed {speed}", 2, ["factor"], page.port, "replay", "--speed", speed, CAPTURE)
for to in ("udp://127.0.0.1:99999", "udp://127.0.0.1:0", "udp://127.0.0.1:2055x", "udp://[::1]", "tcp://127.0.0.1:1"):
	fails(f"--to {to}", 2, ["must look like"], page.port, "replay", "--to", to, CAPTURE)
fails("kibana.space", 2, ["--kibana-space", "lower-case"], page.port, "export", "--kibana-url", f"http://127.0.0.1:{page.port}", "--kibana-space", "A B/..")
for line, why in (("[1]", "flow line"), ("5", "simulate"), ("", "flow line"), ('{"flow":{}}\n{"reliability":{}}\n', "flow line"), ('{"ie":{}', ":1:")):
	fails(f"simulate {line!r}", 2, [why], page.port, "simulate", stdin=line)
done()
