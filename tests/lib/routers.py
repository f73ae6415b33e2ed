# SPDX-License-Identifier: Apache-2.0
"""Routers that meter packets and export what they metered, and a ledger of the packets that really were.

A packet is given as what each router on its way sees of it (Flow). The ledger knows the packets, and of each flow record what became of it; it is made without
a line of what it checks. Wants tests/captures in the path.
"""
import collections
import ipaddress
import random
import struct

import exporters
import traffic

ACTIVE_S, INACTIVE_S = 30, 8	# when a cache lets a flow go
SCAN_S = 5		# and how often it looks
PER_DATAGRAM = 6
SAMPLER = exporters.Template(262, [(1, 4), (48, 1), (49, 1), (50, 4)], 1)	# of the system: id, mode random, one in so many
INGRESS, EGRESS = 0, 1
SAMPLER_ID, RANDOM = 7, 2
SFLOW = "sflow"		# as a version; the others are 5, 9 and 10
DIRECTION = 61

# one direction of a conversation at one router; `post` is what the addresses and ports are translated to
Flow = collections.namedtuple("Flow", "conversation source destination post input output")
Record = collections.namedtuple("Record", "way flow start end octets packets")
# templates: by family, 4 or 6; ingress, egress: the interfaces that are metered so; domain: of an interface; clock_s: how far the clock is off
Router = collections.namedtuple("Router", "name address version templates rate ingress egress domain clock_s")


def family(flow):
	return 6 if ":" in flow.source[0] else 4


def directed(router):
	"""Do its records say where they were metered?"""
	return router.version == SFLOW or router.version != 5 and any(e == DIRECTION for t in router.templates.values() for e, _, _ in t.fields)


def each(flow):
	"""What a packet, counted once, adds to. Interface 0 is none."""
	yield "total"
	yield "source", flow.source[0]
	yield "conversation", flow.conversation
	if flow.input:
		yield "in", flow.input
	if flow.output:
		yield "out", flow.output


def figures(router, way, flow):
	"""What a record of it adds to, as docs/counting.md says: totals where it came in, what an interface sent where that meters so."""
	out = [f for f in each(flow) if f[0] == "out"]
	if way == INGRESS or flow.input not in router.ingress:
		yield from (f for f in each(flow) if f not in out)
	if way == EGRESS or flow.output not in router.egress:
		yield from out


class Ledger:
	def __init__(self):
		self.passed = set()	# (router, figure) of all packets, metered or not
		self.sent = collections.defaultdict(lambda: [0, 0, 0])	# (router, figure): octets, packets, sum of squares of the octets
		self.missing = collections.defaultdict(lambda: [0, 0])	# the same, octets and packets that no document can have, times the rate
		self.counted = collections.defaultdict(lambda: [0, 0])	# the same of the records that arrived, and ...
		self.early = collections.defaultdict(lambda: [0, 0])	# ... what of it counts twice, before it is known who meters where
		self.known = collections.defaultdict(set)	# (way, interface, kind of packet) by router
		self.lost, self.unexported, self.cached = (collections.Counter() for _ in range(3))	# why, in packets by router
		self.lost_numbers = collections.Counter()	# sequence numbers of what was lost, by router
		self.arrived = collections.Counter()	# records by router

	def packet(self, router, flow, octets):
		"""However many meters saw it, it is one."""
		for f in each(flow):
			self.passed.add((router.name, f))
			if flow.input not in router.ingress and flow.output not in router.egress:
				continue
			sent = self.sent[router.name, f]
			sent[0] += octets
			sent[1] += 1
			sent[2] += octets * octets

	def add(self, router, record, which, to, sign=1):
		for sums in (to[router.name, f] for f in which):
			sums[0] += sign * record.octets * router.rate
			sums[1] += sign * record.packets * router.rate

	def miss(self, router, record, why):
		why[router.name] += record.packets
		self.add(router, record, figures(router, record.way, record.flow), self.missing)

	def arrive(self, router, record, number):
		"""What efd makes of it: `number` is that of the sample, for sFlow."""
		known, flow, kind = self.known[router.name], record.flow, SFLOW if router.version == SFLOW else family(record.flow)
		due, says = list(figures(router, record.way, flow)), record.way
		both = [(way, i, kind) in known for way, i in ((INGRESS, flow.input), (EGRESS, flow.output))]
		if router.version == SFLOW and flow.input == flow.output:	# either way: as far as it is known which
			says = None if not any(both) else number % 2 if all(both) else EGRESS if both[EGRESS] else INGRESS
		elif directed(router):
			known.add((record.way, flow.input if record.way == INGRESS else flow.output, kind))
		else:
			says, both = None, [False, False]
		counts = due if not directed(router) else [f for f in each(flow) if says is None or (f[0] == "out") == (says == EGRESS) or not both[1 - says]]
		self.arrived[router.name] += 1
		self.add(router, record, counts, self.counted)
		self.add(router, record, counts, self.early)
		self.add(router, record, due, self.early, sign=-1)

class Meter:
	"""The flow caches of a router: `see` a packet, `scan` for flows that are over. sFlow has none: each packet is a record."""

	def __init__(self, router, rnd, ledger, unexported):
		self.router, self.rnd, self.ledger, self.unexported, self.caches, self.samples = router, rnd, ledger, unexported, ({}, {}), []

	def see(self, at, flow, octets):
		self.ledger.packet(self.router, flow, octets)
		for way, interface, metered in ((INGRESS, flow.input, self.router.ingress), (EGRESS, flow.output, self.router.egress)):
			if interface not in metered or self.rnd.randrange(self.router.rate):
				continue
			if self.router.version == SFLOW:
				self.samples.append(Record(way, flow, at, at, octets, 1))
				continue
			entry = self.caches[way].setdefault(flow, [at, at, 0, 0])
			entry[1:] = at, entry[2] + octets, entry[3] + 1

	def scan(self, now, last):
		"""Records of flows that are over, with `last` of all. Some are thrown away: no room to export them."""
		yield from self.samples
		self.samples = []
		for way, cache in enumerate(self.caches):
			for flow in [f for f, e in cache.items() if last or now - e[1] > INACTIVE_S or now - e[0] > ACTIVE_S]:
				record = Record(way, flow, *cache.pop(flow))
				if now > 2 * SCAN_S and self.rnd.random() < self.unexported:
					self.ledger.miss(self.router, record, self.ledger.unexported)
				else:
					yield record

	def end(self):
		for way, cache in enumerate(self.caches):
			for flow, entry in cache.items():
				self.ledger.miss(self.router, Record(way, flow, *entry), self.ledger.cached)


class Process:
	"""An export process: datagrams of one router and domain, with their sequence numbers. Times are seconds since the epoch."""

	def __init__(self, router, domain, began):
		self.router, self.domain, self.boot, self.sequence, self.messages = router, domain, began - 86400, 0, 0
		self.taken, self.numbers = collections.Counter(), []	# sFlow: samples by data source; the numbers of those of the last datagram

	def uptime(self, at):
		return int((at - self.boot) * 1000)

	def message(self, at, sets, numbers):
		"""`numbers`: so many data records, what IPFIX and NetFlow 5 count; NetFlow 9 and sFlow count datagrams."""
		body, when, version = b"".join(sets), int(at + self.router.clock_s), self.router.version
		self.messages += 1
		if version == 10:
			head = struct.pack("!HHIII", 10, 16 + len(body), when, self.sequence, self.domain)
		elif version == 5:
			head = struct.pack("!HHIIIIBBH", 5, numbers, self.uptime(at), when, 0, self.sequence, 0, self.domain & 255, 0)
		elif version == 9:
			head = struct.pack("!HHIIII", 9, numbers, self.uptime(at), when, self.sequence, self.domain)
		else:
			head = struct.pack("!II4sIIII", 5, 1, ipaddress.ip_address(self.router.address).packed, self.domain, self.sequence, self.uptime(at), numbers)
		self.sequence += numbers if version in (5, 10) else 1
		return head + body

	def known(self, at):
		"""Templates, and how packets are sampled; None where the protocol has neither."""
		r = self.router
		if r.version not in (9, 10):
			return None
		sets = [exporters.a_set(2 if r.version == 10 else 0, b"".join(t.describe(r.version) for t in r.templates.values()), r.version)]
		if r.rate > 1:
			sets.append(exporters.a_set(1, SAMPLER.describe(9), 9))
			sets.append(exporters.a_set(SAMPLER.number, SAMPLER.record([0, SAMPLER_ID, RANDOM, r.rate]), 9))
		return self.message(at, sets, 0 if r.version == 10 else len(r.templates) + 2 * (r.rate > 1))

	def values(self, began, record, template):
		f, r = record.flow, self.router
		start, end = (began + t + r.clock_s for t in (record.start, record.end))
		source, destination = (ipaddress.ip_address(a).packed for a, _ in (f.source, f.destination))
		by = {8: source, 27: source, 12: destination, 28: destination, 7: f.source[1], 11: f.destination[1], 4: 6, 10: f.input, 14: f.output, DIRECTION: record.way,
			1: record.octets, 2: record.packets, 48: SAMPLER_ID, 22: self.uptime(start - r.clock_s), 21: self.uptime(end - r.clock_s), 152: int(start * 1000), 153: int(end * 1000)}
		if f.post:
			by.update({225: f.post[0][0], 226: f.post[1][0], 227: f.post[0][1], 228: f.post[1][1]})
		return [by[e] for e, _, _ in template.fields]

	def record5(self, began, record):
		f, ends = record.flow, [self.uptime(began + t) for t in (record.start, record.end)]
		source, destination = (ipaddress.ip_address(a).packed for a, _ in (f.source, f.destination))
		return struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", source, destination, bytes(4), f.input, f.output, record.packets, record.octets, *ends,
			f.source[1], f.destination[1], 0, 0x1b, 6, 0, 0, 0, 0, 0, 0)

	def sample(self, record):
		f, port = record.flow, record.flow.output if record.way == EGRESS else record.flow.input
		tcp = struct.pack("!HHIIBBHHH", f.source[1], f.destination[1], 0, 0, 0x50, 0x10, 1000, 0, 0)
		header = traffic.frame(f.source[0], f.destination[0], 6, tcp, 0, 0, "")[0][:54 if family(f) == 4 else 74]
		raw = struct.pack("!IIII", 1, record.octets, 4, len(header)) + header + bytes(-len(header) % 4)
		self.taken[port] += 1
		self.numbers.append(self.taken[port])
		return exporters.xdr(1, struct.pack("!IIIIIIII", self.taken[port], port, self.router.rate, self.taken[port] * self.router.rate, 0, f.input, f.output, 1) + exporters.xdr(1, raw))

	def data(self, began, at, records):
		version, templates, self.numbers = self.router.version, self.router.templates, []
		if version in (5, SFLOW):
			return self.message(at, [self.record5(began, r) if version == 5 else self.sample(r) for r in records], len(records))
		by = {k: [r for r in records if family(r.flow) == k] for k in sorted(templates)}
		return self.message(at, [exporters.a_set(templates[k].number, b"".join(templates[k].record(self.values(began, r, templates[k])) for r in some), version)
			for k, some in by.items() if some], len(records))


def generate(routers, packets, began, rnd, span, loss=0, unexported=0):
	"""(ledger, [(router, time, datagram)] in the order in which they are sent) of PACKETS: (seconds after BEGAN, [(router, flow)], octets), in order, up to SPAN.
	Where nothing is to be lost all that is in the caches is exported in the end."""
	ledger, out, processes = Ledger(), [], {}
	meters = {r.name: Meter(r, rnd, ledger, unexported) for r in routers}

	def know(router, process, now):
		datagram = process.known(began + now)
		if datagram:
			out.append((router, began + now, datagram))

	def export(now, last=False):
		for router in routers:
			groups = collections.defaultdict(list)	# a line card exports what it meters
			for record in meters[router.name].scan(now, last):
				way = INGRESS if router.version == SFLOW else record.way	# samples are sent as they are taken
				groups[way, router.domain(record.flow.input if record.way == INGRESS else record.flow.output)].append(record)
			for (_, domain), records in rnd.sample(sorted(groups.items(), key=lambda g: g[0]), len(groups)):
				process = processes.get((router.name, domain))
				if not process:
					process = processes[router.name, domain] = Process(router, domain, began)
					know(router, process, now)
				for i in range(0, len(records), PER_DATAGRAM):
					send(router, process, now, records[i:i + PER_DATAGRAM])

	def send(router, process, now, records):
		before = process.sequence
		datagram = process.data(began, began + now, records)
		if process.messages > 5 and rnd.random() < loss:	# the first ones arrive, so that efd learns how numbers go
			ledger.lost_numbers[router.name] += process.sequence - before
			for r in records:
				ledger.miss(router, r, ledger.lost)
		else:
			for r, number in zip(records, process.numbers or [0] * len(records)):
				ledger.arrive(router, r, number)
			out.append((router, began + now, datagram))

	next_scan = SCAN_S
	for at, path, octets in packets:
		while at > next_scan:
			export(next_scan)
			next_scan += SCAN_S
		for router, flow in path:
			meters[router.name].see(at, flow, octets)
	export(span, not loss and not unexported)
	for process in processes.values():	# once more: of what is lost at the end, the next number tells
		know(process.router, process, span)
	for meter in meters.values():
		meter.end()
	return ledger, out


def some(rnd, number):
	"""A router as one may find it: what it sends, where it meters, which interfaces and domains it has. Nothing is sampled."""
	interfaces = rnd.sample(range(1, rnd.choice((12, 2000, 60000))), rnd.randrange(2, 6))
	version, silent, styles = rnd.choice((5, 9, 9, 10, 10, SFLOW)), rnd.random() < 0.2, ["ingress", "wan"]
	if version != 5 and (version == SFLOW or not silent):
		styles += ["egress", "both", "mixed", "mixed"]
	style = rnd.choice(styles)
	if style == "mixed":
		ingress, egress = ([i for i in interfaces if rnd.random() < 0.6] for _ in "io")
	else:
		ingress = interfaces[:1] if style == "wan" else interfaces if style in ("ingress", "both") else []
		egress = interfaces[:1] if style == "wan" else interfaces if style in ("egress", "both") else []
	times = [(152, 8), (153, 8)] if version == 10 else [(22, 4), (21, 4)]
	width = rnd.choice((2, 4))
	templates = {}
	for k, ends in ((4, [(8, 4), (12, 4)]), (6, [(27, 16), (28, 16)])):
		fields = ends + times + [(7, 2), (11, 2), (4, 1), (10, width), (14, width), (1, rnd.choice((4, 8))), (2, rnd.choice((4, 8)))] + [(DIRECTION, 1)] * (not silent)
		templates[k] = exporters.Template(256 + k, rnd.sample(fields, len(fields)))
	cards = rnd.choice(((1, 0), (1, rnd.randrange(1 << 20)), (2, 256), (3, 0)))
	router = Router(f"router {number}", f"192.0.2.{number % 200 + 10}" if number < 200 else f"198.51.{number // 200}.{number % 200}", version, templates, 1, tuple(ingress), tuple(egress),
		lambda interface: cards[1] + (interface % cards[0] if cards[0] > 1 else 0), 0)
	return router, interfaces


def random_world(seed, count, began, span=120):
	"""generate() of COUNT routers and conversations between random interfaces of one to three of them."""
	rnd = random.Random(seed)
	routers = [some(rnd, n) for n in range(count)]
	packets = []
	for number in range(25 * count):
		six = rnd.random() < 0.3
		host = lambda net: f"2001:db8:{net}::{rnd.randrange(1, 40):x}" if six else f"10.{net}.0.{rnd.randrange(1, 40)}"
		ends = (host(1), rnd.randrange(32768, 61000)), (host(2), rnd.choice((22, 53, 443)))
		ways = [], []
		for router, interfaces in rnd.sample(routers, min(len(routers), rnd.randrange(1, 4))):
			if six and router.version == 5:
				continue
			hop = rnd.sample(interfaces, 2)
			for back in (0, 1):
				a, b = hop[::-1] if back else hop
				chance = rnd.random()
				if directed(router):	# the router itself sends or receives; what goes out where it came in
					a, b = (0, b) if chance < 0.05 else (a, 0) if chance < 0.1 else (a, a) if chance < 0.15 else (a, b)
				ways[back].append((router, Flow((number, back), ends[back], ends[1 - back], None, a, b)))
		start, seconds = rnd.uniform(0, span), rnd.uniform(0.5, 70)
		for path in ways:
			times = [start + rnd.random() * seconds for _ in range(int(40 ** rnd.random()))]
			packets += [(t, path, rnd.choice((90, 128, 576, 1500))) for t in times if t < span]
	packets.sort(key=lambda p: p[0])
	return [r for r, _ in routers], *generate([r for r, _ in routers], packets, began, rnd, span)
