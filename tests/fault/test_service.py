#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efd as a service: restarts that forget nothing, sockets that systemd holds, copies, reload, what it says of itself."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs, hang  # noqa: E402
from harness import EFD, WITHOUT, Efd, datagram, net, octets, run_all  # noqa: E402
from tap import ok, same, skip  # noqa: E402

FLOWS = "logs-flow-default"


def sets9(seq, *sets):
	"""A NetFlow 9 datagram (RFC 3954 section 5)."""
	body = b"".join(struct.pack("!HH", id_, len(data) + 4) + data for id_, data in sets)
	return struct.pack("!HHIIII", 9, len(sets), 3600000, int(time.time()), seq, 7) + body


TEMPLATE9 = (0, struct.pack("!HHHHHHHH", 256, 3, 8, 4, 12, 4, 1, 4))


def data9(octets_):
	return (256, struct.pack("!4s4sI", bytes([10, 0, 0, 1]), bytes([192, 0, 2, 1]), octets_))


def send(port, *datagrams, source=None):
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		if source:
			s.bind(source)
		for d in datagrams:
			s.sendto(d, ("127.0.0.1", port))


def test_templates_survive():
	es = FakeEs()
	with Efd(es.url) as efd:
		send(efd.port, sets9(1, TEMPLATE9, data9(1)))
		net.wait_for(lambda: len(es.lines(FLOWS)) == 1, "the first record")
		efd.stop()
		efd.start()
		send(efd.port, sets9(2, data9(2)))
		net.wait_for(lambda: len(es.lines(FLOWS)) == 2, "the second record")
		same(octets(es.lines(FLOWS)), [1, 2], "after a restart data is decoded with the templates of before")
		efd.stop()
		path = os.path.join(efd.state, "decoder-1-of-1.state")
		with open(path, "r+b") as f:
			f.seek(10)
			f.write(b"\xff\xff\xff\xff")
		efd.start()
		ok("without the saved templates" in efd.log_text(), "a damaged state file is said and left", efd.log_text())
	es.stop()


def test_elements_reload():
	"""SIGHUP reads the user's tables of elements again, and the templates that are there get the new names."""
	es, state = FakeEs(), tempfile.mkdtemp(prefix="efd-test-")
	table = os.path.join(state, "elements.csv")

	def write(*rows):
		with open(table, "w") as f:
			f.write("\n".join(("pen,id,name,type", *rows)) + "\n")
	write("0,65001,acme.first,unsigned32")
	template = (0, struct.pack("!HHHHHHHH", 300, 3, 1, 4, 65001, 4, 65002, 4))
	seq = 0

	def send_one(efd):
		nonlocal seq
		seq += 1
		send(efd.port, sets9(seq, *([template] if seq == 1 else []), (300, struct.pack("!III", seq, 7, 9))))
		net.wait_for(lambda: len(es.lines(FLOWS)) == seq, "the record")
		return {k: v for k, v in es.lines(FLOWS)[-1]["ie"].items() if k != "octetDeltaCount"}

	try:
		with Efd(es.url, state=state, decode_elements=table, udp_workers=2) as efd:
			same(send_one(efd), {"acme.first": 7, "pen0.65002": "00000009"}, "elements of the user's table")
			write("0,65001,acme.renamed,octetArray", "0,65002,acme.second,unsigned32", "0,1,bytes,unsigned64")
			efd.process.send_signal(signal.SIGHUP)
			net.wait_for(lambda: "read again" in efd.log_text(), "the reload")
			same(send_one(efd), {"acme.renamed": "00000007", "acme.second": 9, "bytes": 2}, "after SIGHUP the template has the new names")
			write("0,65001,acme.third,no_such_type")
			efd.process.send_signal(signal.SIGHUP)
			net.wait_for(lambda: "old settings" in efd.log_text(), "the refusal")
			ok("elements.csv:2: unknown type" in efd.log_text(), "a broken table is named with its line", efd.log_text())
			same(send_one(efd), {"acme.renamed": "00000007", "acme.second": 9, "bytes": 3}, "and the old one stays")
			write()
			efd.process.send_signal(signal.SIGHUP)
			net.wait_for(lambda: efd.log_text().count("read again") == 2, "the reload")
			same(send_one(efd), {"pen0.65001": "00000007", "pen0.65002": "00000009"}, "an empty table takes the names away")
			send(efd.port, datagram(100, 1))
			net.wait_for(lambda: len(es.lines(FLOWS)) == seq + 1, "NetFlow 5")
			same(es.lines(FLOWS)[-1]["ie"]["octetDeltaCount"], 100, "NetFlow 5's too")
			same(efd.stop(), 0, "stop")
	finally:
		shutil.rmtree(state)
		es.stop()


def test_socket_activation():
	if not shutil.which("systemd-socket-activate"):
		return skip("socket activation", "systemd-socket-activate is not installed")
	es, port, state = FakeEs(), net.free_udp_port(), tempfile.mkdtemp(prefix="efd-test-")
	listen = f"127.0.0.1:{port}"
	# it hands no environment down but what it is told to, and efd is not to read the machine's settings
	p = subprocess.Popen(["systemd-socket-activate", "--setenv=EF_CONFIG_DIR", "--datagram", "-l", listen, EFD, "--url", es.url, "--listen", listen,
		"--state-dir", state, "--ship-batch-age", "100ms"], stderr=subprocess.DEVNULL)
	try:
		net.wait_for(lambda: any(f":{port:04X} " in line for line in open("/proc/net/udp")), "the socket")
		send(port, datagram(0, 30))
		net.wait_for(lambda: len(es.docs) == 30, "the first datagram")
		send(port, datagram(30, 30))
		net.wait_for(lambda: len(es.docs) == 60, "the second datagram")
		same(octets(es.lines(FLOWS)), list(range(60)), "what came before efd was started is not lost")
	finally:
		p.terminate()
		p.wait()
		shutil.rmtree(state)
		es.stop()


def test_workers():
	"""With two workers and a socket each, all datagrams of an exporter land on the same one."""
	es = FakeEs()
	with Efd(es.url, udp_workers=2) as efd:
		send(efd.port, sets9(1, TEMPLATE9))
		time.sleep(0.2)
		for i in range(64): # from as many source ports
			send(efd.port, sets9(2 + i, data9(i)))
		for k in range(1, 9): # other exporters
			send(efd.port, sets9(1, TEMPLATE9, data9(100 + k)), source=(f"127.0.1.{k}", 0))
		net.wait_for(lambda: len(es.lines(FLOWS)) == 72, "all records")
		same(efd.metric("efd_decode_unknown_template_total"), 0.0, "templates and data of an exporter meet on one worker")
		text = efd.get("/metrics")[1]
		seen = [float(n) for n in re.findall(r'efd_datagrams_total\{worker="\d"\} (\d+)', text)]
		ok(len(seen) == 2 and min(seen) > 0, "exporters are spread over the workers", seen)
	es.stop()


def test_workers_change():
	"""Another number of workers: each takes over the templates of the exporters that now land on it."""
	es = FakeEs()
	exporters = [f"127.0.2.{k}" for k in range(1, 25)]
	with Efd(es.url) as efd:
		for a in exporters:
			send(efd.port, sets9(1, TEMPLATE9), source=(a, 0))
		net.wait_for(lambda: efd.metric("efd_decode_templates") == 24, "the templates")
		for round_, workers in enumerate((3, 2, 1), 1):
			efd.stop()
			efd.options["udp_workers"] = workers
			efd.start()
			net.wait_for(lambda: efd.metric("efd_decode_templates") == 24, f"the templates with {workers} workers, each once")
			for k, a in enumerate(exporters):
				send(efd.port, sets9(1 + round_, data9(100 * round_ + k)), source=(a, 0))
			net.wait_for(lambda: len(es.lines(FLOWS)) == 24 * round_, "all records")
			same(efd.metric("efd_decode_unknown_template_total"), 0.0, f"{workers} workers know the templates of before")
	es.stop()


def test_tee():
	es = FakeEs()
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
		other.bind(("127.0.0.1", 0))
		other.settimeout(5)
		with Efd(es.url, tee_to=f"127.0.0.1:{other.getsockname()[1]}") as efd:
			with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
				s.bind(("127.0.0.7", 0))
				s.sendto(datagram(5, 3), ("127.0.0.1", efd.port))
				got, source = other.recvfrom(65536)
				sent_from = s.getsockname()
			same(got[24:], datagram(5, 3)[24:], "another collector gets the datagram as it came")
			if "CAP_NET_RAW" in efd.log_text():
				skip("and from the exporter's address", "raw sockets are not allowed here")
			else:
				same(source, sent_from, "and from the exporter's address and port")
			net.wait_for(lambda: len(es.docs) == 3, "the records")
			same(efd.metric("efd_tee_sent_total"), 1.0, "copies are counted")
	es.stop()


def test_tee_long():
	"""A datagram longer than the way's MTU, in a network of its own with a small one: from the exporter's address all the same."""
	p = subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "mtu", "1500", "up"], capture_output=True, text=True)
	if p.returncode:
		return skip("copies longer than the MTU", f"no network name space: {p.stderr.strip()}")
	with tempfile.TemporaryDirectory() as d:
		script = """set -e
ip link set lo mtu 1500 up
"$EFD" --output=/dev/null --listen=127.0.0.1:2055 --tee-to=127.0.0.1:2056 --no-seccomp --state-dir="$DIR" &
exec "$PYTHON" -c '
import socket, time
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); other.bind(("127.0.0.1", 2056)); other.settimeout(10)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.7", 4000))
time.sleep(1)
for size in (1400, 4000, 60000):
	data = bytes(i * 7 % 251 for i in range(size))
	s.sendto(data, ("127.0.0.1", 2055))
	got, source = other.recvfrom(65536)
	print(size, got == data, source[0], source[1])
'
"""
		p = subprocess.run(["unshare", "-n", "--pid", "--fork", "--kill-child", "sh", "-c", script], capture_output=True, text=True, timeout=60,
			env={**os.environ, "EFD": EFD, "DIR": d, "PYTHON": sys.executable})
		if "CAP_NET_RAW" in p.stderr:
			return skip("copies longer than the MTU", "raw sockets are not allowed here")
		same(p.stdout.splitlines(), [f"{n} True 127.0.0.7 4000" for n in (1400, 4000, 60000)], "copies longer than the MTU keep their source")


def test_tee_loop():
	port = net.free_udp_port()
	for target in (f"127.0.0.1:{port}", f"[::ffff:127.0.0.1]:{port}"):
		p = subprocess.run([EFD, "--output", "/dev/null", "--listen", str(port), "--tee-to", target], timeout=20, capture_output=True, text=True)
		same((p.returncode, "efd itself listens" in p.stderr), (2, True), f"a copy to efd itself ({target}) is refused, it would never end")


def sflow5(agent, seq=1):
	"""A datagram of sFlow 5 with one flow sample."""
	head = struct.pack("!II4sIIII", 5, 1, socket.inet_aton(agent), 0, seq, 1000, 1)
	return head + struct.pack("!IIIIIIIIII", 1, 32, seq, 7, 1000, 100, 0, 1, 2, 0)


def test_sflow_agents():
	"""udp.allow judges the sender and the agent that he names, unless that is nobody's address; another sender's agent is said."""
	es = FakeEs()
	with Efd(es.url, udp_allow="127.0.0.0/8, 192.0.2.0/24") as efd:
		for agent in ("192.0.2.9", "127.0.0.1", "0.0.0.0", "198.51.100.9"):
			send(efd.port, sflow5(agent), source=("127.0.0.5", 0))
		send(efd.port, sflow5("192.0.2.9"), source=("127.0.0.6", 0))
		net.wait_for(lambda: len(es.lines(FLOWS)) == 4, "what is allowed")
		flows = [(f["exporter"], f.get("relay"), f.get("agent")) for f in (d["flow"] for d in es.lines(FLOWS))]
		same(flows, [("192.0.2.9", "127.0.0.5", None), ("127.0.0.5", None, "127.0.0.1"), ("127.0.0.5", None, "0.0.0.0"), ("127.0.0.6", None, "192.0.2.9")],
			"whom sFlow is of")
		same(efd.metric("efd_not_allowed_total"), 1.0, "an agent that may not be is not allowed")
		ok(net.wait_for(lambda: efd.metric("efd_decode_foreign_agents_total") == 1, "the count"), "another sender's agent is counted")
		ok("names an sFlow agent" in efd.log_text(), "and said", efd.log_text())
		same(efd.stop(), 0, "efd stops well")
	es.stop()


def test_notify():
	with tempfile.TemporaryDirectory() as d:
		path = os.path.join(d, "notify")
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(path)
		s.settimeout(10)
		os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="400000", WATCHDOG_PID="0")
		del os.environ["WATCHDOG_PID"]
		es = FakeEs()
		try:
			with Efd(es.url) as efd:
				said = s.recv(4096).decode()
				same(said, "READY=1", "systemd hears when efd is ready")
				said = {s.recv(4096).decode() for _ in range(3)}
				ok("WATCHDOG=1" in said, "and that it is alive", said)
				efd.process.send_signal(signal.SIGTERM)
				said = set()
				while "STOPPING=1" not in said:
					said.add(s.recv(4096).decode())
				ok(True, "and that it stops")
				efd.process.wait(30)
		except TimeoutError:
			skip("notify", "this build has no libsystemd")
		finally:
			del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
			s.close()
			es.stop()


def test_output():
	with tempfile.TemporaryDirectory() as d:
		path = os.path.join(d, "flows.ndjson")
		with Efd("http://127.0.0.1:1", output=path) as efd:
			efd.send(300)
			net.wait_for(lambda: efd.metric("efd_output_lines_total") == 300, "all lines")
			os.rename(path, path + ".1")
			efd.process.send_signal(signal.SIGUSR1)
			net.wait_for(lambda: os.path.exists(path), "a new file")
			efd.send(60)
			same(efd.stop(), 0, "stop")
			def read(name):
				return octets([json.loads(line) for line in open(name)])
			same((read(path + ".1"), read(path)), (list(range(300)), list(range(300, 360))),
				"after SIGUSR1 lines go to a new file, and none is lost")


def test_output_full():
	"""A file that takes no more: whole lines only, and all of them once there is room."""
	with tempfile.TemporaryDirectory() as d:
		path = os.path.join(d, "flows.ndjson")
		with open(path, "w") as f:
			f.write('{"half')

		def whole():
			with open(path) as f:
				return f.read().split("\n")
		with Efd("http://127.0.0.1:1", output=path) as efd:
			efd.send(30)
			net.wait_for(lambda: efd.metric("efd_output_lines_total") == 30, "all lines")
			same(whole()[0], '{"half', "what an earlier run left is no part of the first line")
			hard = resource.prlimit(efd.process.pid, resource.RLIMIT_FSIZE)[1]
			size = os.path.getsize(path)
			resource.prlimit(efd.process.pid, resource.RLIMIT_FSIZE, (size + 1000, hard))
			efd.send(30)
			net.wait_for(lambda: "cannot write" in efd.log_text(), "a write that fails")
			time.sleep(0.3)
			lines = whole()
			ok(lines[-1] == "" and len(lines) > 32, "a full disk leaves no half line", lines[-1])
			same(octets([json.loads(line) for line in lines[1:-1]]), list(range(len(lines) - 2)), "and those before it are whole")
			resource.prlimit(efd.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
			efd.send(30)
			net.wait_for(lambda: efd.metric("efd_output_lines_total") == 90, "all lines")
			same(octets([json.loads(line) for line in whole()[1:-1]]), list(range(90)), "with room again all are there, once")
			size = os.path.getsize(path)
			resource.prlimit(efd.process.pid, resource.RLIMIT_FSIZE, (size + 1000, hard))
			efd.send(30)
			net.wait_for(lambda: efd.log_text().count("cannot write") > 2, "a write that fails")
			same(efd.stop(), 1, "a stop then loses lines, and says so")
			lines = whole()
			kept = len(lines) - 2
			same(octets([json.loads(line) for line in lines[1:-1]]), list(range(kept)), "the file has whole lines")
			ok(f"{120 - kept} records were lost" in efd.log_text(), "the rest is counted", efd.log_text())


def test_stop_at_once():
	es = FakeEs()
	es.after = hang(100, False)
	with Efd(es.url, stop_timeout="90s", elasticsearch_timeout="100s") as efd:
		efd.send(300)
		net.wait_for(lambda: efd.metric("efd_ship_sending_batches") > 0, "a request under way")
		efd.process.send_signal(signal.SIGTERM)
		net.wait_for(lambda: "stopping" in efd.log_text(), "the stop")
		time.sleep(0.5)
		same(efd.process.poll(), None, "a stop waits for the server")
		same(efd.stop(seconds=30), 0, "a second SIGTERM ends it, nothing is lost")
		ok("wait in the spool" in efd.log_text(), "the rest is in the spool", efd.log_text())
		es.after = None
		efd.start()
		net.wait_for(lambda: len(es.docs) >= 300, "all records")
		same(octets(es.lines(FLOWS)), list(range(300)), "and is sent by the next start")
	es.stop()


def test_says():
	es = FakeEs()
	with Efd(es.url) as efd:
		efd.send(90)
		send(efd.port, b"\x00\x63garbage", b"", b"\x00\x09\x00\x01")
		net.wait_for(lambda: len(es.docs) == 90, "all records")
		text = efd.get("/metrics")[1]
		bad = [line for line in text.splitlines()
			if not re.fullmatch(r'# (HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(\{([a-z]+="[^"]*",?)+\})? [0-9.e+]+', line)]
		same(bad, [], "/metrics is Prometheus' text format")
		names = re.findall(r"# TYPE (\S+)", text)
		same(len(names), len(set(names)), "no family comes twice")
		net.wait_for(lambda: efd.metric("efd_decode_unknown_version_total") == 1, "the count of garbage")
		ok("127.0.0.1 port" in efd.log_text(), "garbage is told with its source")
		same(efd.get("/nothing")[0], 404, "other paths: 404")
		with open(f"/proc/{efd.process.pid}/status") as f:
			mode = re.search(r"^Seccomp:\s+(\d)", f.read(), re.M)[1]
		if "no seccomp" in efd.log_text() or WITHOUT:
			skip("system calls are filtered", "this build has no libseccomp, or a sanitizer")
		else:
			same(mode, "2", "system calls are filtered")
	es.stop()


def test_refuses():
	"""Wrong settings: exit code 2, and a message that names the setting."""
	busy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	busy.bind(("127.0.0.1", 0))
	port = busy.getsockname()[1]
	cases = [
		(["--listen", "127.0.0.1:99999"], "99999"),
		(["--listen", "::1:2055"], "[address]:port"),
		(["--listen", "localhost:2055"], "localhost"),
		(["--listen", f"127.0.0.1:{port}"], "another program"),
		(["--udp-allow", "10.0.0.1/8"], "udp.allow"),
		(["--udp-allow", "10.0.0.0/40"], "udp.allow"),
		(["--udp-cpus", "0,x"], "'x'"),
		(["--ship-batch-size", "12"], "ship-batch-size"),
		(["--ship-buffers", "2", "--udp-workers", "4"], "ship.buffers"),
		(["--url", "ftp://x"], "ftp://x"),
		(["--namespace", "UPPER"], "namespace"),
		(["--spool-dir", "/proc/x"], "/proc/x"),
		(["--state-dir", "/proc/x"], "/proc/x"),
		(["--metrics-listen", "127.0.0.1:no"], "metrics.listen"),
		(["--output", "/no/such/dir/file"], "/no/such/dir/file"),
		(["--no-such-option"], "no-such-option"),
		(["-c", "/no/such/file.yml"], "/no/such/file.yml"),
		(["operand"], "operand"),
	]
	for args, text in cases:
		base = [] if "--listen" in args else ["--listen", f"127.0.0.1:{net.free_udp_port()}"]
		p = subprocess.run([EFD, *base, *args], capture_output=True, text=True, timeout=20)
		ok(p.returncode in (1, 2) and text in p.stderr, f"refuses {' '.join(args)}", f"{p.returncode}: {p.stderr}")
	busy.close()
	with tempfile.NamedTemporaryFile("w", suffix=".yml") as f:
		f.write("udp:\n  listen: [2055]\n  lisen: 3\n")
		f.flush()
		p = subprocess.run([EFD, "-c", f.name, "--check-config"], capture_output=True, text=True)
		ok(p.returncode == 2 and ":3:" in p.stderr and "lisen" in p.stderr, "a wrong key is named with its line", p.stderr)
		f.seek(0)
		f.truncate()
		f.write("udp:\n  listen: [2055]\n")
		f.flush()
		p = subprocess.run([EFD, "-c", f.name, "--check-config"], capture_output=True, text=True)
		same((p.returncode, p.stdout), (0, "the settings are valid\n"), "--check-config takes a good file")
	with tempfile.NamedTemporaryFile("w", suffix=".yml") as f:
		f.write(subprocess.run([EFD, "--print-reference"], capture_output=True, text=True).stdout)
		f.flush()
		p = subprocess.run([EFD, "-c", f.name, "--check-config"], capture_output=True, text=True)
		same((p.returncode, p.stderr), (0, ""), "and its own reference")


run_all(test_templates_survive, test_elements_reload, test_socket_activation, test_workers, test_workers_change, test_tee, test_tee_long,
	test_tee_loop, test_sflow_agents, test_notify, test_output, test_output_full, test_stop_at_once, test_says, test_refuses)
