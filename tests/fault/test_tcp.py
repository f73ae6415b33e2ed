#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""IPFIX over TCP to a running efd: messages in pieces, and what is of a connection and what of the exporter (RFC 7011 section 8.1)."""
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net, octets, run_all  # noqa: E402
from tap import ok, same, skip  # noqa: E402

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
				if i % 50 == 49:	# not more at once than efd may hold
					net.wait_for(lambda: efd.metric("efd_decode_held_sets_total") == ((n - 1) * 1000 + i + 1) * 2, "those so far")
			net.wait_for(lambda: efd.metric("efd_decode_held_sets_total") == n * 2000, "each set that waited, once more as dropped")
			after.append(efd.metric("efd_decode_memory_bytes"))
		same([efd.metric(f"efd_{m}") for m in ("tcp_accepted_total", "tcp_connections", "decode_exporters", "decode_sessions", "decode_templates",
			"decode_held_now")] + [after[1] - after[0]], [2000, 0, 3, 0, 0, 0, 0], "2,000 connections leave their three domains, and no memory behind")
	es.stop()


def reset(s):
	"""Ends it with RST."""
	s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	s.close()


def test_ends():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		with connect(port) as s:
			s.sendall(message(0, LAYOUT, record(1)) + message(1, record(2)))
			s.shutdown(socket.SHUT_WR)
			ok(is_closed(s), "one that sends no more is closed")
		with connect(port) as s:
			s.sendall(message(0, LAYOUT, record(3)) + message(1, record(4))[:20])
			s.shutdown(socket.SHUT_WR)
			ok(is_closed(s), "so is one that ends in the middle of a message")
		s = connect(port)
		s.sendall(message(0, LAYOUT, record(5)) + message(1, record(6))[:3])
		flows(es, 4)
		reset(s)
		net.wait_for(lambda: efd.metric("efd_tcp_connections") == 0, "the reset")
		same(octets(es.lines(FLOWS)), [1, 2, 3, 5], "what was whole is decoded")
		same([efd.metric(f"efd_tcp_{m}_total") for m in ("cut", "broken", "accepted")], [2, 0, 3], "the two that were cut are counted")
		log = efd.log_text()
		ok("the connection of 127.0.0.1 ended in the middle of a message: 20 of its 32 bytes came" in log and "message: 3 bytes of it came" in log,
			"and told", log)
	es.stop()


def test_nonsense():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		for n, (junk, says) in enumerate(((struct.pack("!HHIIII", 9, 0, 1, 2, 3, 4), "a message of version 9 is none"),
				(struct.pack("!HH", 10, 15), "a message of 15 bytes cannot be"), (b"\x16\x03\x01", "a message of version 5635 is none"))):
			with connect(port) as s:
				s.sendall(message(0, LAYOUT, record(n)) + junk + message(1, record(100 + n)))
				ok(is_closed(s), f"closed: {says}")
			ok(says in efd.log_text(), "and the log says why", efd.log_text())
		flows(es, 3)
		same(octets(es.lines(FLOWS)), [0, 1, 2], "messages before it count, those behind it do not")
		same([efd.metric(f"efd_tcp_{m}_total") for m in ("cut", "broken")], [0, 3], "each is counted once")
	es.stop()


def test_domains_alternate():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd, connect(port) as s:
		for d in range(20):
			s.sendall(message(0, TURNED if d % 2 else LAYOUT, domain=d))
		for i in range(10):
			for d in range(20):
				s.sendall(message(i, (turned if d % 2 else record)(100 * d + i), domain=d) + message(i + 1, domain=d) * 3)
		flows(es, 200)
		same(sorted((f["flow"]["domain"], f["ie"]["octetDeltaCount"], f["ie"]["sourceIPv4Address"]) for f in es.lines(FLOWS)),
			[(d, 100 * d + i, "10.0.0.1") for d in range(20) for i in range(10)], "each domain of a connection has its templates")
		same([efd.metric(f"efd_decode_{m}_total") for m in ("duplicates", "lost", "reordered")], [0] * 3,
			"empty messages, the same three times, are sent to keep the connection alive: none came twice")
	es.stop()


def test_options_alone():
	"""A connection that sends options and nothing else, beside one with flows, of another domain."""
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd, connect(port) as options, connect(port) as s:
		options.sendall(message(0, template(301, INTERFACE, NAME, scopes=1), (301, struct.pack("!I", 5) + b"eth5")))
		net.wait_for(lambda: efd.metric("efd_decode_options_records_total") == 1, "options")
		s.sendall(message(0, template(300, SOURCE, INTERFACE, OCTETS), (300, A + struct.pack("!II", 5, 1)), domain=9))
		flows(es, 1)
		same(es.lines(FLOWS)[0]["options"], {"ingress": {"name": "eth5"}}, "its names are those of the exporter")
	es.stop()


def test_same_port_at_once():
	es, port, source = FakeEs(), net.free_port(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		for i in range(6):
			s = socket.socket()
			s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
			s.bind(("127.0.0.1", source))
			s.connect(("127.0.0.1", port))
			layout, data = (TURNED, turned) if i % 2 else (LAYOUT, record)
			s.sendall(message(0, data(10 * i)) + message(1, layout) + message(1, data(10 * i + 1)))
			flows(es, 2 * i + 2)
			reset(s)
		same(flows(es, 12), sorted((10 * i + n, "10.0.0.1", [] if n else ["held"]) for i in range(6) for n in (0, 1)),
			"the next connection from the same port has nothing of the one before")
		net.wait_for(lambda: efd.metric("efd_decode_sessions") == 0, "the end of the last one")
	es.stop()


def test_mapped_address():
	"""A socket for both families: an IPv4 exporter has one address, however it is written."""
	es, port = FakeEs(), net.free_port()
	try:
		socket.create_server(("::1", 0), family=socket.AF_INET6).close()
	except OSError:
		return skip("IPv4 at a socket of IPv6", "there is no IPv6 here")
	with Efd(es.url, tcp_listen=f"[::]:{port}") as efd:
		with connect(port) as one, socket.create_connection(("::1", port)) as six, socket.create_connection(("::ffff:127.0.0.1", port)) as mapped:
			for n, s in enumerate((one, six, mapped)):
				s.sendall(message(0, LAYOUT, record(n)))
			flows(es, 3)
		same(sorted(f["flow"]["exporter"] for f in es.lines(FLOWS)), ["127.0.0.1", "127.0.0.1", "::1"], "the exporters' addresses")
		net.wait_for(lambda: efd.metric("efd_decode_exporters") == 2, "two of them")
	es.stop()


def test_ceiling():
	"""Those over tcp.connections are refused; with the end of one there is room again, and nothing of the refused is there."""
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}", tcp_connections=3) as efd:
		inside = [connect(port) for _ in range(3)]
		for n, s in enumerate(inside):
			s.sendall(message(0, LAYOUT, record(n)))
		flows(es, 3)
		with connect(port) as s:
			ok(is_closed(s), "the fourth is refused")
		inside[0].close()
		net.wait_for(lambda: efd.metric("efd_tcp_connections") == 2, "one that ends")
		with connect(port) as s:
			s.sendall(message(0, LAYOUT, record(3)))
			flows(es, 4)
			net.wait_for(lambda: efd.metric("efd_decode_sessions") == efd.metric("efd_decode_templates") == 3, "three sessions")
		same([efd.metric(f"efd_tcp_{m}_total") for m in ("accepted", "refused", "displaced", "crowded")], [4, 1, 0, 0], "all are counted")
		for s in inside:
			s.close()
	es.stop()


def test_withdrawal_of_all():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd, connect(port) as s, connect(port) as other:
		other.sendall(message(0, LAYOUT))
		s.sendall(message(0, LAYOUT, template(301, INTERFACE, NAME, scopes=1)))
		s.sendall(message(0, (3, struct.pack("!HH", 3, 0))) + message(0, record(1)) + message(1, (2, struct.pack("!HH", 2, 0))) + message(1, record(2)))
		net.wait_for(lambda: efd.metric("efd_decode_held_now") == 1, "data whose template was withdrawn")
		other.sendall(message(0, record(3)))
		same(flows(es, 2), [(1, "10.0.0.1", []), (3, "10.0.0.1", [])], "all templates of one connection and kind are withdrawn, no others")
		same([efd.metric("efd_decode_templates"), efd.metric("efd_decode_restarts_total")], [1, 0], "that of the other connection is left")
	es.stop()


def test_room_for_others():
	"""Templates that had to make room do not come again to their connection: it is closed, and the exporter starts anew."""
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}", decode_max_exporters=4, udp_workers=1) as efd:
		with connect(port) as s:
			s.sendall(message(0, LAYOUT))
			net.wait_for(lambda: efd.metric("efd_decode_templates") == 1, "the template")
			for d in range(8):
				with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
					udp.bind((f"127.0.0.{20 + d}", 0))
					udp.sendto(message(0, LAYOUT, record(100 + d), domain=d), ("127.0.0.1", efd.port))
			flows(es, 8)
			s.sendall(message(0, record(1)))
			ok(is_closed(s), "a connection whose templates had to make room is closed")
		ok("so that its templates come again" in efd.log_text(), "and the log says why", efd.log_text())
		with connect(port) as s:
			s.sendall(message(0, LAYOUT, record(2)))
			same(2 in octets(es.lines(FLOWS)) or bool(flows(es, 9)), True, "and goes on with the next one")
	es.stop()


def test_stop():
	"""What the kernel took for efd is efd's to deliver, connections that nobody has accepted yet included."""
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}") as efd:
		efd.process.send_signal(signal.SIGSTOP)
		all_ = [connect(port) for _ in range(50)]
		for n, s in enumerate(all_):
			s.sendall(message(0, LAYOUT, record(n)))
		efd.process.send_signal(signal.SIGTERM)
		efd.process.send_signal(signal.SIGCONT)
		efd.process.wait(60)
		same(octets(es.lines(FLOWS)), list(range(50)), "messages of 50 connections that were there before the stop")
		for s in all_:
			s.close()
	es.stop()


run_all(test_pieces, test_reconnect, test_two_at_once, test_names_outlive_a_connection, test_restart_of_efd, test_many_connections, test_ends, test_nonsense,
	test_domains_alternate, test_options_alone, test_same_port_at_once, test_mapped_address, test_ceiling, test_withdrawal_of_all, test_room_for_others, test_stop)
