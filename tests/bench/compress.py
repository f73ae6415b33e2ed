#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What gzip costs at both ends: the bulk bodies that efd makes of generated traffic, by library, level and block, and without what could
be left out of them; and an engine's CPU for the same bodies, plain and packed, into a pipeline that drops them (ES_URL)."""
import gzip
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fault"))
from harness import Efd, net  # noqa: E402
import cluster as clusters  # noqa: E402

BUILD = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "tests", "bench")
RECORDS = 20000
WARM, ROUNDS = 5, 5
HEAD = 64	# bytes of a spool file before its body
# what a line could do without, and how
WITHOUT = (("as it is", None, b""), ("without @timestamp", rb'"@timestamp":"[^"]*",', b""), ("without ids", rb',"_id":"[^"]*"', b""),
	("without _index", rb'"_index":"[^"]*",', b""),
	# what a stage reads with --leftovers all alone, or where a record has no times of its own
	("without flow.seq", rb'"seq":\d+,', b""), ("without flow.seq, exported", rb'"seq":\d+,("template":\d+,)?"exported":\d+,', rb"\1"),
	("without flow.*", rb'"flow":\{.*?"received":\d+[^}]*\},', b""))


def bodies(proto):
	"""Bulk bodies as efd makes them: what it spools while nobody takes them."""
	with tempfile.TemporaryDirectory(prefix="efd-bench-") as state:
		efd = Efd(f"http://127.0.0.1:{net.free_port()}", state=state, udp_receive_buffer="32M", ship_batch_age="1s")
		subprocess.run([f"{BUILD}/gen", "--proto", proto, "--records", str(RECORDS), "--pps", "1000", "--now", "--udp", f"127.0.0.1:{efd.port}"],
			check=True, stdout=subprocess.DEVNULL)
		net.wait_for(lambda: efd.metric("efd_decode_records_total") >= RECORDS, "all records", 60)
		efd.stop()
		spool, out = os.path.join(state, "spool"), []
		for name in sorted(os.listdir(spool)):
			with open(os.path.join(spool, name), "rb") as f:
				out.append(gzip.decompress(f.read()[HEAD:]))
	if sum(b.count(b"\n") for b in out) < 2 * RECORDS:
		sys.exit(f"{proto}: not all records are in the spool")
	return out


def rows(body, folder):
	path = os.path.join(folder, "body")
	with open(path, "wb") as f:
		f.write(body)
	run = subprocess.run([f"{BUILD}/compress", path], check=True, capture_output=True, text=True)
	return [line.split("\t") for line in run.stdout.splitlines()]


def at_the_engine(bodies):
	"""µs of the engine's CPU a record into a pipeline that drops them: plain, gzip. The best of five rounds, in turns."""
	es = clusters.connect()
	packed = clusters.Cluster(es.url, es.user, es.password, headers={**es.headers, "Content-Encoding": "gzip"})
	es.must("PUT", "/_ingest/pipeline/bench-drop", {"processors": [{"drop": {}}]})
	ways = {"plain": (es, bodies), "gzip": (packed, [gzip.compress(b, 1) for b in bodies])}
	best = {}
	for _ in range(WARM + ROUNDS):
		for name, (cluster, these) in ways.items():
			since = es.cpu_ms()
			for body in these:
				cluster.must("POST", "/bench-dropped/_bulk?pipeline=bench-drop&filter_path=errors", body, "application/x-ndjson")
			best.setdefault(name, []).append((es.cpu_ms() - since) * 1000 / RECORDS)
	es.delete("/_ingest/pipeline/bench-drop")
	return {name: min(all_of[WARM:]) for name, all_of in best.items()}


def main():
	with tempfile.TemporaryDirectory(prefix="efd-bench-") as folder:
		for proto in ("nf5", "nf9", "ipfix", "sflow"):
			made = bodies(proto)
			body = b"".join(made)
			size = len(body) / RECORDS
			print(f"{proto}: {size:.0f} bytes a record")
			for name, block, cost, ratio in rows(body, folder):
				print(f"  {name:32} {block:>5} KiB  {cost} µs a record  1/{ratio}  {size / float(ratio):.1f} bytes", flush=True)
			if proto == "nf9":
				for name, pattern, to in WITHOUT:
					less = re.sub(pattern, to, body) if pattern else body
					_, _, cost, ratio = rows(less, folder)[0]
					print(f"  efd, {name:27}  1024 KiB  {cost} µs a record  1/{ratio}  {len(less) / RECORDS / float(ratio):.1f} bytes")
				# the index is the request's, so that nothing of a user's cluster is touched
				at = at_the_engine([b.replace(b'"_index":"logs-flow-default",', b"") for b in made])
				print("  the engine, into a pipeline that drops them: " + ", ".join(f"{k} {v:.1f} µs a record" for k, v in at.items()))


main()
