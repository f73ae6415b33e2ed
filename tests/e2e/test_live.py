#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real exporters meter packets and export to a running efd: the index has the bytes and packets of every host, exactly."""
import collections
import os
import shutil
import sys
import tempfile
import time

import harness
import flows
import make
import net
import tap
import traffic


class NoClock(make.Clock):
	"""Feed as fast as it goes, in today's time."""

	def until(self, at):
		pass

	def env(self):
		return {}


def shown(rows):
	"""What each host sent and received, of ROWS of source, destination, bytes and packets."""
	out = collections.defaultdict(lambda: [0, 0, 0, 0])
	for src, dst, octets, count in rows:
		for host, at in ((src, 0), (dst, 2)):
			out[host][at] += octets
			out[host][at + 1] += count
	return out


def sfprobe(tmp, packets, port, rate, clock):
	"""At its end sfprobe may drop the samples that it has not sent yet: what it has sent is what must arrive."""
	rec = make.Recorder(f"{tmp}/sent.pcap", "127.0.0.1", port, time.time, relay=port)
	rec.start()
	make.sfprobe(tmp, packets, rec.at, rate, clock)
	rec.finish()
	return list(make.sampled(f"{tmp}/sent.pcap"))


# What an exporter counts of a packet: the length in the IP header or the frame; None: its run says what it sent.
PACKETS, FRAMES = (lambda p: p[3]), (lambda p: p[2])
EXPORTERS = [	# name, program, site of the traffic, how it is run, flow.type, what it counts
	("softflowd, NetFlow 5", "softflowd", "branch", make.softflowd, ["-v", "5"], "netflow5", PACKETS),
	("softflowd, NetFlow 9", "softflowd", "firewall", make.softflowd, ["-v", "9", "-6", "-T", "vlan"], "netflow9", PACKETS),
	("softflowd, IPFIX", "softflowd", "firewall", make.softflowd, ["-v", "10", "-6"], "ipfix", PACKETS),
	("softflowd, IPFIX biflows", "softflowd", "router", make.softflowd, ["-v", "10", "-b"], "ipfix", PACKETS),
	("pmacct nfprobe, NetFlow 9", "pmacctd", "vpn", make.nfprobe, "9", "netflow9", PACKETS),
	("pmacct nfprobe, IPFIX", "pmacctd", "vpn", make.nfprobe, "10", "ipfix", PACKETS),
	("pmacct sfprobe, sFlow", "pmacctd", "vm-sflow", sfprobe, 1, "sflow5", None),
	("Open vSwitch, NetFlow 5", "ovs-vswitchd", "vm-netflow", make.ovs, "netflow", "netflow5", FRAMES),
	("Open vSwitch, IPFIX", "ovs-vswitchd", "vm-ipfix", make.ovs, "ipfix", "ipfix", PACKETS),
]


def run(es, row):
	name, program, site, export, args, kind, length = row
	if not shutil.which(program) and not shutil.which(program, path="/usr/sbin:/sbin"):
		tap.skip(name, f"{program} is not installed (make install-deps)")
		return
	ns = harness.namespace(es, "live")
	packets = traffic.packets(site)
	auth = {"user": es.user} if es.user else {}
	with tempfile.TemporaryDirectory() as tmp, harness.fault.Efd(es.url, namespace=ns, stop_timeout="2m", **auth) as efd:
		sent = export(tmp, packets, efd.port, args, NoClock())
		net.wait_for(lambda: quiet(efd), "the last datagram", 30, 0.5)
		drops = efd.metric("efd_kernel_drops_total")
		code = efd.stop(seconds=150)	# however slow a busy machine is: all of it, not the spool for the next start
		log = efd.log_text()
	if length:
		sent = [(p[4], p[5], length(p), 1) for p in packets]
	index = f"logs-flow-{ns}"
	tap.same([code, drops], [0, 0], f"{name}: efd stops cleanly, the kernel dropped nothing")
	es.post(f"/{index}/_refresh")
	wrong = flows.differences(flows.hosts(es, index), shown(sent))
	tap.ok(sent and not wrong, f"{name}: bytes and packets of every host, {len(sent)} of {len(packets)} packets sent",
		"\n".join(wrong) + "\n" + log[-1500:])
	kinds = set(flows.by(es, index, "flow.type", []))
	tap.same(kinds, {kind}, f"{name}: flow.type")
	tap.same(es.count(f"logs-flow.failed-{ns}"), 0, f"{name}: no document failed")
	for s in harness.STREAMS:
		es.delete("/_data_stream/" + s.format(ns))


def quiet(efd, last={}):
	"""No datagram since the last call."""
	n = efd.metric("efd_datagrams_total")
	same = n > 0 and last.get(efd.port) == n
	last[efd.port] = n
	return same


es = harness.ready()
os.environ.update({k: v for k, v in es.env().items() if k.startswith("EF_")})
for row in (r for r in EXPORTERS if len(sys.argv) < 2 or sys.argv[1] in r[0]):
	run(es, row)
tap.done()
