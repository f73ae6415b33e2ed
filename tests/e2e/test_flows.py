#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl flows: every record exactly once, whatever happens on the way; formats; memory; the examples of the manual."""
import atexit
import collections
import csv
import gzip
import io
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import harness
import proxy
import tap

RECORDS, SHARDS = 100_000, 5
PEAK_MIB = 256
es = harness.ready()
opensearch = es.about[0] == "opensearch"


def stream(name, shards):
	"""A namespace whose stream has so many shards, and whose documents go in as they are."""
	atexit.register(lambda: es.delete(f"/_index_template/flows-{ns}"))	# after its streams are gone: in use it stays
	ns = harness.namespace(es, name)
	template = es.must("GET", "/_index_template/logs-flow")["index_templates"][0]["index_template"]
	template["index_patterns"], template["priority"] = [f"logs-flow-{ns}"], template["priority"] + 1000
	template.setdefault("template", {}).setdefault("settings", {})["index"] = {"number_of_shards": str(shards), "number_of_replicas": "0"}
	es.must("PUT", f"/_index_template/flows-{ns}", template)
	es.must("PUT", f"/_data_stream/logs-flow-{ns}")
	return ns


def address(n):
	return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def fill(ns, documents):
	documents = iter(documents)
	while some := [d for _, d in zip(range(5000), documents)]:
		body = "".join('{"create":{}}\n' + json.dumps(d) + "\n" for d in some)
		reply = es.must("POST", f"/logs-flow-{ns}/_bulk", body, "application/x-ndjson")
		assert not reply["errors"], reply["items"][0]
	es.must("POST", f"/logs-flow-{ns}/_refresh")


def document(n, at, **more):
	return {"@timestamp": at, "source": {"ip": address(n), "port": n % 60000, "bytes": n}, "destination": {"ip": "192.0.2.1", "port": 443},
		"network": {"transport": "tcp", "bytes": n, "packets": 1}, "observer": {"name": "edge1"}, **more}


def flows(ns, *args, url=None, **kw):
	env = {**os.environ, **es.env(), "TZ": "UTC", **({"EF_ELASTICSEARCH_URL": url} if url else {})}
	return subprocess.Popen([harness.EFCTL, "flows", "--namespace", ns, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, **kw)


def ran(ns, *args, **kw):
	"""(exit code, standard output, standard error)"""
	p = flows(ns, *args, **kw)
	out, talk = p.communicate()
	return p.returncode, out, talk


def addresses(lines):
	return [json.loads(line)["source"]["ip"] for line in lines]


def each_once(name, got, want):
	twice = [a for a, n in collections.Counter(got).items() if n > 1]
	tap.ok(sorted(got) == sorted(want), name, f"{len(got)} records, {len(set(want) - set(got))} missing, {len(twice)} twice")


# ---- 100,000 records of one millisecond on five shards ----

one = stream("one", SHARDS)
fill(one, (document(n, "2026-11-01T12:00:00.000Z") for n in range(RECORDS)))
every = [address(n) for n in range(RECORDS)]
peak = "import resource, subprocess, sys; c = subprocess.run(sys.argv[1:]).returncode; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr); sys.exit(c)"
begun = time.monotonic()
r = subprocess.run([sys.executable, "-c", peak, harness.EFCTL, "flows", "--namespace", one, "--format", "ndjson"], capture_output=True, text=True, env=dict(os.environ, **es.env()))
took = time.monotonic() - begun
each_once(f"{RECORDS:,} records of one millisecond on {SHARDS} shards: each exactly once", addresses(r.stdout.splitlines()), every)
used = int(r.stderr.split()[-1])
tap.ok(r.returncode == 0 and used < PEAK_MIB, f"it took {used} MiB, below {PEAK_MIB}", r.stderr)
tap.note(f"{RECORDS / took:,.0f} records a second")

with tempfile.TemporaryDirectory() as tmp:
	path = os.path.join(tmp, "all.csv.gz")
	code, out, talk = ran(one, "--format", "csv", "--fields", "source.ip,network.bytes", "--sort", "bytes:asc", "-o", path)
	with gzip.open(path, "rt", newline="") as f:
		rows = list(csv.reader(f))
	tap.same([code, out, talk.strip().endswith(path), rows[0]], [0, "", True, ["source.ip", "network.bytes"]], "-o FILE.csv.gz: a gzip file with a head")
	tap.same(rows[1:], [[address(n), str(n)] for n in range(RECORDS)], "--sort bytes:asc: all of them, in that order")


# ---- a proxy that has the engine forget, and one that is interrupted ----

class Forgetful(proxy.Handler):
	"""Has the engine forget what it holds fast before the search that `at` names, and again `times` times."""
	def forward(self):
		p = self.server
		if p.no_root and self.command == "GET" and self.path == "/":	# as for an account that may read records and no more
			return 403, [("Content-Type", "application/json")], b'{"error":{"type":"security_exception","reason":"action [cluster:monitor/main] is unauthorized"},"status":403}'
		if self.command == "POST" and "/_search" in self.path and "point_in_time" not in self.path:
			with p.lock:
				p.searches += 1
				lost = p.searches in p.forgets
			if lost:
				p.forget()
			if p.hook and p.searches == p.hook_at:
				p.hook()
			if p.searches == p.broken_at:
				status, headers, body = super().forward()
				return status, headers, p.broken(body)
		return super().forward()


class Forgetter(proxy.Proxy):
	def __init__(self, url, forgets=(), hook=None, hook_at=0, no_root=False, broken=None, broken_at=0):
		self.searches, self.forgets, self.hook, self.hook_at, self.no_root, self.broken, self.broken_at = 0, forgets, hook, hook_at, no_root, broken, broken_at
		super().__init__(url)
		self.RequestHandlerClass = Forgetful

	def forget(self):
		if opensearch:
			es.delete("/_search/point_in_time/_all")
			es.delete("/_search/scroll/_all")
		else:	# all contexts of the node: no API names those of points in time
			es.must("POST", f"/logs-flow-{one}/_close")
			es.must("POST", f"/logs-flow-{one}/_open")


mixed = stream("mixed", 3)
fill(mixed, (document(n, f"2026-11-01T12:00:{n // 1000:02}.{n % 1000 // 200:03}Z") for n in range(20000)))
if opensearch:
	for ns, n, name in ((one, RECORDS, "of one millisecond"), (mixed, 20000, "of many")):
		p = Forgetter(es.url, forgets=(3, 7))
		code, out, talk = ran(ns, "--format", "ndjson", url=p.url)
		each_once(f"the engine forgets twice among records {name}: each exactly once", addresses(out.splitlines()), every[:n])
		tap.same([code, talk.count("the cluster has forgotten this search")], [0, 2], f"records {name}: it is said")
		p.shutdown()
	p = Forgetter(es.url, forgets=(2,))
	code, out, talk = ran(mixed, "--format", "ndjson", "--sort", "src:asc", url=p.url)
	tap.same(addresses(out.splitlines()) == sorted(every[:20000], key=lambda a: tuple(map(int, a.split(".")))), True, "sorted by address: in order over the loss")
	p.shutdown()
	p = Forgetter(es.url, forgets=range(2, 99))
	code, out, talk = ran(one, "--format", "ndjson", url=p.url)
	tap.ok(code == 1 and "forgot the search 3 times" in talk and len(out.splitlines()) == 2000, "an engine that forgets always: an end, and what was written", talk)
	p.shutdown()
	p = Forgetter(es.url, forgets=(3, 7), no_root=True)
	code, out, talk = ran(mixed, "--format", "ndjson", url=p.url)
	each_once("without the right to see the root, by a scroll that is forgotten twice: each exactly once", addresses(out.splitlines()), every[:20000])
	tap.ok(code == 0 and talk.count("the cluster has forgotten this search") == 2 and any("scroll" in path for _, path in p.requests) and not any("point_in_time" in path for _, path in p.requests), "and it was a scroll", talk)
	p.shutdown()
else:
	tap.skip("the engine forgets", "only OpenSearch has an API for it")

with tempfile.TemporaryDirectory() as tmp:
	path = os.path.join(tmp, "some.json.gz")
	child = []
	p = Forgetter(es.url, hook=lambda: child[0].send_signal(signal.SIGINT), hook_at=4)
	child.append(flows(one, "--format", "json", "-o", path, url=p.url))
	out, talk = child[0].communicate()
	with gzip.open(path, "rt") as f:
		kept = json.load(f)
	said = re.search(r"interrupted after ([\d,]+) records, written whole", talk)
	tap.ok(child[0].returncode == 1 and said and int(said.group(1).replace(",", "")) == len(kept) == len({d["source"]["ip"] for d in kept}) >= 4000,
		"Ctrl-C: what is written is whole, and said", f"{talk} {len(kept)}")
	p.shutdown()


# ---- pages that are not whole, each an error that says why; what was written before stays ----

def less(**members):
	"""A reply with other members, as an engine gives them that had not all of its parts."""
	return lambda body: json.dumps({**json.loads(body), **members}).encode()


def twisted(change):
	def broken(body):
		reply = json.loads(body)
		change(reply["hits"]["hits"])
		return json.dumps(reply).encode()
	return broken


failed = {"total": 5, "successful": 4, "failed": 1, "failures": [{"reason": {"type": "circuit_breaking_exception", "reason": "Data too large"}}]}
PARTS = (
		("a shard that failed", less(_shards=failed), "1 of 5 shards failed (Data too large)"),
		("a remote cluster that was skipped", less(_clusters={"total": 3, "successful": 2, "skipped": 1}), "1 of 3 clusters did not answer"),
		("a search that was ended early", less(timed_out=True), "search.default_search_timeout"))
for name, broken, what in (*PARTS,
		("half a reply, as behind a proxy that gives up", lambda body: body[:len(body) // 2], "it ends in the middle, after"),
		("an error with 200", lambda body: b'{"error":{"type":"x","reason":"the coordinator is busy"}}', "no reply to it: the coordinator is busy"),
		("a record without its document", twisted(lambda hits: hits[7].pop("_source")), "comes without its document"),
		("a document under another spelling", lambda body: body.replace(b'"_source":', b'"_s\\u006furce":', 1), "comes without its document"),
		("a document twice", lambda body: body.replace(b'"_source":{', b'"_source":{},"_source":{', 1), "duplicate object key"),
		("more records than were asked for", twisted(lambda hits: hits.append(hits[0])), "more than the 2000 records asked for"),
		("HTML", lambda body: b"<html>", "it is no JSON at octet 0 of 6")):
	p = Forgetter(es.url, broken=broken, broken_at=3)
	code, out, talk = ran(one, "--format", "ndjson", url=p.url)
	tap.ok(code == 1 and what in talk and "after 4,000 records" in talk and len(out.splitlines()) == len(set(addresses(out.splitlines()))) == 4000, f"{name}: an error, and what was written before", talk)
	p.shutdown()
for command in (["top", "hosts"], ["series"]):
	for name, broken, what in PARTS:
		p = Forgetter(es.url, broken=broken, broken_at=1)
		r = harness.efctl(*command, "--namespace", one, "--from", "2026-11-01", "--to", "2026-11-02", env={**es.env(), "EF_ELASTICSEARCH_URL": p.url})
		tap.ok(r.returncode == 0 and r.stdout and f"incomplete: {what}" in r.stderr.replace("the cluster ended the search before it was done, as its setting ", ""), f"{command[0]}: {name}: figures, and that they are incomplete", r.stdout + r.stderr)
		p.shutdown()

# ---- records of which 2,000 are too many ----

LONG, OF = 300, 400_000	# 120 MB; half of them in one reply are more than may be kept
long = stream("long", 1)
for begin in range(0, LONG, 50):
	fill(long, (document(n, "2026-11-01T12:00:00.000Z", message=f"{n} " + "x" * OF) for n in range(begin, begin + 50)))
with tempfile.TemporaryDirectory() as tmp:
	path = os.path.join(tmp, "long.ndjson")
	p = Forgetter(es.url)
	r = subprocess.run([sys.executable, "-c", peak, harness.EFCTL, "flows", "--namespace", long, "--format", "ndjson", "-o", path], capture_output=True, text=True, env={**os.environ, **es.env(), "EF_ELASTICSEARCH_URL": p.url})
	with open(path, encoding="utf-8") as f:
		each_once("records of 400 kB: each exactly once", addresses(f), every[:LONG])
	used = int(r.stderr.split()[-1])
	tap.ok(r.returncode == 0 and used < PEAK_MIB, f"it took {used} MiB, below {PEAK_MIB}, in {p.searches} searches", r.stderr)
	p.shutdown()

# ---- records as they were stored ----

raw = stream("raw", 1)
stored = """{\n "@timestamp" : 1793534400250,\r\n "source": {"ip": "10.0.0.1", "port": 7},\n\t"network":{"bytes":1.50e3, "bytes2" : [ 1 , {} ]},
 "flow": {"ie": {"n": 18446744073709551615, "name": "a\u009b  \\u001b \\"b\\", Zürich \\ud83d\\ude00"} , "service" : { "name" : "x,y" } } }"""
es.must("POST", f"/logs-flow-{raw}/_doc?refresh=true", stored, "application/json")
want = """{"@timestamp":"2026-11-01T12:00:00.250Z","source":{"ip":"10.0.0.1","port":7},"network":{"bytes":1.50e3,"bytes2":[1,{}]},\
"flow":{"ie":{"n":18446744073709551615,"name":"a\\u009b  \\u001b \\"b\\", Zürich \\ud83d\\ude00"},"service":{"name":"x,y"}}}"""
code, out, talk = ran(raw, "--format", "ndjson")
tap.same([code, out], [0, want + "\n"], "NDJSON: the record as it was stored, on one line; times as the engine shows them, and nothing that steers")
code, out, talk = ran(raw, "--json")
tap.same([code, out], [0, f"[\n{want}\n]\n"], "JSON: the same in an array")
code, out, talk = ran(raw, "--format", "csv", "--fields", "@timestamp,source.port,flow.ie.n,flow.ie.name,flow.service.name,event.action,source.port")
tap.same([code, out.splitlines()[1:]], [0, ['2026-11-01T12:00:00.250Z,7,18446744073709551615,"a??  ? ""b"", Zürich 😀","x,y",,7']], "CSV: the same values")

# ---- what is shown ----

few = stream("few", 1)
fill(few, [
	document(1, "2026-11-01T12:00:00.250Z", event={"duration": 1500000000}, flow={"tcp": {"flags": ["SYN", "ACK"]}, "service": {"name": "https"}}),
	document(2, "2026-11-01T12:00:01.000Z", flow={"sampling": {"rate": 1000}, "service": {"name": "=HYPERLINK,\"x\""}}),
	{"@timestamp": "2026-11-01T12:00:02.000Z", "source": {"ip": "2001:db8::1", "port": 53}, "destination": {"ip": "2001:db8::2", "port": 40000},
		"network": {"transport": "udp"}, "flow": {"duplicate": {"bytes": 777, "packets": 7, "reason": "egress"}, "service": {"name": "evil\x1b[2J\nname"}}},
])
code, out, talk = ran(few)
lines = out.splitlines()
tap.same([code, len(lines)], [0, 4], "a table: a head and a line for each record")
tap.ok(all(w in lines[3] for w in ("2026-11-01 12:00:00.250", "1.500", "10.0.0.1:1", "192.0.2.1:443", ".A..S.", "https")), "a record is as it should be", lines[3])
tap.ok("sampled 1:1000" in lines[2], "sampled figures are marked", lines[2])
tap.ok("duplicate: egress" in lines[1] and "(777)" in lines[1] and "[2001:db8::1]:53" in lines[1], "what is counted elsewhere is marked, its figures in brackets", lines[1])
tap.ok("\x1b" not in out and "evil?[2J name" in lines[1], "no name steers the terminal", repr(lines[1]))
code, out, talk = ran(few, "--format", "csv", "--fields", "source.port,flow.service.name")
tap.same(list(csv.reader(io.StringIO(out)))[1:], [["53", "evil?[2J name"], ["2", '=HYPERLINK,"x"'], ["1", "https"]], "CSV quotes")
code, out, talk = ran(few, "--json", "--fields", "source.port")
tap.same([code, json.loads(out)], [0, [{"source": {"port": n}} for n in (53, 2, 1)]], "--json --fields: an array with these alone")
code, out, talk = ran(few, "--wide", "-n", "1")
tap.ok("EXPORTER" in out and len(out.splitlines()) == 2 and "1 of 3 records" in talk, "--wide, -n 1: more columns, fewer lines, and how many there are", out + talk)
code, out, talk = ran(few, "--show-query", "sampled or dst port 443", "--from", "2026-11-01")
line, _, body = out.partition("\n")
tap.same([code, es.must(*line.split(" "), json.loads(body))["hits"]["total"]["value"]], [0, 2], "--show-query prints a request that can be sent as it is")
code, out, talk = ran(few, "sampled")
tap.same([code, len(out.splitlines())], [0, 2], "a filter leaves the others out")
code, out, talk = ran(few, "--from", "2026-11-01 12:00:01", "--to", "2026-11-01 12:00:02", "--json")
tap.same([len(json.loads(out)), talk], [1, "2026-11-01 12:00:01 +00:00 to 2026-11-01 12:00:02 +00:00 (UTC)\n"], "--from, --to: the record between them; the zone is said")
for command in (["flows"], ["top"], ["series"], ["report", "-o", "-"]):
	r = harness.efctl(*command, "--namespace", "nobody.has.this", es=es)
	tap.ok(r.returncode == 1 and not r.stdout and "there is no logs-flow-nobody.has.this" in r.stderr and few in r.stderr.partition("those with records are ")[2].partition(" (")[0].split(", "),
		f"{command[0]}: a namespace that is not there is an error, with those that are", r.stderr)
for args, what in (
		(["flow.servce.name = dns"], "at 'flow.servce.name': this is no field of a record; did you mean 'flow.service.name'?"),
		(["not network.byte > 1"], "did you mean 'network.bytes'?"),
		(["source.ip = 10.1"], "an address is wanted"),
		(["--sort", "nosuch"], "--sort: 'nosuch' is no field of a record"),
		(["--sort", "network.byte:asc"], "--sort: 'network.byte' is no field of a record; did you mean 'network.bytes'?"),
		(["--sort", "message"], "--sort: the field message is kept without values"),
		(["--fields", "source.ip,source.prt"], "--fields: 'source.prt' is no field of a record; did you mean 'source.port'?")):
	code, out, talk = ran(few, *args)
	tap.ok(code == 2 and what in talk and not out, f"{' '.join(args)}: refused, with what was meant", f"{code} {talk}")
code, out, talk = ran(few, "--fields", "source,flow.ie.some.thing", "--json", "source.ip = 2001:db8::/33 and flow.ie.some.thing != 7")
tap.same([code, [d["source"]["port"] for d in json.loads(out or "[]")]], [0, [53]], "folders of fields are shown, and what the device sent beside is asked for")
for command, where in ((["top", "flow.service.nme"], "top"), (["series", "--by", "flow.service.nme"], "--by")):
	r = harness.efctl(*command, "--namespace", few, es=es)
	tap.ok(r.returncode == 2 and f"{where}: 'flow.service.nme' is no field of a record; did you mean 'flow.service.name'?" in r.stderr, f"{' '.join(command)}: refused, with what was meant", r.stderr)
code, out, talk = ran(few, "--kql", "acme.cost > 5k", url=None)
tap.ok(code == 2 and "no field of a record" in talk, "a field that is not ours is asked of the cluster, also where only a query is printed", talk)
code, out, talk = ran(few, "src port 53")
tap.ok("source.port has no index" in talk, "what is dear is said", talk)
for args, what in ((["--sort", "bytes:up"], "--sort"), (["--sort", "_id"], "--sort"), (["--wide", "--json"], "--wide"), (["-n", "1", "--all"], "-n"), (["--json", "--format", "csv"], "--format"),
		(["-o", "/"], "/"), (["--from", "noon"], "--from"), (["port", "http"], "column 6")):
	code, out, talk = ran(few, *args)
	tap.ok(code == 2 and what in talk and not out, f"{' '.join(args)}: refused", f"{code} {talk}")

# ---- a full disk, and names that cannot be ----

odd = stream("odd", 1)
fill(odd, [document(n, f"2026-11-01T12:00:0{n % 10}.000Z", flow={"service": {"name": "nul\0behind"}}) for n in range(5000)])


def full(limit):
	"""No file may grow beyond it: as on a full disk, what fits is written, and then nothing."""
	def set_limit():
		signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
		resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
	return set_limit


with tempfile.TemporaryDirectory() as tmp:
	path = os.path.join(tmp, "some.csv")
	for limit, want in ((10000, 0), (60000, 2000), (110000, 4000)):
		code, out, talk = ran(odd, "--format", "csv", "--fields", "source.ip,flow.service.name", "--sort", "src:asc", "-o", path, preexec_fn=full(limit))
		with open(path, newline="") as f:
			text = f.read()
		lines = text.splitlines()
		tap.ok(code == 1 and f"after {want:,} records" in talk and len(lines) == (want and want + 1) and (not want or text.endswith("\n")),
			f"the disk is full after {limit} bytes: as many records as it says, each whole", f"{code} {talk} {len(lines)} {text[-60:]!r}")
	tap.ok(all(line.endswith(",nul␀behind") for line in lines[1:]), "a NUL in a name hides nothing", repr(lines[:3]))
code, out, talk = ran(odd, "-n", "1", "--fields", "flow.service.name")
tap.ok("nul␀behind" in out, "nor in a table", repr(out))
for command in (["flows"], ["report"]):
	r = harness.efctl(*command, "-o", "", "--namespace", odd, es=es)
	tap.ok(r.returncode == 2 and not r.stdout and "-o wants a value" in r.stderr, f"{command[0]} -o '': refused", r.stdout[:200] + r.stderr)

# ---- a cluster that forbids what is dear ----

es.must("PUT", "/_cluster/settings", {"persistent": {"search.allow_expensive_queries": False}})
try:
	code, out, talk = ran(few, "bps > 10")
	tap.ok(code == 1 and "forbids expensive queries" in talk and "source.bytes is asked by a script" in talk, "expensive queries are forbidden: that is said, and of which field", talk)
	code, out, talk = ran(few, "dst port 443", "--json")
	tap.same([code, len(json.loads(out or "[]"))], [0, 2], "what is indexed is answered")
finally:
	es.must("PUT", "/_cluster/settings", {"persistent": {"search.allow_expensive_queries": None}})

# ---- the examples of the manual ----

with open(os.path.join(harness.ROOT, "docs", "asking.md"), encoding="utf-8") as f:
	manual = f.read()
examples = re.findall(r"^    (.+)$", manual, re.M)
with tempfile.TemporaryDirectory() as tmp:
	for line in examples:
		words = shlex.split(line, comments=True) if line.startswith("efctl") else ["efctl", "flows", line]
		if words[1] != "flows":
			continue
		r = harness.efctl(*words[1:], "--namespace", few, es=es, cwd=tmp)
		tap.ok(r.returncode == 0, f"the manual: {line}", r.stderr)

tap.done()
