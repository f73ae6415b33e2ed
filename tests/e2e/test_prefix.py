#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl and efd with --prefix: an installation of its own beside another one in the same cluster, and neither touches the other."""
import json
import os
import tempfile

import harness
import cluster
import net
from tap import done, ok, same

CAPTURES = os.path.join(harness.ROOT, "tests", "captures")
NETFLOW, SFLOW = (os.path.join(CAPTURES, name) for name in ("branch-netflow5.pcap", "vm-sflow.pcap"))
STREAMS = "logs-{}flow", "metrics-{}flow.counters", "metrics-{}flow.exporters", "logs-{}flow.failed", "logs-{}ti_flow"
SECTIONS = "component_template", "index_template", "data_stream"


def efctl(es, folder, *args):
	args += ("--no-connection",) if args[0] == "setup" else ()
	r = harness.efctl(*args, es=es, cwd=folder)
	r.all = f"exit code {r.returncode}\n{r.stdout[-3000:]}{r.stderr[-3000:]}"
	return r


def names(es):
	"""Everything that has a name in the cluster state: {section: names}."""
	m = es.must("GET", "/_cluster/state/metadata")["metadata"]
	held = {s: sorted(m.get(s, {}).get(s, {})) for s in SECTIONS}
	return dict(held, indices=sorted(m["indices"]), pipelines=sorted(p["id"] for p in m.get("ingest", {}).get("pipeline", [])))


def everything(es, prefix):
	"""All assets, the record and the documents of an installation, as the cluster shows them; without the prefix if they hold it."""
	out = {"pipelines": es.must("GET", f"/_ingest/pipeline/{prefix}flow*"),
		"components": es.must("GET", f"/_component_template/{prefix}flow@*"),
		"templates": {t["name"]: t for t in es.must("GET", "/_index_template")["index_templates"]
			if t["name"].startswith(tuple(kind + prefix + word for kind in ("logs-", "metrics-") for word in ("flow", "ti_flow")))},
		"record": es.get(f"/{prefix}flow-installation/_doc/flow")[1]}
	for stream in STREAMS:
		name = stream.format(prefix) + "-default"
		es.post(f"/{name}/_refresh")
		status, reply = es.post(f"/{name}/_search", {"size": 10000})
		out[name] = sorted((h["_index"], h["_id"], json.dumps(h["_source"], sort_keys=True)) for h in reply["hits"]["hits"]) \
			if status == 200 else None
	return out


def is_same(es, prefix, before, what):
	after = everything(es, prefix)
	differ = [k for k in before if before[k] != after[k]]
	ok(not differ and before["pipelines"] and before["record"].get("found"), what, f"differs: {differ}")


def refused(es, folder):
	before = names(es)
	for bad in "Acme", "a-b", "a.b", "1a", "_a", "a*", "flow", "ti_flow", "a" * 33, "ü":
		for command in ("setup", "--yes", "--no-key"), ("status",):
			r = efctl(es, folder, *command, "--prefix", bad)
			ok(r.returncode == 2 and "elasticsearch.prefix" in r.stderr, f"{command[0]}: prefix '{bad}' is refused", r.all)
	same(names(es), before, "and nothing was written")


def two_beside_each_other(es, folder):
	"""The default one has documents before the other comes."""
	r = efctl(es, folder, "setup", "--yes", "--no-key")
	same(r.returncode, 0, "the default installation")
	ok(efctl(es, folder, "replay", NETFLOW, SFLOW).returncode == 0, "captures are replayed into it")
	before, had = everything(es, ""), names(es)

	tables = os.path.join(folder, "tables")
	os.mkdir(tables)
	with open(os.path.join(tables, "hosts.csv"), "w") as f:	# too many for the pipeline itself
		f.write("address,name\n")
		f.writelines(f"10.20.{i >> 8}.{i & 255},host-{i}-{'x' * 40}\n" for i in range(20000))
	r = efctl(es, folder, "setup", "--yes", "--no-key", "--prefix", "acme", "--retention", "7d", "--dictionaries-dir", tables)
	same(r.returncode, 0, f"--prefix acme beside it {r.all if r.returncode else ''}")
	made = [n for s, held in names(es).items() for n in held if n not in had[s]]
	foreign = [n for n in made if "acme.flow" not in n and "acme.ti_flow" not in n]
	ok(len(made) > 30 and not foreign, f"all of the {len(made)} new names have the prefix", foreign)
	ok(any(n.startswith("acme.flow-dict-hosts") for n in made), "a large table has pipelines of its own")
	is_same(es, "", before, "the default one is byte for byte what it was")
	for prefix in (), ("--prefix", "acme"):
		r = efctl(es, folder, "setup", "--no-key", "--dry-run", *prefix)
		same(r.returncode, 0, f"setup {' '.join(prefix)} once more changes nothing {r.all if r.returncode else ''}")
	r = efctl(es, folder, "setup", "--yes", "--no-key", "--retention", "9d")
	same(r.returncode, 0, "the default one gets another option")
	reply = json.dumps(es.must("GET", "/acme.flow-installation/_doc/flow")["_source"]["options"])
	ok("7d" in reply and "9d" not in reply, "each remembers its own options", reply)


def documents(es, folder):
	default = everything(es, "")
	r = efctl(es, folder, "replay", "--json", "--prefix", "acme", NETFLOW, SFLOW)
	summary = json.loads(r.stdout) if r.stdout.startswith("{") else {}
	records = summary.get("records", {})
	same([r.returncode, summary.get("accounted")], [0, True], "captures are replayed with --prefix acme")
	same([es.count("logs-acme.flow-default"), es.count("metrics-acme.flow.counters-default"), es.count("logs-acme.flow.failed-default")],
		[records.get("flow"), records.get("counters"), 0], "every record is in the streams with the prefix, none failed")
	docs = es.docs("logs-acme.flow-default")
	plain = es.docs("logs-flow-default")
	ok(docs and all(d["event"]["dataset"] == "acme.flow" for d in docs), "event.dataset has the prefix")
	ok(all(d["event"]["module"] == "flow" for d in docs), "event.module has not")
	same({(d["data_stream"]["dataset"], d["data_stream"]["namespace"]) for d in docs}, {("acme.flow", "default")}, "data_stream")
	same({d["data_stream"]["dataset"] for d in plain}, {"flow"}, "the default one's documents have its own")
	same(sorted(d["network"]["bytes"] for d in docs), sorted(d["network"]["bytes"] for d in plain), "both have the same bytes, record by record")
	ok(all(set(p) - {"tags"} <= set(d) for p, d in zip(sorted(plain, key=key), sorted(docs, key=key))), "both are enriched alike")
	counted = es.docs("metrics-acme.flow.counters-default")
	same({d["event"]["dataset"] for d in counted}, {"acme.flow.counters"}, "a counter sample's dataset")
	named = [d for d in docs if any(str(d.get("flow", {}).get(end, {}).get("name", "")).startswith("host-") for end in ("source", "destination"))]
	plainly = [d for d in plain if "host-" in json.dumps(d)]
	ok(named and not plainly, "the large table of acme names hosts there and not in the default one", f"{len(named)} {len(plainly)}")
	is_same(es, "", default, "the default one got nothing of it")


def key(document):
	return document["@timestamp"], json.dumps(document.get("source")), json.dumps(document.get("destination")), document["network"]["bytes"], \
		json.dumps(document["event"].get("id"))


def each_sees_its_own(es, folder):
	es.must("POST", "/logs-acme.flow-default/_doc?refresh=true&pipeline=_none", {"@timestamp": "2026-01-01T00:00:00Z", "network": {"bytes": 1}})
	for prefix, args in ("", ()), ("acme.", ("--prefix", "acme")):
		streams = {s.format(prefix): es.count(s.format(prefix) + "-default") for s in STREAMS[:4]}	# refreshes them
		r = efctl(es, folder, "status", "--json", *args)
		status = json.loads(r.stdout) if r.stdout.startswith("{") else {}
		same({k: v["documents"] for k, v in status.get("streams", {}).items()}, streams, f"status {' '.join(args)}: its streams")
		same({a["action"] for a in status.get("assets", [{"action": "none"}])} - {"yours"}, {"same"}, f"status {' '.join(args)}: its assets")
		retention = (status.get("record") or {}).get("options", {}).get("setup.retention")
		same(retention, "7d" if prefix else "9d", f"status {' '.join(args)}: its record")
		r = efctl(es, folder, "doctor", *args)
		ok("everything that setup installs is in place" in r.stdout and "would get the pipeline" not in r.stdout
			and "the newest flow record is" in r.stdout and "no failed records" in r.stdout, f"doctor {' '.join(args)}", r.all)
		r = efctl(es, folder, "top", "exporters", "--json", *args)
		top = json.loads(r.stdout) if r.stdout.startswith("{") else {}
		same(top.get("all", {}).get("flows"), es.count(f"logs-{prefix}flow-default"), f"top {' '.join(args)}")
	r = efctl(es, folder, "status", "--prefix", "other")
	ok(r.returncode == 0 and "nothing is set up" in r.stdout, "of a third one nothing is there", r.all)
	r = efctl(es, folder, "replay", "--prefix", "other", NETFLOW)
	ok(r.returncode == 1 and "logs-other.flow" in r.stderr, "and nothing is replayed into it", r.all)
	line = harness.efctl("decode", NETFLOW).stdout.splitlines()[0]
	with open(os.path.join(folder, "line"), "w") as f:
		f.write(line + "\n")
	r = efctl(es, folder, "simulate", "--prefix", "acme", "line")
	ok(r.returncode == 0 and '"dataset": "acme.flow"' in r.stdout, "simulate runs its pipelines", r.all)


def connection(es, folder):
	"""efd's connection on this host, which efctl reads, too, says which installation is meant."""
	conf = os.path.join(folder, "conf")
	os.mkdir(conf)

	def run(*args):
		r = harness.efctl(*args, es=es, cwd=folder, env={"EF_CONFIG_DIR": conf})
		return f"exit code {r.returncode}\n{r.stdout}{r.stderr}"
	text = run("setup", "--yes", "--no-key")
	with open(os.path.join(conf, "conf.d", "elasticsearch.yml")) as f:
		ok("exit code 0" in text and "prefix" not in f.read(), "without a prefix the connection says nothing of one", text)
	text = run("setup", "--yes", "--no-key", "--prefix", "acme")
	with open(os.path.join(conf, "conf.d", "elasticsearch.yml")) as f:
		ok("prefix: 'acme'" in f.read(), "setup --prefix writes it into the connection", text)
	ok("efd on this host ships to namespace default (no prefix) and will" in text, "and says that efd moves", text)
	ok("logs-acme.flow " in run("status"), "then acme is meant without --prefix")
	ok("logs-flow " in run("status", "--prefix", ""), "and the one without a prefix with --prefix ''")
	text = run("remove", "--dry-run", "--data", "--prefix", "")
	ok("exit code 2" in text and "this one is empty" in text, "remove takes no empty flag", text)


def failures(es):
	"""A record that cannot be enriched, and once more."""
	broken = {"processors": [{"fail": {"message": "broken by the test"}}]}
	mine = es.must("GET", "/_ingest/pipeline/acme.flow@custom")["acme.flow@custom"]
	es.must("PUT", "/_ingest/pipeline/acme.flow@custom", broken)
	before = es.count("logs-flow.failed-default"), es.count("logs-flow-default"), es.count("logs-acme.flow-default")
	with harness.fault.Efd(es.url, prefix="acme") as efd:
		efd.send(30)
		net.wait_for(lambda: es.count("logs-acme.flow.failed-default") == 30, "failed records", 60)
		same(efd.stop(), 0, "efd --prefix acme stops cleanly")
	same({d["event"]["dataset"] for d in es.docs("logs-acme.flow.failed-default")}, {"acme.flow.failed"}, "what fails goes to its own failed stream")
	es.must("PUT", "/_ingest/pipeline/acme.flow@custom", mine)
	es.must("POST", "/_reindex?refresh=true", {"source": {"index": "logs-acme.flow.failed-default"},
		"dest": {"index": "logs-acme.flow-default", "op_type": "create", "pipeline": "acme.flow-retry"}})
	same((es.count("logs-flow.failed-default"), es.count("logs-flow-default"), es.count("logs-acme.flow-default") - 30), before,
		"acme.flow-retry brings them to its own stream")


def live(es):
	"""efd: flows, and the lines about its exporters."""
	had, other = es.count("logs-acme.flow-default"), es.count("logs-flow-default")
	with harness.fault.Efd(es.url, prefix="acme") as efd:
		efd.send(60)
		net.wait_for(lambda: es.count("logs-acme.flow-default") == had + 60, "records", 60)
		same(efd.stop(), 0, "efd stops cleanly")
	same([es.count("logs-flow-default"), es.count("logs-acme.flow.failed-default")], [other, 30], "efd --prefix acme writes nowhere else")
	about = es.docs("metrics-acme.flow.exporters-default")
	same({d["event"]["dataset"] for d in about}, {"acme.flow.exporters"}, "the lines about exporters have their own stream and dataset")


def disjoint(es, folder):
	"""Somebody else's template is found before anything is written."""
	before = names(es)
	es.must("PUT", "/_index_template/logs-rival.flow-lab", {"index_patterns": ["logs-rival.flow-lab*"], "priority": 260, "data_stream": {}})
	r = efctl(es, folder, "setup", "--yes", "--no-key", "--prefix", "rival")
	ok(r.returncode == 2 and "index template logs-rival.flow-lab" in r.stderr, "one whose name looks like ours is no exception", r.all)
	es.must("DELETE", "/_index_template/logs-rival.flow-lab")
	for pattern in "logs-rival.flow-*", "logs-riv*", "logs-r*.failed-*":
		priority = 270 if "failed" in pattern else 260
		es.must("PUT", "/_index_template/theirs", {"index_patterns": ["other-*", pattern], "priority": priority})
		r = efctl(es, folder, "setup", "--yes", "--no-key", "--prefix", "rival")
		ok(r.returncode == 2 and "index template theirs" in r.stderr and f"priority {priority}" in r.stderr,
			f"{pattern} with the same priority is refused by name", r.all)
		es.must("DELETE", "/_index_template/theirs")
		left = {s: [n for n in held if n not in before[s]] for s, held in names(es).items()}
		same([n for held in left.values() for n in held if n != "rival.flow-installation"], [], "before anything was written")
	es.must("PUT", "/_index_template/theirs", {"index_patterns": ["logs-rival.flow-x*"], "priority": 900})
	r = efctl(es, folder, "setup", "--dry-run", "--no-key", "--prefix", "rival")
	ok(r.returncode == 3 and "index template theirs, whose priority is higher" in r.stdout, "a higher one is told", r.all)
	es.must("PUT", "/_index_template/theirs", {"index_patterns": ["logs-acme.flow-default*"], "priority": 900, "data_stream": {}})
	said = [efctl(es, folder, "doctor", *args).stdout for args in (("--prefix", "acme"), ())]
	same(["index template theirs has a higher priority" in s for s in said], [True, False], "doctor tells the installation whose stream it takes")
	es.must("PUT", "/_index_template/theirs", {"index_patterns": ["other-*"]})	# one that a stream uses cannot be deleted
	es.must("DELETE", "/_index_template/theirs")


def removal(es, folder):
	r = efctl(es, folder, "setup", "--yes", "--no-key", "--prefix", "cme")	# its name is the end of another
	same(r.returncode, 0, "a third installation")
	default, acme = everything(es, ""), everything(es, "acme.")
	r = efctl(es, folder, "remove", "--yes", "--prefix", "cme")
	ok(r.returncode == 0 and not [n for held in names(es).values() for n in held if "cme.flow" in n.replace("acme.", "")],
		"it is removed, all of it", r.all)
	is_same(es, "", default, "the default one is byte for byte what it was")
	is_same(es, "acme.", acme, "acme, too")
	r = efctl(es, folder, "remove", "--yes", "--data")
	ok(r.returncode == 0 and not [n for held in names(es).values() for n in held if "flow" in n and "acme." not in n],
		"the default one is removed, all of it", r.all)
	is_same(es, "acme.", acme, "acme is byte for byte what it was")
	r = efctl(es, folder, "remove", "--yes", "--data", "--force", "--prefix", "acme")
	same(r.returncode, 0, "acme is removed")


def main():
	with tempfile.TemporaryDirectory() as folder:
		es = cluster.embedded("opensearch")
		empty = names(es)
		refused(es, folder)
		two_beside_each_other(es, folder)
		documents(es, folder)
		each_sees_its_own(es, folder)
		connection(es, folder)
		failures(es)
		live(es)
		disjoint(es, folder)
		removal(es, folder)
		same(names(es), empty, "the cluster is what it was, name by name")
	done()


main()
