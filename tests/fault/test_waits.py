#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing that is opened is waited for: a FIFO or a device in the place of a file, at a start, while efd runs, and for efctl."""
import os
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs  # noqa: E402
from harness import EFD, Efd, datagram, net, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

EFCTL = os.path.join(os.path.dirname(EFD), "efctl")
PATIENCE = 30 # seconds; who waits for a FIFO waits for ever
KEY = "a2V5OmtleQ==\n"


def run(program, *args, **env):
	"""(exit code, all that was said); "" where it had to be killed."""
	try:
		r = subprocess.run([program, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **env})
	except subprocess.TimeoutExpired:
		return "it waits", ""
	return r.returncode, r.stdout + r.stderr


def fifo(folder, name):
	path = os.path.join(folder, name)
	os.mkfifo(path, 0o600)
	return path


def write(path, text):
	with open(path, "w") as f:
		f.write(text)
	os.chmod(path, 0o600)


def ends(efd, name):
	"""SIGTERM ends it, however it got there."""
	try:
		same(efd.stop(seconds=PATIENCE), 0, f"{name}: SIGTERM ends it")
	except subprocess.TimeoutExpired:
		ok(False, f"{name}: SIGTERM ends it", "it goes on")
		efd.kill()


OPTIONS = ("--config", "--api-key-file", "--password-file", "--decode-elements", "--ca-file", "--elasticsearch-client-cert",
	"--elasticsearch-client-key", "--output")


def test_named():
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		path, cert = fifo(d, "fifo"), os.path.join(d, "cert.pem")
		subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
			"-subj", "/CN=x", "-keyout", cert, "-out", os.path.join(d, "only.pem")], check=True, capture_output=True)
		with open(cert, "a") as f, open(os.path.join(d, "only.pem")) as only:
			f.write(only.read())
		os.chmod(cert, 0o600)
		for option in OPTIONS:
			for kind, where in (("FIFO", path), ("device", "/dev/zero")):
				more = ["--elasticsearch-client-key", cert] if option.endswith("cert") else ["--elasticsearch-client-cert", cert] if option.endswith("key") else []
				args = [*more, option, where, "--listen", f"127.0.0.1:{net.free_udp_port()}", "--metrics-listen", "", "--user", "u", "--url", "http://127.0.0.1:1"]
				for how in ["--check-config"], []:
					code, said = run(EFD, *args, *how)
					ok(code == 2 and where in said and kind in said, f"efd {option} of a {kind} {' '.join(how)}: refused by its name", (code, said))
				if option in ("--decode-elements", "--output"):
					continue
				code, said = run(EFCTL, "status", *more, option, where, "--user", "u", "--url", "http://127.0.0.1:1")
				ok(code == 2 and where in said and kind in said, f"efctl {option} of a {kind}: refused by its name", (code, said))
		code, said = run(EFCTL, "dictionaries", "import", "hosts", path)
		ok(code == 2 and path in said, "efctl dictionaries import of a FIFO: refused by its name", (code, said))
		code, said = run(EFCTL, "dictionaries", "import", "mmdb", "--field", "country=country.iso_code", path)
		ok(code == 2 and path in said, "efctl dictionaries import of a FIFO as MMDB: refused by its name", (code, said))
		code, said = run(EFD, "--config", "/dev/null", "--check-config", "--listen", "127.0.0.1:0")
		ok(code == 0, "/dev/null is an empty file", (code, said))


def test_state():
	"""A start goes on without what is no state, and puts one there."""
	es = FakeEs()
	for name, make, own in (("FIFO", os.mkfifo, True), ("link", lambda p: os.symlink("/dev/zero", p), True), ("folder", os.mkdir, True),
			("FIFO of other workers", os.mkfifo, False)):
		with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
			path = os.path.join(d, "decoder-1-of-1.state" if own else "decoder-1-of-2.state")
			make(path)
			code, said = run(EFD, "--check-config", "--state-dir", d, "--udp-workers", "1", "--listen", "127.0.0.1:0")
			ok(code == 0 and (path in said) == own, f"a {name} as state: --check-config names it", (code, said))
			with Efd(es.url, state=d, udp_workers=1) as efd:
				ok((path in efd.log_text()) == own, f"a {name} as state: efd starts, and names it", efd.log_text())
				ends(efd, f"a {name} as state")
				ok(not own or name == "folder" or os.path.isfile(path) and not os.path.islink(path), f"a {name} as state: a file is put in its place")
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		victim = os.path.join(d, "victim")
		write(victim, "mine")
		os.symlink(victim, os.path.join(d, "decoder-1-of-1.state.new"))
		with Efd(es.url, state=d, udp_workers=1) as efd:
			ends(efd, "a link as new state")
		ok(open(victim).read() == "mine" and os.path.isfile(os.path.join(d, "decoder-1-of-1.state")), "a link as new state: nothing is written through it")
		os.mkfifo(os.path.join(d, "decoder-1-of-1.state.new"))
		with Efd(es.url, state=d, udp_workers=1) as efd:
			ends(efd, "a FIFO as new state")
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		path = os.path.join(d, "decoder-1-of-1.state")
		with open(path, "wb") as f:
			f.truncate(20 << 30)
		with Efd(es.url, state=d, udp_workers=1) as efd:
			ok("too large" in efd.log_text() and efd.rss() < 200 << 20, "a state of 20 GB is not read", (efd.rss(), efd.log_text()))
	es.stop()


def test_running():
	"""What becomes a FIFO while efd runs: with SIGHUP the reload is refused, without it nothing changes, and SIGTERM ends it."""
	es = FakeEs()
	for name, text, hup in (("key", KEY, False), ("key", KEY, True), ("elements", "pen,id,name,type\n", True), ("config", "log:\n  level: info\n", True)):
		with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
			path = os.path.join(d, name)
			write(path, text)
			with Efd(es.url, **{{"key": "api-key-file", "elements": "decode-elements", "config": "config"}[name]: path}) as efd:
				net.wait_for(lambda: efd.get("/readyz")[0] == 200, "ready")
				os.unlink(path)
				os.mkfifo(path)
				if hup:
					efd.process.send_signal(signal.SIGHUP)
				net.wait_for(lambda: path + " is no regular file but a FIFO" in efd.log_text(), "word of the FIFO")
				ok(True, f"{name} {'SIGHUP' if hup else ''}: the FIFO is named")
				efd.send(30)
				net.wait_for(lambda: efd.metric("efd_ship_documents_total") >= 30, "records")
				ends(efd, f"{name}, {'SIGHUP' if hup else 'no signal'}")
	es.stop()


def test_ca():
	"""libcurl opens the CA for each connection."""
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		key, ca = os.path.join(d, "key.pem"), os.path.join(d, "ca.pem")
		subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
			"-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", ca], check=True, capture_output=True)
		es = FakeEs(certificate=(ca, key))
		with Efd(es.url, **{"ca-file": ca}) as efd:
			net.wait_for(lambda: efd.get("/readyz")[0] == 200, "ready")
			os.unlink(ca)
			os.mkfifo(ca)
			efd.send(30)
			net.wait_for(lambda: ca + " is no regular file" in efd.log_text(), "word of the FIFO")
			ends(efd, "a CA that becomes a FIFO")
		es.stop()


def test_operands():
	"""A capture may come through a FIFO: it is waited for, as long as nobody says otherwise."""
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		path = fifo(d, "capture")
		for command in ["decode", path], ["replay", "--output", "-", path], ["simulate", path, "--url", "http://127.0.0.1:1"]:
			for number in signal.SIGINT, signal.SIGTERM:
				p = subprocess.Popen([EFCTL, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
				net.wait_for(lambda: p.poll() is not None or open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "S", "it waits")
				p.send_signal(number)
				try:
					same(p.wait(PATIENCE), -number, f"efctl {command[0]} of a FIFO ends on {number.name}")
				except subprocess.TimeoutExpired:
					ok(False, f"efctl {command[0]} of a FIFO ends on {number.name}", "it goes on")
					p.kill()


def test_output():
	"""A pipe whose reader stands still holds no stop; a disk that is full is said."""
	port, metrics = net.free_udp_port(), net.free_port()
	p = subprocess.Popen([EFD, "--output", "-", "--listen", f"127.0.0.1:{port}", "--metrics-listen", str(metrics), "--ship-batch-age", "100ms"],
		stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
	line = p.stderr.readline()
	while "info efd: efd" not in line:
		line = p.stderr.readline()
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		for i in range(300): # more than a pipe holds
			s.sendto(datagram(i * 30, 30), ("127.0.0.1", port))
	p.terminate()
	try:
		same(p.wait(PATIENCE), 1, "standard output that nobody reads: SIGTERM ends it, and what is lost is said")
	except subprocess.TimeoutExpired:
		ok(False, "standard output that nobody reads: SIGTERM ends it", "it goes on")
		p.kill()
	p.communicate()
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		path = os.path.join(d, "out")
		limit = ["prlimit", "--fsize=2000:unlimited"]
		with Efd(None, output=path) as efd:
			subprocess.run([*limit, "--pid", str(efd.process.pid)], check=True)
			efd.send(30)
			net.wait_for(lambda: efd.get("/readyz")[0] == 503, "the full disk")
			ok(path in efd.get("/readyz")[1], "an output that takes nothing: /readyz names it", efd.get("/readyz"))
			subprocess.run(["prlimit", "--fsize=unlimited:unlimited", "--pid", str(efd.process.pid)], check=True)
			net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "room again")
			same(efd.stop(), 0, "and says so when there is room again: nothing is lost")


run_all(test_named, test_state, test_running, test_ca, test_operands, test_output)
