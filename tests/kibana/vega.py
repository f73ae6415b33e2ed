# SPDX-License-Identifier: Apache-2.0
"""What Vega panels make of the engine's replies: drawn by Vega itself (values.js), and judged by the ledger."""
import json
import math
import os
import re
import subprocess
import tempfile

import carried
import course
import ledger
import npm
from course import TIMEOUT_MS

HERE = os.path.dirname(os.path.abspath(__file__))
# Fields that have several values: their parts add up to more than the whole.
SEVERAL = {"flow.tcp.flags", "flow.threat.categories", "flow.threat.feeds", "flow.threat.class", "tags"}
CLOSE = 1e-4	# the range ends a millisecond before the full hour


def close(a, b):
	return abs(a - b) <= CLOSE * max(1e-9, abs(a), abs(b))


def draw(specs):
	"""{name: {data, signals, texts}} of {name: spec}; None where Vega cannot be had."""
	modules = npm.modules("vega@5")
	if not modules:
		return None
	with tempfile.TemporaryDirectory() as tmp:
		for i, spec in enumerate(specs.values()):
			with open(os.path.join(tmp, "%05d.json" % i), "w") as f:
				json.dump(spec, f)
		p = subprocess.run(["node", os.path.join(HERE, "values.js"), tmp], env=dict(os.environ, NODE_PATH=modules), stdout=subprocess.PIPE, check=True, text=True)
	names = list(specs)
	return {names[int(d["name"])]: d for d in map(json.loads, p.stdout.splitlines())}


def leaf(bucket, n):
	v = bucket.get(n)
	return None if v is None else v["v"]["value"] if "v" in v else v["value"]


def last_fits(rows, key, query):
	"""How many values of KEY fit QUERY by the last row of each."""
	last = {r[key]: r for r in rows if key in r}	# rows are in order of time
	test = ledger.compiled(query)
	return sum(test(r) for r in last.values())


def of_interfaces(rows, wanted):
	"""{tile: what it shows}: of the interface that is asked for alone."""
	came, went = carried.totals(rows, wanted)
	part = lambda side: sum(r.get(side + ".partial", False) for r in rows if wanted in (None, r.get(side + ".interface")))
	return {"In, mean": came, "Out, mean": went, "In": came, "Out": went, "Partial records, in": part("flow.ingress"), "Partial records, out": part("flow.egress")}


UP = "flow.interface", {"range": {"counters.if_counters.ifStatus": {"gte": 3}}}


def kpis(drawn, due, rows, to_ms, seconds, wanted=None, **_):
	"""[(question, truth, shown, wrong)] of a strip of key figures, which are those of the range but for its last millisecond."""
	rows = [r for r in rows if r["@timestamp"] < to_ms]
	whole, out, own = due["whole"]["buckets"][0], [], of_interfaces(rows, wanted)
	for tile in drawn["data"]["tiles"]:
		if tile["title"].startswith(("Receive to", "End of flow to")):	# when efd and the pipeline ran, no exporter tells
			continue
		if tile["title"] in own:
			truth = own[tile["title"]]
		elif tile["title"] == "Interfaces up":
			truth = last_fits(rows, *UP)
		else:
			a, b = (leaf(whole, "%s%d" % (k, tile["i"])) for k in "ab")
			truth = (a or 0) if b is None else a / b if b else 0
		truth *= 8 / seconds if tile["text"].endswith("bit/s") and "peed" not in tile["title"] else 1 / seconds if tile["text"].endswith("/s") and "bit" not in tile["text"] else 1
		out.append((tile["title"], truth, tile["v"], [] if close(truth, tile["v"]) else ["%s: %s (%s), ledger %s" % (tile["title"], tile["v"], tile["text"], truth)]))
	return out


def whose(drawn, rows, wanted=None, **_):
	"""The line that says of how many interfaces the page is."""
	out, signals = [], drawn["signals"]
	for name, side in (("came", "flow.ingress"), ("went", "flow.egress")):
		truth = len({r[side + ".interface"] for r in rows if side + ".interface" in r and wanted in (None, r[side + ".interface"])})
		out.append(("interfaces, " + name, truth, signals[name], [] if truth == signals[name] else ["%s %s interfaces, ledger %s" % (name, signals[name], truth)]))
	left = sum(r.get(side + ".reverse_bytes", 0) for r in rows for side in carried.SIDES if wanted in (None, r.get(side + ".interface")))
	out.append(("answers that charts leave out", left, signals["back"], [] if close(left, signals["back"]) else ["it says %s are left out, ledger %s" % (signals["back"], left)]))
	text = drawn["texts"][0]
	if wanted and wanted not in text or not wanted and not text.startswith("All interfaces together"):
		out[0][3].append("asked for %s it says: %s" % (wanted, text))
	return out


def ranking(drawn, due, rows, spec, **_):
	"""Rows and what is below them are the whole, also of records that lack a field."""
	f = spec["data"][0]["url"]["body"]["aggs"]["f"]
	test = ledger.compiled(f["filter"])
	(kind, what), = f["aggs"]["all"].items()
	whole = ledger.metric(kind, what, [r for r in rows if test(r)])["value"]
	shares = sum(r["share"] for r in drawn["data"]["rows"])
	rest = drawn["signals"]["rest"]
	wrong = [] if close(drawn["signals"]["whole"], whole) else ["the whole is %s, ledger %s" % (drawn["signals"]["whole"], whole)]
	if whole and not close(shares + rest / whole, 1):
		wrong.append("shares add up to %s" % (shares + rest / whole))
	listed = sum(r["v0"] for r in drawn["data"]["rows"])
	return [("all rows and all others", whole, listed + rest, wrong)]


def sankey(drawn, rows, **_):
	whole = sum(r.get("network.bytes", 0) for r in rows)
	totals = {n["col"]: n["total"] for n in drawn["data"]["nodes"]}
	return [("column " + col, whole, total, [] if close(whole, total) else ["column %s has %s of %s" % (col, total, whole)]) for col, total in sorted(totals.items())]


def steps(rows, side, name, from_ms, to_ms, step):
	"""Bits per second of each step of the range."""
	sums = [0] * math.ceil((to_ms + 1 - from_ms) / step)
	for r in rows:
		if r.get(side + ".interface") == name:
			sums[(r["@timestamp"] - from_ms) // step] += r.get(side + ".bytes", 0)
	return [s * 8000 / step for s in sums]


def billing(drawn, rows, spec, from_ms, to_ms, wanted=None, **_):
	out = []
	side = spec["data"][0]["url"]["body"]["aggs"]["top"]["terms"]["field"].rsplit(".", 1)[0]
	for r in drawn["data"]["rows"]:
		step = round(1000 * next(x["seconds"] for x in drawn["data"]["rows"]))
		means = steps(rows, side, r["key"], from_ms, to_ms, step)
		peak, mean = max(means), sum(means) / len(means)
		wrong = [] if close(peak, r["peak"]) and close(mean, r["mean"]) else ["%s: mean %s, highest %s, ledger %s, %s" % (r["key"], r["mean"], r["peak"], mean, peak)]
		out.append(("%s, highest %d s" % (r["key"], step // 1000), peak, r["peak"], wrong))
	names, shown = {r[side + ".interface"] for r in rows if side + ".interface" in r and wanted in (None, r[side + ".interface"])}, len(drawn["data"]["rows"])
	told = re.findall(r"busiest of (\d+) interfaces", " ".join(drawn["texts"]))
	wrong = [] if told == ([str(len(names))] if shown < len(names) else []) else ["%d interfaces of %d are listed: %s" % (shown, len(names), drawn["texts"])]
	out.append(("interfaces, listed or told", len(names), int(told[0]) if told else shown, wrong))
	return out


def billed(values):
	"""Of N values the highest N/20 are dropped, and the next one counts."""
	return sorted(values, reverse=True)[len(values) // 20]


def human(x, unit):
	"""As panels write it."""
	k = min(4, int(math.log10(x) // 3)) if x >= 1 else 0
	return "%s %s%s" % (("%.3g" if x >= 1 else "%.2g") % (x / 1000 ** k), ("", "k", "M", "G", "T")[k], unit)


def bits(x):
	return human(x, "bit/s")


def percentile(drawn, rows, from_ms, to_ms, wanted=None, **_):
	"""In, out and the greater of both of one interface: the one that is asked for, else the one with the most bytes."""
	from_ms = max(from_ms, to_ms + 1 - 31 * 86400000)
	name = wanted or carried.busiest(rows)
	came, went = carried.five_minutes(rows, name, from_ms, to_ms)
	out = []
	for what, numbers in (("in", came), ("out", went), ("greater of both", [max(p) for p in zip(came, went)])):
		due = [bits(billed(numbers)), bits(sum(numbers) / len(numbers)), bits(max(numbers))] if any(numbers) else ["none"] * 3
		wrong = [w for w in due if w not in drawn["texts"]]
		out.append(("95th percentile of %s, %s" % (name, what), billed(numbers), None if wrong else billed(numbers), ["%s is not shown: %s" % (w, drawn["texts"]) for w in wrong]))
	if drawn["texts"][0] != name:
		out[0][3].append("it is about %s, not %s" % (drawn["texts"][0], name))
	many = len({n for r in rows for n, *_ in carried.parts(r)}) > 1 and not wanted
	if many != any("the one with the most bytes of" in t for t in drawn["texts"]):
		out[0][3].append("it does not say why it is about %s: %s" % (name, drawn["texts"]))
	return out


def feeds(drawn, **_):
	text = next((t for t in drawn["texts"] if "threat feed" in t.lower()), "")
	return [("feeds loaded", 0, 0 if text.startswith("No threat feed is loaded") else None, [] if text.startswith("No threat feed is loaded") else [text])]


def rates(drawn, rows, spec, from_ms, to_ms, wanted=None, **_):
	"""A chart of rates: all its lines together are what was sent, as far as records can tell, and its highest five minutes are those of the records."""
	f = spec["data"][0]["url"]["body"]["aggs"]["f"]
	if f["aggs"].get("top", {}).get("terms", {}).get("field") in SEVERAL:
		return []
	step, test, out = round(drawn["signals"]["step"]), ledger.compiled(f["filter"]), []
	by_interface = f["aggs"].get("top", {}).get("terms", {}).get("field", "")
	if wanted and by_interface.endswith(".interface"):
		rows = [r for r in rows if r.get(by_interface) == wanted]
	shown = drawn["data"]["rows"]
	steps_of = sorted({r["t"] for r in shown})
	wrong = [] if step >= TIMEOUT_MS else ["steps of %d s" % (step / 1000)]
	for i, field in sorted((int(n[1:]), a["sum"]["field"] if "sum" in a else None) for n, a in f["aggs"]["all"]["aggs"].items() if n[0] == "v"):
		of = course.Course(step)
		for r in rows:
			if test(r):
				of.add(r["start"], r["@timestamp"], r.get(field, 0) if field else 1)
		lines = drawn["data"]["m%d" % i] if "m%d" % i in drawn["data"] else shown
		by = {t: sum(r["v"] for r in lines if r["t"] == t) for t in steps_of}
		wrong += ["%d: %s in a step in which %s were sent" % (t, v, of.true[t]) for t, v in by.items() if not of.fits(t, v)]
		out.append(("%s, highest step of %d min" % (field or "records", step // 60000), max((of.true[t] for t in steps_of), default=0), max(by.values(), default=0), wrong))
		wrong = []
	return out


# ---- one host, as seen from it: WANTED is (field of an end, value); with none all are, at both ends

def ends_of(rows, wanted, pair=("client", "server")):
	"""(row, the host's end, the other one) of each end of a record that is the host's."""
	is_host = {end: ledger.compiled({"term": {wanted[0] % end: wanted[1]}} if wanted else {"match_all": {}}) for end in pair}
	for r in rows:
		for own, other in (pair, pair[::-1]):
			if is_host[own](r):
				yield r, own, other


def card(drawn, rows, wanted=None, **_):
	sent = sum(r.get(own + ".bytes", 0) for r, own, _ in ends_of(rows, wanted))
	received = sum(r.get(other + ".bytes", 0) for r, _, other in ends_of(rows, wanted))
	pairs = [("sent", sent, drawn["signals"]["sent"]), ("received", received, drawn["signals"]["received"])]
	for what, own in (("contacts", "client"), ("contacted by", "server")):
		truth = len({r["flow.%s.name" % other] for r, end, other in ends_of(rows, wanted) if end == own and "flow.%s.name" % other in r})
		pairs.append((what, truth, drawn["signals"][what.replace(" ", "_")]))
	out = [(q, t, s, [] if close(t, s) else ["%s: %s, ledger %s" % (q, s, t)]) for q, t, s in pairs]
	if wanted and rows and str(wanted[1]) not in drawn["texts"][0] and "/" not in wanted[1]:
		out[0][3].append("it is about %s: %s" % (wanted[1], drawn["texts"][0]))
	return out


def host_table(drawn, rows, spec, wanted=None, **_):
	"""Each row is what the host sent to and received from that peer (in that service, by that interface), and the rows and the rest are all."""
	label = spec["description"].rsplit(" ", 1)[1]
	pair = ("source", "destination") if label == "Interface" else ("client", "server")
	by = {}
	for r, own, other in ends_of(rows, wanted, pair):
		if label == "Interface":
			way = {"source": "flow.ingress", "destination": "flow.egress"}[own]
			key, told, back = r.get(way + ".interface", "none"), r.get(way + ".bytes", 0), r.get(way + ".reverse_bytes", 0)
			o, i = (told, back) if own == "source" else (back, told)
		else:
			key = r.get("flow.%s.name" % other, "no name") if label == "Peer" else r.get("flow.service.name", "no service")
			o, i = r.get(own + ".bytes", 0), r.get(other + ".bytes", 0)
		have = by.setdefault(key, [0, 0, 0])
		by[key] = [have[0] + o, have[1] + i, have[2] + 1]
	shown = drawn["data"]["rows"]
	wrong = ["%s: %s, ledger %s" % (r["name"], (r["o"], r["i"], r["n"]), by.get(r["name"])) for r in shown if by.get(r["name"]) != [r["o"], r["i"], r["n"]]]
	whole = sum(o + i for o, i, _ in by.values())
	if not close(whole, drawn["signals"]["whole"]):
		wrong.append("the whole is %s, ledger %s" % (drawn["signals"]["whole"], whole))
	if len(shown) < min(len(by), round(drawn["signals"]["lines"])):
		wrong.append("%d rows of %d" % (len(shown), len(by)))
	return [("sent and received, all rows and all others", whole, drawn["signals"]["whole"], wrong)]


def host_rates(drawn, rows, wanted=None, **_):
	step, out = round(drawn["signals"]["step"]), []
	for i, what in enumerate(("sent", "received")):
		of = course.Course(step)
		for r, own, other in ends_of(rows, wanted):
			of.add(r["start"], r["@timestamp"], r.get((own, other)[i] + ".bytes", 0))
		shown = {r["t"]: r["v%d" % i] for r in drawn["data"]["all"]}
		wrong = [] if step >= TIMEOUT_MS else ["steps of %d s" % (step / 1000)]
		wrong += ["%d: %s in a step in which %s were sent" % (t, v, of.true[t]) for t, v in shown.items() if not of.fits(t, v)]
		wrong += ["%d: %s in five minutes, no more than %s in the step" % (r["t"], r["p%d" % i], r["v%d" % i]) for r in drawn["data"]["all"] if r["p%d" % i] > r["v%d" % i] * (1 + CLOSE)]
		out.append(("%s, highest step of %d min" % (what, step // 60000), max((of.true[t] for t in shown), default=0), max(shown.values(), default=0), wrong))
	return out


def exporters(drawn, rows, **_):
	names = {r["observer.name"] for r in rows}
	return [("exporters", len(names), drawn["signals"]["n"], [] if len(names) == drawn["signals"]["n"] else ["%s exporters, ledger %s" % (drawn["signals"]["n"], len(names))])]


JUDGES = {"Rates over time, as seen": host_rates, "One host": card, "As seen from the host": host_table, "Exporters shown": exporters, "Interfaces that are shown": whose, "Rates over time": rates, "Key figures": kpis, "The largest by": ranking, "The largest flows": sankey, "Mean and highest": billing, "95th percentile": percentile, "Threat feeds": feeds}


def judge_of(spec):
	return next(j for start, j in JUDGES.items() if spec["description"].startswith(start))
