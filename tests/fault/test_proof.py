#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proof of effect, with what efd's own key may do: what is sent without our pipeline is one document at most, the rest waits and is named;
where nothing can tell, nobody says that all is well."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net, octets, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

FLOWS, EXPORTERS, FAILED = "logs-flow-default", "metrics-flow.exporters-default", "logs-flow.failed-default"
LIST, REQUIRE = "list_executed_pipelines", "require_data_stream"
N = 3000


def sample(efd, name, stream):
	for line in efd.get("/metrics")[1].splitlines():
		if line.startswith(f'{name}{{stream="{stream}"}} '):
			return float(line.rsplit(" ", 1)[1])
	return None


def verified(efd, stream):
	return sample(efd, "efd_ship_stream_verified", stream)


def ends(efd, es, name, n=N):
	"""All of it arrives, once."""
	net.wait_for(lambda: len(es.lines(FLOWS)) == n and es.lines(EXPORTERS), "all records", 60)
	same(octets(es.lines(FLOWS)), list(range(n)), f"{name}: in the end every flow is there once")
	net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "ready", 60)
	net.wait_for(lambda: verified(efd, FLOWS) and verified(efd, EXPORTERS), "proof of both streams", 20)
	same(efd.stop(), 0, f"{name}: stops with nothing lost")
	es.stop()


def refuses(name, es, words, most, **options):
	"""Nothing is sent to FLOWS but `most` documents, the rest waits; then the cluster is mended."""
	with Efd(es.url, decode_exporter_interval="1s", **options) as efd:
		efd.send(N)
		net.wait_for(lambda: efd.get("/readyz")[0] == 503 and FLOWS in efd.get("/readyz")[1], "a reason", 20)
		ready = efd.get("/readyz")[1]
		ok(all(w in ready for w in words), f"{name}: /readyz names stream, reason and remedy", ready)
		ok(f"nothing is sent to {FLOWS}" in efd.log_text(), f"{name}: and so does the log", efd.log_text()[-800:])
		net.wait_for(lambda: es.lines(EXPORTERS) and verified(efd, EXPORTERS), "the healthy stream", 20)
		ok(len(es.lines(FLOWS)) <= most, f"{name}: what goes there by then is {most} at most", len(es.lines(FLOWS)))
		ok(efd.metric("efd_ship_streams_waiting") == 1 and verified(efd, FLOWS) == 0, f"{name}: metrics tell")
		es.runs = lambda index: fake_es.PIPELINES.get(index.rsplit("-", 1)[0])
		es.plain, es.final = set(), {}
		ends(efd, es, name)


def test_well():
	es = FakeEs()
	with Efd(es.url, decode_exporter_interval="1s") as efd:
		net.wait_for(lambda: efd.get("/readyz")[0] == 200, "an answer", 20)
		ok(efd.get("/readyz")[1].startswith("not verified: "), "before anything was sent nothing is verified", efd.get("/readyz"))
		same(verified(efd, FLOWS), 0, "and metrics say so")
		efd.send(300)
		net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "proof", 20)
		same(es.asked[0], {LIST, REQUIRE}, "the first request asks which pipelines ran, and wants data streams only")
		efd.send(N - 300)
		net.wait_for(lambda: len(es.lines(FLOWS)) == N and es.lines(EXPORTERS), "all records", 20)
		ok(all(REQUIRE in a for a in es.asked), "every request wants data streams only")
		net.wait_for(lambda: verified(efd, EXPORTERS), "proof of the other stream", 20)
		ok(sum(LIST in a for a in es.asked) == 2, "which pipelines ran is asked once for each stream", es.asked)
		ok(f"{FLOWS}: the pipeline 'flow' runs" in efd.log_text(), "the log says that it does")
		before = len(es.asked)
		efd.process.send_signal(signal.SIGHUP)
		net.wait_for(lambda: "read again" in efd.log_text(), "a reload")
		efd.send(300)
		net.wait_for(lambda: len(es.lines(FLOWS)) == N + 300, "the rest", 20)
		ok(any(LIST in a for a in es.asked[before:]), "after a reload it is asked again")
		ends(efd, es, "all is well", N + 300)


def test_other_pipeline():
	es = FakeEs()
	es.runs = lambda index: "somebodys" if index == FLOWS else fake_es.PIPELINES.get(index.rsplit("-", 1)[0])
	refuses("another pipeline", es, ("'flow'", "somebodys", "efctl doctor", "efctl setup"), 5)


def test_no_pipeline():
	es = FakeEs()
	es.runs = lambda index: None if index == FLOWS else fake_es.PIPELINES.get(index.rsplit("-", 1)[0])
	refuses("no pipeline", es, ("'flow'", "efctl doctor"), 5)


def test_final_pipeline():
	"""One that comes after ours: by what replies say, and, where they do not, by what the index says."""
	es = FakeEs()
	es.final = {FLOWS: "somebodys"}
	refuses("a final pipeline", es, ("somebodys", "efctl doctor"), 5)
	es = FakeEs()
	es.knows, es.streams, es.final = set(), {FLOWS}, {FLOWS: "somebodys"}
	refuses("before 8.12, a final pipeline", es, ("somebodys", "efctl doctor"), 0)


def test_final_pipeline_of_failed():
	"""No pipeline is to run on what was refused."""
	es = FakeEs()
	es.knows, es.streams, es.runs = set(), {FAILED}, lambda index: "somebodys" if index == FAILED else None
	with Efd(es.url) as efd:
		net.wait_for(lambda: FAILED in efd.get("/readyz")[1], "a reason", 20)
		status, text = efd.get("/readyz")
		ok(status == 503 and "somebodys" in text, "a pipeline on the stream of refused documents is named", text)
	es.stop()


def test_plain_index():
	es = FakeEs()
	es.knows = {LIST}	# 8.12
	es.plain = {FLOWS}
	refuses("an ordinary index", es, ("ordinary index", "efctl doctor"), 5)


def test_asked():
	"""Before 8.12 replies do not tell, and the key may look: no document goes astray."""
	for name, change in (("no pipeline", {"runs": lambda index: None}), ("a plain index", {"plain": {FLOWS}})):
		es = FakeEs()
		es.knows, es.streams = set(), {FLOWS}
		for key, value in change.items():
			setattr(es, key, value)
		if "runs" in change:
			es.runs = lambda index: None if index == FLOWS else fake_es.PIPELINES.get(index.rsplit("-", 1)[0])
		refuses(f"before 8.12, {name}", es, (FLOWS, "efctl doctor"), 0)
	es = FakeEs()
	es.knows, es.streams = set(), set()
	with Efd(es.url, decode_exporter_interval="1s") as efd:
		efd.send(N)
		ends(efd, es, "before 8.12, streams that come into being")
	same([a for a in es.asked[4:] if a], [], "what the cluster does not know it is not asked again")


def test_found_at_once():
	"""Where the key may look, nothing has to be sent to know."""
	es = FakeEs()
	es.streams = {FLOWS}
	with Efd(es.url) as efd:
		net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "proof", 20)
		same(es.docs, [], "verified before there is a flow")
	es.runs = lambda index: None
	with Efd(es.url) as efd:
		net.wait_for(lambda: efd.get("/readyz")[0] == 503 and FLOWS in efd.get("/readyz")[1], "a reason", 20)
		same(es.docs, [], "and so is the lack of it")
		es.runs = lambda index: fake_es.PIPELINES.get(index.rsplit("-", 1)[0])
		net.wait_for(lambda: efd.get("/readyz")[0] == 200, "that it is seen when it is mended, without a flow", 60)
	es.stop()


def test_cannot_tell():
	"""An old cluster and a key that may not look: sent, and said."""
	es = FakeEs()
	es.knows = set()
	with Efd(es.url, decode_exporter_interval="1s") as efd:
		efd.send(N)
		net.wait_for(lambda: len(es.lines(FLOWS)) == N, "all records", 20)
		net.wait_for(lambda: "403" in efd.get("/readyz")[1], "a reason", 20)
		status, text = efd.get("/readyz")
		ok(status == 200 and text.startswith("not verified: ") and FLOWS in text and "keys rotate" in text, "/readyz says that nobody knows, and what helps", text)
		ok("not verified" in efd.log_text(), "and so does the log")
		same(verified(efd, FLOWS), 0, "and metrics")
		es.streams = {FLOWS, EXPORTERS}	# another key
		efd.process.send_signal(signal.SIGHUP)
		net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "proof with a better key", 20)
		same(efd.stop(), 0, "stops with nothing lost")
	es.stop()


def short_replies(streams, why):
	es = FakeEs()
	es.streams = streams
	es.after = fake_es.swallow
	with Efd(es.url, ship_batch_age="1s") as efd:
		stored = lambda n: efd.metric('efd_ship_documents_total{verdict="stored"}') >= n
		efd.send(N)
		net.wait_for(lambda: stored(N), "the first records", 20)
		sent, batches = len(es.asked), efd.metric("efd_ship_batches_total")
		for k in range(1, 4):
			efd.send(N)
			net.wait_for(lambda: stored(N * (k + 1)), "more records", 20)
		same(len(es.asked) - sent, efd.metric("efd_ship_batches_total") - batches, f"{why}: a request for each batch, and no more")
		ready = efd.get("/readyz")
		ok(ready[1].startswith("not verified: ") and FLOWS in ready[1] and why in ready[1] and "rotate" not in ready[1], f"{why}: /readyz says that nothing is verified, and why", ready)
	es.stop()


def test_short_replies():
	"""Something in between that only says that all went well: replies tell nothing, and so no document goes ahead of each batch."""
	short_replies(None, "may not look")
	short_replies(set(), "no such data stream")


def test_discarded():
	"""A pipeline that drops all is no error to the cluster: counted apart, said once, and nothing is verified by it."""
	es = FakeEs()
	es.after = fake_es.items(lambda n, line: {"status": 200, "result": "noop"})
	discarded = 'efd_ship_documents_total{verdict="discarded"}'
	with Efd(es.url, decode_exporter_interval="1h") as efd:
		efd.send(300)
		net.wait_for(lambda: efd.metric(discarded) == 300, "what was dropped", 20)
		same(efd.metric('efd_ship_documents_total{verdict="stored"}'), 0, "what a pipeline drops is not stored")
		net.wait_for(lambda: "drops" in efd.get("/readyz")[1], "a reason", 20)
		status, text = efd.get("/readyz")
		ok(status == 200 and text.startswith("not verified: ") and FLOWS in text and "efctl doctor" in text, "/readyz says that a pipeline drops it", text)
		efd.send(300)
		net.wait_for(lambda: efd.metric(discarded) == 600, "more of it", 20)
		same(efd.log_text().count("a pipeline dropped"), 1, "the log says it once")
		es.after = None
		net.wait_for(lambda: efd.send(30) or efd.get("/readyz") == (200, "ok\n"), "proof, when it drops no more", 20, 0.3)
		same(efd.stop(), 0, "stops with nothing lost")
	es.stop()


def test_ready_again():
	"""The stream of what was refused refuses a document, too, and took none: that says nothing of what is sent."""
	es = FakeEs()
	refused = (400, "mapper_parsing_exception", "no")
	es.after = lambda request: fake_es.reply(request.h, 200, request.answer(lambda n, line: refused if '"octetDeltaCount":5,' in line or "pipeline_error" in line else None))
	with Efd(es.url, decode_exporter_interval="1s") as efd:
		efd.send(300)
		net.wait_for(lambda: efd.metric('efd_ship_documents_total{verdict="rejected"}') == 1, "the reject", 20)
		net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "ready after a document that nobody takes", 20)
		ok(True, "ready after a document that nobody takes")
	es.stop()


def test_switched_off():
	es = FakeEs()
	es.runs = lambda index: None
	with Efd(es.url, no_ship_setup_check=True) as efd:
		efd.send(N)
		net.wait_for(lambda: len(es.lines(FLOWS)) == N, "all records", 20)
		same([a for a in es.asked if a], [], "who switches the check off is asked for nothing")
		ok(efd.get("/readyz")[1].startswith("not verified: ship.setup_check"), "and told that nothing is verified", efd.get("/readyz"))
	es.stop()


run_all(test_well, test_other_pipeline, test_no_pipeline, test_final_pipeline, test_final_pipeline_of_failed, test_plain_index, test_asked, test_found_at_once, test_cannot_tell, test_short_replies, test_discarded, test_ready_again, test_switched_off)
