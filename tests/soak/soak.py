#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Floods, then a long load with a server that comes and goes: nothing is lost, nothing grows.

usage: soak.py [SECONDS]   (1800)
The flood programs come from tests/soak/flood.c; `make soak T=60` builds them and runs this for a minute."""
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fault"))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net  # noqa: E402
from tap import done, note, ok, same  # noqa: E402

FLOOD = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "tests", "soak", "flood")
SAMPLES = 60


class Counting(FakeEs):
	"""Keeps one bit a record in place of the documents."""

	def __init__(self, *args):
		self.seen, self.stored, self.twice = bytearray(1 << 20), 0, 0
		super().__init__(*args)

	def store_item(self, action, line):
		at = line.find('"octetDeltaCount":')
		if at < 0:
			return 201, None
		n = int(line[at + 18:line.index(",", at)])
		with self.lock:
			while n // 8 >= len(self.seen):
				self.seen += bytes(len(self.seen))
			if self.seen[n // 8] >> n % 8 & 1:
				if action["create"].get("_id"):
					return 409, {"type": "version_conflict_engine_exception", "reason": ""}
				self.twice += 1
			self.seen[n // 8] |= 1 << n % 8
			self.stored += 1
		return 201, None


def flood():
	es, bad, good = FakeEs(), net.free_udp_port(), net.free_udp_port()
	with Efd(es.url, listen=f"127.0.0.1:{bad},127.0.0.1:{good}") as efd:
		efd.port = good
		efd.send(300)
		net.wait_for(lambda: efd.metric("efd_datagrams_total") == 10, "the first datagrams")
		rss = efd.rss()
		for name, args in (("10,000 templates of each of 100 exporters", ["templates", bad, 10, 100, 10000]),
				("garbage as fast as can be", ["garbage", bad, 10])):
			before = efd.metric("efd_datagrams_total") + efd.metric("efd_kernel_drops_total")
			p = subprocess.Popen([FLOOD, *map(str, args)], stdout=subprocess.PIPE, text=True)
			efd.send(12000, every=0.02)
			said = p.communicate()[0]
			note(f"{name}: {said.strip()}")
			sent = int(said.split()[0]) + 400
			net.wait_for(lambda: efd.metric("efd_datagrams_total") + efd.metric("efd_kernel_drops_total") >= before + sent,
				"all datagrams", 30)
			same(efd.metric("efd_datagrams_total") + efd.metric("efd_kernel_drops_total") - before, float(sent),
				f"{name}: every datagram is received or counted as dropped by the kernel")
		net.wait_for(lambda: len(es.docs) >= efd.sent, "the good exporter's records")
		same(len(es.docs), efd.sent, "the exporter beside it loses nothing")
		note(f"resident: {rss >> 20} MiB before, {efd.rss() >> 20} MiB after; "
			f"decoder state {efd.metric('efd_decode_memory_bytes') / 1048576:.1f} MiB")
		ok(efd.rss() < 128 << 20, "memory is bounded")
		same(efd.stop(), 0, "stop")
	es.stop()


def soak(seconds):
	rng = random.Random(1)
	es = Counting()
	steps = [fake_es.reset(True), fake_es.reset(False), fake_es.half_reply, fake_es.status(503), fake_es.status(429),
		fake_es.slow(1), fake_es.items(lambda n, line: (429, "busy", "queue") if n % 5 == 0 else None)]
	with Efd(es.url, elasticsearch_timeout="5s") as efd:
		def files():
			return len(os.listdir(f"/proc/{efd.process.pid}/fd"))
		rss, fds = [], []
		end = time.monotonic() + seconds
		for _ in range(SAMPLES):
			until = time.monotonic() + seconds / SAMPLES
			while time.monotonic() < min(until, end):
				efd.send(600, every=0.004)
				if len(es.script) < 10 and rng.random() < 0.05:
					es.script += [rng.choice(steps) for _ in range(rng.randrange(6))]
				if not es.script and rng.random() < 0.01: # gone for a while
					es.script += [fake_es.status(503)] * 6
			rss.append(efd.rss())
			fds.append(files())
		es.script = []
		try:
			net.wait_for(lambda: es.stored >= efd.sent and efd.metric("efd_spool_files") == 0, "all records", 120 + seconds / 4)
		except TimeoutError as e:
			note(f"{e}: {es.stored} of {efd.sent}; {efd.metric('efd_spool_records'):.0f} in the spool, "
				f"{efd.metric('efd_kernel_drops_total'):.0f} datagrams dropped by the kernel; {efd.get('/readyz')[1]}")
		third = rss[SAMPLES // 3]
		note(f"{efd.sent} records; resident MiB: " + " ".join(f"{n >> 20}" for n in rss[::6]))
		same((es.stored, es.twice), (efd.sent, 0), "every record is stored once")
		ok(max(rss[SAMPLES // 3:]) < third * 1.15 + (4 << 20), "resident memory is flat")
		ok(max(fds[SAMPLES // 3:]) <= max(fds[:SAMPLES // 3]) + 2, "so are descriptors", fds)
		same(efd.stop(), 0, "stop")
	es.stop()


flood()
soak(float(sys.argv[1]) if len(sys.argv) > 1 else 1800)
done()
