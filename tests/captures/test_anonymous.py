#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `efctl capture` makes of the captures, ours and others where they are: as many records, and no address, MAC address or text of before.

Lines are compared one by one, value by value; then the file itself is searched for what was there, octet by octet."""
import collections
import glob
import ipaddress
import json
import os
import re
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap

# The leak sanitizer looks at the program with ptrace, which one that gave up its privileges refuses.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"

EFCTL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "efctl")
MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}$")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z$")
# hex text of labels and of the start of packets, in which lengths and ports stay
PARTLY = re.compile(r"\.(mpls\w*Section\w*|dataLinkFrameSection|ipHeaderPacketSection|layer2packetSectionData)(\[\d+\])?$")
OURS = re.compile(r"\.(semantic|applicationId)(\[\d+\])?$")	# the decoder's words, numbers
LARGE = 500000	# octets: of the larger ones a few megabytes say nothing new, one by one they are looked at by name
SHORT = 5	# letters: shorter words come about by chance


def address(text):
	try:
		return ipaddress.ip_address(text)
	except ValueError:
		return None


def stays(ip):
	"""Addresses of nobody: unspecified, loopback, broadcast, groups that everybody uses."""
	if ip.version == 6:
		if ip.ipv4_mapped or ip in ipaddress.ip_network("64:ff9b::/96"):
			return stays(ipaddress.ip_address(int(ip) & 0xffffffff))
		return int(ip) <= 1 or ip.is_multicast and int(ip) >> 16 & (1 << 96) - 1 == 0
	return ip.is_loopback or int(ip) >> 24 == 0 or int(ip) == 0xffffffff or ip in ipaddress.ip_network("224.0.0.0/24")


def leaves(value, path=""):
	if isinstance(value, dict):
		for k, v in value.items():
			yield from leaves(v, f"{path}.{k}")
	elif isinstance(value, list):
		for i, v in enumerate(value):
			yield from leaves(v, f"{path}[{i}]")
	else:
		yield path, value


def lines(path):
	"""Lines about traffic in their order, as paths and values; and how many there are of each kind."""
	out, kinds = [], collections.Counter()
	run = subprocess.run([EFCTL, "decode", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
	for line in run.stdout.splitlines():
		d = json.loads(line)
		kind = next((k for k in ("ie", "counters") if k in d), "exporter")
		kinds[kind] += 1
		if kind != "exporter":
			out.append(dict(leaves({k: d[k] for k in ("ie", "counters", "options") if k in d}, "")) | {".exporter": d["flow"]["exporter"]})
	return out, kinds


def kind_of(path, value):
	if not isinstance(value, str) or TIME.match(value) or OURS.search(path) or PARTLY.search(path):
		return None
	return "ip" if address(value) else "mac" if MAC.match(value) else "text"


class Values:
	"""What became of what."""
	def __init__(self):
		self.wrong, self.pseudonym = [], {"ip": {}, "mac": {}, "text": {}}

	def compare(self, path, before, after):
		kind = kind_of(path, before)
		if not kind or after is None:
			return
		if kind == "ip" and stays(address(before)) or kind == "mac" and before in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
			if before != after:
				self.wrong.append(f"{path}: {before} became {after}")
		elif kind == "text" and re.fullmatch("[0 ]*", str(after)):
			pass	# octets of unknown meaning are zero, empty text is empty
		elif before == after or self.pseudonym[kind].setdefault(before, after) != after:
			self.wrong.append(f"{path}: {before} became {after}, elsewhere {self.pseudonym[kind].get(before)}")


def octets(kind, value):
	if kind == "ip":
		return address(value).packed
	return bytes.fromhex(value.replace(":", "")) if kind == "mac" else value.encode()


def found_in(data, values):
	"""Values of before whose octets are in the file. What is somebody else's pseudonym may be; of IPv4 only text is looked for, as numbers can be any four octets."""
	searched = collections.defaultdict(dict)	# by length: octets, and what they stand for
	for kind, names in values.pseudonym.items():
		for before in set(names) - set(names.values()):
			for what in {before.encode(), octets(kind, before)}:
				if len(what) >= SHORT:
					searched[len(what)][what] = before
	for length, wanted in searched.items():
		there = {data[i:i + length] for i in range(len(data) - length + 1)} if len(wanted) > 8 else {w for w in wanted if w in data}
		yield from (wanted[w] for w in there & set(wanted))


def prefix_lost(values):
	"""Pairs of neighbours in the order of addresses that have less or more in common afterwards: within the ranges that are kept."""
	pairs = sorted((a, address(m)) for a, m in ((address(b), m) for b, m in values.pseudonym["ip"].items()) if a.version == 4)
	for (a, am), (b, bm) in zip(pairs, pairs[1:]):
		common = 32 - (int(a) ^ int(b)).bit_length()
		if common >= 16 and 32 - (int(am) ^ int(bm)).bit_length() != common:
			yield f"{a} {b} -> {am} {bm}"


def look_at(path, folder):
	out = os.path.join(folder, "out.pcap")
	run = subprocess.run([EFCTL, "capture", "--json", "--datagrams", "1000000", "--from", path, out], capture_output=True, text=True)
	before, kinds = lines(path)
	if not before and run.returncode:
		return "empty", []	# nothing of ours is in it
	if run.returncode or not os.path.exists(out):
		return "failed", [f"exit code {run.returncode}: {run.stderr[-300:]}"]
	after, kinds_after = lines(out)
	problems = [] if stat.S_IMODE(os.stat(out).st_mode) == 0o600 else ["mode"]
	if kinds != kinds_after:
		problems.append(f"records: {dict(kinds)} became {dict(kinds_after)}")
	values = Values()
	for a, b in zip(before, after):
		for where, value in a.items():
			values.compare(where, value, b.get(where))
	with open(out, "rb") as f:
		problems += [f"still there: {v}" for v in found_in(f.read(), values)]
	os.unlink(out)
	return "looked", problems + values.wrong[:5] + list(prefix_lost(values))[:3]


def main():
	ours = sorted(glob.glob(f"{HERE}/*.pcap"))
	others = sorted(glob.glob(f"{ROOT}/../shared/captures/pcap/**/*.pcap*", recursive=True))
	others = [p for p in others if os.path.getsize(p) < LARGE]
	if len(sys.argv) > 1:
		ours, others = sys.argv[1:], []
	done, problems = collections.Counter(), {}
	with tempfile.TemporaryDirectory() as folder:
		os.chmod(folder, 0o777)	# root gives itself up before it writes
		for path in ours + others:
			what, wrong = look_at(path, folder)
			done[what] += 1
			if wrong:
				problems[os.path.relpath(path, ROOT)] = wrong
	tap.note(f"{len(ours)} captures of ours, {len(others)} of others: {dict(done)}")
	tap.ok(done["looked"] >= min(len(ours), 10), "there are captures")
	for path, wrong in problems.items():
		tap.note(path)
		tap.note("\n".join(wrong))
	tap.same(sorted(problems), [], "as many records as before, and nothing of before but numbers and times")
	tap.done()


main()
