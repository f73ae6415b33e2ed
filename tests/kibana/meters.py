# SPDX-License-Identifier: Apache-2.0
"""Exporters of the made-up month: records to datagrams with their templates, sequence numbers, restarts and losses. Times are seconds."""
import socket
import struct

import exporters

TOLD_S = 6 * 3600	# templates and options come again
PER_DATAGRAM = 12


class Exporter:
	"""version: 5, 9 or 10. `sent` is [(time, address, port, datagram)]; `health` what efd is to find of it: [(time, {field: number})]."""

	def __init__(self, name, ip, version, interfaces, templates=(), options=(), domain=0):
		self.name, self.ip, self.version, self.interfaces, self.domain = name, ip, version, interfaces, domain
		self.templates, self.options = list(templates), list(options)
		self.sequence, self.told, self.boot = 0, None, None
		self.queue, self.sent, self.health = [], [], []

	@property
	def type(self):
		return "ipfix" if self.version == 10 else f"netflow{self.version}"

	def row(self):
		return {"observer.name": self.name, "observer.ip": self.ip, "flow.type": self.type, "flow.exporter.domain": str(self.domain)}

	def uptime(self, at):
		"""Milliseconds since the exporter started last, in the order in which records are made."""
		self.boot = at - 86400 if self.boot is None else self.boot
		return int((at - self.boot) * 1000)

	def restart(self, at):
		self.boot = at
		self.queue.append((at, len(self.queue), self.boot, None, None, False))

	def export(self, at, template, values, lost=False):
		"""A datagram, or more of them, with the records VALUES, to be sent AT; a record may be made of bytes. LOST: on the way."""
		self.uptime(at)
		for i in range(0, len(values), PER_DATAGRAM):
			self.queue.append((at, len(self.queue), self.boot, template, values[i:i + PER_DATAGRAM], lost))

	def message(self, at, boot, sets, records, flows, lost=False):
		"""RECORDS: of flows and of options, what IPFIX and NetFlow 5 count in sequence numbers; FLOWS: of them."""
		body, when, up = b"".join(sets), int(at), int((at - boot) * 1000)
		if self.version == 10:
			head = struct.pack("!HHIII", 10, 16 + len(body), when, self.sequence, self.domain)
		elif self.version == 9:
			head = struct.pack("!HHIIII", 9, max(1, records), up, when, self.sequence, self.domain)
		else:
			head = struct.pack("!HHIIIIBBH", 5, records, up, when, 0, self.sequence, 0, 0, 0)
		self.sequence += records if self.version in (5, 10) else 1
		if lost:	# the next number tells
			self.health.append((at, {"exporter.lost": records if self.version in (5, 10) else 1}))
			return
		self.sent.append((at, self.ip, 4739 if self.version == 10 else 2055, head + body))
		self.health.append((at, {"exporter.datagrams": 1, "exporter.records": flows}))

	def tell(self, at, boot):
		"""Templates, and what options say."""
		if self.version == 5 or self.told is not None and at < self.told + TOLD_S:
			return
		self.told = at
		plain, special = ([t for t in self.templates if bool(t.scope) == s] for s in (False, True))
		v = self.version
		sets = [exporters.a_set(2 if v == 10 else 0, b"".join(t.describe(v) for t in plain), v)]
		if special:
			sets.append(exporters.a_set(3 if v == 10 else 1, b"".join(t.describe(v) for t in special), v))
		self.message(at, boot, sets, 0, 0)
		for t in special:
			rows = [t.record(values) for o, values in self.options if o is t]
			self.message(at, boot, [exporters.a_set(t.number, b"".join(rows), v)], len(rows), 0)

	def finish(self):
		"""Sends what was exported, in order of time."""
		for at, _, boot, template, values, lost in sorted(self.queue, key=lambda q: q[:2]):
			if values is None:
				self.sequence, self.told = 0, None
				self.health.append((at, {"exporter.restarts": 1}))
				continue
			self.tell(at, boot)
			some = [v if isinstance(v, bytes) else template.record(v) for v in values]
			self.message(at, boot, some if self.version == 5 else [exporters.a_set(template.number, b"".join(some), self.version)], len(some), len(some), lost)


class Sflow:
	"""A switch: samples and counters."""

	def __init__(self, name, ip, interfaces, rate):
		self.name, self.ip, self.interfaces, self.rate = name, ip, interfaces, rate
		self.type, self.sequence, self.boot = "sflow5", 0, None
		self.numbers, self.queue, self.sent, self.health = {}, [], [], []

	def row(self):
		return {"observer.name": self.name, "observer.ip": self.ip, "flow.type": "sflow5", "flow.exporter.domain": "0", "flow.sampling.rate": self.rate}

	def next(self, source):
		self.numbers[source] = self.numbers.get(source, 0) + 1
		return self.numbers[source]

	def finish(self):
		for at, flows, samples in sorted(self.queue, key=lambda q: q[0]):
			self.sequence += 1
			self.boot = at - 86400 if self.boot is None else self.boot
			body = b"".join(make() for make in samples)
			self.sent.append((at, self.ip, 6343, struct.pack("!II4sIIII", 5, 1, socket.inet_aton(self.ip), 0, self.sequence, int((at - self.boot) * 1000), len(samples)) + body))
			self.health.append((at, {"exporter.datagrams": 1, "exporter.records": flows}))

	def export(self, at, flows, *samples):
		"""A datagram of SAMPLES: functions, which are called in order of time and so number them. FLOWS: how many of them are of flows, not counters."""
		self.queue.append((at, flows, samples))

	def sample(self, header, wire, into, out):
		n = self.next(("flow", into))
		raw = struct.pack("!IIII", 1, wire + 4, 4, len(header)) + header + bytes(-len(header) % 4)
		return exporters.xdr(1, struct.pack("!IIIIIIII", n, into, self.rate, n * self.rate, 0, into, out, 1) + exporters.xdr(1, raw))

	def counters(self, port, octets_in, octets_out, status=3):
		speed = self.interfaces[port][1]
		generic = struct.pack("!IIQIIQIIIIIIQIIIIII", port, 6, speed, 1, status, octets_in, octets_in // 1000 & 0xffffffff, 0, 0, 0, 0, 0,
			octets_out, octets_out // 1000 & 0xffffffff, 0, 0, 0, 0, 0)
		return exporters.xdr(2, struct.pack("!III", self.next(("counter", port)), port, 1) + exporters.xdr(1, generic))


PCAP_HEADER = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)	# raw IP
COLLECTOR = "192.0.2.250"


def capture(path, datagrams):
	"""[(time, address, port, datagram)] as a capture; they are sorted."""
	with open(path, "wb") as f:
		f.write(PCAP_HEADER)
		for at, ip, port, data in sorted(datagrams, key=lambda d: d[0]):
			udp = struct.pack("!HHHH", 40000, port, 8 + len(data), 0) + data
			packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(ip), socket.inet_aton(COLLECTOR)) + udp
			f.write(struct.pack("<IIII", int(at), round(at % 1 * 1e6) % 1000000, len(packet), len(packet)) + packet)
