#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`efctl doctor --cost` against what is stored: a bare Elasticsearch 8.19 takes the documents of our captures as profile standard makes them, doctor says what
lean would save there, and the same captures' documents of lean are stored beside them. A cluster that has no _disk_usage is told so."""
import glob
import json
import os
import re

import harness
import cluster
import tap

FILES = sorted(glob.glob(os.path.join(harness.ROOT, "tests", "captures", "*.pcap")))
NEAR = 0.25	# of what is really saved: `_source` is told by the length of its text, and compresses unevenly


def made(es, profile):
	"""The documents of a profile."""
	harness.efctl("setup", "--yes", "--no-key", "--dictionaries-dir", "", "--profile", profile, es=es)
	ns = harness.namespace(es, f"cost.{profile}")
	code, _, talk = harness.replay(es, ns, *FILES)
	tap.ok(code == 0, f"captures are replayed with {profile}", talk)
	return es.docs(f"logs-flow-{ns}")


def kept(es, name, docs):
	"""Bytes a document in a stream of that name."""
	stream = f"logs-flow-{name}"
	for i in range(0, len(docs), 2000):
		body = "".join('{"create":{}}\n%s\n' % json.dumps({**d, "data_stream": {**d["data_stream"], "namespace": name}}) for d in docs[i:i + 2000])
		reply = es.must("POST", f"/{stream}/_bulk", body, "application/x-ndjson")
		if reply["errors"]:
			raise RuntimeError(str([i for i in reply["items"] if "error" in i["create"]][0])[:400])
	size, count = es.merged(stream)
	return size / count


def doctor(es, ns, *about):
	r = harness.efctl("doctor", "--cost", "--json", "--namespace", ns, es=es)
	return [f for f in json.loads(r.stdout) if any(a in f["text"] for a in about)]


def findings(es, ns):
	return doctor(es, ns, "setup --profile", "profiles would save")


es = harness.ready()
docs = {profile: made(es, profile) for profile in ("lean", "standard")}
told = findings(es, "default")
tap.same([(f["result"], f["text"]) for f in told], [("unknown", "bytes by field, and what profiles would save: the cluster has no _disk_usage")], "a cluster that cannot say so is told")
if es.about[0] == "opensearch" and es.about[1] >= (3,):
	told = [(f["result"], f["text"].split(";")[0]) for f in doctor(es, "default", "time a document", "wall time")]
	tap.same(told, [("unknown", "time a document: not told by this OpenSearch")], "and that this one's time of a batch is nobody's of a document")

try:
	es8 = cluster.embedded("es8")
except cluster.NoJava as e:
	tap.skip("what lean would save", str(e))
	tap.done()
with harness.bare_assets() as folder:
	r = harness.efctl("setup", "--yes", "--no-key", "--no-kibana", "--assets", folder, es=es8)
tap.ok(r.returncode == 0, "setup on a bare Elasticsearch", r.stdout + r.stderr)
# whatever the licence: a `_source` that is stored, as nearly everywhere
es8.must("PUT", "/_component_template/flow@custom", {"template": {"settings": {"index": {"mapping": {"source": {"mode": "stored"}}}}}})
size = {profile: kept(es8, f"cost.{profile}", docs[profile]) for profile in docs}
saved = size["standard"] - size["lean"]
tap.ok(saved > 50, f"lean saves {saved:.0f} bytes of {size['standard']:.0f}")
told = findings(es8, "cost.standard")
m = re.search(r"lean (\d+) \((\d+) of fields, about (\d+) of _source\)", told[0]["text"] if told else "")
tap.ok(m and int(m[2]) > 0 and int(m[3]) > 0 and abs(int(m[1]) - saved) < NEAR * saved, "doctor says about that", str(told))
told = findings(es8, "cost.lean")
tap.same([f["text"] for f in told], ["bytes a document that setup --profile would save: no profile keeps less"], "and of lean's own documents that nothing keeps less")
tap.done()
