#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Elasticsearch 8.19 and 9.5 judge the templates: a bare node, which has no ingest processors, takes the templates, mappings and
lifecycle as efctl renders them, and stores documents that were enriched elsewhere. Policies go to Elasticsearch's own parser."""
import glob
import json
import os
import subprocess

import harness
import cluster
import flows
import tap

SUMS = ["network.bytes", "network.packets", "source.bytes", "destination.bytes"]


def judge(es, ns, node, folder):
	"""NODE is set up, and takes the documents that ES enriched in namespace NS."""
	version = "Elasticsearch " + ".".join(map(str, node.about[1][:2]))
	setup = ["setup", "--no-key", "--assets", folder]
	r = harness.efctl(*setup, es=node)
	tap.ok(r.returncode == 0, f"{version} takes component templates, index templates and lifecycle", r.stdout + r.stderr)
	r = harness.efctl(*setup, "--dry-run", es=node)
	tap.ok(r.returncode == 0, f"{version} has them unchanged afterwards", r.stdout + r.stderr)
	for name in ("logs-flow", "logs-flow.failed", "metrics-flow.counters", "metrics-flow.exporters"):
		composed = node.must("POST", f"/_index_template/_simulate/{name}")["template"]
		tap.ok(composed.get("lifecycle", {}).get("data_retention"), f"{version}, {name}: a data stream lifecycle with a retention",
			json.dumps(composed.get("lifecycle")))
		tap.same(composed["mappings"].get("dynamic"), "false", f"{version}, {name}: nothing is mapped that is not written down")
	for stream in ("logs-flow-", "metrics-flow.counters-", "metrics-flow.exporters-"):
		docs = es.docs(stream + ns)
		body = "".join('{"create":{}}\n' + json.dumps(d) + "\n" for d in docs)
		reply = node.must("POST", f"/{stream}{ns}/_bulk?refresh=true", body, "application/x-ndjson")
		bad = [i["create"].get("error") for i in reply["items"] if i["create"]["status"] != 201]
		tap.ok(docs and not bad, f"{version}, {stream}*: all {len(docs)} documents are taken", json.dumps(bad[:3]))
	want, got = (flows.by(c, "logs-flow-" + ns, "flow.service.name", SUMS) for c in (es, node))
	tap.same(got, want, f"{version}: sums by service are the same as on OpenSearch")


es = harness.ready()
ns = harness.namespace(es, "bare")
tmp = harness.bare_assets()
files = sorted(glob.glob(os.path.join(harness.ROOT, "tests", "captures", "*.pcap")))
code, summary, talk = harness.replay(es, ns, *files)
tap.ok(code == 0, "own captures are replayed", talk)
for name in ("es8", "es9"):
	try:
		judge(es, ns, cluster.embedded(name), tmp.name)
	except cluster.NoJava as e:
		tap.skip(f"templates on {name}", str(e))

# ---- policies ----

policies = []
for path in sorted(glob.glob(os.path.join(harness.ROOT, "es-templates", "ilm", "*.json"))):
	with open(path) as f:
		text = f.read().replace("${retention}", "30d")
	policies.append(os.path.join(tmp.name, os.path.basename(path)))
	with open(policies[-1], "w") as f:
		f.write(text)
r = subprocess.run([cluster.ENGINE, "ilm-check", *policies], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
tap.ok(policies and r.returncode == 0, f"{len(policies)} lifecycle policies pass Elasticsearch's own parser and rules", r.stdout + r.stderr)
broken = os.path.join(tmp.name, "broken.json")
with open(broken, "w") as f:
	f.write(text.replace('"rollover"', '"rollver"'))
tap.same(subprocess.run([cluster.ENGINE, "ilm-check", broken], stdout=subprocess.DEVNULL).returncode, 1, "which refuses a misspelt one")
tap.done()
