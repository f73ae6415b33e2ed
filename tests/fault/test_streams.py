#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing stops the others: one data stream that takes nothing, one document that is refused, and a server that refuses everything."""
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs, reply  # noqa: E402
from harness import Efd, net, octets, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

FLOWS, EXPORTERS, FAILED = "logs-flow-default", "metrics-flow.exporters-default", "logs-flow.failed-default"
N = 6000
DENIED = (403, "security_exception", "action [indices:admin/auto_create] is unauthorized")
FULL = (400, "validation_exception", "Validation Failed: 1: this action would add [2] shards, but this cluster currently has [9]/[9] open;")
STRANGE = (400, "some_new_exception", "nobody knows what this is")


class Stream:
	"""A step that refuses what goes to one stream, while `error` says with what; counts how often it was asked for it."""

	def __init__(self, index, error):
		self.index, self.error, self.asked = index, error, 0

	def __call__(self, request):
		items = request.items()
		mine = [action["create"]["_index"] == self.index for action, _ in items]
		self.asked += any(mine)
		reply(request.h, 200, request.answer(lambda n, line: self.error if self.error and mine[n] else None))


def send(efd, n, seconds=4):
	"""Over a while, so that there are batches."""
	for _ in range(10):
		efd.send(n // 10)
		time.sleep(seconds / 10)


def waits(name, index, error, **options):
	es = FakeEs()
	step = es.after = Stream(index, error)
	other = EXPORTERS if index == FLOWS else FLOWS
	with Efd(es.url, decode_exporter_interval="1s", **options) as efd:
		send(efd, N)
		if index != FLOWS:
			net.wait_for(lambda: len(es.lines(FLOWS)) == N, "all flows", 20)
		net.wait_for(lambda: es.lines(other), "the healthy stream", 20)
		same(es.lines(index), [], f"{name}: the stream takes nothing, and {other} all the same")
		same(efd.metric("efd_ship_streams_waiting"), 1, f"{name}: one stream waits")
		ready = efd.get("/readyz")
		ok(ready[0] == 503 and index in ready[1] and error[1] in ready[1], f"{name}: /readyz names it with the reason", ready)
		ok(f"{index} takes nothing" in efd.log_text(), f"{name}: and so does the log", efd.log_text()[-800:])
		asked = step.asked
		time.sleep(4)
		ok(step.asked - asked <= 8, f"{name}: it is tried gently", step.asked - asked)
		step.error = None
		if index == FLOWS:
			net.wait_for(lambda: len(es.lines(FLOWS)) == N, "all flows", 60)
		else:
			net.wait_for(lambda: es.lines(index), "the stream that was away", 60)
		net.wait_for(lambda: efd.get("/readyz")[0] == 200, "ready again", 60)
		same(octets(es.lines(FLOWS)), list(range(N)), f"{name}: in the end every flow is there once")
		same((efd.metric("efd_spool_records"), efd.metric("efd_ship_streams_waiting")), (0, 0), f"{name}: and nothing waits")
		same(efd.stop(), 0, f"{name}: stops with nothing lost")
	es.stop()


def test_one_stream():
	waits("no privilege", EXPORTERS, DENIED)
	waits("shard limit", FLOWS, FULL)
	waits("an error that nobody knows", EXPORTERS, STRANGE)
	waits("without a spool", EXPORTERS, DENIED, **{"state-dir": None})


def test_no_spool_ceiling():
	"""Without a spool a stream that waits has half of ship.memory; the others go on."""
	es = FakeEs()
	es.after = Stream(FLOWS, DENIED)
	with Efd(es.url, decode_exporter_interval="1s", ship_memory="1M", ship_batch_size="64k", **{"state-dir": None}) as efd:
		send(efd, 90000, 6)
		net.wait_for(lambda: efd.metric('efd_ship_documents_total{verdict="lost"}') > 0 or "are lost" in efd.log_text(), "the ceiling", 30)
		ok(efd.metric("efd_ship_queue_bytes") <= 1 << 20, "what is parked in memory has a ceiling", efd.metric("efd_ship_queue_bytes"))
		seen = len(es.lines(EXPORTERS))
		net.wait_for(lambda: len(es.lines(EXPORTERS)) > seen, "the healthy stream", 20)
		ok("there is no spool to keep them" in efd.log_text(), "what is given up is said and counted")
		efd.kill()
	es.stop()


def refuse(code, bad, body=None):
	"""The request as a whole, when the document whose octets are BAD is in it; None: whatever is in it."""
	def step(request):
		request.read()
		if bad is None or any(b'"octetDeltaCount":%d,' % n in request.body for n in bad):
			return reply(request.h, code, {"error": {"type": "blocked", "reason": "policy"}} if body is None else body)
		return fake_es.store(request)
	return step


def test_request_refused():
	for name, code, body in (("400", 400, None), ("a firewall's page, 403", 403, b"<html>Attack detected</html>")):
		es = FakeEs()
		es.after = refuse(code, None, body)
		with Efd(es.url) as efd:
			efd.send(3000)
			time.sleep(5)
			ready = efd.get("/readyz")
			ok(ready[0] == 503 and str(code) in ready[1], f"{name} to everything: it is the server, and /readyz says so", ready)
			same((es.docs, efd.metric('efd_ship_documents_total{verdict="rejected"}')), ([], 0), f"{name}: nothing is rejected")
			ok(es.requests < 60, f"{name}: it is not asked with each document", es.requests)
			es.after = None
			efd.send(300)
			net.wait_for(lambda: len(es.docs) >= 3300, "all records", 60)
			same(octets(es.lines(FLOWS)), list(range(3300)), f"{name}: all of it arrives when the server is well")
			same(efd.stop(), 0, f"{name}: stops with nothing lost")
			ok(not os.path.exists(os.path.join(efd.state, "rejects.ndjson")), f"{name}: the reject file stays empty")
		es.stop()


def test_document_refused():
	bad = (7, 8, 2500)
	es = FakeEs()
	es.after = refuse(400, bad)
	with Efd(es.url) as efd:
		path = os.path.join(efd.state, "rejects.ndjson")

		def all_but_the_bad():
			efd.send(30)	# others that are taken are the evidence
			return os.path.exists(path) and len(open(path).readlines()) == len(bad)
		efd.send(3000)
		net.wait_for(all_but_the_bad, "all but three", 90, 0.3)
		net.wait_for(lambda: len(es.docs) >= efd.sent - len(bad), "the rest", 30)
		same(octets(es.lines(FLOWS)), [n for n in range(efd.sent) if n not in bad], "documents that alone are refused are found, the others stored")
		lines = [json.loads(line) for line in open(path)]
		same(sorted(line["line"]["ie"]["octetDeltaCount"] for line in lines), list(bad), "and they are in the reject file")
		same(efd.stop(), 0, "nothing is lost")
	es.stop()


def test_reject_file_full():
	"""What rotation drops counts as lost, and is said."""
	es = FakeEs()
	es.after = fake_es.items(lambda n, line: (400, "mapper_parsing_exception", "failed to parse"))
	with Efd(es.url, ship_reject_size="64k") as efd:
		efd.send(1000)
		net.wait_for(lambda: efd.metric('efd_ship_documents_total{verdict="rejected"}') >= 1000, "all rejected", 60)
		kept = sum(len(open(os.path.join(efd.state, f)).readlines()) for f in os.listdir(efd.state) if f.startswith("rejects"))
		lost = efd.metric('efd_ship_documents_total{verdict="lost"}')
		ok(0 < kept < 1000, "two files do not hold all", kept)
		same(kept + lost, 1000, "what is in neither counts as lost")
		ok("are lost" in efd.log_text(), "and is said")
		same(efd.stop(), 1, "a stop says so with its exit code")
	es.stop()


def test_foreign_replies():
	"""A document's text is quoted in reasons, and is nothing that a reader must stumble over."""
	for name, reason in (("NUL", b"\\u0000"), ("half a surrogate pair", b"\\ud83d"), ("no UTF-8", b"\xff\xfe")):
		es = FakeEs()

		def step(request, reason=reason):
			answer = json.dumps(request.answer(lambda n, line: '"octetDeltaCount":5,' in line and (400, "mapper_parsing_exception", "REASON")))
			reply(request.h, 200, answer.encode().replace(b"REASON", reason))
		es.after = step
		with Efd(es.url) as efd:
			efd.send(30)
			net.wait_for(lambda: es.lines(FAILED), "the document in the failed stream", 20)
			same(octets(es.lines(FLOWS)), [n for n in range(30) if n != 5], f"{name} in a reason: the reply is read")
			same(efd.stop(), 0, f"{name}: nothing is lost")
		es.stop()
	es = FakeEs()

	def short(request):
		answer = json.dumps(request.answer(lambda n, line: n == 0 and (400, "mapper_parsing_exception", "x" * 3000))).encode()
		reply(request.h, 200, answer[:2500])
	es.after = short
	with Efd(es.url) as efd:
		efd.send(90)
		net.wait_for(lambda: es.requests > 4, "requests", 30)
		es.after = None
		net.wait_for(lambda: len(octets(es.lines(FLOWS))) == 90, "all records", 60)
		same(efd.stop(), 0, "a proxy that cuts replies: nothing is lost")
	es.stop()


def test_spool_comes_back():
	"""A hand that cleans up while Elasticsearch is away: the next batches are on disk all the same, and what went is counted."""
	port = net.free_port()
	with Efd(f"http://127.0.0.1:{port}") as efd:
		efd.send(300)
		net.wait_for(lambda: efd.metric("efd_spool_records") == 300, "records in the spool")
		shutil.rmtree(os.path.join(efd.state, "spool"))
		efd.send(300)
		net.wait_for(lambda: efd.metric("efd_spool_records") == 600 and os.listdir(os.path.join(efd.state, "spool")), "a spool again")
		es = FakeEs(port)
		lost = 'efd_ship_documents_total{verdict="lost"}'
		net.wait_for(lambda: len(es.docs) + efd.metric(lost) == 600, "an account of all", 60)
		ok(set(range(300, 600)) <= set(octets(es.lines(FLOWS))), "a spool directory that was deleted is made and used again")
		same(len(es.docs) + efd.metric(lost), 600, "what was in the old one, and in nobody's hands, counts as lost")
		es.stop()


run_all(test_spool_comes_back, test_one_stream, test_no_spool_ceiling, test_request_refused, test_document_refused, test_reject_file_full, test_foreign_replies)
