#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A wall clock that is set back by an hour, and by years, while efd runs: nothing that it does after a while stops. The clock is clock.c's."""
import calendar
import os
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import EFD, Efd, net, octets, run_all  # noqa: E402
from tap import ok, same, skip_all  # noqa: E402

CLOCK = os.path.join(os.path.dirname(EFD), "tests", "fault", "clock.so")
FLOWS, EXPORTERS = "logs-flow-default", "metrics-flow.exporters-default"
BATCH = dict(decode_exporter_interval="1s", spool_sync="second", spool_when="always")


class Clock:
	"""The file that says how far the clock of efd is off."""

	def __init__(self, path):
		self.path = path
		with open(path, "wb") as f:
			f.write(bytes(4096))
		os.environ.update(CLOCK_FILE=path, LD_PRELOAD=CLOCK)

	def step(self, seconds):
		with open(self.path, "r+b") as f:
			f.write(struct.pack("=q", seconds))

	def close(self):
		del os.environ["CLOCK_FILE"], os.environ["LD_PRELOAD"]
		os.unlink(self.path)


def goes_on(efd, es, name):
	"""All that is done after a while is done within seconds."""
	lines, flows = len(es.lines(EXPORTERS)), len(es.lines(FLOWS))
	efd.send(30)
	net.wait_for(lambda: len(es.lines(FLOWS)) == flows + 30, f"{name}: records", 20)
	same(octets(es.lines(FLOWS)), list(range(efd.sent)), f"{name}: batches are closed and sent")
	ok(net.wait_for(lambda: len(es.lines(EXPORTERS)) > lines + 2, f"{name}: exporters' lines", 20), f"{name}: exporters have their lines")
	es.script = [fake_es.status(503), fake_es.status(429)]
	efd.send(30)
	net.wait_for(lambda: len(es.lines(FLOWS)) == flows + 60, f"{name}: records after a retry", 20)
	ok(not es.script, f"{name}: what failed is tried again")
	same(efd.get("/readyz"), (200, "ok\n"), f"{name}: efd is ready")


def test_back():
	for name, seconds in (("an hour", -3600), ("six years", -6 * 365 * 86400)):
		es = FakeEs()
		clock = Clock(f"/tmp/efd-test-clock-{os.getpid()}")
		try:
			with Efd(es.url, **BATCH) as efd:
				goes_on(efd, es, "before")
				clock.step(seconds)
				goes_on(efd, es, f"{name} back")
				told = es.lines(EXPORTERS)[-1]["@timestamp"]
				told = calendar.timegm(time.strptime(told[:19], "%Y-%m-%dT%H:%M:%S"))
				ok(abs(told - time.time() - seconds) < 60, f"{name} back: that is the clock that efd has", told)
				same(efd.stop(), 0, f"{name} back: it stops with nothing lost")
		finally:
			clock.close()
			es.stop()


if not os.path.exists(CLOCK) or os.environ.get("SANITIZE"):
	skip_all("no clock.so (make check builds it), or a sanitizer, which wants to be loaded first")
run_all(test_back)
