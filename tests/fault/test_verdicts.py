#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replies that say something else than they seem to: a state of the whole cluster is no fault of a key or a document, and a document in a failure
store is not stored where anybody looks."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net, run_all  # noqa: E402
from tap import ok, same  # noqa: E402


def test_failure_store():
	"""After the published API of Elasticsearch (_bulk, failure_store: used, failed): what a failure store took is not stored where anybody looks,
	and what it did not take goes to the failed stream, as without one."""
	es = FakeEs()
	used = {"status": 201, "failure_store": "used"}
	failed = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "failed to parse"}, "failure_store": "failed"}

	def choose(n, line):
		octets_of = json.loads(line).get("ie", {}).get("octetDeltaCount", 5)
		return used if octets_of % 100 == 0 else failed if octets_of % 100 == 1 else None
	es.after = fake_es.items(choose)
	with Efd(es.url, decode_exporter_interval="1h") as efd:
		efd.send(3000)
		verdict = 'efd_ship_documents_total{verdict="%s"}'
		net.wait_for(lambda: efd.metric(verdict % "failed") == 30, "what the failure store did not take", 30)
		net.wait_for(lambda: efd.metric(verdict % "failure_store") == 30, "what it took", 10)
		net.wait_for(lambda: efd.metric(verdict % "stored") == 2940, "the others", 10)
		same(efd.metric("efd_ship_failure_store_failed_documents_total"), 30, "the failure store's own failures are counted")
		ok("failure store" in efd.log_text() and "efctl setup" in efd.log_text(), "the log says where documents are", efd.log_text()[-800:])
		same(efd.stop(), 0, "stops with nothing lost")
	es.stop()


READ_ONLY = (403, {"error": {"root_cause": [], "type": "cluster_block_exception", "reason": "blocked by: [FORBIDDEN/6/cluster read-only (api)];"}, "status": 403})
NO_INGEST = (500, {"error": {"root_cause": [], "type": "illegal_state_exception", "reason": "There are no ingest nodes in this cluster, "
	"unable to forward request to an ingest node."}, "status": 500})


def test_states_of_requests():
	"""As tests/e2e/test_states.py finds them on real engines: the whole request is refused, and neither a key nor a document is to blame."""
	for name, (code, body), remedy in (("read-only", READ_ONLY, '"cluster.blocks.read_only": null'), ("no ingest node", NO_INGEST, "role ingest")):
		es = FakeEs()
		es.after = fake_es.status(code, body)
		with Efd(es.url) as efd:
			efd.send(300)
			net.wait_for(lambda: remedy in efd.get("/readyz")[1], f"the remedy of {name}", 20)
			time.sleep(3)
			log = efd.log_text()
			ok(remedy in log and "make a key" not in log, f"{name}: the log has the remedy, and blames no key", log[-800:])
			same(efd.metric('efd_ship_request_errors_total{kind="split"}'), 0, f"{name}: nor any document")
			es.after = None
			net.wait_for(lambda: len(es.docs) >= 300, "all records", 60)
			same(efd.stop(), 0, f"{name}: stops with nothing lost")
		es.stop()


run_all(test_failure_store, test_states_of_requests)
