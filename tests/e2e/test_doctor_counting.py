#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What doctor says of flows longer than the steps of charts, of a router that ends a tunnel and of one whose OUT_BYTES nobody has explained; interfaces.csv leaves the tunnel out of totals."""
import json
import os
import tempfile
import time

import harness
import tap

NOW_MS = int(time.time() * 1000)


def line(exporter, into, out, protocol, octets, port=0, source="198.51.100.1", **more):
	ie = {"sourceIPv4Address": source, "destinationIPv4Address": "198.51.100.2", "protocolIdentifier": protocol, "sourceTransportPort": 40000,
		"destinationTransportPort": port, "octetDeltaCount": octets, "packetDeltaCount": 1, "ingressInterface": into, "egressInterface": out, "flowEndMilliseconds": NOW_MS}
	flow = {"type": "ipfix", "exporter": exporter, "port": 4739, "domain": 1, "seq": 1, "exported": NOW_MS, "received": NOW_MS}
	return {"@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "flow": flow, "ie": {**ie, **more.pop("ie", {})}, **more}


LINES = [
	line("192.0.2.1", 1, 0, 47, 540),	# a tunnel ends here ...
	line("192.0.2.1", 12, 2, 6, 500, 443, "10.0.0.1"),	# ... with this inside
	line("192.0.2.1", 1, 0, 17, 60, 4500),
	line("192.0.2.2", 1, 2, 6, 9950, 443),
	line("192.0.2.2", 1, 2, 50, 50),	# half a per cent
	line("192.0.2.3", 1, 2, 6, 700, 443, ie={"postOctetDeltaCount": 900, "flowStartMilliseconds": NOW_MS - 29 * 60000}, count={"post": "unknown"}),
]


def said(es, name, folder):
	"""(octets in all, what doctor finds) of a namespace with these lines."""
	ns = harness.namespace(es, name)
	body = "".join(json.dumps({"create": {}}) + "\n" + json.dumps(l) + "\n" for l in LINES)
	tap.ok(not es.must("POST", f"/logs-flow-{ns}/_bulk?refresh=true", body, "application/x-ndjson")["errors"], f"{name}: the lines are taken")
	total = es.must("POST", f"/logs-flow-{ns}/_search", {"size": 0, "aggs": {"b": {"sum": {"field": "network.bytes"}}}})
	r = harness.efctl("doctor", "--json", "--namespace", ns, "--dictionaries-dir", folder, es=es)
	return int(total["aggregations"]["b"]["value"]), [f["text"] for f in json.loads(r.stdout or "[]") if f["result"] == "note"]


es = harness.ready()
with tempfile.TemporaryDirectory() as folder:
	total, notes = said(es, "both", folder)
	tunnels = [n for n in notes if "carries tunnels" in n]
	tap.same(total, 11800, "inside and outside of the tunnel count")
	tap.ok(len(tunnels) == 1 and tunnels[0].startswith("192.0.2.1 carries tunnels (GRE 49 %, UDP 4500 5 % of its octets)"), "doctor names the router, and not the other one", "\n".join(notes))
	tap.ok(any(n.startswith("192.0.2.3 sends OUT_BYTES, 900 octets") for n in notes), "doctor asks what OUT_BYTES are", "\n".join(notes))
	long = [n for n in notes if "of flows longer than" in n]
	tap.ok(len(long) == 1 and long[0].startswith("192.0.2.3: 1 records of the last hour are of flows longer than 375 s, the longest 1740 s") and "`efctl setup " in long[0] and long[0].endswith(" --active-timeout 30m`"),
		"doctor names who tells flows later than the steps of charts, and the command", "\n".join(notes))
	with open(os.path.join(folder, "interfaces.csv"), "w", encoding="utf-8") as f:
		f.write("exporter,interface,name,totals\n" + "192.0.2.1,12,Tunnel12,false\n")
	r = harness.efctl("setup", "--yes", "--no-key", "--dictionaries-dir", folder, "--active-timeout", "30m", es=es)
	tap.same(r.returncode, 0, "interfaces.csv leaves the tunnel out; steps are of half an hour")
	total, notes = said(es, "outside", folder)
	tap.same(total, 11300, "the inner packets do not count")
	tap.ok(not any("carries tunnels" in n for n in notes), "and doctor has nothing to say of tunnels", "\n".join(notes))
	tap.ok(not any("of flows longer than" in n for n in notes), "nor of late flows, by the options that setup remembers", "\n".join(notes))
tap.done()
