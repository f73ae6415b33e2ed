#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input and bad surroundings: the right exit code, a message that says what to do, nothing lost, no crash."""
import json
import os
import random
import socket
import subprocess
import tempfile

import harness
import cluster
import net
import tap

es = harness.ready()
tmp = tempfile.TemporaryDirectory()
capture = os.path.join(harness.ROOT, "tests", "captures", "vpn-ipfix.pcap")


def path(name, data):
	p = os.path.join(tmp.name, name)
	with open(p, "wb") as f:
		f.write(data)
	return p


def bad(name, code, words, *args, es=es, env=None, program=None):
	"""ARGS must end with CODE and all WORDS in one line of standard error."""
	if program:
		r = subprocess.run([program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			text=True, timeout=60)
	else:
		r = harness.efctl(*args, es=es, env=env)
	last = (r.stderr.strip().splitlines() or [""])[-1]
	tap.ok(r.returncode == code and all(w in last for w in words), f"{name}: exit code {code}, {' … '.join(words)}",
		f"exit code {r.returncode}\n{r.stderr}")
	return r


# ---- the cluster ----

nobody = cluster.Cluster(f"http://127.0.0.1:{net.free_port()}")
for command in (["setup"], ["status"], ["replay", capture]):
	bad(f"{command[0]}, nobody listens", 4, [nobody.url, "no answer"], *command, es=nobody)
web = subprocess.Popen(["python3", "-m", "http.server", "--bind", "127.0.0.1", str(port := net.free_port())], cwd=tmp.name,
	stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
	net.wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "a web server", 20)
	r = harness.efctl("setup", es=cluster.Cluster(f"http://127.0.0.1:{port}"))
	tap.ok(r.returncode in (1, 2, 4) and str(port) in r.stderr, "setup, a web server that is no Elasticsearch: an error",
		f"exit code {r.returncode}\n{r.stderr}")
finally:
	web.terminate()
	web.wait()
secured = cluster.embedded("es8")
wrong = cluster.Cluster(secured.url, secured.user, "wrong")
for command in (["setup"], ["status"], ["replay", capture]):
	bad(f"{command[0]}, wrong password", 2, [secured.url, "401", "password_file"], *command, es=wrong)
bad("replay, a cluster that is not set up", 1, ["logs-flow", "efctl setup"], "replay", capture, es=secured)

# ---- the command line and the configuration ----

for name, text, words in (
		("broken YAML", "elasticsearch:\n  url: [http://x\n", [":3:", "YAML"]),
		("an unknown option", "elasticsearch:\n  urll: http://x\n", [":2:", "elasticsearch.urll"]),
		("a size that is none", "ship:\n  batch_size: lots\n", [":2:", "ship.batch_size", "lots"])):
	p = path("bad.yml", text.encode())
	bad(f"efd, {name}", 2, [p] + words, "-c", p, "--check-config", program=harness.EFD)
	bad(f"efctl, {name}", 2, [p] + words, "status", "-c", p)
bad("efd, an unknown option", 2, ["--bogus", "--help"], "--bogus", program=harness.EFD)
bad("efctl, an unknown option", 2, ["--bogus", "--help"], "replay", "--bogus")
bad("efctl, an unknown command", 2, ["frobnicate", "help"], "frobnicate")
bad("efd, a port that is none", 2, ["70000"], "--listen", "127.0.0.1:70000", program=harness.EFD)

# ---- captures ----

ns = harness.namespace(es, "bad")
to = ("replay", "--namespace", ns)
bad("a file that is no capture", 2, ["readme.txt", "not a capture"], *to, path("readme.txt", b"What it is and how to try it.\n" * 9))
bad("a file that is not there", 2, ["nowhere.pcap", "No such file"], *to, os.path.join(tmp.name, "nowhere.pcap"))
bad("an empty file", 2, ["empty.pcap"], *to, path("empty.pcap", b""))
with open(capture, "rb") as f:
	whole = f.read()
cut = path("cut.pcap", whole[:20000])
r = harness.efctl(*to, "--json", cut, es=es)
summary = json.loads(r.stdout) if r.stdout.startswith("{") else {}
tap.ok(r.returncode == 1 and "breaks off" in r.stderr, "a capture that breaks off: exit code 1 and where", r.stderr)
tap.ok(summary.get("records", {}).get("flow", 0) > 100 and es.count(f"logs-flow-{ns}") == summary["records"]["flow"],
	"a capture that breaks off: what came before is in the index", r.stdout)
bad("a capture without packets", 1, ["no NetFlow, IPFIX or sFlow"], *to, path("none.pcap", whole[:24]))

# ---- garbage datagrams ----

rnd = random.Random(5)
out = os.path.join(tmp.name, "lines.ndjson")
udp, metrics = net.free_udp_port(), net.free_port()
efd = subprocess.Popen([harness.EFD, "--output", out, "--listen", f"127.0.0.1:{udp}", "--metrics-listen", str(metrics),
	"--state-dir", tmp.name], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
line = efd.stderr.readline()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
	for i in range(2000):
		head = rnd.choice([b"", b"\0\5", b"\0\x09", b"\0\x0a", b"\0\0\0\5"])
		s.sendto(head + rnd.randbytes(rnd.randrange(0, 1400)), ("127.0.0.1", udp))
		if i % 100 == 0:
			net.wait_for(lambda: efd.poll() is None, "efd", 1)
efd.terminate()
talk = efd.communicate(timeout=30)[1]
tap.same(efd.returncode, 0, "2,000 garbage datagrams: efd goes on, and stops cleanly")
tap.ok("lost" in line + talk, "2,000 garbage datagrams: it says whether anything was lost", line + talk)
tap.done()
