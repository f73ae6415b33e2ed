#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real engine is stopped and started in the middle of a load, and efd is killed with -9 again and again, ROUNDS times (10): every
record that efd had accepted is in the index exactly once. SEED repeats a run. Starts an engine of its own, as that of the other tests
must stay up."""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import harness  # noqa: E402  (puts the other folders on the path)
from cluster import ENGINE, Cluster  # noqa: E402
from tap import done, note, ok, same, skip_all  # noqa: E402

import net  # noqa: E402


Efd = harness.fault.Efd
STREAM = "logs-flow-outage"


def engine(*args):
	return subprocess.run([ENGINE, *args], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def sums(es):
	"""(documents, sum of octets, sum of their squares) of what is searchable."""
	es.post(f"/{STREAM}/_refresh")
	status, reply = es.post(f"/{STREAM}/_search", {"size": 0, "track_total_hits": True,
		"aggs": {"n": {"extended_stats": {"field": "network.bytes"}}}})
	if status != 200:
		return (0, 0, 0)
	n = reply["aggregations"]["n"]
	return (reply["hits"]["total"]["value"], round(n["sum"] or 0), round(n["sum_of_squares"] or 0))


def all_once(es, sent, what):
	"""Records have 0, 1, 2, … octets: count, sum and sum of squares leave no room for one lost and one twice."""
	want = (sent, sum(range(sent)), sum(n * n for n in range(sent)))
	try:
		net.wait_for(lambda: sums(es)[0] >= sent, what, 180, 1)
	except TimeoutError:
		pass
	same(sums(es), want, what)


def main():
	if not os.path.exists(ENGINE):
		skip_all("no engine to start here")
	url = engine("start", "opensearch", "--port", "0")
	port = url.rsplit(":", 1)[1]
	state = tempfile.mkdtemp(prefix="efd-test-")
	try:
		es = Cluster(url)
		r = harness.efctl("setup", "--no-key", "--url", url)
		if not ok(r.returncode == 0, "efctl setup", r.stdout + r.stderr):
			return
		with Efd(url, state=state, namespace="outage", spool_when="always", elasticsearch_timeout="20s") as efd:
			efd.send(6000, every=0.002)
			all_once(es, efd.sent, "the load before the outage")
			efd.send(1500, every=0.001)
			engine("stop", "opensearch", "--port", port)
			efd.send(6000, every=0.002)
			net.wait_for(lambda: efd.metric("efd_ship_records_total") >= efd.sent, "closed batches")
			ok(efd.metric("efd_spool_records") >= 6000, "while the engine is down, records wait in the spool")
			engine("start", "opensearch", "--port", port)
			all_once(es, efd.sent, "after it is back, each is there once")
			rounds, seed = int(os.environ.get("ROUNDS") or 10), int(os.environ.get("SEED") or random.randrange(1 << 30))
			note(f"SEED={seed}")
			rng = random.Random(seed)
			for _ in range(rounds):
				records, sent = efd.metric("efd_ship_records_total"), rng.randrange(30, 900)
				efd.send(sent, every=0.0005)
				# what the spool has not accepted yet is not efd's: wait for that, then kill at any moment of the sending
				net.wait_for(lambda: efd.metric("efd_ship_records_total") >= records + sent and
					efd.metric("efd_spool_batches_total") >= efd.metric("efd_ship_batches_total"), "batches on disk")
				time.sleep(rng.random() * 0.3)
				efd.kill()
				efd.start()
			all_once(es, efd.sent, f"after {rounds} times kill -9, each is there once")
			same(efd.stop(), 0, "stop")
			failed = es.post("/logs-flow.failed-outage/_count")
			note(f"{efd.sent} records sent, {sums(es)[0]} stored")
			note(f"failed stream: {failed[1] if failed[0] == 200 else 'none'}")
	finally:
		engine("stop", "opensearch", "--port", port, "--wipe")
		shutil.rmtree(state, ignore_errors=True)


main()
done()
