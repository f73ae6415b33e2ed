#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example rules of kibana/alerting: Kibana takes them as they are (switched off), a run of each succeeds, and that of silent
exporters names the silent one alone, also when it has another's name."""
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import alerts
import cluster
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


es = cluster.connect()
installation = rig.Installation(es, "alerting")
exporter_lines()
kibana = rig.kibana()
for name, rule in alerts.rules().items():
	rule["params"]["index"] = [installation.index(i) for i in rule["params"]["index"]]
	tap.ok(rule["enabled"] is False, name + " is off by default")
	at = "/api/alerting/rule/"
	status, made = kibana.post(at, rule)
	if not tap.ok(status == 200, name + " is accepted", str(made)[:600]):
		continue
	try:
		kibana.request("POST", at + made["id"] + "/_enable")
		state = "pending"
		for _ in range(60):
			state = kibana.request("GET", at + made["id"])[1]["execution_status"]
			if state["status"] != "pending":
				break
			time.sleep(2)
		tap.ok(state["status"] in ("ok", "active"), name + " runs", json.dumps(state))
		if name == "exporter-silent":
			status, summary = kibana.request("GET", f"/internal/alerting/rule/{made['id']}/_alert_summary")
			names = [a for a in summary["alerts"] if a in (TALKING, SILENT)] if status == 200 else summary
			tap.ok(names == [SILENT], "it names the silent exporter, not the one that sends", str(names))
	finally:
		kibana.request("DELETE", at + made["id"])

tap.done()
