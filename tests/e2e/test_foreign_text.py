#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What others wrote is kept as it came, and shown so that it neither steers the terminal nor passes for a line of ours: names of assets and
streams, descriptions, reasons of errors, the record, feeds. JSON says it as it is, escaped."""
import json
import os
import re
import tempfile
import urllib.parse

import harness
import cluster
import scripted
import standin
from tap import done, ok, same

# clears the screen, sets the title, begins a line; as two bytes of UTF-8: C1's CSI; turns the direction of writing
EVIL = "x\x1b[2J\x1b]0;t\x07\r\nok       all is well\x9b31m\u202ey"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
QUIET = ("--no-key", "--no-connection", "--no-kibana")


class Engine(standin.Engine):
	refuses = None	# a path that is refused with EVIL as the reason
	stale = ()	# names of streams with an older mapping

	def answer(self, method, path, sent):
		if self.refuses and urllib.parse.unquote(path).startswith(self.refuses) and method != "GET":
			return standin.no(400, EVIL, EVIL)
		if path.startswith("/_cluster/health"):
			return 400, {"error": {"type": "t", "reason": EVIL, "caused_by": {"reason": "deeper " + EVIL}}}
		return super().answer(method, path, sent)


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Engine()
		super().__init__(standin.Handler)


def run(es, *args, env=None):
	r = harness.efctl(*args, es=es, env=env)
	r.all = f"exit code {r.returncode}\n{r.stdout[-3000:]!r}{r.stderr[-3000:]!r}"
	return r


def plain(r, what, *shown):
	"""Nothing of it steers or begins a line, and SHOWN is there."""
	text = r.stdout + r.stderr
	lines = [l for l in text.splitlines() if l.startswith("ok       all is well")]
	ok(not STEERS.search(text) and not lines and all(s in text for s in shown), what, r.all)


def values(json_value):
	"""All texts in it, the names of members, too."""
	if isinstance(json_value, dict):
		return [*json_value, *(t for v in json_value.values() for t in values(v))]
	return [t for v in json_value for t in values(v)] if isinstance(json_value, list) else [json_value] if isinstance(json_value, str) else []


def as_json(r, what, text):
	"""It says TEXT as it is, and nothing in it steers."""
	ok(not STEERS.search(r.stdout) and any(text in t for t in values(json.loads(r.stdout))), what, r.all)


def assets(server, es):
	kept = server.scripted.assets
	kept["pipeline"]["flow-" + EVIL] = {"description": "somebody else's", "processors": []}
	plain(run(es, "remove", "--dry-run"), "remove: the name of a pipeline", "flow-x?[2J?]0;t??")
	kept["_index_template"]["their " + EVIL] = {"index_patterns": ["logs-flow-*"], "priority": 9999, "data_stream": {}, "template": {"mappings": {}}}
	plain(run(es, "setup", *QUIET, "--dry-run"), "setup: the name of a template that wins over ours", "their x?[2J")
	as_json(run(es, "setup", *QUIET, "--dry-run", "--json"), "setup --json: as it is", "their " + EVIL)
	plain(run(es, "doctor"), "doctor: that, and the reason of an error", "their x?[2J", "deeper x?[2J")
	for name in [n for n in kept["_index_template"] if EVIL in n]:
		del kept["_index_template"][name]
	roles = kept["pipeline"]["flow-roles"]
	kept["pipeline"]["flow-roles"] = {**roles, "description": EVIL + roles["description"]}
	plain(run(es, "setup", "--diff", *QUIET), "setup --diff: the description of a pipeline", "x\\u001B[2J")
	as_json(run(es, "setup", "--diff", "--json", *QUIET), "setup --diff --json", "x\\u001B[2J")
	kept["pipeline"]["flow-roles"] = roles
	del kept["pipeline"]["flow-" + EVIL]
	server.scripted.refuses = "/_component_template/flow@settings"
	plain(run(es, "setup", *QUIET, "--shards", "2"), "setup: the reason of an error", "x?[2J")
	r = run(es, "setup", *QUIET, "--json", "--shards", "2")
	as_json(r, "setup --json: as it is", EVIL)
	plain(r, "and the message beside it")
	server.scripted.refuses = None
	same(run(es, "setup", *QUIET).returncode, 0, "and it goes on")


def record(es):
	path = "/flow-installation/_doc/flow"
	got = es.must("GET", path)["_source"]
	es.must("PUT", path, {**got, "by": EVIL, "note": EVIL})
	for command in "status", "doctor":
		plain(run(es, command), f"{command}: who set it up", "set up by x?[2J")
	as_json(run(es, "status", "--json"), "status --json: as it is", EVIL)
	r = run(es, "setup", *QUIET, "--shards", "3")
	same([r.returncode, es.must("GET", path)["_source"]["note"]], [0, EVIL], "what somebody added to the record is written back as it was, octet for octet")


def names(es):
	standin.ROOT["cluster_name"] = EVIL
	plain(run(es, "status"), "status: the name of the cluster", "x?[2J")
	plain(run(es, "setup", *QUIET, "--dry-run"), "setup, too", "x?[2J")
	as_json(run(es, "status", "--json"), "status --json: as it is", EVIL)
	standin.ROOT["cluster_name"] = "scripted"


def streams(server, es):
	name = "logs-flow-" + EVIL	# no engine takes such a name: what stands in between may
	server.scripted.streams[name] = {"generation": 1, "meta": {"flow@mappings.json": "old"}, "documents": {}}
	plain(run(es, "remove", "--dry-run"), "remove: the namespace of a stream", "used by namespace x?[2J")
	plain(run(es, "status"), "status: a stream with an older mapping")
	del server.scripted.streams[name]


def feeds(es):
	with tempfile.TemporaryDirectory() as folder:
		with open(os.path.join(folder, "threat-feeds.csv"), "w", encoding="utf-8") as f:
			f.write("feed,url,format,category,severity,enabled,terms,interval,use\n"
				"Ours\x1b[2J\x9b31m,http://127.0.0.1:1/one,text,scanner,3,true,\"none\u202e\",1h,any\n")
		for args in ("feeds",), ("update",), ("check",):
			plain(run(es, "dictionaries", *args, "--dictionaries-dir", folder), f"dictionaries {args[0]}: the name of a feed")
		r = run(es, "dictionaries", "feeds", "--json", "--dictionaries-dir", folder)
		ok(not STEERS.search(r.stdout), "as JSON, too", r.all)


def main():
	server = Server()
	es = cluster.Cluster(server.url)
	same(run(es, "setup", *QUIET).returncode, 0, "an installation")
	assets(server, es)
	record(es)
	names(es)
	streams(server, es)
	feeds(es)
	done()


main()
