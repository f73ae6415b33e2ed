# SPDX-License-Identifier: Apache-2.0
"""Finished flow documents of a made-up company, for ask.py: many kinds of hosts, exporters and traffic in seconds, past efd and the pipelines.

They prove no figure. Addresses are private or from the documentation and benchmark ranges, names and AS numbers are invented. The fields
are those of docs/fields.md: what a pipeline would have written, written directly. The seed is fixed.
"""
import base64
import math
import random

R = random.Random(20)

# site: country, country code, city, region code, region, continent, latitude, longitude
SITES = {
	"Vienna HQ": ("Austria", "AT", "Vienna", "AT-9", "Vienna", "Europe", 48.21, 16.37),
	"Graz branch": ("Austria", "AT", "Graz", "AT-6", "Styria", "Europe", 47.07, 15.44),
	"Frankfurt DC": ("Germany", "DE", "Frankfurt", "DE-HE", "Hesse", "Europe", 50.11, 8.68),
}
# prefix: network, site, role, zone
NETWORKS = {
	"10.1.0": ("hq-office", "Vienna HQ", "clients", "inside"),
	"10.1.1": ("hq-engineering", "Vienna HQ", "clients", "inside"),
	"10.1.64": ("hq-voice", "Vienna HQ", "voice", "inside"),
	"10.1.128": ("hq-guests", "Vienna HQ", "guests", "guest"),
	"10.3.0": ("graz-office", "Graz branch", "clients", "inside"),
	"10.2.0": ("dc-servers", "Frankfurt DC", "servers", "server"),
	"10.2.64": ("dc-dmz", "Frankfurt DC", "dmz", "dmz"),
}
# AS number, organisation, prefix, country, code, city, region code, region, continent, lat, lon, weight, name pattern
INTERNET = [
	(64496, "Alpine Cloud", "198.18.1", "Germany", "DE", "Frankfurt", "DE-HE", "Hesse", "Europe", 50.11, 8.68, 30, "vm%d.alpine-cloud.example"),
	(64497, "Officeware Online", "198.18.2", "Ireland", "IE", "Dublin", "IE-D", "Leinster", "Europe", 53.35, -6.26, 26, "mail%d.officeware.example"),
	(64498, "Streamcast Media", "198.18.3", "Netherlands", "NL", "Amsterdam", "NL-NH", "North Holland", "Europe", 52.37, 4.90, 22, "edge%d.streamcast.example"),
	(64499, "Example CDN", "203.0.113", "Austria", "AT", "Vienna", "AT-9", "Vienna", "Europe", 48.21, 16.37, 20, "cache%d.cdn.example"),
	(64500, "Searchbird", "198.18.5", "United States", "US", "Ashburn", "US-VA", "Virginia", "North America", 39.04, -77.49, 15, "www%d.searchbird.example"),
	(64501, "Gridiron Hosting", "198.18.6", "United States", "US", "Dallas", "US-TX", "Texas", "North America", 32.78, -96.80, 9, "node%d.gridiron.example"),
	(64502, "Pacific Code Forge", "198.18.7", "United States", "US", "Seattle", "US-WA", "Washington", "North America", 47.61, -122.33, 9, "git%d.codeforge.example"),
	(64503, "Nippon Images", "198.18.8", "Japan", "JP", "Tokyo", "JP-13", "Tokyo", "Asia", 35.68, 139.69, 5, "img%d.nippon.example"),
	(64504, "Straits Data", "198.18.9", "Singapore", "SG", "Singapore", "SG-01", "Central", "Asia", 1.29, 103.85, 4, "s%d.straits.example"),
	(64505, "Southern Telecom", "198.18.10", "Brazil", "BR", "Sao Paulo", "BR-SP", "Sao Paulo", "South America", -23.55, -46.63, 3, None),
	(64506, "Bharat Net", "198.18.11", "India", "IN", "Mumbai", "IN-MH", "Maharashtra", "Asia", 19.08, 72.88, 3, None),
	(64507, "Harbour Backup", "198.18.12", "Australia", "AU", "Sydney", "AU-NSW", "New South Wales", "Oceania", -33.87, 151.21, 3, "vault%d.harbour.example"),
	(64508, "Cape Fibre", "198.18.13", "South Africa", "ZA", "Johannesburg", "ZA-GP", "Gauteng", "Africa", -26.20, 28.04, 2, None),
	(64509, "Lumiere Mail", "198.18.14", "France", "FR", "Paris", "FR-IDF", "Ile-de-France", "Europe", 48.86, 2.35, 6, "mx%d.lumiere.example"),
	(64510, "Northern Hosting", "198.18.15", "Finland", "FI", "Helsinki", "FI-18", "Uusimaa", "Europe", 60.17, 24.94, 4, None),
	(64511, "Channel Networks", "198.51.100", "United Kingdom", "GB", "London", "GB-LND", "London", "Europe", 51.51, -0.13, 7, "lon%d.channel.example"),
]
# address: categories, feed; these are the bad neighbours
BAD = {
	"198.18.15.66": (["c2"], "feodo", "critical"), "198.18.10.23": (["botnet_member"], "blocklist_de", "medium"),
	"198.18.13.8": (["bruteforce"], "blocklist_de", "medium"), "198.18.11.201": (["scanner"], "dshield", "low"),
	"198.18.6.140": (["malware_host"], "urlhaus", "high"), "198.18.10.77": (["scanner", "bruteforce"], "dshield", "medium"),
	"198.51.100.250": (["anonymizer"], "tor_exits", "medium"), "198.18.15.9": (["hijacked"], "drop", "high"),
}
SEVERITY = {"critical": 4, "high": 3, "medium": 2, "low": 1, "info": 0}
# service, port, transport, application, category, weight, typical answer in bytes, class: web, internal, voice
SERVICES = [
	("https", 443, "tcp", "Web browsing", "web", 52, 300000, "web"), ("quic", 443, "udp", "Video streaming", "streaming", 26, 900000, "web"),
	("https", 443, "tcp", "Office suite", "business", 22, 180000, "web"), ("https", 443, "tcp", "Cloud storage", "file transfer", 7, 1600000, "web"),
	("http", 80, "tcp", "Software update", "update", 5, 700000, "web"), ("imaps", 993, "tcp", "Mail", "mail", 6, 60000, "web"),
	("ssh", 22, "tcp", "SSH", "remote access", 4, 50000, "web"), ("ms-wbt-server", 3389, "tcp", "Remote desktop", "remote access", 3, 250000, "internal"),
	("domain", 53, "udp", "DNS", "infrastructure", 30, 240, "internal"), ("ntp", 123, "udp", "NTP", "infrastructure", 7, 76, "internal"),
	("microsoft-ds", 445, "tcp", "File sharing", "file transfer", 10, 1200000, "internal"), ("ldap", 389, "tcp", "Directory", "infrastructure", 6, 6000, "internal"),
	("postgresql", 5432, "tcp", "PostgreSQL", "database", 7, 180000, "internal"), ("rsync", 873, "tcp", "Backup", "backup", 2, 9000000, "internal"),
	("snmp", 161, "udp", "SNMP", "infrastructure", 4, 900, "internal"), ("syslog", 514, "udp", "Syslog", "infrastructure", 4, 1500, "internal"),
	("rtp", 16384, "udp", "Voice", "voice", 9, 160000, "voice"),
]
DSCP = {"voice": (46, "EF"), "streaming": (34, "AF41"), "business": (26, "AF31"), "backup": (8, "CS1"), "infrastructure": (16, "CS2")}
SERVERS = [("10.2.0.%d" % (10 + i), name + ".example.net") for i, name in enumerate(
	["dns1", "dns2", "files", "ldap", "db1", "db2", "backup", "monitor", "build", "wiki"])]
DMZ = [("10.2.64.%d" % (10 + i), name + ".example.net") for i, name in enumerate(["www", "shop", "mail", "vpn"])]
FIRST = "ada ben cleo dario eva finn greta hugo ines jonas kira leo mona nils olga paul quinn rosa sven tara".split()

# name, address, protocol, type, vendor, site, sampling, weight, interfaces (index, name, alias, speed, role)
EXPORTERS = [
	("rtr-vie-1", "192.0.2.1", "netflow9", "router", "Cisco", "Vienna HQ", 1, 34, [
		(1, "Gi0/0/0", "HQ office", 10**9, "internal"), (2, "Gi0/0/1", "HQ engineering", 10**9, "internal"),
		(3, "Te0/1/0", "Uplink Alpine Cloud", 10**10, "external"), (4, "Te0/1/1", "MPLS to Frankfurt", 10**10, "core")]),
	("rtr-fra-1", "192.0.2.2", "ipfix", "router", "Juniper", "Frankfurt DC", 100, 26, [
		(501, "xe-0/0/0", "DC spine 1", 10**10, "internal"), (502, "xe-0/0/1", "Transit Channel Networks", 10**10, "external"),
		(503, "xe-0/0/2", "Peering exchange", 10**10, "external"), (504, "xe-0/0/3", "MPLS to Vienna", 10**10, "core")]),
	("fw-fra-1", "192.0.2.3", "netflow9", "firewall", "Cisco", "Frankfurt DC", 1, 18, [
		(3, "outside", "Internet", 10**9, "external"), (4, "dmz", "DMZ servers", 10**9, "internal"), (5, "inside", "Server network", 10**9, "internal")]),
	("sw-vie-3", "192.0.2.4", "sflow5", "switch", "Arista", "Vienna HQ", 2048, 12, [
		(11, "Ethernet1", "Access floor 1", 10**9, "internal"), (12, "Ethernet2", "Access floor 2", 10**9, "internal"),
		(49, "Ethernet49", "Uplink to rtr-vie-1", 10**10, "core")]),
	("rtr-graz-1", "192.0.2.5", "netflow5", "router", None, "Graz branch", 1, 10, [
		(1, "1", None, None, "internal"), (2, "2", None, 10**8, "external")]),
]
USERS = {}		# address -> user, for the flows of agents on hosts


def clients():
	"""[(address, name or None, weight)] of all workstations, phones and guests."""
	out = []
	for prefix, count, pattern in (("10.1.0", 36, "ws-%02d.vie.example.net"), ("10.1.1", 18, "eng-%02d.vie.example.net"),
			("10.3.0", 16, "ws-%02d.graz.example.net"), ("10.1.64", 12, "phone-%02d.vie.example.net"), ("10.1.128", 10, None)):
		for i in range(count):
			a = "%s.%d" % (prefix, 20 + i)
			out.append((a, pattern % (i + 1) if pattern else None, 1 / (1 + i) ** 0.6))
			if prefix == "10.1.1":
				USERS[a] = FIRST[i % len(FIRST)]
	return out


def ends():
	"""Addresses of the internet with their AS, most used first."""
	out = []
	for row in INTERNET:
		for k in range(R.randint(2, 7)):
			out.append(("%s.%d" % (row[2], 10 + 7 * k), row[12] % (k + 1) if row[12] else None, row, row[11] / (1 + k)))
	for a in BAD:
		row = next(r for r in INTERNET if a.rsplit(".", 1)[0] == r[2])
		out.append((a, None, row, 0.25))
	return out


def describe(address, name, row):
	"""(fields of one end, fields of flow.<end>)"""
	end = {"ip": address}
	flow = {"name": name or address, "scope": "benchmarking" if address.startswith("198.18") else "public"}
	if name:
		end["domain"] = name
	if row:
		end["as"] = {"number": row[0], "organization": {"name": row[1]}}
		country, code, city, rcode, region, continent, lat, lon = row[3:11]
	else:
		network, site, role, zone = NETWORKS[address.rsplit(".", 1)[0]]
		flow.update(scope="private", network=dict(name=network, site=site, role=role, zone=zone))
		country, code, city, rcode, region, continent, lat, lon = SITES[site]
	end["geo"] = {"continent_name": continent, "country_iso_code": code, "country_name": country, "region_iso_code": rcode,
		"region_name": region, "city_name": city, "location": {"lat": lat, "lon": lon}}
	if not row:
		end["geo"]["name"] = site
	if address in BAD:
		flow["threat"] = BAD[address][0]
	return end, flow


def day_curve(ms):
	"""Share of the busiest hour that is on at a time of day: office hours with a quieter lunch and a backup at night."""
	h = ms / 3600000 % 24
	office = math.exp(-((h - 10) / 2.6) ** 2) + 0.9 * math.exp(-((h - 14.5) / 2.4) ** 2)
	return 0.22 + 0.78 * min(1, office)


def interfaces(exporter, outbound):
	"""Where a flow enters and leaves its exporter."""
	inner = [i for i in exporter[8] if i[4] == "internal"]
	outer = [i for i in exporter[8] if i[4] != "internal"] or inner
	a, b = R.choice(inner), R.choices(outer, [3, 2, 1][:len(outer)])[0]
	return (a, b) if outbound else (b, a)


def threat(doc, client, server):
	bad = server if server in BAD else client
	categories, feed, severity = BAD[bad]
	doc["threat"] = {"indicator": {"ip": bad, "type": "ipv4-addr", "provider": feed, "description": categories[0]}, "feed": {"name": feed}}
	other_private = (client if bad == server else server).startswith("10.")
	kind = "high_risk_client" if bad == server else "at_risk_server" if other_private else "public_threat"
	if bad == client and R.random() < 0.3:
		kind = "public_threat"
	doc["flow"]["threat"] = {"class": kind, "category": categories[0], "categories": categories, "severity": severity,
		"severity_number": SEVERITY[severity], "feeds": [feed], "direction": "outbound" if bad == server else "inbound"}
	doc["event"]["severity"] = {"critical": 2, "high": 3}.get(severity, 4)
	doc["log"]["level"] = "warning"
	doc.setdefault("tags", []).append("threat")


def flow(now_ms, hours, people, internet):
	while True:
		t = now_ms - R.randrange(int(hours * 3600000))
		if R.random() < day_curve(t):
			break
	service, port, transport, app, category, _, typical, kind = R.choices(SERVICES, [s[5] for s in SERVICES])[0]
	exporter = R.choices(EXPORTERS, [e[7] for e in EXPORTERS])[0]
	inbound = R.random() < 0.07
	if inbound:			# somebody out there asks our servers
		who = R.choices(internet, [e[3] for e in internet])[0]
		if R.random() < 0.08:
			who = R.choice([e for e in internet if e[0] in BAD])
		srv = R.choice(DMZ)
		service, port, transport, app, category, typical = ("https", 443, "tcp", "Web browsing", "web", 90000)
		if who[0] in BAD:
			service, port, transport, app, category, typical = R.choice([("ssh", 22, "tcp", "SSH", "remote access", 900),
				("ms-wbt-server", 3389, "tcp", "Remote desktop", "remote access", 700)])
		client, server = (who[0], who[1], who[2]), (srv[0], srv[1], None)
	elif kind == "web":
		c = R.choices(people, [p[2] for p in people])[0]
		s = R.choices(internet, [e[3] for e in internet])[0]
		client, server = (c[0], c[1], None), (s[0], s[1], s[2])
	elif kind == "voice":
		phones = [p for p in people if p[0].startswith("10.1.64")]
		c, s = R.sample(phones, 2)
		client, server = (c[0], c[1], None), (s[0], s[1], None)
	else:
		c = R.choices(people, [p[2] for p in people])[0] if R.random() < 0.8 else R.choice(SERVERS) + (1,)
		s = R.choice(SERVERS[:2] if port in (53, 123) else SERVERS[2:])
		if s[0] == c[0]:
			s = SERVERS[0]
		client, server = (c[0], c[1], None), (s[0], s[1], None)
	down = max(40, int(R.lognormvariate(math.log(typical), 1.0)))
	if typical > 20000:			# a hundred people with few records: let each be worth seeing
		down *= 25
	up = max(40, int(down * R.uniform(0.03, 0.2)))
	if app == "Backup":
		up, down = down, up
	rate = exporter[6]
	if rate > 1:			# a sampled record stands for `rate` packets
		up, down = max(80, up // rate), max(80, down // rate)
	up_p, down_p = 1 + up // 600, 1 + down // 1150
	C, fc = describe(*client)
	S, fs = describe(*server)
	C.update(port=R.randint(32768, 60999), bytes=up * rate if rate > 1 else up, packets=up_p * (rate if rate > 1 else 1))
	S.update(port=port, bytes=down * rate if rate > 1 else down, packets=down_p * (rate if rate > 1 else 1))
	if transport == "udp" and service == "rtp":
		C["port"] = 16384 + 2 * R.randrange(2000)
	swap = R.random() < 0.45		# the record of the answer: the server is its source
	src, dst, fsrc, fdst = (S, C, fs, fc) if swap else (C, S, fc, fs)
	private = not client[2] and not server[2]
	direction = "internal" if private else "outbound" if not client[2] else "inbound"
	if swap and direction != "internal":
		direction = "inbound" if direction == "outbound" else "outbound"
	inner, outer = interfaces(exporter, direction == "outbound")
	duration = int(min(600, R.expovariate(1 / 25)) * 1000) + 1
	flags = ["SYN", "ACK", "PSH", "FIN"] if R.random() < 0.8 else ["SYN", "ACK", "RST"]
	dscp = DSCP.get(category, (0, "CS0"))
	doc = {
		"@timestamp": t, "ecs": {"version": "8.11.0"}, "agent": {"type": "efd"}, "log": {"level": "info"},
		"event": {"kind": "event", "module": "flow", "dataset": "flow", "category": ["network", "session"] if rate == 1 else ["network"],
			"type": ["connection", "end"], "action": "flow", "severity": 6, "start": t - duration, "end": t,
			"duration": duration * 1000000, "created": t + R.randint(50, 1500), "ingested": (t + R.randint(2000, 9000)) // 1000 * 1000},
		"network": {"type": "ipv4", "iana_number": "6" if transport == "tcp" else "17", "transport": transport, "protocol": service,
			"application": app, "direction": direction, "bytes": C["bytes"] + S["bytes"], "packets": C["packets"] + S["packets"],
			"community_id": "1:" + base64.b64encode(R.getrandbits(160).to_bytes(20, "big")).decode(),
			"vlan": {"id": str({"10.1.0": 10, "10.1.1": 11, "10.1.64": 64, "10.1.128": 128, "10.3.0": 30, "10.2.0": 200, "10.2.64": 264}.get(
				(client if not client[2] else server)[0].rsplit(".", 1)[0], 1))}},
		"source": src, "destination": dst, "client": C, "server": S,
		"observer": {"ip": exporter[1], "name": exporter[0], "type": exporter[3], "geo": {"name": exporter[5], "location": {
			"lat": SITES[exporter[5]][6], "lon": SITES[exporter[5]][7]}},
			"ingress": {"interface": {"id": str(inner[0]), "name": inner[1]}}, "egress": {"interface": {"id": str(outer[0]), "name": outer[1]}}},
		"related": {"ip": [client[0], server[0]], "hosts": [n for n in (client[1], server[1]) if n]},
		"flow": {"type": exporter[2], "direction": "ingress", "biflow": rate == 1, "locality": "private" if private else "public",
			"end_reason": R.choice(["idle timeout", "active timeout", "end of flow detected", "end of flow detected"]),
			"role": {"reason": R.choice(["service", "service", "syn", "initiator", "lower-port"])},
			"service": {"name": service}, "application": {"category": category, "origin": "table"},
			"source": fsrc | {"service": "%s/%d" % (transport, src["port"]) if src is C else service},
			"destination": fdst | {"service": service if dst is S else "%s/%d" % (transport, dst["port"])},
			"client": fc, "server": fs, "sampling": {"rate": rate, "origin": "sampler" if rate > 1 else "header"},
			"tos": dscp[0] << 2, "dscp": {"number": dscp[0], "name": dscp[1]},
			"ecn": R.choices(["Not-ECT", "ECT(0)", "CE"], [80, 18, 2])[0], "ttl": {"min": R.choice([57, 63, 64, 127])},
			"ingress": {"interface": "%s/%s" % (exporter[0], inner[1]), "role": inner[4]},
			"egress": {"interface": "%s/%s" % (exporter[0], outer[1]), "role": outer[4]},
			"exporter": {"domain": "0", "site": exporter[5], "role": exporter[3]}},
	}
	if exporter[4]:
		doc["observer"]["vendor"] = exporter[4]
	for side, i in (("ingress", inner), ("egress", outer)):
		doc["flow"][side].update(bytes=src["bytes"], packets=src["packets"], reverse_bytes=dst["bytes"], reverse_packets=dst["packets"])
		if R.random() < 0.01:
			doc["flow"][side]["partial"] = True
		if i[2]:
			doc["observer"][side]["interface"]["alias"] = i[2]
		if i[3]:
			doc["flow"][side]["speed"] = i[3]
	if rate > 1:
		doc["flow"]["raw"] = {"bytes": up + down, "packets": up_p + down_p}
	if transport == "tcp":
		doc["flow"]["tcp"] = {"flags": flags, "flags_number": sum({"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16}[f] for f in flags)}
		if rate == 1:
			doc["flow"]["latency"] = {"client": int(R.lognormvariate(7, 0.8)), "server": int(R.lognormvariate(9.5 if server[2] else 6, 0.7)),
				"application": int(R.lognormvariate(10, 0.9))}
			if R.random() < 0.2:
				doc["flow"]["retransmits"] = 1 + int(R.expovariate(0.4))
	extras(doc, exporter, client, server, category)
	for tag, share in (("held", 0.004), ("exporter_clock_skew", 0.003), ("clamped", 0.002)):
		if R.random() < share:
			doc.setdefault("tags", []).append(tag)
	if client[0] in BAD or server[0] in BAD:
		threat(doc, client[0], server[0])
	doc["message"] = "%s:%d > %s:%d %s %s %d bytes %d packets" % (src["ip"], src.get("port", 0), dst["ip"], dst.get("port", 0), transport,
		app, doc["network"]["bytes"], doc["network"]["packets"])
	if exporter[0] == "rtr-fra-1" and R.random() < 0.05:
		doc["flow"]["direction"] = "egress"	# counted on ingress, too
		apart(doc, "egress")
	elif exporter[0] == "rtr-graz-1" and R.random() < 0.02:
		implausible(doc)
	return doc


def apart(doc, reason):
	"""Octets that stand apart from all totals, and in the figures of interfaces."""
	doc["flow"]["duplicate"] = {"reason": reason, "bytes": doc["network"].pop("bytes"), "packets": doc["network"].pop("packets")}
	for end in ("source", "destination", "client", "server"):
		doc[end].pop("bytes", None)
		doc[end].pop("packets", None)


def implausible(doc):
	"""A value that cannot be: a counter, or one that is kept as it was sent."""
	doc.setdefault("tags", []).append("implausible")
	kind = R.choice(("bytes", "sampling_rate", "frame_length", "vlan", "source_mask"))
	doc["flow"].setdefault("raw", {})[kind] = {"bytes": 2 ** 63 - 1, "sampling_rate": 2919759872, "frame_length": 4294967040, "vlan": 5000, "source_mask": 40}[kind]
	if kind == "bytes":
		doc["network"]["bytes"] = 2 ** 63 - 1
		apart(doc, "implausible")
		for way in ("ingress", "egress"):
			doc["flow"].get(way, {}).pop("bytes", None)


def extras(doc, exporter, client, server, category):
	"""What only some exporters say: firewall events and NAT, users and processes, ICMP, IPv6 metering, BGP."""
	f, e = doc["flow"], doc["event"]
	if exporter[3] == "firewall":
		denied = R.random() < (0.9 if client[0] in BAD else 0.07)
		rule = R.choice(["geo-block", "default-deny", "guest-isolation"]) if denied else R.choice(["web-out", "dns-out", "dmz-in", "vpn-in"])
		f["firewall"] = {"event": "denied" if denied else R.choice(["created", "deleted", "deleted"])}
		f["forwarding"] = {"status": "dropped" if denied else "forwarded"}
		if f["firewall"]["event"] == "created":
			f["connections"] = 1
		doc["rule"] = {"id": "%04x" % (hash_of(rule) % 65536), "name": rule}
		doc["event"].update(action="flow-denied" if denied else "flow-deleted", outcome="failure" if denied else "success",
			type=["connection", "denied"] if denied else ["connection", "end", "allowed"])
		if denied:
			e["reason"] = R.choice(["denied by ingress ACL", "denied by egress ACL", "first TCP packet not SYN"])
			f["dropped"] = {"bytes": doc["network"]["bytes"] // 20, "packets": max(1, doc["network"]["packets"] // 20)}
			for end in ("client", "server"):
				doc[end]["bytes"] = max(40, doc[end]["bytes"] // 200)
				doc[end]["packets"] = max(1, doc[end]["packets"] // 200)
			doc["network"].update(bytes=doc["client"]["bytes"] + doc["server"]["bytes"],
				packets=doc["client"]["packets"] + doc["server"]["packets"])
		elif server[2] and not client[2]:
			doc["client"]["nat"] = {"ip": "192.0.2.%d" % R.choice([129, 130]), "port": R.randint(1024, 65000)}
			f["nat"] = {"event": R.choice(["NAT44 session create", "NAT44 session delete"])}
		doc["observer"]["ingress"]["zone"], doc["observer"]["egress"]["zone"] = "inside", "outside"
	if client[0] in USERS and exporter[2] == "netflow9" and R.random() < 0.7:
		name = USERS[client[0]]
		process = {"web": "browser", "streaming": "player", "mail": "mail", "business": "office", "remote access": "ssh", "file transfer": "sync",
			"backup": "backup", "database": "psql"}.get(category, "system")
		doc["user"] = {"name": name, "domain": "EXAMPLE"}
		doc["client"]["user"] = {"name": name}
		doc["process"] = {"name": process, "pid": 1000 + hash_of(process + name) % 30000, "executable": "/usr/bin/" + process}
		doc["host"] = {"name": client[1], "hostname": client[1].split(".")[0],
			"os": {"platform": ["linux", "windows", "darwin"][hash_of(name) % 3]}}
		doc["related"]["user"] = [name]
	if exporter[0] == "rtr-fra-1" and doc["flow"]["locality"] == "public":
		f["bgp"] = {"next_as": R.choice([64511, 64496, 64498]), "validity": R.choices(["valid", "not-found", "invalid"], [80, 18, 2])[0]}
		f["next_hop"] = R.choice(["192.0.2.17", "192.0.2.21"])
	if R.random() < 0.02:
		kind = R.choice([(8, 0, "echo request"), (3, 3, "destination unreachable, port"), (11, 0, "time exceeded")])
		doc["network"].update(transport="icmp", iana_number="1", protocol="icmp", application="ICMP")
		f["icmp"] = {"type": kind[0], "code": kind[1], "name": kind[2]}
		f["service"] = {"name": "icmp"}
		f.pop("tcp", None)
		for end in ("source", "destination", "client", "server"):
			doc[end].pop("port", None)
	elif R.random() < 0.12:
		doc["network"]["type"] = "ipv6"
	if exporter[2] == "sflow5" and R.random() < 0.25:
		f["tunnel"] = {"type": "vxlan", "id": str(R.choice([5010, 5011, 5020]))}


def hash_of(text):
	h = 2166136261
	for c in text.encode():
		h = (h ^ c) * 16777619 & 0xffffffff
	return h


def documents(flows, now_ms, hours=24):
	people, internet = clients(), ends()
	for _ in range(flows):
		yield flow(now_ms, hours, people, internet)
