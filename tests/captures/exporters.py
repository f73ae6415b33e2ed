# SPDX-License-Identifier: Apache-2.0
"""Exporters that nobody can run here, written after their manuals: they meter conversations of traffic.py and export them.

A firewall (Cisco ASA's event log in NetFlow 9), a router that knows applications (Cisco AVC in IPFIX), agents on desktops
(Cisco NVM, Ziften ZFlow: IPFIX), and a switch of a VXLAN fabric (sFlow). Each is a function that yields (time, datagram);
`metered` says what of the packets they count.
"""
import collections
import random
import socket
import struct

import traffic

CISCO, ZIFTEN = 9, 44619
VAR = 65535		# IPFIX: a text of any length
ROUND = 12		# records of one template in a datagram, at most
USERS = ["ada", "ben", "cleo", "dario", "eva", "finn", "greta", "hugo", "ines", "jonas", "kira", "leo", "mona", "nils"]

Flow = collections.namedtuple("Flow", "start end src dst proto sport dport tos flags up down up_packets down_packets answered")


def flow(packets):
	"""A conversation as one record of both directions; ports from the transport header of its first packet."""
	first = packets[0]
	there = [p for p in packets if p[4] == first[4]]
	back = [p for p in packets if p[4] != first[4]]
	sport, dport = struct.unpack_from("!HH", first[1], 34)
	flags = [0, 0]
	for way, part in enumerate((there, back)):
		for p in part:
			flags[way] |= p[1][47] if first[1][23] == 6 else 0
	return Flow(first[0], packets[-1][0], first[4], first[5], first[1][23], sport, dport, first[1][15], flags,
		sum(p[3] for p in there), sum(p[3] for p in back), len(there), len(back), bool(back))


def flows(site):
	return sorted((flow(c) for c in traffic.conversations(site)), key=lambda f: f.end)


def metered(site):
	"""(source, destination, bytes, packets) of what the exporter of SITE reports: a firewall counts nothing of what it denied, NVM no packets."""
	packets = site != "nvm"
	for f in flows(site):
		if f.answered:
			yield f.src, f.dst, f.up, f.up_packets * packets
			yield f.dst, f.src, f.down, f.down_packets * packets


# ---- NetFlow 9 and IPFIX ----

def value(v, width):
	if isinstance(v, str) and width == 4:
		return socket.inet_aton(v)
	if isinstance(v, str):
		v = v.encode()
	if width == VAR:
		return bytes([len(v)]) + v
	return v.ljust(width, b"\0") if isinstance(v, bytes) else int(v).to_bytes(width, "big")


class Template:
	"""fields: (element, width) or (element, width, enterprise). `scope`: so many of them are scopes of an options template."""

	def __init__(self, number, fields, scope=0):
		self.number, self.fields, self.scope = number, [(*f, 0)[:3] for f in fields], scope

	def record(self, values):
		return b"".join(value(v, f[1]) for v, f in zip(values, self.fields))

	def describe(self, version):
		out = b"".join(struct.pack("!HH", (e | 0x8000) if pen else e, width) + (struct.pack("!I", pen) if pen else b"")
			for e, width, pen in self.fields)
		if not self.scope:
			return struct.pack("!HH", self.number, len(self.fields)) + out
		if version == 9:	# which counts octets: RFC 3954 section 6.1
			return struct.pack("!HHH", self.number, 4 * self.scope, 4 * (len(self.fields) - self.scope)) + out
		return struct.pack("!HHH", self.number, len(self.fields), self.scope) + out


def a_set(number, body, version):
	body += bytes(-len(body) % 4) if version == 9 else b""
	return struct.pack("!HH", number, 4 + len(body)) + body


def export(version, domain, templates, options, records):
	"""Datagrams of RECORDS [(time, template, values)]: a new one when a minute is over, the template changes or it is full.

	Templates and OPTIONS [(template, values)] come first and every six hours again.
	"""
	sequence, told, at = 0, 0, None
	group = []

	def message(when, sets, count):
		nonlocal sequence
		body = b"".join(sets)
		if version == 9:
			head = struct.pack("!HHIIII", 9, count, int((when - traffic.DAY0 + 86400) * 1000), int(when), sequence, domain)
			sequence += 1
		else:
			head = struct.pack("!HHIII", 10, 16 + len(body), int(when), sequence, domain)
			sequence += count
		return when, head + body

	def known(when):
		plain, special = ([t for t in templates if bool(t.scope) == s] for s in (False, True))
		sets = [a_set(2 if version == 10 else 0, b"".join(t.describe(version) for t in plain), version)]
		if special:
			sets.append(a_set(3, b"".join(t.describe(version) for t in special), version))
		yield message(when, sets, 0 if version == 10 else len(plain))
		for t in special:
			rows = [t.record(v) for o, v in options if o is t]
			for i in range(0, len(rows), 20):
				yield message(when, [a_set(t.number, b"".join(rows[i:i + 20]), version)], len(rows[i:i + 20]))

	def flush():
		if group:
			t = group[0][1]
			yield message(int(group[-1][0]) + 1.5, [a_set(t.number, b"".join(t.record(v) for _, _, v in group), version)], len(group))
			group.clear()

	for at, t, values in sorted(records, key=lambda r: r[0]):
		if group and (group[0][1] is not t or at > group[0][0] + 60 or len(group) == ROUND):
			yield from flush()
		if at > told + 6 * 3600:
			yield from flush()
			yield from known(at)
			told = at
		group.append((at, t, values))
	yield from flush()


ms = lambda t: int(t * 1000)


# ---- a firewall: events of connections ----

OUTSIDE, INSIDE, GUEST, DMZ = 3, 4, 5, 6
ACLS = {"outside": (0x8ed66b60, 0xf8852875), "guests": (0x2c1c6a65, 0x1f3a9b02), "egress": (0x5b7f1d10, 0x77d0c4e1), "vpn": (0x433a1af1, 0x09a2d7c6)}


def asa():
	ends = [(8, 4), (7, 2), (10, 2), (12, 4), (11, 2), (14, 2), (4, 1), (176, 1), (177, 1), (225, 4), (226, 4), (227, 2), (228, 2), (233, 1), (33002, 2)]
	created = Template(263, [(148, 4)] + ends + [(323, 8), (152, 8), (33000, 12), (33001, 12), (40000, 20)])
	denied = Template(260, ends + [(323, 8), (33000, 12), (33001, 12), (40000, 20)])
	torn = Template(264, [(148, 4)] + ends + [(323, 8), (152, 8), (231, 8), (232, 8), (298, 4), (299, 4), (40000, 20)])
	side = lambda a: GUEST if a in traffic.GUESTS else INSIDE if a.startswith("10.20.10.") else DMZ if a.startswith("10.") else OUTSIDE
	records = []
	for n, f in enumerate(flows("asa"), 1001):
		out = side(f.dst) == OUTSIDE
		nat = ("192.0.2.10" if f.src in traffic.GUESTS else "192.0.2.11", f.dst, 20000 + n, f.dport) if out else (f.src, f.dst, f.sport, f.dport)
		acl = ACLS["guests" if f.src in traffic.GUESTS else "egress" if out else "vpn" if f.src in traffic.REMOTE else "outside"]
		acl_bytes = struct.pack("!III", *acl, 0)
		user = "OFFICE\\" + USERS[traffic.OFFICE.index(f.src)] if f.src in traffic.OFFICE and f.answered else ""
		def what(event, code):
			return [f.src, f.sport, side(f.src), f.dst, f.dport, side(f.dst), f.proto, 0, 0, *nat, event, code]
		if not f.answered:
			records.append((f.start, denied, what(3, 1002 if out else 1004 if n % 17 == 0 else 1001) + [ms(f.start), acl_bytes, bytes(12), user]))
			continue
		records.append((f.start, created, [n] + what(1, 0) + [ms(f.start), ms(f.start), acl_bytes, bytes(12), user]))
		records.append((f.end, torn, [n] + what(2, 2031) + [ms(f.end), ms(f.start), f.up, f.down, f.up_packets, f.down_packets, user]))
	return export(9, 0, [created, denied, torn], [], records)


# ---- a router: applications, interfaces by name, response times, address translation ----

APPLICATIONS = {		# id within NBAR's engine 13: name, description, category
	453: ("ssl", "Secure Sockets Layer", "browsing"), 82: ("secure-imap", "IMAP over TLS", "email"),
	277: ("rtmp", "Real Time Messaging Protocol", "streaming"), 69: ("bittorrent", "BitTorrent", "file-sharing"),
	414: ("cifs", "Common Internet File System", "file-sharing"), 96: ("stun-nat", "Session Traversal Utilities for NAT", "voice-and-video"),
}
APP_OF = {443: 453, 993: 82, 1935: 277, 6881: 69, 445: 414, 3478: 96}
LAN, WAN, VPN = 2, 1, 3
EDGE_INTERFACES = {WAN: ("Gi0/0/0", "Internet"), LAN: ("Gi0/0/1", "Branch LAN"), VPN: ("Tu10", "Tunnel to Vienna")}


def app_id(port):
	return bytes([13]) + APP_OF[port].to_bytes(3, "big")


def edge():
	rnd = random.Random("edge")
	names = Template(256, [(10, 4), (82, 32), (83, 64)], 1)
	apps = Template(257, [(95, 4), (96, 24), (94, 55)], 1)
	kinds = Template(258, [(95, 4), (372, 32)], 1)
	ends = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (5, 1), (10, 4), (14, 4), (61, 1), (95, 4), (128, 4), (136, 1), (152, 8), (153, 8), (1, 8), (2, 8), (6, 1)]
	plain = Template(260, ends)
	timed = Template(261, ends + [(9282, 4, CISCO), (9316, 4, CISCO), (9319, 4, CISCO), (9292, 4, CISCO), (9306, 4, CISCO), (9268, 4, CISCO), (9270, 4, CISCO)])
	nat = Template(262, [(323, 8), (8, 4), (225, 4), (12, 4), (7, 2), (227, 2), (11, 2), (4, 1), (234, 4), (230, 1)])
	records = []
	for n, f in enumerate(flows("edge")):
		far = VPN if f.dst.startswith("10.") else WAN
		tos = f.tos | (3 if rnd.random() < 0.02 else 2 if f.proto == 6 else 0)	# ECN: congestion seen now and then
		carrier = 64500 + n % 2 if far == WAN else 0		# next AS, of the documentation's numbers
		common = [app_id(f.dport), carrier, 1, ms(f.start), ms(f.end)]
		up = [f.src, f.dst, f.sport, f.dport, f.proto, tos, LAN, far, 0, *common, f.up, f.up_packets, f.flags[0]]
		down = [f.dst, f.src, f.dport, f.sport, f.proto, f.tos, far, LAN, 1, *common, f.down, f.down_packets, f.flags[1]]
		if f.proto == 6:
			answers = max(1, f.down_packets // 20)
			busy = 1 + f.start % 86400 / 86400
			records.append((f.end, timed, up + [1, rnd.randrange(2, 9), int(rnd.randrange(9, 40) * busy), answers,
				answers * rnd.randrange(5, 120), f.up_packets // 90, f.down_packets // 120]))
		else:
			records.append((f.end, plain, up))
		records.append((f.end, plain, down))
		if far == WAN:
			for at, event in ((f.start, 4), (f.end, 5)):
				records.append((at, nat, [ms(at), f.src, "192.0.2.20", f.dst, f.sport, 30000 + n, f.dport, f.proto, 0, event]))
	said = [(names, [i, *t]) for i, t in EDGE_INTERFACES.items()]
	said += [(apps, [bytes([13]) + i.to_bytes(3, "big"), name, text]) for i, (name, text, _) in APPLICATIONS.items()]
	said += [(kinds, [bytes([13]) + i.to_bytes(3, "big"), kind]) for i, (_, _, kind) in APPLICATIONS.items()]
	return export(10, 256, [names, apps, kinds, plain, timed, nat], said, records)


# ---- agents on desktops: users and processes ----

PROGRAMS = {443: ["firefox.exe", "msedge.exe", "teams.exe", "onedrive.exe"], 993: ["outlook.exe"], 445: ["explorer.exe"]}
MAC_PROGRAMS = {443: ["/Applications/Firefox.app/Contents/MacOS/firefox", "/Applications/Safari.app/Contents/MacOS/Safari",
	"/usr/bin/git"], 22: ["/usr/bin/ssh"]}


def nvm():
	rnd = random.Random("nvm")
	t = Template(256, [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (152, 8), (153, 8), (12332, 20, CISCO), (12333, VAR, CISCO), (12334, VAR, CISCO),
		(12335, VAR, CISCO), (12338, VAR, CISCO), (12340, VAR, CISCO), (12342, VAR, CISCO), (12346, 8, CISCO), (12347, 8, CISCO)])
	records = []
	for f in flows("nvm"):
		host = traffic.OFFICE.index(f.src)
		program = rnd.choice(PROGRAMS[f.dport])
		user = "OFFICE\\" + USERS[host]
		records.append((f.end, t, [f.src, f.dst, f.sport, f.dport, f.proto, ms(f.start), ms(f.end), bytes([host + 1] * 20), user,
			"Windows", "10.0.19045" if host % 3 else "10.0.22631", user, program, "explorer.exe", f.down, f.up]))
	return export(10, 1, [t], [], records)


def zflow():
	"""An exporter that tells the names of its own elements (RFC 5610)."""
	rnd = random.Random("zflow")
	own = {1: "hostname", 2: "userSid", 3: "pid", 4: "fileName", 5: "imagePath", 6: "platform", 7: "command"}
	types = {3: 3}		# unsigned32, the others are text
	about = Template(256, [(346, 4), (303, 2), (339, 1), (344, 1), (341, VAR)], 2)
	t = Template(257, [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (371, VAR), (152, 8), (153, 8), (231, 8), (232, 8), (298, 8), (299, 8)]
		+ [(i, 4 if i in types else VAR, ZIFTEN) for i in own])
	records = []
	for f in flows("zflow"):
		host = traffic.OFFICE.index(f.src)
		path = rnd.choice(MAC_PROGRAMS[f.dport])
		name = path.rsplit("/", 1)[1]
		records.append((f.end, t, [f.src, f.dst, f.sport, f.dport, f.proto, USERS[host], ms(f.start), ms(f.end), f.up, f.down, f.up_packets, f.down_packets,
			f"desk-{host + 1:02d}.office.example", f"S-1-5-21-1000-{1100 + host}", rnd.randrange(300, 9000), name, path, "macOS", name + " --session"]))
	said = [(about, [ZIFTEN, i, types.get(i, 13), 0, name]) for i, name in own.items()]
	return export(10, 7, [about, t], said, records)


# ---- a switch of a fabric: samples of VXLAN and GRE, counters ----

AGENT, LEAVES, SPINE = "10.20.0.11", ("10.20.0.21", "10.20.0.22"), "10.20.0.12"
PORTS = {1: ("Ethernet1", 10**10), 2: ("Ethernet2", 10**10), 49: ("Ethernet49", 4 * 10**10), 50: ("Ethernet50", 4 * 10**10)}
FABRIC_RATE, POLL = 2048, 600


def xdr(kind, body):
	return struct.pack("!II", kind, len(body)) + body + bytes(-len(body) % 4)


def sample(kept, wire, sequence, pool, ports):
	header = kept[:128]
	raw = struct.pack("!IIII", 1, wire + 4, 4, len(header)) + header + bytes(-len(header) % 4)
	return xdr(1, struct.pack("!IIIIIIII", sequence, ports[0], FABRIC_RATE, pool, 0, *ports, 2) + xdr(1, raw) + xdr(1001, struct.pack("!IIII", 70, 0, 70, 0)))


def tunnelled(packet, n):
	"""The packet inside VXLAN between two leaves; of what goes to the backup, inside GRE."""
	_, kept, wire, total, src, dst = packet
	a, b = LEAVES if src < dst else LEAVES[::-1]
	if traffic.BACKUP in (src, dst):
		kept, inner = kept[14:], total		# GRE carries the IP packet
		header, payload, proto = struct.pack("!HH", 0, 0x0800), inner, 47
	else:
		vni = 5000 + n % 3
		header, payload, proto = struct.pack("!HHHHBBHI", 49152 + n % 1000, 4789, 16 + wire, 0, 8, 0, 0, vni << 8), wire, 17
	head, outer, _ = traffic.frame(a, b, proto, header, payload, 0, "fabric")
	return head[:34 + len(header)] + kept, outer


def counters(sequence, port, total):
	speed = PORTS[port][1]
	octets_in, octets_out, errors, drops = total
	unicast = octets_in // 700 & 0xffffffff, octets_out // 700 & 0xffffffff
	generic = struct.pack("!IIQIIQIIIIIIQIIIIII", port, 6, speed, 1, 3, octets_in, unicast[0], unicast[0] // 50, unicast[0] // 200, drops, errors, 0,
		octets_out, unicast[1], unicast[1] // 60, unicast[1] // 300, drops // 2, errors // 3, 0)
	name = PORTS[port][0].encode()
	told = xdr(1, generic) + xdr(1005, struct.pack("!I", len(name)) + name + bytes(-len(name) % 4))
	return xdr(2, struct.pack("!III", sequence, port, 2) + told)


def fabric():
	rnd = random.Random("fabric")
	sequence, samples, sent = 0, [0, 0], collections.Counter()
	totals = {p: [rnd.randrange(10**12), rnd.randrange(10**12), rnd.randrange(40), rnd.randrange(90)] for p in PORTS}
	events = [(p[0], p) for i, p in enumerate(traffic.packets("fabric")) if i % FABRIC_RATE == 0]
	events += [(traffic.DAY0 + t, None) for t in range(0, 86400, POLL)]
	for at, packet in sorted(events, key=lambda e: e[0]):
		if packet:
			samples[0] += 1
			kept, wire = tunnelled(packet, samples[0])
			ports = (1 + samples[0] % 2, 49 + samples[0] % 2)
			body = [sample(kept, wire, samples[0], samples[0] * FABRIC_RATE, ports if packet[4] < packet[5] else ports[::-1])]
		else:
			hour = int(at - traffic.DAY0) // 3600
			body = []
			for port, t in totals.items():
				busy = traffic.HOURS["work"][hour] + 4
				t[0] += int(busy * PORTS[port][1] / 9000 * POLL * rnd.uniform(0.8, 1.2) / 8)
				t[1] += int(busy * PORTS[port][1] / 12000 * POLL * rnd.uniform(0.8, 1.2) / 8)
				t[2] += rnd.random() < 0.05
				t[3] += rnd.choice((0, 0, 0, 1, 4)) if busy > 20 else 0
				sent[port] += 1
				body.append(counters(sent[port], port, t))
		sequence += 1
		yield at, struct.pack("!II4sIIII", 5, 1, socket.inet_aton(AGENT), 0, sequence, int(at - traffic.DAY0 + 3600) * 1000, len(body)) + b"".join(body)
