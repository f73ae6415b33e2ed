# SPDX-License-Identifier: Apache-2.0
"""Writes small MMDB files (format 2.0, records of 24 bits) for tests: write(path, {network: record}, ip_version, aliases)."""
import ipaddress
import struct


def size_bytes(kind, size):
	assert size < 285
	first = kind << 5 if kind < 8 else 0
	if size < 29:
		return bytes([first | size]) + (bytes([kind - 7]) if kind > 7 else b"")
	return bytes([first | 29]) + (bytes([kind - 7]) if kind > 7 else b"") + bytes([size - 29])


class Sized(int):
	"""An integer with its type spelt out: 5 is uint16, 6 uint32, 9 uint64."""
	kind = None

	def __new__(cls, kind, v):
		self = super().__new__(cls, v)
		self.kind = kind
		return self


def value(v):
	if isinstance(v, bool):
		return size_bytes(14, int(v))
	if isinstance(v, str):
		return size_bytes(2, len(v.encode())) + v.encode()
	if isinstance(v, float):
		return size_bytes(3, 8) + struct.pack(">d", v)
	if isinstance(v, int):
		raw = v.to_bytes(8, "big").lstrip(b"\0")
		kind = v.kind if isinstance(v, Sized) else 5 if v < 1 << 16 else 6 if v < 1 << 32 else 9
		return size_bytes(kind, len(raw)) + raw
	if isinstance(v, dict):
		return size_bytes(7, len(v)) + b"".join(value(k) + value(x) for k, x in v.items())
	return size_bytes(11, len(v)) + b"".join(value(x) for x in v)


def write(path, networks, ip_version, aliases=()):
	"""NETWORKS may not overlap. IPv4 networks in a file of version 6 go to ::/96, and ALIASES (IPv6 prefixes) lead there, too."""
	nodes, data, at = [[None, None]], b"", {}

	def walk(bits):
		node = 0
		for bit in bits:
			below = nodes[node][int(bit)]
			if below is None:
				nodes.append([None, None])
				below = nodes[node][int(bit)] = len(nodes) - 1
			node = below
		return node
	for text, record in networks.items():
		net = ipaddress.ip_network(text)
		bits = f"{int(net.network_address):0{net.max_prefixlen}b}"[:net.prefixlen]
		if ip_version == 6 and net.version == 4:
			bits = "0" * 96 + bits
		raw = value(record)
		if raw not in at:
			at[raw] = len(data)
			data += raw
		nodes[walk(bits[:-1])][int(bits[-1])] = ("data", at[raw])
	for text in aliases:
		net = ipaddress.ip_network(text)
		bits = f"{int(net.network_address):0128b}"[:net.prefixlen]
		nodes[walk(bits[:-1])][int(bits[-1])] = walk("0" * 96)
	n = len(nodes)

	def record(r):
		return (n if r is None else n + 16 + r[1] if isinstance(r, tuple) else r).to_bytes(3, "big")
	tree = b"".join(record(left) + record(right) for left, right in nodes)
	facts = {"node_count": Sized(6, n), "record_size": 24, "ip_version": ip_version, "database_type": "test", "languages": ["en"],
		"binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": Sized(9, 1700000000), "description": {"en": "test"}}
	with open(path, "wb") as f:
		f.write(tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + value(facts))
