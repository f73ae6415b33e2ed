#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Elements that no table names (docs/dictionaries.md): F5's as they are sent, and with the table that the manual shows. The names that it promises have their fields."""
import json
import os
import re
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
F5 = 12276
# (id, octets) of AFM: its policy and action are known, the rest is not
SENT = [(26, b"/Common/inbound"), (39, b"Drop"), (7, b"deny-ssh"), (17, b"CORP\\alice"), (18, b"\xcb\0\x71\7"), (19, b"\xcb\0\x71\x08")]
KNOWN = {"f5.aclPolicyName": "/Common/inbound", "f5.action": "Drop"}
NAMED = {"f5.aclRuleName": "deny-ssh", "f5.sourceUser": "CORP\\alice", "f5.transSourceIPv4Address": "203.0.113.7", "f5.transDestinationIPv4Address": "203.0.113.8"}


def message():
	"""IPFIX: a template of strings of variable length and addresses, and one record."""
	fields = b"".join(struct.pack(">HHI", n | 0x8000, 4 if v[0] == 0xcb else 65535, F5) for n, v in SENT)
	record = b"".join(v if v[0] == 0xcb else bytes([len(v)]) + v for _, v in SENT)
	template = struct.pack(">HHHH", 2, 8 + len(fields), 400, len(SENT)) + fields
	body = template + struct.pack(">HH", 400, 4 + len(record)) + record
	return struct.pack(">HHIII", 10, 16 + len(body), 1700000000, 1, 1) + body


def blocks(text, title):
	"""The indented blocks of a section."""
	section = text.split(f"## {title}\n")[1].split("\n## ")[0]
	return ["\n".join(line[4:] for line in b.strip("\n").split("\n")) + "\n" for b in re.findall(r"(?:^    .*\n)+", section, re.M)]


def decoded(*options):
	with tempfile.NamedTemporaryFile("w", suffix=".hex") as f:
		f.write(f"datagram 192.0.2.1 4739 1700000000000\n  {message().hex()}\n")
		f.flush()
		out = subprocess.run([DECODE, *options, f.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
	return [json.loads(line)["ie"] for line in out.splitlines() if b'"ie"' in line]


def main():
	with open(os.path.join(ROOT, "docs", "dictionaries.md"), encoding="utf-8") as f:
		own, ends = blocks(f.read(), "Elements that no table names")
	raw = {f"pen{F5}.{n}": v.hex() for n, v in SENT if n not in (26, 39)}
	tap.same(decoded(), [{**KNOWN, **raw}], "what has no name is kept as it was sent")
	with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
		f.write(own)
		f.flush()
		tap.same(decoded("--elements", f.name), [{**KNOWN, **NAMED}], "with the manual's table it has names")
	with open(os.path.join(ROOT, "ingest-pipelines", "dictionaries", "elements.csv"), encoding="utf-8") as f:
		fields = f.read()
	mapped = {name for name in NAMED if f"\n{name}," in fields or f"\n{name},ip," in ends}
	tap.same(mapped, set(NAMED), "and each its field, by elements.csv or the manual's address-elements.csv")
	tap.same(len(registry.rows("vendor/f5.csv")), 26, "elements of F5 that have a name: as many as the manual says")
	tap.done()


main()
