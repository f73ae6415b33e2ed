#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What others wrote is kept as it came, and shown so that it neither steers the terminal nor passes for a line of ours: names of assets and
streams, descriptions, reasons of errors, the record, feeds. JSON says it as it is, escaped."""
import json
import os
import re
import struct
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
	searched = simulated = None	# what searches, and simulations of a pipeline, are answered with
	every = None	# what every request is answered with, by its path

	def answer(self, method, path, sent):
		if self.every:
			return self.every(path)
		if self.searched and "_search" in path and "flow-installation" not in path:
			return self.searched
		if self.simulated and "_simulate" in path:
			return self.simulated
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


def searches(server, es):
	"""What the documents say: names of hosts, applications, exporters. A NUL in a name is shown, and hides nothing behind it."""
	nul = "before\0behind"
	figures = ("v", "bytes", "packets", "packets_sent", "packets_received", "sent", "received", "rate")
	everything = {"doc_count": 9, "bytes": {"value": 99}, "packets": {"value": 9}}
	failed = {"total": 2, "failed": 1, "failures": [{"reason": {"type": EVIL, "reason": "shard " + EVIL}}]}

	def ranked(*keys):
		"""Lists of candidates and their sums: whichever of the two is asked for."""
		values = {"buckets": [{"key": key, "doc_count": 3, **{n: {"value": 7} for n in figures}} for key in keys]}
		server.scripted.searched = 200, {"hits": {"total": {"value": 9}, "hits": []}, "_shards": failed, "aggregations": {"all": everything, "none": {},
			"rest": everything, **{n: {**values, "tuples": values} for n in ("list0", "list1", "sums0", "sums1")}}}
	ranked([EVIL, nul, EVIL], ["before\0 and more"] * 3)
	plain(run(es, "top", "conversations"), "top conversations: names", "x?[2J", "shard x?[2J", "before\u2400behind", "before\u2400 and")
	ranked(EVIL, nul, "before\0 and more")
	for what in "talkers", "applications", "exporters":
		plain(run(es, "top", what), f"top {what}: names", "x?[2J", "shard x?[2J", "before\u2400behind", "before\u2400 and")
	as_json(run(es, "top", "--json"), "top --json: as it is", EVIL)
	as_json(run(es, "top", "--json"), "top --json: a NUL", "before\u2400behind")
	server.scripted.searched = None


def simulated(server, es):
	nul = "before\0behind"
	line = {"@timestamp": "2026-01-01T00:00:00.000Z", "flow": {}, "ie": {"applicationName": nul, "userName": EVIL}}
	after = {**line, "network": {"application": nul}, "user": {"name": EVIL}, "x" + EVIL: 1}
	server.scripted.simulated = 200, {"docs": [{"processor_results": [{"processor_type": EVIL, "tag": EVIL, "status": "success", "doc": {"_source": after}}]}]}
	with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
		json.dump(line, f)
		f.write("\n")
		f.flush()
		plain(run(es, "simulate", f.name), "simulate: stages, fields and values", "x?[2J", "behind")
		r = run(es, "simulate", "--json", f.name)
		as_json(r, "simulate --json: as it is", EVIL)
		as_json(r, "simulate --json: a NUL", nul)
		server.scripted.simulated = 200, {"docs": [{"processor_results": [{"tag": EVIL, "error": {"type": EVIL, "reason": EVIL}}]}]}
		plain(run(es, "simulate", f.name), "simulate: the reason why a stage fails", "x?[2J")
	server.scripted.simulated = None


def errors(server, es):
	"""Each command, when all that is asked is refused: by the cluster, by what stands in front of it, and with a version that is none."""
	capture = os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap")
	commands = (("setup", *QUIET), ("status",), ("doctor",), ("top",), ("remove", "--yes"), ("keys", "list"), ("keys", "create", "--yes"), ("replay", capture),
		("dictionaries", "apply", "--yes"), ("export", "--kibana-url", server.url))
	body = json.dumps(standin.no(400, EVIL, EVIL)[1], ensure_ascii=False)
	root = json.dumps({**standin.ROOT, "cluster_name": EVIL, "version": {"number": "8.19.0" + EVIL}}, ensure_ascii=False)
	for name, answers in (("everything", lambda path: (400, body)), ("all but the root", lambda path: (200, standin.ROOT) if path == "/" else (403, body)),
			("a page", lambda path: (502, "<html>" + EVIL)), ("a version", lambda path: (200, root) if path == "/" else (400, body))):
		server.scripted.every = answers
		for command in commands:
			r = run(es, *command)
			plain(r, f"{name} is refused: {command[0]}")
			if command != ("doctor",):
				ok(r.returncode > 0, f"{name} is refused: {command[0]} does not end well", r.all)
	server.scripted.every = None


def own_words(es):
	"""What somebody types, or a file is called, comes back in messages."""
	for args in (("replay", EVIL), ("replay", "--speed", EVIL, "x"), ("decode", EVIL), (EVIL,), ("help", EVIL), ("status", "--" + EVIL), ("top", EVIL), ("simulate", EVIL),
			("setup", "--retention", EVIL), ("keys", "revoke", EVIL, "--yes"), ("keys", EVIL), ("status", "--config", EVIL)):
		r = run(es, *args)
		plain(r, f"efctl {' '.join('EVIL' if a == EVIL else a.replace(EVIL, 'EVIL') for a in args)}")
		ok(r.returncode > 0, "which is an error", r.all)


def captures():
	"""What exporters say of themselves: applications, interfaces, users."""
	with tempfile.TemporaryDirectory() as folder:
		path = os.path.join(folder, "a\x1b[2J\nname.pcap")
		with open(path, "wb") as f:
			f.write(capture_of(EVIL.encode()[:60]))
		r = run(None, "decode", path)
		names = [l.get("ie", {}).get("applicationName") for l in map(json.loads, r.stdout.splitlines())]
		same([n for n in names if n], [EVIL.encode()[:60].decode(errors="replace")], "the raw line says it as it came")
		same([r.returncode, r.stderr], [0, ""], "and nothing else")
		plain(r, "the raw line, escaped", "\\u009b31m\\u202ey")
		with open(path, "r+b") as f:
			f.truncate(os.path.getsize(path) - 3)
		r = run(None, "decode", path, "--output", "/dev/null")
		plain(r, "a capture that breaks off: its name", "a?[2J name.pcap")


def capture_of(name):
	"""A pcap with one IPFIX message: a template with applicationName (96) of any length, and a record."""
	record = bytes([len(name)]) + name + bytes([0, 0, 0, 9])
	sets = struct.pack("!8H", 2, 16, 256, 2, 96, 65535, 1, 4) + struct.pack("!HH", 256, 4 + len(record)) + record
	message = struct.pack("!HHIII", 10, 16 + len(sets), 1700000000, 0, 1) + sets
	packet = bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBHII", 0x45, 0, 28 + len(message), 0, 0, 64, 17, 0, 0x0a000001, 0x0a000002)
	packet += struct.pack("!HHHH", 4739, 4739, 8 + len(message), 0) + message
	return struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 1700000000, 0, len(packet), len(packet)) + packet


def main():
	server = Server()
	es = cluster.Cluster(server.url)
	same(run(es, "setup", *QUIET).returncode, 0, "an installation")
	assets(server, es)
	record(es)
	names(es)
	streams(server, es)
	feeds(es)
	searches(server, es)
	simulated(server, es)
	own_words(es)
	captures()
	errors(server, es)
	done()


main()
