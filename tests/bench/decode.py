#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is decoding? Generated traffic of four protocols: records per CPU-second from memory, instructions a record
(callgrind; repeats exactly), records per CPU-second of efd from a UDP socket, and where nfdump is installed how many
times as many that is as nfcapd and nfdump -o json manage.

usage: decode.py [--seconds S] [--json FILE] [--no-peers] [--no-callgrind]"""
import argparse
import glob
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
GENERATE = os.path.join(BUILD, "tests", "bench", "gen")
DECODE = os.path.join(BUILD, "tests", "bench", "decode")
PROTOCOLS = {"nf5": "NetFlow 5", "nf9": "NetFlow 9", "ipfix": "IPFIX", "sflow": "sFlow 5"}
SOCKET_RECORDS = {"nf5": 1500000, "nf9": 1200000, "ipfix": 900000, "sflow": 300000}
GOALS = {"nf5": 4.0e6, "nf9": 2.9e6, "ipfix": 2.9e6, "sflow": 0.95e6}


def capture(folder, proto, records):
	path = os.path.join(folder, f"{proto}-{records}.pcap")
	subprocess.run([GENERATE, "--proto", proto, "--records", str(records), "--pcap", path], check=True,
		       stdout=subprocess.DEVNULL)
	return path


def decode(path, seconds):
	run = subprocess.run([DECODE, "--seconds", str(seconds), path], check=True, capture_output=True, text=True)
	return json.loads(run.stdout)


def instructions(path, folder):
	"""Of one pass over the capture, start and reading included."""
	out = os.path.join(folder, "callgrind.out")
	run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", DECODE, "--once", path],
			     check=True, capture_output=True, text=True)
	return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def functions(folder):
	"""{function: share of the instructions} of the last run under callgrind, the dearest first."""
	run = subprocess.run(["callgrind_annotate", "--threshold=90", os.path.join(folder, "callgrind.out")], capture_output=True, text=True)
	rows = re.findall(r"^\s*[\d,]+ \(\s*([\d.]+)%\)\s+\S*?:(\w[\w.@']*)", run.stdout, re.M)
	out = {}
	for share, name in rows:	# a function has a row for each file that parts of it are from
		name = name.partition(".")[0]
		out[name] = out.get(name, 0) + float(share)
	return dict(sorted(out.items(), key=lambda f: -f[1]))


def cpu_of(pid):
	"""Seconds that the threads of a process ran, user and system, to the nanosecond."""
	total = 0
	for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
		with open(task) as f:
			total += int(f.read().split()[0])
	return total / 1e9


def free_port():
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def idle(pid):
	"""Wait until the process has used next to no CPU for a second; what it has used."""
	used, since = cpu_of(pid), time.monotonic()
	while time.monotonic() - since < 1:
		time.sleep(0.1)
		now = cpu_of(pid)
		if now - used > 0.002:
			since = time.monotonic()
		used = now
	return used


def send(proto, records, port, pps):
	subprocess.run([GENERATE, "--proto", proto, "--records", str(records), "--udp", f"127.0.0.1:{port}", "--pps", str(pps)],
		       check=True, stdout=subprocess.DEVNULL)


def from_socket(proto, records):
	"""Records per CPU-second of efd: received, decoded, written to /dev/null. None when some were lost."""
	port, metrics = free_port(), free_port()
	run = subprocess.Popen([os.path.join(BUILD, "efd"), "-c", "/dev/null", "-l", f"127.0.0.1:{port}", "-o", "/dev/null",
				"--udp-workers", "1", "--metrics-listen", f"127.0.0.1:{metrics}"], stderr=subprocess.DEVNULL)
	try:
		time.sleep(0.7)
		before = cpu_of(run.pid)
		send(proto, records, port, 20000)
		spent = idle(run.pid) - before
		with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics") as reply:
			text = reply.read().decode()
	finally:
		run.send_signal(signal.SIGTERM)
		run.wait()
	got = sum(int(n) for n in re.findall(r"^efd_decode_records_total\{.*\} (\d+)$", text, re.M))
	return records / spent if got == records else None


def nfdump(proto, records, folder):
	"""Records per CPU-second of Debian's nfcapd (sfcapd) and then nfdump -o json; None when it is not there."""
	daemon = shutil.which("sfcapd" if proto == "sflow" else "nfcapd")
	if not daemon or not shutil.which("nfdump"):
		return None
	spool = os.path.join(folder, "nfcapd-" + proto)
	os.makedirs(spool)
	port = free_port()
	run = subprocess.Popen([daemon, "-b", "127.0.0.1", "-p", str(port), "-w", spool, "-B", "8000000", "-t", "3600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
	try:
		time.sleep(0.5)
		send(proto, records, port, 5000)
		cpu = idle(run.pid)
	except (OSError, subprocess.CalledProcessError):
		return None
	finally:
		run.send_signal(signal.SIGTERM)
		run.wait()
	before = resource.getrusage(resource.RUSAGE_CHILDREN)
	out = subprocess.run(["nfdump", "-R", spool, "-o", "json"], capture_output=True)
	after = resource.getrusage(resource.RUSAGE_CHILDREN)
	found = out.stdout.count(b'"type" : "FLOW"')
	cpu += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
	return found / cpu if found > records * 0.6 else None # Debian's 1.7.1 does not print sFlow's IPv6


def main():
	p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	p.add_argument("--seconds", type=float, default=2)
	p.add_argument("--json", help="write the figures to this file")
	p.add_argument("--no-peers", action="store_true")
	p.add_argument("--no-callgrind", action="store_true")
	args = p.parse_args()
	valgrind = shutil.which("valgrind") and not args.no_callgrind
	figures = {}
	print("".join(f"{x:>14}" for x in ("", "records/CPU-s", "of the goal", "ns", "bytes a line", "instructions", "from UDP/CPU-s",
					      "nfdump/CPU-s", "times that")))
	with tempfile.TemporaryDirectory() as folder:
		for proto, name in PROTOCOLS.items():
			r = decode(capture(folder, proto, 200000), args.seconds)
			speed = r["records_per_cpu_second"]
			f = {"records_per_cpu_second": speed, "ns_per_record": r["ns_per_record"],
			     "bytes_per_line": r["bytes_per_line"], "of_goal": speed / GOALS[proto]}
			if valgrind:
				few, many = (instructions(capture(folder, proto, n), folder) for n in (10000, 30000))
				f["instructions_per_record"] = (many - few) / 20000
				f["functions"] = functions(folder)
			if not args.no_peers:
				f["nfdump_records_per_cpu_second"] = nfdump(proto, 100000, folder)
			figures[proto] = f
			udp = f["socket_records_per_cpu_second"] = from_socket(proto, SOCKET_RECORDS[proto])
			peer = f.get("nfdump_records_per_cpu_second")
			cells = [f"{speed:,.0f}", f"{f['of_goal']:.1f}", f"{f['ns_per_record']:.0f}", f"{f['bytes_per_line']:.0f}",
				 f"{f['instructions_per_record']:,.0f}" if valgrind else "-", f"{udp:,.0f}" if udp else "lost some",
				 f"{peer:,.0f}" if peer else "-", f"{(udp or speed) / peer:.0f}" if peer else "-"]
			print(f"{name:>14}" + "".join(f"{x:>14}" for x in cells), flush=True)
	for proto, f in figures.items():
		if f.get("functions"):
			shares = list(f["functions"].items())[:10]
			print(f"{PROTOCOLS[proto]}, of the instructions: " + ", ".join(f"{name} {share:.0f} %" for name, share in shares))
	if args.json:
		with open(args.json, "w") as out:
			json.dump(figures, out, indent=1)


if __name__ == "__main__":
	sys.exit(main())
