#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What cannot be kept is counted as lost and named: rejects without a place, and spool files that are damaged or none."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import EFD, Efd, net, octets, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

LOST, REJECTED = 'efd_ship_documents_total{verdict="lost"}', 'efd_ship_documents_total{verdict="rejected"}'
FLOWS = "logs-flow-default"


def refusing():
	"""One that takes nothing at all, in the failed stream neither."""
	es = FakeEs()
	es.after = fake_es.items(lambda n, line: (400, "mapper_parsing_exception", "failed to parse"))
	return es


def test_no_place():
	es = refusing()
	with Efd(es.url, decode_exporter_interval="1h", **{"state-dir": None}) as efd:
		ok("there is no reject file" in efd.log_text(), "without a reject file: said at the start", efd.log_text())
		efd.send(90)
		net.wait_for(lambda: efd.metric(LOST) + efd.metric(REJECTED) >= 90, "rejects")
		same((efd.metric(LOST), efd.metric(REJECTED)), (90, 0), "without a reject file: what is refused is lost, and counted so")
		same(efd.stop(), 1, "and the end says it")
		ok("and is lost: there is no ship.reject_file" in efd.log_text() and "it is in the reject file" not in efd.log_text(), "and the log", efd.log_text())
	es.stop()


def test_unusable():
	"""A start refuses a reject file that it could not use, and so does --check-config."""
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		at = lambda name: os.path.join(d, name)
		os.mkdir(at("folder"))
		os.mkfifo(at("fifo"))
		os.symlink(at("nowhere"), at("dangling"))
		with open(at("file"), "w") as f:
			f.write("mine\n")
		os.symlink(at("file"), at("link"))
		for name, path in (("a missing folder", at("no/such")), ("a folder", at("folder")), ("a FIFO", at("fifo")), ("a link to nothing", at("dangling")),
				("a link to a file", at("link")), ("/dev/null", "/dev/null"), ("/dev/full", "/dev/full"), ("a file as folder", at("file/x"))):
			args = [EFD, "--url", "http://127.0.0.1:1", "--listen", f"127.0.0.1:{net.free_udp_port()}", "--metrics-listen", "", "--ship-reject-file", path]
			codes = []
			for how in ["--check-config"], []:
				try:
					r = subprocess.run([*args, *how], capture_output=True, text=True, timeout=20)
				except subprocess.TimeoutExpired:
					ok(False, f"the reject file is {name}: refused {how}", "it runs")
					continue
				codes.append(r.returncode)
				ok(r.returncode in (1, 2) and "ship.reject_file" in r.stderr and path.rsplit("/", 1)[0] in r.stderr, f"the reject file is {name}: refused {how}", r.stderr)
			same(len(set(codes)), 1, f"the reject file is {name}: by both in one way")
		same(open(at("file")).read(), "mine\n", "and nothing is written")
		r = subprocess.run([EFD, "--check-config", "--listen", "127.0.0.1:0", "--state-dir", at("new")], capture_output=True, text=True)
		same((r.returncode, os.path.exists(at("new"))), (0, False), "one in a state directory that is not there yet is fine")


def test_while_running():
	es = refusing()
	with Efd(es.url, decode_exporter_interval="1h") as efd:
		path = os.path.join(efd.state, "rejects.ndjson")
		efd.send(30)
		net.wait_for(lambda: efd.metric(REJECTED) >= 30, "rejects")
		ready = efd.get("/readyz")
		ok("would be lost" not in ready[1], "rejects are kept", ready)
		os.unlink(path)
		os.mkfifo(path)
		net.wait_for(lambda: efd.get("/readyz")[0] == 503 and path in efd.get("/readyz")[1], "word of it")
		ok("is no regular file but a FIFO" in efd.get("/readyz")[1], "a reject file that becomes a FIFO: /readyz says it before anything is lost", efd.get("/readyz"))
		efd.send(30)
		net.wait_for(lambda: efd.metric(LOST) >= 30, "the lost ones")
		same((efd.metric(LOST), efd.metric(REJECTED)), (30, 30), "what cannot be kept is lost, and counted so")
		os.unlink(path)
		net.wait_for(lambda: "would be lost" not in efd.get("/readyz")[1], "the place is free again")
		efd.send(30)
		net.wait_for(lambda: efd.metric(REJECTED) >= 60, "rejects again")
		same(efd.metric(LOST), 30, "and they are kept again")
		same(efd.stop(), 1, "the end tells of those that were lost")
	es.stop()


def spooled(state, port):
	"""Two files, of 300 records each; returns their paths."""
	with Efd(f"http://127.0.0.1:{port}", state=state, decode_exporter_interval="1h") as efd:
		for n in 300, 600:
			efd.send(300)
			net.wait_for(lambda: efd.metric("efd_spool_records") == n, "the spool")
		efd.stop()
	spool = os.path.join(state, "spool")
	return [os.path.join(spool, name) for name in sorted(os.listdir(spool)) if name.endswith(".bulk")]


def cut(path):
	os.truncate(path, os.path.getsize(path) - 10)


def grow(path):
	with open(path, "ab") as f:
		f.write(b"zzzz")


def empty(path):
	os.truncate(path, 0)


def head(path):
	with open(path, "r+b") as f:
		f.seek(20)
		f.write(b"\xff")


def test_spool():
	for name, damage, lost in (("cut", cut, True), ("with bytes behind it", grow, True), ("empty", empty, False), ("with another head", head, False)):
		with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
			port = net.free_port()
			files = spooled(d, port)
			each = 600 // len(files)
			damage(files[0])
			folder = os.path.join(d, "spool", "odd\x1b.bulk")
			os.mkdir(folder)
			os.rename(files[-1], os.path.join(d, "spool", "7.bulk"))
			es = FakeEs(port)
			with Efd(es.url, state=d, decode_exporter_interval="1h") as efd:
				net.wait_for(lambda: efd.metric("efd_spool_records") == 0 and efd.metric("efd_ship_documents_total") > 0, "the backlog")
				n = efd.metric(LOST)
				ok(n > 0 and (not lost or n + len(set(octets(es.lines(FLOWS)))) == 600), f"a spool file {name}: its records count as lost", (n, each, len(es.lines(FLOWS))))
				ok(len(es.lines(FLOWS)) >= each, "one of another name is sent", len(es.lines(FLOWS)))
				log = efd.log_text()
				ok("spool files are damaged" in log and "entries of the spool are no files" in log and "\x1b" not in log, "both are said", log)
				same(efd.stop(), 1, "and at the end")
			es.stop()


run_all(test_no_place, test_unusable, test_while_running, test_spool)
