#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two efctl at once: one waits, or refuses and says for whom; one that was stopped or killed is not waited for, and writes nothing more."""
import os
import signal
import subprocess
import threading
import time

import harness
import cluster
from tap import done, ok, same

INDEX = "/flow-installation"
SETUP = ["setup", "--no-key", "--no-connection"]


def start(es, *args):
	return subprocess.Popen([harness.EFCTL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
		env=dict(os.environ, **es.env()))


def run(es, *args):
	"""(exit code, all output, seconds)"""
	began = time.monotonic()
	p = start(es, *args)
	out, err = p.communicate()
	return p.returncode, out + err, time.monotonic() - began


def in_the_midst(es, *args):
	"""An efctl that began to write: its record says so, and it is stopped."""
	p = start(es, *args)
	while p.poll() is None:
		status, reply = es.get(INDEX + "/_doc/flow")
		if status == 200 and reply["_source"]["state"] == "applying":
			break
	p.send_signal(signal.SIGSTOP)
	return p


def everything(es):
	"""What a setup writes, with the number of each document's last writing; the lease comes and goes."""
	out = [es.must("GET", p) for p in ("/_ingest/pipeline/flow*", "/_index_template/*flow*", "/_component_template/flow*")]
	return out + [es.must("GET", INDEX + "/_doc/flow")]


def state(es):
	return es.must("GET", INDEX + "/_doc/flow")["_source"]["state"]


def at_once(es):
	"""On a cluster with nothing, so that both have all to do."""
	results = []
	threads = [threading.Thread(target=lambda: results.append(run(es, *SETUP, "--shards", "2"))) for _ in range(2)]
	for t in threads:
		t.start()
	for t in threads:
		t.join()
	ok([r[0] for r in results] == [0, 0], "two at once both come to their end", results)
	same([("create   pipeline" in text) for _, text, _ in sorted(results, key=lambda r: r[2])], [True, False],
		"the later one finds all that the first one made")
	same([state(es), es.get(INDEX + "/_doc/flow-lease")[0]], ["applied", 404], "and no lease is left")


def stopped(es):
	first = in_the_midst(es, *SETUP, "--shards", "3", "--leftovers", "drop")
	code, text, _ = run(es, *SETUP, "--wait", "2s")
	ok(code == 1 and f"process {first.pid}" in text and "efctl setup" in text and "--wait" in text, "who holds it is named to who cannot wait", text)
	code, text, _ = run(es, "status")
	ok("has not finished" in text and "running (efctl setup)" in text, "status says who is at it", text)
	for command in (["remove", "--yes", "--data", "--no-kibana"], ["dictionaries", "apply"]):
		code, text, _ = run(es, *command, "--wait", "0s")
		ok(code == 1 and f"process {first.pid}" in text, f"{command[0]} keeps away, too", text)
	code, text, took = run(es, *SETUP, "--shards", "4")
	ok(code == 0 and took > 20, "a lease that is not renewed expires", f"{took:.0f} s\n{text}")
	ok("this one continues it" in text, "and who takes over goes on", text)
	before = everything(es)
	first.send_signal(signal.SIGCONT)
	out, err = first.communicate()
	ok(first.returncode == 1 and "took over" in err, "the one that was stopped says so", out + err)
	ok(everything(es) == before, "and has written nothing more")
	same(before[-1]["_source"]["options"], {"setup.shards": "4", "setup.leftovers": "drop"}, "the options are those of both, one after the other")


def not_for_long(es):
	first = in_the_midst(es, *SETUP, "--shards", "5")
	time.sleep(12)
	first.send_signal(signal.SIGCONT)
	out, err = first.communicate()
	ok(first.returncode == 0 and state(es) == "applied", "one that was stopped for a moment goes on", out + err)


def killed(es):
	first = in_the_midst(es, *SETUP, "--shards", "6")
	first.kill()
	first.communicate()
	code, text, _ = run(es, "status")
	ok("did not finish" in text, "status says that it was cut off", text)
	code, text, took = run(es, *SETUP)
	ok(code == 0 and took < 25 and "this one continues it" in text, "nobody waits for one that was killed on this host", f"{took:.0f} s\n{text}")
	same(es.must("GET", INDEX + "/_doc/flow")["_source"]["options"]["setup.shards"], "6", "what it was told is done")


es = cluster.embedded("opensearch")
at_once(es)
stopped(es)
not_for_long(es)
killed(es)
done()
