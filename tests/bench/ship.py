#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What shipping costs: NetFlow 9, or another protocol, at a paced rate into efd, into a server that swallows bulk bodies. CPU a record of the whole
process and of its threads, with and without ids, next to the same load into /dev/null; drops by the kernel.

usage: ship.py [--proto nf5|nf9|ipfix|sflow] [--seconds S] [--rate RECORDS/S] [--json FILE]"""
import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fault"))
from fake_es import FakeEs, swallow  # noqa: E402
from harness import Efd  # noqa: E402

GENERATE = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "tests", "bench", "gen")
A_DATAGRAM = {"nf5": 30, "nf9": 24, "ipfix": 24, "sflow": 6}	# records
GOAL = {"sflow": 1.2}	# µs; the others 1.0


def sample(text, name):
	return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name)


def spent(pid):
	"""CPU seconds by thread name, without numbers: worker, packer, sender, and what else there is."""
	by = {}
	for task in os.listdir(f"/proc/{pid}/task"):
		with open(f"/proc/{pid}/task/{task}/stat") as f:
			head, rest = f.read().rsplit(")", 1)
		name = head.split("(", 1)[1].split(" ")[0]
		name = name if name in ("worker", "packer", "sender") else "rest"
		user, system = rest.split()[11:13]
		by[name] = by.get(name, 0) + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
	return by


def part(pid):
	"""All of efd on the first core, whoever sends and receives on the others."""
	cores = sorted(os.sched_getaffinity(0))
	if len(cores) > 1:
		for task in os.listdir(f"/proc/{pid}/task"):
			os.sched_setaffinity(int(task), cores[:1])
		os.sched_setaffinity(0, cores[1:])
	return cores


def measure(proto, rate, seconds, **options):
	es = FakeEs()
	es.after = swallow
	with Efd(es.url, udp_receive_buffer="32M", ship_batch_age="1s", **options) as efd:
		records = int(rate * seconds)
		before = sample(efd.get("/metrics")[1], "process_cpu_seconds_total")
		threads = spent(efd.process.pid)
		cores = part(efd.process.pid)
		subprocess.run([GENERATE, "--proto", proto, "--records", str(records), "--pps", str(int(rate / A_DATAGRAM[proto])), "--now",
			"--udp", f"127.0.0.1:{efd.port}"], stdout=subprocess.DEVNULL, check=True)
		time.sleep(2.5)
		text = efd.get("/metrics")[1]
		done = sample(text, "efd_decode_records_total")
		threads = {name: round((s - threads.get(name, 0)) * 1e6 / done, 3) for name, s in spent(efd.process.pid).items()}
		result = {"records": int(done), "rate": int(rate), "kernel_drops": int(sample(text, "efd_kernel_drops_total")),
			"us_a_record": round((sample(text, "process_cpu_seconds_total") - before) * 1e6 / done, 3),
			"us_by_thread": threads, "resident_mib": round(efd.rss() / 1048576, 1)}
	es.stop()
	os.sched_setaffinity(0, cores)
	return result


def main():
	p = argparse.ArgumentParser()
	p.add_argument("--proto", choices=A_DATAGRAM, default="nf9")
	p.add_argument("--seconds", type=float, default=10)
	p.add_argument("--rate", type=float, default=300000)
	p.add_argument("--json")
	a = p.parse_args()
	results = {}
	for name, rate, options in (("lines to /dev/null", a.rate * 5 / 3, {"output": "/dev/null"}),
			("bulk bodies without ids", a.rate, {"no_ship_ids": True}), ("bulk bodies with ids", a.rate, {})):
		r = results[name] = measure(a.proto, rate, a.seconds, **options)
		print(f"{name:24} {r['rate']:7} records/s  {r['us_a_record']:.3f} µs CPU a record  {r['kernel_drops']} drops  "
			f"{r['resident_mib']} MiB   " + ", ".join(f"{k} {v:.3f}" for k, v in sorted(r["us_by_thread"].items())), flush=True)
	with_ids, without = (results["bulk bodies " + k]["us_a_record"] for k in ("with ids", "without ids"))
	print(f"ids cost {100 * (with_ids / without - 1):.0f} %; goal: at most {GOAL.get(a.proto, 1.0)} µs a record with gzip")
	if a.json:
		with open(a.json, "w") as f:
			json.dump(results, f, indent=1)


main()
