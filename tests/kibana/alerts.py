# SPDX-License-Identifier: Apache-2.0
"""The example rules, asked as Kibana asks: what a rule's search finds at a time, and whether it fires."""
import json
import os

import rig

MINUTE_MS = 60000
VARIABLES = {"${alert_minutes}": 10, "${alert_bytes}": 60000000000}	# without setup --active-timeout


def rules():
	"""{file: rule} with what setup writes into them."""
	folder, out = os.path.join(rig.TOP, "kibana", "alerting"), {}
	for name in sorted(os.listdir(folder)):
		with open(os.path.join(folder, name)) as f:
			text = f.read()
		for variable, value in VARIABLES.items():
			text = text.replace(f'"{variable}"', str(value)).replace(variable, str(value))
		out[name[:-5]] = json.loads(text)
	return out


def window_ms(params):
	return params["timeWindowSize"] * {"m": MINUTE_MS, "h": 60 * MINUTE_MS}[params["timeWindowUnit"]]


def found(es, installation, rule, now_ms):
	"""{term: sum} of a rule about a threshold, {"": documents} of one with a query, at NOW_MS."""
	p = rule["params"]
	within = {"range": {p["timeField"]: {"gte": now_ms - window_ms(p), "lt": now_ms}}}
	at = f"/{','.join(installation.index(i) for i in p['index'])}/_search?ignore_unavailable=true"
	if rule["rule_type_id"] == ".es-query":
		query = json.loads(p["esQuery"])["query"]
		reply = es.must("POST", at, {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [query, within]}}})
		return {"": reply["hits"]["total"]["value"]}
	metric = {p["aggType"]: {"field": p["aggField"]}}
	aggs = {"groups": {"terms": {"field": p["termField"], "size": p["termSize"], "order": {"m": "desc"}}, "aggs": {"m": metric}}}
	reply = es.must("POST", at, {"size": 0, "query": within, "aggs": aggs})
	return {b["key"]: b["m"]["value"] for b in reply["aggregations"]["groups"]["buckets"]}


def fires(rule, value):
	(limit,), comparator = rule["params"]["threshold"], rule["params"]["thresholdComparator"]
	return value > limit if comparator == ">" else value < limit


# ---- the rules over the month

LINE_LIMIT_BPS = 80e6	# for lines of 100 Mbit/s; the rule's own is for faster ones


def carried(rows):
	"""{interface: [(start, end, octets that came in)]}"""
	out = {}
	for r in rows:
		if r.get("flow.ingress.bytes"):
			out.setdefault(r["flow.ingress.interface"], []).append((r["start"], max(r["@timestamp"], r["start"] + 1), r["flow.ingress.bytes"]))
	return out


def sent(parts, from_ms, to_ms):
	return sum(n * (min(to_ms, b) - max(from_ms, a)) / (b - a) for a, b, n in parts if a < to_ms and b > from_ms) if to_ms > from_ms else 0


def limited(rule, bps, minutes=None):
	"""The rule with another limit (none: its own), and a window of MINUTES."""
	p = dict(rule["params"])
	p["timeWindowSize"] = minutes or p["timeWindowSize"]
	if bps:
		p["threshold"] = [bps / 8000 * window_ms(p)]
	return {**rule, "params": p}


def traffic(es, installation, rule, month, times_ms, timeout_ms):
	"""(what is wrong, {interface: times at which it fires}): no sum is more than what came in within the window and the time before that its records may tell of, nor less than what
	ended in it for certain."""
	wrong, fired, window = [], {}, window_ms(rule["params"])
	all_of = carried(month.rows)
	for now in times_ms:
		for interface, value in found(es, installation, rule, now).items():
			parts = all_of.get(interface, [])
			low, high = sent(parts, now - window, now - timeout_ms), sent(parts, now - window - timeout_ms, now)
			if not low - 1 <= value <= high + 1:
				wrong.append(f"{interface} at {now}: {value}, sent {low} to {high}")
			if value > 1.5 * sent(parts, now - window, now) and fires(rule, value):
				wrong.append(f"{interface} at {now} fires for {value} where {sent(parts, now - window, now)} came in")
			if fires(rule, value):
				fired.setdefault(interface, []).append(now)
	return wrong, fired
