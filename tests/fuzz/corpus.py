#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the golden inputs of the decoder (tests/golden*/*/input.hex) as first inputs of the targets that read rows of
datagrams (tests/lib/steps.h), and as captures: FOLDER/TARGET/CASE; steps of fuzz_counting; filters of the manual; replies to searches; and what tests/fuzz/corpus holds, the
fewest inputs that reach all that was ever reached (FOLDER/TARGET/+N). usage: corpus.py FOLDER; corpus.py --keep TARGET FOLDER writes that for a target
(make fuzz-corpus). A file of it is xz; inflated, each input has its length in front, in 4 octets."""
import glob
import json
import lzma
import os
import random
import re
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def steps(path):
	"""(exporter octet, bytes) of each step of an input."""
	out, closed = [], set()
	with open(path, encoding="utf-8") as f:
		for line in f:
			words = line.split("#")[0].split()
			if not words:
				continue
			who = int(words[1][-1], 16) & 3 if words[0] in ("datagram", "message", "close") else 0
			if words[0] in ("message", "close"):
				who |= 0x40 | int(words[2]) % 2 << 2
			if words[0] == "close":
				closed.add(who)
			elif words[0] in ("datagram", "message"):
				out.append([who | (0x20 if who in closed else 0), b""])
				closed.discard(who)
			elif words[0] == "tick":
				out.append([0x80, None])
			elif words[0] != "restart":
				out[-1][1] += bytes.fromhex("".join(words))
	return out


def capture(rows):
	"""The datagrams of an input as a capture: Ethernet, IPv4, UDP; every third in two fragments."""
	out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
	for n, (who, body) in enumerate((w & 3, b) for w, b in rows if b):
		udp = struct.pack(">HHHH", 40000, 2055, len(body) + 8, 0) + body
		cut = len(udp) // 2 & ~7 if n % 3 == 2 else 0
		for at, part in ([(0, udp[:cut]), (cut, udp[cut:])] if cut else [(0, udp)]):
			offset = at // 8 | (0x2000 if cut and at == 0 else 0)
			ip = struct.pack(">BBHHHBBH4B4B", 0x45, 0, len(part) + 20, n, offset, 64, 17, 0, 10, 0, 0, who, 10, 0, 0, 9)
			frame = bytes(12) + b"\x08\x00" + ip + part
			out += struct.pack("<IIII", 1700000000 + n, 0, len(frame), len(frame)) + frame
	return out


def steps_of_counting():
	"""Three inputs of fuzz_counting: any steps; records alone; records, restarts and restored state."""
	rng = random.Random(1)
	for name, kinds in (("any", range(8)), ("records", (0,)), ("restarts", (0, 0, 0, 4, 7))):
		steps = (bytes([rng.choice(kinds) + 8 * rng.choice((0, 0, 1, 20))]) + rng.randbytes(7) for _ in range(500))
		yield name, b"".join(steps)


def filters():
	"""(name, text) of filters and times: the manual's examples, and each of its words with some operand."""
	with open(os.path.join(ROOT, "docs", "asking.md"), encoding="utf-8") as f:
		manual = f.read()
	texts = re.findall(r"^    (.+)$", manual, re.M) + re.findall(r"`([^`]+)`", manual)
	texts += [f"{before}{word} {operand}" for word in re.findall(r"^\| `([^`]+)` \|", manual, re.M)
		for before, operand in (("", "10.0.0.0/8"), ("src ", "> 1k"), ("not client ", "in [a* 'b', 3]"))]
	for n, text in enumerate(dict.fromkeys(texts)):
		yield f"filter-{n:03}", text.encode()


def replies():
	"""(name, text) of replies to searches: whole ones, pretty and compact, and what may stand in their documents."""
	document = {"@timestamp": 1793534400250, "event": {"start": 1793534400250, "end": "2026-11-01T12:00:00.250Z", "duration": 5},
		"source": {"ip": "10.0.0.1", "port": 0, "bytes": -1.5e30}, "tags": [], "note": "Z\u00fcrich \"\\\\ \x1b \u202e \U0001f600", "none": None, "yes": [True, False, {}]}
	hit = {"_index": "a", "_id": "1", "_score": None, "_source": document, "sort": [1793534400250, 17]}
	reply = {"pit_id": "a-_=", "took": 1, "timed_out": False, "_shards": {"total": 2, "failed": 0}, "hits": {"total": None, "hits": [hit, hit]}}
	yield "compact", json.dumps(reply, separators=(",", ":")).encode()
	yield "pretty", json.dumps(reply, indent=1, ensure_ascii=False).encode()
	yield "error", json.dumps({"error": {"root_cause": [{"type": "search_context_missing_exception"}]}, "status": 404}).encode()
	yield "odd", b'{"hits":{"hits":[{"_source":{"a":"\xc2\x9b\x7f\xe8","b":"\\ud800\\/"}},{"_source":1,"_source":[-0.1E-7]},{}]}}'


KEPT = os.path.join(ROOT, "tests", "fuzz", "corpus")


def kept(target):
	"""The inputs that the tree has for TARGET."""
	try:
		with lzma.open(os.path.join(KEPT, target + ".xz")) as f:
			data = f.read()
	except FileNotFoundError:
		return
	while data:
		n = 4 + int.from_bytes(data[:4], "big")
		yield data[4:n]
		data = data[n:]


def keep(target, folder):
	inputs = []
	for path in glob.glob(os.path.join(folder, "*")):
		with open(path, "rb") as f:
			inputs.append(f.read())
	os.makedirs(KEPT, exist_ok=True)
	with lzma.open(os.path.join(KEPT, target + ".xz"), "wb", preset=9) as f:
		for data in sorted(inputs, key=lambda d: (len(d), d)):
			f.write(len(data).to_bytes(4, "big") + data)


def main():
	if sys.argv[1] == "--keep":
		return keep(*sys.argv[2:])
	for path in glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c")):
		target = os.path.basename(path)[:-2]
		os.makedirs(os.path.join(sys.argv[1], target), exist_ok=True)
		for path in glob.glob(os.path.join(sys.argv[1], target, "+*")):
			os.unlink(path)
		for n, data in enumerate(kept(target)):	# in front of all others, whatever is found
			with open(os.path.join(sys.argv[1], target, f"+{n:05}"), "wb") as f:
				f.write(data)
	os.makedirs(os.path.join(sys.argv[1], "fuzz_counting"), exist_ok=True)
	for name, data in steps_of_counting():
		with open(os.path.join(sys.argv[1], "fuzz_counting", name), "wb") as f:
			f.write(data)
	for target, contents in (("fuzz_filter", filters()), ("fuzz_hits", replies())):
		for name, data in contents:
			with open(os.path.join(sys.argv[1], target, name), "wb") as f:
				f.write(data)
	for path in glob.glob(os.path.join(ROOT, "tests", "golden*", "*", "input.hex")):
		rows = steps(path)
		data = b"".join(struct.pack(">HB", 60 if body is None else len(body), who) + (body or b"") for who, body in rows)
		versions = {body[:2] for _, body in rows if body}
		targets = [t for t, v in (("fuzz_netflow5", 5), ("fuzz_netflow9", 9), ("fuzz_ipfix", 10)) if bytes([0, v]) in versions]
		contents = {target: data for target in targets + ["fuzz_mixed"]}
		contents["fuzz_pcap"] = capture(rows)
		for target, data in contents.items():
			folder = os.path.join(sys.argv[1], target)
			os.makedirs(folder, exist_ok=True)
			with open(os.path.join(folder, os.path.basename(os.path.dirname(path))), "wb") as f:
				f.write(data)


main()
