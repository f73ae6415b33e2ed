#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl while allocations fail, one a run: the plan of setup (dry runs against a server with nothing, and with all of it), and setup.

No memory is an error that is told: no crash, and never a success that is none. The first call from each place is taken, a place
being the six innermost callers; ALLOC_FAIL=n build/tests/alloc/efctl … repeats one. EVERY=k takes each k-th place only.
"""
import copy
import concurrent.futures
import os
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import tap  # noqa: E402
from server import Server  # noqa: E402

EFCTL = os.path.join(TOP, os.environ.get("BUILD", "build"), "tests", "alloc", "efctl")
EVERY = int(os.environ.get("EVERY") or 1)
JOBS = int(os.environ.get("ALLOC_JOBS") or os.cpu_count())


def run(server, command, **env):
	return subprocess.run([EFCTL, *command], env={**os.environ, "EF_ELASTICSEARCH_URL": server.url, "MALLOC_PERTURB_": "165", **env},
		stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=120)


def places(server, command):
	with tempfile.NamedTemporaryFile("r") as f:
		run(server, command, ALLOC_PLACES=f.name)
		return [int(line) for line in f][::EVERY]


def wrong(good, r, state, wanted):
	"""What is wrong with run R in which an allocation failed, when GOOD is the one in which none did; None: nothing."""
	if r.returncode < 0:
		return f"died: {signal.Signals(-r.returncode).name}"
	if r.returncode == good.returncode:
		if state != wanted:
			return "it says that all is well, and the server has something else"
		return None if r.stdout == good.stdout else "another result, and the same exit code"
	if r.returncode not in (1, 2, 4):
		return f"exit code {r.returncode}"
	return None if r.stderr.strip() else "no word about it"


def judge(name, command, filled):
	"""All places of COMMAND, against a server on which setup was done before, or not."""
	def fresh():
		server = Server()
		if filled:
			server.kept.update(filled.kept)
			server.documents = filled.documents.copy()
		return server
	server = fresh()
	good = run(server, command)
	done, wanted = server, copy.deepcopy(server.state())
	numbers = places(fresh(), command)
	writes = not {"--dry-run", "--diff"} & set(command)

	def one(n):
		s = fresh() if writes else server
		r = run(s, command, ALLOC_FAIL=str(n))
		found = wrong(good, r, s.state(), wanted)
		if writes:
			s.shutdown()
		return found and f"ALLOC_FAIL={n}: {found}\n{r.stderr[-300:]}"
	with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
		bad = [b for b in pool.map(one, numbers) if b]
	tap.ok(not bad and len(numbers) > 100 / EVERY, f"{name}: {len(numbers)} places without memory", "\n".join(bad[:40]) + f"\n{len(bad)} in all")
	return done


kept = judge("setup", ["setup", "--no-key", "--no-connection"], None)
judge("the plan for a server with nothing", ["setup", "--dry-run", "--no-key", "--no-connection"], None)
judge("the plan for a server with all of it", ["setup", "--dry-run", "--no-key", "--no-connection"], kept)
EDITED = "/_component_template/flow@settings"
edited = Server()
edited.kept.update(copy.deepcopy(kept.kept))
edited.documents = kept.documents.copy()
edited.kept[EDITED]["template"]["settings"]["index"]["refresh_interval"] = "77s"
judge("the lines that somebody changed", ["setup", "--diff", "--no-key", "--no-connection"], edited)
tap.done()
