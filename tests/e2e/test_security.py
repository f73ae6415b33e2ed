#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kibana Security's Network page over the project's own captures: each aggregation as that page asks it (elastic/kibana,
security_solution, search_strategy/…/factory/network), its answer compared with what Python makes of the same documents."""
import collections
import glob
import ipaddress
import json
import os

import harness
import tap

es = harness.ready()
ns = harness.namespace(es, "security")
INDEX = f"logs-flow-{ns}"
# what the page counts as private
PRIVATE = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "fd00::/8")]
OTHER = {"source": "destination", "destination": "source"}
# layer 7 of a probe: none of the captures' exporters looks that deep
LAYER7 = ({"ntop.dnsQuery": "www.example.org", "ntop.dnsQueryType": 1, "destinationTransportPort": 53, "protocolIdentifier": 17},
	{"ntop.dnsQuery": "9.2.0.192.in-addr.arpa", "ntop.dnsQueryType": 12, "destinationTransportPort": 53, "protocolIdentifier": 17},
	{"ntop.sslVersion": 771, "ntop.ja3cHash": "e7d705a3286e19ea42f587b344ee6865", "ntop.sslServerName": "www.example.org", "destinationTransportPort": 443, "protocolIdentifier": 6},
	{"ntop.httpMethod": "GET", "ntop.httpHost": "www.example.org", "ntop.httpUrl": "/index.html", "ntop.httpRetCode": 200, "destinationTransportPort": 80, "protocolIdentifier": 6})


def get(doc, path):
	for key in path.split("."):
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def total(docs, path):
	return sum(get(d, path) or 0 for d in docs)


def ask(aggs, query):
	return es.must("POST", f"/{INDEX}/_search", {"size": 0, "track_total_hits": True, "query": query, "aggs": aggs})


def either(*filters):
	exists = [{"exists": {"field": f}} for f in ("source.ip", "destination.ip")]
	return {"bool": {"filter": [{"bool": {"should": exists, "minimum_should_match": 1}}, *filters]}}


def close(found, wanted):
	"""Cardinality is an estimate; below its precision threshold of 3,000 nearly exact."""
	return abs(found - wanted) <= max(1, wanted * 0.05)


def community_ids(docs):
	"""A translated conversation has two."""
	found = [get(d, "network.community_id") for d in docs]
	return {i for v in found for i in (v if isinstance(v, list) else [v])} - {None}


def key_figures(docs):
	found = ask({"ids": {"cardinality": {"field": "network.community_id"}}}, either())
	tap.same(found["hits"]["total"]["value"], len(docs), "Network events: every record with an address")
	ids = community_ids(docs)
	value = found["aggregations"]["ids"]["value"]
	tap.ok(ids and close(value, len(ids)), f"Unique flow IDs: {value}", f"{len(ids)} in the documents")
	for end in OTHER:
		private = {"bool": {"should": [{"term": {f"{end}.ip": str(p)}} for p in PRIVATE], "minimum_should_match": 1}}
		aggs = {"ips": {"cardinality": {"field": f"{end}.ip"}}, "histogram": {"auto_date_histogram": {"field": "@timestamp", "buckets": 6},
			"aggs": {"count": {"cardinality": {"field": f"{end}.ip"}}}}}
		found = ask(aggs, private)["aggregations"]
		ips = {get(d, f"{end}.ip") for d in docs} - {None}
		wanted = [i for i in ips if any(ipaddress.ip_address(i) in p for p in PRIVATE)]
		tap.ok(wanted and close(found["ips"]["value"], len(wanted)), f"Unique private {end} IPs: {found['ips']['value']}", f"{len(wanted)} in the documents")
		tap.ok(any(b["count"]["value"] for b in found["histogram"]["buckets"]), f"Unique private {end} IPs over time")


def metrics(end):
	other = OTHER[end]
	return {"bytes_in": {"sum": {"field": f"{other}.bytes"}}, "bytes_out": {"sum": {"field": f"{end}.bytes"}},
		"flows": {"cardinality": {"field": "network.community_id"}}, f"{other}_ips": {"cardinality": {"field": f"{other}.ip"}}}


def compare(bucket, docs, end, what):
	other = OTHER[end]
	peers = {get(d, f"{other}.ip") for d in docs} - {None}
	ids = community_ids(docs)
	ok = (bucket["doc_count"] == len(docs) and bucket["bytes_in"]["value"] == total(docs, f"{other}.bytes")
		and bucket["bytes_out"]["value"] == total(docs, f"{end}.bytes") and close(bucket["flows"]["value"], len(ids))
		and close(bucket[f"{other}_ips"]["value"], len(peers)))
	tap.ok(ok and bucket["bytes_out"]["value"] > 0, what, json.dumps(bucket)[:400])


def top_flow(docs, end):
	"""Source IPs, destination IPs: sums of both directions, name, place and AS of each address."""
	groups = collections.defaultdict(list)
	for d in docs:
		groups[get(d, f"{end}.ip")].append(d)
	groups.pop(None, None)
	hit = lambda part: {"filter": {"exists": {"field": f"{end}.{part}"}},
		"aggs": {"top": {"top_hits": {"_source": False, "fields": [f"{end}.{part}.*"], "size": 1}}}}
	aggs = {**metrics(end), "location": hit("geo"), "autonomous_system": hit("as"),
		"domain": {"terms": {"field": f"{end}.domain", "order": {"timestamp": "desc"}}, "aggs": {"timestamp": {"max": {"field": "@timestamp"}}}}}
	found = ask({"count": {"cardinality": {"field": f"{end}.ip"}}, "top": {"terms": {"field": f"{end}.ip", "size": 10, "order": {"bytes_out": "desc"}}, "aggs": aggs}}, either())
	rows = found["aggregations"]["top"]["buckets"]
	sums = sorted((total(g, f"{end}.bytes") for g in groups.values()), reverse=True)
	tap.same([r["bytes_out"]["value"] for r in rows], [float(s) for s in sums[:10]], f"Top {end} IPs: the ten that sent most")
	tap.ok(close(found["aggregations"]["count"]["value"], len(groups)), f"Top {end} IPs: how many there are")
	for row in rows[:3]:
		compare(row, groups[row["key"]], end, f"Top {end} IPs: bytes in and out, flows and peers of {row['key']}")
	place(groups, end, aggs)


def place(groups, end, aggs):
	"""The address that most is known of: its place and AS are in the `fields` of the top hit, as the page reads them."""
	known = [ip for ip, g in groups.items() if get(g[0], f"{end}.geo.country_iso_code")]
	if not known:
		return tap.skip(f"Place of {end} IPs", "this cluster has no geo database")
	ip = max(known, key=lambda i: len(groups[i]))
	row = ask({"top": {"terms": {"field": f"{end}.ip"}, "aggs": aggs}}, {"term": {f"{end}.ip": ip}})["aggregations"]["top"]["buckets"][0]
	fields = row["location"]["top"]["hits"]["hits"][0]["fields"]
	tap.same(fields.get(f"{end}.geo.country_iso_code"), [get(groups[ip][0], f"{end}.geo.country_iso_code")], f"Place of {end} {ip}: one country, no list")
	if get(groups[ip][0], f"{end}.as.organization.name"):
		fields = row["autonomous_system"]["top"]["hits"]["hits"][0]["fields"]
		tap.same([fields.get(f"{end}.as.number"), fields.get(f"{end}.as.organization.name")],
			[[get(groups[ip][0], f"{end}.as.number")], [get(groups[ip][0], f"{end}.as.organization.name")]], f"AS of {end} {ip}: number and name")


def countries(docs, end):
	groups = collections.defaultdict(list)
	for d in docs:
		groups[get(d, f"{end}.geo.country_iso_code")].append(d)
	groups.pop(None, None)
	if not groups:
		return tap.skip(f"Top {end} countries", "this cluster has no geo database")
	rows = ask({"top": {"terms": {"field": f"{end}.geo.country_iso_code", "size": 10, "order": {"bytes_out": "desc"}}, "aggs": metrics(end)}}, either())["aggregations"]["top"]["buckets"]
	tap.same(len(rows), min(10, len(groups)), f"Top {end} countries")
	row = rows[0]
	compare(row, groups[row["key"]], end, f"Top {end} countries: bytes, flows and peers of {row['key']}")


def network_map(docs):
	"""The map's lines: pairs of places, each with its bytes."""
	pairs = [d for d in docs if get(d, "source.geo.location") and get(d, "destination.geo.location")]
	both = {"bool": {"filter": [{"exists": {"field": f"{e}.geo.location"}} for e in OTHER]}}
	found = ask({"grid": {"geotile_grid": {"field": "destination.geo.location", "precision": 8, "size": 1000},
		"aggs": {"from": {"geo_centroid": {"field": "source.geo.location"}}, "bytes": {"sum": {"field": "source.bytes"}}}}}, both)
	tap.same(found["hits"]["total"]["value"], len(pairs), "Network map: records with both places")
	cells = found["aggregations"]["grid"]["buckets"]
	tap.same(sum(c["bytes"]["value"] for c in cells), float(total(pairs, "source.bytes")), "Network map: bytes of its lines")


def users(docs):
	"""Users of the address with most of them, as its detail page asks."""
	seen = collections.defaultdict(collections.Counter)
	for d in docs:
		if get(d, "user.name") and get(d, "source.ip"):
			seen[d["source"]["ip"]][d["user"]["name"]] += 1
	ip = max(seen, key=lambda i: sum(seen[i].values()))
	query = {"bool": {"filter": [{"term": {"source.ip": ip}}], "must_not": [{"term": {"event.category": "authentication"}}]}}
	rows = ask({"users": {"terms": {"field": "user.name"}, "aggs": {"id": {"terms": {"field": "user.id"}}}}}, query)["aggregations"]["users"]["buckets"]
	tap.same({r["key"]: r["doc_count"] for r in rows}, dict(seen[ip]), f"Users of {ip}")
	span = ask({"first": {"min": {"field": "@timestamp"}}, "last": {"max": {"field": "@timestamp"}}}, {"term": {"source.ip": ip}})["aggregations"]
	times = sorted(d["@timestamp"] for d in docs if get(d, "source.ip") == ip)
	tap.same([span["first"]["value"], span["last"]["value"]], [times[0], times[-1]], f"First and last seen of {ip}")


def layer7():
	exists = lambda f: {"exists": {"field": f}}
	dns = {"bool": {"filter": [exists("dns.question.name")], "must_not": [{"term": {"dns.question.type": "PTR"}}]}}
	aggs = {"names": {"cardinality": {"field": "dns.question.name"}}, "in": {"sum": {"field": "source.bytes"}}, "out": {"sum": {"field": "destination.bytes"}},
		"registered": {"terms": {"field": "dns.question.registered_domain"}}}
	found = ask(aggs, dns)
	tap.same([found["hits"]["total"]["value"], found["aggregations"]["names"]["value"], found["aggregations"]["in"]["value"]], [1, 1, 1000.0], "DNS queries: without PTR, with their bytes")
	tap.skip("Top DNS domains", "dns.question.registered_domain is the user's to compute (docs/pipelines.md)")
	found = ask({"ja3": {"terms": {"field": "tls.client.ja3"}}, "sha1": {"terms": {"field": "tls.server.hash.sha1"}}, "issuers": {"terms": {"field": "tls.server.issuer"}},
		"subjects": {"terms": {"field": "tls.server.subject"}}, "not_after": {"terms": {"field": "tls.server.not_after"}}}, exists("tls.version"))
	tap.same([b["key"] for b in found["aggregations"]["ja3"]["buckets"]], ["e7d705a3286e19ea42f587b344ee6865"], "TLS handshakes")
	found = ask({"path": {"terms": {"field": "url.path"}, "aggs": {"status": {"terms": {"field": "http.response.status_code"}}, "domains": {"terms": {"field": "url.domain"}}}}}, exists("http.request.method"))
	row = found["aggregations"]["path"]["buckets"][0]
	tap.same([row["key"], row["status"]["buckets"][0]["key"], row["domains"]["buckets"][0]["key"]], ["/index.html", 200, "www.example.org"], "HTTP requests")


def same_in_all():
	"""What is the same in every record: searched, there, aggregated (events by dataset) and among the fields of a hit."""
	want = {"event.module": "flow", "event.dataset": "flow", "agent.type": "efd", "ecs.version": "8.17.0", "data_stream.type": "logs",
		"data_stream.dataset": "flow", "data_stream.namespace": ns}
	query = {"bool": {"filter": [{"term": {f: v}} for f, v in want.items()] + [{"exists": {"field": f}} for f in want]}}
	found = ask({f: {"terms": {"field": f}} for f in want}, query)
	n = found["hits"]["total"]["value"]
	tap.same(n, es.must("GET", f"/{INDEX}/_count")["count"], "every record is found by what is the same in all")
	tap.same({f: [(b["key"], b["doc_count"]) for b in found["aggregations"][f]["buckets"]] for f in want}, {f: [(v, n)] for f, v in want.items()}, "events by dataset, module, agent")
	hit = es.must("POST", f"/{INDEX}/_search", {"size": 1, "fields": list(want)})["hits"]["hits"][0]
	tap.same({f: hit.get("fields", {}).get(f) for f in want}, {f: [v] for f, v in want.items()}, "and a hit has them as fields")


files = sorted(glob.glob(os.path.join(harness.ROOT, "tests", "captures", "*.pcap")))
code, _, talk = harness.replay(es, ns, *files)
tap.ok(code == 0, "own captures are replayed", talk)
head = {"type": "ipfix", "exporter": "192.0.2.1", "domain": 0, "seq": 1, "exported": 1700000000000, "received": 1700000000000}
ends = {"sourceIPv4Address": "10.20.70.99", "destinationIPv4Address": "192.0.2.53", "sourceTransportPort": 50000, "octetDeltaCount": 1000, "packetDeltaCount": 10}
body = "".join('{"create":{}}\n' + json.dumps({"@timestamp": "2023-11-14T22:13:20.000Z", "flow": head, "ie": {**ends, **ie}}) + "\n" for ie in LAYER7)
tap.ok(not es.must("POST", f"/{INDEX}/_bulk?refresh=true", body, "application/x-ndjson")["errors"], "and four records with layer 7")
documents = [d for d in es.docs(INDEX) if get(d, "source.ip") or get(d, "destination.ip")]
tap.ok(len(documents) < 10000, "all of them are read back")
key_figures(documents)
for side in OTHER:
	top_flow(documents, side)
	countries(documents, side)
network_map(documents)
users(documents)
same_in_all()
layer7()
tap.done()
