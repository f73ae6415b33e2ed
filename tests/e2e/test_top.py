#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl top against a ledger: ten backing indices whose shards nominate the wrong values, ends that are both, values that are absent, duplicates, sampling."""
import collections
import csv
import io
import json
import os
import pty
import random
import signal
import subprocess
import time

import harness
import flowdocs
import tap
from flowdocs import counted, get, store

R = random.Random(21)
INDICES = 10
NOW = int(time.time()) // 600 * 600 - 600
SERVICES = ["dns", "https", "ssh", "ntp", "-"]	# the last one is a name that looks like none
LIST = 2000	# values that efctl asks of each shard, at least


def flow(*args, at=NOW, **more):
	return flowdocs.flow(*args, at, **more)


def ledger(docs, sides):
	"""{value or tuple: [bytes, packets, flows, sent, received, peers]}; SIDES: (fields, field of what is sent, of what is received, of the peer)."""
	out, peers = collections.defaultdict(lambda: [0] * 5), collections.defaultdict(set)
	for d in counted(docs):
		seen = set()
		for fields, sent, received, peer in sides:
			values = [get(d, f) for f in fields]
			if all(v is None for v in values) or len(fields) == 1 and values[0] is None:
				continue
			many = values[0] if isinstance(values[0], list) else [tuple(values)]
			for key in many if not isinstance(values[0], list) else [(v,) for v in values[0]]:
				row = out[key]
				row[3] += get(d, sent) or 0
				row[4] += get(d, received) or 0
				if get(d, peer):
					peers[key].add(get(d, peer))	# the same one whether it asked or was asked
				if key not in seen:	# both ends: its bytes once, and it sent and received all of them
					row[0] += get(d, "network.bytes") or 0
					row[1] += get(d, "network.packets") or 0
					row[2] += 1
				seen.add(key)
	return {k: [*v, len(peers[k])] for k, v in out.items()}


def ends(form):
	return [((form.replace("%", "client"),), "client.bytes", "server.bytes", "flow.server.name"), ((form.replace("%", "server"),), "server.bytes", "client.bytes", "flow.client.name")]


def one(*fields, peer="flow.client.name"):
	return [(fields, "client.bytes", "server.bytes", peer)]


def top(es, ns, *args):
	r = harness.efctl("top", *args, "--format", "json", "--namespace", ns, es=es)
	return json.loads(r.stdout) if r.returncode == 0 else {"error": r.stderr, "top": []}


def rows(answer, by):
	return [(tuple(r["key"]), [r["bytes"], r["packets"], r["flows"], r["sent"], r["received"]] + ([r["peers"]] if by == "peers" else [])) for r in answer["top"]]


PLACE = {"bytes": 0, "packets": 1, "flows": 2, "peers": 5}


def compare(es, ns, docs, dimension, sides, n=10, by="bytes", *args):
	"""The ranking has the ledger's sums and order; what it says of the others is true."""
	want, answer = ledger(docs, sides), top(es, ns, dimension, "-n", str(n), "--by", by, *args)
	place, got = PLACE[by], rows(answer, by)
	best = sorted(want.values(), key=lambda v: -v[place])
	name = f"{dimension} by {by} {' '.join(args)}".rstrip()
	values = [v[place] for _, v in got]
	if not tap.ok([v[place] for v in best[:n]] == values, f"{name}: the first {n} of the ledger", f"{values}\n{[v[place] for v in best[:n]]}\n{answer.get('error')}"):
		return answer
	wrong = [(k, v, want.get(k)) for k, v in got if want.get(k, [])[:len(v)] != v]
	tap.ok(not wrong, f"{name}: and their figures", "\n".join(map(str, wrong[:5])))
	rest = [v[place] for k, v in want.items() if k not in dict(got)]
	tap.ok(answer["no_other_above"] is not None and max(rest, default=0) <= answer["no_other_above"], f"{name}: no other value is above what it says", f"{max(rest, default=0)} {answer['no_other_above']}")
	return answer


def everyday():
	"""Traffic of a company: names with a long tail, hosts that talk to themselves, and what some records lack."""
	docs = []
	for _ in range(6000):
		a, b = (f"h{int(R.paretovariate(0.7)) % 4000:04}" for _ in range(2))
		if R.random() < 0.05:
			b = a
		service = R.choice([*SERVICES, None])
		d = flow(a if R.random() < 0.97 else None, b if R.random() < 0.98 else None, R.randrange(100000), R.randrange(100000), service, at=NOW - R.randrange(7200))
		if R.random() < 0.7:
			d["client"]["as"] = {"number": 64496 + hash_of(a) % 40, "organization": {"name": f"AS of {hash_of(a) % 40}"}}
			d["server"]["as"] = {"number": 64496 + hash_of(b) % 40, "organization": {"name": f"AS of {hash_of(b) % 40}"}}
		if R.random() < 0.8:
			d["client"]["ip"], d["server"]["ip"] = f"10.0.{hash_of(a) % 7}.{hash_of(a) % 200}", f"2001:db8::{hash_of(b) % 900:x}"
			d["server"]["port"] = 1 + hash_of(b) % 300
		if R.random() < 0.5:
			d["flow"]["tcp"] = {"flags": R.sample(["SYN", "ACK", "FIN", "RST", "PSH"], R.randrange(1, 5))}
		if R.random() < 0.1:
			d["flow"]["sampling"] = {"rate": 100}
		if R.random() < 0.1:	# metered twice: kept, but not counted again
			d["flow"]["duplicate"] = {"bytes": d["network"].pop("bytes"), "packets": d["network"].pop("packets"), "reason": ["egress"]}
			del d["client"]["bytes"], d["server"]["bytes"]
		into, out = f"r1/{hash_of(a) % 9}", f"r1/{hash_of(b) % 9}"
		d["flow"]["ingress"] = {"interface": into, "bytes": R.randrange(5000), "reverse_bytes": R.randrange(3000), "packets": 2, "reverse_packets": 1}
		d["flow"]["egress"] = {"interface": out, "bytes": R.randrange(5000), "reverse_bytes": R.randrange(3000), "packets": 4}
		docs.append(d)
	return docs


def hash_of(text):
	return sum(ord(c) * 31 ** i for i, c in enumerate(text))


def interfaces(docs):
	out = collections.defaultdict(lambda: [0] * 4)
	for d in docs:
		i, e = d["flow"]["ingress"], d["flow"]["egress"]
		for side, into, from_ in ((i, "bytes", "reverse_bytes"), (e, "reverse_bytes", "bytes")):
			row = out[side["interface"]]
			row[0] += side[into] + side[from_]
			row[1] += side["packets"] + side.get("reverse_packets", 0)
			row[2] += side[from_]
			row[3] += side[into]
	return {k: v for k, v in out.items()}


def skewed():
	"""Ten shards, each with more values of its own than efctl asks for, and two values that are just below the end of every list: the largest of all."""
	groups = []
	for i in range(INDICES):
		docs = [flow(f"s{i}-{n}", "x", 1000 + n % 7, 0, "dns") for n in range(LIST + 50)]
		docs += [flow(f"big{i}", "x", 2500 + i, 0, "dns"), flow("everywhere", "x", 990, 0, "dns"), flow("nowhere", "y", 980, 0, "dns")]
		R.shuffle(docs)
		groups.append(docs)
	return groups


def check_everyday(es):
	docs = everyday()
	ns = harness.namespace(es, "top")
	store(es, ns, [docs[i::INDICES] for i in range(INDICES)])
	multi = len(counted(docs))
	hosts = ends("flow.%.name")
	for by in PLACE:
		compare(es, ns, docs, "hosts", hosts, 10, by)
	for args in ((), ("--exact",)):
		for dimension, sides in (("talkers", hosts), ("clients", one("flow.client.name", peer="flow.server.name")), ("services", one("flow.service.name")), ("as", ends("%.as.number")),
			("addresses", ends("%.ip")), ("ports", one("server.port")), ("flags", one("flow.tcp.flags")), ("client-as", one("client.as.number")),
			("conversations", one("flow.client.name", "flow.server.name", "flow.service.name")), ("clients,services", one("flow.client.name", "flow.service.name")),
			("services,client-as", one("flow.service.name", "client.as.number")), ("ports,services", one("server.port", "flow.service.name"))):
			answer = compare(es, ns, docs, dimension, sides, 20, "bytes", *args)
			tap.ok(answer.get("exact") is True, f"{dimension} {' '.join(args)}: each shard told all, or every value was looked at", str(answer.get("proof")))
	answer = top(es, ns, "hosts", "-n", "7")
	tap.same(answer["all"]["flows"], multi, "all: each flow once, without those that only repeat others")
	tap.same(answer["all"]["bytes"], sum(get(d, "network.bytes") or 0 for d in docs), "all: and their bytes")
	shown = {r["key"][0] for r in answer["top"]}
	rest = [d for d in counted(docs) if not {get(d, "flow.client.name"), get(d, "flow.server.name")} & shown]
	none = [d for d in rest if not get(d, "flow.client.name") and not get(d, "flow.server.name")]
	tap.same([answer["none"]["flows"], answer["others"]["flows"], answer["others"]["bytes"]],
		[len(none), len(rest) - len(none), sum(get(d, "network.bytes") or 0 for d in rest if d not in none)], "hosts: the others are the flows of no row, and those without a host have a row")
	repeats = [d for d in docs if get(d, "flow.duplicate.bytes")]
	tap.same(answer["repeats"], {"flows": len(repeats), "bytes": sum(get(d, "flow.duplicate.bytes") for d in repeats)}, "what repeats others is told apart")
	answer = top(es, ns, "interfaces", "-n", "4")
	want = sorted(((v, k) for k, v in interfaces(docs).items()), reverse=True)[:4]
	tap.same([[[r["bytes"], r["packets"], r["sent"], r["received"]], r["name"]] for r in answer["top"]], [[v, k] for v, k in want], "interfaces: in and out, with what totals leave out")
	sampled = {d["flow"].get("service", {}).get("name") for d in counted(docs) if get(d, "flow.sampling.rate")}
	tap.same({r["name"] for r in top(es, ns, "services")["top"] if r["sampled"] == 100}, sampled - {None}, "rows with sampled flows say so")
	peaks(es, ns, docs)
	look(es, ns)
	watched(es, ns)


def peaks(es, ns, docs):
	steps = collections.defaultdict(int)
	for d in counted(docs):
		for name in {get(d, "flow.client.name"), get(d, "flow.server.name")} - {None}:
			steps[name, d["@timestamp"] // 300000] += get(d, "network.bytes") or 0
	best = collections.defaultdict(int)
	for (name, _), n in steps.items():
		best[name] = max(best[name], n * 8 // 300)
	answer = top(es, ns, "hosts", "--by", "peak", "-n", "5")
	tap.same([r["highest_bits_per_second"] for r in answer["top"]], sorted(best.values(), reverse=True)[:5], "the highest 5 minutes of the ledger")
	tap.same([best[r["name"]] for r in answer["top"]], [r["highest_bits_per_second"] for r in answer["top"]], "and of these hosts")


def look(es, ns):
	"""What people see."""
	r = harness.efctl("top", "as", "-n", "3", "--namespace", ns, es=es, env={"COLUMNS": "100"})
	lines = r.stdout.splitlines()
	tap.ok(r.returncode == 0 and len(lines[0]) <= 100 and lines[0].startswith("AS ") and "64" in lines[1] and "AS of" in lines[1] and any(l.startswith("(no AS)") for l in lines) and any(l.startswith("(others)") for l in lines)
		and "~" in r.stdout and "Another meter counted the same" in r.stdout and "shares add up to more than 100 %" in r.stdout, "the table fits 100 columns, has names, marks, the others and those without", r.stdout + r.stderr)
	r = harness.efctl("top", "services", "--format", "csv", "--namespace", ns, es=es)
	table = list(csv.DictReader(io.StringIO(r.stdout)))
	tap.ok([t["row"] for t in table][-3:] == ["none", "others", "all"] and table[0]["name"] in SERVICES, "CSV has a head and all rows", r.stdout + r.stderr)
	tap.same(int(table[-1]["bytes"]), sum(int(t["bytes"]) for t in table[:-1]), "services: rows, none and others add up to all")


def small(es):
	"""Three flows: what is said of few, of what is not sampled, in narrow and in plain terminals, and of names that steer."""
	ns = harness.namespace(es, "small")
	store(es, ns, [[flow("a", "b", 1000, 0, "dns", flow__sampling={"rate": 100}), flow("c", "d", 500, 0, "evil\x1b[2J=1,\"x\""), flow("e" * 40, "f", 200, 0, "ssh")]])
	answer = top(es, ns, "services", "-n", "1")
	tap.same([answer["top"][0]["sampled"], answer["others"]["sampled"], answer["all"]["sampled"], answer["others"]["bytes"]], [100, 1, 100, 700], "the others are sampled where they are, not where all are")
	r = harness.efctl("top", "services", "--by", "flows", "-n", "2", "--namespace", ns, es=es)
	tap.ok("no other one has more than 1 flow." in r.stdout and "\x1b" not in r.stdout, "one flow is one flow", r.stdout + r.stderr)
	r = harness.efctl("top", "services,clients", "--namespace", ns, es=es)
	tap.ok(r.returncode == 0 and "add up to more" not in r.stdout, "no shares of more than all where a flow has one row", r.stdout + r.stderr)
	for command in (["top", "services"], ["series", "--by", "services"], ["flows", "--fields", "flow.service.name,source.ip"]):
		out = subprocess.run([harness.EFCTL, *command, "--format", "csv", "--namespace", ns], stdout=subprocess.PIPE, env=dict(os.environ, **es.env())).stdout
		tap.ok(b"\x1b" not in out and b"\r" not in out and b"evil?[2J=1" in out, f"{command[0]}: CSV steers no terminal, and its lines end with LF", repr(out[:300]))
	plain = dict(COLUMNS="60", LANG="C", LC_ALL="C")
	for command in (["top", "pairs"], ["series", "--by", "pairs"]):
		r = harness.efctl(*command, "--namespace", ns, es=es, env=plain)
		tap.ok(r.returncode == 0 and r.stdout.isascii() and "->" in r.stdout, f"{command[0]}: arrows of ASCII under LC_ALL=C", r.stdout + r.stderr)
		tap.ok(max(map(len, r.stdout.partition("\n\n")[0].splitlines())) <= 60, f"{command[0]}: 60 columns are enough", r.stdout)
	r = harness.efctl("flows", "--namespace", ns, es=es, env=dict(plain, COLUMNS="50"))
	tap.ok(r.returncode == 0 and "BYTES" in r.stdout and max(map(len, r.stdout.splitlines())) <= 50, "flows: COLUMNS is heard by all", r.stdout + r.stderr)


def watched(es, ns):
	"""--watch draws again in place, on a terminal alone."""
	r = harness.efctl("top", "--watch", "--namespace", ns, es=es)
	tap.ok(r.returncode == 2 and "terminal" in r.stderr, "--watch wants a terminal", r.stderr)
	pid, screen = pty.fork()
	if pid == 0:
		os.execve(harness.EFCTL, ["efctl", "top", "services", "--watch=1s", "--namespace", ns], dict(os.environ, **es.env()))
	text = b""
	while text.count(b"\033[H") < 3 and (chunk := os.read(screen, 4096)):
		text += chunk
	os.kill(pid, signal.SIGINT)
	end = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
	os.close(screen)
	screens = text.split(b"\033[H\033[J")
	tap.ok(end == -signal.SIGINT and screens[1] == screens[2] and b"https" in screens[1], "--watch draws the same again, and Ctrl-C ends it", f"{end} {text.decode(errors='replace')}")


def check_skew(es):
	groups = skewed()
	ns = harness.namespace(es, "skew")
	store(es, ns, groups)
	docs = [d for g in groups for d in g]
	want = ledger(docs, one("flow.client.name"))
	tap.same(sorted(want.items(), key=lambda v: -v[1][0])[0][0], ("everywhere",), "the ledger: what no shard nominates is the largest")
	answer = top(es, ns, "clients")
	got = {r["name"]: r["bytes"] for r in answer["top"]}
	tap.ok(all(want[(k,)][0] == v for k, v in got.items()), "skewed: the sums are exact all the same", str(got))
	rest = max(v[0] for k, v in want.items() if k[0] not in got)
	tap.ok(rest <= answer["no_other_above"], "skewed: what is said of the others is true", f"{rest} {answer['no_other_above']}")
	tap.ok("At least" in answer["proof"] and "--exact" in answer["proof"] and answer["certain"] == 0 and not answer["exact"], "skewed: and it says that it may miss some", answer["proof"])
	answer = compare(es, ns, docs, "clients", one("flow.client.name", peer="flow.server.name"), 10, "bytes", "--exact")
	tap.same(answer["top"][0]["name"], "everywhere", "--exact finds it")
	# A clear winner is proven without --exact.
	more = [[flow("giant", "x", 10 ** 6, 10 ** 6, "dns")] for _ in range(3)]
	store(es, ns, more)
	answer = top(es, ns, "clients", "-n", "1")
	tap.ok(answer["top"][0]["name"] == "giant" and "No other value can exceed" in answer["proof"] and answer["certain"] == 1, "what is far above the rest is proven", str(answer.get("proof")))


es = harness.ready()
small(es)
check_everyday(es)
check_skew(es)
tap.done()
