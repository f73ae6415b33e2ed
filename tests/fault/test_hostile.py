#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile neighbours of efd's sockets: many connections, slow clients of /healthz, and saved state of who may not send."""
import os
import resource
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net, run_all  # noqa: E402
from tap import ok, same, skip  # noqa: E402

CONNECTIONS = 1200


def connect(port, source):
	s = socket.socket()
	s.bind((source, 0))
	s.settimeout(5)
	s.connect(("127.0.0.1", port))
	return s


def test_many_descriptors():
	"""select() ends at descriptor 1,024."""
	soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
	want = 2 * CONNECTIONS + 200
	try:
		resource.setrlimit(resource.RLIMIT_NOFILE, (want, max(want, hard)))
	except (OSError, ValueError):
		skip("health beside many connections", f"at most {hard} open files here")
		return
	es, port, held = FakeEs(), net.free_port(), []
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}", tcp_connections=2 * CONNECTIONS) as efd:
		for i in range(CONNECTIONS):
			held.append(connect(port, f"127.0.0.{40 + i % 100}"))
		net.wait_for(lambda: efd.metric("efd_tcp_connections") == CONNECTIONS, "connections")
		same(efd.get("/healthz"), (200, "ok\n"), "health beside 1,200 connections")
		ok(efd.metric("process_open_fds") > 1100, "metrics, too")
		for s in held:
			s.close()
	es.stop()
	resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_slow_clients():
	"""As many as there are connections, none of which ever ends its request."""
	es, slow = FakeEs(), []
	with Efd(es.url) as efd:
		for _ in range(150):
			try:
				slow.append(connect(efd.metrics, "127.0.0.1"))
				slow[-1].send(b"GET /healthz HTTP/1.1\r\nX: ")
			except OSError:
				pass
		answers = []
		for _ in range(5):
			for s in slow:
				try:
					s.send(b"x")
				except OSError:
					pass
			answers.append(efd.get("/healthz")[0])
			time.sleep(0.2)
		same(answers, [200] * 5, "health beside 150 slow clients")
		for s in slow:
			s.close()
	es.stop()


def test_one_address_and_the_others():
	es, port = FakeEs(), net.free_port()
	with Efd(es.url, tcp_listen=f"127.0.0.1:{port}", tcp_connections=16) as efd:
		held = [connect(port, "127.0.0.66") for _ in range(16)]
		net.wait_for(lambda: efd.metric("efd_tcp_connections") == 16, "connections")
		good = connect(port, "127.0.0.31")
		good.sendall(struct.pack("!HHIII", 10, 16, int(time.time()), 0, 1))
		net.wait_for(lambda: efd.metric("efd_tcp_messages_total") == 1, "the message of another address")
		same(efd.metric("efd_tcp_crowded_total"), 1, "one of the address with the most made room")
		ok("127.0.0.66 has 16 of the 16 connections" in efd.log_text(), "the log names it", efd.log_text())
		for s in (*held, good):
			s.close()
	es.stop()


def template_from(port, source):
	body = struct.pack("!HHHHHH", 2, 12, 256, 1, 8, 4)
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		s.bind((source, 0))
		s.sendto(struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), 0, 1) + body, ("127.0.0.1", port))


def test_allow_holds_for_saved_state():
	es = FakeEs()
	with Efd(es.url) as efd:
		template_from(efd.port, "127.0.0.2")
		template_from(efd.port, "127.0.0.3")
		net.wait_for(lambda: efd.metric("efd_decode_templates") == 2, "two templates")
		efd.stop()
		efd.options["udp-allow"] = "127.0.0.2/32"
		efd.start()
		net.wait_for(lambda: efd.metric("efd_decode_exporters") > 0, "the saved state")
		same(efd.metric("efd_decode_exporters"), 1, "only who may send is loaded")
	es.stop()


run_all(test_many_descriptors, test_slow_clients, test_one_address_and_the_others, test_allow_holds_for_saved_state)
