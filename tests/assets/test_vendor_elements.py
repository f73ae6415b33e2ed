#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each element of the ledger vendor-elements.csv is in forwarder/fields with that name, type and unit, and is decoded so."""
import csv
import json
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import registry  # noqa: E402
import tap  # noqa: E402

DECODE = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")
LEDGER_ROWS = 2742  # at least: a ledger that shrinks with the table proves nothing
AT = 1700000000
AT_NTP = AT + 2208988800  # seconds since 1900, RFC 7011 section 6.1.9
LIST = struct.pack(">BH", 3, 300) + b"\0\0\0\7"
# of each type: the octets that are sent, and what is to come of them
SAMPLES = {
	"unsigned8": (b"\7", 7), "unsigned16": (b"\0\7", 7), "unsigned32": (b"\0\0\0\7", 7), "unsigned64": (bytes(7) + b"\7", 7),
	"signed8": (b"\xf9", -7), "signed16": (b"\xff\xf9", -7), "signed32": (b"\xff\xff\xff\xf9", -7), "signed64": (b"\xff" * 7 + b"\xf9", -7),
	"float32": (struct.pack(">f", 1.5), 1.5), "float64": (struct.pack(">d", 1.5), 1.5), "boolean": (b"\1", True),
	"string": (b"x-7", "x-7"), "octetArray": (b"\xbe\xef\0", "beef00"), "macAddress": (b"\2\0\0\0\0\7", "02:00:00:00:00:07"),
	"ipv4Address": (b"\xc0\0\2\7", "192.0.2.7"), "ipv6Address": (b"\x20\1\x0d\xb8" + bytes(11) + b"\7", "2001:db8::7"),
	"dateTimeSeconds": (struct.pack(">I", AT), AT * 1000), "dateTimeMilliseconds": (struct.pack(">Q", AT * 1000), AT * 1000),
	"dateTimeMicroseconds": (struct.pack(">Q", AT_NTP << 32), AT * 1000), "dateTimeNanoseconds": (struct.pack(">Q", AT_NTP << 32), AT * 1000),
	"basicList": (struct.pack(">BHHI", 3, 7, 4, 7), {"semantic": "allOf", "sourceTransportPort": [7]}),
	"subTemplateList": (LIST, {"semantic": "allOf", "list": [{"ingressInterface": 7}]}),
	"subTemplateMultiList": (struct.pack(">BHHI", 3, 300, 8, 7), {"semantic": "allOf", "list": [{"ingressInterface": 7}]}),
}


def ledger():
	with open(os.path.join(HERE, "vendor-elements.csv"), encoding="utf-8") as f:
		return list(csv.DictReader(line for line in f if not line.startswith("#")))


def tables():
	"""(pen, id) -> [name, type, units], of the vendors' tables."""
	out = {}
	for v in registry.rows("vendors.csv"):
		if not v["elements_of"] and os.path.exists(os.path.join(registry.FIELDS, "vendor", v["key"] + ".csv")):
			out.update({(v["pen"], r["id"]): [v["key"] + "." + r["name"], r["type"], r["units"]] for r in registry.rows(f"vendor/{v['key']}.csv")})
	return out


def message(rows, seq):
	"""IPFIX: template 300 of an interface, for lists; template 400 of these elements; one record."""
	fields = b"".join(struct.pack(">HHI", int(r["id"]) | 0x8000, len(SAMPLES[r["type"]][0]), int(r["pen"])) for r in rows)
	record = b"".join(SAMPLES[r["type"]][0] for r in rows)
	templates = struct.pack(">HHHH", 300, 1, 10, 4) + struct.pack(">HH", 400, len(rows)) + fields
	body = struct.pack(">HH", 2, 4 + len(templates)) + templates + struct.pack(">HH", 400, 4 + len(record)) + record
	return struct.pack(">HHIII", 10, 16 + len(body), AT, seq, 1) + body


def decoded(rows):
	"""The elements of all records, as efd's decoder writes them."""
	chunks = [rows[i:i + 50] for i in range(0, len(rows), 50)]
	with tempfile.NamedTemporaryFile("w", suffix=".hex") as f:
		f.write("".join(f"datagram 192.0.2.1 2055 {AT}000\n  {message(chunk, i).hex()}\n" for i, chunk in enumerate(chunks)))
		f.flush()
		lines = subprocess.run([DECODE, f.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
	return [json.loads(line)["ie"] for line in lines.splitlines() if b'"ie"' in line], chunks


def main():
	rows, known = ledger(), tables()
	tap.ok(len(rows) >= LEDGER_ROWS, f"the ledger has {len(rows)} rows")
	wrong = [f"{r['pen']},{r['id']}: {known.get((r['pen'], r['id']))}, the ledger has {[r['name'], r['type'], r['units']]}"
		for r in rows if known.get((r["pen"], r["id"])) != [r["name"], r["type"], r["units"]]]
	tap.same(wrong, [], "forwarder/fields has them")
	# NetFlow 9 types that a vendor has for itself are not sent as IPFIX elements
	sent = [r for r in rows if int(r["id"]) < 0x8000]
	got, chunks = decoded(sent)
	wrong = [f"{r['name']}: {ie.get(r['name'])!r}" for ie, chunk in zip(got, chunks) for r in chunk if ie.get(r["name"]) != SAMPLES[r["type"]][1]]
	tap.same([len(got), wrong], [len(chunks), []], f"{len(sent)} of them are decoded with their types")
	tap.done()


main()
