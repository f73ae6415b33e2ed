# SPDX-License-Identifier: Apache-2.0
"""Runs efd against a server of the test's choice and feeds it NetFlow 5 records that can be told apart."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import blind  # noqa: E402
import net  # noqa: E402
import tap  # noqa: E402

blind.become()

EFD = os.environ.get("EFD") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efd")
PER_DATAGRAM = 30
# the leak sanitizer looks at the program with ptrace, which the filter refuses; it and coverage report when a program ends
WITHOUT = {"no-seccomp": True} if os.environ.get("SANITIZE") else {}


def datagram(first, count, now=None):
	"""NetFlow 5: `count` records whose octets are first, first + 1, … (so each is one of a kind)."""
	now = now or time.time()
	head = struct.pack("!HHIIIIBBH", 5, count, 3600000, int(now), int(now % 1 * 1e9), first, 1, 2, 0)
	records = b"".join(
		struct.pack("!IIIHHIIIIHHBBBBHHBBH", 0x0a000000 | (first + i) & 0xffff, 0xc0000201, 0, 1, 2, 1, first + i,
			3599000, 3599999, 1024 + i, 443, 0, 0x1b, 6, 0, 0, 0, 24, 24, 0)
		for i in range(count))
	return head + records


class Efd:
	"""One efd with a state directory of its own; options are flags without the leading dashes."""

	def __init__(self, url, state=None, **options):
		self.state = state or tempfile.mkdtemp(prefix="efd-test-")
		self.owned = state is None
		self.port, self.metrics = net.free_udp_port(), net.free_port()
		self.sent = 0
		self.options = {"url": url, "listen": f"127.0.0.1:{self.port}", "state-dir": self.state,
			"metrics-listen": str(self.metrics), **WITHOUT, "ship-batch-age": "100ms", "udp-receive-buffer": "4M", **options}
		self.log = open(os.path.join(self.state, "efd.log"), "ab")
		self.start()

	def start(self):
		args = [EFD]
		for name, value in self.options.items():
			if value is None:
				continue
			args.append("--" + name.replace("_", "-") + ("" if value is True else f"={value}"))
		self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
		net.wait_for(self.ready, "efd", 20, 0.02)

	def ready(self):
		if self.process.poll() is not None:
			raise RuntimeError(f"efd ended with {self.process.returncode}:\n{self.log_text()}")
		return "UDP" in self.log_text() and self.get("/healthz")[0] == 200

	def get(self, path):
		try:
			with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}{path}", timeout=5) as r:
				return r.status, r.read().decode()
		except urllib.error.HTTPError as e:
			return e.code, e.read().decode()
		except OSError:
			return 0, ""

	def metric(self, name):
		"""The sum over all label values."""
		total = 0.0
		for line in self.get("/metrics")[1].splitlines():
			if line.startswith(name + " ") or line.startswith(name + "{"):
				total += float(line.rsplit(" ", 1)[1])
		return total

	def send(self, records, every=0.0):
		"""Sends `records` records; `every` seconds between datagrams."""
		with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
			end = self.sent + records
			while self.sent < end:
				n = min(PER_DATAGRAM, end - self.sent)
				s.sendto(datagram(self.sent, n), ("127.0.0.1", self.port))
				self.sent += n
				if every or self.sent // PER_DATAGRAM % 50 == 0:
					time.sleep(every or 0.002)

	def stop(self, how=signal.SIGTERM, seconds=60):
		self.process.send_signal(how)
		return self.process.wait(seconds)

	def kill(self):
		self.process.kill()
		self.process.wait()

	def log_text(self):
		with open(os.path.join(self.state, "efd.log"), errors="replace") as f:
			return f.read()

	def rss(self):
		"""Resident bytes."""
		with open(f"/proc/{self.process.pid}/statm") as f:
			return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

	def clean(self):
		if self.process.poll() is None and WITHOUT:
			self.stop() # leaks are looked for at the end
		elif self.process.poll() is None:
			self.kill()
		found = self.log_text() if "Sanitizer" in self.log_text() else None
		self.log.close()
		if self.owned:
			shutil.rmtree(self.state, ignore_errors=True)
		if found:
			raise RuntimeError(f"a sanitizer has something to say:\n{found}")

	def __enter__(self):
		return self

	def __exit__(self, *exc):
		self.clean()


def octets(lines):
	"""The sorted serial numbers of flow lines."""
	return sorted(line["ie"]["octetDeltaCount"] for line in lines)


def run_all(*tests):
	"""The tests of a file, or those that the command line names. One that cannot go on is a failure, and the next one runs."""
	for test in tests:
		if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
			continue
		tap.note(test.__name__)
		try:
			test()
		except (TimeoutError, RuntimeError, OSError) as e:
			tap.ok(False, test.__name__, e)
	tap.done()
