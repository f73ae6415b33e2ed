#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NetBox and Nautobot: servers made after their published REST APIs (objects, nesting, pages, tokens), to the four tables; then changes."""
import json
import os
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from sources import Source, configure, efctl, inventory, kept, table  # noqa: E402
from tap import done, ok, same  # noqa: E402

TOKEN = kept("token", "0123456789abcdef\n")


class Api(Source):
	"""Lists `objects` {path: [object]} in pages as Django REST framework does: count, next, previous, results; never more than `page` in one."""

	def __init__(self, objects, page=2):
		self.objects, self.page, self.forbidden = objects, page, set()
		super().__init__()
		self.pages = self

	def get(self, where, otherwise):
		return self.answer

	def answer(self, handler):
		url = urllib.parse.urlsplit(handler.path)
		query = dict(urllib.parse.parse_qsl(url.query))
		if handler.headers.get("Authorization") != "Token 0123456789abcdef":
			return handler.reply(403, {"detail": "Invalid token"})
		if url.path in self.forbidden:
			return handler.reply(403, {"detail": "You do not have permission to perform this action."})
		if url.path not in self.objects:
			return handler.reply(404, {"detail": "Not found."})
		found, offset = self.objects[url.path], int(query.get("offset", 0))
		limit = min(int(query.get("limit", 50)), self.page)
		more = urllib.parse.urlencode({**query, "limit": limit, "offset": offset + limit})
		handler.reply(200, {"count": len(found), "next": f"{self.url}{url.path}?{more}" if offset + limit < len(found) else None, "previous": None,
			"results": [self.shown(o, int(query.get("depth", 0))) for o in found[offset:offset + limit]]})

	def shown(self, thing, depth):
		return thing


class Nautobot(Api):
	"""Related objects are an id, a type and an address, but for as many levels as `depth` says."""

	def shown(self, thing, depth):
		return {k: self.related(v, depth) for k, v in thing.items()}

	def related(self, value, depth):
		if isinstance(value, list):
			return [self.related(v, depth) for v in value]
		if not isinstance(value, dict) or "id" not in value:
			return value
		if depth == 0:
			return {"id": value["id"], "object_type": "app.model", "url": self.url + "/x"}
		return self.shown(value, depth - 1)


def brief(i, name, **more):
	return {"id": i, "url": "http://n/x", "display": name, "name": name, "slug": name.lower(), **more}


def choice(value):
	return {"value": value, "label": value.capitalize()}


# ---- NetBox 4.2 and later: a prefix has a scope
site = brief(1, "Vienna")
device_type = {"id": 5, "url": "http://n/x", "display": "ASR1001-X", "manufacturer": brief(3, "Cisco"), "model": "ASR1001-X", "slug": "asr1001-x", "description": ""}


def prefix(i, text, **more):
	return {"id": i, "url": "http://n/x", "display": text, "family": {"value": 4, "label": "IPv4"}, "prefix": text, "vrf": None, "scope_type": "dcim.site", "scope_id": 1,
		"scope": site, "tenant": None, "vlan": None, "status": choice("active"), "role": None, "is_pool": False, "description": "", "comments": "", "tags": [],
		"custom_fields": {}, **more}


def address(i, text, name="", **more):
	return {"id": i, "display": text, "family": {"value": 4, "label": "IPv4"}, "address": text, "vrf": None, "tenant": None, "status": choice("active"), "role": None,
		"assigned_object_type": None, "assigned_object": None, "nat_inside": None, "nat_outside": [], "dns_name": name, "description": "", "tags": [], "custom_fields": {}, **more}


def device(i, name, v4=None, v6=None, **more):
	def primary(text):
		return text and {"id": 90 + i, "url": "http://n/x", "display": text, "family": 4, "address": text, "description": ""}
	return {"id": i, "display": name, "name": name, "device_type": device_type, "role": brief(2, "Edge Router"), "tenant": None, "platform": brief(4, "IOS-XE"), "serial": f"SN{i}",
		"asset_tag": None, "site": site, "location": None, "rack": None, "status": choice("active"), "primary_ip": primary(v4 or v6), "primary_ip4": primary(v4),
		"primary_ip6": primary(v6), "oob_ip": None, "custom_fields": {}, **more}


def port(i, of, name, index, **more):
	return {"id": i, "display": name, "device": {"id": of, "url": "http://n/x", "display": "x", "name": "x"}, "name": name, "label": "", "type": choice("1000base-t"), "enabled": True,
		"mtu": None, "mac_address": None, "speed": 1000000, "duplex": None, "description": "", "custom_fields": {"ifindex": index}, **more}


netbox = Api({
	"/api/dcim/sites/": [{**site, "region": brief(7, "Austria"), "status": choice("active"), "asns": [{"id": 1, "url": "http://n/x", "display": "AS65001", "asn": 65001}],
		"latitude": 48.208174, "longitude": 16.373819, "time_zone": None, "description": ""}],
	"/api/ipam/prefixes/": [prefix(1, "10.0.0.0/8", description="All of ours", role=brief(1, "Campus"), tenant=brief(1, "ACME, Inc.")), prefix(2, "10.1.0.0/16", description="Servers",
		custom_fields={"zone": "inside"}), prefix(3, "10.2.0.0/16", scope=None, scope_type=None, scope_id=None), prefix(4, "192.0.2.0/24", scope=None, site=site, description="of 4.1"),
		prefix(5, "10.1.0.0/16", vrf=brief(1, "blue"), description="of another VRF")],
	"/api/ipam/ip-addresses/": [address(1, "10.1.0.5/16", "db.example.org"), address(2, "10.1.0.6/16"), address(3, "192.0.2.1/24", assigned_object_type="dcim.interface",
		assigned_object={"id": 1, "url": "http://n/x", "display": "Gi0/1", "device": brief(1, "edge1"), "name": "Gi0/1"}), address(4, "2001:db8::5/64", "db.example.org")],
	"/api/dcim/devices/": [device(1, "edge1", "192.0.2.1/24", "2001:db8::1/64"), device(2, "edge2", None, "2001:db8::2/64"), device(3, "patch panel"),
		device(4, "old", "192.0.2.4/24", role=None, device_role=brief(9, "Firewall"))],
	"/api/dcim/interfaces/": [port(1, 1, "GigabitEthernet0/1", 3, description="Uplink, to \"AS65002\""), port(2, 1, "GigabitEthernet0/2", None), port(3, 2, "Te0/1", 7, speed=None),
		port(4, 3, "of nothing with an address", 1)],
})
source = {"name": "netbox", "type": "netbox", "url": netbox.url, "token_file": TOKEN, "plain_http": True, "columns": {"interfaces": {"interface": "custom_fields.ifindex"}}}
configure(source)
code, out, err = inventory("netbox")
ok(code == 0, "NetBox", (code, out, err))
vienna = {"site": "Vienna", "region": "Austria", "latitude": "48.208174", "longitude": "16.373819", "as_number": "65001"}
nowhere = dict.fromkeys(vienna, "")
same(table("netbox/networks.csv"), [
	{"prefix": "10.0.0.0/8", "name": "All of ours", "role": "Campus", "tenant": "ACME, Inc.", **vienna},
	{"prefix": "10.1.0.0/16", "name": "Servers", "role": "", "tenant": "", **vienna},
	{"prefix": "192.0.2.0/24", "name": "of 4.1", "role": "", "tenant": "", **vienna}], "prefixes with site, region, place, AS, role and tenant; one that says nothing is none")
same(table("netbox/hosts.csv"), [{"address": "10.1.0.5", "name": "db.example.org"}, {"address": "192.0.2.1", "name": "edge1"}, {"address": "2001:db8::5", "name": "db.example.org"}],
	"addresses by their DNS names, else by their devices'")
edge1 = {"name": "edge1", "vendor": "Cisco", "product": "ASR1001-X", "type": "Edge Router", "site": "Vienna", "serial": "SN1"}
same(table("netbox/exporters.csv"), [{"prefix": "192.0.2.1", **edge1}, {"prefix": "192.0.2.4", **edge1, "name": "old", "type": "Firewall", "serial": "SN4"},
	{"prefix": "2001:db8::1", **edge1}, {"prefix": "2001:db8::2", **edge1, "name": "edge2", "serial": "SN2"}], "devices by both of their addresses")
same(table("netbox/interfaces.csv"), [
	{"exporter": "192.0.2.1", "interface": "3", "name": "GigabitEthernet0/1", "alias": "Uplink, to \"AS65002\"", "speed": "1000000000"},
	{"exporter": "2001:db8::2", "interface": "7", "name": "Te0/1", "alias": "", "speed": ""}], "interfaces of devices with an address, where a custom field has the ifIndex")
ok("1 rows left out, whose key another row has" in err, "the prefix of another VRF is counted as left out", err)
same({a for a in netbox.tokens()}, {"Token 0123456789abcdef"}, "each request with the token")
ok(any("offset=4" in p for p, _ in netbox.asked), "in pages", netbox.asked)
same(sorted(p for p, _ in netbox.asked), sorted({p for p, _ in netbox.asked}), "each page once, also where two tables come of it")
found = json.loads(efctl("dictionaries", "lookup", "10.1.0.5", "--json")[1])
same([(r["name"], r["layer"]) for r in found["networks"] + found["hosts"]], [("Servers", "discovered"), ("All of ours", "discovered"), ("db.example.org", "discovered")],
	"lookup finds them")
same(efctl("dictionaries", "check")[0], 0, "they can be compiled")

# ---- a change there is a change here, and nothing else
netbox.objects["/api/dcim/interfaces/"][0]["description"] = "Customer 7"
code, out, err = inventory("netbox", "--diff")
same([line for line in out.splitlines() if line.startswith("  ")], ["  ~ 192.0.2.1 3 alias: Uplink, to \"AS65002\" -> Customer 7"], "one alias changed: one line")
netbox.objects["/api/ipam/ip-addresses/"].append(address(9, "10.1.0.9/16", "new.example.org"))
code, out, err = inventory("netbox", "--diff")
same([line for line in out.splitlines() if line.startswith("  ")], ["  + 10.1.0.9 new.example.org", "  ~ 192.0.2.1 3 alias: Uplink, to \"AS65002\" -> Customer 7"][::-1]
	if out.find("Customer") < out.find("new.ex") else ["  ~ 192.0.2.1 3 alias: Uplink, to \"AS65002\" -> Customer 7", "  + 10.1.0.9 new.example.org"], "and an address: two")

# ---- custom fields, and what it may set
configure({**source, "columns": {"networks": {"zone": "custom_fields.zone"}}, "sets": ["networks.zone", "networks.name"]})
netbox.asked.clear()
code, out, err = inventory("netbox", "--force")
same(table("netbox/networks.csv"), [{"prefix": "10.0.0.0/8", "name": "All of ours", "zone": ""}, {"prefix": "10.1.0.0/16", "name": "Servers", "zone": "inside"},
	{"prefix": "192.0.2.0/24", "name": "of 4.1", "zone": ""}], "a custom field as a column; only what it may set")
same({p.split("?")[0] for p, _ in netbox.asked}, {"/api/ipam/prefixes/"}, "and only what is needed for it is asked")
configure({**source, "columns": {}})
netbox.asked.clear()
inventory("netbox", "--force")
ok(not any("interfaces" in p for p, _ in netbox.asked) and table("netbox/interfaces.csv") is None, "without a field for the ifIndex interfaces are not asked", netbox.asked)

# ---- rights that are missing
netbox.forbidden.add("/api/dcim/devices/")
before = table("netbox/hosts.csv")
code, out, err = inventory("netbox")
ok(code == 1 and "/api/dcim/devices/" in err and "HTTP 403" in err and table("netbox/hosts.csv") == before, "a right that is missing: all stays as it was", (code, err))

# ---- Nautobot 2
location = {"id": "a1", "object_type": "dcim.location", "display": "Vienna", "url": "http://n/x", "name": "Vienna", "parent": {"id": "a0", "name": "Austria"}, "latitude": "48.208174",
	"longitude": "16.373819", "asn": 65001}


def uuid(i, name, **more):
	return {"id": f"u{i}", "object_type": "x.y", "display": name, "url": "http://n/x", "name": name, **more}


def ip(i, text, name):
	return {"id": f"i{i}", "address": text, "host": text.split("/")[0], "mask_length": 24, "ip_version": 4, "dns_name": name, "display": text, "status": uuid(1, "Active"), "role": None,
		"tenant": None, "parent": uuid(2, "192.0.2.0/24"), "custom_fields": {}}


nautobot = Nautobot({
	"/api/dcim/locations/": [location],
	"/api/ipam/prefixes/": [{"id": "p1", "display": "10.1.0.0/16", "prefix": "10.1.0.0/16", "network": "10.1.0.0", "broadcast": "10.1.255.255", "prefix_length": 16, "ip_version": 4,
		"type": choice("network"), "description": "Servers", "status": uuid(1, "Active"), "role": uuid(3, "Campus"), "namespace": uuid(4, "Global"), "tenant": uuid(5, "ACME"),
		"location": location, "custom_fields": {}}],
	"/api/ipam/ip-addresses/": [ip(1, "192.0.2.1/24", "edge1.example.org"), ip(2, "192.0.2.2/24", "")],
	"/api/dcim/devices/": [{"id": "d1", "display": "edge1", "name": "edge1", "device_type": {"id": "t1", "display": "ASR", "manufacturer": uuid(6, "Cisco"), "model": "ASR1001-X"},
		"role": uuid(7, "Edge"), "tenant": None, "platform": None, "serial": "SN1", "location": location, "primary_ip4": ip(1, "192.0.2.1/24", "edge1.example.org"), "primary_ip6": None,
		"custom_fields": {}}],
	"/api/dcim/interfaces/": [{"id": "f1", "display": "Gi0/1", "name": "Gi0/1", "label": "", "device": uuid(1, "edge1", id="d1"), "speed": None, "description": "Uplink",
		"custom_fields": {"ifindex": 3}}],
})
configure({**source, "name": "nautobot", "type": "nautobot", "url": nautobot.url + "/"})
code, out, err = inventory("nautobot")
ok(code == 0, "Nautobot", (code, out, err))
same(table("nautobot/networks.csv"), [{"prefix": "10.1.0.0/16", "name": "Servers", "role": "Campus", "tenant": "ACME", **vienna}], "prefixes")
same(table("nautobot/hosts.csv"), [{"address": "192.0.2.1", "name": "edge1.example.org"}], "addresses")
same(table("nautobot/exporters.csv"), [{"prefix": "192.0.2.1", **edge1, "type": "Edge"}], "devices, with the maker two objects away")
same(table("nautobot/interfaces.csv"), [{"exporter": "192.0.2.1", "interface": "3", "name": "Gi0/1", "alias": "Uplink"}], "interfaces")
done()
