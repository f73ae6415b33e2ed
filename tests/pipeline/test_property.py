#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random flows and their reverse records: client, server, service and community id agree; sums match; every field is mapped."""
import os
import random

import stages
import tap

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
rng = random.Random(SEED)
COUNT = 1500


def address():
	kind = rng.random()
	if kind < .45:
		return rng.choice(("10.%d.%d.%d", "192.168.%d.%d", "172.16.%d.%d"))
	return "%d.%d.%d.%d" if kind < .8 else "v6"


def fill(pattern):
	if pattern == "v6":
		return "2a00:" + ":".join("%x" % rng.randrange(1, 1 << 16) for _ in range(7))
	return pattern % tuple(rng.randrange(1, 224) for _ in range(pattern.count("%d")))


def port():
	return rng.choice((22, 53, 80, 443, 3389, 5060, 8080, 5432, rng.randrange(1, 1024), rng.randrange(1024, 32768), rng.randrange(32768, 65536), rng.randrange(32768, 65536)))


def record(a, b, p, q, protocol, icmp):
	six = ":" in a
	ie = {("sourceIPv6Address" if six else "sourceIPv4Address"): a, ("destinationIPv6Address" if six else "destinationIPv4Address"): b,
		"protocolIdentifier": protocol, "octetDeltaCount": rng.randrange(40, 1 << 40), "packetDeltaCount": rng.randrange(2, 1 << 30),
		"ingressInterface": rng.randrange(9), "egressInterface": rng.randrange(9), "flowDirection": rng.randrange(2)}
	if icmp is not None:
		ie["icmpTypeIPv6" if six else "icmpTypeIPv4"] = icmp
		ie["icmpCodeIPv6" if six else "icmpCodeIPv4"] = 0
	elif protocol in (6, 17, 132):
		ie.update(sourceTransportPort=p, destinationTransportPort=q)
	if protocol == 6:
		ie["tcpControlBits"] = rng.choice((16, 24, 27, 31))
	return {"@timestamp": "2023-11-14T22:13:20.000Z", "ie": ie,
		"flow": {"type": rng.choice(("netflow5", "netflow9", "ipfix")), "exporter": "192.0.2.99", "port": 1, "domain": 1, "seq": 1,
			"exported": 1700000000000, "received": 1700000000000, "sampling": {"rate": rng.choice((1, 1, 100, 4096)), "origin": "record"}}}


def pair():
	pattern = address()
	a, b = fill(pattern), fill(pattern if pattern == "v6" else rng.choice((pattern, "%d.%d.%d.%d")))
	if b == a:
		b = fill("v6" if pattern == "v6" else "9.%d.%d.%d")
	protocol = rng.choice((6, 6, 6, 17, 17, 132, 47, 50, 58 if pattern == "v6" else 1))
	p, q = port(), port()
	icmp = {1: (8, 0), 58: (128, 129)}.get(protocol, (None, None))
	return record(a, b, p, q, protocol, icmp[0]), record(b, a, q, p, protocol, icmp[1])


tap.note(f"SEED={SEED}")
cluster = stages.clusters.connect()
stages.setup(cluster)
pairs = [pair() for _ in range(COUNT)]
docs = stages.simulate(cluster, "flow", [d for p in pairs for d in p])
fields = stages.mappings("logs-flow")
errors, roles, ids, sums, loose = [], [], [], [], set()
for i in range(0, len(docs), 2):
	there, back = docs[i], docs[i + 1]
	for d in (there, back):
		if "error" in d or "_index" in d:
			errors.append(d)
	if errors:
		break
	case = f"{pairs[i // 2][0]['ie']} {there['flow']['role']} {back['flow']['role']}"
	for end in ("client", "server"):
		if there[end]["ip"] != back[end]["ip"]:
			roles.append(case)
	if there["flow"].get("service") != back["flow"].get("service"):
		roles.append(case)
	if there["network"].get("community_id") != back["network"].get("community_id") or not there["network"].get("community_id"):
		ids.append(case)
	for d, raw in ((there, pairs[i // 2][0]), (back, pairs[i // 2][1])):
		rate = raw["flow"]["sampling"]["rate"]
		for field, element in (("bytes", "octetDeltaCount"), ("packets", "packetDeltaCount")):
			if not d["network"][field] == d["source"][field] == raw["ie"][element] * rate:
				sums.append(case)
		loose.update(stages.unmapped(d, fields))
tap.ok(not errors, "every record is enriched", errors[:1])
tap.ok(not roles, f"{COUNT} pairs: client, server and service agree", "\n".join(roles[:3]))
tap.ok(not ids, "community ids agree", "\n".join(ids[:3]))
tap.ok(not sums, "counters are multiplied once", "\n".join(sums[:3]))
tap.same(sorted(loose), [], "every field is mapped")
tap.done()
