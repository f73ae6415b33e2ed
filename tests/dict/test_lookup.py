#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables as the cluster's own Painless reads them, against a search of all prefixes; large ones in pipelines of their own;
and the swap of them while documents pass."""
import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cluster  # noqa: E402
from tap import done, note, ok, same  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
LARGE = 200000
es = cluster.connect()
dir_ = tempfile.TemporaryDirectory()
random.seed(SEED)
note(f"SEED={SEED} {es.url} {es.about}")


def efctl(*args):
	r = subprocess.run([EFCTL, *args, "--dictionaries-dir", dir_.name], capture_output=True, text=True, env={**os.environ, **es.env()})
	if r.returncode:
		note(f"efctl {' '.join(args)}: {r.returncode}\n{r.stderr}")
	return r.stdout


def setup():
	"""Tables whose file was deleted go with a yes alone."""
	efctl("setup", "--no-key", "--no-kibana", "--yes")


def write(name, header, rows):
	with open(os.path.join(dir_.name, name + ".csv"), "w") as f:
		f.write(header + "\n")
		f.writelines(",".join(row) + "\n" for row in rows)


def address(version):
	bits = 32 if version == 4 else 128
	n = random.getrandbits(bits)
	if random.random() < 0.3:	# crowd them, so that prefixes nest
		n = (0x2a << bits - 8) | (n & 0xffff)
	return n


def prefixes(n, shortest, exact):
	"""Random networks of both families, each once; EXACT of them are single addresses."""
	found = set()
	while len(found) < n:
		version = random.choice([4, 4, 6])
		bits = 32 if version == 4 else 128
		length = bits if random.random() < exact else random.randrange(shortest[version], bits + 1)
		found.add(ipaddress.ip_network((address(version), length), strict=False))
	return list(found)


def probes(networks, n):
	"""Addresses in, at the ends of, and beside the networks, and anywhere."""
	for _ in range(n):
		net = random.choice(networks)
		first, last = int(net.network_address), int(net.broadcast_address)
		a = random.choice([first, last, last + 1, first - 1, random.randint(first, last), address(net.version)])
		ip = (ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address)(a % (1 << net.max_prefixlen))
		if ip.version == 4 or not ip.ipv4_mapped:
			yield ip


def by_force(entries, ip):
	"""The entry of the longest prefix: every length is tried."""
	n = int(ip)
	for length in range(ip.max_prefixlen, -1, -1):
		net = (ip.version, n >> (ip.max_prefixlen - length), length)
		if net in entries:
			return entries[net]
	return None


def indexed(networks):
	return {(n.version, int(n.network_address) >> (n.max_prefixlen - n.prefixlen), n.prefixlen): n for n in networks}


def simulate(body, docs, pipeline=None):
	path = f"/_ingest/pipeline/{pipeline}/_simulate" if pipeline else "/_ingest/pipeline/_simulate"
	reply = es.must("POST", path, {**body, "docs": [{"_source": d} for d in docs]})
	return [d["doc"]["_source"] if "doc" in d else d for d in reply["docs"]]


def library(*names):
	return "".join(efctl("assets", f"ingest-pipelines/lib/{n}.painless") for n in names)


def inline(n):
	networks = prefixes(n, {4: 1 if n < 1000 else 8, 6: 1 if n < 1000 else 19}, 0.4)
	write("networks", "prefix,name,site", ((str(net), str(net), f"s{i % 50}") for i, net in enumerate(networks)))
	table = json.loads(efctl("dictionaries", "show", "networks"))
	entries, asked = indexed(networks), list(probes(networks, 6000))
	source = library("address", "lookup") + """
		List names = new ArrayList();
		for (String text : ctx.texts) {
			Map row = table_row(params.table, address_key(text));
			names.add(row == null ? null : row.get('name'));
		}
		ctx.names = names;"""
	got = simulate({"pipeline": {"processors": [{"script": {"source": source, "params": {"table": table}}}]}},
		[{"texts": [str(a) for a in asked]}])[0]
	wanted = [by_force(entries, a) for a in asked]
	wrong = [(str(a), g, str(w)) for a, g, w in zip(asked, got.get("names", [None] * len(asked)), wanted) if g != (w and str(w))]
	ok(not wrong, f"{n} nested prefixes, longest match of {len(asked)} addresses ({sum(w is not None for w in wanted)} hits)",
		f"{len(wrong)} wrong, first: {wrong[:5]}\n{str(got)[:500] if 'names' not in got else ''}")


def keys():
	texts = ["", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "1.2.3.4 ", "a", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
		"12345::", "g::", ":::", ":1", "1:", "1.2.3.", ".1.2.3", "::1.2.3", "1::2::3", "::1:", "1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "fe80::1%1"]
	good = [ipaddress.ip_address(address(random.choice([4, 6]))) for _ in range(500)] + [ipaddress.ip_address(t) for t in
		("::", "::1", "1::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "0.0.0.0", "255.255.255.255", "64:ff9b::192.0.2.33")]
	source = library("address", "lookup") + "List keys = new ArrayList(); for (String t : ctx.texts) { keys.add(address_key(t)); } ctx.keys = keys;"

	def ask(texts):
		return simulate({"pipeline": {"processors": [{"script": {"source": source}}]}}, [{"texts": texts}])[0]["keys"]
	same([t for t, k in zip(texts, ask(texts)) if k], [], "text that is no address has no key")
	found = ask([str(a) for a in good])
	ok(all(found), "every address has one", [str(a) for a, k in zip(good, found) if not k])
	same(ask([a.exploded.upper() for a in good]), found, "all spellings of an address have the same key")
	same(ask(["::ffff:192.0.2.1", "::FFFF:c000:201"]), ask(["192.0.2.1"]) * 2, "mapped IPv4 has the key of the IPv4 address")
	for version in 4, 6:
		pairs = sorted((int(a), k) for a, k in zip(good, found) if a.version == version)
		same([k for _, k in pairs], sorted(k for _, k in pairs), f"IPv{version}: keys sort as the addresses do")


def services():
	table = json.loads(efctl("dictionaries", "show", "services"))
	lines = [line.split(",") for line in efctl("assets", "ingest-pipelines/dictionaries/services.csv").splitlines() if line[:1] != "#"][1:]
	wanted = {(t, int(p)): n for p, t, n in lines}
	asked = list(wanted) + [(random.choice(["tcp", "udp", "sctp", "none"]), random.randrange(65536)) for _ in range(5000)]
	source = library("address", "lookup") + """
		List names = new ArrayList();
		for (List a : ctx.asked) { names.add(service_name(params.table, (String) a.get(0), (int) a.get(1))); }
		ctx.names = names;"""
	got = simulate({"pipeline": {"processors": [{"script": {"source": source, "params": {"table": table}}}]}}, [{"asked": asked}])[0]["names"]
	wrong = [(a, g) for a, g in zip(asked, got) if g != wanted.get(a)]
	ok(not wrong, f"all {len(wanted)} services, and ports without one", wrong[:5])


def record(a, b):
	"""A raw record; its addresses stand in one of the elements that they may stand in, now and then twice, or behind the empty one of the other family."""
	first = random.choice([f"sourceIPv{a.version}Address", f"cisco.clientIPv{a.version}Address"])
	second = random.choice([f"destinationIPv{b.version}Address", f"postNATDestinationIPv{b.version}Address"])
	empty = {"sourceIPv4Address": "0.0.0.0"} if a.version == 6 and random.random() < .3 else {}
	return {"flow": {"exporter": "192.0.2.1"}, "ie": {**empty, first: str(a), second: random.choice([str(b), str(b), [str(b), "192.0.2.7"]])}}


def large():
	threats = prefixes(LARGE, {4: 20, 6: 40}, 0.97)
	write("threats", "prefix,feed,category,severity", ((str(n), f"f{i % 30}", "c2", "90") for i, n in enumerate(threats)))
	setup()
	installed = es.must("GET", "/_ingest/pipeline/flow-dict-threats*")
	sizes = {k: len(json.dumps(v)) for k, v in installed.items()}
	ok(len(sizes) > 2 and max(sizes.values()) < 900 * 1024, f"{LARGE} threats are in pipelines under 900 KB", sizes)
	entries = {(n.version, int(n.network_address) >> (n.max_prefixlen - n.prefixlen), n.prefixlen): f"f{i % 30}" for i, n in enumerate(threats)}
	asked = list(probes(threats, 4000))
	asked = list(zip(asked[::2], asked[1::2]))
	got = simulate({}, [record(a, b) for a, b in asked], "flow-dict-threats")
	wrong = hits = 0
	for (a, b), doc in zip(asked, got):
		answers = doc.get("lookup", {}).get("threats", {})
		for ip in a, b:
			want, have = by_force(entries, ip), answers.get(str(ip), {}).get("feed", [None])
			hits += want is not None
			# the feeds of enclosing prefixes are joined, the nearest one comes first
			wrong += have[0] != want
	same(wrong, 0, f"{2 * len(asked)} addresses asked through filter and shards, {hits} hits")
	return threats


def swap(threats):
	"""Documents pass while tables are replaced: none fails, and an entry that all versions have is always found."""
	always = "203.0.114.77"
	stop, wrong, n = threading.Event(), [], [0]

	def install(round_):
		rows = [(str(t), f"r{round_}", "c2", "90") for t in random.sample(threats, 150000)]
		write("threats", "prefix,feed,category,severity", [(always, "always", "c2", "90"), *(r for r in rows if r[0] != always)])
		return efctl("dictionaries", "apply")

	def ask():
		while not stop.is_set():
			for doc in simulate({}, [record(ipaddress.ip_address(always), ipaddress.ip_address("192.0.2.9"))] * 20, "flow-dict-threats"):
				n[0] += 1
				if always not in doc.get("lookup", {}).get("threats", {}):
					wrong.append(doc)
	install(0)
	asker = threading.Thread(target=ask)
	asker.start()
	said = [install(i) for i in range(1, 4)]
	stop.set()
	asker.join()
	ok(not wrong and n[0] > 100, f"{n[0]} lookups while the table was replaced three times", wrong[:3])
	ok(all("removed" in s for s in said), "the tables before are removed", said)
	left = [k for k in es.must("GET", "/_ingest/pipeline/flow-dict-threats*")]
	caller = es.must("GET", "/_ingest/pipeline/flow-dict-threats")["flow-dict-threats"]
	first = caller["processors"][0]["pipeline"]["name"]
	called = {first, *(p["pipeline"]["name"] for p in es.must("GET", "/_ingest/pipeline/" + first)[first]["processors"] if "pipeline" in p)}
	same(sorted(left), sorted(["flow-dict-threats", *called]), "only what is called is left")
	os.unlink(os.path.join(dir_.name, "threats.csv"))
	efctl("dictionaries", "apply")
	same(es.must("GET", "/_ingest/pipeline/flow-dict-threats")["flow-dict-threats"], caller, "dictionaries apply deletes no table whose file is gone")
	setup()
	same(es.get("/_ingest/pipeline/flow-dict-*")[1], {}, "no threats any more: no pipelines any more")


def spelt_otherwise():
	"""What a document spells otherwise than the record, and templates for both families: as many rows as need pipelines of their own."""
	write("hosts", "address,name", ((f"2001:db8::{i:x}", f"host{i}.department.example.org") for i in range(1, 20001)))
	write("oui", "prefix,vendor", [("00:00:5e", "ICANN"), *((f"02:{i >> 8:02x}:{i & 255:02x}", f"Vendor number {i}") for i in range(20000))])
	setup()
	ok({"flow-dict-hosts", "flow-dict-oui"} <= set(es.must("GET", "/_ingest/pipeline/flow-dict-*")), "40,000 names are in pipelines of their own")
	doc = simulate({}, [{"@timestamp": "2026-01-02T03:04:05.000Z", "flow": {"type": "netflow9", "exporter": "192.0.2.1", "received": 1767323045000},
		"ie": {"sourceIPv4Address": "0.0.0.0", "sourceIPv6Address": "2001:db8::1", "sourceMacAddress": "00:00:00:00:00:00", "postSourceMacAddress": "00:00:5e:00:53:01",
			"destinationIPv4Address": "0.0.0.0", "destinationIPv6Address": "2001:db8::2", "destinationMacAddress": "02:00:07:00:00:01"}}], "flow")[0]
	same([doc["flow"][e].get(f) for f in ("name", "mac_vendor") for e in ("source", "destination")],
		["host1.department.example.org", "host2.department.example.org", "ICANN", "Vendor number 7"],
		"names and vendors from large tables, in a document with MACs as ECS writes them, and addresses of zeroes before them")
	for name in "hosts", "oui":
		os.unlink(os.path.join(dir_.name, name + ".csv"))


def interfaces():
	"""More interfaces than the pipelines of documents and of counters have room for: both ask pipelines of their own."""
	write("interfaces", "exporter,interface,name,alias,speed,role",
		((f"10.{r // 250}.{r % 250}.1", str(i), f"GigabitEthernet0/0/{i}", f"to customer {r}-{i}", "1000000000", "access") for r in range(600) for i in range(1, 49)))
	setup()
	ok("flow-dict-interfaces" in es.must("GET", "/_ingest/pipeline/flow-dict-*"), "28,800 interfaces are in pipelines of their own")
	flow = {"exporter": "10.1.49.1", "received": 1767323045000}
	doc = simulate({}, [{"@timestamp": "2026-01-02T03:04:05.000Z", "flow": {**flow, "type": "netflow9"},
		"ie": {"sourceIPv4Address": "192.0.2.1", "destinationIPv4Address": "192.0.2.2", "ingressInterface": 7, "egressInterface": 49}}], "flow")[0]
	same([doc["observer"]["ingress"]["interface"], doc["flow"]["ingress"]["speed"], doc["observer"]["egress"]["interface"], "lookup" in doc],
		[{"id": "7", "name": "GigabitEthernet0/0/7", "alias": "to customer 299-7"}, 1000000000, {"id": "49"}, False], "of a flow record")
	doc = simulate({}, [{"@timestamp": "2026-01-02T03:04:05.000Z", "flow": {**flow, "type": "sflow5"}, "counters": {"if_counters": {"ifIndex": 48}}}],
		"flow-counters")[0]
	same([doc["flow"]["interface_alias"], doc["flow"]["speed"], "lookup" in doc], ["to customer 299-48", 1000000000, False], "of a counter sample")
	os.unlink(os.path.join(dir_.name, "interfaces.csv"))


keys()
services()
write("exporters", "prefix,name", [("198.51.100.9", "stays")])  # a directory that lost all its tables would keep them
spelt_otherwise()
interfaces()
inline(400)
inline(5000)
os.unlink(os.path.join(dir_.name, "networks.csv"))
swap(large())
done()
