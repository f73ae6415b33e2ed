#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed takes effect, or setup, status and doctor say what is in its way: somebody's template that wins, a plain index or an
alias of a stream's name, a write index without our pipeline, raw documents that such a thing left behind. Nobody says that all is well, and a rollover moves nothing to another's."""
import json
import os
import tempfile

import harness
from tap import done, ok, same

PREFIX = "seen"
STREAM, TEMPLATE = f"logs-{PREFIX}.flow-default", f"logs-{PREFIX}.flow"
CAPTURE = os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap")
FOREIGN = {"index_patterns": [f"logs-{PREFIX}.flow-*"], "priority": 900, "data_stream": {}, "template": {"settings": {"number_of_replicas": 0}}}


def run(es, folder, command, *args):
	quiet = ["--no-kibana"] if command in ("setup", "remove") else []
	return harness.efctl(command, "--prefix", PREFIX, *quiet, *args, es=es, cwd=folder)


def told(es, folder, name, *words):
	"""setup, status, doctor and replay name it, each with its exit code."""
	for command, args in (("setup", ["--no-key", "--no-connection", "--yes"]), ("setup", ["--no-key", "--no-connection", "--dry-run"]),
			("status", []), ("doctor", []), ("replay", [CAPTURE])):
		r = run(es, folder, command, *args)
		text = r.stdout + r.stderr
		shown = " ".join([command, *args[2:]])	# without --no-key --no-connection
		same(r.returncode, 3, f"{name}: {shown} has exit code 3") or print("# " + text[-1500:].replace("\n", "\n# "))
		ok(all(w in text for w in words), f"{name}: {shown} names it", text[-1500:])
	r = run(es, folder, "status", "--json")
	effects = json.loads(r.stdout)["effects"]
	ok(any(e["result"] == "problem" and words[0] in e["text"] for e in effects), f"{name}: status --json has it", json.dumps(effects))


def well(es, folder, name, *args):
	r = run(es, folder, "setup", "--no-key", "--no-connection", "--yes", *args)
	same(r.returncode, 0, f"{name}: setup") or print("# " + (r.stdout + r.stderr)[-1500:].replace("\n", "\n# "))
	r = run(es, folder, "status")
	ok(r.returncode == 0 and "problem" not in r.stdout, f"{name}: status says that all is well", r.stdout[-1500:])


def indices(es):
	return [i["index_name"] for i in es.must("GET", f"/_data_stream/{STREAM}")["data_streams"][0]["indices"]]


def foreign_template(es, folder):
	es.must("PUT", "/_index_template/somebodys", FOREIGN)
	told(es, folder, "a template of higher priority", "somebodys", STREAM)
	before = indices(es)
	r = run(es, folder, "setup", "--no-key", "--no-connection", "--yes", "--rollover", "--refresh", "7s")
	same((r.returncode, indices(es)), (3, before), "and --rollover moves no stream to it")
	es.must("POST", f"/{STREAM}/_rollover")
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, priority=1))
	told(es, folder, "a write index that was made from it", STREAM, "--rollover")
	well(es, folder, "after the advice is followed", "--rollover")
	same(len(indices(es)), len(before) + 2, "a new index was started once")


def raw_documents(es, folder):
	"""One that went ahead, and another one; efd has sent the first once more meanwhile. docs/operations.md has the calls."""
	lines = harness.efctl("decode", CAPTURE).stdout.splitlines()[:2]
	if not same(len(lines), 2, "two raw lines"):
		return
	es.must("PUT", "/_index_template/somebodys", FOREIGN)
	es.must("POST", f"/{STREAM}/_rollover")
	index = indices(es)[-1]
	for n, line in enumerate(lines):
		es.must("PUT", f"/{STREAM}/_create/raw-{n}", line)
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, priority=1))
	es.must("POST", f"/{STREAM}/_refresh")
	es.must("POST", f"/{STREAM}/_rollover")
	es.must("PUT", f"/{STREAM}/_create/raw-0", lines[0])
	told_raw(es, folder, "2 documents", STREAM, index, "Raw documents")
	raw = {"bool": {"must_not": {"exists": {"field": "ecs.version"}}}}
	r = es.must("POST", "/_reindex?refresh=true", {"conflicts": "proceed", "source": {"index": index, "query": raw}, "dest": {"index": STREAM, "op_type": "create"}})
	same((r["created"], r["version_conflicts"], r["failures"]), (1, 1, []), "what is not there yet goes through the pipeline")
	es.must("POST", f"/{index}/_delete_by_query?refresh=true", {"query": raw})
	well(es, folder, "and the raw lines are gone")
	docs = es.docs(STREAM)
	same(sorted(d["ecs"]["version"] for d in docs), ["8.17.0"] * 2, "each is there once, as a document")


def told_raw(es, folder, *words):
	for command in ("status", "doctor"):
		r = run(es, folder, command)
		same(r.returncode, 3, f"raw documents: {command} has exit code 3")
		ok(any(all(w in line for w in words) for line in r.stdout.splitlines()), f"raw documents: {command} names them", r.stdout[-1500:])


def other_things(es, folder):
	es.must("DELETE", f"/_data_stream/{STREAM}")
	es.must("DELETE", "/_index_template/somebodys")
	es.must("DELETE", f"/_index_template/{TEMPLATE}")
	es.must("PUT", f"/{STREAM}", {})
	told(es, folder, "a plain index", STREAM, "no data stream")
	es.must("DELETE", f"/{STREAM}")
	es.must("DELETE", f"/_index_template/{TEMPLATE}")
	es.must("PUT", f"/{PREFIX}-other", {"aliases": {STREAM: {}}})
	told(es, folder, "an alias", STREAM, "an alias")
	es.must("DELETE", f"/{PREFIX}-other")
	well(es, folder, "when it is gone")


def no_pipeline(es, folder):
	index = indices(es)[-1]
	es.must("PUT", f"/{index}/_settings", {"index": {"default_pipeline": "_none"}})
	told(es, folder, "a write index whose pipeline somebody took away", STREAM, "_none")
	es.must("PUT", f"/{index}/_settings", {"index": {"default_pipeline": f"{PREFIX}.flow"}})
	well(es, folder, "with its pipeline again")


def main():
	es = harness.ready()
	with tempfile.TemporaryDirectory(prefix="efctl-test-") as folder:
		os.chdir(folder)
		try:
			well(es, folder, "at first")
			foreign_template(es, folder)
			raw_documents(es, folder)
			other_things(es, folder)
			no_pipeline(es, folder)
		finally:
			run(es, folder, "remove", "--yes", "--data")
	done()


main()
