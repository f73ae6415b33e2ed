#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl series against a ledger: every step of all flows and of the largest, ends that are both, steps no shorter than flows may last; and what a terminal shows."""
import collections
import csv
import io
import json
import random
import time

import harness
import flowdocs
import tap
from flowdocs import counted, get

R = random.Random(5)
STEP = 600
NOW = int(time.time()) // STEP * STEP


def documents():
	docs = []
	for _ in range(3000):
		a, b = (f"h{int(R.paretovariate(0.6)) % 50}" for _ in range(2))
		d = flowdocs.flow(a, b, R.randrange(10 ** 6), R.randrange(10 ** 6), R.choice(["dns", "https", "a,\"b\""]), NOW - R.randrange(6 * 3600))
		if R.random() < 0.1:
			d["flow"]["duplicate"] = {"bytes": d["network"].pop("bytes"), "packets": d["network"].pop("packets"), "reason": ["egress"]}
			del d["client"]["bytes"], d["server"]["bytes"]
		docs.append(d)
	return docs


def ledger(docs, fields):
	"""{name: {begin of the step: [bytes, packets, flows]}}, with "all"."""
	out = collections.defaultdict(lambda: collections.defaultdict(lambda: [0] * 3))
	for d in counted(docs):
		at = d["@timestamp"] // 1000 // STEP * STEP
		for name in {get(d, f) for f in fields} | {"all"}:
			row = out[name][at]
			for i, n in enumerate((get(d, "network.bytes"), get(d, "network.packets"), 1)):
				row[i] += n
	return out


def series(es, ns, *args):
	r = harness.efctl("series", *args, "--namespace", ns, es=es)
	tap.ok(r.returncode == 0, f"series {' '.join(args)}", r.stdout + r.stderr)
	return r.stdout


def compare(es, ns, docs, dimension, fields):
	want = ledger(docs, fields)
	rows = list(csv.DictReader(io.StringIO(series(es, ns, "--by", dimension, "-n", "3", "--step", "10m", "--format", "csv"))))
	got = collections.defaultdict(dict)
	for r in rows:
		at = int(time.mktime(time.strptime(r["time"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z")) - time.timezone)
		got[r["name"]][at] = [int(r[c]) for c in ("bytes", "packets", "flows")]
	largest = sorted((n for n in want if n not in ("all", None)), key=lambda n: -sum(v[0] for v in want[n].values()))[:3]
	tap.same(sorted(got), sorted(["all", *largest]), f"{dimension}: all, and the three largest of the ledger")
	wrong = [(n, at, got[n].get(at), want[n][at]) for n in got for at in want[n] if got[n].get(at) != want[n][at]]
	tap.ok(rows and not wrong, f"{dimension}: every step is the ledger's", "\n".join(map(str, wrong[:5])))
	lone = [r for r in rows if r["flows"] == "0" and r["bytes"] != "0"]
	tap.ok(not lone and len({len(v) for v in got.values()}) == 1, f"{dimension}: all lines have the same steps")
	return got


def drawn(es, ns):
	look = dict(COLUMNS="90", LANG="C.UTF-8", LC_ALL="")
	for env, name in ((look, "braille"), (dict(look, LC_ALL="C"), "ASCII")):
		r = harness.efctl("series", "--by", "services", "--namespace", ns, es=es, env=env)
		lines = r.stdout.splitlines()
		tap.ok(r.returncode == 0 and max(map(len, lines)) <= 90 and "bit/s" in lines[0] and any(l.startswith("https ") for l in lines), f"{name}: it fits 90 columns and has a scale", r.stdout + r.stderr)
		tap.ok(r.stdout.isascii() == (name == "ASCII"), f"{name} is {name}", r.stdout)
	answer = json.loads(series(es, ns, "--format", "json"))
	last = answer["series"][0]
	tap.ok(answer["step_ms"] >= 300000 and sum(last["flows"]) > 0 and len(last["bytes"]) == answer["steps"], "JSON has a list for each line", str(answer)[:300])
	# the first and the last step are as long as they were asked for
	end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - STEP // 2))
	start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 2 * STEP))
	answer = json.loads(series(es, ns, "--format", "json", "--step", "10m", "--from", start, "--to", end))
	bytes_, rates = answer["series"][0]["bytes"], answer["series"][0]["bits_per_second"]
	tap.same(rates, [bytes_[0] * 8 // STEP, bytes_[1] * 8 // (STEP // 2)], "half a step is half as long")
	r = harness.efctl("series", "--step", "1m", "--namespace", ns, es=es)
	tap.ok(r.returncode == 2 and "setup.active_timeout" in r.stderr, "no step is shorter than flows last", r.stderr)


es = harness.ready()
docs = documents()
ns = harness.namespace(es, "series")
flowdocs.store(es, ns, [docs[i::3] for i in range(3)])
compare(es, ns, docs, "hosts", ("flow.client.name", "flow.server.name"))
compare(es, ns, docs, "services", ("flow.service.name",))
compare(es, ns, docs, "clients", ("flow.client.name",))
drawn(es, ns)
tap.done()
