#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long efctl's questions take on a day of flows: top, series and report, warm, median of ROUNDS; the engine's processor time, which other
work on the machine does not lengthen; and the most memory that efctl held. Then how many records a second `flows` exports, and what does not meet the
targets (issue 21): top and series below 2 seconds, 20,000 records a second, 256 MiB.

usage: ask.py [--flows N] [--records N] [--keep] [--only export]       ES_URL, ES_USER, ES_PASSWORD name the cluster; without them an embedded OpenSearch

N (3,000,000) documents of the made-up company of company.py, multiplied within the cluster: SEED of them, copied to a fifth of N with other times
and, for two thirds of them, other names of hosts, so that there are some tens of thousands; and that index five times (an alias), so that it is one day on five
shards. --keep leaves them (`logs-flow-ask`) for another run, which takes them as they are.
"""
import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cluster  # noqa: E402
import company  # noqa: E402

EFCTL = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
ROUNDS = int(os.environ.get("ROUNDS", "7"))
SEED, CLONES, NAMESPACE = 20000, int(os.environ.get("CLONES", "5")), "ask"
STREAM, COPIES = f"logs-flow-{NAMESPACE}", "logs-flow-copies"
COPY = """int h = (ctx._id + params.n).hashCode(); int host = (h % 400 + 400) % 400;
if (h % 3 != 0) { for (end in ['client', 'server']) { def e = ctx._source.flow[end]; if (e != null && e.name != null) { e.name = host + '.' + e.name; } } }
def t = ctx._source['@timestamp']; long ms = t instanceof Number ? (long) t : ZonedDateTime.parse(t).toInstant().toEpochMilli();
ctx._source['@timestamp'] = params.base + ((ms - params.base + params.shift) % 86400000L + 86400000L) % 86400000L; ctx._id = ctx._id + '-' + params.n;"""

DAY = ["--since", "24h"]	# of this moment: no request is the same as the one before, so no cache of answers helps
QUESTIONS = [
	["top", "hosts"],
	["top", "clients"],
	["top", "services"],
	["top", "as"],
	["top", "countries"],
	["top", "conversations"],
	["top", "interfaces"],
	["top", "hosts", "-n", "100"],
	["top", "hosts", "--by", "peers"],
	["top", "hosts", "--by", "peak"],
	["series"],
	["series", "--by", "services"],
	["series", "--by", "hosts"],
	["report", "-o", "-"],
	["top", "clients", "--exact"],
]
EXPORTS = [
	["flows", "--format", "ndjson"],
	["flows", "--format", "csv"],
	["flows", "--format", "ndjson", "--fields", "@timestamp,source.ip,destination.ip,network.bytes"],
	["flows", "--format", "csv", "--sort", "bytes"],
]
MOST_MS, LEAST_RECORDS, MOST_KB = 2000, 20000, 256 * 1024


def fill(es, flows):
	"""FLOWS documents of the last 24 hours."""
	now, part = int(time.time()), flows // CLONES
	if es.count("logs-flow-seed") < SEED:
		docs = company.documents(SEED, now * 1000)
		while lines := [json.dumps(d, separators=(",", ":")) for d in itertools.islice(docs, 4000)]:	# finished already: the pipeline is not for them
			reply = es.must("POST", "/_bulk", "".join('{"create":{"_index":"logs-flow-seed","pipeline":"_none"}}\n%s\n' % line for line in lines), "application/x-ndjson")
			assert not reply["errors"], str(reply)[:600]
	es.post("/logs-flow-seed/_refresh")
	while (have := es.count(COPIES)) < part:
		n = have // SEED
		es.must("POST", "/_reindex?refresh=false", {"conflicts": "proceed", "max_docs": min(SEED, part - have), "source": {"index": "logs-flow-seed", "size": 5000},
			"dest": {"index": COPIES, "op_type": "create", "pipeline": "_none"}, "script": {"source": COPY, "params": {"n": f"{n}.{now}", "shift": n * 1717000, "base": (now - 86400) * 1000}}})
		print(f"\r{have:,} documents", end="", file=sys.stderr)
	index = es.must("GET", f"/_data_stream/{COPIES}")["data_streams"][0]["indices"][0]["index_name"]
	es.must("POST", f"/{COPIES}/_rollover")	# what is written to cannot be copied
	es.must("PUT", f"/{index}/_settings", {"index.blocks.write": True})
	for n in range(CLONES):
		es.must("POST", f"/{index}/_clone/ask-{n}", {"aliases": {STREAM: {}}, "settings": {"index.number_of_replicas": 0}})
	while es.must("GET", "/_cluster/health/ask-*?wait_for_status=yellow")["status"] == "red":
		time.sleep(1)


def most_kb(pid):
	"""The most memory that a process has held so far; what wait4() tells counts Python's own, from before the program was started in its place."""
	with open(f"/proc/{pid}/status", encoding="ascii") as f:
		return max((int(line.split()[1]) for line in f if line.startswith("VmHWM:")), default=0)	# none when it has ended


def ask(es, question):
	"""(milliseconds, exit code, kilobytes of efctl at most, milliseconds of its processor time)"""
	begin, kb, pid = time.monotonic(), 0, 0
	with tempfile.TemporaryFile() as error:
		p = subprocess.Popen([EFCTL, *question, *DAY, "--namespace", NAMESPACE], stdout=subprocess.DEVNULL, stderr=error, env=dict(os.environ, **es.env(), EF_ELASTICSEARCH_TIMEOUT="600s"))
		while not pid:
			time.sleep(0.002)
			kb = max(kb, most_kb(p.pid))
			pid, status, used = os.wait4(p.pid, os.WNOHANG)
		ms, code = (time.monotonic() - begin) * 1000, os.waitstatus_to_exitcode(status)
		if code:
			error.seek(0)
			print(error.read().decode(errors="replace"), file=sys.stderr)
	return ms, code, kb, (used.ru_utime + used.ru_stime) * 1000


def questions(es):
	"""How many failed; what missed its target."""
	print("| question | ms | lowest | highest | engine, ms of processor time | efctl, MB |\n|---|---|---|---|---|---|")
	bad, missed = 0, []
	for q in QUESTIONS:
		rounds = 1 if "--exact" in q else ROUNDS
		ask(es, q)	# warm
		before = es.cpu_ms()
		got = [ask(es, q) for _ in range(rounds)]
		cpu = (es.cpu_ms() - before) / rounds
		bad += any(code for _, code, _, _ in got)
		ms, kb = [g[0] for g in got], max(g[2] for g in got)
		print(f"| `efctl {' '.join(q)}` | {statistics.median(ms):.0f} | {min(ms):.0f} | {max(ms):.0f} | {cpu:.0f} | {kb / 1000:.0f} |", flush=True)
		if q[0] in ("top", "series") and "--exact" not in q and statistics.median(ms) > MOST_MS:
			missed.append(f"efctl {' '.join(q)}: {statistics.median(ms):.0f} ms")
		if kb > MOST_KB:
			missed.append(f"efctl {' '.join(q)}: {kb // 1024} MiB")
	return bad, missed


def exports(es, records):
	"""The same, of RECORDS each."""
	print("\n| export | records a second | engine, µs of processor time a record | efctl, µs a record | efctl, MB |\n|---|---|---|---|---|")
	bad, missed = 0, []
	for q in EXPORTS:
		words = [*q, "-n", str(records)]
		ask(es, [*q, "-n", "10000"])	# warm
		before = es.cpu_ms()
		ms, code, kb, own = ask(es, words)
		cpu = es.cpu_ms() - before
		bad += code != 0
		rate = records * 1000 / ms
		print(f"| `efctl {' '.join(q)}` | {rate:,.0f} | {cpu * 1000 / records:.0f} | {own * 1000 / records:.0f} | {kb / 1000:.0f} |", flush=True)
		if rate < LEAST_RECORDS:
			missed.append(f"efctl {' '.join(q)}: {rate:,.0f} records a second")
		if kb > MOST_KB:
			missed.append(f"efctl {' '.join(q)}: {kb // 1024} MiB")
	return bad, missed


def main():
	p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
	p.add_argument("--flows", type=int, default=3000000)
	p.add_argument("--records", type=int, default=300000)
	p.add_argument("--only", choices=["export"])
	p.add_argument("--keep", action="store_true")
	args = p.parse_args()
	es = cluster.connect()
	env = dict(os.environ, **es.env())
	subprocess.run([EFCTL, "setup", "--yes", "--no-key", "--no-connection", "--no-kibana"], check=True, stdout=subprocess.DEVNULL, env=env)
	have = es.count(STREAM)
	if have < args.flows:
		fill(es, args.flows)
	indices = es.must("GET", f"/{STREAM}/_settings")
	print(f"{' '.join(map(str, es.about))}: {es.count(STREAM):,} documents in {len(indices)} indices, {os.cpu_count()} CPUs, median of {ROUNDS}\n")
	bad, missed = (0, []) if args.only == "export" else questions(es)
	more = exports(es, min(args.records, es.count(STREAM)))
	bad, missed = bad + more[0], missed + more[1]
	print("\n" + ("all targets are met" if not missed else "not met: " + "; ".join(missed)))
	if not args.keep:
		es.delete("/ask-*" if es.about[0] == "opensearch" else "/" + ",".join(f"ask-{n}" for n in range(CLONES)))
		for stream in (COPIES, "logs-flow-seed", "metrics-flow.exporters-seed", "metrics-flow.counters-seed", "logs-flow.failed-seed", "logs-ti_flow-seed"):
			es.delete(f"/_data_stream/{stream}")
	return 1 if bad else 0


if __name__ == "__main__":
	sys.exit(main())
