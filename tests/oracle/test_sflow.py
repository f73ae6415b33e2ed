#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every sFlow capture against two independent decodes: counts, samples and records (refdec), sampled headers (tshark)."""
import csv
import gzip
import json
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402

SHARED = os.path.join(TOP, "..", "shared")
CAPTURES = os.path.join(SHARED, "captures")
DECODE = os.path.join(TOP, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")
UNDER = os.environ.get("TESTS_UNDER", "").split()	# make valgrind


def mac(b):
	return b.hex(":")


def ip(b):
	import ipaddress
	return str(ipaddress.ip_address(bytes(b)))


class Reader:
	"""XDR, until the end."""

	def __init__(self, data):
		self.data, self.at = data, 0

	def take(self, n):
		if self.at + n > len(self.data):
			raise EOFError
		self.at += n
		return self.data[self.at - n:self.at]

	def u32(self):
		return struct.unpack(">I", self.take(4))[0]

	def value(self, kind):
		if kind == "u32":
			return self.u32()
		if kind == "i32":
			return struct.unpack(">i", self.take(4))[0]
		if kind == "u64":
			return struct.unpack(">Q", self.take(8))[0]
		if kind == "f32":
			return struct.unpack(">f", self.take(4))[0]
		if kind == "mac":
			return mac(self.take(8)[:6])
		if kind in ("ipv4", "ipv6"):
			return ip(self.take(4 if kind == "ipv4" else 16))
		if kind == "address":
			t = self.u32()
			return None if t == 0 else ip(self.take(4 if t == 1 else 16))
		if kind in ("string", "opaque"):
			n = self.u32()
			b = self.take(n)
			self.at = min(len(self.data), self.at + (-n & 3))
			return b
		if kind == "opaque[16]" or kind == "opaque[4]":
			return self.take(int(kind[7:-1])).hex()
		if kind == "u32[]":
			return [self.u32() for _ in range(self.u32())]
		if kind == "as_path_segment[]":
			path = []
			for _ in range(self.u32()):
				as_set = self.u32() == 1
				numbers = [self.u32() for _ in range(self.u32())]
				path += [numbers] if as_set else numbers
			return path
		if kind == "adapter[]":
			return [{"ifIndex": self.u32(), "mac_addresses": [mac(self.take(8)[:6]) for _ in range(self.u32())]}
			        for _ in range(self.u32())]
		raise NotImplementedError(kind)


def layouts():
	"""(kind, tag) to name and fields: the independent table's."""
	out = {}
	with open(os.path.join(SHARED, "facts", "sflow.csv")) as f:
		for r in csv.DictReader(f):
			fields = [x.split(":") for x in r["fields"].split()]
			out[r["kind"], int(r["enterprise"]), int(r["format"])] = r["name"], fields
	return out


def our_names():
	"""(structure, field) to the elements that it may be written as."""
	out = {}
	with open(os.path.join(TOP, "forwarder", "fields", "sflow.csv")) as f:
		for r in csv.DictReader(f):
			for x in r["fields"].split():
				name, _, rest = x.partition(":")
				out[r["name"], name] = rest.partition("=")[2].split("|") if "=" in rest else []
	return out


def same(got, want):
	if isinstance(want, bytes):
		text = want.rstrip(b"\0").decode("utf-8", "replace")
		return got in (text, want.hex())
	if isinstance(want, float):
		return isinstance(got, (int, float)) and abs(got - want) <= abs(want) * 1e-6
	return got == want


def check_record(record, kind, where, layout, names):
	"""What of one reference record is not in `where` (the line's ie, or the counters); and fields looked at."""
	key = kind, record["ent"], record["fmt"]
	if key not in layout or key in (("flow", 0, 1), ("flow", 0, 2201)):
		return [], 0 # the header is compared below; of 2201 the table has the layout of its successor
	name, fields = layout[key]
	reader, wrong, seen = Reader(bytes.fromhex(record["hex"])), [], 0
	for field, t in fields:
		if reader.at == len(reader.data):
			break
		want = reader.value(t.rstrip("?"))
		if want is None:
			continue
		if kind == "counter":
			got = where.get(name, {}).get(field)
			if want in (0xffffffff, 0xffffffffffffffff):
				want = None
		else:
			got = where.get(f"sflow.{name}.{field}")
			for element in names.get((name, field), []) if got is None else []:
				got = where.get(element, got)
		seen += 1
		if not same(got, want):
			wrong.append(f"{name}.{field}: {got!r}, want {want!r}")
	return wrong, seen


def interface(ie, sample, direction):
	side, key = ("input", "ingressInterface") if direction == "inp" else ("output", "egressInterface")
	v = sample[direction]
	form = sample.get(direction + "_fmt")
	if form is None and sample["fmt"] == 1:
		form, v = v >> 30, v & 0x3fffffff
	if form in (0, None):
		return ie.get(f"sflow.{side}Local") is True if v == 0x3fffffff else ie.get(key) == v
	if form == 1:
		return ie.get("sflow.discardReason") == v
	return ie.get(f"sflow.{side}Interfaces") == v


def check_flow(line, sample, layout, names):
	flow, ie, wrong, seen = line["flow"], line["ie"], [], 7
	pairs = [(flow["seq"], sample["seq"]), (flow["source"]["class"], sample["src_type"]),
	         (flow["source"]["index"], sample["src_idx"]), (ie.get("sflow.drops", 0), sample["drops"])]
	if sample["fmt"] == 5:
		pairs += [(ie.get("sflow.discardReason"), sample["reason"])]
	else:
		pairs += [(flow.get("sampling", {}).get("rate", 0), sample["rate"]), (ie.get("sflow.samplePool"), sample["pool"])]
	wrong += [f"{got!r}, want {want!r}" for got, want in pairs if got != want]
	wrong += [f"{d} interface" for d in ("inp", "out") if not interface(ie, sample, d)]
	for r in sample["records"]:
		w, n = check_record(r, "flow", ie, layout, names)
		wrong, seen = wrong + w, seen + n
		if (r["ent"], r["fmt"]) == (0, 1):
			dropped = sample["fmt"] == 5
			if ie.get("droppedOctetDeltaCount" if dropped else "octetDeltaCount") != r["frame_len"]:
				wrong.append("frame length")
	return wrong, seen


# ---- sampled headers, by tshark ----

def pairs(items):
	"""A JSON object whose keys come more than once: values in lists."""
	out = {}
	for k, v in items:
		out.setdefault(k, []).append(v)
	return out


def headers(node):
	"""The dissected sampled headers below a node, in order."""
	for k, values in node.items() if isinstance(node, dict) else []:
		for v in values:
			if k == "sflow_245.header_tree":
				yield v
			elif isinstance(v, dict):
				yield from headers(v)


def first(node, path):
	for key in path.split("/"):
		if not isinstance(node, dict) or key not in node:
			return None
		node = node[key][0]
	return node


TSHARK = [  # ours, tshark's, how to read it
	("destinationMacAddress", "eth/eth.dst", str), ("sourceMacAddress", "eth/eth.src", str),
	("dot1qVlanId", "vlan/vlan.id", int), ("dot1qPriority", "vlan/vlan.priority", int),
	("ipTTL", "ip/ip.ttl", int), ("ipTotalLength", "ip/ip.len", int), ("protocolIdentifier", "ip/ip.proto", int),
	("sourceIPv4Address", "ip/ip.src", str), ("destinationIPv4Address", "ip/ip.dst", str),
	("ipClassOfService", "ip/ip.dsfield", lambda v: int(v, 16)),
	("sourceIPv6Address", "ipv6/ipv6.src", str), ("destinationIPv6Address", "ipv6/ipv6.dst", str),
	("flowLabelIPv6", "ipv6/ipv6.flow", lambda v: int(v, 16)), ("ipTTL", "ipv6/ipv6.hlim", int),
	("sourceTransportPort", "tcp/tcp.srcport", int), ("destinationTransportPort", "tcp/tcp.dstport", int),
	("tcpControlBits", "tcp/tcp.flags", lambda v: int(v, 16)), ("tcpWindowSize", "tcp/tcp.window_size_value", int),
	("sourceTransportPort", "udp/udp.srcport", int), ("destinationTransportPort", "udp/udp.dstport", int),
	("udpMessageLength", "udp/udp.length", int),
	("icmpTypeIPv4", "icmp/icmp.type", int), ("icmpCodeIPv4", "icmp/icmp.code", int),
	("icmpTypeIPv6", "icmpv6/icmpv6.type", int),
]


def check_headers(lines, path):
	with gzip.open(path, "rt") as f:
		packets = json.load(f, object_pairs_hook=pairs)
	theirs = [h for p in packets for h in headers(p)]
	ours = [x["ie"] for x in lines if "sflow.stripped" in x["ie"] or "sourceMacAddress" in x["ie"] or "ipVersion" in x["ie"]]
	# sampled_ethernet alone goes by the elements' names; beside a header it has its own
	ours = [ie for ie in ours if "sflow.sampled_ethernet.length" not in ie or "sflow.sampled_ethernet.src_mac" in ie]
	wrong, seen = [], 0
	if len(theirs) != len(ours):
		return [f"{len(ours)} headers, tshark {len(theirs)}"], 0
	for i, (ie, tree) in enumerate(zip(ours, theirs)):
		for key, where, read in TSHARK:
			want = first(tree, where)
			if want is None:
				continue
			seen += 1
			if ie.get(key) != read(want):
				wrong.append(f"header {i}: {key}: {ie.get(key)!r}, tshark {want}")
	return wrong, seen


# tshark 4.0.17 does not know discarded-packet samples
NOT_BY_TSHARK = {"sflow-pre-event-discarded-packet"}


def check_capture(row, layout, names):
	name = os.path.basename(row["path"])[:-5]
	run = subprocess.run([*UNDER, DECODE, os.path.join(CAPTURES, row["path"])], capture_output=True, text=True)
	lines = [json.loads(x) for x in run.stdout.splitlines()]
	counters = json.loads(run.stderr.splitlines()[-1])
	flows = [x for x in lines if "ie" in x and x["flow"]["type"] == "sflow5"]
	counts = [x for x in lines if "counters" in x]
	with gzip.open(os.path.join(CAPTURES, "oracle", name + ".ref.jsonl.gz"), "rt") as f:
		samples = [(d, s) for d in map(json.loads, f) for s in d.get("samples", [])]
	want = int(row["flow_records"]), int(row["counter_samples"])
	drops = sum(s["fmt"] == 5 for _, s in samples)
	got = sum("ie" in x for x in lines) - drops, counters.get("counters_samples", 0)
	tap.same(got, want, f"{name}: flow records and counter samples")
	wrong, seen, flow_at, counter_at = [], 0, 0, 0
	for d, s in samples:
		if s["fmt"] in (1, 3, 5):
			line, flow_at = flows[flow_at], flow_at + 1
			w, n = check_flow(line, s, layout, names)
			if line["flow"]["exporter"] != ip(bytes.fromhex(d["agent"])) or line["flow"]["domain"] != d["sub_agent"]:
				w.append("agent")
		else:
			merged = {}
			source = {"class": s["src_type"], "index": s["src_idx"]}
			while counter_at < len(counts) and counts[counter_at]["flow"]["seq"] == s["seq"] and \
					counts[counter_at]["flow"]["source"] == source and \
					not merged.keys() & counts[counter_at]["counters"].keys():
				merged.update(counts[counter_at]["counters"])
				counter_at += 1
			w, n = [], 0
			for r in s["records"]:
				more, k = check_record(r, "counter", merged, layout, names)
				w, n = w + more, n + k
		wrong += [f"sample {s['seq']}: {x}" for x in w]
		seen += n
	tap.ok(not wrong and flow_at == len(flows) and counter_at == len(counts), f"{name}: {seen} fields of {len(samples)} samples",
	       "\n".join(wrong[:20]) or f"{flow_at} of {len(flows)} flow lines, {counter_at} of {len(counts)} counter lines")
	if name not in NOT_BY_TSHARK:
		wrong, seen = check_headers(flows, os.path.join(CAPTURES, "oracle", name + ".tshark.json.gz"))
		tap.ok(not wrong, f"{name}: {seen} fields of sampled headers by tshark", "\n".join(wrong[:20]))


def main():
	if not os.path.isdir(CAPTURES):
		tap.skip_all("no captures in ../shared/captures")
	layout, names = layouts(), our_names()
	with open(os.path.join(CAPTURES, "INDEX.csv")) as f:
		for row in csv.DictReader(f):
			if "sflow" in row["protocol"]:
				check_capture(row, layout, names)
	tap.done()


main()
