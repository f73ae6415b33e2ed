# SPDX-License-Identifier: Apache-2.0
"""A day in a small office, as packets: who talks to whom (tables), and the frames of each conversation.

Everything is made here, nothing was captured. Large transfers use big segments, as a host with segmentation offload
shows them, and are cut after the headers in the file; the lengths in the IP headers are what an exporter meters.
"""
import ipaddress
import random
import socket
import struct

DAY0 = 1763942400	# 2025-11-24 00:00:00 UTC, a Monday
SNAP = 96		# bytes kept of a frame: more than any header here

# ---- who is there ----

OFFICE = [f"10.20.10.{n}" for n in range(11, 31)]
OFFICE6 = [f"2001:db8:20:10::{n:x}" for n in range(0x11, 0x1b)]
GUESTS = [f"10.20.50.{n}" for n in range(101, 107)]
BRANCH = [f"10.30.10.{n}" for n in range(11, 19)]
REMOTE = [f"10.40.0.{n}" for n in range(2, 8)]
PHONES = [f"10.20.60.{n}" for n in range(21, 27)]
DNS, MAIL, FILES, INTRANET, DB, BACKUP, LDAP, PBX, PRINTER = (f"10.20.1.{n}" for n in range(2, 11))
VMS = [f"10.20.70.{n}" for n in range(11, 15)]
# Well-known servers of the internet whose place and operator every geo database knows.
WEB = ["142.250.185.78", "151.101.1.140", "104.16.132.229", "140.82.121.4", "193.99.144.80", "151.101.0.81",
	"200.160.2.3", "203.119.101.61", "196.216.2.6", "193.0.6.139", "91.189.91.38", "17.253.144.10"]
WEB6 = ["2606:4700:4700::1111", "2001:4860:4860::8888", "2001:67c:2e8:22::c100:68b", "2a04:4e42::81"]
CLOUD_MAIL, VIDEO, RESOLVERS = ["52.97.201.18"], ["13.107.64.2", "99.77.128.10"], ["8.8.8.8", "9.9.9.9", "1.1.1.1"]
# Documentation addresses play the bad ones.
SCANNER, BLOCKED, BOT = "203.0.113.66", "198.51.100.23", "198.51.100.77"

# ---- when: weight of each hour of the day ----

HOURS = {
	"work": [1, 1, 1, 1, 1, 2, 5, 12, 22, 26, 26, 24, 14, 20, 26, 25, 23, 18, 10, 6, 4, 3, 2, 1],
	"even": [1] * 24,
	"night": [8, 12, 12, 8, 2] + [0] * 18 + [2],
}

# ---- what: (site, clients, servers, protocol, port, conversations a day, bytes up, bytes down, seconds, when) ----
# bytes and seconds are (least, most), drawn so that small ones are frequent.

TALK = [
	("router", OFFICE, WEB, "tcp", 443, 260, (900, 60e3), (4e3, 9e6), (1, 90), "work"),
	("router", OFFICE, WEB, "tcp", 80, 30, (400, 2e3), (2e3, 4e5), (1, 10), "work"),
	("router", OFFICE, WEB, "udp", 443, 60, (2e3, 80e3), (10e3, 20e6), (5, 120), "work"),
	("router", [DNS], RESOLVERS, "udp", 53, 120, (60, 90), (90, 480), (0, 0), "even"),
	("router", [MAIL], CLOUD_MAIL, "tcp", 25, 40, (2e3, 4e6), (800, 2e3), (1, 20), "work"),
	("router", OFFICE, VIDEO, "udp", 3478, 8, (20e6, 90e6), (30e6, 120e6), (1200, 3000), "work"),
	("router", [DNS], ["193.0.6.139"], "udp", 123, 48, (76, 76), (76, 76), (0, 0), "even"),
	("router", [SCANNER], OFFICE[:4], "scan", 0, 90, (0, 0), (0, 0), (0, 0), "even"),
	("router", [OFFICE[3]], [BLOCKED], "syn", 4444, 40, (0, 0), (0, 0), (0, 0), "even"),
	("firewall", OFFICE6, WEB6, "tcp", 443, 160, (900, 60e3), (4e3, 6e6), (1, 60), "work"),
	("firewall", OFFICE6, WEB6[:2], "udp", 53, 90, (80, 110), (110, 600), (0, 0), "even"),
	("firewall", OFFICE6[:2], WEB6, "icmp6", 128, 24, (104, 104), (104, 104), (4, 4), "even"),
	("firewall", GUESTS, WEB, "tcp", 443, 150, (900, 30e3), (4e3, 20e6), (1, 120), "work"),
	("firewall", GUESTS, RESOLVERS, "udp", 53, 90, (60, 80), (90, 300), (0, 0), "work"),
	("firewall", [BOT], ["10.20.1.5"], "tcp", 22, 60, (1200, 3e3), (1500, 3e3), (1, 3), "even"),
	("branch", BRANCH, WEB, "tcp", 443, 160, (900, 40e3), (4e3, 5e6), (1, 60), "work"),
	("branch", BRANCH, [DNS], "udp", 53, 110, (60, 80), (90, 300), (0, 0), "even"),
	("branch", BRANCH, [FILES], "tcp", 445, 50, (20e3, 30e6), (20e3, 60e6), (20, 600), "work"),
	("branch", BRANCH, [PRINTER], "tcp", 9100, 12, (50e3, 5e6), (400, 900), (5, 30), "work"),
	("branch", ["10.30.1.1"], ["10.20.1.5"], "icmp", 8, 96, (84, 84), (84, 84), (4, 4), "even"),
	("servers", OFFICE, [FILES], "tcp", 445, 110, (20e3, 20e6), (20e3, 80e6), (20, 900), "work"),
	("servers", OFFICE, [LDAP], "tcp", 389, 90, (600, 3e3), (1e3, 20e3), (1, 5), "work"),
	("servers", [INTRANET], [DB], "tcp", 5432, 140, (2e3, 90e3), (4e3, 4e6), (1, 300), "even"),
	("servers", OFFICE, [MAIL], "tcp", 993, 80, (2e3, 50e3), (5e3, 8e6), (5, 600), "work"),
	("servers", [FILES, DB, MAIL], [BACKUP], "tcp", 873, 9, (2e8, 9e8), (1e5, 1e6), (900, 3000), "night"),
	("servers", PHONES, [PBX], "udp", 5060, 40, (500, 900), (400, 800), (1, 2), "work"),
	("servers", [PBX], ["10.20.1.5"], "udp", 514, 48, (120, 400), (0, 0), (0, 0), "even"),
	("vpn", REMOTE, [FILES], "tcp", 445, 40, (20e3, 9e6), (20e3, 30e6), (20, 900), "work"),
	("vpn", REMOTE, [INTRANET], "tcp", 443, 150, (900, 20e3), (4e3, 2e6), (1, 60), "work"),
	("vpn", REMOTE, VMS, "tcp", 22, 40, (3e3, 90e3), (3e3, 2e6), (30, 3000), "work"),
	("vpn", REMOTE, [DNS], "udp", 53, 130, (60, 80), (90, 300), (0, 0), "even"),
	("vpn", REMOTE, VMS, "tcp", 3389, 10, (1e6, 20e6), (10e6, 90e6), (600, 3000), "work"),
	("switch", PHONES, PHONES, "udp", 16384, 6, (4e5, 9e5), (4e5, 9e5), (60, 180), "work"),
	("switch", OFFICE, [FILES], "tcp", 2049, 60, (1e5, 2e6), (1e5, 6e6), (20, 900), "work"),
	("switch", OFFICE, [INTRANET], "tcp", 443, 120, (2e4, 2e5), (1e5, 9e5), (1, 60), "work"),
	("vm-netflow", VMS[:2], [DB], "tcp", 5432, 60, (2e3, 30e3), (4e3, 90e3), (1, 60), "even"),
	("vm-netflow", VMS[:2], [DNS], "udp", 53, 60, (60, 80), (90, 300), (0, 0), "even"),
	("vm-ipfix", VMS[1:3], [INTRANET], "tcp", 8080, 60, (2e3, 30e3), (4e3, 90e3), (1, 60), "even"),
	("vm-ipfix", VMS[1:3], [DNS], "udp", 53, 60, (60, 80), (90, 300), (0, 0), "even"),
	("vm-sflow", VMS[2:], [FILES], "tcp", 2049, 30, (10e3, 60e3), (20e3, 200e3), (1, 60), "even"),
	# what only exporters.py meters
	("asa", OFFICE[:8], WEB, "tcp", 443, 150, (900, 40e3), (4e3, 6e6), (1, 90), "work"),
	("asa", GUESTS, WEB, "tcp", 443, 70, (900, 30e3), (4e3, 9e6), (1, 60), "work"),
	("asa", REMOTE, [INTRANET], "tcp", 443, 60, (900, 20e3), (4e3, 2e6), (1, 60), "work"),
	("asa", WEB[:3], [MAIL], "tcp", 25, 40, (2e3, 4e6), (800, 2e3), (1, 20), "even"),
	("asa", [SCANNER], [INTRANET, MAIL, FILES], "syn", 3389, 150, (0, 0), (0, 0), (0, 0), "even"),
	("asa", [BOT], [INTRANET], "syn", 22, 80, (0, 0), (0, 0), (0, 0), "even"),
	("asa", GUESTS, [FILES, DB], "syn", 445, 60, (0, 0), (0, 0), (0, 0), "work"),
	("asa", [OFFICE[3]], [BLOCKED], "syn", 4444, 50, (0, 0), (0, 0), (0, 0), "even"),
	("edge", BRANCH, WEB[:6], "tcp", 1935, 40, (9e3, 90e3), (2e6, 40e6), (300, 2400), "work"),
	("edge", BRANCH, VIDEO, "udp", 3478, 6, (20e6, 60e6), (30e6, 90e6), (1200, 3000), "work"),
	("edge", BRANCH, CLOUD_MAIL, "tcp", 993, 70, (2e3, 90e3), (9e3, 4e6), (5, 300), "work"),
	("edge", BRANCH, WEB[3:9], "tcp", 443, 150, (900, 60e3), (4e3, 5e6), (1, 90), "work"),
	("edge", BRANCH[:2], WEB[9:], "tcp", 6881, 20, (90e3, 9e6), (90e3, 20e6), (60, 900), "even"),
	("edge", BRANCH, [FILES], "tcp", 445, 60, (20e3, 9e6), (20e3, 30e6), (20, 600), "work"),
	("nvm", OFFICE[:6], WEB[:7], "tcp", 443, 150, (900, 90e3), (4e3, 6e6), (1, 90), "work"),
	("nvm", OFFICE[:6], [MAIL], "tcp", 993, 50, (2e3, 50e3), (5e3, 4e6), (5, 300), "work"),
	("nvm", OFFICE[:6], [FILES], "tcp", 445, 50, (20e3, 9e6), (20e3, 20e6), (20, 600), "work"),
	("zflow", OFFICE[10:14], WEB[2:9], "tcp", 443, 90, (900, 60e3), (4e3, 4e6), (1, 60), "work"),
	("zflow", OFFICE[10:14], VMS[:2], "tcp", 22, 30, (3e3, 90e3), (3e3, 2e6), (30, 900), "work"),
	("fabric", VMS[:2], VMS[2:], "tcp", 9200, 60, (1e5, 9e6), (1e5, 20e6), (10, 600), "even"),
	("fabric", VMS, [BACKUP], "tcp", 873, 24, (1e6, 40e6), (1e4, 1e5), (60, 900), "even"),
]

# The biggest IP packet of a site: software bridges get whole frames, so theirs stay at the wire's size.
LARGEST = {"switch": 1500, "fabric": 1500, "vm-netflow": 1500, "vm-ipfix": 1500, "vm-sflow": 1500}
VLAN = {"10.20.50.": 50}	# guests are tagged at the firewall
TOS = {5060: 0x68, 16384: 0xb8, 3478: 0xb8, 873: 0x20}

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def mac(host):
	return b"\x02\x20" + socket.inet_aton(host) if "." in host else b"\x02\x26" + ipaddress.ip_address(host).packed[-4:]


def checksum(data):
	total = sum(struct.unpack(f"!{len(data) // 2}H", data))
	total = (total & 0xffff) + (total >> 16)
	return ~((total & 0xffff) + (total >> 16)) & 0xffff


def frame(src, dst, proto, header, payload, tos, site):
	"""(kept bytes, bytes on the wire, bytes of the IP packet)"""
	size = len(header) + payload
	if ":" in src:
		total = size + 40
		ip = struct.pack("!IHBB", 6 << 28 | tos << 20, size, proto, 64) + ipaddress.ip_address(src).packed + \
			ipaddress.ip_address(dst).packed
		kind = 0x86dd
	else:
		total = size + 20
		ip = struct.pack("!BBHHHBBH4s4s", 0x45, tos, total, 0, 0x4000, 64, proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
		ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
		kind = 0x0800
	vlan = next((v for p, v in VLAN.items() if site == "firewall" and (src.startswith(p) or dst.startswith(p))), 0)
	eth = mac(dst) + mac(src) + (struct.pack("!HH", 0x8100, vlan) if vlan else b"") + struct.pack("!H", kind)
	wire = len(eth) + total
	kept = eth + ip + header
	return kept + bytes(max(0, min(wire, SNAP) - len(kept))), wire, total


def segments(size, largest):
	out = []
	while size > 0:
		out.append(min(size, largest))
		size -= out[-1]
	return out


def conversation(rnd, row):
	"""The packets of one conversation: (seconds from its start, source, destination, protocol, header, payload, tos)."""
	site, clients, servers, kind, port, _, up, down, secs, _ = row
	client = rnd.choice(clients)
	server = rnd.choice([s for s in servers if s != client])
	cport = rnd.randrange(32768, 60999) if kind != "udp" or port not in (123, 5060, 16384) else port
	draw = lambda lo, hi: int(lo * (hi / lo) ** rnd.random()) if lo else 0
	nup, ndown, life = draw(*up), draw(*down), (rnd.uniform(*secs) if secs[1] else 0.02)
	tos = TOS.get(port, 0)

	def tcp(flags, payload=0, back=False, dport=port):
		sp, dp = (dport, cport) if back else (cport, dport)
		return (server, client)[not back], (client, server)[not back], 6, \
			struct.pack("!HHIIBBHHH", sp, dp, 1, 1, 0x50, flags, 64240, 0, 0), payload, tos

	def pings(request, reply, proto):
		n = 1 if up[0] < 100 else 2
		for i in range(n):
			for back, kind_of in ((False, request), (True, reply)):
				yield (i + back * 0.01, (server, client)[not back], (client, server)[not back], proto,
					struct.pack("!BBHHH", kind_of, 0, 0, cport, i), (nup - (28 if proto == 1 else 48)) // 1, 0)

	if kind == "scan":
		port_tried = rnd.randrange(1, 1024)
		return [(0, *tcp(SYN, dport=port_tried)), (0.001, *tcp(RST | ACK, back=True, dport=port_tried))]
	if kind == "syn":
		return [(t, *tcp(SYN)) for t in (0, 1, 3)]
	if kind in ("icmp", "icmp6"):
		return list(pings(8, 0, 1) if kind == "icmp" else pings(128, 129, 58))
	largest = LARGEST.get(site, 62000)
	v6 = ":" in client
	if kind == "udp":
		room = min(largest, 1500 if port != 3478 and port != 443 else 1500 * 20) - 28 - 20 * v6
		room = 172 if port == 16384 else room
		up_parts = [(p, False) for p in segments(nup, room)]
		down_parts = [(p, True) for p in segments(ndown, room)]
		mixed = [x for pair in zip(up_parts, down_parts) for x in pair] + up_parts[len(down_parts):] + down_parts[len(up_parts):]
		out = []
		for i, (payload, back) in enumerate(mixed):
			sp, dp = (port, cport) if back else (cport, port)
			out.append((life * i / max(1, len(mixed) - 1), (server, client)[not back], (client, server)[not back], 17,
				struct.pack("!HHHH", sp, dp, 8 + payload, 0), payload, tos))
		return out
	room = largest - 40 - 20 * v6
	data = [tcp(ACK | PSH, p) for p in segments(nup, room)] + [tcp(ACK | PSH, p, True) for p in segments(ndown, room)]
	packets = [tcp(SYN), tcp(SYN | ACK, 0, True), tcp(ACK)] + data + [tcp(FIN | ACK), tcp(FIN | ACK, 0, True), tcp(ACK)]
	return [(life * i / (len(packets) - 1), *p) for i, p in enumerate(packets)]


def start_time(rnd, when):
	hour = rnd.choices(range(24), HOURS[when])[0]
	return DAY0 + hour * 3600 + rnd.random() * (3600 if when != "night" else 600)


def conversations(site):
	"""All conversations of SITE as they were drawn: lists of (time, kept bytes, wire bytes, IP bytes, source, destination)."""
	rnd = random.Random(f"office {site}")
	for row in TALK:
		if row[0] != site:
			continue
		for _ in range(row[5]):
			at = start_time(rnd, row[9])
			out = []
			for dt, src, dst, proto, header, payload, tos in conversation(rnd, row):
				kept, wire, total = frame(src, dst, proto, header, payload, tos, site)
				out.append((at + dt, kept, wire, total, src, dst))
			yield out


def packets(site):
	"""All packets of SITE in time order."""
	return sorted((p for c in conversations(site) for p in c), key=lambda p: p[0])
