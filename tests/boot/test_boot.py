#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's "Use it", word for word, on a Debian that was booted for it, to documents in the index.

usage: tests/boot/test_boot.py [bookworm] [trixie]        as root, with an engine: make boot-test

The lines come from README.md; only the URL is another one, and Kibana's option is left out, as the engine is one that Kibana does
not work with. Users and the key are those of guard.py. Records are counted by what this test sent.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))

import harness  # noqa: E402
import cluster  # noqa: E402
import net  # noqa: E402
import tap  # noqa: E402
import feeds  # noqa: E402
import guard  # noqa: E402
import machine  # noqa: E402
import unit  # noqa: E402

RELEASES = sys.argv[1:] or os.environ.get("RELEASES", "").split() or ["bookworm", "trixie"]
URL, KIBANA = "https://elastic.example:9200", " --kibana-url https://kibana.example:5601"
CAPTURE = os.path.join(TOP, "tests", "captures", "vm-ipfix.pcap")
CONNECTION, KEY = "/etc/efd/conf.d/elasticsearch.yml", "/etc/efd/api_key"
HOME = machine.HOMES + "/ada"
CHECKOUT = HOME + "/efd"
PASSWORD_FILE = HOME + "/.elastic-password"


def use_it(url):
	"""The block of commands under "Use it"."""
	with open(os.path.join(TOP, "README.md")) as f:
		block = re.search(r"^## Use it\n\n```\n(.*?)^```", f.read(), re.M | re.S)[1]
	for what, by in ((URL, url), (KIBANA, "")):
		if block.count(what) != 1:
			raise RuntimeError(f"README.md says '{what}' {block.count(what)} times under 'Use it', not once")
		block = block.replace(what, by)
	return block


def build_packages():
	words = machine.must("make", "-s", "-C", TOP, "deps").split()
	return [w.split("|")[0].strip("'") for w in words[words.index("--no-install-recommends") + 1:]]


def prepare(m):
	"""The checkout, and a person who may use sudo."""
	m.inside("useradd", "--create-home", "--home-dir", HOME, "--shell", "/bin/bash", "ada")
	with open(os.path.join(m.root, "etc/sudoers.d/ada"), "w") as f:
		f.write("ada ALL=(ALL:ALL) NOPASSWD: ALL\n")
	machine.must(machine.ROOT, "clone", m.root, CHECKOUT)
	shutil.copy(CAPTURE, os.path.join(m.root + CHECKOUT, "capture.pcap"))
	with open(m.root + PASSWORD_FILE, "w") as f:
		f.write(guard.PASSWORD + "\n")
	m.inside("chown", "-R", "ada:ada", HOME)


def ready():
	try:
		with urllib.request.urlopen("http://127.0.0.1:9808/readyz", timeout=5) as r:
			return r.status, r.read().decode()
	except urllib.error.HTTPError as e:
		return e.code, e.read().decode()
	except OSError as e:
		return 0, str(e)


def octets(es):
	"""The sum of a number that each record sent has for itself, and how many records there are."""
	es.post("/logs-flow-default/_refresh")
	found = es.must("POST", "/logs-flow-default/_search", {"size": 0, "track_total_hits": True,
		"query": {"term": {"flow.type": "netflow5"}}, "aggs": {"sum": {"sum": {"field": "network.bytes"}}}})
	return found["hits"]["total"]["value"], int(found["aggregations"]["sum"]["value"])


class Sender:
	"""NetFlow 5 records of 1, 2, 3, … octets to the efd that systemd started."""
	def __init__(self, es):
		self.es, self.n = es, 0

	def send(self, records, what):
		with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
			for first in range(self.n + 1, self.n + records + 1, 30):
				s.sendto(harness.fault.datagram(first, 30), ("127.0.0.1", 2055))
		self.n += records
		want = self.n, self.n * (self.n + 1) // 2
		try:
			net.wait_for(lambda: octets(self.es)[0] >= self.n, "the records", 60, 1)
		except TimeoutError:
			pass
		tap.same(octets(self.es), want, f"{what}: all {records} records are documents, each once")


def told_by_hand(m, door):
	"""Who may not write /etc/efd is told what does it, and exactly that does."""
	_, before = m.run("cat", CONNECTION)
	m.run("rm", CONNECTION)
	env = [f"EF_ELASTICSEARCH_URL={door.url}", f"EF_ELASTICSEARCH_USER={guard.USER}", f"EF_ELASTICSEARCH_PASSWORD_FILE={PASSWORD_FILE}"]
	code, text = m.run("env", *env, "efctl", "setup", user="ada")
	told = re.search(r"^sudo install -d .*?^sudo systemctl [^\n]*", text, re.M | re.S)
	tap.ok(code == 0 and told, "without sudo, setup says what is left to do", text)
	code, text = m.run("bash", "-ec", told[0] if told else "false", user="ada")
	tap.ok(code == 0, "which can be done as it stands", text)
	tap.same(m.run("stat", "-c", "%a %U:%G", CONNECTION)[1], "640 root:efd\n", "and gives the file its mode and owner")
	tap.same(m.run("cat", CONNECTION)[1], before, "with the same words in it")


def key_of_somebody_else(m):
	"""A key that efd may not read is told, and no reason to ship without one."""
	m.run("chmod", "600", KEY)
	m.run("chown", "root:root", KEY)
	code, text = m.run("systemctl", "restart", "efd")
	_, log = m.run("journalctl", "-u", "efd", "-n", "20", "--no-pager")
	tap.ok(code != 0 and KEY in log, "a key that efd may not read: it does not start, and names the file", text + log)
	code, text = m.run("efctl", "setup", "--user", guard.USER, "--password-file", PASSWORD_FILE)
	tap.ok(code == 0 and m.run("stat", "-c", "%a %U:%G", KEY)[1] == "640 root:efd\n", "setup mends it", text)
	tap.same(m.run("systemctl", "restart", "efd")[0], 0, "then it starts")


def installed(m, door, es):
	sender = Sender(es)
	code, text = m.run("bash", "-e", "-c", f"cd {CHECKOUT}\n{use_it(door.url)}", user="ada")
	if not tap.ok(code == 0, "README's \"Use it\", as it stands", text[-6000:]):
		return
	tap.same(m.run("systemctl", "is-active", "efd")[1], "active\n", "efd is active")
	tap.same(m.run("systemctl", "is-enabled", "efd")[1], "enabled\n", "and enabled")
	net.wait_for(lambda: ready()[0] == 200, "efd to be ready", 30, 0.5)
	tap.ok(es.count("logs-flow-default") > 0, "the capture was replayed")
	for path, want in ((CONNECTION, "640 root:efd"), (KEY, "640 root:efd"), ("/etc/efd/efd.yml", "644 root:root")):
		tap.same(m.run("stat", "-c", "%a %U:%G", path)[1].strip(), want, f"{path}: mode and owner")
	tap.same(door.made, 1, "one key was made")
	sender.send(300, "after README's lines")
	code, text = m.run("efctl", "status", "--user", guard.USER, "--password-file", PASSWORD_FILE)
	tap.ok(code == 0 and "flow records" in text, "efctl knows the cluster without being told", text)
	code, text = m.run("efctl", "status")
	tap.ok(code != 0 and "401" in text, "but has no credentials: efd's key is not its own", text)
	tap.same(m.run("systemctl", "restart", "efd")[0], 0, "a restart")
	sender.send(300, "after a restart")
	m.reboot()
	net.wait_for(lambda: ready()[0] == 200, "efd after the boot", 60, 0.5)
	sender.send(300, "after a boot")
	told_by_hand(m, door)
	key_of_somebody_else(m)
	unit.promises(m)
	feeds.timer(m, es, door, PASSWORD_FILE)
	sender.send(300, "at the end")
	# efd's: what it ships, and whether that takes effect (docs/operating/proof.md)
	effect = r"/_index_template/logs-flow|/_data_stream/(logs|metrics)-flow[.a-z]*-default|/\.ds-(logs|metrics)-flow[.a-z]*-default-[^/]+/_settings/index\.default_pipeline"
	asked = {(method, path) for method, path in door.by_key if (method, path) != ("POST", "/_bulk") and not (method == "GET" and re.fullmatch(effect, path))}
	own = {("GET", "/_security/api_key"), ("POST", "/_security/user/_has_privileges")}
	tap.ok(("POST", "/_security/user/_has_privileges") in asked and asked <= own,
		"beside efd, the key was used for nothing but to ask what it may do and when it ends", sorted(asked))
	removed(m, es)
	_, failed = m.run("systemctl", "--failed", "--no-legend", "--plain")
	tap.same(failed, "", "no unit failed")


def removed(m, es):
	"""The next release finds the cluster as this one did: nothing of an installation is left. (The guard lists no keys.)"""
	code, text = m.run("efctl", "remove", "--data", "--no-key", "--yes", "--user", guard.USER, "--password-file", PASSWORD_FILE)
	left = [p for p in es.get("/_ingest/pipeline")[1] if p.startswith("flow")] + [
		s["name"] for s in es.must("GET", "/_data_stream")["data_streams"] if s["name"].endswith("-default")]
	tap.ok(code == 0 and not left, "efctl remove --data takes everything away", text[-3000:] + str(left))


def main():
	if os.getuid() != 0:
		tap.skip_all("needs root: machines are booted")
	es = cluster.connect("opensearch")
	for port, kind in ((2055, socket.SOCK_DGRAM), (4739, socket.SOCK_DGRAM), (6343, socket.SOCK_DGRAM), (9808, socket.SOCK_STREAM)):
		with socket.socket(socket.AF_INET, kind) as s:
			s.bind(("127.0.0.1", port))
	for release in RELEASES:
		tap.note(release)
		try:
			with machine.Machine(release, build_packages()) as m:
				prepare(m)
				m.boot()
				installed(m, guard.Guard(es.url), es)
		except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as e:
			tap.ok(False, release, e)
	tap.done()


main()
