#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example rules of kibana/alerting: Kibana takes them as they are (switched off), a run of each succeeds, and that of silent
exporters names the silent one alone."""
import glob
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import cluster
import rig
import tap

if not os.environ.get("KIBANA_URL"):
	tap.skip_all("no Kibana: say KIBANA_URL= and ES_URL= (make test-kibana)")


class Kibana(cluster.Cluster):
	def request(self, method, path, body=None, kind="application/json"):
		import base64, urllib.error, urllib.request
		r = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
		r.add_header("Content-Type", kind)
		r.add_header("kbn-xsrf", "1")
		if self.api_key:
			r.add_header("Authorization", "ApiKey " + self.api_key)
		elif self.user:
			r.add_header("Authorization", "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode())
		try:
			with urllib.request.urlopen(r, timeout=60, context=self.tls) as reply:
				text = reply.read()
				return reply.status, json.loads(text) if text else None
		except urllib.error.HTTPError as e:
			return e.code, e.read().decode(errors="replace")


def exporter_lines():
	"""What efd writes of an exporter that sends and of one that does not, now."""
	if es.get("/_index_template/metrics-flow.exporters")[0] != 200:
		rig.efctl(es, "setup", "--no-kibana", "--no-key", "--refresh", "1s")
	for name, datagrams in (("talking", 7), ("silent", 0)):
		es.must("POST", f"/metrics-flow.exporters-{rig.NAMESPACE}/_doc?refresh=true&pipeline=_none", {
			"@timestamp": int(time.time() * 1000), "observer": {"name": "alerting-" + name}, "exporter": {"datagrams": datagrams}})


e = os.environ.get
es = cluster.connect()
exporter_lines()
kibana = Kibana(e("KIBANA_URL"), e("ES_USER"), e("ES_PASSWORD"), e("ES_API_KEY"), e("ES_CA_FILE"))
for path in sorted(glob.glob(os.path.join(rig.TOP, "kibana", "alerting", "*.json"))):
	name = os.path.basename(path)[:-5]
	with open(path) as f:
		rule = json.load(f)
	tap.ok(rule["enabled"] is False, name + " is off by default")
	at = "/api/alerting/rule/"
	status, made = kibana.request("POST", at, rule)
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
			names = sorted(a for a in summary["alerts"] if a.startswith("alerting-")) if status == 200 else summary
			tap.ok(names == ["alerting-silent"], "it names the silent exporter, not the one that sends", str(names))
	finally:
		kibana.request("DELETE", at + made["id"])

tap.done()
