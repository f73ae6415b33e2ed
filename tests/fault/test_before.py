#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What docs/compatibility.md promises to who comes from the version before: its options, commands and metrics are there, and what
it left on disk is read. What it left in a cluster: tests/e2e/test_story.py."""
import os
import re
import socket
import struct
import subprocess
import tempfile
import time

import fake_es
import harness
import predecessor
import tap

NEW = {name: os.path.join(os.path.dirname(harness.EFD), name) for name in predecessor.PROGRAMS}
OLD = predecessor.programs()
# What went since: {as it was called: what took its place}. CHANGELOG.md has each under "Removed".
GONE = {"decode.held_sets": "decode.held_size"}
# Metrics with another name since; "Changed" has the new one.
RENAMED = {"efd_decode_counter_samples_total": "efd_decode_counters_samples_total"}
REFERENCE = {"efd": ["--print-reference"], "efctl": ["help", "config"]}


def run(program, *args, env=None):
	r = subprocess.run([program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
		env={**os.environ, **(env or {})})
	return r.returncode, r.stdout


def options(program, name):
	"""[(section, option, default or nothing)] of its reference."""
	out, section = [], ""
	for line in run(program, *REFERENCE[name])[1].splitlines():
		if m := re.match(r"([a-z_]+):$", line):
			section = m[1]
		elif m := re.match(r"( *)#?([a-z_]+): ?(.*)$", line):
			out.append((section if m[1] else "", m[2], m[3]))
	return out


def changelog(kind):
	"""What stands under that heading of what is not released."""
	with open(os.path.join(predecessor.ROOT, "CHANGELOG.md"), encoding="utf-8") as f:
		return f.read().partition("\n## [Unreleased]")[2].partition("\n## ")[0].partition(f"### {kind}\n")[2].partition("\n### ")[0]


def path(section, option):
	return f"{section}.{option}" if section else option


def written(rows):
	"""A file that sets each of them that has a default, to that."""
	text = "".join(f"{o}: {v}\n" for s, o, v in rows if not s and v)
	for section in dict.fromkeys(s for s, _, _ in rows if s):
		text += f"{section}:\n" + "".join(f"  {o}: {v}\n" for s, o, v in rows if s == section and v)
	return text


def settings():
	for name in predecessor.PROGRAMS:
		rows = options(OLD[name], name)
		new = {path(s, o) for s, o, _ in options(NEW[name], name)}
		missing = [path(s, o) for s, o, _ in rows if path(s, o) not in new]
		tap.ok(len(rows) > 25, f"{name}: its reference is understood", rows)
		tap.same([m for m in missing if m not in GONE], [], f"{name}: each option that it had is there")
	with tempfile.TemporaryDirectory(prefix="efd-test-") as top:
		file = os.path.join(top, "efd.yml")
		rows = options(OLD["efd"], "efd")
		for who, program, kept in ("that version", OLD, rows), ("this one, without what went", NEW, [r for r in rows if path(*r[:2]) not in GONE]):
			with open(file, "w", encoding="utf-8") as f:
				f.write(written(kept))
			code, said = run(program["efd"], "--config", file, "--state-dir", top, "--check-config")
			tap.same((code, said.strip()), (0, "the settings are valid"), f"a file that sets all of them will do for {who}")
		for was, instead in GONE.items():
			section, option = was.split(".")
			with open(file, "w", encoding="utf-8") as f:
				f.write(f"{section}:\n  {option}: 1\n")
			code, said = run(NEW["efd"], "--config", file, "--state-dir", top, "--check-config")
			tap.ok(code == 2 and f"{was} is no option any more; use {instead}" in said, f"{was}: refused, and what took its place is told", said)
			code, said = run(NEW["efd"], "--check-config", "--state-dir", top, env={"EF_" + was.replace(".", "_").upper(): "1"})
			tap.ok(code == 0 and "no option any more" in said and instead in said, "in the environment: a warning", said)
			removed = changelog("Removed")
			tap.ok(f"`{option}` below `{section}`" in removed and instead in removed, "and the changelog has it", removed)


def flags(program, *args):
	return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", run(program, *args, "--help")[1], re.M))


def commands(program):
	return set(re.findall(r"^  ([a-z]+)  ", run(program, "help")[1].partition("Commands:")[2], re.M)) - {"help"}


def words():
	gone = {"--" + was.replace(".", "-").replace("_", "-") for was in GONE}
	tap.same(sorted(flags(OLD["efd"]) - flags(NEW["efd"]) - gone), [], "efd: flags")
	tap.ok(len(commands(OLD["efctl"])) > 8, "efctl: its commands are understood", commands(OLD["efctl"]))
	tap.same(sorted(commands(OLD["efctl"]) - commands(NEW["efctl"])), [], "efctl: commands")
	for command in sorted(commands(OLD["efctl"])):
		tap.same(sorted(flags(OLD["efctl"], command) - flags(NEW["efctl"], command)), [], f"efctl {command}: flags")


def metrics(efd):
	"""{name: type}"""
	return dict(re.findall(r"^# TYPE (\S+) (\w+)$", efd.get("/metrics")[1], re.M))


class Exporter:
	"""IPFIX (RFC 7011): a template of two elements, and records whose octets are 0, 1, 2 …"""
	def __init__(self):
		self.socket, self.n = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0
		self.socket.bind(("127.0.0.1", 0))

	def send(self, port, records, template=False):
		sets = struct.pack("!HHHHHHHH", 2, 16, 256, 2, 8, 4, 1, 8) if template else b""	# sourceIPv4Address, octetDeltaCount
		body = b"".join(struct.pack("!IQ", 0x0a000001, self.n + i) for i in range(records))
		sets += struct.pack("!HH", 256, 4 + len(body)) + body
		self.socket.sendto(struct.pack("!HHIII", 10, 16 + len(sets), int(time.time()), self.n, 7) + sets, ("127.0.0.1", port))
		self.n += records


def start(program, url, state, **given):
	harness.EFD = program
	return harness.Efd(url, state, **given)


def disk():
	"""It learns a template, cannot ship, and ends; what takes its place ships the rest and needs no template."""
	fake = fake_es.FakeEs()
	url, exporter = fake.url, Exporter()
	fake.stop()
	with tempfile.TemporaryDirectory(prefix="efd-test-") as state:
		file = os.path.join(state, "efd.yml")
		with open(file, "w", encoding="utf-8") as f:
			f.write(written([r for r in options(OLD["efd"], "efd") if path(*r[:2]) not in GONE]))
		with start(OLD["efd"], url, state, config=file) as efd:
			exporter.send(efd.port, 20, template=True)
			harness.net.wait_for(lambda: efd.metric("efd_decode_records_total") >= 20, "the records", 20)
			had = metrics(efd)
			tap.same(efd.stop(), 0, "the version before ends, and the cluster was away")
		left = sorted(os.listdir(os.path.join(state, "spool")))
		tap.ok([f for f in left if f.endswith(".bulk")], "records are in its spool", left)
		fake = fake_es.FakeEs(port=int(url.rpartition(":")[2]))
		with start(NEW["efd"], url, state, config=file) as efd:
			harness.net.wait_for(lambda: len(fake.lines("logs-flow-default")) >= 20, "what was in the spool", 30)
			exporter.send(efd.port, 10)
			harness.net.wait_for(lambda: len(fake.lines("logs-flow-default")) >= 30, "records without a template", 30)
			tap.same(harness.octets(fake.lines("logs-flow-default")), list(range(30)), "what it left, and what came by its template: all is there, each once")
			now = metrics(efd)
			tap.ok(len(had) > 40, "its metrics are understood", had)
			tap.same({m: t for m, t in had.items() if now.get(RENAMED.get(m, m)) != t}, {}, "each metric that it had is there, of the same type")
			tap.same([m for m in RENAMED.values() if f"`{m}`" not in changelog("Changed")], [], "and the changelog has those with another name")
			tap.same(efd.stop(), 0, "and it ends")
		fake.stop()


harness.run_all(settings, words, disk)
