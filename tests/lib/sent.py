# SPDX-License-Identifier: Apache-2.0
"""What the NetFlow 5 and IPFIX datagrams of a capture say of hosts, read here once more: records of sources and destinations (IPv4),
octets and packets. For exporters that may lose packets themselves, so that what they have sent is what must arrive."""
import socket
import struct

SOURCE, DESTINATION, OCTETS, PACKETS = 8, 12, 1, 2	# IANA's elements


def payloads(path):
	"""UDP payloads of a pcap of Ethernet frames with IPv4."""
	with open(path, "rb") as f:
		data = f.read()
	at = 24
	while at < len(data):
		length, = struct.unpack_from("<I", data, at + 8)
		frame = data[at + 16:at + 16 + length]
		at += 16 + length
		yield frame[14 + (frame[14] & 15) * 4 + 8:]


def netflow5(p):
	for at in range(24, 24 + 48 * struct.unpack_from("!H", p, 2)[0], 48):
		packets, octets = struct.unpack_from("!II", p, at + 16)
		yield p[at:at + 4], p[at + 4:at + 8], octets, packets


def template_set(p, at, end, domain, templates):
	while at + 4 <= end:
		id_, count = struct.unpack_from("!HH", p, at)
		at += 4
		fields = templates[domain, id_] = []
		for _ in range(count):
			element, width = struct.unpack_from("!HH", p, at)
			private = element >> 15
			at += 8 if private else 4
			fields.append((None if private else element, width))


def record(p, at, fields):
	"""(values by element, where it ends)"""
	values = {}
	for element, width in fields:
		if width == 65535:
			width, at = p[at], at + 1
			if width == 255:
				width, at = struct.unpack_from("!H", p, at)[0], at + 2
		values[element] = p[at:at + width]
		at += width
	return values, at


def ipfix(p, templates):
	length, domain = struct.unpack_from("!H", p, 2)[0], struct.unpack_from("!I", p, 12)[0]
	at = 16
	while at < length:
		id_, size = struct.unpack_from("!HH", p, at)
		here, end = at + 4, at + size
		fields = templates.get((domain, id_), [])
		least = sum(1 if width == 65535 else width for _, width in fields)
		if id_ == 2:
			template_set(p, here, end, domain, templates)
		while fields and here + least <= end:
			values, here = record(p, here, fields)
			if SOURCE in values:
				yield (values[SOURCE], values[DESTINATION], *(int.from_bytes(values[e], "big") for e in (OCTETS, PACKETS)))
		at = end


def rows(path):
	templates = {}
	for p in payloads(path):
		for source, destination, octets, packets in netflow5(p) if p[1] == 5 else ipfix(p, templates):
			yield socket.inet_ntoa(source), socket.inet_ntoa(destination), octets, packets
