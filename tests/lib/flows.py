# SPDX-License-Identifier: Apache-2.0
"""Flow documents in an index, summed up for comparison with what was sent."""
import collections


def by(es, index, field, sums, size=3000, query=None):
	"""{key: [sums of the fields SUMS] + [documents]} of the terms of FIELD."""
	name = lambda m: m.replace(".", "_")
	body = {"size": 0, "query": query or {"match_all": {}}, "aggs": {"t": {"terms": {"field": field, "size": size},
		"aggs": {name(m): {"sum": {"field": m}} for m in sums}}}}
	buckets = es.must("POST", f"/{index}/_search", body)["aggregations"]["t"]["buckets"]
	return {b["key"]: [int(b[name(m)]["value"]) for m in sums] + [b["doc_count"]] for b in buckets}


def hosts(es, index):
	"""{address: [bytes sent, packets sent, bytes received, packets received]}; in a biflow the destination sends, too."""
	out = collections.defaultdict(lambda: [0, 0, 0, 0])
	counts = ["source.bytes", "source.packets", "destination.bytes", "destination.packets"]
	for end, sent, got in (("source.ip", 0, 2), ("destination.ip", 2, 0)):
		for host, n in by(es, index, end, counts).items():
			for i in range(2):
				out[host][i] += n[sent + i]
				out[host][2 + i] += n[got + i]
	return out


def differences(got, want, limit=10):
	"""Lines that say for which hosts two such tables differ."""
	return [f"{h}: got {got.get(h)}, want {want.get(h)}" for h in sorted(got.keys() | want.keys())
		if got.get(h, [0] * 4) != want.get(h, [0] * 4)][:limit]
