# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: the programs, the cluster with everything set up, a namespace of their own."""
import atexit
import glob
import importlib.util
import json
import os
import pty
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
for folder in ("lib", "captures", "fault"):
	sys.path.insert(0, os.path.join(HERE, "..", folder))

import cluster  # noqa: E402
import tap  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
EFCTL, EFD = os.path.join(BUILD, "efctl"), os.path.join(BUILD, "efd")
CAPTURES = os.path.join(ROOT, "..", "shared", "captures")

def fault_harness():
	"""tests/fault/harness.py, whose name this file has, too."""
	spec = importlib.util.spec_from_file_location("fault_harness", os.path.join(ROOT, "tests", "fault", "harness.py"))
	module = importlib.util.module_from_spec(spec)
	spec.loader.exec_module(module)
	return module


fault = fault_harness()
STREAMS = ("logs-flow-{}", "logs-flow.failed-{}", "metrics-flow.counters-{}", "metrics-flow.exporters-{}")


def efctl(*args, es=None, env=None, cwd=None, stdin=""):
	"""Run efctl (against ES); CompletedProcess with text."""
	e = dict(os.environ, **(es.env() if es else {}), **(env or {}))
	return subprocess.run([EFCTL, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
		errors="replace", env=e, cwd=cwd)


def typed(args, answer, es, cwd=None, env=None):
	"""efctl on a terminal; ANSWER(what the screen shows, as octets) is what somebody types then, or nothing. (exit code, the screen as text)"""
	pid, screen = pty.fork()
	if pid == 0:
		os.chdir(cwd or ".")
		os.execve(EFCTL, ["efctl", *args], dict(os.environ, **es.env(), **(env or {})))
	text = b""
	try:
		while chunk := os.read(screen, 4096):
			text += chunk
			os.write(screen, answer(text) or b"")
	except OSError:	# the other end is closed
		pass
	code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
	os.close(screen)
	return code, text.decode(errors="replace").replace("\r\n", "\n")


def replay(es, namespace, *files):
	"""(exit code, the summary as JSON or {}, standard error)"""
	r = efctl("replay", "--json", "--namespace", namespace, *files, es=es)
	return r.returncode, json.loads(r.stdout) if r.stdout.startswith("{") else {}, r.stderr


def ready(name="opensearch"):
	"""The cluster with everything set up; setup may be run by each test, it is idempotent."""
	es = cluster.connect(name)
	r = efctl("setup", "--yes", "--no-key", "--dictionaries-dir", "", "--reset", "assets", "--reset", "profile", "--reset", "active-timeout", es=es)	# whatever the tests before left
	if r.returncode:
		tap.ok(False, "efctl setup", r.stdout + r.stderr)
		tap.done()
	return es


def bare_assets():
	"""A temporary folder of all assets for a node without ingest processors: as they are, except that pipelines do nothing."""
	tmp = tempfile.TemporaryDirectory()
	r = efctl("assets", "--write", tmp.name)
	tap.same(r.returncode, 0, "assets are written to a folder")
	for path in glob.glob(os.path.join(tmp.name, "ingest-pipelines", "*.yml")):
		with open(path, "w") as f:
			f.write("# Stands in for the real one: this node has no processors.\ndescription: Does nothing.\nprocessors: []\n")
	return tmp


def namespace(es, name):
	"""A namespace whose streams are gone when the test ends (several tests may share a cluster)."""
	ns = f"{name}.{os.getpid()}"

	def wipe():
		for s in STREAMS:
			es.delete("/_data_stream/" + s.format(ns))
	atexit.register(wipe)
	return ns
