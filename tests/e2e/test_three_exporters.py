#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three routers on one path (three_routers.py) export to a running efd: totals, interfaces and top talkers in the index are the packets that
really were, once for each exporter, or once in all where exporters.csv leaves two of them out; doctor names what is counted twice."""
import json
import math
import os
import tempfile
import time

import harness
import flows
import net
import tap
import three_routers as path

SEED = 16
NAMES = {r.address: r.name for r in path.ROUTERS}
RATE = {r.name: r.rate for r in path.ROUTERS}
DEVIATIONS = 4
TOTAL = ["network.bytes", "network.packets"]


def run(es, ns, sent, ledger):
	"""The datagrams through a fresh efd into the namespace."""
	auth = {"user": es.user} if es.user else {}
	with harness.fault.Efd(es.url, namespace=ns, decode_exporter_interval="1s", stop_timeout="2m", **auth) as efd:
		for i in range(0, len(sent), 20):	# the kernel gives an unprivileged socket little room
			path.send(sent[i:i + 20], efd.port)
			net.wait_for(lambda: efd.metric("efd_datagrams_total") >= i + len(sent[i:i + 20]), "datagrams", 30, 0.01)
		net.wait_for(lambda: efd.metric("efd_decode_lost_total") >= sum(ledger.lost_numbers.values()), "the end of the wait for what is late", 30, 1)
		time.sleep(1.5)	# the exporters' lines
		code = efd.stop(seconds=150)
	lines = f"metrics-flow.exporters-{ns}"
	es.count(lines)	# refreshed
	tap.same([code, es.count(f"logs-flow-{ns}"), es.count(f"logs-flow.failed-{ns}")], [0, sum(ledger.arrived.values()), 0], "each record that was sent is a document")
	lost = {NAMES[k]: n[0] for k, n in flows.by(es, lines, "observer.ip", ["exporter.lost"]).items()}
	tap.same({k: lost.get(k, 0) for k in RATE}, {k: ledger.lost_numbers[k] for k in RATE}, "efd counts what was lost on the way, by the exporters' numbers")


def judge(ledger, got, figure, routers):
	"""What the index has of a figure of some routers together: what their records said, and, within the error of sampling, what was sent."""
	for i, what in enumerate(("octets", "packets")):
		said = sum(ledger.counted[r, figure][i] for r in routers)
		if got[i] != said:
			yield f"{figure} of {', '.join(routers)}: {got[i]} {what}, the records had {said}"
		want = sum(ledger.sent[r, figure][i] - ledger.missing[r, figure][i] + ledger.early[r, figure][i] for r in routers)
		squares = [ledger.sent[r, figure][2] if i == 0 else ledger.sent[r, figure][1] for r in routers]
		slack = DEVIATIONS * math.sqrt(sum((RATE[r] - 1) * s for r, s in zip(routers, squares)))	# of picking one packet in so many
		if abs(got[i] - want) > slack:
			yield f"{figure} of {', '.join(routers)}: {got[i]} {what}, the ledger has {want}, give or take {slack:.0f}"


def totals(es, index, ledger, counted):
	"""By exporter and in all; COUNTED are the routers that are not left out."""
	by = {NAMES[k]: n for k, n in flows.by(es, index, "observer.ip", TOTAL).items()}
	wrong = [w for r in counted for w in judge(ledger, by[r], "total", [r])]
	wrong += [f"{r}: {by[r][:2]} is left out" for r in RATE if r not in counted and by[r][:2] != [0, 0]]
	body = {"size": 0, "aggs": {f: {"sum": {"field": f}} for f in TOTAL}}
	sums = es.must("POST", f"/{index}/_search", body)["aggregations"]
	wrong += judge(ledger, [int(sums[f]["value"]) for f in TOTAL], "total", counted)
	tap.ok(not wrong, f"totals: {', '.join(counted)}", "\n".join(wrong))


def interfaces(es, index, ledger, names):
	"""What came in and went out by each interface of each router, whoever is left out of totals."""
	figures = sorted({(r, f) for r, f in ledger.sent if f[0] in ("in", "out")})
	wrong = []
	got = {way: flows.by(es, index, f"flow.{field}.interface", [f"flow.{field}.bytes", f"flow.{field}.packets"])
		for way, field in (("in", "ingress"), ("out", "egress"))}
	for router, (way, interface) in figures:
		wrong += judge(ledger, got[way].get(f"{names[router]}/{interface}", [0, 0]), (way, interface), [router])
	tap.ok(not wrong, f"{len(figures)} figures of interfaces", "\n".join(wrong))


def talkers(es, index, ledger, counted):
	"""All who sent anything, by the addresses that the counted routers saw; the largest first, as they stand in the index."""
	hosts = sorted({f[1] for r, f in ledger.sent if f[0] == "source" and r in counted})
	got = {k: n for k, n in flows.by(es, index, "source.ip", ["source.bytes", "source.packets"]).items() if n[0]}
	seen = {h: [r for r in counted if (r, ("source", h)) in ledger.sent] for h in hosts}
	wrong = [w for h in hosts for w in judge(ledger, got.get(h, [0, 0]), ("source", h), seen[h])]
	wrong += [f"{h}: {n}" for h, n in got.items() if h not in seen]
	if all(RATE[r] == 1 for r in counted):
		sent = {h: sum(ledger.counted[r, ("source", h)][0] for r in seen[h]) for h in hosts}
		order = lambda octets: sorted(octets, key=lambda h: (-octets[h], h))[:10]
		if order({h: n[0] for h, n in got.items()}) != order(sent):
			wrong.append(f"top ten: {order({h: n[0] for h, n in got.items()})}, the ledger has {order(sent)}")
	tap.ok(hosts and not wrong, f"{len(hosts)} talkers", "\n".join(wrong))


def doctor(es, ns):
	r = harness.efctl("doctor", "--json", "--namespace", ns, "--dictionaries-dir", FOLDER, es=es)
	tap.ok(r.returncode in (0, 3), "doctor runs", r.stderr)
	return [f["text"] for f in json.loads(r.stdout or "[]") if f["result"] != "ok"]


def pairs(ledger):
	"""{(a, b): (per cent of the smaller one's octets, its name, per cent of all)}: what of both is of conversations that both report."""
	octets = lambda r, c: ledger.counted[r, ("conversation", c)][0]
	numbers = range(path.INTERNET + path.SERVERS + path.TRANSIT)
	sums = {r: sum(octets(r, c) for c in numbers) for r in RATE}
	for a, b in (("core", "edge"), ("core", "nat"), ("edge", "nat")):
		both, smaller = sum(min(octets(a, c), octets(b, c)) for c in numbers), min((a, b), key=sums.get)
		yield (a, b), (both * 100 // sums[smaller], smaller, both * 100 // sum(sums.values()))


def findings(said, ledger, names):
	for (a, b), (share, smaller, of_all) in pairs(ledger):
		first, second = sorted((names[a], names[b]))
		want = f"{first} and {second} report the same conversations: {share} % of the octets of {names[smaller]}, {of_all} % of all"
		tap.ok(any(want in s for s in said), f"doctor: {a} and {b} report the same conversations", f"{want}\nnot in\n" + "\n".join(said))
	for r in RATE:
		tap.ok(any(s.startswith(f"{names[r]} meters both ways") for s in said), f"doctor: {r} meters both ways", "\n".join(said))
	off = [s for s in said if "its clock is" in s]
	tap.ok(len(off) == 1 and f"{names['nat']}: its clock is 1 hour behind: a time zone or daylight saving" in off[0], "doctor: nat's clock is an hour behind", "\n".join(said))


es = harness.ready()
ledger, sent = path.generate(time.time() - path.SPAN_S, SEED)
tap.ok(all(why[r] for why in (ledger.lost, ledger.unexported, ledger.cached) for r in RATE), "each router lost, threw away and keeps something",
	f"{ledger.lost} {ledger.unexported} {ledger.cached}")

with tempfile.TemporaryDirectory() as FOLDER:
	ns, names = harness.namespace(es, "three"), {n: a for a, n in NAMES.items()}
	index = f"logs-flow-{ns}"
	run(es, ns, sent, ledger)
	totals(es, index, ledger, list(RATE))
	interfaces(es, index, ledger, names)
	talkers(es, index, ledger, list(RATE))
	findings(doctor(es, ns), ledger, names)

	with open(os.path.join(FOLDER, "exporters.csv"), "w", encoding="utf-8") as f:
		f.write("prefix,name,totals\n" + "".join(f"{r.address},{r.name},{'true' if r.name == 'edge' else 'false'}\n" for r in path.ROUTERS))
	r = harness.efctl("setup", "--yes", "--no-key", "--dictionaries-dir", FOLDER, es=es)
	tap.same(r.returncode, 0, "core and NAT router are left out by exporters.csv")
	ns, names = harness.namespace(es, "edge"), {n: n for n in RATE}
	index = f"logs-flow-{ns}"
	run(es, ns, sent, ledger)
	totals(es, index, ledger, ["edge"])
	interfaces(es, index, ledger, names)
	talkers(es, index, ledger, ["edge"])
	said = [s for s in doctor(es, ns) if "report the same conversations" in s]
	tap.same(said, [], "doctor: nothing is counted twice any more")
tap.done()
