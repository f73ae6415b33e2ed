#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What hostile senders and servers do to a build: the programs of tests/README.md, each with one figure. Run it for two builds, and the table of
docs/work.md is both of them side by side.

usage: tests/bench/floods.py [TREE] [PROGRAM…]     TREE: a built checkout (this one)

The programs are those of ATTACKS (../shared/attacks), which is no part of this repository. Forged senders take root. Times are the
processor's, other work on the machine disturbs them little.
"""
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
ATTACKS = os.path.realpath(os.environ.get("ATTACKS") or os.path.join(ROOT, "..", "shared", "attacks"))
PORT, METRICS, TCP = 25000, 25001, 25010	# the programs know these


class Efd:
	"""One that writes what it decodes to a file."""

	def __init__(self, tree, *options):
		self.folder = tempfile.TemporaryDirectory(prefix="efd-floods-")
		self.out, self.log = (os.path.join(self.folder.name, name) for name in ("out", "log"))
		with open(self.log, "wb") as log:
			self.process = subprocess.Popen([os.path.join(tree, "build", "efd"), "-c", "/dev/null", "-l", f"127.0.0.1:{PORT}", "-o", self.out,
				"--metrics-listen", str(METRICS), "--udp-receive-buffer", "32M", *options], stderr=log, cwd=self.folder.name,
				preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000)))
		for _ in range(100):
			time.sleep(0.1)
			if self.answers("/healthz"):
				return
		raise RuntimeError(self.text(self.log))

	def __enter__(self):
		return self

	def __exit__(self, *exc):
		self.process.kill()
		self.process.wait()
		self.folder.cleanup()

	@staticmethod
	def text(path):
		with open(path, errors="replace") as f:
			return f.read()

	def answers(self, path):
		try:
			with urllib.request.urlopen(f"http://127.0.0.1:{METRICS}{path}", timeout=3) as r:
				return r.status == 200
		except OSError:
			return False

	def cpu(self):
		with open(f"/proc/{self.process.pid}/stat") as f:
			return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

	def settled(self):
		"""Seconds of the processor, once it has nothing to do."""
		before = -1
		while self.cpu() - before > 0.05:
			before = self.cpu()
			time.sleep(1.5)
		return self.cpu()

	def octets(self, sender, first):
		"""How many records of SENDER have FIRST octets or more, and are decoded."""
		time.sleep(1.5)
		lines = self.text(self.out).splitlines()
		return sum(f'"exporter":"{sender}"' in l and int((re.search(r'"octetDeltaCount":(\d+)', l) or [0, 0])[1]) >= first for l in lines)


def program(name, *args, cwd=None):
	r = subprocess.run([sys.executable, os.path.join(ATTACKS, name), *map(str, args)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
	return r.stdout


def message(kind, body):
	s = struct.pack("!HH", kind, 4 + len(body)) + body
	return struct.pack("!HHIII", 10, 16 + len(s), int(time.time()), 0, 1) + s


def sends(sender, octets, count, more=1):
	"""IPFIX: a template of octetDeltaCount and MORE elements, and COUNT records."""
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		s.bind((sender, 0))
		s.sendto(message(2, struct.pack("!4H", 256, 1 + more, 1, 8) + b"".join(struct.pack("!2H", 1000 + i, 1) for i in range(more))), ("127.0.0.1", PORT))
		for _ in range(count):
			s.sendto(message(256, struct.pack("!Q", octets) + bytes(more)), ("127.0.0.1", PORT))
			time.sleep(0.01)


def newcomers(efd, base):
	"""Of ten that come now."""
	for i in range(10):
		sends(f"127.0.0.{base + i}", 1000, 3)
	return sum(efd.octets(f"127.0.0.{base + i}", 1000) > 0 for i in range(10))


def rebind(tree):
	with Efd(tree) as efd:
		before = efd.settled()
		size = re.search(r"attack datagram: (\d+)", program("rebind.py", PORT, 1000, 500))[1]
		return f"{efd.settled() - before:.1f} s of CPU for the templates and a datagram of {size} bytes"


def ampl(tree):
	with tempfile.TemporaryDirectory() as folder:
		os.symlink(os.path.join(tree, "build"), os.path.join(folder, "build"))
		rows = re.findall(r"attack +(\d+) B.* ([\d.]+) MB out", program("ampl.py", cwd=folder))
	size, most = max(rows, key=lambda r: float(r[1]))
	return f"{float(most):.1f} MB of lines for {size} bytes"


def spoof(tree):
	with Efd(tree) as efd:
		program("spoof.py", PORT, 20000, "template")
		efd.settled()
		got_in = newcomers(efd, 100)
		time.sleep(70)	# each has its line of a minute by then
		lines = sum('"exporter":{' in line for line in efd.text(efd.out).splitlines())
		return f"{got_in} of 10 newcomers get in; {lines:,} lines about exporters in a minute"


def fillt(tree):
	with Efd(tree) as efd:
		sends("127.0.0.90", 1000, 3)
		program("fillt.py", PORT, 9)
		efd.settled()
		sends("127.0.0.90", 2000, 10, 1000)
		return f"{efd.octets('127.0.0.90', 2000)} of 10 records of an exporter that defined its template anew, with 1,000 elements"


def tcp1(tree):
	with Efd(tree, "--tcp-listen", f"127.0.0.1:{TCP}") as efd:
		said = program("tcp1.py", "slots", 30)
		held, tries, accepted = (re.search(word + r" (\d+)", said)[1] for word in ("holds", "tries", "accepted"))
		return f"one address holds {held} connections; another gets in {accepted} of {tries} times; {'' if 'onnection' in efd.text(efd.log).split('listening')[-1] else 'not '}logged"


def asked(tree, name, *args, options=(), begun=lambda attack: time.sleep(4)):
	"""How often /healthz and /metrics answer meanwhile."""
	with Efd(tree, *options) as efd:
		attack = subprocess.Popen([sys.executable, "-u", os.path.join(ATTACKS, name), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
		begun(attack)
		n = [sum(efd.answers(path) for _ in range(5)) for path in ("/healthz", "/metrics")]
		attack.kill()
		attack.wait()
		return f"/healthz answers {n[0]} of 5 times, /metrics {n[1]}"


def tcpmany(tree):
	return asked(tree, "tcpmany.py", 1100, 60, options=("--tcp-listen", f"127.0.0.1:{TCP}", "--tcp-connections", "2000"),
		begun=lambda attack: attack.stdout.readline())


def slowhttp(tree):
	return asked(tree, "slowhttp.py", 40, 60)


def many(tree):
	with open(os.path.join(ATTACKS, "many.c")) as f:
		source = f.read()
	if os.path.exists(os.path.join(tree, "forwarder/decode/core/settings.h")):	# what has another name since
		source = source.replace("struct decode_options", "struct decode_settings").replace("decoder_datagram(d,&g,&s)", "decoder_datagram(d,&g,&s,&(struct decode_report){0})")
		source = source.replace('#include "forwarder/decode/decode.h"', '#include "forwarder/decode/decode.h"\n#include "forwarder/decode/tick.h"')
	with tempfile.TemporaryDirectory() as folder:
		path = os.path.join(folder, "many")
		subprocess.run(["gcc", "-O2", "-w", "-D_GNU_SOURCE", f"-I{tree}", f"-I{tree}/build/gen", "-xc", "-", "-xnone", f"{tree}/build/libefdecode.a", f"{tree}/build/libefcommon.a",
			"-lm", "-lpthread", "-ljansson", "-lyaml", "-lcurl", "-lcrypto", "-lz", "-o", path], input=source, text=True, check=True)
		rows = re.findall(r"exporters +(\d+):.*lookup ([\d.]+) us a datagram, tick ([\d.]+) ms", subprocess.run([path], stdout=subprocess.PIPE, text=True).stdout)
	return "; ".join(f"{int(n):,} exporters: {us} µs a datagram, {ms} ms a tick" for n, us, ms in rows)


def scripted(pattern, name, *args):
	def run(tree):
		said = program(name, *args, cwd=tree)
		found = re.findall(pattern, said)
		return "; ".join(" ".join(f) if isinstance(f, tuple) else f for f in found) or said[-300:]
	return run


ALL = {"rebind.py 25000 1000 500": rebind, "ampl.py": ampl, "spoof.py 25000 20000 template": spoof, "fillt.py 25000 9": fillt, "many.c": many, "tcp1.py slots 30": tcp1,
	"tcpmany.py 1100 60": tcpmany, "slowhttp.py 40 60": slowhttp, "hol.py deny": scripted(r"now \((\d+, \d+)\)", "hol.py", "deny"),
	"hol.py shard": scripted(r"now \((\d+, \d+)\)", "hol.py", "shard"), "hol.py r400": scripted(r"stored \d+ of \d+", "hol.py", "r400"),
	"rej.py": scripted(r"lines left in rejects\*: \d+|verdict=\"(?:rejected|lost)\"\} \d+|\d+ records[^;]*spool", "rej.py"), "retry.py": scripted(r"next try in [\d.]+ s", "retry.py"),
	"nulreply.py": scripted(r"stored \d+ failed \d+ of \d+; bulk requests \d+", "nulreply.py")}


def main():
	args = sys.argv[1:]
	tree = os.path.realpath(args.pop(0)) if args and os.path.isdir(args[0]) else ROOT
	if not os.path.isdir(ATTACKS):
		return print(f"no programs at {ATTACKS}: ATTACKS names their folder", file=sys.stderr) or 1
	for name, run in ALL.items():
		if not args or any(name.startswith(a) for a in args):
			print(f"{name:32}{run(tree)}", flush=True)
	return 0


sys.exit(main())
