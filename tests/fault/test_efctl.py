#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl against servers that are no Elasticsearch, or answer as none should: exit codes, messages, no crash."""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from tap import done, ok  # noqa: E402

TOP = os.path.join(HERE, "..", "..")
EFCTL = os.environ.get("EFCTL") or os.path.join(TOP, os.environ.get("BUILD", "build"), "efctl")
CAPTURE = os.path.join(TOP, "tests", "captures", "vm-ipfix.pcap")
HTML = (200, "<html>It works</html>")
ROOT = (200, {"cluster_name": "odd", "version": {"number": "3.0.0", "distribution": "opensearch"}})


class Odd:
	"""Answers by the first rule whose (method, start of the path) fits: (status, text or an object), or a function of the request."""

	def __init__(self, *rules):
		class Handler(BaseHTTPRequestHandler):
			def answer(self):
				sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
				found = next(a for m, p, a in rules if m in ("", self.command) and self.path.startswith(p))
				status, body = found(self.command, self.path, sent) if callable(found) else found
				data = (body if isinstance(body, str) else json.dumps(body)).encode()
				self.send_response(status)
				self.send_header("Content-Length", str(len(data)))
				self.end_headers()
				self.wfile.write(data)
			do_GET = do_POST = do_PUT = do_DELETE = answer

			def log_message(self, *args):
				pass
		self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
		self.port = self.server.server_address[1]


def efctl(port, *args, scheme="http", stdin=""):
	env = dict(os.environ, EF_ELASTICSEARCH_URL=f"{scheme}://127.0.0.1:{port}", EF_ELASTICSEARCH_TIMEOUT="10s")
	r = subprocess.run([EFCTL, *args], input=stdin, capture_output=True, text=True, env=env, timeout=60)
	return r.returncode, r.stdout, r.stderr


def fails(name, code, words, port, *args, **more):
	got, out, err = efctl(port, *args, **more)
	ok(got == code and all(w in err for w in words), f"{name}: exit code {code}, and says why", f"{got}\n{out}{err}")


COMMANDS = (["setup"], ["status"], ["doctor"], ["top"], ["top", "conversations"], ["remove", "--yes"], ["replay", CAPTURE],
	["simulate"], ["dictionaries", "apply"], ["dictionaries", "indicators"])
LINE = json.dumps({"ie": {"octetDeltaCount": 1}, "flow": {"exporter": "192.0.2.1"}})

page, refuses = Odd(("", "/", HTML)), Odd(("", "/", (501, "<html>no such method</html>")))
for command in COMMANDS:
	fails(f"{command[0]} of a web server", 2, ["127.0.0.1"], page.port, *command, stdin=LINE)
	fails(f"{command[0]} of one that refuses", 2, ["127.0.0.1"], refuses.port, *command, stdin=LINE)

proxy = Odd(("GET", "/", ROOT), ("", "/", (502, "<html>Bad Gateway</html>")))
fails("a proxy without a server", 4, ["502"], proxy.port, "top")
fails("JSON that is no search result", 2, ["elasticsearch.url"], Odd(("", "/", (200, {"fine": True}))).port, "top")

# Members of the wrong types, and too few of them.
buckets = [{"key": 7, "doc_count": "x"}, {"key": [1, 2, 3], "doc_count": 2, "bytes": 5}, 5, {"key": "a\u001b[31m", "bytes": {"value": 1}}]
found = {"hits": {}, "_shards": {"failed": 1, "total": 2, "failures": [{"reason": {"reason": "no such shard"}}]},
	"aggregations": {"all": {"doc_count": 3}, "top": {"buckets": buckets}, "other": {"buckets": {"no": "list"}}}}
odd = Odd(("", "/", (200, found)))
for subject in ("talkers", "conversations"):
	code, out, err = efctl(odd.port, "top", subject)
	ok(code == 0 and "(null)" not in out, f"top {subject}: buckets of wrong types", out + err)
	ok("1 of 2 shards failed (no such shard)" in err, f"top {subject}: failed shards are told", err)
	ok("\x1b" not in out, f"top {subject}: what an exporter sent does not steer the terminal", out)
for body in ({"cluster_name": 1, "version": {"number": 7}}, [], 5, None, {"version": []}, {"version": {"number": "x"}, "cluster_name": "c"}):
	fails(f"root {json.dumps(body)}", 2, ["127.0.0.1"], Odd(("", "/", (200, body))).port, "status")
for answer in ((200, []), (200, 5), (200, {"nodes": [], "docs": 1, "error": [1]}), (404, {"error": {"root_cause": {}}})):
	port = Odd(("GET", "/_", answer), ("GET", "/", ROOT), ("", "/", answer)).port
	for command in (c for c in COMMANDS if c[0] not in ("top", "replay") and "indicators" not in c):
		fails(f"{' '.join(command)}: {json.dumps(answer)}", 1, ["node"], port, *command, stdin=LINE)

# An API key that cannot be written is of no use: it is deleted again. The server keeps what it is given, no more.
stored, deleted = {}, []


def keep(method, path, sent):
	kind, name = path.rsplit("/", 1)
	if method == "PUT":
		stored[path] = json.loads(sent)
	if path not in stored:
		return 404, {}
	if kind == "/_ingest/pipeline":
		return 200, {name: stored[path]}
	what = kind[2:]
	return 200, {what + "s": [{"name": name, what: stored[path]}]}


def forget(method, path, sent):
	deleted.extend(json.loads(sent)["ids"])
	return 200, {}


secured = Odd(("GET", "/_nodes", (200, {"nodes": {"a": {"roles": ["data"]}}})), ("", "/_security/_authenticate", (200, {})),
	("POST", "/_security/user/_has_privileges", (200, {"has_all_requested": True})),
	("POST", "/_security/api_key", (200, {"id": "k1", "encoded": "c2VjcmV0"})), ("DELETE", "/_security/api_key", forget),
	("POST", "/_", (400, {})), ("", "/_component_template/", keep), ("", "/_index_template/", keep), ("", "/_ingest/pipeline/", keep),
	("", "/_", (404, {})), ("", "/", ROOT))
with tempfile.TemporaryDirectory() as folder:
	code, out, err = efctl(secured.port, "setup", "--show-key", "--key-file", os.path.join(folder, "nowhere", "key"))
	ok(code == 1 and "nowhere" in err and "c2VjcmV0" not in out + err, "a key file that cannot be written is an error", out + err)
	ok(deleted == ["k1"], "and the key that nobody has is deleted", str(deleted))
	path = os.path.join(folder, "key")
	code, out, err = efctl(secured.port, "setup", "--key-file", path)
	ok(code == 0 and "c2VjcmV0" not in out + err and os.stat(path).st_mode & 0o777 == 0o600, "else it is there, for its owner only, and not shown", out + err)
	ok(len(deleted) == 1 and os.listdir(folder) == ["key"], "and nothing is left beside it", str(os.listdir(folder)))

# TLS where none is, and none where it is wanted.
fails("TLS to a plain server", 4, ["http://"], page.port, "top", scheme="https")
silent = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: [c.close() for c, _ in iter(silent.accept, None) if c.recv(1)], daemon=True).start()
fails("a server that hangs up", 4, ["127.0.0.1"], silent.getsockname()[1], "top")

# Captures: an output that is one of the inputs, and more exporters than there may be sockets.
def capture_of(path, exporters):
	"""One NetFlow 5 header from each of so many addresses, as raw IP."""
	with open(path, "wb") as f:
		f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
		for i in range(exporters):
			udp = struct.pack(">HHHH", 9, 2055, 8 + 24, 0) + struct.pack(">HH", 5, 0) + bytes(20)
			ip = struct.pack(">BBHHHBBHI4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, (127 << 24) + (1 << 16) + i, bytes([127, 0, 0, 1]))
			f.write(struct.pack("<IIII", 1767225600, 0, len(ip + udp), len(ip + udp)) + ip + udp)


with tempfile.TemporaryDirectory() as folder:
	path, link = os.path.join(folder, "a.pcap"), os.path.join(folder, "b.pcap")
	capture_of(path, 1500)
	os.link(path, link)
	size = os.stat(path).st_size
	for output in (path, link):
		for command in ("replay", "decode"):
			fails(f"{command}: the output is the input", 2, ["one file", path], page.port, command, path, "--output", output)
	r = subprocess.run(f'"{EFCTL}" decode "{path}" >> "{path}"', shell=True, capture_output=True, text=True, timeout=60)
	ok(r.returncode == 2 and "one file" in r.stderr, "standard output too", r.stderr)
	ok(os.stat(path).st_size == size, "and the input is as it was", str(os.stat(path).st_size))
	receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
	receiver.bind(("127.0.0.1", 0))
	receiver.settimeout(2)
	senders = set()

	def receive():
		while len(senders) < 1500:
			senders.add(receiver.recvfrom(100)[1])
	thread = threading.Thread(target=receive, daemon=True)
	thread.start()
	to = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
	code, out, err = efctl(page.port, "replay", "--port", "2055", "--to", to, path)
	thread.join(10)
	ok(code == 0 and "1500" in out and len({a for a, _ in senders}) == 1500, "1,500 exporters have a socket each", f"{len(senders)}\n{out}{err}")
	r = subprocess.run(f'ulimit -n 100 && "{EFCTL}" replay --port 2055 --to {to} "{path}"', shell=True, capture_output=True, text=True, timeout=60)
	ok(r.returncode == 1 and "ulimit -n" in r.stderr, "where the system does not allow so many, it is said", r.stderr)

# Usage.
for speed in ("nan", "inf", "0", "-1", "1e-300", "x"):
	fails(f"--speed {speed}", 2, ["factor"], page.port, "replay", "--speed", speed, CAPTURE)
for to in ("udp://127.0.0.1:99999", "udp://127.0.0.1:0", "udp://127.0.0.1:2055x", "udp://[::1]", "tcp://127.0.0.1:1"):
	fails(f"--to {to}", 2, ["must look like"], page.port, "replay", "--to", to, CAPTURE)
fails("kibana.space", 2, ["kibana.space"], page.port, "export", "--kibana-url", f"http://127.0.0.1:{page.port}", "--kibana-space", "A B/..")
for line, why in (("[1]", "flow line"), ("5", "simulate"), ("", "flow line"), ('{"flow":{}}\n{"reliability":{}}\n', "flow line"), ('{"ie":{}', ":1:")):
	fails(f"simulate {line!r}", 2, [why], page.port, "simulate", stdin=line)
done()
