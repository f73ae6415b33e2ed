#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed takes effect, or setup, status and doctor say what is in its way: somebody's template that wins, a plain index or an
alias of a stream's name, a write index without our pipeline, one that another comes after, a blocked one, one without _source, raw documents that such a thing left behind. Nobody says that all is well, and a rollover moves nothing to another's."""
import json
import os
import sys
import tempfile

import harness
import net
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
	"""One that went ahead, and another one; efd has sent the first once more meanwhile. docs/operating/proof.md has the calls."""
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
	told(es, folder, "a plain index", STREAM, "not a data stream")
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


def final_pipeline(es, folder):
	"""One of others comes after ours, and drops all: by a template that is made of ours, by the write index, by flow@custom."""
	es.must("PUT", "/_ingest/pipeline/drops-all", {"processors": [{"drop": {}}]})
	ours = es.must("GET", f"/_index_template/{TEMPLATE}")["index_templates"][0]["index_template"]
	theirs = dict(FOREIGN, composed_of=ours["composed_of"], template={"settings": {"index": {"default_pipeline": f"{PREFIX}.flow", "final_pipeline": "drops-all"}}})
	es.must("PUT", "/_index_template/somebodys", theirs)
	told(es, folder, "a template with a final pipeline", "somebodys", STREAM, "drops-all")
	es.must("PUT", "/_index_template/somebodys", dict(theirs, priority=1))
	for kind in ("logs-%s.flow", "metrics-%s.flow.counters", "metrics-%s.flow.exporters", "logs-%s.flow.failed"):
		stream = kind % PREFIX + "-default"
		index = es.must("GET", f"/_data_stream/{stream}")["data_streams"][0]["indices"][-1]["index_name"]
		es.must("PUT", f"/{index}/_settings", {"index.final_pipeline": "drops-all"})
		if kind.endswith(".flow"):
			efd_refuses(es, stream, "drops-all")
		told(es, folder, f"a final pipeline of {index}", stream, "drops-all", f"PUT /{index}/_settings")
		es.must("PUT", f"/{index}/_settings", {"index.final_pipeline": None})
	custom = f"/_component_template/{PREFIX}.flow@custom"
	before = es.must("GET", custom)["component_templates"][0]["component_template"]
	es.must("PUT", custom, dict(before, template={"settings": {"index.final_pipeline": "drops-all"}}))
	told(es, folder, "a final pipeline of flow@custom", STREAM, "drops-all", "flow@custom")
	es.must("PUT", custom, before)
	well(es, folder, "without a final pipeline")


def efd_refuses(es, stream, pipeline):
	"""efd reads the setting, where replies do not tell."""
	with harness.fault.Efd(es.url, prefix=PREFIX, decode_exporter_interval="1h") as efd:
		efd.send(90)
		net.wait_for(lambda: efd.get("/readyz")[0] == 503 and stream in efd.get("/readyz")[1], "a reason", 30)
		ok(pipeline in efd.get("/readyz")[1], "efd sends nothing there and names the pipeline", efd.get("/readyz"))
		efd.kill()


def no_source(es, folder):
	ours = es.must("GET", f"/_index_template/{TEMPLATE}")["index_templates"][0]["index_template"]
	template = {"settings": {"index": {"default_pipeline": f"{PREFIX}.flow"}}, "mappings": {"_source": {"enabled": False}}}
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, composed_of=ours["composed_of"], template=template))
	told(es, folder, "a template without _source", "somebodys", STREAM, "another mapping")
	template["mappings"] = {"properties": {"source": {"properties": {"ip": {"type": "ip", "index": False}}}}}
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, composed_of=ours["composed_of"], template=template))
	told(es, folder, "a template whose fields nobody can search", "somebodys", STREAM, "another mapping")
	more = {"site": {"type": "keyword"}, "source": {"properties": {"rack": {"type": "keyword"}}}}
	template["mappings"] = {"_meta": {"by": "somebody"}, "properties": more, "dynamic_templates": [{"any": {"match": "x*", "mapping": {"type": "keyword"}}}]}
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, composed_of=ours["composed_of"], template=template))
	well(es, folder, "a template with more fields than ours")
	template["mappings"] = {"_source": {"enabled": False}}
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, composed_of=ours["composed_of"], template=template))
	es.must("POST", f"/{STREAM}/_rollover")
	es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, priority=1))
	told(es, folder, "a write index without _source", STREAM, indices(es)[-1], "_source", "--rollover")
	well(es, folder, "after --rollover", "--rollover")


def blocked(es, folder):
	"""The index that is written to, alone; an old one may be blocked for good."""
	old, index = indices(es)[-2:]
	es.must("PUT", f"/{old}/_settings", {"index.blocks.write": True})
	well(es, folder, "an older index is blocked")
	for block in ("write", "read_only"):
		es.must("PUT", f"/{index}/_settings", {f"index.blocks.{block}": True})
		told(es, folder, f"a write index with blocks.{block}", STREAM, f"index.blocks.{block}", f"PUT /{index}/_settings")
		es.must("PUT", f"/{index}/_settings", {f"index.blocks.{block}": None})
	es.must("PUT", f"/{index}/_settings", {"index.blocks.write": True})
	with harness.fault.Efd(es.url, prefix=PREFIX, decode_exporter_interval="1h") as efd:
		efd.send(90)
		net.wait_for(lambda: efd.get("/readyz")[0] == 503 and f"PUT /{index}/_settings" in efd.get("/readyz")[1], "a remedy", 30)
		ok(True, "efd has the request that takes the block away, with the name of the index")
		efd.kill()
	es.must("PUT", f"/{index}/_settings", {"index.blocks.write": None})
	well(es, folder, "without a block")


def dropped(es, folder):
	"""By flow@custom, which may be what somebody wants: counted and named, and no problem."""
	custom = f"/_ingest/pipeline/{PREFIX}.flow@custom"
	before = es.must("GET", custom)[f"{PREFIX}.flow@custom"]
	es.must("PUT", custom, {"processors": [{"drop": {"tag": "mine"}}]})
	r = run(es, folder, "replay", "--json", CAPTURE)
	told = json.loads(r.stdout)
	same((r.returncode, told["shipped"]["discarded"], told["accounted"]), (0, told["records"]["flow"], True), "dropped by flow@custom: replay counts what it drops")
	ok("discarded by a pipeline" in run(es, folder, "replay", "--now", CAPTURE).stdout, "dropped by flow@custom: replay says so")
	n = 2 * told["records"]["flow"]
	with harness.fault.Efd(es.url, prefix=PREFIX, decode_exporter_interval="1h") as efd:
		efd.send(90)
		net.wait_for(lambda: efd.metric('efd_ship_documents_total{verdict="discarded"}') == 90, "what was dropped", 30)
		text = run(es, folder, "doctor", "--efd-url", f"http://127.0.0.1:{efd.metrics}").stdout
		ok("a pipeline dropped 90 documents that efd sent" in text, "dropped by flow@custom: doctor has efd's own count", text[-1500:])
		same((efd.metric('efd_ship_documents_total{verdict="stored"}'), efd.stop()), (0, 0), "dropped by flow@custom: efd counts it apart")
	for command in ("status", "doctor"):
		text = run(es, folder, command).stdout
		ok(f"{PREFIX}.flow@custom has dropped {n + 90} documents" in text, f"dropped by flow@custom: {command} names it", text[-1500:])
	es.must("PUT", custom, before)


def replaced(es, folder):
	"""The pipeline that all flows go through: somebody's in its place, ours changed by hand, none."""
	pipeline = f"/_ingest/pipeline/{PREFIX}.flow"
	before = es.must("GET", pipeline)[f"{PREFIX}.flow"]
	es.must("PUT", pipeline, {"processors": []})
	told(es, folder, "somebody's pipeline in place of ours", f"{PREFIX}.flow", "not ours", "--force")
	es.must("PUT", pipeline, dict(before, processors=before["processors"] + [{"set": {"field": "labels.site", "value": "x"}}]))
	r = run(es, folder, "status")
	ok(r.returncode == 0 and any("changed by hand" in line and "note" in line and "--force" in line for line in r.stdout.splitlines()), "ours changed by hand: a note, with the command", r.stdout[-1500:])
	if es.request("DELETE", pipeline)[0] == 200:	# newer versions of Elasticsearch refuse it
		for command, args in (("status", []), ("doctor", []), ("replay", [CAPTURE])):
			r = run(es, folder, command, *args)
			ok(r.returncode == 3 and "missing" in r.stdout + r.stderr and "setup" in r.stdout + r.stderr, f"no pipeline: {command} names it", r.stdout[-1500:])
	well(es, folder, "when ours is there again", "--force")


def failed_is_index(es, folder):
	"""What doctor cannot look at does not hide the rest."""
	name = f"logs-{PREFIX}.flow.failed"
	es.must("DELETE", f"/_data_stream/{name}-default")
	es.must("DELETE", f"/_index_template/{name}")
	es.must("PUT", f"/{name}-default", {})
	told(es, folder, "the stream of refused records is an index", f"{name}-default", "not a data stream")
	r = run(es, folder, "doctor")
	ok("threat feed" in r.stdout and "No mapping" not in r.stdout + r.stderr, "doctor goes on to the end", r.stdout[-1500:] + r.stderr)
	es.must("DELETE", f"/{name}-default")
	well(es, folder, "when it is gone")


def main():
	es = harness.ready()
	with tempfile.TemporaryDirectory(prefix="efctl-test-") as folder:
		os.chdir(folder)
		try:
			well(es, folder, "at first")
			if len(sys.argv) > 1:
				[globals()[name](es, folder) for name in sys.argv[1:]]
				return
			foreign_template(es, folder)
			raw_documents(es, folder)
			other_things(es, folder)
			no_pipeline(es, folder)
			final_pipeline(es, folder)
			no_source(es, folder)
			blocked(es, folder)
			dropped(es, folder)
			replaced(es, folder)
			failed_is_index(es, folder)
		finally:
			run(es, folder, "remove", "--yes", "--data")
	done()


main()
