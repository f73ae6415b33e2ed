#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example rules of kibana/alerting: Kibana takes them as they are (switched off), a run of each succeeds, and that of silent
exporters names the silent one alone, also when it has another's name. Over the last hours of the made-up month (month.py) those for traffic and threats fire for what
its ledger has, and for nothing else; test_truth.py asks what they find at many other times."""
import json
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "captures"), HERE]
import alerts
import cluster
import meters
import month
import rig
import tap

if not os.environ.get("KIBANA_URL"):
	tap.skip_all("no Kibana: say KIBANA_URL= and ES_URL= (make test-kibana)")


TALKING, SILENT = "192.0.2.71", "192.0.2.72"


def exporter_lines():
	"""What efd writes of an exporter that sends and of one that does not, now."""
	for ip, datagrams in ((TALKING, 7), (SILENT, 0)):
		es.must("POST", f"/metrics-{installation.prefix}.flow.exporters-default/_doc?refresh=true&pipeline=_none", {
			"@timestamp": int(time.time() * 1000), "observer": {"name": "alerting", "ip": ip}, "exporter": {"datagrams": datagrams}})


def run(name, rule):
	"""Creates the rule, waits for its first run and deletes it: (how the run ended, names of its alerts); None when Kibana does not take it."""
	at = "/api/alerting/rule/"
	status, made = kibana.post(at, rule)
	if not tap.ok(status == 200, name + " is accepted", str(made)[:600]):
		return None
	try:
		kibana.request("POST", at + made["id"] + "/_enable")
		state = {"status": "pending"}
		for _ in range(60):
			state = kibana.request("GET", at + made["id"])[1]["execution_status"]
			if state["status"] != "pending":
				break
			time.sleep(2)
		summary = {}
		for _ in range(60):		# from the event log, whose lines are searchable a while after the run; that of the run itself is the last
			summary = kibana.must("GET", f"/internal/alerting/rule/{made['id']}/_alert_summary")
			if summary.get("lastRun"):
				break
			time.sleep(1)
		return state, sorted(a for a, what in summary["alerts"].items() if what["status"] == "Active")
	finally:
		kibana.request("DELETE", at + made["id"])


def last_hours():
	"""The end of the made-up month, moved to now; templates come every six hours."""
	with tempfile.TemporaryDirectory() as tmp:
		path = os.path.join(tmp, "hours.pcap")
		meters.capture(path, [d for d in month.Month().datagrams if d[0] > month.END_S - 7 * 3600])
		installation.replay("--now", path)


es = cluster.connect()
installation = rig.Installation(es, "alerting", os.path.join(HERE, "month"))
kibana = rig.kibana()
rules = alerts.rules()
exporter_lines()
for name, rule in rules.items():
	rule["params"]["index"] = [installation.index(i) for i in rule["params"]["index"]]
	tap.ok(rule["enabled"] is False, name + " is off by default")
	ran = run(name, rule)
	if not ran:
		continue
	tap.ok(ran[0]["status"] in ("ok", "active"), name + " runs", json.dumps(ran[0]))
	if name == "exporter-silent":
		tap.same([a for a in ran[1] if a in (TALKING, SILENT)], [SILENT], "it names the silent exporter, not the one that sends")

# A line of 100 Mbit/s is at 92 % all day, the others below 30 %. Two of the three records of a quarter of an hour do, should the machine be slow.
last_hours()
for name, rule, wanted in (("traffic", alerts.limited(rules["traffic"], 40e6, 15), ["edge/lab"]), ("threat", alerts.limited(rules["threat"], None, 15), ["query matched"])):
	ran = run(name + " over what the ledger knows", rule)
	tap.same(ran and [ran[0]["status"], ran[1]], ["active", wanted], name + " fires for " + wanted[0] + " alone")

tap.done()
