#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing stops the others: one data stream that takes nothing, one document that is refused, and a server that refuses everything."""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs, reply  # noqa: E402
from harness import EFD, Efd, datagram, net, octets, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

FLOWS, EXPORTERS, FAILED = "logs-flow-default", "metrics-flow.exporters-default", "logs-flow.failed-default"
EFCTL = os.path.join(os.path.dirname(EFD), "efctl")
N = 6000
DENIED = (403, "security_exception", "action [indices:admin/auto_create] is unauthorized")
FULL = (400, "validation_exception", "Validation Failed: 1: this action would add [2] shards, but this cluster currently has [9]/[9] open;")
BUSY = (429, "es_rejected_execution_exception", "rejected execution of primary operation")
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
		net.wait_for(lambda: efd.metric("efd_ship_streams_waiting"), "a closed stream", 10)
		same(efd.metric("efd_ship_streams_waiting"), 1, f"{name}: one stream waits")
		net.wait_for(lambda: index in efd.get("/readyz")[1], "a reason", 10)	# other senders may still be at their own
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
		net.wait_for(lambda: efd.metric("efd_spool_records") == 0, "an empty spool", 20)	# the first document opens, the others follow
		same((efd.metric("efd_spool_records"), efd.metric("efd_ship_streams_waiting")), (0, 0), f"{name}: and nothing waits")
		same(efd.stop(), 0, f"{name}: stops with nothing lost")
	es.stop()


def test_one_stream():
	waits("no privilege", EXPORTERS, DENIED)
	waits("shard limit", FLOWS, FULL)
	waits("an error that nobody knows", EXPORTERS, STRANGE)
	waits("busy, and only it", EXPORTERS, BUSY)
	waits("without a spool", EXPORTERS, DENIED, **{"state-dir": None})


def test_failed_is_busy():
	"""The failed stream is one like the others: it does not hold the senders."""
	es = FakeEs()

	def step(request):
		items = request.items()
		reply(request.h, 200, request.answer(lambda n, line: BUSY if items[n][0]["create"]["_index"] == FAILED
			else json.loads(line).get("ie", {}).get("octetDeltaCount", 1) % 100 == 0 and (400, "mapper_parsing_exception", "failed to parse")))
	es.after = step
	with Efd(es.url) as efd:
		send(efd, N, 10)
		net.wait_for(lambda: len(es.lines(FLOWS)) == N - N // 100, "the good ones, while others wait for the failed stream", 20)
		es.after = None
		net.wait_for(lambda: len(es.lines(FAILED)) == N // 100, "the bad ones", 60)
		same(efd.stop(), 0, "stops with nothing lost")
	es.stop()


def test_stream_that_answers():
	"""A closed stream that judges what was parked is closed no longer, also when it takes nothing of it and nothing else comes."""
	es = FakeEs()
	step = es.after = Stream(FLOWS, (503, "unavailable_shards_exception", "primary shard is not active"))
	with Efd(es.url) as efd:
		efd.send(300)
		net.wait_for(lambda: efd.metric("efd_ship_streams_waiting") == 1, "a closed stream", 20)
		step.error = (400, "mapper_parsing_exception", "failed to parse")
		net.wait_for(lambda: len(es.lines(FAILED)) == 300, "all in the failed stream", 60)
		net.wait_for(lambda: efd.get("/readyz")[0] == 200 and efd.metric("efd_ship_streams_waiting") == 0, "nothing that waits", 5)
		same(efd.stop(), 0, "stops with nothing lost")
	es.stop()


def test_stop_while_closed():
	"""What waits for a stream is on the disk: a stop does not wait for it."""
	for when in ("overflow", "always"):
		es = FakeEs()
		es.after = Stream(EXPORTERS, DENIED)
		with Efd(es.url, decode_exporter_interval="1s", spool_when=when) as efd:
			send(efd, 600)
			net.wait_for(lambda: efd.metric("efd_ship_streams_waiting") == 1, "a closed stream", 20)
			start = time.monotonic()
			same(efd.stop(), 0, f"{when}: stops with nothing lost")
			ok(time.monotonic() - start < 5, f"{when}: and at once", time.monotonic() - start)
			same(octets(es.lines(FLOWS)), list(range(600)), f"{when}: all else was sent")
		es.stop()


def test_full_spool_keeps_parts():
	"""What is parked out of a spool that is full was in it already: nothing is dropped for it."""
	port = net.free_port()
	dropped = 'efd_ship_documents_total{verdict="dropped"}'
	with Efd(f"http://127.0.0.1:{port}", decode_exporter_interval="1h", spool_size="96k", spool_full="drop-newest", ship_batch_age="1s",
			ship_batch_size="64k") as efd:
		for _ in range(200):
			efd.send(90)
			time.sleep(0.2)
			if efd.metric(dropped):
				break
		time.sleep(2.5)	# the last batches
		before = efd.metric(dropped)
		es = FakeEs(port)
		es.after = Stream(FLOWS, DENIED)
		net.wait_for(lambda: efd.metric("efd_ship_streams_waiting") == 1, "a closed stream", 60)
		time.sleep(3)
		same(efd.metric(dropped), before, "parking drops nothing")
		es.stop()


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


def capture(path, records):
	"""A pcap of NetFlow 5 over Ethernet, IPv4 and UDP; no checksums."""
	now = int(time.time())
	with open(path, "wb") as f:
		f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
		for first in range(0, records, 30):
			data = datagram(first, 30, now)
			packet = bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBHII", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0, 0x0a000001, 0x0a000002)
			packet += struct.pack("!HHHH", 2055, 2055, 8 + len(data), 0) + data
			f.write(struct.pack("<IIII", now, 0, len(packet), len(packet)) + packet)


def answers_as_cluster(es):
	"""What efctl asks before it sends anything."""
	ask = es.get

	def get(h):
		if h.path.startswith("/_index_template/"):
			return ask(h)
		return reply(h, 200, {"name": "n", "cluster_name": "c", "cluster_uuid": "u", "version": {"number": "8.19.0", "build_flavor": "default"},
			"tagline": "You Know, for Search"}, [("X-Elastic-Product", "Elasticsearch")])
	es.get = get


def test_replay_waits():
	"""A capture can wait for a stream: nothing is given up for want of memory."""
	es = FakeEs()
	answers_as_cluster(es)
	step = es.after = Stream(FLOWS, (503, "unavailable_shards_exception", "primary shard is not active"))
	with tempfile.TemporaryDirectory() as d:
		path = os.path.join(d, "flows.pcap")
		capture(path, 120000)
		timer = threading.Timer(6, lambda: setattr(step, "error", None))
		timer.start()
		r = subprocess.run([EFCTL, "replay", "--url", es.url, "--port", "2055", "--ship-memory=1M", path], capture_output=True, text=True, timeout=120)
		timer.join()
		ok(step.asked > 1, "the stream was away for a while", step.asked)
		ok((r.returncode, len(es.lines(FLOWS))) == (0, 120000), "replay ends when all of it is stored", f"exit code {r.returncode}, {len(es.lines(FLOWS))} stored: {r.stderr[-300:]}")
	es.stop()


def test_replay_gives_up():
	"""... but not for ever: with what is decoded in memory, and with a capture for which there is no room. What is not stored is said."""
	for records, ends in ((300, False), (120000, True)):
		es = FakeEs()
		answers_as_cluster(es)
		es.after = Stream(FLOWS, (503, "unavailable_shards_exception", "primary shard is not active"))
		with tempfile.TemporaryDirectory() as d:
			path = os.path.join(d, "flows.pcap")
			capture(path, records)
			r = subprocess.run([EFCTL, "replay", "--url", es.url, "--port", "2055", "--ship-memory=1M", "--give-up=3s", path], capture_output=True,
				text=True, timeout=120)
			said = re.search(r"nothing was stored for 3 s \((.*)\): (\d+) of (\d+) lines are not stored(.*)", r.stderr)
			ok(r.returncode == 1 and said, f"a replay of {records} records is given up", r.stdout + r.stderr[-600:])
			if not said:
				continue
			ok(f"{FLOWS} takes nothing" in said[1] and "primary shard" in said[1], "with the stream and its reason", said[1])
			same(int(said[3]) - int(said[2]), len(es.docs), "and how many lines are not there")
			place = re.search(r"packet (\d+) of (.*) was not read", said[4])
			same(bool(place), ends, "and where reading ended, if it did")
			if place:
				ok(int(place[1]) < records / 30 and place[2] == path, "which is a packet of that file", said[4])
			es.after = None
			r = subprocess.run([EFCTL, "replay", "--url", es.url, "--port", "2055", path], capture_output=True, text=True, timeout=120)
			same((r.returncode, len(es.lines(FLOWS))), (0, records), "once more, and all of it is stored once")
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
	for name, code, body in (("400", 400, None), ("413", 413, None), ("a firewall's page, 403", 403, b"<html>Attack detected</html>")):
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


def test_reject_file_cannot_rotate():
	"""A folder stands where the older half belongs: efd goes on, keeps what it has, and counts the rest."""
	es = FakeEs()
	es.after = fake_es.items(lambda n, line: "octetDeltaCount" in line and (400, "mapper_parsing_exception", "failed to parse"))
	with Efd(es.url, ship_reject_size="64k", decode_exporter_interval="1s") as efd:
		path = os.path.join(efd.state, "rejects.ndjson")
		os.makedirs(os.path.join(path + ".1", "somebody's"))
		efd.send(1000)
		verdict = 'efd_ship_documents_total{verdict="%s"}'
		net.wait_for(lambda: efd.metric(verdict % "rejected") + efd.metric(verdict % "lost") >= 1000, "an account of all", 60)
		kept = len(open(path).readlines())
		ok(0 < kept < 1000, "one file does not hold all", kept)
		same((efd.metric(verdict % "rejected"), efd.metric(verdict % "lost")), (kept, 1000 - kept), "what is not in it counts as lost")
		ok("cannot make room: rejects.ndjson.1" in efd.log_text().replace(efd.state + "/", ""), "and the log says what is in the way", efd.log_text()[-600:])
		seen = len(es.lines(EXPORTERS))
		net.wait_for(lambda: len(es.lines(EXPORTERS)) > seen, "the healthy stream", 20)
		same(efd.stop(), 1, "a stop says so with its exit code")
	es.stop()


def counters(n):
	"""sFlow 5 with a counter sample of an interface, whose lines go to a stream of their own."""
	record = struct.pack("!IIQII", 3, 6, 10 ** 9, 1, 3) + bytes(64)
	sample = struct.pack("!IIIII", n, 3, 1, 1, len(record)) + record
	return struct.pack("!II4sIIIIII", 5, 1, bytes([127, 0, 0, 1]), 0, n, 1000 * n, 1, 2, len(sample)) + sample


def test_parked_is_gone():
	"""A full spool gave up all that waited for a closed stream: nothing keeps it closed, though no document comes for it."""
	es = FakeEs()
	port = es.port
	step = es.after = Stream(FLOWS, DENIED)
	with Efd(es.url, decode_exporter_interval="1h", spool_size="64k") as efd:
		efd.send(30)
		net.wait_for(lambda: re.search(r"next try in (1[5-9]|[23]\d)\.", efd.log_text()), "a stream that is left alone for a while", 60)
		es.stop()
		dropped = 'efd_ship_documents_total{verdict="dropped"}'
		with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
			for n in range(200):
				s.sendto(counters(n), ("127.0.0.1", efd.port))
				time.sleep(0.12)
				if efd.metric(dropped) >= 30:
					break
		ok(efd.metric(dropped) >= 30, "a spool that is full of others")
		es = FakeEs(port)
		es.after = step
		asked = step.asked
		net.wait_for(lambda: "nothing is left of what waited for " + FLOWS in efd.log_text(), "its end", 60)
		net.wait_for(lambda: efd.metric("efd_ship_streams_waiting") == 0 and efd.get("/readyz")[0] == 200, "nothing that waits", 30)
		same((step.asked - asked, es.lines(FLOWS)), (0, []), "the stream is not left alone any longer, though nothing of it was taken")
		efd.send(30)
		net.wait_for(lambda: step.asked > asked and efd.metric("efd_ship_streams_waiting") == 1, "the next document", 30)
		step.error = None
		net.wait_for(lambda: octets(es.lines(FLOWS)) == list(range(30, 60)), "and that it is taken", 60)
		same(efd.stop(), 0, "it stops")
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

	def cut(request):
		answer = {**request.answer(), "errors": True}
		reply(request.h, 200, json.dumps(answer).encode()[:2500])

	def short(request):
		answer = json.dumps(request.answer(lambda n, line: n == 0 and (400, "mapper_parsing_exception", "x" * 3000))).encode()
		reply(request.h, 200, answer[:2500])
	es.after = cut
	with Efd(es.url, ship_batch_age="1s") as efd:
		efd.send(1200)
		net.wait_for(lambda: len(es.lines(FLOWS)) == 1200, "all records", 20)
		net.wait_for(lambda: es.requests >= 18, "more replies than a document of a fault of its own has", 30)
		same(es.lines(FAILED), [], "what a reply does not tell is no refusal")
		es.after = None
		net.wait_for(lambda: efd.metric('efd_ship_documents_total{verdict="stored"}') + efd.metric('efd_ship_documents_total{verdict="duplicate"}') == 1200,
			"an account", 30)
	es.stop()
	es = FakeEs()
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
		spool = os.path.join(efd.state, "spool")	# a sender may have found by now that the first half is gone
		net.wait_for(lambda: os.path.isdir(spool) and any(f.endswith(".bulk") for f in os.listdir(spool)), "a spool again")
		es = FakeEs(port)
		lost = 'efd_ship_documents_total{verdict="lost"}'
		net.wait_for(lambda: len(es.docs) + efd.metric(lost) == 600, "an account of all", 60)
		ok(set(range(300, 600)) <= set(octets(es.lines(FLOWS))), "a spool directory that was deleted is made and used again")
		same(len(es.docs) + efd.metric(lost), 600, "what was in the old one, and in nobody's hands, counts as lost")
		es.stop()


run_all(test_spool_comes_back, test_one_stream, test_failed_is_busy, test_replay_waits, test_replay_gives_up, test_parked_is_gone,
	test_reject_file_cannot_rotate, test_stream_that_answers, test_stop_while_closed,
	test_full_spool_keeps_parts, test_no_spool_ceiling, test_request_refused, test_document_refused, test_reject_file_full, test_foreign_replies)
