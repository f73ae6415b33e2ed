#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""IPFIX over TCP to a running efd: messages in pieces, and what is of a connection and what of the exporter (RFC 7011 section 8.1)."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net, octets, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

FLOWS = "logs-flow-default"
SOURCE, DESTINATION, OCTETS, INTERFACE, NAME, INTERVAL = 8, 12, 1, 10, 82, 34	# IANA's elements
A, B = bytes([10, 0, 0, 1]), bytes([192, 0, 2, 1])


def message(seq, *sets, domain=7):
	"""RFC 7011 section 3.1."""
	body = b"".join(struct.pack("!HH", id_, len(data) + 4) + data for id_, data in sets)
	return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), seq, domain) + body


def template(id_, *elements, scopes=None):
	"""The set of one template, of four octets an element; SCOPES: an options template."""
	head = (id_, len(elements)) + (() if scopes is None else (scopes,))
	return 2 if scopes is None else 3, struct.pack(f"!{len(head)}H", *head) + b"".join(struct.pack("!HH", e, 4) for e in elements)


def record(n):
	return 300, A + B + struct.pack("!I", n)


def turned(n):
	"""The same in the order octets, source, destination."""
	return 300, struct.pack("!I", n) + A + B


LAYOUT, TURNED = template(300, SOURCE, DESTINATION, OCTETS), template(300, OCTETS, SOURCE, DESTINATION)


def connect(port):
	return socket.create_connection(("127.0.0.1", port), timeout=10)


def is_closed(s):
	"""Closed by efd, within ten seconds."""
	try:
		return s.recv(1) == b""
	except ConnectionResetError:
		return True


def flows(es, n):
	"""The lines of N flows: octets, source, tags."""
	net.wait_for(lambda: len(es.lines(FLOWS)) >= n, f"{n} flows")
	return sorted((f["ie"]["octetDeltaCount"], f["ie"]["sourceIPv4Address"], f.get("tags", [])) for f in es.lines(FLOWS))


def test_pieces():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}", tcp_connections=2):
		messages = b"".join(message(i, LAYOUT, record(1000 + i)) for i in range(40))
		with connect(port) as s:
			for at in range(0, len(messages), 37): # pieces that cut messages anywhere
				s.sendall(messages[at:at + 37])
				if at % 370 == 0:
					time.sleep(0.01)
			net.wait_for(lambda: len(es.docs) == 40, "all records")
		same(octets(es.lines(FLOWS)), list(range(1000, 1040)), "IPFIX over TCP in pieces")
		with connect(port) as s:
			s.sendall(b"GET / HTTP/1.1\r\n\r\n")
			ok(is_closed(s), "a connection with something else is closed")
		with connect(port), connect(port), connect(port) as third:
			ok(is_closed(third), "so is one over the ceiling")
	es.stop()


def test_reconnect():
	"""The exporter comes back with another layout under the same id, and its data is before its template."""
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		with connect(port) as s:
			s.sendall(message(0, LAYOUT) + message(0, record(1)))
			flows(es, 1)
		net.wait_for(lambda: efd.metric("efd_tcp_connections") == 0, "the end of the first connection")
		with connect(port) as s:
			s.sendall(message(0, turned(2)) + message(1, turned(3)))
			net.wait_for(lambda: efd.metric("efd_decode_held_now") == 2, "data that waits")
			same(len(es.lines(FLOWS)), 1, "nothing is decoded with the template of the connection before")
			s.sendall(message(2, TURNED) + message(2, turned(4)))
			same(flows(es, 4), [(1, "10.0.0.1", []), (2, "10.0.0.1", ["held"]), (3, "10.0.0.1", ["held"]), (4, "10.0.0.1", [])],
				"what waited is decoded with its own template")
		same([efd.metric(f"efd_decode_{m}_total") for m in ("lost", "reordered", "restarts", "unconfirmed_sets")], [0] * 4,
			"numbers that begin at 0 again are no loss and no restart")
	es.stop()


def test_two_at_once():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		with connect(port) as one, connect(port) as other:
			one.sendall(message(0, LAYOUT))
			other.sendall(message(0, TURNED))
			for i in range(10):
				one.sendall(message(i, record(1 + i)))
				other.sendall(message(i, turned(101 + i)))
				flows(es, 2 * i + 2)
			same(flows(es, 20), [(n, "10.0.0.1", []) for n in (*range(1, 11), *range(101, 111))], "two connections, two layouts under one id")
			one.sendall(message(10, (2, struct.pack("!HH", 2, 0))))
			net.wait_for(lambda: efd.metric("efd_decode_templates") == 1, "the withdrawal")
			other.sendall(message(10, turned(111)))
			same(len(flows(es, 21)), 21, "a withdrawal in one of them leaves the other's templates")
			same([efd.metric("efd_decode_exporters"), efd.metric("efd_decode_sessions"), efd.metric("efd_decode_devices_split_total")],
				[1, 2, 0], "one exporter, two sessions, no devices of their own")
	es.stop()


def test_names_outlive_a_connection():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		with connect(port) as s:
			s.sendall(message(0, template(301, INTERFACE, NAME, scopes=1), template(302, INTERFACE, INTERVAL, scopes=1),
				(301, struct.pack("!I", 5) + b"eth5"), (302, struct.pack("!II", 0, 64))))
			net.wait_for(lambda: efd.metric("efd_decode_options_records_total") == 2, "options")
		net.wait_for(lambda: efd.metric("efd_tcp_connections") == 0, "the end of the first connection")
		with connect(port) as s:
			s.sendall(message(0, template(300, SOURCE, INTERFACE, OCTETS), (300, A + struct.pack("!II", 5, 1))))
			net.wait_for(lambda: len(es.lines(FLOWS)) == 1, "a flow")
		line = es.lines(FLOWS)[0]
		same([line["options"]["ingress"], line["flow"]["sampling"]["rate"]], [{"name": "eth5"}, 64], "names and rates serve the next connection")
	es.stop()


def test_restart_of_efd():
	"""It ends all connections; templates of UDP come back, those of a connection do not."""
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		with connect(port) as s:
			s.sendall(message(0, LAYOUT, record(1)))
			flows(es, 1)
			efd.stop()
		efd.start()
		with connect(port) as s:
			s.sendall(message(1, turned(2)) + message(2, TURNED))
			same(flows(es, 2), [(1, "10.0.0.1", []), (2, "10.0.0.1", ["held"])], "no template of before efd's restart is used")
	es.stop()


def test_many_connections():
	es, port, after = FakeEs(), net.free_port(), []
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		for n in (1, 2):
			for i in range(1000):
				with connect(port) as s:
					s.sendall(message(0, LAYOUT, template(301, OCTETS), (400, b"wait"), domain=i % 3))
			net.wait_for(lambda: efd.metric("efd_decode_held_sets_total") == n * 2000, "each set that waited, once more as dropped")
			after.append(efd.metric("efd_decode_memory_bytes"))
		same([efd.metric(f"efd_{m}") for m in ("tcp_accepted_total", "tcp_connections", "decode_exporters", "decode_sessions", "decode_templates",
			"decode_held_now")] + [after[1] - after[0]], [2000, 0, 3, 0, 0, 0, 0], "2,000 connections leave their three domains, and no memory behind")
	es.stop()


run_all(test_pieces, test_reconnect, test_two_at_once, test_names_outlive_a_connection, test_restart_of_efd, test_many_connections)
