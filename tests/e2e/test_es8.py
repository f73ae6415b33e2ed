#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Elasticsearch 8.19 judges the templates: a bare node, which has no ingest processors, takes the templates, mappings and
lifecycle as efctl renders them, and stores documents that were enriched elsewhere. Policies go to Elasticsearch's own parser."""
import glob
import json
import os
import subprocess
import tempfile

import harness
import cluster
import flows
import tap

SUMS = ["network.bytes", "network.packets", "source.bytes", "destination.bytes"]
es = harness.ready()
es8 = cluster.embedded("es8")
tmp = tempfile.TemporaryDirectory()

# ---- templates: everything as it is, except that pipelines do nothing ----

r = harness.efctl("assets", "--write", tmp.name)
tap.same(r.returncode, 0, "assets are written to a folder")
for path in glob.glob(os.path.join(tmp.name, "ingest-pipelines", "*.yml")):
	with open(path, "w") as f:
		f.write("# Stands in for the real one: this node has no processors.\ndescription: Does nothing.\nprocessors: []\n")
setup = ["setup", "--no-key", "--assets", tmp.name]
r = harness.efctl(*setup, es=es8)
tap.ok(r.returncode == 0, "Elasticsearch 8.19 takes component templates, index templates and lifecycle", r.stdout + r.stderr)
r = harness.efctl(*setup, "--dry-run", es=es8)
tap.ok(r.returncode == 0, "and finds them unchanged afterwards", r.stdout + r.stderr)
for name in ("logs-flow", "logs-flow.failed", "metrics-flow.counters", "metrics-flow.exporters"):
	composed = es8.must("POST", f"/_index_template/_simulate/{name}")["template"]
	tap.ok(composed.get("lifecycle", {}).get("data_retention"), f"{name}: a data stream lifecycle with a retention",
		json.dumps(composed.get("lifecycle")))
	tap.same(composed["mappings"].get("dynamic"), "false", f"{name}: nothing is mapped that is not written down")

# ---- documents that OpenSearch enriched ----

ns = harness.namespace(es, "es8")
files = sorted(glob.glob(os.path.join(harness.ROOT, "tests", "captures", "*.pcap")))
code, summary, talk = harness.replay(es, ns, *files)
tap.ok(code == 0, "own captures are replayed", talk)
for stream in ("logs-flow-", "metrics-flow.counters-", "metrics-flow.exporters-"):
	docs = es.docs(stream + ns)
	body = "".join('{"create":{}}\n' + json.dumps(d) + "\n" for d in docs)
	reply = es8.must("POST", f"/{stream}{ns}/_bulk?refresh=true", body, "application/x-ndjson")
	bad = [i["create"].get("error") for i in reply["items"] if i["create"]["status"] != 201]
	tap.ok(docs and not bad, f"{stream}*: all {len(docs)} documents are taken", json.dumps(bad[:3]))
want, got = ({k: v for k, v in flows.by(c, "logs-flow-" + ns, "flow.service.name", SUMS).items()} for c in (es, es8))
tap.same(got, want, "sums by service are the same in both")

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
