#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Any value of any element: no record is rejected or fails, no field is unmapped. First values that efd can write, the extremes
of each element's type among them; then also values of another type than the element's."""
import json
import os
import random

import stages
import registry
import tap

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
rng = random.Random(SEED)
COUNT = int(os.environ.get("COUNT", 2000))
KNOWN = registry.elements()
SPACE = f"values.{os.getpid()}"
FAILED = f"logs-flow.failed-{SPACE}"
TEXTS = ["", " ", "x", "\0", "ünï\U0001f600", "a" * 33000, "b" * 1025, " " * 2000, "-1", "1e9", "true", "null", "10.0.0.1", "{}", '"', "\\", "\n", "%{x}", "{{x}}", ".", "a.b.c", "0x10"]
VALUES = {
	"boolean": [True, False], "float32": [0.0, -1.5, 3.4e38, 1e-45], "float64": [0.0, -1.5, 1e300, 5e-324], "string": TEXTS, "octetArray": ["", "00", "ff" * 4, "0d000050", "c0ff" * 16000],
	"ipv4Address": ["0.0.0.0", "255.255.255.255", "224.0.0.1", "10.0.0.1", "8.8.8.8", "127.0.0.1", "169.254.1.1"],
	"ipv6Address": ["::", "::1", "ff02::1", "fe80::1", "2001:db8::1", "::ffff:10.0.0.1", "2a00:1450::5"],
	"macAddress": ["00-00-00-00-00-00", "FF-FF-FF-FF-FF-FF", "01-00-5E-00-00-01", "02-20-0A-14-01-03"],
	"applicationId": ["13:1", "3:443", "6:33000", "20:9:1"],
	"list": [{"semantic": "allOf", "ingressInterface": [1, 2, None]}, {"semantic": "noneOf", "wlanSSID": ["a" * 40000]}, {"data": "c0ff" * 20000}, {"template": 300, "data": "00"},
		{"semantic": "ordered", "list": [{"sourceIPv4Address": "10.0.0.1", "basicList": {"semantic": "allOf", "list": [{"userName": "u" * 40000}]}}]}, {"semantic": "allOf", "list": []}],
}


def value(kind):
	"""One of what efd writes for a value of that type (docs/raw-line.md)."""
	if kind.startswith("dateTime"):
		return rng.choice([0, 1, 1700000000000, -1, 253402300799999, 253402300800000, 2**62])
	if kind.startswith(("unsigned", "signed")):
		low, bits = (0, int(kind[8:])) if kind.startswith("u") else (-2**(int(kind[6:]) - 1), int(kind[6:]))
		n = rng.choice([low, 0, 1, low + 2**bits - 1, 2**(bits - 1) - 1, rng.randrange(low, low + 2**bits)])
		return n if n < 2**63 else str(n)
	return rng.choice(VALUES["list" if kind.endswith("List") else kind])


def line(wild, part):
	ie = {}
	for name, kind in rng.sample(KNOWN, rng.randrange(1, 60)):
		if rng.random() < wild:
			kind = rng.choice(KNOWN)[1]
		ie[name] = value(kind) if rng.random() > .03 else [value(kind), None, value(kind)]
	if rng.random() < .7:
		ie.update(sourceIPv4Address=f"10.1.{rng.randrange(256)}.2", destinationIPv4Address=f"8.8.{rng.randrange(256)}.2", protocolIdentifier=rng.choice([6, 17, 1]))
	flow = {"type": rng.choice(["netflow5", "netflow9", "ipfix", "sflow5"]), "exporter": "192.0.2.99", "port": 1, "domain": rng.choice([0, 2**32 - 1]),
		"seq": rng.choice([1, 2**32 - 1]), "exported": 1700000000000, "received": 1700000000000}
	if rng.random() < .3:
		flow["sampling"] = {"rate": rng.choice([1, 100, 2**32 - 1]), "origin": "record"}
	doc = {"@timestamp": "2023-11-14T22:13:20.000Z", "flow": flow, part: ie}
	if part == "ie" and rng.random() < .2:
		doc["options"] = {option: {name: rng.choice(TEXTS) for name in names} for option, names in
			{"ingress": ("name", "description"), "application": ("name", "category"), "vrf": ("ingress",), "sampler": ("name",)}.items()}
	return doc


def go(cluster, stream, part, wild):
	refused, index = {}, f"{stream}-{SPACE}"
	what = f"{part} with {'values of other types' if wild else 'values that efd writes'}"
	for _ in range(COUNT // 100):
		lines = [line(wild, part) for _ in range(100)]
		body = "".join('{"create":{}}\n' + json.dumps(l) + "\n" for l in lines)
		for l, item in zip(lines, cluster.must("POST", f"/{index}/_bulk", body, "application/x-ndjson")["items"]):
			if item["create"]["status"] != 201:
				refused.setdefault(item["create"]["error"]["reason"][:150], l)
	tap.ok(not refused, f"{what}: {COUNT} records are taken", "\n".join(f"{why}: {str(l)[:3000]}" for why, l in list(refused.items())[:3]))
	cluster.post(f"/{index},{FAILED}/_refresh?ignore_unavailable=true")
	status, reply = cluster.post(f"/{FAILED}/_search", {"size": 3})
	failed = reply["hits"]["hits"] if status == 200 else []
	tap.ok(not failed, f"{what}: none fails", "\n".join(f"{h['_source']['error']['message'][:300]}: {h['_source']['event']['original'][:3000]}" for h in failed))


tap.note(f"SEED={SEED}")
cluster = stages.clusters.connect()
stages.setup(cluster)
for stream, part in (("logs-flow", "ie"), ("metrics-flow.exporters", "reliability")):
	go(cluster, stream, part, 0)
	go(cluster, stream, part, .15)
	docs, fields, loose = cluster.docs(f"{stream}-{SPACE}", size=2 * COUNT), stages.mappings(stream), set()
	tap.same(len(docs), 2 * COUNT, f"{part}: all are stored")
	for d in docs:
		loose.update(stages.unmapped(d, fields))
	tap.same(sorted(loose), [], f"{part}: every field is mapped")
	cluster.delete(f"/_data_stream/{stream}-{SPACE}")
cluster.delete(f"/_data_stream/{FAILED}")
tap.done()
