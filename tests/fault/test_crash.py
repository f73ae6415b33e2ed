#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, ROUNDS times (50), with a server that fails at random: whatever the spool had accepted is in the
index exactly once. SEED repeats a run."""
import gzip
import json
import os
import random
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import Efd, net, octets  # noqa: E402
from tap import done, note, ok, same  # noqa: E402

HEAD = 64 # bytes of a spool file before the gzip body
STEPS = [fake_es.store] * 6 + [fake_es.reset(True), fake_es.reset(False), fake_es.half_reply, fake_es.status(503),
	fake_es.status(429), fake_es.slow(0.2), fake_es.hang(0.5, True),
	fake_es.items(lambda n, line: (429, "busy", "queue") if n % 3 == 0 else None)]


def in_spool(directory):
	"""The serial numbers of the records in all files of the spool."""
	found = set()
	for name in os.listdir(directory):
		if name.endswith(".bulk"):
			with open(os.path.join(directory, name), "rb") as f:
				lines = gzip.decompress(f.read()[HEAD:]).decode().splitlines()[1::2]
			found |= {json.loads(line)["ie"]["octetDeltaCount"] for line in lines if '"ie"' in line}
	return found


def crash(rounds, rng, **options):
	es, accepted, sent = FakeEs(), set(), 0
	with tempfile.TemporaryDirectory(prefix="efd-test-") as state:
		options = {"ship_batch_age": "20ms", "elasticsearch_timeout": "1s", "udp_allow": "127.0.0.0/8", **options}
		efd = Efd(es.url, state=state, **options)
		spool = os.path.join(state, "spool")
		for _ in range(rounds):
			es.script = [rng.choice(STEPS) for _ in range(rng.randrange(30))]
			efd.sent = sent
			efd.send(rng.randrange(1500), every=rng.choice([0, 0.0005, 0.002]))
			sent = efd.sent
			time.sleep(rng.random() * 0.1)
			efd.kill()
			accepted |= in_spool(spool)
			efd.start()
		es.script = []
		net.wait_for(lambda: efd.metric("efd_spool_files") == 0 and efd.metric("efd_ship_sending_batches") == 0,
			"an empty spool", 120)
		stored = octets(es.lines("logs-flow-default"))
		note(f"{sent} records sent, {len(accepted)} seen in the spool, {len(stored)} stored")
		same(len(stored), len(set(stored)), "none is stored twice")
		missing = accepted - set(stored)
		same(len(missing), 0, "all that the spool had accepted are stored")
		ok(len(accepted) > 0, "and the spool was used")
		torn = [n for n in os.listdir(spool) if not n.endswith(".bulk")]
		same(torn, [], "no torn file is left")
		same(efd.stop(), 0, "stop")
	es.stop()


def main():
	rounds = int(os.environ.get("ROUNDS") or 50)
	seed = int(os.environ.get("SEED") or random.randrange(1 << 30))
	note(f"SEED={seed}")
	rng = random.Random(seed)
	crash(rounds // 2, rng, spool_when="always")
	crash(rounds - rounds // 2, rng)
	done()


main()
