#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl report against a ledger: its figures; names that would be markup; a page that loads nothing and runs nothing, also in a browser where there is one."""
import collections
import html.parser
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time

import harness
import flowdocs
import tap
from flowdocs import counted, get

R = random.Random(3)
NOW = int(time.time()) // 600 * 600
HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "'onmouseover='alert(3)", "a\u202egnp.exe", "</title></style><h1>x", "&lt;b&gt;", "javascript:alert(4)",
	"x\u0000y", "<svg/onload=alert(5)>", "http://evil.example/x.js", "line\nend", "]]>--><!--"]
LOADS = {"src", "href", "action", "formaction", "poster", "background", "data", "srcset", "xlink:href", "ping", "cite", "manifest"}


class Page(html.parser.HTMLParser):
	"""What a page has: tags, attributes, sections with the cells of their tables."""

	def __init__(self, text):
		super().__init__(convert_charrefs=True)
		self.tags, self.attributes, self.sections = collections.Counter(), [], []
		self.cell, self.heading, self.style, self.tiles, self.in_style, self.in_tile = None, False, "", [], False, False
		self.feed(text)

	def handle_starttag(self, tag, attrs):
		self.tags[tag] += 1
		self.attributes += [(tag, k, v) for k, v in attrs]
		if tag == "section":
			self.sections.append(("", []))
		elif tag == "h2":
			self.heading = True
		elif tag == "tr" and self.sections:
			self.sections[-1][1].append([])
		elif tag == "td":
			self.cell = [dict(attrs).get("data-bytes"), ""]
		self.in_style = tag == "style"
		self.in_tile = tag == "b"

	def handle_endtag(self, tag):
		if tag == "td":
			self.sections[-1][1][-1].append(self.cell[0] or self.cell[1])
			self.cell = None
		elif tag == "h2":
			self.heading = False

	def handle_data(self, data):
		if self.cell is not None:
			self.cell[1] += data
		elif self.heading:
			self.sections[-1] = (self.sections[-1][0] + data, self.sections[-1][1])
		if self.in_style:
			self.style += data
		if self.in_tile and data.strip():
			self.tiles.append(data.strip())

	def rows(self, title):
		return [r for t, rows in self.sections if t == title for r in rows if r]


def documents():
	docs = []
	for i in range(2000):
		a, b = (f"h{int(R.paretovariate(0.8)) % 60}" for _ in range(2))
		docs.append(flowdocs.flow(a, b, R.randrange(10 ** 6), R.randrange(10 ** 6), R.choice(["dns", "https", None]), NOW - R.randrange(3 * 3600), network__application=R.choice(["Mail", None]),
			observer__name=f"r{i % 3}", client__geo={"country_iso_code": R.choice(["AT", "DE"])}, server__geo={"country_iso_code": R.choice(["AT", "FR"])}))
		if R.random() < 0.1:
			d = docs[-1]
			d["flow"]["duplicate"] = {"bytes": d["network"].pop("bytes"), "packets": d["network"].pop("packets"), "reason": ["egress"]}
			del d["client"]["bytes"], d["server"]["bytes"]
	return docs


def report(es, ns, *args):
	with tempfile.TemporaryDirectory() as folder:
		path = os.path.join(folder, "r.html")
		r = harness.efctl("report", "-o", path, "--namespace", ns, *args, es=es)
		if not tap.ok(r.returncode == 0 and path in r.stderr, f"report {' '.join(args)}: written, and said where", r.stdout + r.stderr):
			return ""
		with open(path, encoding="utf-8", newline="") as f:
			return f.read()


def ledger(docs, *fields):
	"""[(name, bytes, flows)], the largest first; a flow that has a value at both ends counts once."""
	out = collections.defaultdict(lambda: [0, 0])
	for d in counted(docs):
		for name in {get(d, f) for f in fields} - {None}:
			out[name][0] += get(d, "network.bytes")
			out[name][1] += 1
	return sorted(((k, *v) for k, v in out.items()), key=lambda r: (-r[1], r[0]))


def check_figures(es):
	docs = documents()
	ns = harness.namespace(es, "report")
	flowdocs.store(es, ns, [docs[i::2] for i in range(2)])
	text = report(es, ns)
	page = Page(text)
	for title, fields in (("Clients", ["flow.client.name"]), ("Servers", ["flow.server.name"]), ("Services", ["flow.service.name"]), ("Applications", ["network.application"]),
			("Countries", ["client.geo.country_iso_code", "server.geo.country_iso_code"]), ("Exporters", ["observer.name"])):
		want = ledger(docs, *fields)[:10]
		got = [(r[0], int(r[1]), int(r[4].replace(",", ""))) for r in page.rows(title)][:len(want)]
		tap.same(got, want, f"{title}: the ledger's figures")
	tap.same(page.tiles[2].replace(",", ""), str(len(counted(docs))), "flows, without those that only repeat others")
	queries = re.findall(r"<pre>POST (\S+)/_search\n(.*?)</pre>", text, re.S)
	tap.ok(len(queries) >= text.count("<section") and all(q[0] == f"logs-flow-{ns}" or "metrics" in q[0] for q in queries), "each figure has its query", str(len(queries)))
	want = ledger(docs, "flow.client.name")[0]
	for _, body in queries:
		found = es.must("POST", f"/logs-flow-{ns}/_search", html.unescape(body))["aggregations"].get("list0", {}).get("buckets")
		if found and found[0]["key"] == want[0]:
			tap.same(found[0]["v"]["value"], want[1], "a query as it stands there gives the figure")
			break
	part = Page(report(es, ns, "port", "1"))
	tap.ok(not part.rows("Clients"), "of nothing: no rows, and no error")
	return text


def check_quiet(text, name):
	"""Nothing in the page fetches or runs anything."""
	page = Page(text)
	tap.ok(not set(page.tags) & {"script", "link", "iframe", "object", "embed", "img", "image", "use", "base", "form", "audio", "video", "source", "foreignobject", "animate", "set", "a"}, f"{name}: no element that loads or runs", str(page.tags))
	tap.ok(not [a for a in page.attributes if a[1] in LOADS or a[1].startswith("on")], f"{name}: no attribute that does", str([a for a in page.attributes if a[1] in LOADS or a[1].startswith("on")][:5]))
	tap.ok("url(" not in page.style and "@import" not in page.style and "//" not in page.style and page.tags["style"] == 1, f"{name}: nor does the style")
	tap.ok("default-src 'none'" in text, f"{name}: and a browser is told so")


def check_hostile(es):
	ns = harness.namespace(es, "hostile")
	docs = [flowdocs.flow(n, n + "-", 10 ** 6 - i, 5, n, NOW - 60, network__application=n, observer__name=n, flow__ingress={"interface": n, "bytes": 5}, flow__threat={"categories": [n]},
		client__as={"number": 64500 + i, "organization": {"name": n}}) for i, n in enumerate(HOSTILE)]
	flowdocs.store(es, ns, [docs])
	text = report(es, ns, "-n", "20")
	check_quiet(text, "hostile names")
	got = [r[0] for r in Page(text).rows("Clients")]
	want = [n.replace("\u202e", "???").replace("\x00", "␀").replace("\n", " ") for n in HOSTILE]
	tap.same(got, want, "they are shown as they are, but for what steers")
	tap.ok("\u202e" not in text and "\x00" not in text, "no mark that turns the direction is left")
	look(text)


def check_left_out(es):
	"""What the installation leaves out is said where it would be missed, and nowhere else."""
	ns, quiet = harness.namespace(es, "left"), ("--yes", "--no-key", "--no-connection", "--no-kibana")
	flowdocs.store(es, ns, [[flowdocs.flow("a", "b", 5, 5, "dns", NOW - 60, client__as={"number": 64500})]])
	tap.ok("--as-lookup" not in report(es, ns), "all is looked up: nothing is said")
	try:
		r = harness.efctl("setup", *quiet, "--as-lookup", "off", es=es)
		tap.ok(r.returncode == 0, "setup --as-lookup off", r.stderr)
		part = report(es, ns).split("<section")
		with_it = [re.search("<h2>(.*?)</h2>", p).group(1) for p in part if "this installation has --as-lookup off" in p]
		tap.same(with_it, ["Autonomous systems"], "said where AS are ranked")
		head, *others = report(es, ns, "client as 64500").split("<section")
		tap.ok("client.as.number is empty but for what your networks and exporters say" in head and others, "and on top, where the filter asks for one", head[-600:])
	finally:
		r = harness.efctl("setup", *quiet, "--reset", "as_lookup", es=es)
		tap.ok(r.returncode == 0, "setup --reset as_lookup", r.stderr)


def look(text):
	"""In a browser: no dialog, no request, no script; nothing wider than the window."""
	chromium = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
	found = chromium and subprocess.run(["node", "-e", "require('playwright-core')"], capture_output=True)
	if not found or found.returncode:
		tap.skip("in a browser", "no chromium with playwright-core in NODE_PATH")
		return
	with tempfile.TemporaryDirectory() as folder:
		path = os.path.join(folder, "r.html")
		with open(path, "w", encoding="utf-8") as f:
			f.write(text)
		r = subprocess.run(["node", os.path.join(harness.HERE, "report.js"), chromium, path, folder], capture_output=True, text=True)
		if not tap.ok(r.returncode == 0, "a browser opens it", r.stdout + r.stderr):
			return
		seen = json.loads(r.stdout)
		tap.same([seen["requests"], seen["dialogs"], seen["errors"]], [[], [], []], "in a browser: no request, no dialog, no error")
		tap.ok(all(w["page"] <= w["window"] for w in seen["widths"]) and len(seen["widths"]) == 6, "no page is wider than its window: three widths, light and dark", str(seen["widths"]))
		tap.ok(len({w["paper"] for w in seen["widths"]}) == 2, "dark is another paper than light", str(seen["widths"]))
		tap.ok(seen["pdf"] > 10000, "and it can be printed", str(seen["pdf"]))


es = harness.ready()
check_quiet(check_figures(es), "a report")
check_hostile(es)
check_left_out(es)
tap.done()
