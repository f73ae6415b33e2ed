# SPDX-License-Identifier: Apache-2.0
"""The rest of the made-up month (month.py): a firewall's events, a branch without much to tell, agents on desks."""
import struct

import exporters
from month import BEGIN_S, CLIENTS, DAY_S, END_S, HTTPS, LINE_BPS, SERVERS, SERVICES, SMTP, Talk, UNMARKED, carried, counted, packed
from meters import Exporter

# ---- firewall: Cisco ASA's events

OUTSIDE, INSIDE = 3, 4
ENDS = [(8, 4), (7, 2), (10, 2), (12, 4), (11, 2), (14, 2), (4, 1), (176, 1), (177, 1), (225, 4), (226, 4), (227, 2), (228, 2), (233, 1), (33002, 2)]
ACL = [(33000, 12), (33001, 12), (40000, 20)]
CREATED = exporters.Template(263, [(148, 4)] + ENDS + [(323, 8), (152, 8)] + ACL)
DENIED = exporters.Template(260, ENDS + [(323, 8)] + ACL)
ENDED = exporters.Template(264, [(148, 4)] + ENDS + [(323, 8), (152, 8), (231, 8), (232, 8), (298, 4), (299, 4), (40000, 20)])
RULE = 0x8ed66b60, 0xf8852875
NAMED = {"rule.name": "ACL 0x8ed66b60", "rule.id": "0xf8852875"}
PUBLIC = "192.0.2.111"
DENIED_BY = {True: (1001, "denied by ingress ACL"), False: (1004, "denied, first TCP packet is not SYN")}


def firewall_exporter():
	return Exporter("firewall", "192.0.2.4", 9, {OUTSIDE: ("outside", LINE_BPS), INSIDE: ("inside", 10 * LINE_BPS)}, [CREATED, DENIED, ENDED])


def what(talk, event, code, nat):
	inside, outside = (INSIDE, OUTSIDE) if talk.client.startswith("10.") else (OUTSIDE, INSIDE)
	translated = (PUBLIC, talk.server, nat, talk.ports[1]) if nat else (talk.client, talk.server, *talk.ports)
	return [packed(talk.client), talk.ports[0], inside, packed(talk.server), talk.ports[1], outside, talk.proto, 0, 0, packed(translated[0]), packed(translated[1]), *translated[2:], event, code]


def seen(firewall, talk, event, more):
	inside, outside = ("inside", "outside") if talk.client.startswith("10.") else ("outside", "inside")
	row = {**talk.row, "flow.ingress.interface": "firewall/" + inside, "flow.egress.interface": "firewall/" + outside, "flow.firewall.event": event, **more}
	row.update({"flow.ingress.speed": LINE_BPS if inside == "outside" else 10 * LINE_BPS, "flow.egress.speed": LINE_BPS if outside == "outside" else 10 * LINE_BPS})
	return row


def connection(month, firewall, n, at):
	"""Created and ended, with an update in between now and then: the end has all that it counted."""
	rnd = month.rnd
	talk = Talk(rnd.choice(CLIENTS[:9]), rnd.choice(SERVERS[:5]), HTTPS._replace(application=None, category=None), 30000 + n % 30000)
	life, nat = rnd.randrange(20, 240), 20000 + n % 40000
	user = "OFFICE\\" + "ada ben cleo dario".split()[n % 4]
	told = {"client.nat.ip": PUBLIC, "client.nat.port": nat, "source.nat.ip": PUBLIC, "user.name": user[7:]}
	up, down = rnd.randrange(2, 90) * 1000, rnd.randrange(5, 900) * 1000
	ms = lambda t: round(t * 1000)
	acl = struct.pack("!III", *RULE, 0)
	firewall.export(at + 0.5, CREATED, [[n] + what(talk, 1, 0, nat) + [ms(at), ms(at), acl, bytes(12), user]])
	month.add(firewall, at, at, {**seen(firewall, talk, "created", told), "flow.connections": 1, **NAMED})
	def told_at(since, when, event, number, sent, new):
		firewall.export(when + 0.5, ENDED, [[n] + what(talk, number, 2031 if number == 2 else 0, nat) + [ms(when), ms(at), *sent, sent[0] // 1000, sent[1] // 1000, user]])
		row = counted(seen(firewall, talk, event, told), 0, 0, False)
		row.update({"network.bytes": sum(new), "network.packets": sum(new) // 1000, "client.bytes": new[0], "client.packets": new[0] // 1000, "server.bytes": new[1],
			"server.packets": new[1] // 1000, "source.bytes": new[0], "source.packets": new[0] // 1000})
		for key in ("ingress", "egress"):
			row.update({f"flow.{key}.bytes": new[0], f"flow.{key}.packets": new[0] // 1000, f"flow.{key}.reverse_bytes": new[1]})
		rest = sum(sent) - sum(new)
		if rest:
			row.update({"flow.duplicate.bytes": rest, "flow.duplicate.packets": rest // 1000, "flow.duplicate.reason": "update"})
		if event == "deleted":
			row["event.reason"] = "connection ended"
		month.add(firewall, since, when, row)	# the time that its counters are about
	before = (0, 0)
	if n % 8 == 0:
		before = (up // 2000 * 1000, down // 2000 * 1000)
		told_at(at, at + life / 2, "update", 5, before, before)
	told_at(at + life / 2 if n % 8 == 0 else at, at + life, "deleted", 2, (up, down), (up - before[0], down - before[1]))


def events(month, firewall):
	"""320 connections a day of the last week, the last of them in the last minutes; what it denies, with a rule or without."""
	starts = [END_S - 7 * DAY_S + 270 * n + 10 for n in range(7 * 320)]
	for n, at in enumerate(starts):
		connection(month, firewall, n, at)
		if n % 3:
			continue
		ruled = n % 2 == 0
		talk = Talk("203.0.113.151" if n % 4 else "203.0.113.150", "10.2.0.10" if n % 5 else "10.2.0.12", SERVICES[6]._replace(application=None, category=None), 50000 + n % 9000)
		code, reason = DENIED_BY[ruled]
		acl = struct.pack("!III", *(RULE if ruled else (0, 0)), 0)
		firewall.export(at + 60, DENIED, [what(talk, 3, code, 0) + [round((at + 59) * 1000), acl, bytes(12), ""]])
		month.add(firewall, at + 59, at + 59, seen(firewall, talk, "denied", {"event.reason": reason, **(NAMED if ruled else {})}))


# ---- branch: NetFlow 5, half of it without interfaces

def branch_exporter():
	return Exporter("branch", "192.0.2.5", 5, {2: ("line", LINE_BPS // 2), **{n: ("lan" + (str(n) if n > 1 else ""), 10 * LINE_BPS) for n in (1, 3, 4, 5, 6)}})


def remote(month, branch):
	rnd = month.rnd
	for n, at in enumerate([BEGIN_S + 3600 * n + 90 for n in range(30 * 24)] + [END_S - DAY_S + 300 * n + 90 for n in range(288)]):
		talk = Talk(f"10.3.0.{rnd.randrange(20, 30)}", "198.51.100.130", SMTP, rnd.randrange(33000, 60000))
		records = []
		lost, lan = n in (800, 801), (1, 3, 4, 5, 6)[n // 2 % 5]
		for back, (into, out) in enumerate(((lan, 2), (2, lan)) if n % 2 else ((0, 0), (0, 0))):
			packets = rnd.randrange(10, 400)
			octets = packets * 500
			a, b, sport, dport = talk.wire(back)
			records.append(struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", packed(a), packed(b), bytes(4), into, out, packets, octets, branch.uptime(at), branch.uptime(at + 60), sport, dport, 0, 0x1b, 6, 0, 0, 0, 0, 0, 0))
			if not lost:
				row = carried(counted(talk.back if back else talk.row, octets, packets, back), branch, octets, packets, into, out, {"ingress", "egress"})
				month.add(branch, at, at + 60, {**row, **UNMARKED, "flow.tcp.flags": ["FIN", "SYN", "PSH", "ACK"]})
		branch.export(at + 61, None, records, lost)


# ---- agents: users and processes

NVM = exporters.Template(256, [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (152, 8), (153, 8), (12332, 20, 9), (12333, exporters.VAR, 9), (12334, exporters.VAR, 9),
	(12335, exporters.VAR, 9), (12338, exporters.VAR, 9), (12340, exporters.VAR, 9), (12342, exporters.VAR, 9), (12346, 8, 9), (12347, 8, 9)])


def agents_exporter():
	return Exporter("agents", "192.0.2.6", 10, {}, [NVM], domain=1)


def desks(month, agents):
	rnd = month.rnd
	for n in range(7 * 48):
		at = END_S - 7 * DAY_S + 1800 * n + 1200
		talk = Talk(CLIENTS[n % 6], SERVERS[n % 4], HTTPS._replace(application=None, category=None), rnd.randrange(33000, 60000))
		up, down = rnd.randrange(1, 90) * 1000, rnd.randrange(5, 900) * 1000
		user, program = "ada ben cleo".split()[n % 3], ("firefox.exe", "teams.exe")[n % 2]
		values = [talk.client, talk.server, talk.port, 443, 6, at * 1000, (at + 30) * 1000, bytes([n % 6 + 1] * 20), "OFFICE\\" + user, "Windows", "10.0.19045", "OFFICE\\" + user, program, "explorer.exe", down, up]
		agents.export(at + 31, NVM, [values])
		row = counted(talk.row, up, 0, False)
		row.update({"network.bytes": up + down, "server.bytes": down, "user.name": user, "process.name": program, "host.os.platform": "windows"})
		for key in ("network.packets", "client.packets", "source.packets"):
			row.pop(key)
		month.add(agents, at, at + 30, row)
