#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the captures of this folder again: exporters meter the packets of traffic.py and export them on loopback.

usage: tests/captures/make.py [NAME...]      all of them take about five minutes

Most are real; those of exporters.py (the ones that "generated" runs) are our own code, for devices that nobody can run here.
Wants the packages softflowd, pmacct, openvswitch-switch and libfaketime. What the exporters send is recorded byte for
byte; only the IP and UDP headers around it are ours: the exporter's address in the office instead of loopback, and as
time of capture the export time in the datagram (sFlow, which has none: the time of day of the traffic). One exporter
cannot be made to live in the office's day, Open vSwitch's IPFIX: its export times, which its flows' times are relative
to, are moved to noon there.
Beside the captures it writes totals.csv: the bytes and packets of every host, as IP packets that the exporter was shown
(Open vSwitch's NetFlow: as frames; sFlow: as frames times the sampling rate).
"""
import collections
import csv
import glob
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import exporters
import traffic

HERE = os.path.dirname(os.path.realpath(__file__))
COLLECTOR = "10.20.1.250"
RATE = 1440	# seconds of the office's day in one of ours, where an exporter has to be fed in step

# name: site, exporter's address, the port it exports to, how it is run and with what
CAPTURES = {
	"router-ipfix": ("router", "10.20.0.1", 4739, "softflowd", ["-v", "10", "-b", "-m", "12"]),
	"firewall-netflow9": ("firewall", "10.20.0.2", 2055, "softflowd", ["-v", "9", "-6", "-T", "vlan", "-m", "12"]),
	"branch-netflow5": ("branch", "10.30.0.1", 2055, "softflowd", ["-v", "5", "-m", "10"]),
	"servers-netflow9": ("servers", "10.20.0.3", 2055, "nfprobe", "9"),
	"vpn-ipfix": ("vpn", "10.40.0.1", 4739, "nfprobe", "10"),
	"switch-sflow": ("switch", "10.20.0.4", 6343, "sfprobe", 256),
	"vm-netflow5": ("vm-netflow", "10.20.0.5", 2055, "ovs", "netflow"),
	"vm-ipfix": ("vm-ipfix", "10.20.0.6", 4739, "ovs", "ipfix"),
	"vm-sflow": ("vm-sflow", "10.20.0.7", 6343, "ovs", "sflow"),
	"asa-netflow9": ("asa", "10.20.0.8", 2055, "generated", None),
	"edge-ipfix": ("edge", "10.30.0.2", 4739, "generated", None),
	"nvm-ipfix": ("nvm", "10.20.0.9", 2055, "generated", None),
	"zflow-ipfix": ("zflow", "10.20.0.10", 4739, "generated", None),
	"fabric-sflow": ("fabric", "10.20.0.11", 6343, "generated", "sflow"),
}
PCAP_HEADER = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)


def pcap_record(at, data, wire):
	return struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(data), wire) + data


class Recorder(threading.Thread):
	"""Receives what an exporter sends and writes it as the collector of the office would have captured it; RELAY is a
	port of this host that gets it, too; FIRST the time that the first message (IPFIX) is to have, the others keep their distance."""

	def __init__(self, path, exporter, port, clock, relay=None, first=None):
		super().__init__(daemon=True)
		self.exporter, self.port, self.clock, self.relay, self.count, self.ended = exporter, port, clock, relay, 0, False
		self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
		self.sock.bind(("127.0.0.1", 0))
		self.sock.settimeout(0.2)
		self.first, self.move = first, None
		self.at = self.sock.getsockname()[1]
		self.last = 0
		self.out = open(path, "wb")
		self.out.write(PCAP_HEADER)

	def when(self, data):
		version, = struct.unpack_from("!H", data)
		at = {5: 8, 9: 8, 10: 4}.get(version)
		return struct.unpack_from("!I", data, at)[0] + 0.5 if at else self.clock()

	def moved(self, data):
		if self.first is None:
			return data
		at, = struct.unpack_from("!I", data, 4)
		self.move = self.first - at if self.move is None else self.move
		return data[:4] + struct.pack("!I", at + self.move) + data[8:]

	def write(self, at, data, port):
		udp = struct.pack("!HHHH", port, self.port, 8 + len(data), 0) + data
		kept, wire, _ = traffic.frame(self.exporter, COLLECTOR, 17, udp[:8], len(data), 0, "")
		kept = kept[:42] + data
		self.out.write(pcap_record(at, kept, wire))
		self.count += 1

	def run(self):
		while True:
			try:
				data, sender = self.sock.recvfrom(65535)
			except socket.timeout:
				if self.ended:
					break
				continue
			data = self.moved(data)
			self.last = max(self.last, self.when(data))	# an exporter's second may step back when it is fed in batches
			self.write(self.last, data, sender[1])
			if self.relay:
				self.sock.sendto(data, ("127.0.0.1", self.relay))

	def finish(self):
		self.ended = True
		self.join()
		self.out.close()


class Clock:
	"""The time of day in the office while packets are fed in step. A subclass may hurry."""

	def __init__(self):
		self.start = time.monotonic()

	def now(self):
		return traffic.DAY0 + (time.monotonic() - self.start) * RATE

	def env(self):
		"""The environment in which a program lives in the office's day."""
		since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.now()))
		return {"LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0], "FAKETIME": f"@{since} x{RATE}", "TZ": "UTC"}

	def until(self, at):
		wait = (at - self.now()) / RATE
		if wait > 0:
			time.sleep(wait)


def feed(path, packets, clock):
	"""Write a capture into a FIFO in step with CLOCK, then wait until its reader had time for the rest."""
	with open(path, "wb", 0) as f:
		f.write(PCAP_HEADER)
		batch, due = [], 0
		for at, kept, wire, *_ in packets:
			if at > due:
				f.write(b"".join(batch))
				clock.until(at)
				batch, due = [], at + RATE / 10
			batch.append(pcap_record(at, kept, wire))
		f.write(b"".join(batch))
		time.sleep(1)


def softflowd(tmp, packets, port, args, _clock):
	"""Reads the whole day at once, with the clock of the packets (-a); its small table (-m) makes it export all along."""
	path = f"{tmp}/eth0"	# the file's name is what it exports as interface name
	with open(path, "wb") as f:
		f.write(PCAP_HEADER)
		f.writelines(pcap_record(at, kept, wire) for at, kept, wire, *_ in packets)
	subprocess.run(["softflowd", "-d", "-a", "-r", "eth0", "-n", f"127.0.0.1:{port}", "-c", "none", "-p", f"{tmp}/pid"] + args,
		cwd=tmp, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pmacctd(tmp, packets, clock, config, env):
	fifo = f"{tmp}/fifo"
	os.mkfifo(fifo)
	with open(f"{tmp}/conf", "w") as f:
		f.write(f"daemonize: false\npcap_savefile: {fifo}\nplugin_pipe_size: 20000000\n"
			f"plugin_buffer_size: 400\n{config}")	# one packet a buffer: the rest of a last, bigger one would count again
	with open(f"{tmp}/log", "w") as log:
		p = subprocess.Popen(["pmacctd", "-f", f"{tmp}/conf"], env=dict(os.environ, **env), stdout=log, stderr=log)
		feed(fifo, packets, clock)
		try:
			p.wait(10)	# it ends with its input
		except subprocess.TimeoutExpired:
			p.send_signal(signal.SIGINT)
			p.wait(30)
	with open(f"{tmp}/log") as f:
		lost = [l for l in f if "missing data" in l.lower() or "ERROR" in l]
	if lost:
		raise RuntimeError("".join(lost))


def nfprobe(tmp, packets, port, version, clock):
	"""Lives in the office's day; a small table makes it export all along."""
	pmacctd(tmp, packets, clock, f"""plugins: nfprobe
nfprobe_receiver: 127.0.0.1:{port}
nfprobe_version: {version}
nfprobe_timeouts: tcp=300:tcp.rst=10:tcp.fin=10:udp=60:icmp=60:general=60:maxlife=3600:expint=10
nfprobe_maxflows: 12
aggregate: src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,src_mac,dst_mac
""", clock.env())


def sfprobe(tmp, packets, port, rate, clock):
	pmacctd(tmp, packets, clock, f"""plugins: sfprobe
sfprobe_receiver: 127.0.0.1:{port}
sfprobe_agentip: 10.20.0.4
sampling_rate: {rate}
""", {})


class Ovs:
	"""Open vSwitch in user space, in a folder of its own; packets enter its dummy ports over the control socket."""

	def __init__(self, tmp, env_of_switch):
		self.dir = tmp
		env = dict(os.environ, OVS_RUNDIR=tmp, OVS_LOGDIR=tmp, OVS_DBDIR=tmp)
		subprocess.run(["ovsdb-tool", "create", f"{tmp}/db", "/usr/share/openvswitch/vswitch.ovsschema"], env=env, check=True)
		quiet = dict(env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		self.procs = [subprocess.Popen(["ovsdb-server", f"{tmp}/db", f"--remote=punix:{tmp}/db.sock",
			f"--unixctl={tmp}/db.ctl"], **quiet)]
		while not os.path.exists(f"{tmp}/db.sock"):
			time.sleep(0.05)
		self.procs.append(subprocess.Popen(["ovs-vswitchd", f"unix:{tmp}/db.sock", "--enable-dummy", "--disable-system",
			f"--unixctl={tmp}/vs.ctl"], **dict(quiet, env=dict(env, **env_of_switch))))
		self.vsctl("--no-wait", "init")
		self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail-mode=standalone",
			"--", "add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy", "ofport_request=1",
			"--", "add-port", "br0", "p2", "--", "set", "interface", "p2", "type=dummy", "ofport_request=2")
		self.ctl = socket.socket(socket.AF_UNIX)
		self.ctl.connect(f"{tmp}/vs.ctl")

	def vsctl(self, *args):
		subprocess.run(["ovs-vsctl", f"--db=unix:{self.dir}/db.sock", "--timeout=20", *args], check=True, stdout=subprocess.DEVNULL)

	def receive(self, port, data):
		self.ctl.sendall(json.dumps({"method": "netdev-dummy/receive", "params": [port, data.hex()], "id": 0}).encode())
		reply = b""
		while not reply.endswith(b"}"):
			reply += self.ctl.recv(65536)
		if b'"error":null' not in reply:
			raise RuntimeError(reply.decode())

	def stop(self):
		for p in reversed(self.procs):
			p.terminate()
			p.wait(20)


def ovs(tmp, packets, port, what, clock):
	# sFlow has no times of its own; IPFIX would repeat its many templates every ten minutes of the office's day
	env = clock.env() if what == "netflow" else {}
	switch = Ovs(tmp, env)
	row = {"netflow": ["NetFlow", "active_timeout=1800", "engine_type=1", "engine_id=5"],
		"sflow": ["sFlow", "sampling=8", "polling=5", "header=128", "agent=10.20.0.7"],
		"ipfix": ["IPFIX", "sampling=1", "obs_domain_id=6", "obs_point_id=1", "cache_active_timeout=1800", "cache_max_flows=50",
			"other_config:enable-output-sampling=true"]}[what]
	switch.vsctl("--", "--id=@x", "create", row[0], f'targets="127.0.0.1:{port}"', *row[1:], "--", "set", "bridge", "br0", f"{what}=@x")
	for at, kept, wire, _, src, dst in packets:
		clock.until(at)
		switch.receive("p1" if src < dst else "p2", kept[:wire] + bytes(wire - len(kept)))
	time.sleep(1 if env else 12)	# what is idle leaves after ten seconds
	switch.vsctl("clear", "bridge", "br0", what)
	time.sleep(1)
	switch.stop()


def shown(name, packets):
	"""(source, destination, bytes, packets) of all that NAME's exporter counted, as it counts."""
	site, _, _, how, args = CAPTURES[name]
	if how == "sfprobe" or args == "sflow":
		yield from sampled(f"{HERE}/{name}.pcap")
		return
	if how == "generated":
		yield from exporters.metered(site)
		return
	for _, _, wire, total, src, dst in packets:
		yield src, dst, wire if args == "netflow" else total, 1	# Open vSwitch counts frames in NetFlow


def sampled(path):
	"""The flow samples of an sFlow capture, read here once more: what was sampled is only in the samples."""
	with open(path, "rb") as f:
		data = f.read()
	at = len(PCAP_HEADER)
	while at < len(data):
		length, = struct.unpack_from("<I", data, at + 8)
		words = data[at + 16 + 42:at + 16 + length]
		at += 16 + length
		pos, count = 28, struct.unpack_from("!I", words, 24)[0]
		for _ in range(count):
			kind, size = struct.unpack_from("!II", words, pos)
			if kind == 1:
				rate, = struct.unpack_from("!I", words, pos + 16)
				record, records = pos + 40, struct.unpack_from("!I", words, pos + 36)[0]
				for _ in range(records):
					what, room = struct.unpack_from("!II", words, record)
					if what == 1:
						frame_length, = struct.unpack_from("!I", words, record + 12)
						ip = record + 8 + 16 + 14
						yield (socket.inet_ntoa(words[ip + 12:ip + 16]), socket.inet_ntoa(words[ip + 16:ip + 20]),
							frame_length * rate, rate)
					record += 8 + room
			pos += 8 + size


def totals(name, packets):
	"""Rows of totals.csv: what each host sent and received."""
	sent, got = collections.Counter(), collections.Counter()
	for src, dst, octets, count in shown(name, packets):
		for c, host in ((sent, src), (got, dst)):
			c[host, "bytes"] += octets
			c[host, "packets"] += count
	for host in sorted({h for h, _ in sent} | {h for h, _ in got}):
		yield [name, host] + [c[host, k] for c in (sent, got) for k in ("bytes", "packets")]


def make(name):
	site, exporter, port, how, args = CAPTURES[name]
	packets = traffic.packets(site)
	clock = Clock()
	with tempfile.TemporaryDirectory() as tmp:
		noon = traffic.DAY0 + 43200 if (how, args) == ("ovs", "ipfix") else None
		rec = Recorder(f"{HERE}/{name}.pcap", exporter, port, clock.now, first=noon)
		rec.start()
		if how == "generated":
			for at, data in getattr(exporters, site)():
				rec.write(at, data, 50000)
		else:
			globals()[how](tmp, packets, rec.at, args, clock)
			time.sleep(1)
		rec.finish()
	print(f"{name}: {len(packets)} packets metered, {rec.count} datagrams", flush=True)
	return list(totals(name, packets))


def main():
	names = sys.argv[1:] or list(CAPTURES)
	path = f"{HERE}/totals.csv"
	old = []
	if os.path.exists(path):
		with open(path) as f:
			old = [r for r in csv.reader(f) if r[0] not in names + ["capture"]]
	rows = old + [r for n in names for r in make(n)]
	with open(path, "w", newline="") as f:
		w = csv.writer(f, lineterminator="\n")
		w.writerow(["capture", "host", "bytes_sent", "packets_sent", "bytes_received", "packets_received"])
		w.writerows(sorted(rows, key=lambda r: list(CAPTURES).index(r[0])))


if __name__ == "__main__":
	main()
