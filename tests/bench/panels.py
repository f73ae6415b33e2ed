#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long the panels of the dashboards take: each one's own searches over a day of three million records, and over 31 days.

usage: panels.py [--documents N] [--older N] [--limit SECONDS] [--keep]

The made-up month (tests/kibana/month.py) goes through the pipelines into an installation of its own; its documents are then multiplied with `_reindex` until a day holds
N (3000000) of them, each copy with addresses and names of its own and at other times, and the 30 days before it --older (1000000). Searches are not answered from a cache;
the best of three counts, so that other work on the machine matters less. Prints a table, slowest first, and ends with 1 when a panel takes --limit (5) seconds or more
with 24 hours. --keep leaves the documents for a next run, which takes them. The cluster: ES_URL, else an embedded OpenSearch (ENGINE_HEAP=2g is wise).
"""
import argparse
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", p) for p in ("lib", "captures", "kibana")]
import cluster  # noqa: E402
import meters  # noqa: E402
import month  # noqa: E402
import rig  # noqa: E402
import saved  # noqa: E402
from lens import Lens  # noqa: E402

DAY_MS, TIMES = 86400000, 3
END_MS = month.END_S * 1000
# Each copy is of other hosts: as many addresses and names as a network of that size has.
COPY = """
def d = ctx._source; int n = params.n;
d['@timestamp'] = params.from + (long) (new Random(n * 1000003L + ((Number) d['@timestamp']).longValue() + params.salt).nextDouble() * params.span);
for (end in ['source', 'destination', 'client', 'server']) {
  def e = d[end];
  if (e instanceof Map && e.ip instanceof String) {
    String ip = e.ip;
    int last = ip.lastIndexOf('.');
    if (last > 0) {
      int near = ip.lastIndexOf('.', last - 1);
      e.ip = ip.substring(0, near + 1) + (n % 250) + ip.substring(last);
    }
    def f = d.flow[end];
    if (f instanceof Map && f.name instanceof String) { f.name = f.name == ip ? e.ip : 'n' + (n % 250) + '.' + f.name; }
  }
}
"""


def copies(es, source, target, count, from_ms, span_ms, salt):
	"""Adds COUNT documents to TARGET, spread over the time."""
	have = es.count(source)
	begun, made, n = time.monotonic(), 0, 0
	while made < count:
		body = {"source": {"index": source, "size": 5000}, "dest": {"index": target, "op_type": "create", "pipeline": "_none"}, "max_docs": min(have, count - made), "conflicts": "proceed",
			"script": {"source": COPY + "ctx._id = null;", "params": {"n": n, "from": from_ms, "span": span_ms, "salt": salt}}}
		task = es.must("POST", "/_reindex?wait_for_completion=false&slices=2", body)["task"]
		while not (state := es.must("GET", "/_tasks/" + task))["completed"]:
			time.sleep(0.5)
		if state.get("response", {}).get("failures"):
			raise SystemExit("panels.py: " + str(state["response"]["failures"][0])[:500])
		made, n = made + state["response"]["created"], n + 1
		print(f"\r{made:,} documents, {made / (time.monotonic() - begun):,.0f} a second", end="", file=sys.stderr)
	print(file=sys.stderr)


def searches(dashboard, panel, views, from_ms, to_ms):
	"""[(pattern, function of `ask`)] of a panel: what it has to be asked before it is whole."""
	filters = [f["query"] for f in dashboard["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"].get("filter", [])]
	if panel["type"] == "lens":
		lens = Lens(panel, filters)
		return [(views[lens.view], lambda ask: lens.ask(ask, from_ms, to_ms))]
	spec, out = saved.vega_spec(panel), []
	for data in (spec or {"data": []})["data"]:
		if "url" in data:
			body = saved.vega_search(data["url"], to_ms, to_ms - from_ms)
			out.append((data["url"]["index"], lambda ask, body=body: ask(body)))
	return out


def seconds(es, installation, asked, from_ms, to_ms):
	"""The best of TIMES, all searches of a panel together."""
	def ask_of(pattern):
		def ask(body):
			query = {"bool": {"filter": [body.get("query", {"match_all": {}}), {"range": {"@timestamp": {"gte": from_ms, "lte": to_ms}}}]}}
			return es.must("POST", f"/{installation.index(pattern)}/_search?request_cache=false&ignore_unavailable=true", {**body, "query": query}).get("aggregations", {})
		return ask
	best = None
	for _ in range(TIMES):
		begun = time.monotonic()
		for pattern, search in asked:
			search(ask_of(pattern))
		took = time.monotonic() - begun
		best = took if best is None else min(best, took)
	return best


def filled(es, arguments):
	installation = rig.Installation(es, "panels", os.path.join(HERE, "..", "kibana", "month"), keep=arguments.keep)
	source, target = (installation.index("logs-flow-" + n) for n in ("default", "many"))
	if not installation.old:
		with tempfile.TemporaryDirectory() as tmp:
			capture = os.path.join(tmp, "month.pcap")
			meters.capture(capture, month.Month().datagrams)
			installation.replay(capture)
		es.must("PUT", f"/_data_stream/{target}")
		es.must("PUT", f"/{target}/_settings", {"index": {"refresh_interval": "-1", "translog.durability": "async"}})
		copies(es, source, target, arguments.documents, END_MS - DAY_MS, DAY_MS, 1)
		copies(es, source, target, arguments.older, END_MS - 31 * DAY_MS, 30 * DAY_MS, 2)
		es.must("DELETE", "/_data_stream/" + source)
		es.must("POST", f"/{target}/_refresh")
	return installation, target


def main():
	p = argparse.ArgumentParser()
	p.add_argument("--documents", type=int, default=3000000)
	p.add_argument("--older", type=int, default=1000000)
	p.add_argument("--limit", type=float, default=5)
	p.add_argument("--keep", action="store_true")
	arguments = p.parse_args()
	es = cluster.connect()
	installation, target = filled(es, arguments)
	objects = rig.objects()
	views = {o["id"]: o["attributes"]["title"] for o in objects if o["type"] == "index-pattern"}
	rows = []
	for dashboard, panel in saved.panels(objects):
		took = []
		for span in (1, 31):
			asked = searches(dashboard, panel, views, END_MS - span * DAY_MS, END_MS - 1)
			if asked:
				took.append(seconds(es, installation, asked, END_MS - span * DAY_MS, END_MS - 1))
		if took:
			rows.append((took, saved.where(dashboard, panel)))
			print(f"{took[0]:6.2f} {took[1]:6.2f}  {rows[-1][1]}", file=sys.stderr, flush=True)
	rows.sort(reverse=True)
	day = {"range": {"@timestamp": {"gte": END_MS - DAY_MS, "lt": END_MS}}}
	print(f"{es.count(target, day):,} records in 24 hours, {es.count(target):,} in 31 days")
	print("| panel | 24 h, s | 31 d, s |\n|---|---|---|")
	for (a, b), name in rows:
		print(f"| {name} | {a:.2f} | {b:.2f} |")
	slow = [name for (a, _), name in rows if a >= arguments.limit]
	print(f"{len(rows)} panels, {len(slow)} take {arguments.limit:g} s or more with 24 hours")
	return 1 if slow else 0


sys.exit(main())
