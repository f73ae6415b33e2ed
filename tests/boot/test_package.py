#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of the Debian packages on a Debian that was booted for it: install, start, flows, upgrade, remove, purge.

usage: tests/boot/test_package.py [bookworm] [trixie]        as root: make test-deb

The packages are built on the machine, by `make deb`, which lintian has to like. The version before is the same package with a
lower number. Documents are counted by what this test sent, at a server of its own; no engine takes part. What a container image
is made of runs before that, without a container engine.
"""
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import zlib

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.join(HERE, "..", "..")
for folder in ("lib", "fault"):
	sys.path.insert(0, os.path.join(TOP, "tests", folder))

import fake_es  # noqa: E402
import harness  # noqa: E402
import net  # noqa: E402
import tap  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402

RELEASES = sys.argv[1:] or os.environ.get("RELEASES", "").split() or ["bookworm", "trixie"]
CHECKOUT, OLD = "/src/efd", "/var/tmp/efd_old.deb"
STREAM, SPOOL = "logs-flow-default", "/var/lib/efd/spool"
SPOOL_HEAD = 64  # octets before the body of a file (forwarder/ship/spool_file.c)
USERS = {"efd": "efd", "efctl": "efd-feeds", "efctl-inventory": "efd-inventory"}


def build(m):
	"""Path by name of the packages; beside them one of efd with a lower version."""
	machine.must(machine.ROOT, "clone", m.root, CHECKOUT)
	m.inside("make", "-s", "-C", CHECKOUT, "deb")
	paths = m.inside("sh", "-c", f"ls {CHECKOUT}/build/deb/*.deb").split()
	paths = {os.path.basename(p).split("_")[0]: p for p in paths}
	m.inside("sh", "-ec", f"dpkg-deb -R {paths['efd']} /var/tmp/old; sed -i 's/^Version: .*/Version: 0.0.1/' /var/tmp/old/DEBIAN/control; dpkg-deb -b /var/tmp/old {OLD}")
	return {name: paths[name] for name in USERS}


class Sender:
	"""NetFlow 5 records, each one of a kind, to the ports of the machine, which are the host's."""
	def __init__(self):
		self.n, self.socket = 0, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

	def send(self, datagrams, every=0.0):
		for _ in range(datagrams):
			self.socket.sendto(harness.datagram(self.n, harness.PER_DATAGRAM), ("127.0.0.1", 2055))
			self.n += harness.PER_DATAGRAM
			time.sleep(every)


def arrived(fake):
	return harness.octets(fake.lines(STREAM))


def judge_all(fake, sender, what):
	try:
		net.wait_for(lambda: len(arrived(fake)) >= sender.n, "the records", 30, 0.2)
	except TimeoutError:
		pass
	lost = sorted(set(range(sender.n)) - set(arrived(fake)))
	tap.ok(arrived(fake) == list(range(sender.n)), f"{what}: all {sender.n} records are there, each once", lost[:20])


def version(m, name="efd"):
	return m.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", name)[1]


def active(m, unit):
	return m.run("systemctl", "is-active", unit)[1].strip()


def install(m, fake, sender):
	code, text = m.run("dpkg", "-i", OLD)
	tap.same((code, version(m)), (0, "installed 0.0.1"), "efd is installed" if code == 0 else text)
	tap.same((active(m, "efd"), active(m, "efd.socket")), ("inactive", "inactive"), "nothing runs before there is a cluster")
	tap.ok(re.match(r"efd:.*:/var/lib/efd:\S*nologin$", m.run("getent", "passwd", "efd")[1].strip()), "it has a user of its own")
	m.run("sh", "-c", f"printf 'elasticsearch:\\n  url: {fake.url}\\nship:\\n  batch_age: 100ms\\n' > /etc/efd/conf.d/elasticsearch.yml; chmod 644 /etc/efd/conf.d/elasticsearch.yml")
	code, text = m.run("systemctl", "enable", "--now", "efd.socket", "efd.service")
	if not tap.ok(code == 0 and active(m, "efd") == "active", "it starts, with its sockets", text + m.run("journalctl", "-u", "efd", "--no-pager", "-n", "20")[1]):
		raise RuntimeError("efd does not start")
	sender.send(20)
	judge_all(fake, sender, "flows arrive")


def install_in_stream(m, sender, path):
	"""dpkg's (exit code, text), while records come."""
	done = threading.Event()

	def stream():
		while not done.is_set():
			sender.send(1, every=0.05)
	thread = threading.Thread(target=stream)
	thread.start()
	try:
		return m.run("dpkg", "-i", path)
	finally:
		net.wait_for(lambda: active(m, "efd") == "active", "efd to run again", 30, 0.2)
		time.sleep(1)
		done.set()
		thread.join()


def upgrade(m, fake, sender, path):
	"""The sockets are systemd's, so nothing is lost."""
	before = m.run("systemctl", "show", "efd", "--value", "-p", "MainPID")[1]
	code, text = install_in_stream(m, sender, path)
	tap.ok(code == 0 and version(m) != "installed 0.0.1", "an upgrade", text)
	after = m.run("systemctl", "show", "efd", "--value", "-p", "MainPID")[1]
	tap.ok(active(m, "efd") == "active" and after not in (before, "0\n"), "the new version runs", (before, after))
	tap.same(m.run("systemctl", "is-enabled", "efd", "efd.socket")[1], "enabled\nenabled\n", "and is enabled as before")
	judge_all(fake, sender, "meanwhile")


def without_socket(m, fake, sender, path):
	"""What came between two processes is lost, and only that: how much, a note says."""
	m.run("systemctl", "disable", "--now", "efd.socket")
	m.run("systemctl", "restart", "efd")
	first = sender.n
	code, text = install_in_stream(m, sender, path)
	last = sender.n - 1
	net.wait_for(lambda: last in arrived(fake), "the last record", 30, 0.2)
	lost = sorted(set(range(first, sender.n)) - set(arrived(fake)))
	tap.ok(code == 0 and lost == list(range(lost[0], lost[-1] + 1)) if lost else code == 0, "without efd.socket records are lost in one stretch, if at all", lost)
	tap.note(f"{len(lost)} of {sender.n - first} records were lost without efd.socket")
	m.run("systemctl", "stop", "efd")
	m.run("systemctl", "enable", "--now", "efd.socket")
	tap.same(m.run("systemctl", "start", "efd")[0], 0, "and with it again")


def spooled(m):
	"""(lines of flows, all lines) that wait on disk."""
	flows = lines = 0
	folder = m.root + SPOOL
	for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
		if name.endswith(".bulk"):
			with open(os.path.join(folder, name), "rb") as f:
				body = zlib.decompress(f.read()[SPOOL_HEAD:], 31).decode().splitlines()
			lines += len(body) // 2
			flows += sum('"octetDeltaCount"' in line and STREAM in json.dumps(json.loads(action)) for action, line in zip(body[::2], body[1::2]))
	return flows, lines


def remove(m, fake, sender):
	fake.stop()
	before = sender.n
	sender.send(20)
	time.sleep(1)
	code, text = m.run("dpkg", "-r", "efd")
	tap.same((code, active(m, "efd"), active(m, "efd.socket")), (0, "inactive", "inactive"), "removed, and nothing runs any more" if code == 0 else text)
	flows, lines = spooled(m)
	tap.same(flows, sender.n - before, "what the cluster did not take stays in the spool")
	tap.ok(f"{lines} documents that were not shipped stay in /var/lib/efd" in text, "and is counted", text)
	code, text = m.run("dpkg", "-P", "efd")
	tap.ok(code == 0 and f"deleting /var/lib/efd with {lines} documents" in text, "a purge says how many it deletes", text)
	left = m.run("sh", "-c", "ls -d /var/lib/efd /etc/efd /etc/systemd/system/*/efd* 2>&1 | grep -v 'cannot access'")[1]
	tap.same(left, "", "and leaves nothing")
	tap.ok(m.run("getent", "passwd", "efd")[0] == 0, "but the user")


def others(m, paths):
	code, text = m.run("dpkg", "-i", paths["efctl"], paths["efctl-inventory"])
	tap.same((code, [m.run("getent", "passwd", u)[0] for u in USERS.values()]), (0, [0, 0, 0]), "efctl and efctl-inventory, a user each" if code == 0 else text)
	tap.same([active(m, u) for u in ("efd-feeds.timer", "efd-inventory.timer")], ["inactive", "inactive"], "no timer runs unasked")
	m.run("sh", "-c", "mkdir -p /etc/efd; printf '192.0.2.7 box\\n' > /etc/efd/hosts; "
		"printf 'sources: [{name: mine, type: hosts, file: /etc/efd/hosts}]\\n' > /etc/efd/inventory.yml")
	code, text = m.run("efctl", "inventory", "mine")
	tap.ok(code == 0 and "192.0.2.7,box" in m.run("cat", "/etc/efd/dictionaries/discovered/mine/hosts.csv")[1], "efctl finds efctl-inventory, and that works", text)
	code, text = m.run("dpkg", "-P", "efctl-inventory", "efctl")
	left = m.run("sh", "-c", "find /etc/efd -type f | sort")[1]
	tap.same((code, left), (0, "/etc/efd/hosts\n/etc/efd/inventory.yml\n"), "purged, the user's own files stay" if code == 0 else text)


def life(m, paths):
	fake, sender = fake_es.FakeEs(), Sender()
	m.boot()
	install(m, fake, sender)
	upgrade(m, fake, sender, paths["efd"])
	without_socket(m, fake, sender, paths["efd"])
	remove(m, fake, sender)
	others(m, paths)
	tap.same(m.run("systemctl", "--failed", "--no-legend", "--plain")[1], "", "no unit failed")


def main():
	if os.getuid() != 0:
		tap.skip_all("needs root: machines are booted")
	for release in RELEASES:
		tap.note(release)
		try:
			with machine.Machine(release, ["git", "make", "ca-certificates"]) as m:
				paths = build(m)
				image.image(release, [m.root + paths[name] for name in ("efd", "efctl")], Sender(), judge_all)
				life(m, paths)
		except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as e:
			tap.ok(False, release, e)
	tap.done()


if __name__ == "__main__":
	main()
