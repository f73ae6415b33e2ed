#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filter language against Debian's nfdump: the same captures through nfcapd and nfdump, and through efctl replay, pipelines and
engine; every filter finds the same flows, packets and bytes, where EXCEPTIONS has no reason why not. And `not F` and F are all there is.
"""
import itertools
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time

import harness
import exporters
import make
import net
import tap
import traffic

if not all(map(shutil.which, ("nfcapd", "nfdump"))):
	tap.skip_all("nfdump is not installed")

SEED, FILTERS = 21, 200

# ---- a capture of our own: two templates of NetFlow 9 with what filters ask for, zeros among it ----

FOUR = exporters.Template(260, [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (5, 1), (10, 4), (14, 4), (1, 4), (2, 4), (22, 4), (21, 4), (16, 4),
	(17, 4), (15, 4), (18, 4), (58, 2), (56, 6), (80, 6), (61, 1), (32, 2)])
SIX = exporters.Template(261, [(27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (6, 1), (5, 1), (10, 4), (14, 4), (1, 4), (2, 4), (22, 4), (21, 4)])
HOSTS = [f"10.1.{n // 10}.{n}" for n in range(40)] + [f"192.0.2.{n}" for n in range(20)] + ["172.16.0.1", "198.51.100.7"]
HOSTS6 = [f"2001:db8:{n // 4:x}::{n:x}" for n in range(16)]
PORTS = [0, 22, 53, 80, 123, 443, 445, 1024, 5060, 8080, 33000, 40123, 65535]
EXPORTER = "127.0.0.1"


def records(dice):
	"""[(time, template, values)]"""
	for n in range(1500):
		at = traffic.DAY0 + 3600 + n // 5
		proto = dice.choice([6, 6, 6, 17, 17, 1, 47] if n % 6 != 5 else [6, 17])
		ports = [dice.choice(PORTS), dice.choice(PORTS)] if proto in (6, 17) else [0, 0]
		icmp = dice.choice([0x0800, 0x0000, 0x0301, 0x0303]) if proto == 1 else 0
		flags = dice.choice([0x02, 0x12, 0x1b, 0x18, 0x14, 0x04, 0x10, 0]) if proto == 6 else 0
		packets = dice.choice([1, 2, 3, 10, 1000, 2500])
		octets = packets * dice.randrange(64, 1400)
		start = (at - traffic.DAY0 + 86400) * 1000 - dice.choice([0, 0, 1, 20, 999, 1000, 59999, 120000])
		first, last = int(start), int((at - traffic.DAY0 + 86400) * 1000)
		head = [proto, flags, dice.choice([0, 0, 184, 185, 40, 7])]
		ways = [dice.choice([0, 1, 2, 7]), dice.choice([0, 1, 3, 300])]
		if n % 6 == 5:
			ends = [socket.inet_pton(socket.AF_INET6, dice.choice(HOSTS6)) for _ in "sd"]
			yield at, SIX, [*ends, *ports, *head, *ways, octets, packets, first, last]
			continue
		yield at, FOUR, [dice.choice(HOSTS), dice.choice(HOSTS), *ports, *head, *ways, octets, packets, first, last,
			dice.choice([0, 64500, 64501, 65550]), dice.choice([0, 64500, 13335]), dice.choice(["0.0.0.0", "10.9.9.1"]), dice.choice(["0.0.0.0", "10.9.9.2"]),
			dice.choice([0, 0, 12, 500]), bytes.fromhex(dice.choice(["020000000001", "020000000002"])), bytes.fromhex("0200000000ff"), 0, icmp]


def write_capture(path, datagrams):
	with open(path, "wb") as f:
		f.write(make.PCAP_HEADER)
		for at, data in datagrams:
			udp = 8 + len(data)
			ip = bytes.fromhex("4500") + (20 + udp).to_bytes(2, "big") + bytes.fromhex("00000000401100007f0000017f000001")
			packet = bytes(12) + bytes.fromhex("0800") + ip + (2055).to_bytes(2, "big") * 2 + udp.to_bytes(2, "big") + bytes(2) + data
			f.write(make.pcap_record(at, packet, len(packet)))


# ---- filters: some that people write, and generated ones ----

REAL = """any
proto tcp
proto udp and dst port 53
tcp flags|proto tcp and flags S and not flags AFRPU
flags SA
not flags S
flags S and not flags A
flags = 2
flags > 16
flags AS
proto icmp and icmp-type 8
icmp-type 3 and icmp-code 1
icmp-type 0
src net 10.0.0.0/8
not net 10.0.0.0/8
dst net 10.1.0.0 255.255.0.0
net 192.0.2.0/24 and not port 443
ip 10.1.0.1
host 10.1.0.1 or host 10.1.0.2
src or dst host 10.1.0.1
src ip 10.1.0.1 and dst net 192.0.2.0/24
ip in [10.1.0.1 10.1.0.2 192.0.2.0/28]
src ip in [10.1.0.1 10.1.0.2]
src and dst net 10.0.0.0/8
src or dst port 443
port in [80 443 8080]
dst port in [22, 53]
not port in [80 443]
port 0
src port = 0
dst port < 1024
port > 1024
dst port < 1024 and not proto icmp and not proto icmp6
port > 1024 and not proto icmp and not proto icmp6
dst port 0 and not proto icmp and not proto icmp6
src port >= 1024 and dst port <= 1024
port 443 or port 80 and proto tcp
(port 443 or port 80) and proto tcp
not (proto tcp and port 443)
bytes > 1m
bytes > 100k and bytes < 1m
bytes = 64
packets > 1000
packets <= 2
packets gt 2 and packets lt 2500
in bytes > 1k
out bytes > 1k
bpp > 500
bpp < 100
bps > 10k
bps > 1m
bps < 100
pps > 1
pps > 1k
duration > 1000
duration = 1000
duration < 1
duration >= 59999
tos 184
tos 0
tos > 7
in if 1
out if 3
if 7
if 0
not in if 0
vlan 12
src vlan 500
vlan 0
not vlan 0
next ip 10.9.9.1
bgpnext ip 10.9.9.2
router ip 127.0.0.1
router ip 192.0.2.99
mac 02:00:00:00:00:01
in src mac 02:00:00:00:00:02
ipv4
ipv6
inet6 and port 443
net 2001:db8:1::/48
src ip 2001:db8::1
proto 47
proto gre
not proto tcp and not proto udp
flowdir ingress
flowdir 1
flows 1
ident lab
nfversion 9
nfversion < 9
! port 80
proto tcp && port 443 || proto udp
PROTO TCP AND DST PORT 443""".split("\n")
REAL = [f.split("|")[-1] for f in REAL]

# Of ICMP nfdump has type and code as the port of the destination: nothing asks whether that is 0, or less than something, of ICMP.
TERMS = [
	lambda d: f"{d.choice(['', 'src ', 'dst ', 'src and dst '])}port {d.choice(['', '= '])}{d.choice(PORTS[1:])}",
	lambda d: f"({d.choice(['', 'src ', 'dst '])}port {d.choice(['>', '<', '>=', '<='])} {d.choice(PORTS)} and not proto icmp and not proto icmp6)",
	lambda d: f"{d.choice(['', 'src ', 'dst '])}ip {d.choice(HOSTS + HOSTS6)}",
	lambda d: f"{d.choice(['', 'src ', 'dst '])}net {d.choice(['10.1.0.0/16', '10.1.1.0/24', '192.0.2.0/28', '172.16.0.0/12', '2001:db8::/47'])}",
	lambda d: f"proto {d.choice(['tcp', 'udp', 'icmp', '47', 'esp'])}",
	lambda d: f"flags {d.choice('SAFRPU')}",
	lambda d: f"packets {d.choice('><=')} {d.choice(['1', '2', '10', '1k', '2500'])}",
	lambda d: f"bytes {d.choice(['>', '<', '>=', '<='])} {d.choice(['64', '500', '1k', '100k', '1m'])}",
	lambda d: f"duration {d.choice('><=')} {d.choice([0, 1, 20, 999, 1000, 60000])}",
	lambda d: f"{d.choice(['bps', 'pps', 'bpp'])} {d.choice('><')} {d.choice(['0', '10', '1k', '1m'])}",
	lambda d: f"{d.choice(['', 'in ', 'out '])}if {d.choice([0, 1, 2, 3, 7, 300])}",
	lambda d: f"{d.choice(['', 'src '])}vlan {d.choice([0, 12, 500])}",
	lambda d: f"tos {d.choice(['', '> ', '< '])}{d.choice([0, 7, 40, 184, 185])}",
	lambda d: f"icmp-type {d.choice([0, 3, 8])}",
	lambda d: f"next ip {d.choice(['10.9.9.1', '10.9.9.9'])}",
	lambda d: d.choice(["ipv4", "ipv6", "any"]),
	lambda d: f"{d.choice(['', 'src ', 'dst '])}port in [{' '.join(str(d.choice(PORTS[1:])) for _ in range(3))}]",
]


def generated(dice, depth=0):
	if depth == 3 or dice.random() < 0.35:
		term = dice.choice(TERMS)(dice)
		return f"not {term}" if dice.random() < 0.2 else term
	joined = f"{generated(dice, depth + 1)} {dice.choice(['and', 'or'])} {generated(dice, depth + 1)}"
	return dice.choice([joined, f"({joined})", f"not ({joined})"])


# ---- differences with a reason: a filter that the expression finds may differ in that capture (None: in all) ----

EXCEPTIONS = [
	(None, r"\bident\b", "nfdump's ident is what nfcapd was started with, ours the exporter's name", "fpb"),
	(None, r"^(dst )?port [<>] 1024$", "of ICMP nfdump has type and code as the destination's port; a document has no port", "fpb"),
	("firewall-netflow9", r"icmp-type", "nfdump 1.7.1 does not read the type of ICMPv6 (element 139)", "fpb"),
	("router-ipfix", r"flags|tos|bps|pps|duration", "records of both directions: nfdump 1.7.1 takes flags and times of the way back for those of the way there", "fpb"),
	("router-ipfix", r".", "the same: nfdump adds what came back, a document has it as the destination's", "pb"),
	("ipfix-mikrotik", r"duration|bps|pps", "nfdump 1.7.1 reads flow times that are relative to a boot time (element 160) as 1970, and their duration as 0", "fpb"),
	("vm-ipfix", r".", "counters that count up: a document has what came since the record before (docs/counting.md), nfdump each time all", "pb"),
	("vm-ipfix", r"bytes|packets|bpp|bps|pps|duration", "the same, and times: nfdump reads those that are relative to the message as 1970", "fpb"),
]
# nfdump 1.7.1 asks a geo database for `as` and `geo`, whatever the record has: below they are compared with what was made.


def excused(capture, text):
	"""Which of f(lows), p(ackets), b(ytes) may differ."""
	return "".join(what for name, pattern, _, what in EXCEPTIONS if name in (None, capture) and re.search(pattern, text))


# ---- both ways ----

def nfcapd(capture, folder):
	"""Sends the datagrams of a capture to nfcapd, which writes into FOLDER."""
	port = net.free_udp_port()
	with subprocess.Popen(["nfcapd", "-w", folder, "-p", str(port), "-b", "127.0.0.1", "-B", "4000000", "-I", "lab", "-t", "86400"],
			stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
		for line in p.stdout:
			if "Startup" in line:
				break
		r = harness.efctl("replay", "--to", f"udp://127.0.0.1:{port}", "--speed", "1000000", capture)
		time.sleep(0.5)	# nobody tells when the last datagram was read; what is missing shows in the count of records
		p.terminate()
		p.stdout.read()
	return r.returncode


TOTALS = re.compile(r"total flows: (\d+), total bytes: (\d+), total packets: (\d+)")


def by_nfdump(folder, text):
	r = subprocess.run(["nfdump", "-N", "-R", folder, "-o", "line", text], capture_output=True, text=True)
	found = TOTALS.search(r.stdout)
	if r.returncode or not found:
		return r.stdout + r.stderr
	flows, octets, packets = map(int, found.groups())
	return [flows, packets, octets]


def query(es, ns, text):
	"""The clause, or what efctl says of it."""
	r = harness.efctl("flows", "--show-query", "--namespace", ns, "--", text, es=es)
	return json.loads(r.stdout.split("\n", 1)[1])["query"] if r.returncode == 0 else r.stderr


# A duplicate's figures stand apart; nfdump knows of none.
SUMS = {f: {"sum": {"field": f}} for f in ("source.packets", "source.bytes", "flow.duplicate.packets", "flow.duplicate.bytes")}


def by_engine(es, ns, clauses):
	"""[flows, packets, bytes] of each."""
	out = []
	for some in (clauses[i:i + 50] for i in range(0, len(clauses), 50)):
		body = "".join(json.dumps(o) + "\n" for c in some for o in ({"index": f"logs-flow-{ns}"}, {"size": 0, "track_total_hits": True, "query": c, "aggs": SUMS}))
		for r in es.must("POST", "/_msearch", body, "application/x-ndjson")["responses"]:
			if "error" in r:
				out.append(json.dumps(r["error"])[:600])
				continue
			s = {k: int(v["value"]) for k, v in r["aggregations"].items()}
			out.append([r["hits"]["total"]["value"], s["source.packets"] + s["flow.duplicate.packets"], s["source.bytes"] + s["flow.duplicate.bytes"]])
	return out


def compare(es, capture, name, filters, tells_apart=True):
	"""The namespace that has it. TELLS_APART: the filters are made for what is in it."""
	ns = harness.namespace(es, "nf" + re.sub(r"\W", "", name))
	with tempfile.TemporaryDirectory() as folder:
		os.chmod(folder, 0o755)
		tap.same(nfcapd(capture, folder), 0, f"{name}: nfcapd gets the capture")
		code, summary, talk = harness.replay(es, ns, capture)
		tap.same([code, summary.get("accounted")], [0, True], f"{name}: efctl replays it")
		es.post(f"/logs-flow-{ns}/_refresh")
		clauses = [query(es, ns, f) for f in filters]
		tap.same([f"{f}: {c}" for f, c in zip(filters, clauses) if isinstance(c, str)], [], f"{name}: efctl takes every filter that nfdump takes")
		filters, clauses = zip(*[(f, c) for f, c in zip(filters, clauses) if not isinstance(c, str)])
		found, wrong, told = by_engine(es, ns, clauses), [], {}
		for f, is_ in zip(filters, found):
			want, may = by_nfdump(folder, f), excused(name, f)
			if isinstance(want, str) or isinstance(is_, str) or any(a != b and w not in may for a, b, w in zip(is_, want, "fpb")):
				wrong.append(f"{f}: efctl {is_}, nfdump {want}")
			elif is_ != want:
				told[f] = (is_, want)
		tap.ok(not wrong, f"{name}: {len(filters)} filters find the same flows, packets and bytes", "\n".join(wrong))
		if told:
			tap.note(f"{name}: {len(told)} of them differ for a reason that EXCEPTIONS has")
		everything = by_engine(es, ns, [{"match_all": {}}])[0]
		others = by_engine(es, ns, [{"bool": {"must_not": [c]}} for c in clauses])
		through = by_engine(es, ns, [query(es, ns, f"not ({f})") for f in filters])
		plain = [i for i, f in enumerate(filters) if not re.search(r"flags [SAFRPU]{2}", f)]	# nfdump's own exception: docs/asking.md
		tap.same([filters[i] for i in plain if [a + b for a, b in zip(found[i], through[i])] != everything or others[i] != through[i]], [],
			f"{name}: each filter and its `not` are all records")
		used = sum(0 < f[0] < everything[0] for f in found)
		tap.ok(used >= len(found) // (6 if tells_apart else 20), f"{name}: {used} of the filters find some and not all of {everything[0]} records")
	return ns


AS = {
	"src as 64500": lambda s, d: s == 64500, "as 64500": lambda s, d: 64500 in (s, d), "as 0": lambda s, d: 0 in (s, d), "not src as 64500": lambda s, d: s != 64500,
	"dst as > 60000": lambda s, d: d > 60000, "src as < 64501": lambda s, d: s < 64501, "as in [64500 13335]": lambda s, d: s in (64500, 13335) or d in (64500, 13335),
	"src and dst as 64500": lambda s, d: s == d == 64500, "src as in [64501,65550] and not dst as 0": lambda s, d: s in (64501, 65550) and d != 0,
}


def compare_as(es, ns, made):
	ends = [tuple(values[t.fields.index((e, 4, 0))] if t is FOUR else 0 for e in (16, 17)) for _, t, values in made]
	found = by_engine(es, ns, [query(es, ns, f) for f in AS])
	tap.same({f: n[0] for f, n in zip(AS, found)}, {f: sum(good(*e) for e in ends) for f, good in AS.items()}, "own-netflow9: AS numbers, against what was made")


es = harness.ready()
dice = random.Random(SEED)
filters = list(dict.fromkeys(REAL))
filters += list(itertools.islice((f for f in iter(lambda: generated(dice), None) if f not in filters), FILTERS - len(filters)))
with tempfile.TemporaryDirectory() as tmp:
	own = os.path.join(tmp, "own-netflow9.pcap")
	made = list(records(dice))
	write_capture(own, exporters.export(9, 7, [FOUR, SIX], [], made))
	compare_as(es, compare(es, own, "own-netflow9", filters), made)

# The captures of the office have other addresses: filters that its people would ask.
OFFICE = [f for f in REAL if not re.search(r"vlan|router|in src mac|mac 02", f)] + ["net 10.20.0.0/16", "src net 10.20.10.0/24 and dst port 443", "net 10.30.0.0/16 and not port 53", "ip 10.20.1.2",
	"host 203.0.113.66", "net 203.0.113.0/24 or net 198.51.100.0/24", "proto udp and port 53 and bytes > 100", "bytes > 10m", "dst port 445 or dst port 2049", "port 25 and flags F"]
for name in ("branch-netflow5", "firewall-netflow9", "servers-netflow9", "vpn-ipfix", "vm-ipfix", "router-ipfix"):
	compare(es, os.path.join(harness.ROOT, "tests", "captures", name + ".pcap"), name, OFFICE)

# Captures of other people's exporters, where they are at hand.
OTHERS = ("nf5-pmacctd", "nf9-nprobe-3", "ipfix-mikrotik", "ipfix-cesnet-02", "ipfix-cesnet-01a")
PEOPLE = [f for f in OFFICE if "10.20." not in f and "10.30." not in f]
for name in OTHERS:
	path = os.path.join(harness.CAPTURES, "pcap", name + ".pcap")
	if os.path.exists(path):
		compare(es, path, name, PEOPLE, False)
	else:
		tap.skip(f"{name}: filters", "no captures in ../shared/captures")

tap.done()
