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
import sent
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


def recorded(export, read):
	"""On a busy machine an exporter may lose packets itself (Open vSwitch) or drop what it has not sent yet when it ends (sfprobe): what it has
	sent is what must arrive."""
	def run(tmp, packets, port, args, clock):
		rec = make.Recorder(f"{tmp}/sent.pcap", "127.0.0.1", port, time.time, relay=port)
		rec.start()
		export(tmp, packets, rec.at, args, clock)
		rec.finish()
		return list(read(f"{tmp}/sent.pcap"))
	return run


def ip_length(packet):
	return packet[3]


EXPORTERS = [	# name, program, site of the traffic, how it is run, flow.type, what it counts of a packet (None: its run says what it sent)
	("softflowd, NetFlow 5", "softflowd", "branch", make.softflowd, ["-v", "5"], "netflow5", ip_length),
	("softflowd, NetFlow 9", "softflowd", "firewall", make.softflowd, ["-v", "9", "-6", "-T", "vlan"], "netflow9", ip_length),
	("softflowd, IPFIX", "softflowd", "firewall", make.softflowd, ["-v", "10", "-6"], "ipfix", ip_length),
	("softflowd, IPFIX biflows", "softflowd", "router", make.softflowd, ["-v", "10", "-b"], "ipfix", ip_length),
	("pmacct nfprobe, NetFlow 9", "pmacctd", "vpn", make.nfprobe, "9", "netflow9", ip_length),
	("pmacct nfprobe, IPFIX", "pmacctd", "vpn", make.nfprobe, "10", "ipfix", ip_length),
	("pmacct sfprobe, sFlow", "pmacctd", "vm-sflow", recorded(make.sfprobe, make.sampled), 1, "sflow5", None),
	("Open vSwitch, NetFlow 5", "ovs-vswitchd", "vm-netflow", recorded(make.ovs, sent.rows), "netflow", "netflow5", None),
	("Open vSwitch, IPFIX", "ovs-vswitchd", "vm-ipfix", recorded(make.ovs, sent.rows), "ipfix", "ipfix", None),
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
		metered = export(tmp, packets, efd.port, args, NoClock())
		net.wait_for(lambda: quiet(efd), "the last datagram", 30, 0.5)
		drops = efd.metric("efd_kernel_drops_total")
		code = efd.stop(seconds=150)	# however slow a busy machine is: all of it, not the spool for the next start
		log = efd.log_text()
	if length:
		metered = [(p[4], p[5], length(p), 1) for p in packets]
	index = f"logs-flow-{ns}"
	tap.same([code, drops], [0, 0], f"{name}: efd stops cleanly, the kernel dropped nothing")
	es.post(f"/{index}/_refresh")
	wrong = flows.differences(flows.hosts(es, index), shown(metered))
	tap.ok(metered and not wrong, f"{name}: bytes and packets of every host, {sum(r[3] for r in metered)} of {len(packets)} packets metered",
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
