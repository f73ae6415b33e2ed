# SPDX-License-Identifier: Apache-2.0
"""A made-up month, as the datagrams that its exporters send, with the ledger of what truly was: a row for each record, written by who
knows what it stands for and without a line of efd or of the pipelines.

A row holds, under the names of docs/fields.md, what a reader of the dashboards is to find: names as the tables of the folder month/ say,
octets once where a packet counts once, what an interface carried in and out. Times are fixed; the same seed makes the same month.
Wants tests/captures and tests/lib in the path.

Who sends: `edge` (IPFIX, metered on ingress everywhere and on egress of the WAN, too: two meter points; records of long flows come every
five minutes; a month of 5-minute values of one line, with ten minutes at 92 % of it), `core` (NetFlow 9, one packet in 100, sees the
same conversations again, restarts once), `switch` (sFlow, one frame in 1,000, counters), `firewall` (events, NAT, users), `branch` (NetFlow 5
without interfaces, applications, countries; datagrams get lost), `agents` (users and processes).
"""
import collections
import ipaddress
import math
import random
import struct

import exporters
import traffic
from meters import Exporter, Sflow

STEP_S, DAY_S = 300, 86400
BEGIN_S = 1772323200	# 2026-03-01 00:00 UTC
END_S = BEGIN_S + 31 * DAY_S
WARM_S = 900		# before the month, so that it is known who meters where
LINE_BPS = 100000000	# of `wan` and `lab`
PEAK_S = END_S - 3 * DAY_S + 14 * 3600	# ten minutes from here on 92 % of the line comes in

End = collections.namedtuple("End", "ip name network scope country city number org")
Service = collections.namedtuple("Service", "name transport port application category weight")

NAMES = {**{f"10.1.0.{n}": f"desk-{n}.example" for n in range(20, 32)},
	"10.2.0.10": "files.example", "10.2.0.11": "backup.example", "10.2.0.12": "db.example", "10.2.0.13": "dns.example",
	"198.51.100.10": "www.alpha.example", "198.51.100.11": "drive.alpha.example", "198.51.100.70": "video.beta.example", "198.51.100.130": "mx.gamma.example"}
PLACES = [	# prefix, network, scope, country, city, number and name of the AS
	("10.1.0.0/24", "office", "private", "AT", "Vienna", None, None), ("10.1.128.0/24", "guests", "private", "AT", "Vienna", None, None),
	("10.2.0.0/24", "servers", "private", "DE", "Frankfurt", None, None), ("10.3.0.0/24", "branch", "private", None, None, None, None),
	("2001:db8:1::/48", "office IPv6", "documentation", "AT", "Vienna", None, None),
	("198.51.100.0/26", None, "documentation", "US", "Ashburn", 64496, "Alpha Cloud"), ("198.51.100.64/26", None, "documentation", "US", "Seattle", 64497, "Beta Video"),
	("198.51.100.128/25", None, "documentation", "DE", "Berlin", 64498, "Gamma Mail"), ("203.0.113.0/25", None, "documentation", None, None, 64499, "Delta Hosting"),
	("203.0.113.128/25", None, "documentation", None, None, None, None), ("2001:db8:ff::/48", None, "documentation", "NL", "Amsterdam", 64500, "Epsilon Net"),
]
CLIENTS = [f"10.1.0.{n}" for n in range(20, 44)] + [f"10.1.128.{n}" for n in range(20, 26)]
CLIENTS6 = [f"2001:db8:1::{n:x}" for n in range(0x20, 0x28)]
SERVERS = ["198.51.100.10", "198.51.100.11", "198.51.100.70", "198.51.100.71", "198.51.100.130", "203.0.113.10", "203.0.113.150", "203.0.113.151"]
SERVERS6 = ["2001:db8:ff::10", "2001:db8:ff::11"]
HTTPS = Service("https", "tcp", 443, "ssl", "browsing", 30)
SERVICES = [HTTPS, Service("https", "tcp", 443, None, None, 12), Service("quic", "udp", 443, None, None, 20), Service("https-alt", "tcp", 8443, None, None, 6),
	Service("tcp/6881", "tcp", 6881, "bittorrent", "file-sharing", 8), Service("tcp/6881", "tcp", 6881, None, None, 4), Service("ssh", "tcp", 22, None, None, 4),
	Service("imaps", "tcp", 993, "secure-imap", "email", 6), Service("gre", "gre", 0, None, None, 4)]
SMB, RSYNC, SMTP = Service("smb", "tcp", 445, None, None, 1), Service("rsync", "tcp", 873, None, None, 1), Service("smtp", "tcp", 25, None, None, 1)
ZONES = {"office": "inside", "guests": "guest", "servers": "server", "branch": "inside", "office IPv6": "inside"}
ALIASES = {"edge/wan": "carrier", "edge/lan": "office", "edge/lab": "backup line", "core/up": "edge", "core/down": "office", "switch/Ethernet1": "files", "switch/Ethernet2": "spine",
	"firewall/outside": "internet", "firewall/inside": "office", "branch/line": "carrier", **{f"branch/{n}": "branch" for n in ("lan", "lan3", "lan4", "lan5", "lan6")}}
SPOKEN = {"https-alt": "https", "imaps": "imap", "gre": None, "tcp/6881": None}	# by services, otherwise as they are called
UNMARKED = {"flow.dscp.name": "CS0", "flow.ecn": "Not-ECT"}	# of records that tell the type of service
PROTOCOL = {"tcp": 6, "udp": 17, "gre": 47}
BAD = {"203.0.113.201": ("c2", "month-c2", "critical"), "203.0.113.202": ("scanner", "month-scanners", "low")}


def end(ip):
	"""What is known of an address."""
	_, network, scope, country, city, number, org = next(p for p in PLACES if ipaddress.ip_address(ip) in ipaddress.ip_network(p[0]))
	return End(ip, NAMES.get(ip), network, scope, country, city, number, org)


KNOWN = {a: end(a) for a in CLIENTS + CLIENTS6 + SERVERS + SERVERS6 + list(BAD) + [f"10.2.0.{n}" for n in range(10, 14)] + [f"10.3.0.{n}" for n in range(20, 30)]}


def side(of, e):
	out = {of + ".ip": e.ip, f"flow.{of}.name": e.name or e.ip, f"flow.{of}.scope": e.scope, f"flow.{of}.network.name": e.network,
		of + ".geo.country_iso_code": e.country, of + ".geo.city_name": e.city, of + ".as.number": e.number, of + ".as.organization.name": e.org}
	return {k: v for k, v in out.items() if v is not None}


class Talk:
	"""A conversation: who asks whom, for what. `row` and `back` are what all records of its two directions have in common."""

	def __init__(self, client, server, service, port):
		self.client, self.server, self.service, self.port = client, server, service, port
		self.proto = PROTOCOL[service.transport]
		ports = service.port > 0
		self.ports = (port, service.port) if ports else (0, 0)
		c, s = KNOWN[client], KNOWN[server]
		inside = [bool(e.network) for e in (c, s)]
		common = {"network.transport": service.transport, "network.type": "ipv6" if ":" in client else "ipv4", "flow.service.name": service.name,
			"flow.locality": "private" if c.scope == s.scope == "private" else "public", **side("client", c), **side("server", s)}
		if ports:
			common["server.port"] = service.port
		if service.application:
			common.update({"network.application": service.application, "flow.application.category": service.category})
		for bad in {client, server} & set(BAD):
			category, feed, severity = BAD[bad]
			common.update({"threat.indicator.ip": bad, "flow.threat.category": category, "flow.threat.categories": category, "flow.threat.feeds": feed,
				"flow.threat.severity": severity, "flow.threat.class": "high_risk_client" if bad == server else ["at_risk_server", "public_threat"],
				"flow.threat.direction": "outbound" if bad == server else "inbound"})
		way = "internal" if all(inside) else "outbound" if inside[0] else "inbound"
		self.row = {**common, **side("source", c), **side("destination", s), "network.direction": way}
		self.back = {**common, **side("source", s), **side("destination", c), "network.direction": {"outbound": "inbound", "inbound": "outbound"}.get(way, way)}
		if ports:
			self.row["flow.destination.service"] = service.name	# a client's port is nobody's service

	def wire(self, back):
		"""(source, destination, their ports)"""
		ends = (self.client, self.server, *self.ports)
		return (ends[1], ends[0], ends[3], ends[2]) if back else ends


def counted(row, octets, packets, back, why=None):
	"""ROW with what it counts: once, or as the duplicate that it is."""
	if why:
		return {**row, "flow.duplicate.bytes": octets, "flow.duplicate.packets": packets, "flow.duplicate.reason": why}
	sent = "server" if back else "client"
	return {**row, "network.bytes": octets, "network.packets": packets, "source.bytes": octets, "source.packets": packets, sent + ".bytes": octets, sent + ".packets": packets}


def carried(row, exporter, octets, packets, into, out, figures):
	"""ROW with the interfaces that it names; FIGURES: which of them this record counts for."""
	row = dict(row)
	for key, index in (("ingress", into), ("egress", out)):
		if index not in exporter.interfaces:
			continue
		name, speed = exporter.interfaces[index]
		row.update({f"flow.{key}.interface": f"{exporter.name}/{name}", f"flow.{key}.speed": speed})
		if key in figures:
			row.update({f"flow.{key}.bytes": octets, f"flow.{key}.packets": packets})
	return row


class Month:
	"""rows: of flows; counters: of sFlow's counters; health: of exporters. `datagrams` is what was sent, by time."""

	def __init__(self, seed=20):
		self.rnd, self.rows, self.counters, self.begin_ms = random.Random(seed), [], [], BEGIN_S * 1000
		import month_more as more
		self.exporters = [make() for make in (edge_exporter, core_exporter, switch_exporter, more.firewall_exporter, more.branch_exporter, more.agents_exporter)]
		edge, core, switch, firewall, branch, agents = self.exporters
		billing(self, edge, core)
		lab(self, edge)
		threats(self, edge)
		samples(self, switch)
		more.events(self, firewall)
		more.remote(self, branch)
		more.desks(self, agents)
		for e in self.exporters:
			e.finish()

	def add(self, exporter, start, stop, row):
		"""A record that ended at STOP and began at START, in seconds."""
		duration = (round(stop * 1000) - round(start * 1000)) * 1000000
		row = {"event.duration": duration, "network.protocol": SPOKEN.get(row["flow.service.name"], row["flow.service.name"]), **exporter.row(), **row}
		for way, of in (("ingress", "source"), ("egress", "destination")):
			zone = ZONES.get(row.get(f"flow.{of}.network.name"))
			row.update({f"observer.{way}.zone": zone, f"observer.{way}.interface.alias": ALIASES.get(row.get(f"flow.{way}.interface"))})
		if "flow.threat.category" in row:
			row["tags"] = "threat"
		self.rows.append({k: v for k, v in row.items() if v is not None} | {"@timestamp": round(stop * 1000), "start": round(start * 1000)})

	@property
	def health(self):
		return [{"@timestamp": round(at * 1000), "observer.name": e.name, **what} for e in self.exporters for at, what in e.health]

	@property
	def datagrams(self):
		return sorted((d for e in self.exporters for d in e.sent), key=lambda d: d[0])


# ---- edge and core: a month of one line, metered three times

APPS = {"ssl": 453, "secure-imap": 82, "bittorrent": 69}
app = lambda name: bytes([13]) + APPS[name].to_bytes(3, "big")
LIST = exporters.Template(257, [(95, 4), (96, 24), (94, 55)], 1)
KINDS = exporters.Template(258, [(95, 4), (372, 32)], 1)
COMMON = [(7, 2), (11, 2), (4, 1), (5, 1), (10, 4), (14, 4), (61, 1), (152, 8), (153, 8), (1, 8), (2, 8), (6, 1)]
V4, V6 = [(8, 4), (12, 4)], [(27, 16), (28, 16)]
EDGE = {(four, told): exporters.Template(260 + four + 2 * told, (V4 if four else V6) + COMMON + [(95, 4)] * told) for four in (False, True) for told in (False, True)}
CORE = {four: exporters.Template(270 + four, (V4 if four else V6) + [(7, 2), (11, 2), (4, 1), (10, 2), (14, 2), (61, 1), (22, 4), (21, 4), (1, 4), (2, 4), (48, 1)]) for four in (False, True)}
SAMPLER = exporters.Template(272, [(1, 4), (48, 1), (49, 1), (50, 4)], 1)
CORE_RATE = 100


def edge_exporter():
	told = [(LIST, [app(n), n, n]) for n in APPS] + [(KINDS, [app(s.application), s.category]) for s in SERVICES if s.application]
	return Exporter("edge", "192.0.2.1", 10, {1: ("wan", LINE_BPS), 2: ("lan", 10 * LINE_BPS), 3: ("lab", LINE_BPS)}, [LIST, KINDS, *EDGE.values()], told)


def core_exporter():
	return Exporter("core", "192.0.2.2", 9, {1: ("up", 10 * LINE_BPS), 2: ("down", 10 * LINE_BPS)}, [SAMPLER, *CORE.values()], [(SAMPLER, [0, 7, 2, CORE_RATE])])


packed = lambda a: ipaddress.ip_address(a).packed


def metered(month, edge, talk, back, times, sent, into, out, egress=False):
	"""One record of `edge`; it meters ingress on all interfaces, egress on `wan`."""
	start, stop = times
	octets, packets = sent
	row = counted(talk.back if back else talk.row, octets, packets, back, "egress" if egress else None)
	figures = {"egress"} if egress else {"ingress"} if out == 1 else {"ingress", "egress"}
	row = carried(row, edge, octets, packets, into, out, figures)
	row.update(UNMARKED)
	if talk.proto == 6:
		row["flow.tcp.flags"] = ["ACK", "PSH"]
	month.add(edge, start, stop, row)
	a, b, sport, dport = talk.wire(back)
	told = talk.service.application
	values = [packed(a), packed(b), sport, dport, talk.proto, 0, into, out, int(egress), round(start * 1000), round(stop * 1000), octets, packets, 0x18 if talk.proto == 6 else 0]
	return EDGE[":" not in a, bool(told)], values + ([app(told)] if told else [])


def again(month, core, talk, back, times, sent, ways):
	"""The same packets at `core`, of which it takes one in CORE_RATE."""
	start, stop = times
	octets, packets = sent
	into, out = ways
	row = carried(counted(talk.back if back else talk.row, octets, packets, back, "exporter"), core, octets, packets, into, out, {"ingress", "egress"})
	row.pop("network.application", None)
	row.pop("flow.application.category", None)
	month.add(core, start, stop, {**row, "flow.sampling.rate": CORE_RATE, "flow.sampling.origin": "sampler"})
	a, b, sport, dport = talk.wire(back)
	return CORE[":" not in a], [packed(a), packed(b), sport, dport, talk.proto, into, out, 0, core.uptime(start), core.uptime(stop), octets // CORE_RATE, packets // CORE_RATE, 7]


def line_bps(rnd, at):
	"""(in, out) of five minutes: office hours, a backup at night, noise, and ten minutes at 92 % of the line."""
	if PEAK_S <= at < PEAK_S + 600:
		return 0.92 * LINE_BPS, 8e6
	hour = at % DAY_S / 3600
	office = math.exp(-((hour - 11) / 3) ** 2) if at // DAY_S % 7 not in (2, 3) else 0.1	# 1970 began on a Thursday
	return (3e6 + 15e6 * office) * rnd.uniform(0.7, 1.3), (25e6 if 2 <= hour < 3 else 1e6 + 3e6 * office) * rnd.uniform(0.7, 1.3)


def conversation(rnd, k):
	six = k % 8 == 3
	service = rnd.choices(SERVICES, [s.weight for s in SERVICES])[0]
	clients, servers = (CLIENTS6, SERVERS6) if six else (CLIENTS, SERVERS)
	client, server = rnd.choices(clients, [1 / (1 + i) for i in range(len(clients))])[0], rnd.choices(servers, [1 / (1 + i / 2) for i in range(len(servers))])[0]
	# Of a tunnel nothing tells who asked; the rule of the manual (by order of the addresses) makes it the outer end here.
	return Talk(*(client, server) if service.port else (server, client), service, rnd.randrange(33000, 60000))


def grouped(exporter, at, records):
	groups = {}
	for template, values in records:
		groups.setdefault(template.number, (template, []))[1].append(values)
	for template, values in groups.values():
		exporter.export(at, template, values)


def billing(month, edge, core):
	rnd = month.rnd
	for k in range(-WARM_S // STEP_S, 31 * DAY_S // STEP_S):
		at = BEGIN_S + k * STEP_S
		if BEGIN_S + 5 * DAY_S <= at < BEGIN_S + 5 * DAY_S + 3600:	# nothing came for an hour
			continue
		talks = [conversation(rnd, k)] if k >= 0 else [Talk(c, s, HTTPS, 40000 + k) for c, s in ((CLIENTS[0], SERVERS[0]), (CLIENTS6[0], SERVERS6[0]))]
		times, records, copies = (at, at + STEP_S - 0.001), [], []
		for talk in talks:
			out_is_back = talk.server in CLIENTS + CLIENTS6
			came, went = ((max(1, round(bps * STEP_S / 8 / 1000 / CORE_RATE)) * CORE_RATE) for bps in line_bps(rnd, at))
			records.append(metered(month, edge, talk, not out_is_back, times, (came * 1000, came), 1, 2))
			records.append(metered(month, edge, talk, out_is_back, times, (went * 1000, went), 2, 1))
			records.append(metered(month, edge, talk, out_is_back, times, (went * 1000, went), 2, 1, egress=True))
			if at >= END_S - 7 * DAY_S:
				core.uptime(at)
				if at == END_S - 2 * DAY_S:
					core.restart(at + 10)
					times = (at + 20, times[1])
				copies += [again(month, core, talk, not out_is_back, times, (came * 1000, came), (1, 2)), again(month, core, talk, out_is_back, times, (went * 1000, went), (2, 1))]
		grouped(edge, at + STEP_S + 1, records)
		grouped(core, at + STEP_S + 2, copies)


def lab(month, edge):
	"""A steady 92 Mbit/s for a day, of which `edge` tells every five minutes."""
	talk = Talk("10.2.0.12", "10.2.0.11", RSYNC, 41000)
	packets = 92000000 * STEP_S // 8 // 1500
	stop = END_S - DAY_S - 3600 + 137
	while stop < END_S:
		grouped(edge, stop + 1, [metered(month, edge, talk, False, (stop - STEP_S, stop), (packets * 1500, packets), 3, 2)])
		stop += STEP_S


def threats(month, edge):
	"""Every two hours of the last week, and in the last minutes: a desk asks a known-bad server, a known-bad client ours."""
	for at in [END_S - 7 * DAY_S + 7200 * n + 1800 for n in range(84)] + [END_S - 400]:
		out = Talk(CLIENTS[3], "203.0.113.201", HTTPS, 42000 + at % 1000)
		came = Talk("203.0.113.202", "10.2.0.10", SERVICES[6], 43000 + at % 1000)
		grouped(edge, at + 21, [metered(month, edge, out, True, (at, at + 20), (40000, 40), 1, 2), metered(month, edge, came, False, (at, at + 10), (6000, 60), 1, 2)])


# ---- switch: samples and counters

SWITCH_RATE = 1000
LINK_LOST_S = 3 * 3600


def switch_exporter():
	return Sflow("switch", "192.0.2.3", {1: ("Ethernet1", 10**10), 2: ("Ethernet2", 10**10), 3: ("Ethernet3", 10**10)}, SWITCH_RATE)


def samples(month, switch):
	"""One frame in 1,000 of what goes to the files; what the ports count, every five minutes of the last week: the second begins again at nought two days before the end, the
	third loses its link in the last hours."""
	octets, frames = 1518 * SWITCH_RATE, SWITCH_RATE	# sFlow counts frames, checksum included
	for at in [BEGIN_S + 3600 * n + 60 for n in range(30 * 24)] + [END_S - DAY_S + 300 * n + 60 for n in range(288)]:
		talk = Talk(month.rnd.choice(CLIENTS[:6]), "10.2.0.10", SMB, month.rnd.randrange(33000, 60000))
		row = carried(counted(talk.row, octets, frames, False), switch, octets, frames, 2, 1, {"ingress", "egress"})
		month.add(switch, at, at, {**row, **UNMARKED, "flow.raw.packets": 1, "flow.tcp.flags": "ACK", "flow.ttl.min": 64, "flow.sampling.origin": "record", "event.duration": None})
		header = traffic.frame(talk.client, talk.server, 6, struct.pack("!HHIIBBHHH", talk.port, 445, 1, 1, 0x50, 0x10, 1000, 0, 0), 1460, 0, "")[0][:64]
		switch.export(at, 1, lambda header=header: switch.sample(header, 1514, 2, 1))
	grown = {1: [10**12, 2 * 10**12], 2: [3 * 10**12, 4 * 10**12], 3: [10**9, 10**9]}
	for n in range(7 * 288 + 1):
		at, told = END_S - 7 * DAY_S + 300 * n - 5, []
		for port, both in grown.items():
			up = port != 3 or at < END_S - LINK_LOST_S
			if port == 2 and 0 <= at - (END_S - 2 * DAY_S) < 300:
				both[:] = 0, 0
			both[0] += 37500000 * port * up		# 1, 2 and 3 Mbit/s
			both[1] += 75000000 * port * up
			told.append(lambda port=port, now=(*both, 3 if up else 1): switch.counters(port, *now))
			month.counters.append({"@timestamp": at * 1000, "observer.name": "switch", "flow.interface": "switch/" + switch.interfaces[port][0], "flow.speed": 10**10,
				"counters.if_counters.ifInOctets": both[0], "counters.if_counters.ifOutOctets": both[1], "counters.if_counters.ifInUcastPkts": both[0] // 1000, "counters.if_counters.ifStatus": 3 if up else 1,
				**{"counters.if_counters." + n: 0 for n in ("ifInMulticastPkts", "ifInDiscards", "ifOutDiscards", "ifInErrors", "ifOutErrors")}})
		switch.export(at, 0, *told)
