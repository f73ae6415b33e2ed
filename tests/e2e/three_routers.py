# SPDX-License-Identifier: Apache-2.0
"""Packets on a path of three routers, what each router meters and exports of them, and a ledger of all of it.

	clients --1 nat 2----1 core 2----1 edge 2-- carrier A
	                       3              3---- carrier B
	                     servers

The ledger knows the packets that really were, and of each flow record what became of it; it is made without a line of what it checks.
"""
import collections
import random
import socket
import struct

import exporters

SPAN_S = 120		# of traffic
ACTIVE_S, INACTIVE_S = 30, 8	# when a cache lets a flow go
SCAN_S = 5		# and how often it looks
PER_DATAGRAM = 6
LOSS = UNEXPORTED = 0.05	# of datagrams, of records
INTERNET, SERVERS, TRANSIT = 60, 35, 35	# conversations: along the whole path; core alone; edge alone

ADDRESSES = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (10, 4), (14, 4), (61, 1)]
NETFLOW = exporters.Template(260, ADDRESSES + [(1, 4), (2, 4), (22, 4), (21, 4)])
SAMPLED = exporters.Template(261, NETFLOW.fields + [(48, 1)])
SAMPLER = exporters.Template(262, [(1, 4), (48, 1), (49, 1), (50, 4)], 1)	# of the system: id, mode random, one in so many
TRANSLATED = exporters.Template(263, ADDRESSES + [(1, 8), (2, 8), (152, 8), (153, 8), (225, 4), (226, 4), (227, 2), (228, 2)])
INGRESS, EGRESS = 0, 1
SAMPLER_ID, RANDOM = 7, 2

Conversation = collections.namedtuple("Conversation", "number hops inside outside server start seconds packets")
# one direction of a conversation at one router; `post` is what the addresses and ports are translated to
Flow = collections.namedtuple("Flow", "conversation source destination post input output")
Router = collections.namedtuple("Router", "name address version template rate egress domain clock_s")
Record = collections.namedtuple("Record", "way flow start end octets packets")

ROUTERS = [	# name, address, version, template, one packet in so many, interfaces metered on egress, domain of an interface, how far the clock is off
	Router("nat", "127.0.0.11", 10, TRANSLATED, 1, (1, 2), lambda interface: 1, -3600),
	Router("core", "127.0.0.12", 9, SAMPLED, 100, (1, 2, 3), lambda interface: 256 + interface % 2, 0),
	Router("edge", "127.0.0.13", 9, NETFLOW, 1, (2,), lambda interface: 0, 0),
]


def conversations(rnd):
	for number in range(INTERNET + SERVERS + TRANSIT):
		sport, carrier = rnd.randrange(32768, 61000), rnd.choice((2, 3))
		server = (f"203.0.113.{rnd.randrange(1, 25)}", rnd.choice((443, 443, 22, 25)))
		if number < INTERNET:
			hops = {"nat": (1, 2), "core": (1, 2), "edge": (1, carrier)}
			inside, outside = (f"10.1.0.{rnd.randrange(1, 25)}", sport), ("198.51.100.7", 20000 + number)
		else:
			hops = {"core": (1, 3)} if number < INTERNET + SERVERS else {"edge": (3, 2)}
			inside = outside = (f"198.51.100.{rnd.randrange(64, 80)}", sport)
		count = [max(2, int(30000 ** rnd.random() * scale)) for scale in (0.5, 1)]
		yield Conversation(number, hops, inside, outside, server, rnd.uniform(0, SPAN_S), rnd.uniform(0.5, 70), count)


def packets(rnd):
	"""(time, conversation, 0 there or 1 back, octets) in order, as far as they are within SPAN_S."""
	out = []
	for c in conversations(rnd):
		for back, count in enumerate(c.packets):
			out += [(c.start + rnd.random() * c.seconds, c, back, rnd.choice((40, 52, 576, 1500))) for _ in range(count)]
	return sorted(p for p in out if p[0] < SPAN_S)


def flow(router, c, back):
	"""How a router sees the conversation's packets of that direction."""
	near = c.inside if router.name == "nat" else c.outside
	input, output = c.hops[router.name][::-1] if back else c.hops[router.name]
	if not back:
		return Flow(c.number, near, c.server, (c.outside, c.server), input, output)
	return Flow(c.number, c.server, c.outside, (c.server, near), input, output)


def figures(router, way, flow):
	"""What a packet or a record of it adds to, as docs/counting.md says: totals where it came in, what an interface sent where that meters so."""
	if way == INGRESS:
		yield "total"
		yield "in", flow.input
		yield "source", flow.source[0]
		yield "conversation", flow.conversation
	if way == EGRESS or flow.output not in router.egress:
		yield "out", flow.output


class Ledger:
	def __init__(self):
		self.sent = collections.defaultdict(lambda: [0, 0, 0])	# (router, figure): octets, packets, sum of squares of the octets
		self.missing = collections.defaultdict(lambda: [0, 0])	# the same, octets and packets that no document can have, times the rate
		self.counted = collections.defaultdict(lambda: [0, 0])	# the same of the records that arrived, and ...
		self.early = collections.defaultdict(lambda: [0, 0])	# ... what of it counts twice, before it is known who meters where
		self.known = collections.defaultdict(set)	# (way, interface) by router
		self.lost, self.unexported, self.cached = (collections.Counter() for _ in range(3))	# why, in packets by router
		self.lost_numbers = collections.Counter()	# sequence numbers of what was lost, by router
		self.arrived = collections.Counter()	# records by router

	def packet(self, router, way, flow, octets):
		for f in figures(router, way, flow):
			sent = self.sent[router.name, f]
			sent[0] += octets
			sent[1] += 1
			sent[2] += octets * octets

	def record(self, router, record, to):
		self.add(router, record, figures(router, record.way, record.flow), to)

	def add(self, router, record, which, *to):
		for sums in (t[router.name, f] for f in which for t in to):
			sums[0] += record.octets * router.rate
			sums[1] += record.packets * router.rate

	def miss(self, router, record, why):
		why[router.name] += record.packets
		self.record(router, record, self.missing)

	def arrive(self, router, record):
		known, flow = self.known[router.name], record.flow
		self.arrived[router.name] += 1
		self.record(router, record, self.counted)
		known.add((record.way, flow.input if record.way == INGRESS else flow.output))
		other = (EGRESS, flow.output) if record.way == INGRESS else (INGRESS, flow.input)
		if other not in known and (record.way == EGRESS or flow.output in router.egress):
			twice = [("out", flow.output)] if record.way == INGRESS else [f for f in figures(router, INGRESS, flow) if f[0] != "out"]
			self.add(router, record, twice, self.counted, self.early)


class Meter:
	"""The flow caches of a router: `see` a packet, `scan` for flows that are over."""

	def __init__(self, router, rnd, ledger):
		self.router, self.rnd, self.ledger, self.caches = router, rnd, ledger, ({}, {})

	def see(self, at, flow, octets):
		for way in (INGRESS, EGRESS):
			if way == EGRESS and flow.output not in self.router.egress:
				continue
			self.ledger.packet(self.router, way, flow, octets)
			if self.rnd.randrange(self.router.rate):
				continue
			entry = self.caches[way].setdefault(flow, [at, at, 0, 0])
			entry[1:] = at, entry[2] + octets, entry[3] + 1

	def scan(self, now):
		"""Records of flows that are over; those of ingress first. Some are thrown away: no room to export them."""
		for way, cache in enumerate(self.caches):
			for flow in [f for f, e in cache.items() if now - e[1] > INACTIVE_S or now - e[0] > ACTIVE_S]:
				record = Record(way, flow, *cache.pop(flow))
				if now > 2 * SCAN_S and self.rnd.random() < UNEXPORTED:
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

	def message(self, at, sets, numbers):
		"""`numbers`: so many data records, what IPFIX counts; NetFlow 9 counts datagrams."""
		body, when = b"".join(sets), int(at + self.router.clock_s)
		self.messages += 1
		if self.router.version == 10:
			head = struct.pack("!HHIII", 10, 16 + len(body), when, self.sequence, self.domain)
			self.sequence += numbers
			return head + body
		head = struct.pack("!HHIIII", 9, numbers, int((at - self.boot) * 1000), when, self.sequence, self.domain)
		self.sequence += 1
		return head + body

	def known(self, at):
		"""Templates, and how packets are sampled."""
		r = self.router
		sets = [exporters.a_set(2 if r.version == 10 else 0, r.template.describe(r.version), r.version)]
		if r.rate > 1:
			sets.append(exporters.a_set(1, SAMPLER.describe(9), 9))
			sets.append(exporters.a_set(SAMPLER.number, SAMPLER.record([0, SAMPLER_ID, RANDOM, r.rate]), 9))
		return self.message(at, sets, 0 if r.version == 10 else 2)

	def values(self, began, record):
		f, r = record.flow, self.router
		row = [f.source[0], f.destination[0], f.source[1], f.destination[1], 6, f.input, f.output, record.way, record.octets, record.packets]
		start, end = ((began + t + r.clock_s - (0 if r.version == 10 else self.boot + r.clock_s)) * 1000 for t in (record.start, record.end))
		post = [f.post[0][0], f.post[1][0], f.post[0][1], f.post[1][1]] if r.version == 10 else [SAMPLER_ID] if r.rate > 1 else []
		return row + [int(start), int(end)] + post

	def data(self, began, at, records):
		body = b"".join(self.router.template.record(self.values(began, r)) for r in records)
		return self.message(at, [exporters.a_set(self.router.template.number, body, self.router.version)], len(records))


def generate(began, seed):
	"""(ledger, [(router, datagram)] in the order in which they are sent); the traffic lasts from BEGAN for SPAN_S seconds."""
	rnd, ledger, out, processes = random.Random(seed), Ledger(), [], {}
	meters = {r.name: Meter(r, rnd, ledger) for r in ROUTERS}

	def export(now):
		for router in ROUTERS:
			groups = collections.defaultdict(list)	# a line card exports what it meters; all of ingress goes first
			for record in meters[router.name].scan(now):
				interface = record.flow.input if record.way == INGRESS else record.flow.output
				groups[record.way, router.domain(interface)].append(record)
			for (way, domain), records in sorted(groups.items()):
				if (router, domain) not in processes:
					processes[router, domain] = Process(router, domain, began)
					out.append((router, processes[router, domain].known(began + now)))
				for i in range(0, len(records), PER_DATAGRAM):
					send(router, processes[router, domain], now, records[i:i + PER_DATAGRAM])

	def send(router, process, now, records):
		before = process.sequence
		datagram = process.data(began, began + now, records)
		if process.messages > 5 and rnd.random() < LOSS:	# the first ones arrive, so that efd learns how numbers go
			ledger.lost_numbers[router.name] += process.sequence - before
			for r in records:
				ledger.miss(router, r, ledger.lost)
		else:
			for r in records:
				ledger.arrive(router, r)
			out.append((router, datagram))

	next_scan = SCAN_S
	for at, conversation, back, octets in packets(rnd):
		while at > next_scan:
			export(next_scan)
			next_scan += SCAN_S
		for router in ROUTERS:
			if router.name in conversation.hops:
				meters[router.name].see(at, flow(router, conversation, back), octets)
	export(SPAN_S)
	for (router, _), process in processes.items():	# once more: of what is lost at the end, the next number tells
		out.append((router, process.known(began + SPAN_S)))
	for meter in meters.values():
		meter.end()
	return ledger, out


def send(datagrams, port):
	"""From the routers' own addresses, which are all this machine's."""
	sockets = {}
	for router in ROUTERS:
		sockets[router.name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sockets[router.name].bind((router.address, 0))
	for router, datagram in datagrams:
		sockets[router.name].sendto(datagram, ("127.0.0.1", port))
	for s in sockets.values():
		s.close()
