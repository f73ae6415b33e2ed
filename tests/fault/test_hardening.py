#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What efd may still do while it runs, how much of their stacks its threads use, bad settings at a start and at a reload."""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs  # noqa: E402
from harness import EFD, HERE, WITHOUT, Efd, net, run_all  # noqa: E402
from tap import note, ok, same, skip  # noqa: E402


EFCTL = os.path.join(os.path.dirname(EFD), "efctl")


def status(pid):
	with open(f"/proc/{pid}/status") as f:
		return dict(line.split(":", 1) for line in f.read().splitlines())


def stack_size():
	"""Typed once, in the header."""
	with open(os.path.join(HERE, "..", "..", "common", "thread.h")) as f:
		kib = re.search(r"#define THREAD_STACK \((\d+)u << 10\)", f.read())[1]
	return int(kib) * 1024


def stack_pointer(pid, task):
	"""None while the thread runs: the file says "running" then, and no address."""
	with open(f"/proc/{pid}/task/{task}/syscall") as f:
		words = f.read().split()
	return int(words[-2], 16) if len(words) > 1 else None


def stacks(pid):
	"""Bytes of each thread's stack that were ever touched: the kernel gives a page at its first use. By thread name; the
	stack is the mapping that the thread's stack pointer is in, which the kernel tells of a thread that sleeps."""
	maps, found = [], []
	with open(f"/proc/{pid}/smaps") as f:
		for line in f:
			head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
			if head:
				maps.append([int(head[1], 16), int(head[2], 16), 0])
			elif line.startswith("Rss:"):
				maps[-1][2] = int(line.split()[1]) * 1024
	for task in os.listdir(f"/proc/{pid}/task"):
		if task == str(pid):
			continue
		with open(f"/proc/{pid}/task/{task}/comm") as name:
			comm = name.read().strip()
		at = net.wait_for(lambda task=task: stack_pointer(pid, task), f"{comm} to sleep")
		found += [(comm, high - low, touched) for low, high, touched in maps if low <= at < high]
	return found


def certificate(folder):
	key, pem = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
	subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-keyout", key, "-out", pem, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
		check=True, capture_output=True)
	return pem, key


def templates(seq):
	"""A NetFlow 9 template of 1,000 elements, each datagram's another one: compiling is the most that a worker does."""
	specs = b"".join(struct.pack("!HH", 40000 + (seq * 7 + i) % 20000, 1) for i in range(1000))
	body = struct.pack("!HH", 256 + seq, 1000) + specs
	return struct.pack("!HHIIII", 9, 1, 3600000, 1700000000, seq, 7) + struct.pack("!HH", 0, 4 + len(body)) + body


def test_running():
	with tempfile.TemporaryDirectory() as folder:
		pem, key = certificate(folder)
		es = FakeEs(certificate=(pem, key))
		url = es.url.replace("127.0.0.1", "localhost")
		with Efd(url, ca_file=pem, udp_workers=2, tcp_listen=f"127.0.0.1:{net.free_port()}") as efd:
			efd.send(300)
			with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
				for seq in range(20):
					s.sendto(templates(seq), ("127.0.0.1", efd.port))
				s.sendto(b"\x00\x63garbage", ("127.0.0.1", efd.port))
			net.wait_for(lambda: len(es.docs) >= 300, "all records")
			net.wait_for(lambda: efd.metric("efd_decode_templates") == 20, "the templates")
			now, pid = status(efd.process.pid), efd.process.pid
			same(now["NoNewPrivs"].strip(), "1", "no new privileges")
			if "no seccomp" in efd.log_text() or WITHOUT:
				skip("system calls are filtered", "this build has no libseccomp, or a sanitizer")
			else:
				same(now["Seccomp"].strip(), "2", "system calls are filtered")
			used = stacks(pid)
			names = {name.rstrip(" 0123456789") for name, _, _ in used}
			note(", ".join(f"{name} {touched // 1024} KiB" for name, _, touched in sorted(used)))
			ok({"worker", "packer", "sender", "MHD-single"} <= names, "the stacks of all threads are found", used)
			# the C library's guard page may be part of the mapping; a sanitizer's threads have their own
			size = stack_size()
			others = [u for u in used if not size <= u[1] <= size + 65536]
			if not WITHOUT:
				same(others, [], "each thread has a stack of the size that we say")
				ok(max(touched for _, _, touched in used) <= size / 2, "no thread used more than half of its stack", used)
		es.stop()


def test_reload():
	es, state = FakeEs(), tempfile.mkdtemp(prefix="efd-test-")
	path = os.path.join(state, "efd.yml")

	def write(text):
		with open(path, "w") as f:
			f.write(text)

	def reload(efd, said, times):
		efd.process.send_signal(signal.SIGHUP)
		net.wait_for(lambda: efd.log_text().count(said) == times, f"'{said}'")
		return efd.metric("efd_config_last_reload_successful")

	def rejects(text):
		"""--check-config, which the unit runs before the signal."""
		write(text)
		return subprocess.run([EFD, "-c", path, "--check-config"], capture_output=True, text=True).returncode

	def doctor(efd, *args):
		"""What it says of efd; the cluster does not matter here, and is not there."""
		r = subprocess.run([EFCTL, "doctor", "--url", "http://127.0.0.1:1", *args], capture_output=True, text=True)
		return [line.split()[0] for line in r.stdout.splitlines() if "efd" in line]

	# five refusals: the log holds back more of the same kind
	good = "log:\n  level: info\n"
	write(good)
	try:
		with Efd(es.url, state=state, config=path) as efd:
			same(efd.metric("efd_config_last_reload_successful"), 1.0, "settings of the start are good")
			began = efd.metric("efd_config_last_reload_success_timestamp_seconds")
			ok(began > 1.7e9, "and have a time", began)
			for n, (name, text, code) in enumerate((
					("bad syntax", "log: [\n", 2), ("an unknown option", "lgo:\n  level: info\n", 2),
					("a bad address", "tcp:\n  listen: [localhost:1]\n", 2),
					("a key file that is not there", "elasticsearch:\n  api_key_file: /no/such/key\n", 1),
					("a table that is not there", "decode:\n  elements: [/no/such/table.csv]\n", 1)), 1):
				same(rejects(text), code, f"--check-config, {name}: exit code {code}")
				same(reload(efd, "old settings", n), 0.0, f"a reload with {name} is refused, and /metrics says so")
				efd.send(30)
				net.wait_for(lambda n=n: len(es.docs) == 30 * n, "the records")
			url = f"http://127.0.0.1:{efd.metrics}"
			same(doctor(efd, "--efd-url", url), ["problem"], "doctor finds efd with old settings")
			same(efd.metric("efd_config_last_reload_success_timestamp_seconds"), began, "the time is that of the good ones")
			same(rejects(good), 0, "--check-config takes the good ones")
			same(reload(efd, "read again", 1), 1.0, "a reload with good ones")
			ok(efd.metric("efd_config_last_reload_success_timestamp_seconds") >= began, "has a new time")
			same(doctor(efd, "--efd-url", url), ["ok"], "doctor is content then")
			same(doctor(efd, "--efd-url", es.url), ["problem"], "and says when no efd answers")
			same(efd.stop(), 0, "efd worked on all the time")
	finally:
		shutil.rmtree(state)
		es.stop()


def test_many_reloads():
	"""Settings of a reload are given back at the next one: a thousand of them are not a thousand copies, and none is the last."""
	es, state = FakeEs(), tempfile.mkdtemp(prefix="efd-test-")
	path = os.path.join(state, "efd.yml")
	many = ", ".join(f"10.{i // 250}.{i % 250}.0/24" for i in range(1000))

	def write(allow):
		with open(path, "w") as f:
			f.write(f"udp:\n  allow: [{allow}]\n")

	def reload(efd):
		"""Each signal by itself: two that wait are one."""
		efd.process.send_signal(signal.SIGHUP)
		net.wait_for(lambda: not int(status(efd.process.pid)["ShdPnd"], 16) & 1, "the signal to be taken", every=0.002)

	def resident(efd):
		return int(status(efd.process.pid)["VmRSS"].split()[0])
	write(f"127.0.0.1/32, {many}")
	try:
		with Efd(es.url, state=state, config=path) as efd:
			for _ in range(100):
				reload(efd)
			efd.send(30)
			net.wait_for(lambda: len(es.docs) == 30, "the records")
			before = resident(efd)
			for _ in range(1000):
				reload(efd)
			efd.send(30)
			net.wait_for(lambda: len(es.docs) == 60, "the records")
			if not WITHOUT:	# the allow-list alone would be 17 MB
				ok(resident(efd) < before + 4096, "1,000 reloads do not grow efd by 4 MiB", f"{before} KiB, then {resident(efd)}")
			same(efd.metric("efd_config_last_reload_successful"), 1.0, "the 1,100th is taken, too")
			write("192.0.2.0/24")
			reload(efd)
			def refused():
				efd.send(1)
				return efd.metric("efd_not_allowed_total") > 0
			ok(net.wait_for(refused, "the new list", seconds=10), "and one more has its effect")
			same(efd.stop(), 0, "efd stops well")
	finally:
		shutil.rmtree(state)
		es.stop()


def test_exit_codes():
	"""1: what may be there later, so that systemd tries again; 2: what no waiting cures."""
	busy, taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_STREAM)
	with busy, taken, tempfile.TemporaryDirectory() as folder:
		busy.bind(("127.0.0.1", 0))
		taken.bind(("127.0.0.1", 0))
		taken.listen()
		port, tcp = busy.getsockname()[1], taken.getsockname()[1]
		for args, code in (
				(["--listen", f"127.0.0.1:{port}"], 1),
				(["--listen", "192.0.2.77:2055"], 1),
				(["--listen", "[fe80::1%nosuch0]:2055"], 1),
				(["--tcp-listen", f"127.0.0.1:{tcp}"], 1),
				(["--metrics-listen", f"127.0.0.1:{tcp}"], 1),
				(["--output", "/no/such/dir/file"], 1),
				(["--state-dir", "/proc/x"], 1),
				(["--output", "elasticsearch", "--spool-dir", "/proc/x"], 1),
				(["--api-key-file", "/no/such/key"], 1),
				(["--api-key-file", "/dev/null"], 1), # nobody wrote it yet
				(["--decode-elements", "/no/such/table.csv"], 1),
				(["-c", "/no/such/file.yml"], 1),
				(["--listen", "127.0.0.1:99999"], 2),
				(["--metrics-listen", "127.0.0.1:no"], 2),
				(["--tee-to", "somewhere"], 2),
				(["--url", "ftp://x"], 2),
				(["--no-such-option"], 2)):
			base = ["--output", os.path.join(folder, "out")] if "--output" not in args else []
			if "--listen" not in args:
				base += ["--listen", f"127.0.0.1:{net.free_udp_port()}"]
			p = subprocess.run([EFD, *base, *args], capture_output=True, text=True, timeout=20)
			same(p.returncode, code, f"{' '.join(args)}: exit code {code}")
			ok(len(p.stderr.splitlines()) >= 1, "and says why", p.stderr)


run_all(test_running, test_reload, test_many_reloads, test_exit_codes)
