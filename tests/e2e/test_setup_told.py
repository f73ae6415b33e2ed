#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is told before it is done: a new namespace with its streams, lines that differ with their types, files of this host that remove takes
or leaves, feeds that nobody chose; and what setup cannot do: lifecycles of data streams that are there, remote clusters that nobody knows."""
import json
import os
import re
import tempfile

import harness
import cluster
import scripted
import standin
from tap import done, ok, same


class Engine(standin.Engine):
	remotes = {"eu": {"connected": True}}

	def answer(self, method, path, sent):
		return (200, self.remotes) if path == "/_remote/info" else super().answer(method, path, sent)


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Engine()
		super().__init__(standin.Handler)


def run(es, *args):
	r = harness.efctl(*args, *(["--no-key", "--no-connection", "--no-kibana", "--yes"] if args[0] == "setup" else []), es=es)
	return r.returncode, r.stdout, r.stderr


def record(es):
	return es.must("GET", "/flow-installation/_doc/flow")["_source"]["options"]


def plan_lines(text, action):
	"""(what, name) of each line of a plan that begins with ACTION."""
	return re.findall(rf"^{action}\s+(\S+(?: \S+)*?) {{2,}}(\S+)", text, re.M)


def namespaces():
	es = cluster.Cluster(Server().url)
	code, out, err = run(es, "setup")
	streams = [s.format("default") for s in harness.STREAMS]
	created = plan_lines(out, "create")
	same([n for what, n in created if what == "namespace"] + sorted(n for what, n in created if what == "data stream"), ["default", *sorted(streams)],
		"a first installation shows its namespace and its four data streams")
	code, out, err = run(es, "setup", "--dry-run")
	ok(code == 0 and not plan_lines(out, "create"), "then there is none to be made", out)
	code, out, err = run(es, "setup", "--namespace", "lab", "--dry-run")
	same([code, sorted(plan_lines(out, "create"))], [3, sorted([("namespace", "lab"), *(("data stream", s.format("lab")) for s in harness.STREAMS)])],
		"another namespace: its name and its streams, and no asset")
	ok("namespaces share templates, pipelines and options: lab gets those of default" in out, "with what it shares", out)
	code, out, err = run(es, "setup", "--namespace", "lab", "--dry-run", "--json")
	told = json.loads(out)
	ok([told["namespace"], sorted(told["streams"])] == ["create", sorted(s.format("lab") for s in harness.STREAMS)] and "lab gets those of default" in
		str(told["consequences"]), "as JSON, too", out[-2000:])
	same([s for s in harness.STREAMS if es.get("/_data_stream/" + s.format("lab"))[0] == 200], [], "a dry run makes none")
	code, out, err = run(es, "setup", "--namespace", "lab", "--refresh", "5s")
	ok(code == 0 and "this is for default, lab" in out, "an option that changes with it is for both", out)
	es.must("DELETE", "/_data_stream/" + streams[1])
	code, out, err = run(es, "setup", "--dry-run")
	same([code, plan_lines(out, "create")], [3, [("data stream", streams[1])]], "a stream that was deleted comes into being again, and the plan says so")
	code, out, err = run(es, "setup")
	same([code, es.get("/_data_stream/" + streams[1])[0]], [0, 200], "as it does")


def typed_values():
	"""What is compared has the types that the cluster keeps, whatever the asset file has."""
	server = Server()
	es, assets = cluster.Cluster(server.url), server.scripted.assets
	run(es, "setup")
	assets["_index_template"]["logs-flow"]["priority"] = 7
	settings = assets["_component_template"]["flow@settings"]["template"]["settings"]["index"]
	settings.update(number_of_shards="1", refresh_interval="77s")	# as text, which is how servers keep settings
	mappings = assets["_component_template"]["flow@mappings"]["template"]["mappings"]
	name = next(n for n, f in mappings["properties"].items() if f.get("properties"))
	mappings["properties"][name]["dynamic"] = "false"
	mappings["date_detection"] = str(mappings["date_detection"]).lower()	# a boolean as text: no difference
	code, out, err = run(es, "setup", "--diff")
	got = sorted(l[0] + l[1:].strip().rstrip(",") for l in out.splitlines() if re.match(r"[-+](?![-+]{2} )", l) and "added_by_the_server" not in l)
	ok('-"priority": 7' in got and '+"priority": 260' in got, "a number is one", got)
	ok('-"refresh_interval": "77s"' in got and not any("number_of_shards" in l for l in got), "settings are text on both sides, below their names", got)
	ok(any(l.startswith("-") and '"dynamic": "false"' in l for l in got) and not any("date_detection" in l for l in got),
		"and what differs in its type alone does not differ", got)


def host_files():
	"""What remove would take of this host, and does."""
	with tempfile.TemporaryDirectory() as folder:
		es, env = cluster.Cluster(Server().url), {"EF_CONFIG_DIR": folder, "HOME": folder}

		def efctl(*args):
			r = harness.efctl(*args, "--no-kibana", es=es, env=env)
			return r.returncode, r.stdout + r.stderr
		for ns in "default", "lab":
			efctl("setup", "--no-key", "--namespace", ns, *(["--no-connection"] if ns == "lab" else []))
		connection, key = os.path.join(folder, "conf.d", "elasticsearch.yml"), os.path.join(folder, "api_key")
		timer = os.path.join(folder, "feeds.yml")
		for path, text in (key, "b3RoZXI6Y2x1c3Rlcg==\n"), (timer, f"elasticsearch: {{url: '{es.url}', prefix: acme}}\n"):
			with open(path, "w", encoding="utf-8") as f:
				f.write(text)
		named = [("efd's connection", connection), ("API key file", key), ("timer of the feeds", timer)]
		code, text = efctl("remove", "--dry-run", "--namespace", "lab")
		ok(code == 3 and {x for x in plan_lines(text, "kept")} >= set(named) and "the other namespaces use it" in text, "one of two: all of them are kept", text)
		efctl("remove", "--yes", "--namespace", "lab")
		code, text = efctl("remove", "--dry-run")
		ok(named[0] in plan_lines(text, "remove") and "names another cluster or prefix" in text and "this cluster has no security" in text,
			"the last one: the connection goes, the key and another prefix's timer stay", text)
		with open(timer, "w", encoding="utf-8") as f:
			f.write(f"elasticsearch: {{url: '{es.url}'}}\n")
		code, text = efctl("remove", "--dry-run", "--no-key")
		same(sorted(plan_lines(text, "kept")), sorted(named), "--no-key keeps all of it, and says so")
		code, text = efctl("remove", "--dry-run")
		same([set(named[::2]) <= set(plan_lines(text, "remove")), *(os.path.exists(p) for _, p in named)], [True] * 4, "with its own timer that goes, too")
		code, text = efctl("remove", "--yes")
		same([code, *(os.path.exists(p) for _, p in named)], [0, False, True, False], "what was listed is done")


def feeds():
	"""The list is shown once; then there is a line."""
	es = cluster.Cluster(Server().url)
	questions = []

	def answer(text):
		for question, reply in ((b"[none]: ", b"\x04"), (b"Apply? [y/N] ", b"y\n")):
			if text.endswith(question) and question not in questions:
				questions.append(question)
				return reply
		return None

	def setup(*args):
		questions.clear()
		return harness.typed(["setup", "--no-key", "--no-connection", "--no-kibana", *args], answer, es)
	code, screen = setup()
	ok(code == 0 and len(questions) == 2 and "FOR WHOM" in screen, "a first installation on a terminal shows the feeds and asks", screen)
	same(record(es), {}, "who gives no answer has chosen none")
	code, screen = setup("--refresh", "9s")
	ok(code == 0 and questions == [b"Apply? [y/N] "] and "FOR WHOM" not in screen, "and is not asked again", screen)
	line = [l for l in screen.splitlines() if "no threat feed is chosen" in l]
	ok(len(line) == 1 and "`efctl dictionaries feeds`" in line[0] and "--feeds NAME" in line[0], "but told how to choose", screen)
	code, out, err = run(es, "setup", "--feeds", "none")
	ok(code == 0 and "no threat feed is chosen" not in out, "until somebody did", out)
	code, out, err = run(es, "setup")
	ok("no threat feed is chosen" not in out, "which is remembered", out)


def remotes():
	server = Server()
	es = cluster.Cluster(server.url)
	code, out, err = run(es, "setup", "--remote", "eu,mars,ve*")
	ok(code == 2 and "knows no remote cluster mars, ve*" in err and es.get("/_index_template/logs-flow")[0] == 404,
		"a remote cluster that is not known is refused, before anything is written", out + err)
	code, out, err = run(es, "setup", "--remote", "e*")
	same([code, record(es).get("kibana.remote")], [0, "e*"], "one that is known is remembered")
	server.scripted.remotes = {}
	code, out, err = run(es, "setup")
	ok(code == 0 and "note: kibana.remote: this cluster knows no remote cluster e*" in out, "one that is known no more is told", out + err)
	code, out, err = run(es, "doctor")
	ok(code == 3 and "knows no remote cluster e*" in out, "by doctor, too", out + err)
	server.scripted.remotes = {"eu": {}}
	code, out, err = run(es, "doctor")
	ok("remote cluster" not in out, "which has nothing against those that are there", out + err)


def lifecycle():
	standin.LACKS = tuple(l for l in standin.LACKS if "lifecycle" not in l)	# it has data stream lifecycles, and no ILM
	es = cluster.Cluster(Server().url)
	code, out, err = run(es, "setup", "--retention", "9d")
	code, out, err = run(es, "setup", "--refresh", "5s")
	ok("POST /logs-flow-default/_rollover" in out and "setup --rollover" not in out, "settings alone: what brings them into new indices", out)
	with tempfile.TemporaryDirectory() as assets:
		name = "es-templates/component-templates/flow@mappings.json"
		harness.efctl("assets", "--write", assets, name)
		with open(os.path.join(assets, name), encoding="utf-8") as f:
			text = f.read()
		with open(os.path.join(assets, name), "w", encoding="utf-8") as f:
			f.write(text.replace('"properties": {', '"properties": {"later": {"type": "keyword"},', 1))
		code, out, err = run(es, "setup", "--assets", assets)
		ok(code == 0 and "--rollover` does it now" in out and "/_rollover" not in out, "a mapping: setup can do that", out + err)


namespaces()
typed_values()
host_files()
feeds()
remotes()
lifecycle()
done()
