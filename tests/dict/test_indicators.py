#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Threat indicators as ECS documents: what is written, once a day, and what the allow-list keeps out."""
import os
import subprocess
import sys
import tempfile
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cluster  # noqa: E402
from tap import done, ok, same  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
es = cluster.connect()
dir_ = tempfile.TemporaryDirectory()
NAMESPACE = "t" + uuid.uuid4().hex[:8]
STREAM = "logs-ti_flow-" + NAMESPACE


def efctl(*args):
	return subprocess.run([EFCTL, *args, "--dictionaries-dir", dir_.name, "--namespace", NAMESPACE], capture_output=True, text=True,
		env={**os.environ, **es.env()})


def write(name, text):
	with open(os.path.join(dir_.name, name + ".csv"), "w") as f:
		f.write(text)


write("threats", "prefix,feed,category,severity,reference\n203.0.114.9,ours,c2,90,ticket 1\n203.0.114.0/24,ours,scanner,40,\n2a00:db8::1,other,,,\n"
	"198.18.0.1,ours,c2,90,\n" + "".join(f"45.{i >> 8}.{i & 255}.1,many,spam,30,\n" for i in range(12000)))
write("threat-allow", "prefix,note\n198.18.0.0/15,lab\n")
r = efctl("setup", "--no-key", "--no-kibana")
ok(r.returncode in (0, 3), "setup", r.stderr)
r = efctl("dictionaries", "indicators")
same((r.returncode, r.stdout.split()[0]), (0, "12003"), "every indicator that is not allowed is written") or print("#", r.stderr)
same(es.count(STREAM), 12003, "and is there")
docs = {d["threat"]["indicator"]["name"]: d for d in es.docs(STREAM, {"terms": {"threat.feed.name": ["ours", "other"]}})}
same(sorted(docs), ["203.0.114.0/24", "203.0.114.9", "2a00:db8::1"], "single addresses and prefixes")
doc = docs["203.0.114.9"]
same(doc["threat"], {"feed": {"name": "ours"}, "indicator": {"name": "203.0.114.9", "ip": "203.0.114.9", "type": "ipv4-addr", "provider": "ours",
	"description": "c2", "reference": "ticket 1"}}, "threat.*")
same({k: doc["event"][k] for k in ("kind", "category", "type", "severity")},
	{"kind": "enrichment", "category": ["threat"], "type": ["indicator"], "severity": 90}, "event.*")
same(docs["2a00:db8::1"]["threat"]["indicator"]["type"], "ipv6-addr", "type by family")
same(es.count(STREAM, {"term": {"threat.indicator.ip": "203.0.114.9"}}), 1, "an address is found as an address")
r = efctl("dictionaries", "indicators")
same((r.returncode, r.stdout.split()[0]), (0, "0"), "a second run of the day writes none twice")
same(es.count(STREAM), 12003, "and none is there twice")
es.delete("/_data_stream/" + STREAM)
done()
