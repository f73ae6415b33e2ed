#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Settings that are there and cannot be taken are told, never passed over: odd files, repeated keys, files that others may write. With a scripted cluster."""
import os
import shutil
import socket
import stat
import subprocess
import tempfile

import harness
import cluster
import scripted
import standin
from tap import done, ok, same, skip

CONNECTION, LEFT = "conf.d/elasticsearch.yml", "elasticsearch:\n  namespace: left\n"


class Server(scripted.Server):
	def __init__(self):
		self.scripted = standin.Engine()
		super().__init__(standin.Handler)


def run(*command, **env):
	"""What waits for a file that is none would wait for ever."""
	try:
		r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env={**os.environ, "EF_CONFIG_DIR": etc, **env})
	except subprocess.TimeoutExpired:
		return -1, "it hangs"
	return r.returncode, r.stdout + r.stderr


def fresh():
	shutil.rmtree(etc, ignore_errors=True)
	os.makedirs(os.path.join(etc, "conf.d"))


def put(name, text):
	with open(os.path.join(etc, name), "w", encoding="utf-8") as f:
		f.write(text)


def loop(path):
	os.symlink(path, path)


def device(path):
	os.symlink("/dev/full", path)	# gives noughts without end


KINDS = (("dangling link", lambda path: os.symlink("/nonexistent/file", path)), ("link to itself", loop), ("folder", os.mkdir), ("FIFO", os.mkfifo),
	("socket", lambda path: socket.socket(socket.AF_UNIX).bind(path)), ("device", device))


def odd_files():
	for what, make in KINDS:
		for name, commands in ((CONNECTION, ("efd", "efctl")), ("efd.yml", ("efd",)), ("efctl.yml", ("efctl",))):
			fresh()
			path = os.path.join(etc, name)
			make(path)
			for command in commands:
				code, text = run(harness.EFD, "--check-config") if command == "efd" else run(harness.EFCTL, "status")
				ok(code in (1, 2) and path in text and "input error" not in text, f"{command}: {name} is a {what}", f"{code} {text}")
	for what, make in (KINDS[0], KINDS[1], ("file", lambda path: put("conf.d", ""))):
		fresh()
		path = os.path.join(etc, "conf.d")
		os.rmdir(path)
		make(path)
		code, text = run(harness.EFD, "--check-config")
		ok(code in (1, 2) and path in text, f"efd: conf.d is a {what}", f"{code} {text}")
	fresh()
	os.rmdir(os.path.join(etc, "conf.d"))
	same(run(harness.EFD, "--check-config"), (0, "the settings are valid\n"), "no conf.d is none")


def unheard():
	"""YAML that says more than is taken."""
	for text, says in ((f"{LEFT}---\n{LEFT}", ":3: a second document"), (f"{LEFT}...\n[\n", "not valid YAML"), (LEFT + LEFT, ":3:1: elasticsearch is here for the second time"),
			("udp: {listen: 2055, workers: 1, listen: 2056}\n", ":1:33: listen is here for the second time")):
		fresh()
		put("efd.yml", text)
		code, said = run(harness.EFD, "--check-config")
		ok(code == 2 and os.path.join(etc, "efd.yml") in said and says in said, f"efd refuses {text!r}", f"{code} {said}")
	for text in (f"---\n{LEFT}", f"{LEFT}---\n", f"{LEFT}...\n", "---\n...\n", "# nothing\n"):
		put("efd.yml", text)
		same(run(harness.EFD, "--check-config"), (0, "the settings are valid\n"), f"and takes {text!r}")


def others_may_write(es):
	"""Who may write the connection, or the CA, says where the flows go: setup makes them what they were."""
	fresh()
	ca, setup = os.path.join(top, "ca.pem"), [harness.EFCTL, "setup", "--no-kibana", "--yes", "--ca-file", os.path.join(top, "ca.pem")]
	with open(ca, "w", encoding="utf-8") as f:
		f.write("a certificate\n")
	code, text = run(*setup, **es.env())
	ok(code == 0 and "efd's connection: in" in text, "setup writes the connection", text)
	code, text = run(*setup, **es.env())
	ok(code == 0 and "efd's connection" not in text, "and then leaves it", text)
	for name, mode in ((CONNECTION, 0o640), ("conf.d/elasticsearch-ca.pem", 0o644)):
		path = os.path.join(etc, name)
		for what, change in (("may be written by all", lambda: os.chmod(path, 0o666)), ("is somebody else's", lambda: os.chown(path, 12345, -1))):
			change()
			code, text = run(*setup, "--dry-run", **es.env())
			ok(code == 3 and "update   efd's connection" in text, f"{name} {what}: that is in the plan", f"{code} {text}")
			code, text = run(*setup, **es.env())
			st = os.stat(path)
			same((code, stat.S_IMODE(st.st_mode), st.st_uid), (0, mode, 0), "and setup mends it")


with tempfile.TemporaryDirectory() as top:
	top = os.path.realpath(top)
	etc = os.path.join(top, "etc")
	server = Server()
	odd_files()
	unheard()
	if os.geteuid() == 0:
		others_may_write(cluster.Cluster(server.url))
	else:
		skip("the modes of what setup wrote", "not root")
done()
