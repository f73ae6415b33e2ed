#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md is followed word for word, in a network of its own, in which the page's engine is the tests'; what its commands
print is held against what was sent: three pings, one file of a megabyte."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import harness
import tap

PAGE = "docs/tutorial.md"
FILE = 1000000


def pump(a, b):
	try:
		while data := a.recv(65536):
			b.sendall(data)
		b.shutdown(socket.SHUT_WR)
	except OSError:
		pass


def relay(listener, connect):
	"""Whoever connects to LISTENER talks to what CONNECT returns."""
	while True:
		near, _ = listener.accept()
		far = connect()
		for ends in ((near, far), (far, near)):
			threading.Thread(target=pump, args=ends, daemon=True).start()


def unix(path):
	s = socket.socket(socket.AF_UNIX)
	s.connect(path)
	return s


def inside(path):
	"""In the network of the tutorial: its port 19200 is the engine, by a socket in the file system."""
	relay(socket.create_server(("127.0.0.1", 19200)), lambda: unix(path))


def outside(path, address):
	listener = socket.socket(socket.AF_UNIX)
	listener.bind(path)
	listener.listen()
	threading.Thread(target=relay, args=(listener, lambda: socket.create_connection(address)), daemon=True).start()


def blocks():
	with open(os.path.join(harness.ROOT, PAGE), encoding="utf-8") as f:
		return re.findall(r"^```sh run=tests/e2e/test_tutorial.py\n(.*?)^```$", f.read(), re.M | re.S)


def follow(es, ns, folder):
	"""The output of each block, and the exit code."""
	host, port = re.match(r"http://([^:/]+):(\d+)", es.url).groups()
	outside(os.path.join(folder, "engine"), (host, int(port)))
	os.symlink(os.path.dirname(os.path.realpath(harness.EFCTL)), os.path.join(folder, "build"))
	script = "ip link set lo up\nmount -t tmpfs none /run\n" + f"{sys.executable} {os.path.abspath(__file__)} {folder}/engine &\nsleep 1\n"
	script += "\n".join(f"echo '=== block {i}'\n{b}" for i, b in enumerate(blocks())) + "\nls first-hour 2>&1 || true\n"
	env = dict(os.environ, EF_ELASTICSEARCH_NAMESPACE=ns, LC_ALL="C.UTF-8")
	if es.user:
		env.update(es.env())
	r = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-exc", script], cwd=folder,
		env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=240)
	return r.returncode, r.stdout


def stored(es, ns):
	es.post(f"/logs-flow-{ns}/_refresh")
	hits = es.must("POST", f"/logs-flow-{ns}/_search", {"size": 100, "_source": ["network", "flow.type", "source.ip", "destination"]})["hits"]["hits"]
	return [h["_source"] for h in hits]


def main():
	if os.geteuid() or not all(shutil.which(p, path="/usr/sbin:/usr/bin:/sbin:/bin") for p in ("pmacctd", "ping", "ip")):
		tap.skip_all("needs root, for a network of its own, and pmacctd, ip and ping (make install-deps)")
	es = harness.ready()
	ns = harness.namespace(es, "tutorial")
	with tempfile.TemporaryDirectory() as folder:
		code, out = follow(es, ns, folder)
	if not tap.ok(code == 0, "every command of the page succeeds", out):
		tap.done()
	docs = stored(es, ns)
	pings = [d["network"]["packets"] for d in docs if d["network"].get("transport") == "icmp"]
	tap.same(sum(pings), 6, "three pings, each with an answer")
	got = sum(d["network"]["bytes"] for d in docs if d["network"].get("transport") == "tcp")
	tap.ok(FILE * 1.001 < got < FILE * 1.02, f"the file and its headers: {got} bytes", json.dumps(docs)[:2000])
	tap.ok(re.search(r"^ok\b", out, re.M) and "not verified" in out, "/readyz: not verified at first, and ok at the end", out)
	told = out[out.rfind("+ efctl top services"):]
	tap.ok(re.search(r"^irdmi +1,00\d,\d{3} ", told, re.M), "the service of the download, by IANA's name of port 8000", told)
	tap.ok("cannot access 'first-hour'" in out, "nothing is left", out[-500:])
	tap.done()


if __name__ == "__main__":
	if len(sys.argv) > 1:
		inside(sys.argv[1])
	main()
