#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every way in which the other side can fail: whatever efd received is stored once, and memory stays bounded."""
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import EFD, Efd, net, octets, run_all  # noqa: E402
from tap import note, ok, same, skip  # noqa: E402

FLOWS = "logs-flow-default"
MEMORY = 64 << 20
SANITIZED = "SANITIZE" in os.environ
N = 3000


def all_once(name, es, efd, n, seconds=90):
	"""All of the first n records are in the data stream, none twice."""
	try:
		net.wait_for(lambda: len(es.docs) >= n, "all records", seconds)
	except TimeoutError as e:
		note(e)
	if not same(octets(es.lines(FLOWS)) == list(range(n)), True, name):
		note(f"{len(es.docs)} documents for {n} records\n" + efd.log_text()[-3000:])


def fault(name, script, kind=None, after=None, n=N, **options):
	"""Two loads with the script between them; then all must be there, and requests be counted that failed by KIND."""
	es = FakeEs()
	es.script, es.after = list(script), after
	with Efd(es.url, elasticsearch_connect_timeout="500ms", **{"elasticsearch_timeout": "1s", **options}) as efd:
		efd.send(n // 2)
		time.sleep(0.3)
		efd.send(n - n // 2)
		all_once(name, es, efd, n)
		if not SANITIZED:
			ok(efd.rss() < MEMORY, f"{name}: memory stays below {MEMORY >> 20} MiB", f"{efd.rss() >> 20} MiB")
		left = len(es.script)
		same(left, 0, f"{name}: every step was met")
		if kind:
			ok(efd.metric(f'efd_ship_request_errors_total{{kind="{kind}"}}'), f"{name}: counted as {kind}")
		same(efd.stop(), 0, f"{name}: stops with nothing lost")
	es.stop()
	return es


def mixed(n, line):
	return [None, (429, "es_rejected_execution_exception", "queue is full"), None,
		(503, "unavailable_shards_exception", "primary shard is not active")][n % 4]


def test_requests():
	fault("busy (429)", [fake_es.status(429)] * 3, "busy")
	fault("busy with Retry-After", [fake_es.status(429, headers=[("Retry-After", "1")])])
	fault("unavailable (503)", [fake_es.status(503)] * 2, "failed")
	fault("503 with Retry-After", [fake_es.status(503, headers=[("Retry-After", "1")])])
	fault("hang before storing", [fake_es.hang(3, stored=False)], "unreachable")
	fault("hang after storing", [fake_es.hang(3, stored=True)])
	fault("reset before storing", [fake_es.reset(stored=False)] * 2)
	fault("reset after storing", [fake_es.reset(stored=True)] * 2)
	fault("half a reply", [fake_es.half_reply] * 2, "unreachable")
	fault("a reply that is no JSON", [fake_es.raw(b"<html>hello</html>", "text/html")])
	fault("JSON that is no bulk reply", [fake_es.raw(b'{"ok":true}'), fake_es.raw(b"[]"), fake_es.raw(b'{"errors":true}')])
	fault("a reply with too few items", [fake_es.raw(b'{"errors":true,"items":[]}')])
	fault("an empty reply", [fake_es.raw(b"")])
	fault("another server (404)", [fake_es.status(404)], "wrong")
	fault("a redirect", [fake_es.raw(b"", code=302)])
	fault("slow reader", [fake_es.slow_reader], elasticsearch_timeout="30s")
	fault("unauthorised, then not", [fake_es.status(401)], "denied")
	fault("forbidden, then not", [fake_es.status(403)], "denied")
	fault("too large (413)", [], after=fake_es.at_most(20000))


def test_items():
	fault("mixed items", [fake_es.items(mixed)] * 3, "busy")
	fault("all items refused for now", [fake_es.items(lambda n, line: (429, "circuit_breaking_exception", "memory"))])
	fault("cluster block", [fake_es.items(lambda n, line: (403, "cluster_block_exception", "index read-only"))], "failed")
	fault("no privilege for an index", [fake_es.items(lambda n, line: (403, "security_exception", "unauthorized"))], "denied")
	fault("server error of an item", [fake_es.items(lambda n, line: n == 0 and (500, "null_pointer", "oops"))] * 2, "failed")


def test_rejects():
	es = FakeEs()
	# records whose octet count 100 divides are never taken; those that 300 divides fail in the failed stream too

	def refuse(_, line):
		octets_ = int(re.search(r'octetDeltaCount\\*":(\d+)', line)[1])
		if octets_ and octets_ % (300 if "pipeline_error" in line else 100) == 0:
			return 400, "mapper_parsing_exception", "failed to parse field [x]"
		return None
	es.after = fake_es.items(refuse)
	with Efd(es.url) as efd:
		efd.send(1000)
		net.wait_for(lambda: efd.metric("efd_ship_documents_total") >= 1000, "all records")
		efd.stop()
		stored, failed = octets(es.lines(FLOWS)), es.lines("logs-flow.failed-default")
		want = [n for n in range(1000) if n % 100 or n == 0]
		same(stored, want, "a document that is rejected does not take others with it")
		same(sorted(d["error"]["type"] for d in failed), ["mapper_parsing_exception"] * 6,
			"it goes to logs-flow.failed with the reason")
		ok(all(d["event"]["original"].startswith('{"@timestamp"') for d in failed), "and with the raw line")
		path = os.path.join(efd.state, "rejects.ndjson")
		lines = open(path).read().splitlines() if os.path.exists(path) else []
		same(len(lines), 3, "what even that refuses is in the reject file")
		ok(all("failed to parse" in line for line in lines), "with the reason")
	es.stop()


def test_poison():
	"""A document that always gives 500 must not hold up the others for ever."""
	es = FakeEs()
	es.after = fake_es.items(lambda n, line: (500, "script_exception", "boom") if '"octetDeltaCount":7,' in line else None)
	with Efd(es.url) as efd:
		efd.send(30)
		net.wait_for(lambda: es.lines("logs-flow.failed-default"), "the document in the failed stream", 60)
		same(octets(es.lines(FLOWS)), [n for n in range(30) if n != 7], "a document that always fails is given up, alone")
	es.stop()


def test_endpoints():
	dead = net.free_port()
	es = FakeEs()
	with Efd(f"http://127.0.0.1:{dead},{es.url}", elasticsearch_connect_timeout="500ms") as efd:
		efd.send(N)
		all_once("one of two endpoints is dead", es, efd, N)
		same(efd.get("/readyz")[0], 200, "then it is ready still")
	es.stop()
	with Efd("http://no-such-host.invalid:9200") as efd:
		efd.send(300)
		net.wait_for(lambda: efd.metric("efd_spool_records") == 300, "records in the spool")
		ok("no-such-host" in efd.get("/readyz")[1], "a name that DNS does not know: /readyz tells", efd.get("/readyz")[1])
		same(efd.stop(), 0, "and a stop keeps all in the spool")


def test_away():
	"""Elasticsearch is not there at the start, comes, goes and comes again."""
	port = net.free_port()
	with Efd(f"http://127.0.0.1:{port}") as efd:
		efd.send(N)
		net.wait_for(lambda: efd.metric("efd_spool_records") == N, "records in the spool")
		ok(efd.metric("efd_ship_queue_batches") == 0, "while nobody answers, nothing waits in memory")
		same(efd.get("/readyz")[0], 503, "/readyz says so")
		es = FakeEs(port)
		all_once("what was spooled arrives", es, efd, N)
		net.wait_for(lambda: efd.metric("efd_spool_files") == 0, "an empty spool")
		same(efd.get("/readyz")[0], 200, "then it is ready")
		es.stop()
		efd.send(N)
		net.wait_for(lambda: efd.metric("efd_spool_records") >= N, "records in the spool again")
		efd.kill()
		efd.start()
		es2 = FakeEs(port)
		es2.docs, es2.ids = es.docs, es.ids
		all_once("what was spooled before kill -9 arrives", es2, efd, 2 * N)
		efd.send(N)
		all_once("and what comes after it", es2, efd, 3 * N)
		es2.stop()


def full(name, keeps_oldest, **options):
	"""More than the spool holds: the accounts balance, and what is kept is what the policy says."""
	port = net.free_port()
	with Efd(f"http://127.0.0.1:{port}", ship_batch_size="64k", spool_full="drop-newest" if keeps_oldest else "drop-oldest",
			**options) as efd:
		n = 30000
		efd.send(n, every=0.001)
		dropped = 'efd_ship_documents_total{verdict="dropped"}'
		net.wait_for(lambda: efd.metric("efd_spool_records") + value(efd, dropped) == n, "all records on disk or dropped")
		ok(value(efd, dropped) > 0, f"{name}: a full spool drops, and counts it")
		ok("the spool is full" in efd.log_text(), f"{name}: and says so")
		es = FakeEs(port)
		net.wait_for(lambda: efd.metric("efd_spool_files") == 0, "an empty spool")
		kept = octets(es.lines(FLOWS))
		same(len(kept) + value(efd, dropped), n, f"{name}: stored and dropped are all")
		# what senders had in their hands stays in any case
		same(kept[len(kept) // 2] < n // 2, keeps_oldest, f"{name}: the policy chooses which")
		same(kept[-1] == n - 1, not keeps_oldest, f"{name}: to the end")
		efd.send(300)
		all_of = set(range(n, n + 300))
		net.wait_for(lambda: all_of <= set(octets(es.lines(FLOWS))), "what comes afterwards")
		es.stop()


def value(efd, sample):
	for line in efd.get("/metrics")[1].splitlines():
		if line.startswith(sample + " "):
			return float(line.rsplit(" ", 1)[1])
	return 0.0


def test_full_spool():
	full("quota, newest dropped", True, spool_size="128k")
	full("quota, oldest dropped", False, spool_size="128k")
	with tempfile.TemporaryDirectory() as disk:
		if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True).returncode:
			return skip("a disk that is full", "no right to mount a small one")
		try:
			full("full disk, newest dropped", True, spool_dir=os.path.join(disk, "spool"))
			full("full disk, oldest dropped", False, spool_dir=os.path.join(disk, "spool"))
		finally:
			subprocess.run(["umount", disk], check=False)


def test_no_spool():
	"""Nobody answers and there is no spool: memory fills up, a stop still ends, and tells how much was lost."""
	port = net.free_port()
	with Efd(f"http://127.0.0.1:{port}", ship_batch_size="64k", ship_buffers=2, ship_memory="1M", stop_timeout="1s",
			udp_receive_buffer="1M", **{"state-dir": None}) as efd:
		ok("there is no spool" in efd.log_text(), "without a spool efd warns at the start")
		efd.send(150000)
		net.wait_for(lambda: efd.metric("efd_pool_waits_total") > 0, "workers that wait for memory")
		same(efd.get("/healthz")[0], 200, "a worker that waits for memory is no worker that stands still")
		same(efd.stop(), 1, "a stop that loses records: exit code 1")
		ok("records were lost" in efd.log_text(), "and the number in the log", efd.log_text()[-500:])


def test_setup_missing():
	es = FakeEs(prepared=False)
	with Efd(es.url) as efd:
		efd.send(300)
		net.wait_for(lambda: "efctl setup" in efd.get("/readyz")[1], "the advice to run efctl setup")
		same(es.requests, 0, "a cluster without the templates gets no data")
		es.prepared = True
		all_once("after efctl setup all of it arrives", es, efd, 300)
	es.stop()


def test_nobody_may_ask():
	"""A proxy that answers the question for the template itself is no cluster without efctl setup: what is sent tells."""
	for status, body in ((404, b"{}"), (404, b"<html>Nothing</html>"), (405, b""), (302, b""), (200, b"<html>It works</html>")):
		es = FakeEs()
		es.template = (status, body)
		with Efd(es.url, decode_exporter_interval="1h") as efd:
			efd.send(300)
			net.wait_for(lambda: len(es.lines(FLOWS)) == 300, f"{status} {body}: data is sent", 20)
			net.wait_for(lambda: efd.get("/readyz") == (200, "ok\n"), "ready", 20)
			ok("efctl setup" not in efd.log_text(), f"{status} {body}: data is sent, and nobody is told to run efctl setup", efd.log_text()[-800:])
			r = subprocess.run([EFD, "--check-output", "--url", es.url], capture_output=True, text=True)
			ok(r.returncode == 2 and "elasticsearch.url" in r.stderr and "a start sends" in r.stderr, f"{status} {body}: --check-output says that it cannot know", r.stderr)
		es.stop()


def test_ready():
	"""Nobody says that all is well before having asked: no flow comes, and /readyz knows all the same."""
	port = net.free_port()
	with Efd(f"http://127.0.0.1:{port}") as efd:
		net.wait_for(lambda: f"127.0.0.1:{port}" in efd.get("/readyz")[1], "the reason")
		same(efd.get("/readyz")[0], 503, "nobody answers: not ready, though there is nothing to send")
		es = FakeEs(port, prepared=False)
		net.wait_for(lambda: "efctl setup" in efd.get("/readyz")[1], "the advice to run efctl setup")
		es.prepared = True
		net.wait_for(lambda: efd.get("/readyz")[0] == 200, "the answer that makes it ready")
		ok(efd.get("/readyz")[1].startswith("not verified: nothing was sent"), "but before anything was sent nobody knows whether it takes effect", efd.get("/readyz"))
		same((es.requests, es.docs), (0, []), "asking sends nothing")
		es.stop()
	for status, body, word in ((200, "<html>It works</html>", "elasticsearch.url"), (403, "<html>Forbidden</html>", "403"),
			(401, '{"error": "no"}', "401")):
		es = FakeEs()
		es.template = (status, body.encode())
		with Efd(es.url) as efd:
			net.wait_for(lambda: word in efd.get("/readyz")[1], "the reason")
			same(efd.get("/readyz")[0], 503, f"status {status} and {body}: not ready")
			es.template = (403, b'{"error": {"reason": "action is unauthorized for API key"}, "status": 403}')
			net.wait_for(lambda: efd.get("/readyz")[0] == 200, "efd's key, which may not look, to be enough")
		es.stop()


def test_reload():
	es = FakeEs()
	directory = tempfile.TemporaryDirectory(prefix="efd-test-")
	state = directory.name
	config, key = os.path.join(state, "efd.yml"), os.path.join(state, "key")

	def write(url, secret, allow):
		with open(key, "w") as f:
			f.write(secret + "\n")
		with open(config, "w") as f:
			f.write(f"elasticsearch:\n  url: {url}\n  api_key_file: {key}\nudp:\n  allow: [{allow}]\n")
	write("http://127.0.0.1:1", "wrong", "192.0.2.0/24")
	with Efd(None, state=state, config=config) as efd:
		efd.send(30)
		net.wait_for(lambda: efd.metric("efd_not_allowed_total") == 1, "a datagram that is not allowed")
		write(es.url, "right", "127.0.0.0/8")
		efd.process.send_signal(1)
		net.wait_for(lambda: "read again" in efd.log_text(), "the reload")
		efd.sent = 0
		efd.send(300)
		all_once("SIGHUP takes over endpoints, key and allow-list", es, efd, 300)
		same(set(es.auth), {"ApiKey right"}, "the new key is used")
		write(es.url, "right", "300.0.0.0/8")
		efd.process.send_signal(1)
		net.wait_for(lambda: "old settings" in efd.log_text(), "the refusal")
		efd.send(300)
		all_once("settings that are wrong change nothing", es, efd, 600)
	es.stop()


def test_tls():
	with tempfile.TemporaryDirectory() as d:
		def make(name):
			key, cert = os.path.join(d, name + ".key"), os.path.join(d, name + ".crt")
			subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
				"-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
				"-keyout", key, "-out", cert], check=True, capture_output=True)
			return cert, key
		right, other = make("right"), make("other")
		es = FakeEs(certificate=right)
		with Efd(es.url, ca_file=other[0]) as efd:
			efd.send(300)
			net.wait_for(lambda: "not trusted" in efd.get("/readyz")[1], "the reason")
			same((len(es.docs), es.requests), (0, 0), "an untrusted certificate gets no data")
			net.wait_for(lambda: efd.metric("efd_spool_records") == 300, "records in the spool")
			efd.stop()
			efd.options["ca_file"] = right[0]
			efd.start()
			all_once("with the right CA all of it arrives", es, efd, 300)
		es.stop()


run_all(test_requests, test_items, test_rejects, test_poison, test_endpoints, test_away, test_full_spool, test_no_spool, test_setup_missing, test_nobody_may_ask,
	test_ready, test_reload, test_tls)
