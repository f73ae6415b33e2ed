# SPDX-License-Identifier: Apache-2.0
"""Names with every character that a link, a query or a filter gives a meaning: of a host, an AS and an interface each, in tables, and flows of them.
Wants tests/captures in the path."""
import csv
import os
import shutil

import exporters
import meters

# What Kibana's links can carry, and the two characters that they cannot (kibana/src/views.libsonnet).
NAMES = {"odd": 'JSC "ER-Telecom" \\ R&D #1 +100% (x) *: Zürich 東', "hard": "L'Oréal, Paris!"}
KINDS = "host", "as", "interface"
EXPORTER, INTERFACES = "10.20.0.99", {"odd": 7, "hard": 8}
HOSTS = {"odd": ("10.20.77.1", "203.0.113.77"), "hard": ("10.20.77.2", "203.0.113.78")}
BYTES = 40 * 10**9	# so that they are first in all tables


def name(kind, which):
	return f"{kind} {NAMES[which]}"


def tables(folder, of):
	"""The tables of the folder OF with those names."""
	shutil.copytree(of, folder)
	rows = {"hosts": [[a, name("host", w)] for w, (a, _) in HOSTS.items()],
		"networks": [[f"{a}/32", "", "", "", "", "", "", "", "", "", "", "", 64510 + n, name("as", w)] for n, (w, (_, a)) in enumerate(HOSTS.items())],
		"interfaces": [[EXPORTER, n, name("interface", w), "", 10**10, "internal"] for w, n in INTERFACES.items()],
		"exporters": [[EXPORTER, "odd", "", "", "router", "", "", "", ""]]}
	for table, more in rows.items():
		with open(os.path.join(folder, table + ".csv"), "a", encoding="utf-8", newline="") as f:
			csv.writer(f, lineterminator="\n").writerows(more)
	return folder


def capture(path):
	"""Flows between them, in and out of those interfaces, told every minute of two hours."""
	template = exporters.Template(256, [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (10, 4), (14, 4), (152, 8), (153, 8), (1, 8), (2, 8)])
	exporter, minutes = meters.Exporter("odd", EXPORTER, 10, {}, [template], domain=1), 120
	for at in range(1772323200, 1772323200 + 60 * minutes, 60):
		rows = []
		for which, (client, server) in HOSTS.items():
			n = INTERFACES[which]
			ends = (client, server, 40000, 443, n, 1), (server, client, 443, 40000, 1, n)
			rows += [[a, b, sport, dport, 6, into, out, at * 1000, (at + 59) * 1000, BYTES // minutes, BYTES // minutes // 1000] for a, b, sport, dport, into, out in ends]
		exporter.export(at + 60, template, rows)
	exporter.finish()
	meters.capture(path, exporter.sent)
	return path
