# SPDX-License-Identifier: Apache-2.0
"""A scripted SNMPv2c agent: answers from a table of values, or as a test has it lie. BER as in RFC 3417, section 8; PDUs as in RFC 3416."""
import bisect
import ipaddress
import socket
import threading

INTEGER, OCTETS, NULL, OBJECT, ADDRESS, COUNTER, GAUGE, TICKS, COUNTER64 = 0x02, 0x04, 0x05, 0x06, 0x40, 0x41, 0x42, 0x43, 0x46
NO_OBJECT, END = (0x80, b""), (0x82, b"")
GET, RESPONSE, BULK, REPORT = 0xA0, 0xA2, 0xA5, 0xA8


def tlv(tag, content):
	n = len(content)
	return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x82, n >> 8, n & 255])) + content


def integer(value, tag=INTEGER):
	return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(numbers):
	out = bytes([numbers[0] * 40 + numbers[1]])
	for n in numbers[2:]:
		part = [n & 127]
		while n := n >> 7:
			part.append(n & 127 | 128)
		out += bytes(reversed(part))
	return tlv(OBJECT, out)


def take(data):
	"""(tag, content, rest)"""
	n, at = data[1], 2
	if n & 128:
		at += n & 127
		n = int.from_bytes(data[2:at], "big")
	return data[0], data[at:at + n], data[at + n:]


def numbers(content):
	out, n = [content[0] // 40, content[0] % 40], 0
	for b in content[1:]:
		n = n << 7 | b & 127
		if not b & 128:
			out.append(n)
			n = 0
	return tuple(out)


def octets(text):
	return OCTETS, text if isinstance(text, bytes) else text.encode()


def number(value, tag=INTEGER):
	return tag, value


def encode(value):
	tag, content = value
	return integer(content, tag) if isinstance(content, int) else oid(content) if tag == OBJECT else tlv(tag, content)


def ids(text):
	return tuple(int(n) for n in text.split("."))


MIB2 = ids("1.3.6.1.2.1")


def device(name, about, maker, interfaces, serial=None, model=None, software=None, addresses=()):
	"""The values of a device: interfaces as (ifIndex, ifName, ifAlias, Mb/s), addresses as ("192.0.2.1/24", ifIndex)."""
	values = {MIB2 + (1, 1, 0): octets(about), MIB2 + (1, 2, 0): (OBJECT, (1, 3, 6, 1, 4, 1) + maker), MIB2 + (1, 5, 0): octets(name)}
	for index, name, alias, speed in interfaces:
		for column, value in ((1, octets(name)), (18, octets(alias)), (15, number(speed, GAUGE))):
			values[MIB2 + (31, 1, 1, 1, column, index)] = value
	if serial:
		# the row in front of the chassis is what holds it (RFC 6933, entPhysicalClass): stack(11), then chassis(3)
		for row, kind, texts in ((1, 11, ("", "", "")), (1001, 3, (software or "", serial, model or "")), (1002, 9, ("", "card", "card"))):
			values[MIB2 + (47, 1, 1, 1, 1, 5, row)] = number(kind)
			for column, text in zip((10, 11, 13), texts):
				values[MIB2 + (47, 1, 1, 1, 1, column, row)] = octets(text)
	for text, index in addresses:
		address = ipaddress.ip_interface(text)
		at = (1 if address.version == 4 else 2, len(address.packed)) + tuple(address.packed)
		values[MIB2 + (4, 34, 1, 3) + at] = number(index)
		values[MIB2 + (4, 34, 1, 4) + at] = number(1)
		row = at[:2] + tuple(address.network.network_address.packed) + (address.network.prefixlen,)
		values[MIB2 + (4, 34, 1, 5) + at] = (OBJECT, MIB2 + (4, 32, 1, 5, index) + row)
	return values


class Agent(threading.Thread):
	"""At `address` (one of 127.0.0.0/8), on `port` or one that is free. `lie` gets (agent, command, request id, objects asked) and returns the
	whole reply, or None for the honest one; it may also be the octets themselves."""

	def __init__(self, values, address="127.0.0.1", port=0, community=b"publ1c", lie=None):
		super().__init__(daemon=True)
		self.values, self.community, self.lie, self.asked = values, community, lie, 0
		self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		self.socket.bind((address, port))
		self.address, self.port = self.socket.getsockname()
		self.start()

	def after(self, name):
		at = bisect.bisect_right(self.order, name)
		return (self.order[at], self.values[self.order[at]]) if at < len(self.order) else (name, END)

	def walked(self, names, count):
		out = []
		for name in names:
			for _ in range(count):
				name, value = self.after(name)
				out.append((name, value))
				if value == END:
					break
		return out

	def message(self, kind, request, bindings, status=0):
		listed = b"".join(tlv(0x30, oid(name) + encode(value)) for name, value in bindings)
		pdu = tlv(kind, integer(request) + integer(status) + integer(0) + tlv(0x30, listed))
		return tlv(0x30, integer(1) + tlv(OCTETS, self.community) + pdu)

	def reply(self, data):
		_, message, _ = take(data)
		_, _, rest = take(message)
		_, community, rest = take(rest)
		command, pdu, _ = take(rest)
		_, request, pdu = take(pdu)
		_, _, pdu = take(pdu)
		_, count, pdu = take(pdu)
		_, listed, _ = take(pdu)
		if community != self.community:
			return None
		names = []
		while listed:
			_, binding, listed = take(listed)
			names.append(numbers(take(binding)[1]))
		request = int.from_bytes(request, "big", signed=True)
		told = self.lie and self.lie(self, command, request, names)
		if told is not None and told is not False:
			return told
		self.order = sorted(self.values)
		if command == BULK:
			return self.message(RESPONSE, request, self.walked(names, count[-1]))
		return self.message(RESPONSE, request, [(name, self.values.get(name, NO_OBJECT)) for name in names])

	def run(self):
		while True:
			data, where = self.socket.recvfrom(65535)
			self.asked += 1
			answer = self.reply(data)
			if answer:
				self.socket.sendto(answer, where)
