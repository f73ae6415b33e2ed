#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Conversations through address translation: both directions have the same client, server, service and community ids.

A conversation is who asks, what he dials, as whom he arrives and who answers; a translating device meters packets before it and tells
what they are behind (elements 225 to 228, 281 and 282). The ids are computed here, by the specification."""
import ipaddress
import os
import random

import stages
import community
import tap

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
rng = random.Random(SEED)
COUNT = 500
OWN = ("bytes", "packets")	# of a record, not of the end

TCP, UDP, ICMP, GRE, ICMP6 = 6, 17, 1, 47, 58
# what it is: (protocol, client, what he dials, the client as the server sees him, server, which tuple is the inner one)
KINDS = {
	"source NAT with ports (MikroTik)": (TCP, ("192.168.181.5", 40000), ("198.51.100.36", 443), ("203.0.113.30", 61000), ("198.51.100.36", 443), "before"),
	"source NAT, the port stays": (UDP, ("10.0.0.1", 5353), ("8.8.8.8", 53), ("1.2.3.4", 5353), ("8.8.8.8", 53), "before"),
	"source NAT between private networks": (TCP, ("10.10.7.11", 48378), ("192.168.183.199", 6667), ("192.168.230.216", 48378), ("192.168.183.199", 6667), "before"),
	"source NAT to a port that is a service": (TCP, ("10.0.0.1", 50123), ("8.8.8.8", 8443), ("1.2.3.4", 1433), ("8.8.8.8", 8443), "before"),
	"carrier NAT": (TCP, ("100.64.3.4", 33000), ("9.9.9.9", 443), ("1.2.3.4", 2048), ("9.9.9.9", 443), "before"),
	"source NAT within public addresses": (TCP, ("5.6.7.8", 33000), ("9.9.9.9", 443), ("1.2.3.4", 2049), ("9.9.9.9", 443), "before"),
	"prefix translation of IPv6": (TCP, ("fd00::5", 40000), ("2a00:1::1", 443), ("2a00:2::5", 40000), ("2a00:1::1", 443), "before"),
	"a server behind a public address": (TCP, ("9.9.9.9", 51000), ("1.2.3.4", 443), ("9.9.9.9", 51000), ("10.9.0.5", 8443), "behind"),
	"a server behind another port": (TCP, ("9.9.9.9", 51000), ("1.2.3.4", 2222), ("9.9.9.9", 51000), ("1.2.3.4", 22), "behind"),
	"a server of the user's applications": (TCP, ("10.7.0.1", 30000), ("1.2.3.4", 20000), ("10.7.0.1", 30000), ("10.9.1.1", 50000), "behind"),
	"hairpin": (TCP, ("10.0.0.1", 40001), ("1.2.3.4", 443), ("10.0.0.254", 62000), ("10.9.1.1", 8443), "behind"),
	"hairpin by the public address": (TCP, ("10.0.0.1", 40001), ("1.2.3.4", 443), ("1.2.3.4", 62000), ("10.9.1.1", 8443), "either"),
	"load balancer": (TCP, ("8.8.8.8", 50000), ("1.2.3.4", 80), ("10.9.0.200", 33000), ("10.9.0.6", 8080), "behind"),
	"both ends, to outside": (TCP, ("10.0.0.1", 50000), ("10.255.0.9", 80), ("1.2.3.4", 33000), ("9.9.9.9", 80), "before"),
	"NAT64": (TCP, ("2a00:3::5", 40002), ("64:ff9b::808:808", 443), ("1.2.3.4", 61001), ("8.8.8.8", 443), "before"),
	"NAT64 behind a carrier NAT": (TCP, ("2a00:3::5", 40002), ("64:ff9b::808:808", 443), ("100.64.0.1", 61001), ("8.8.8.8", 443), "before"),
	"NAT46": (TCP, ("1.2.3.4", 40002), ("9.9.9.1", 443), ("2a00:64::102:304", 40002), ("2a00:3::1", 443), "behind"),
	"ping": (ICMP, ("10.0.0.1", 8), ("8.8.8.8", 0), ("1.2.3.4", 8), ("8.8.8.8", 0), "before"),
	"ping through NAT64": (ICMP6, ("2a00:3::5", 128), ("64:ff9b::808:808", 129), ("1.2.3.4", 8), ("8.8.8.8", 0), "before"),
	"ping to a server behind a public address": (ICMP, ("9.9.9.9", 8), ("1.2.3.4", 0), ("9.9.9.9", 8), ("10.9.0.5", 0), "behind"),
	"GRE": (GRE, ("10.0.0.1", None), ("8.8.8.8", None), ("1.2.3.4", None), ("8.8.8.8", None), "before"),
}


def six(ip):
	return ":" in ip


def elements(protocol, source, destination, source_behind, destination_behind):
	"""A record of packets from `source` to `destination`, which are from and to the other two behind the device."""
	ie = {"protocolIdentifier": protocol, "octetDeltaCount": 1000, "packetDeltaCount": 10}
	for name, end, behind in (("source", source, source_behind), ("destination", destination, destination_behind)):
		family = lambda ip: "IPv6Address" if six(ip) else "IPv4Address"
		ie[name + family(end[0])] = end[0]
		ie["postNAT" + name.title() + family(behind[0])] = behind[0]
		if protocol in (TCP, UDP):
			ie[name + "TransportPort"] = end[1]
			ie["postNAPT" + name.title() + "TransportPort"] = behind[1]
	if protocol in (ICMP, ICMP6):
		ie["icmpTypeIPv6" if protocol == ICMP6 else "icmpTypeIPv4"] = source[1]
		ie["icmpCodeIPv6" if protocol == ICMP6 else "icmpCodeIPv4"] = 0
	return ie


def ports_for_all(ie):
	"""As a template for everything has it: ports of nothing, type and code of ICMP as the destination's port, before and behind the translation."""
	both = ie.pop("icmpTypeIPv4", 0) * 256 + ie.pop("icmpCodeIPv4", 0)
	return {**ie, "sourceTransportPort": 0, "destinationTransportPort": both, "postNAPTSourceTransportPort": 0, "postNAPTDestinationTransportPort": both}


def line(ie, rate=1):
	return {"@timestamp": "2023-11-14T22:13:20.000Z", "ie": ie, "flow": {"type": "ipfix", "exporter": "192.0.2.99", "port": 1, "domain": 1, "seq": 1,
		"exported": 1700000000000, "received": 1700000000000, "sampling": {"rate": rate, "origin": "record"}}}


def records(kind, rate=1):
	protocol, client, dialled, arrives, server, _ = kind
	# ICMP has no identifiers here, and each side its own types: what is sent back has those of the answer
	other = {ICMP: ICMP, ICMP6: ICMP}.get(protocol, protocol) if not six(server[0]) else protocol
	back = [(server[0], server[1]), arrives, dialled, client]
	return line(elements(protocol, client, dialled, arrives, server), rate), line(elements(other, *back), rate)


def identity(protocol, a, b):
	"""The community id of a tuple; ICMP's of its own family."""
	if protocol in (ICMP, ICMP6):
		return community.community_id(ICMP6 if six(a[0]) else ICMP, a[0], b[0], a[1], 0)
	return community.community_id(protocol, a[0], b[0], a[1], b[1])


def judge(name, kind, docs):
	protocol, client, dialled, arrives, server, inner = kind
	there, back = docs
	ported = protocol in (TCP, UDP)
	for role, end in (("client", client), ("server", server)):
		want = [end[0], end[1] if ported else None]
		tap.same([[d.get(role, {}).get("ip"), d.get(role, {}).get("port")] for d in docs], [want, want], f"{name}: {role}")
		for at in ("", "flow"):
			ends = [{k: v for k, v in (d[at] if at else d).get(role, {}).items() if k not in OWN} for d in docs]
			tap.same(ends[1], ends[0], f"{name}: all that is known of the {role} {at}")
	ids = [identity(protocol, client, dialled), identity(protocol, arrives, server)]
	found = [d["network"].get("community_id") for d in docs]
	if inner == "either":
		tap.same([sorted(found[0]), found[1]], [sorted(ids), found[0]], f"{name}: both community ids")
	else:
		want = ids if inner == "before" else ids[::-1]
		tap.same(found, [want, want], f"{name}: community ids, the inner one first")
	tap.same([d["flow"].get("nat", {}).get("community_id") for d in docs], [found[0][1]] * 2, f"{name}: the outer id")
	tap.same([there["client"].get("bytes"), back["server"].get("bytes")], [1000, 1000], f"{name}: who sent what")
	if protocol != ICMP6:	# another protocol on the way back
		tap.same([d["flow"][x] for d in docs for x in ("role", "service")], [there["flow"][x] for x in ("role", "service")] * 2, f"{name}: service and reason")
	tap.same([[d["source"]["ip"], d["destination"]["ip"]] for d in docs], [[client[0], dialled[0]], [server[0], arrives[0]]], f"{name}: source and destination as they were metered")
	opposite = {"inbound": "outbound", "outbound": "inbound"}
	tap.same(back["network"]["direction"], opposite.get(there["network"]["direction"], there["network"]["direction"]), f"{name}: the reply's direction")


def untranslated(cluster):
	"""Elements that repeat the address, or are zero, translate nothing."""
	a, b = ("10.0.0.1", 40000), ("8.8.8.8", 443)
	same, zero = elements(TCP, a, b, a, b), elements(TCP, a, b, ("0.0.0.0", 0), ("0.0.0.0", 0))
	for what, ie in (("the same again", same), ("zeroes", zero)):
		doc, = stages.simulate(cluster, "flow", [line(ie)])
		tap.same([doc["network"]["community_id"], doc["flow"].get("nat"), doc["source"].get("nat"), doc["destination"].get("nat"), doc["server"]["ip"]],
			[identity(TCP, a, b), None, None, None, b[0]], f"translated to {what}: one id")


def firewall(cluster):
	"""A firewall's record has both directions: who is behind the translation got what the server's counter says (Cisco ASA)."""
	ie = elements(TCP, ("9.9.9.9", 51000), ("1.2.3.4", 443), ("9.9.9.9", 51000), ("10.9.0.5", 8443))
	ie.pop("octetDeltaCount"), ie.pop("packetDeltaCount")
	doc, = stages.simulate(cluster, "flow", [line({**ie, "firewallEvent": 2, "initiatorOctets": 700, "responderOctets": 90000})])
	tap.same([doc[e][k] for e in ("client", "server") for k in ("ip", "port", "bytes")], ["9.9.9.9", 51000, 700, "10.9.0.5", 8443, 90000], "firewall: ends and octets of one record")
	tap.same(doc["server"]["nat"], {"ip": "1.2.3.4", "port": 443}, "firewall: what was dialled")


def one_side(cluster):
	"""Without elements about ports the outer id takes them for kept; a family without its peer's address has no outer id."""
	ie = elements(TCP, ("10.0.0.1", 40000), ("8.8.8.8", 443), ("1.2.3.4", 61000), ("8.8.8.8", 443))
	del ie["postNAPTSourceTransportPort"], ie["postNAPTDestinationTransportPort"]
	half = elements(TCP, ("2a00::1", 40000), ("2a00::2", 443), ("1.2.3.4", 61000), ("2a00::2", 443))
	docs = stages.simulate(cluster, "flow", [line(ie), line(half)])
	tap.same([d["network"]["community_id"] for d in docs], [[identity(TCP, ("10.0.0.1", 40000), ("8.8.8.8", 443)), identity(TCP, ("1.2.3.4", 40000), ("8.8.8.8", 443))],
		identity(TCP, ("2a00::1", 40000), ("2a00::2", 443))], "no ports told; no address told")


def address(inside):
	return f"10.{rng.randrange(10, 250)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" if inside else str(ipaddress.IPv4Address(rng.randrange(0x0B000000, 0x60000000)))


def conversation():
	"""Of random addresses; ports of a client are above those of a server, and no port of a translation is one that the tests' own
	applications.csv names (6000 to 6010), so that both are what they are taken for."""
	protocol, client, server = rng.choice((TCP, UDP)), rng.randrange(50000, 65000), rng.choice((22, 53, 80, 443, 3389))
	if rng.random() < .5:
		there = address(False), server
		return protocol, (address(True), client), there, (address(False), rng.randrange(10000, 65536)), there, "before"
	who = address(False), client
	return protocol, who, (address(False), rng.choice((rng.randrange(1, 5000), rng.randrange(10000, 65536)))), who, (address(True), server), "behind"


def at_random(cluster):
	kinds = [conversation() for _ in range(COUNT)]
	docs = stages.simulate(cluster, "flow", [d for kind in kinds for d in records(kind, rng.choice((1, 100)))])
	wrong = []
	for i, (protocol, client, dialled, arrives, server, inner) in enumerate(kinds):
		ids = [identity(protocol, client, dialled), identity(protocol, arrives, server)][::1 if inner == "before" else -1]
		for d in docs[2 * i:2 * i + 2]:
			if [d["client"]["ip"], d["client"]["port"], d["server"]["ip"], d["server"]["port"], d["network"]["community_id"]] != [*client, *server, ids]:
				wrong.append(f"{kinds[i]}\n{d['client']} {d['server']} {d['network']} {d['flow']['role']}")
	tap.ok(not wrong, f"{COUNT} conversations at random, sampled or not", "\n".join(wrong[:3]))


tap.note(f"SEED={SEED}")
cluster = stages.clusters.connect()
stages.setup(cluster)
for name, kind in KINDS.items():
	judge(name, kind, stages.simulate(cluster, "flow", records(kind)))
	if kind[0] in (ICMP, GRE):
		judge(f"{name}, with ports", kind, stages.simulate(cluster, "flow", [{**d, "ie": ports_for_all(d["ie"])} for d in records(kind)]))
untranslated(cluster)
firewall(cluster)
one_side(cluster)
at_random(cluster)
tap.done()
