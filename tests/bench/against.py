#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are decoding and shipping as fast as they were? Instructions a record of this checkout and of a commit, for the same generated
traffic: they repeat (decoding exactly, shipping within a hundredth) also on a machine that is busy. Shipping is the whole of efd, from
UDP to bulk bodies of gzip with ids. Exit code 1 when one protocol is below 0.97 of the commit's speed.

usage: tests/bench/against.py COMMIT [RECORDS]"""
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fault"))
import harness  # noqa: E402
from fake_es import FakeEs, swallow  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
LEAST = 0.97
PROTOCOLS = ("nf5", "nf9", "ipfix", "sflow")
PROGRAMS = ("tests/bench/decode", "tests/bench/gen", "efd")
CALLGRIND = ("valgrind", "--tool=callgrind", "--fair-sched=yes")
DATAGRAMS_A_SECOND = 400	# what efd can take under valgrind


def build(tree):
	subprocess.run(["make", "-s", "-j2", "SETUP=0", "DEV=0", "BUILD=build-bench", *(f"build-bench/{p}" for p in PROGRAMS)], cwd=tree, check=True)
	return [os.path.join(tree, "build-bench", p) for p in PROGRAMS]


def collected(text):
	return int(re.search(r"Collected : (\d+)", text).group(1))


def decoded(program, generate, proto, records, folder):
	"""Instructions of a decoder that takes RECORDS records."""
	path = os.path.join(folder, f"{proto}-{records}.pcap")
	subprocess.run([generate, "--proto", proto, "--records", str(records), "--pcap", path], check=True, stdout=subprocess.DEVNULL)
	run = subprocess.run([*CALLGRIND, f"--callgrind-out-file={folder}/out", program, "--once", path], check=True, capture_output=True, text=True)
	return collected(run.stderr)


def shipped(program, generate, proto, records, folder):
	"""Instructions of an efd from its start until it has shipped RECORDS records and ended."""
	harness.EFD = os.path.join(folder, "efd")
	with open(harness.EFD, "w") as f:
		f.write(f'#!/bin/sh\nexec {" ".join(CALLGRIND)} --callgrind-out-file={folder}/out {program} "$@"\n')
	os.chmod(harness.EFD, 0o755)
	es = FakeEs()
	es.after = swallow
	efd = harness.Efd(es.url, **{"udp-receive-buffer": "32M", "ship-batch-age": "1s", "no-seccomp": True})
	subprocess.run([generate, "--proto", proto, "--records", str(records), "--pps", str(DATAGRAMS_A_SECOND), "--now",
		"--udp", f"127.0.0.1:{efd.port}"], check=True, stdout=subprocess.DEVNULL)
	time.sleep(1)
	got = efd.metric("efd_decode_records_total")
	efd.stop()
	es.stop()
	if got != records:
		raise RuntimeError(f"{proto}: {got:.0f} of {records} records arrived")
	return collected(efd.log_text())


def main(commit, records):
	good = True
	with tempfile.TemporaryDirectory(prefix="efd-bench-") as folder:
		then = os.path.join(folder, "then")
		os.mkdir(then)
		archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
		subprocess.run(["tar", "x", "-C", then], input=archive, check=True)
		decode_then, _, efd_then = build(then)
		decode_now, generate, efd_now = build(ROOT)
		for what, measure, programs in (("decoding", decoded, (decode_then, decode_now)), ("shipping", shipped, (efd_then, efd_now))):
			for proto in PROTOCOLS:
				# the difference has neither the start nor the first templates in it
				cost = [[measure(p, generate, proto, n, folder) for p in programs] for n in (records, 2 * records)]
				was, now = ((twice - once) / records for once, twice in zip(*cost))
				good &= was / now >= LEAST
				print(f"{what} {proto:<6} {was:8.1f} instructions a record, now {now:8.1f}: {was / now:.3f} of the speed", flush=True)
	return 0 if good else 1


if __name__ == "__main__":
	if len(sys.argv) not in (2, 3):
		sys.exit(__doc__)
	sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000))
