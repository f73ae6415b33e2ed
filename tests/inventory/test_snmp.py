#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exporters asked by SNMP: devices of eight makers as scripted agents, agents that lie, and Debian's snmpd with SNMPv2c and SNMPv3."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from agent import ADDRESS, COUNTER64, GAUGE, MIB2, OBJECT, RESPONSE, Agent, device, ids, number, octets  # noqa: E402
from scripted import Handler, Server  # noqa: E402
from sources import DIR, configure, efctl, inventory, kept, path, state, table  # noqa: E402
from tap import done, ok, same, skip  # noqa: E402

r = subprocess.run([os.path.join(os.path.dirname(os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")), "efctl-inventory"),
	"--file", kept("probe.yml", json.dumps({"sources": [{"name": "s", "type": "snmp", "community_file": "/none", "devices": ["192.0.2.1"]}]})), "--dir", DIR, "--dry-run", "s"],
	capture_output=True, text=True, stdin=subprocess.DEVNULL)
if "built without" in r.stderr:
	skip("SNMP", "built without net-snmp")
	done()
	sys.exit(0)

community = kept("community", "publ1c\n")
PORT = 0


def source(devices, **more):
	return {"name": "snmp", "type": "snmp", "community_file": community, "port": PORT, "devices": devices, "seen": False, "timeout": "300ms", "retries": 1, **more}


def rows(name, *columns):
	return [tuple(row.get(c) or "" for c in columns) for row in table(f"snmp/{name}.csv") or []]


# ---- what devices say. Object ids, descriptions and forms of names are those of the makers' public MIBs and manuals, everything else is made up.
DEVICES = [
	("Cisco", device("core1.example.org", "Cisco IOS Software, C3750 Software (C3750-IPSERVICESK9-M), Version 12.2(55)SE, RELEASE SOFTWARE", (9, 1, 516),
		[(10101, "Gi1/0/1", "UPLINK: transit, AS64500", 1000), (10102, "Gi1/0/2", "CUST-0815 Müller", 1000), (14501, "Nu0", "", 10000)],
		"FDO1234X0AB", "WS-C3750G-24T", "12.2(55)SE", [("198.51.100.1/30", 10101), ("127.0.0.1/8", 14501), ("2001:db8:1::1/64", 10102)]), "12.2(55)SE"),
	("Juniper", device("edge1", "Juniper Networks, Inc. mx204 internet router, kernel JUNOS 21.4R3.15, Build date: x", (2636, 1, 1, 1, 2, 156),
		[(501, "xe-0/1/0", "to core1", 10000), (525, "xe-0/1/0.100", "", 10000)], addresses=[("203.0.113.1/31", 525)]), "21.4R3.15"),
	("Arista", device("leaf1", "Arista Networks EOS version 4.30.1F running on an Arista Networks DCS-7050", (30065, 1, 3011), [(1, "Ethernet1", "x", 100000)]), "4.30.1F"),
	("Huawei", device("ne40", "Huawei Versatile Routing Platform Software\r\nVRP (R) software, Version 8.180 (NE40E V800R010)", (2011, 2, 62, 2, 9), [(4, "GigabitEthernet0/3/0", "", 1000)]), "8.180"),
	("MikroTik", device("gw\x1b[31m", "RouterOS CCR1009", (14988, 1), [(1, "ether1", "ISP\nA, \"fast\"", 1000)]), ""),
	("Fortinet", device("fw1", "", (12356, 101, 1, 1), [(1, "port1", "wan", 0)]), ""),
	("Nokia", device("sr1", "TiMOS-C-20.10.R1 cpm/hops64 Nokia 7750 SR", (6527, 1, 3, 9), [(35684352, "1/1/1", "x", 10000), (65616, "lag-1", "y", 20000), (131152, "lag-2", "z", 1)]), "C-20.10.R1"),
	("VyOS", device("vy", "VyOS 1.4.0", (44641,), [(2, "eth0", "", 1000)]), "1.4.0"),
]
agents = []
for n, (maker, values, version) in enumerate(DEVICES):
	agents.append(Agent(values, f"127.0.1.{n + 1}", PORT))
	PORT = agents[0].port
listed = [{"address": f"192.0.2.{n + 1}", "management": a.address} for n, a in enumerate(agents)]
listed[7]["interface_ids"] = "own"
ROLES = {"uplink": "^uplink", "customer": "^cust-"}
configure(source(listed, roles=ROLES))
code, out, err = inventory("snmp")
same((code, err), (0, ""), "eight devices answer")
same([r for r in rows("exporters", "prefix", "vendor", "version") if r[0].startswith("192.0.2.")], [(f"192.0.2.{n + 1}", d[0], d[2]) for n, d in enumerate(DEVICES)], "each with its maker and version")
core = ("core1.example.org", "Cisco", "WS-C3750G-24T", "FDO1234X0AB")
same([r for r in rows("exporters", "prefix", "name", "vendor", "product", "serial") if r[1] == core[0]], [(a, *core) for a in ("192.0.2.1", "198.51.100.1", "2001:db8:1::1")],
	"an exporter has the name at all of its addresses, but those that every device has")
same([r for r in rows("interfaces", "exporter", "interface", "name", "alias", "speed", "role") if r[0] in ("192.0.2.1", "192.0.2.5", "192.0.2.6")], [
	("192.0.2.1", "10101", "Gi1/0/1", "UPLINK: transit, AS64500", "1000000000", "uplink"), ("192.0.2.1", "10102", "Gi1/0/2", "CUST-0815 Müller", "1000000000", "customer"),
	("192.0.2.1", "14501", "Nu0", "", "10000000000", ""), ("192.0.2.5", "1", "ether1", 'ISP A, "fast"', "1000000000", ""), ("192.0.2.6", "1", "port1", "wan", "", "")],
	"interfaces with name, alias, speed, and the role that the alias says")
same([n for a, n in rows("exporters", "prefix", "name") if a == "192.0.2.5"], ["gw?[31m"], "nothing of names steers a terminal")
same([r[0] for r in rows("interfaces", "exporter") if r[0] in ("192.0.2.7", "192.0.2.8")], ["192.0.2.7"] * 3, "no name is joined where the exporter's numbers are its own")
code, out, err = efctl("dictionaries", "lookup", "192.0.2.1")
ok(code == 0 and "core1.example.org" in out and "discovered/snmp/exporters.csv" in out and "Gi1/0/2" in out, "dictionaries lookup knows them", (code, out, err))
same(inventory("--dry-run")[0], 0, "asked again, nothing differs")

# ---- networks only where sets says so
configure(source(listed[:2], sets=["networks", "exporters.name"]))
code, out, err = inventory("snmp", "--diff", "--force")
same([r for r in out.splitlines() if r.startswith("  +")], ["  + 198.51.100.0/30 UPLINK: transit, AS64500", "  + 2001:db8:1::/64 CUST-0815 Müller"], "networks by the alias of their interface")
ok("~ 192.0.2.1 vendor: Cisco -> nothing" in out, "and of exporters the name alone", out)
inventory("snmp", "--force")
known = table("snmp/networks.csv")
agents[0].community = b"other"
inventory("snmp")
same((len(known), table("snmp/networks.csv")), (2, known), "networks of a device that is silent stay")
agents[0].community = b"publ1c"
configure(source(listed, roles=ROLES))
inventory("snmp", "--force")

# ---- changes
configure(source(listed, roles=ROLES))
agents[0].values[MIB2 + (31, 1, 1, 1, 1, 10101)] = octets("Gi1/0/9")
code, out, err = inventory("snmp", "--diff")
same((code, [r for r in out.splitlines() if r[0] == " "]), (3, ["  ~ 192.0.2.1 10101 name: Gi1/0/1 -> Gi1/0/9"]), "a name that changes is one row")
ok("1 interfaces have another name than before, the first is number 10101 of 192.0.2.1" in err, "and is told", err)

# ---- devices that fail keep their rows
before = {name: table(f"snmp/{name}.csv") for name in ("exporters", "interfaces")}
agents[0].values[MIB2 + (31, 1, 1, 1, 1, 10101)] = octets("Gi1/0/1")
agents[0].community = b"other"
code, out, err = inventory("snmp")
same((code, {name: table(f"snmp/{name}.csv") for name in before}), (0, before), "a device that is silent keeps all of its rows")
ok("1 of 8 devices failed and keep their rows; the first: 192.0.2.1 (127.0.1.1:" in err and "does not answer" in err, "which is told", err)
configure(source([*listed[1:], "198.51.100.1"], roles=ROLES))
agents[0].community = b"publ1c"
code, out, err = inventory("snmp", "--dry-run", "--force")
configure(source([*listed, "198.51.100.1"], roles=ROLES))
code, out, err = inventory("snmp")
same((code, [r for r in rows("interfaces", "exporter", "interface", "name") if r[0] == "198.51.100.1"]), (0, [("198.51.100.1", "10101", "Gi1/0/1"), ("198.51.100.1", "10102", "Gi1/0/2"),
	("198.51.100.1", "14501", "Nu0")]), "an exporter that does not answer is one that has its address")
configure(source(listed, roles=ROLES))
inventory("snmp", "--force")
before = {name: table(f"snmp/{name}.csv") for name in before}


# ---- agents that lie
def lies(name, lie, why, limits=None, **more):
	"""The one device fails with these words, in bounded time, and its rows stay."""
	agents[0].lie, agents[0].asked = lie, 0
	configure(source(listed[:1], limits={"seconds": 8, **(limits or {})}, **more))
	code, out, err = inventory("snmp")
	ok(code in (1, 4) and why in err and err.count("\n") == 2 and {n: table(f"snmp/{n}.csv") for n in before} == before and why in state("snmp")["why"], name, (code, out, err))


IF_NAME = MIB2 + (31, 1, 1, 1, 1)


def growing(column, value):
	"""A column that has always more rows."""
	def lie(agent, command, request, names):
		if names[0][:len(column)] == column:
			at = names[0][len(column)] if len(names[0]) > len(column) else 0
			return agent.message(RESPONSE, request, [(column + (at + n,), value) for n in range(1, 20)])
	return lie


endless = growing(MIB2 + (47, 1, 1, 1, 1, 5), number(1))
endless_names = growing(IF_NAME, octets("x" * 40))


def circle(agent, command, request, names):
	if names[0][:len(IF_NAME)] == IF_NAME:
		return agent.message(RESPONSE, request, [(IF_NAME + (n,), octets("x")) for n in (1, 2, 3, 2)])


def same_again(agent, command, request, names):
	if names[0][:len(IF_NAME)] == IF_NAME:
		return agent.message(RESPONSE, request, [(IF_NAME + (7,), octets("x"))])


def slow(agent, command, request, names):
	time.sleep(0.2)
	return endless_names(agent, command, request, names)


lies("a walk that never ends", endless, "more than 50 requests (limits.pages)", {"pages": 50})
lies("interfaces without end", endless_names, "more than 500 rows (limits.rows)", {"rows": 500})
lies("octets without end", endless_names, "more than 20000 bytes (limits.bytes)", {"bytes": 20000})
lies("a walk that goes back", circle, "answers out of order")
lies("a walk that stays where it is", same_again, "answers out of order")
lies("one that takes its time", slow, "not at its end after 2 s (a quarter of limits.seconds)")
lies("octets that are no SNMP", lambda *_: os.urandom(200), "does not answer")
lies("a message that ends early", lambda a, c, request, names: a.message(RESPONSE, request, [(n, octets("x" * 300)) for n in names])[:-200], "does not answer")
lies("another request's answer", lambda a, c, request, names: a.message(RESPONSE, request ^ 1, []), "does not answer")
lies("an error for all", lambda a, c, request, names: a.message(RESPONSE, request, [], 5), "general failure")
lies("a request for an answer", lambda a, c, request, names: a.message(0xA0, request, []), "does not answer")
agents[0].lie = None
values = agents[0].values
evil = dict(values)
for column, value in ((1, number(7)), (18, (OBJECT, ids("1.3.6"))), (15, octets("fast"))):
	evil[MIB2 + (31, 1, 1, 1, column, 10102)] = value
evil[MIB2 + (31, 1, 1, 1, 1, 10103, 5)] = octets("a row of two numbers")
evil[MIB2 + (31, 1, 1, 1, 1, 2 ** 32 - 1)] = octets("\0nul\0in it\0")
evil[MIB2 + (31, 1, 1, 1, 18, 2 ** 32 - 1)] = octets(b"\xff\xfe, \"x\"\r\n" + b"y" * 5000)
evil[MIB2 + (31, 1, 1, 1, 15, 14501)] = (COUNTER64, 2 ** 62)
evil[MIB2 + (4, 20, 1, 3, 198, 51, 100, 1)] = (ADDRESS, b"\xff\x00\xff\x00")
evil[MIB2 + (4, 34, 1, 3, 1, 4, 300, 1, 1, 1)] = number(1)
agents[0].values = evil
configure(source(listed[:1], roles=ROLES))
code, out, err = inventory("snmp", "--force")
last = rows("interfaces", "exporter", "interface", "name", "alias", "speed")[-1]
ok(code == 0 and "values left out, of another type than their MIB says" in err and "\n" not in "".join(last) and last[1:3] == ("4294967295", "?nul?in it") and len(last[3].encode()) <= 256,
	"values of wrong types are left out, texts made fit", (code, err, last))
ok(efctl("dictionaries", "check")[0] == 0, "and the tables can be compiled")
agents[0].values = {MIB2 + (1, 5, 0): octets("bare")}
code, out, err = inventory("snmp", "--force")
same((code, rows("exporters", "prefix", "name"), rows("interfaces", "exporter")), (0, [("192.0.2.1", "bare")], []), "a device that has nothing but a name")
agents[0].values = {MIB2 + (1, 5, 0): octets("old"), MIB2 + (2, 2, 1, 2, 3): octets("Ethernet 3"), MIB2 + (2, 2, 1, 5, 3): number(10000000, GAUGE),
	MIB2 + (4, 20, 1, 2, 198, 51, 100, 7): number(3), MIB2 + (4, 20, 1, 3, 198, 51, 100, 7): (ADDRESS, b"\xff\xff\xff\x00")}
inventory("snmp", "--force")
same((rows("exporters", "prefix", "name"), rows("interfaces", "exporter", "interface", "name", "speed")), ([("192.0.2.1", "old"), ("198.51.100.7", "old")], [("192.0.2.1", "3", "Ethernet 3", "10000000")]),
	"a device of before ifXTable")
agents[0].values = values
for agent in agents:
	agent.community = b"other"
configure(source(listed))
code, out, err = inventory("snmp")
ok(code == 4 and "none of 8 devices" in err, "where none answers the source fails", (code, err))


# ---- devices that the cluster has seen
class Cluster(Handler):
	def any_method(self):
		if "_search" in self.path:
			return self.reply(200, {"_shards": {"total": 1, "successful": 1, "failed": 0}, "timed_out": False,
				"aggregations": {"e": {"buckets": [{"key": "127.0.1.2", "doc_count": 3}, {"key": "127.0.1.3", "doc_count": 2}]}}})
		return self.reply(200, {"version": {"number": "8.3.3"}, "tagline": "You Know, for Search"})


cluster = Server(Cluster)
for agent in agents:
	agent.community = b"publ1c"
configure(source([], seen=True))
code, out, err = inventory("snmp", "--force", env={"EF_ELASTICSEARCH_URL": cluster.url})
same((code, err, [r for r in rows("exporters", "prefix", "name") if r[0].startswith("127")]), (0, "", [("127.0.1.2", "edge1"), ("127.0.1.3", "leaf1")]), "those that the cluster has seen are asked")
code, out, err = inventory("snmp")
ok(code == 0 and "the cluster was not asked" in err and len(table("snmp/exporters.csv")) == 3, "without a connection those of the last time", (code, err, table("snmp/exporters.csv")))
os.remove(path(".seen-snmp"))
code, out, err = inventory("snmp")
ok(code == 2 and "there is no device to ask" in err, "and without these none", (code, err))

# ---- settings
for more, why in (({"community_file": None}, "one of community_file (SNMPv2c) and user (SNMPv3)"), ({"user": "x"}, "one of community_file"), ({"url": "http://x/"}, "neither url nor file"),
	({"community_file": None, "user": "x", "auth_file": "/a"}, "with auth_file and priv_file"), ({"devices": ["core1"]}, "address"), ({"devices": [{"address": "192.0.2.1#7"}]}, "management"),
	({"devices": [{"address": "192.0.2.1", "management": "127.0.0.1:0"}]}, "is no address"), ({"devices": [{"address": "192.0.2.1", "interface_ids": "x"}]}, "ifindex or own"),
	({"roles": {"x": "("}}, "no regular expression"), ({"roles": ["x"]}, "names with a pattern each"), ({"community_file": "/none"}, "community_file")):
	configure({k: v for k, v in {**source(listed), **more}.items() if v is not None})
	code, out, err = inventory("snmp")
	ok(code != 0 and why in err, f"refused: {why}", (code, err))
configure({"name": "snmp", "type": "hosts", "file": "/x", "user": "x"})
ok("are for type snmp" in inventory("snmp")[2], "settings of SNMP are for SNMP")

# ---- Debian's snmpd
snmpd = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
if not snmpd:
	skip("Debian's snmpd", "there is none")
	done()
	sys.exit(0)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
	free.bind(("127.0.0.1", 0))
	port = free.getsockname()[1]
conf = kept("snmpd.conf", f"""agentaddress udp:127.0.0.1:{port}
rocommunity publ1c
sysName r1.example.org
sysDescr Linux r1 6.1
sysObjectID 1.3.6.1.4.1.8072.3.2.10
override 1.3.6.1.2.1.31.1.1.1.18.1 octet_str "UPLINK, loop"
createUser efd SHA "authpassword" AES "privpassword"
createUser efd256 SHA-256 "authpassword" AES "privpassword"
rouser efd priv
rouser efd256 auth
""")
log = conf + ".log"
daemon = subprocess.Popen([snmpd, "-C", "-c", conf, "-f", "-Lf", log, "-I", "-smux", f"--persistentDir={conf}.state"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
	v2 = {"name": "snmp", "type": "snmp", "community_file": community, "port": port, "devices": ["127.0.0.1"], "seen": False, "roles": ROLES, "timeout": "2s"}
	v3 = {**v2, "user": "efd", "auth_file": kept("auth", "authpassword\n"), "priv_file": kept("priv", "privpassword\n")}
	del v3["community_file"]
	configure({**v2, "retries": 10})
	code, out, err = inventory("snmp", "--force")
	loopback = ("127.0.0.1", "1", "lo", "UPLINK, loop", "uplink")
	seen = rows("exporters", "prefix", "name", "vendor")[0], rows("interfaces", "exporter", "interface", "name", "alias", "role")[0]
	same((code, seen), (0, (("127.0.0.1", "r1.example.org", "Net-SNMP"), loopback)), "Debian's snmpd, by SNMPv2c")
	both = table("snmp/exporters.csv"), table("snmp/interfaces.csv")
	for name, source_of in (("authenticated and encrypted", v3), ("authenticated with SHA-256 only", {**v3, "user": "efd256", "auth": "sha256", "priv": "none", "priv_file": None})):
		shutil.rmtree(path("snmp"))
		configure({k: v for k, v in source_of.items() if v is not None})
		code, out, err = inventory("snmp")
		same((code, (table("snmp/exporters.csv"), table("snmp/interfaces.csv"))), (0, both), f"the same by SNMPv3, {name}")
	for more, why in (({"user": "nobody"}, "does not know this user"), ({"auth_file": kept("wrong", "authpasswort\n")}, "does not take the key of auth_file"),
		({"auth": "sha256"}, "does not take the key of auth_file"), ({"priv_file": kept("wrong2", "privpasswort\n"), "timeout": "200ms"}, ""),
		({"auth_file": kept("short", "short\n")}, "a passphrase has 8 characters at least")):
		configure({**v3, **more})
		code, out, err = inventory("snmp")
		ok(code != 0 and why in err and "passwor" not in err and (table("snmp/exporters.csv"), table("snmp/interfaces.csv")) == both, f"refused: {why or 'another key of priv_file'}", (code, err))
finally:
	daemon.terminate()
	daemon.wait()
done()
