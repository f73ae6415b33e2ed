#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl remembers: options, tables and namespaces in one record of the cluster, which setup, status, doctor and remove go by."""
import hashlib
import json
import os
import random
import tempfile

import harness
import cluster
from tap import done, ok, same

INDEX = "/flow-installation"
HOSTS = "address,name\n192.0.2.7,seven\n192.0.2.8,eight\n"
NETWORKS = "prefix,name\n192.0.2.0/24,lab\n"


def efctl(es, *args):
	r = harness.efctl(*args, es=es)
	r.all = f"exit code {r.returncode}\n{r.stdout[-3000:]}{r.stderr[-3000:]}"
	return r


def setup(es, *args):
	return efctl(es, "setup", "--no-key", "--no-connection", *args)


def record(es):
	reply = es.must("GET", INDEX + "/_doc/flow")
	return {**reply["_source"], "seq_no": reply["_seq_no"]}


def edit(es, **members):
	"""The record as another program would change it."""
	es.must("PUT", INDEX + "/_doc/flow?refresh=true", {**es.must("GET", INDEX + "/_doc/flow")["_source"], **members})


def names(es):
	"""Everything that the cluster has a name for."""
	meta = es.must("GET", "/_cluster/state/metadata")["metadata"]
	out = {kind: sorted(meta.get(kind, {})) for kind in ("indices", "templates")}
	out["pipelines"] = sorted(es.request("GET", "/_ingest/pipeline")[1])
	out["index templates"] = sorted(t["name"] for t in es.must("GET", "/_index_template")["index_templates"])
	out["component templates"] = sorted(t["name"] for t in es.must("GET", "/_component_template")["component_templates"])
	return out


def assets(es):
	return [es.must("GET", path) for path in ("/_ingest/pipeline/flow*", "/_index_template/*flow*", "/_component_template/flow*")]


def settings(es):
	body = es.must("GET", "/_component_template/flow@settings")["component_templates"][0]["component_template"]
	return body["template"]["settings"]["index"]


def write(path, text):
	with open(path, "w", encoding="utf-8") as f:
		f.write(text)


def unchanged(es, name, *args):
	"""Setup with ARGS changes nothing."""
	before, was = assets(es), record(es)
	r = setup(es, *args)
	return ok(r.returncode == 0 and assets(es) == before and record(es) == was, name, r.all)


def others_index(es, at_first):
	"""The name is taken, by an index of somebody else's or an alias."""
	es.must("PUT", INDEX, {"mappings": {"properties": {"city": {"type": "keyword"}}}})
	es.must("PUT", INDEX + "/_doc/theirs?refresh=true", {"city": "Berlin"})
	for args in (["--yes"], ["--dry-run"]):
		r = setup(es, *args)
		ok(r.returncode == 2 and "index flow-installation" in r.stderr and "not efctl's" in r.stderr, f"an index that is not ours is refused with {args[0]}", r.all)
	r = efctl(es, "remove", "--yes", "--no-kibana")
	es.post(INDEX + "/_refresh")
	same([r.returncode, es.must("GET", INDEX + "/_search")["hits"]["total"]["value"]], [0, 1], "and remove leaves it with its document")
	es.must("DELETE", INDEX)
	es.must("PUT", "/somewhere", {"aliases": {"flow-installation": {}}})
	r = setup(es, "--yes")
	ok(r.returncode == 2 and "alias of the index somewhere" in r.stderr, "so is an alias", r.all)
	es.must("DELETE", "/somewhere")
	same(names(es), at_first, "nothing was installed")


def options(es, tables):
	r = setup(es, "--shards", "2", "--refresh", "5s", "--leftovers", "drop", "--dictionaries-dir", tables)
	ok(r.returncode == 0, "setup with options", r.all)
	got = record(es)
	same(got["options"], {"setup.shards": "2", "setup.refresh": "5s", "setup.leftovers": "drop"}, "the record has those that were named")
	same({n: (f["rows"], f["bytes"], f["hash"]) for n, f in got["dictionaries"]["files"].items()},
		{n: (rows, len(t), hashlib.sha256(t.encode()).hexdigest()) for n, rows, t in (("hosts.csv", 2, HOSTS), ("networks.csv", 1, NETWORKS))},
		"and the user's tables")
	ok(got["namespaces"] == ["default"] and got["state"] == "applied" and "@" in got["by"] and got["version"] and got["at"], "who, when, how far", got)
	index = es.must("GET", INDEX)["flow-installation"]
	ok(str(index["settings"]["index"].get("hidden")) == "true" and index["mappings"]["dynamic"] == "false", "in a hidden index", index)
	copy = es.must("GET", "/_component_template/flow@installation")["component_templates"][0]["component_template"]
	same(copy["_meta"]["version"], got["version"], "with a copy of the version where every efctl can see it")
	unchanged(es, "setup without options changes nothing")
	same(setup(es, "--dry-run").returncode, 0, "nor would it")

	r = setup(es, "--dry-run", "--shards", "3")
	ok(r.returncode == 3 and "setup.shards         2 -> 3" in r.stdout and record(es) == got, "a dry run tells of an option that would change", r.all)
	r = setup(es, "--json", "--shards", "3")
	same(json.loads(r.stdout)["options"], [{"option": "setup.shards", "from": "2", "to": "3"}], "an option that is named changes")
	same([settings(es)["number_of_shards"], settings(es)["refresh_interval"]], ["3", "5s"], "that one alone")
	r = setup(es, "--reset", "shards", "--reset", "--refresh")
	ok(r.returncode == 0 and "setup.shards         3 -> 1" in r.stdout and "setup.refresh        5s -> 10s" in r.stdout, "--reset brings defaults back", r.all)
	same([settings(es)["number_of_shards"], settings(es)["refresh_interval"]], ["1", "10s"], "in the templates")
	same(record(es)["options"], {"setup.leftovers": "drop"}, "and the record has none for them")
	for args, why in ((("--reset", "weather"), "retention, "), (("--reset", "shards", "--shards", "2"), "use one or the other"),
			(("--reset", "key_file"), "retention, ")):
		r = setup(es, *args)
		ok(r.returncode == 2 and why in r.stderr, f"{' '.join(args)} is refused", r.all)


def tables_elsewhere(es, tables):
	"""The directory is not on this machine."""
	before = assets(es)
	os.rename(tables, tables + ".away")
	r = setup(es)
	ok(r.returncode == 0 and assets(es) == before and "2 of your dictionaries stay" in r.stdout, "without the directory the tables stay", r.all)
	other = tables + ".other"
	os.mkdir(other)
	write(os.path.join(other, "hosts.csv"), "address,name\n198.51.100.1,one\n")
	r = setup(es, "--json", "--dictionaries-dir", other)
	same([(o["option"], o["from"].split(" from")[0], o["to"] and o["to"].split(" from")[0]) for o in json.loads(r.stdout)["options"]],
		[("hosts.csv", "2 rows", "1 rows"), ("networks.csv", "1 rows", None)], "a directory that is named takes their place")
	os.rename(tables + ".away", tables)
	rows = random.Random(14)
	big = "address,name\n" + "".join(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255},{rows.randbytes(24).hex()}\n" for n in range(20000))
	write(os.path.join(tables, "hosts.csv"), big)
	same(setup(es, "--dictionaries-dir", tables).returncode, 0, "a large one")
	kept = record(es)["dictionaries"]["files"]["hosts.csv"]
	ok(kept["parts"] > 1 and kept["rows"] == 20000, "is kept in parts", kept)
	before = assets(es)
	os.rename(tables, tables + ".away")
	r = setup(es)
	ok(r.returncode == 0 and assets(es) == before, "and comes back whole", r.all)
	es.must("DELETE", f"{INDEX}/_doc/flow-file-{kept['hash']}-1")
	r = setup(es)
	ok(r.returncode == 2 and "hosts.csv" in r.stderr and tables in r.stderr and assets(es) == before, "a copy that got lost is said, and nothing changes", r.all)
	ok(efctl(es, "status").returncode == 0, "status goes on without it")
	os.rename(tables + ".away", tables)
	write(os.path.join(tables, "hosts.csv"), HOSTS + "192.0.2.9,nine\n")
	r = efctl(es, "dictionaries", "apply")
	same([r.returncode, record(es)["dictionaries"]["files"]["hosts.csv"]["rows"]], [0, 3], "dictionaries apply records what it installs")
	es.post(INDEX + "/_refresh")
	ids = [h["_id"] for h in es.must("POST", INDEX + "/_search", {"size": 100, "_source": False})["hits"]["hits"]]
	same(len(ids), 3, "and of old copies nothing is left: the record and two files")
	os.remove(os.path.join(tables, "networks.csv"))
	r = setup(es, "--json", "--yes")
	same([(o["option"], o["to"]) for o in json.loads(r.stdout)["options"]], [("networks.csv", None)], "a file deleted where it came from is meant to be gone")


def looked_at(es):
	r = efctl(es, "status")
	ok(f"setup      set up by {record(es)['by']} on " in r.stdout and "leftovers drop" in r.stdout, "status says who set it up, and with what", r.all)
	r = efctl(es, "status", "--json")
	ok({a["action"] for a in json.loads(r.stdout)["assets"]} == {"same", "yours"}, "and compares with the record", r.all)
	r = efctl(es, "doctor")
	ok("ok       set up by" in r.stdout and "would be updated" not in r.stdout, "so does doctor", r.all)
	r = efctl(es, "status", "--namespace", "nowhere")
	ok("namespace nowhere was not set up" in r.stdout, "a namespace that is not there is said", r.all)


def interrupted(es, folder):
	"""A setup that the cluster refuses in the midst."""
	bad = os.path.join(folder, "bad", "es-templates", "index-templates")
	os.makedirs(bad)
	write(os.path.join(bad, "logs-flow.json"), '{"index_patterns": ["logs-flow-*"], "priority": "high"}')
	r = setup(es, "--assets", os.path.join(folder, "bad"), "--shards", "2")
	ok(r.returncode == 1 and record(es)["state"] == "applying", "a setup that is refused in the midst", r.all)
	for command in "status", "doctor":
		r = efctl(es, command)
		ok("did not finish" in r.stdout, f"{command} says that it is unfinished", r.all)
	r = setup(es, "--reset", "assets")
	ok(r.returncode == 0 and "this one continues it" in r.stdout, "the next one goes on", r.all)
	ok(record(es)["state"] == "applied" and settings(es)["number_of_shards"] == "2", "with what that one wanted", record(es))
	unchanged(es, "and then all is done")


def restored(es):
	"""A snapshot with its global state brings assets back as they were, and not the record."""
	path, kept = "/_component_template/flow@settings", {}
	kept["before"] = es.must("GET", path)["component_templates"][0]["component_template"]
	same(setup(es, "--shards", "4").returncode, 0, "another setup")
	ok("its global state restored" not in efctl(es, "doctor").stdout, "doctor has nothing against it")
	kept["after"] = es.must("GET", path)["component_templates"][0]["component_template"]
	es.must("PUT", path, kept["before"])
	r = efctl(es, "doctor")
	ok(r.returncode == 3 and "0 assets are missing and 1 differ from what setup last wrote" in r.stdout and "its global state restored" in r.stdout,
		"doctor finds an asset of before it", r.all)
	r = setup(es)
	ok(r.returncode == 0 and es.must("GET", path)["component_templates"][0]["component_template"] == kept["after"], "setup brings back what it wrote last", r.all)
	same(setup(es, "--shards", "2").returncode, 0, "and it goes on")


def versions(es):
	before, own = assets(es), record(es)["version"]
	edit(es, version="v99.1.0")
	for args in ("setup", "--no-key", "--shards", "4"), ("setup", "--no-key", "--dry-run"), ("dictionaries", "apply"):
		r = efctl(es, *args)
		ok(r.returncode == 2 and "v99.1.0" in r.stderr and own in r.stderr and "--force-version" in r.stderr, f"{' '.join(args)} leaves a newer installation", r.all)
	ok(assets(es) == before and record(es)["version"] == "v99.1.0", "nothing changed")
	r = efctl(es, "doctor")
	ok(r.returncode == 3 and "older than what is installed" in r.stdout, "doctor says so", r.all)
	r = setup(es, "--force-version")
	ok(r.returncode == 0 and record(es)["version"] == own, "unless it is told to", r.all)
	edit(es, format=99)
	r = setup(es, "--shards", "4")
	ok(r.returncode == 2 and "does not know" in r.stderr and assets(es) == before, "a record of a later form is not touched", r.all)
	r = efctl(es, "status")
	ok(r.returncode == 0 and "was not read" in r.stdout, "status says that it was not read", r.all)
	edit(es, format=1)
	es.must("DELETE", "/_component_template/flow@installation")
	r = efctl(es, "doctor")
	ok(r.returncode == 3 and "an older efctl" in r.stdout, "what an efctl without a record does is seen", r.all)
	same(setup(es).returncode, 0, "and mended")


def lost(es):
	"""The index is deleted, or not in the snapshot that was restored."""
	before, was = assets(es), record(es)
	es.must("DELETE", INDEX)
	r = efctl(es, "status")
	ok(r.returncode == 0 and "has no record" in r.stdout, "status says that the record is lost", r.all)
	r = setup(es)
	ok(r.returncode == 2 and "setup.leftovers" in r.stderr and es.get(INDEX)[0] == 404, "setup asks, and leaves nothing behind", r.all)
	r = setup(es, "--yes", "--dictionaries-dir", was["dictionaries"]["dir"])
	ok(r.returncode == 0 and assets(es) == before, "and with --yes finds out what it was", r.all)
	same([record(es)[m] for m in ("options", "namespaces", "dictionaries")], [was[m] for m in ("options", "namespaces", "dictionaries")], "all of it")


def damaged(es):
	"""What stands in the record is of the wrong type: it would pass for the defaults."""
	before, was = assets(es), es.must("GET", INDEX + "/_doc/flow")["_source"]
	for what in {"options": [1]}, {"options": {"setup.shards": 2}}, {"format": "1"}:
		edit(es, **what)
		r = setup(es, "--yes")
		ok(r.returncode == 2 and "is damaged" in r.stderr and "--force-version" in r.stderr and assets(es) == before, f"a record with {what} is refused", r.all)
		es.must("PUT", INDEX + "/_doc/flow?refresh=true", was)
	es.must("PUT", INDEX + "/_doc/flow?refresh=true", {})
	r = setup(es, "--yes")
	ok(r.returncode == 2 and "it is empty" in r.stderr, "so is an empty one", r.all)
	r = setup(es, "--yes", "--force-version", "--dictionaries-dir", was["dictionaries"]["dir"])
	ok(r.returncode == 0 and assets(es) == before and record(es)["options"] == was["options"], "--force-version finds out what it was", r.all)
	ok("could not be found out: " in r.stdout and "setup.feeds, kibana.url" in r.stdout, "and tells what it cannot find out", r.all)


def blocked(es):
	before, was = assets(es), record(es)
	for block in "write", "read", "read_only":
		es.must("PUT", INDEX + "/_settings", {"index.blocks." + block: True})
		r = setup(es, "--shards", "4")
		ok(r.returncode == 2 and f'{{"index.blocks.{block}": null}}' in r.stderr and "exception" not in r.stderr, f"a block ({block}) is told with what undoes it", r.all)
		es.must("PUT", INDEX + "/_settings", {"index.blocks." + block: None})
	es.must("POST", INDEX + "/_close")
	r = setup(es, "--shards", "4")
	ok(r.returncode == 2 and "POST /flow-installation/_open" in r.stderr and "exception" not in r.stderr, "so is a closed index", r.all)
	r = efctl(es, "status")
	ok(r.returncode == 0 and "is closed" in r.stdout, "status goes on without it", r.all)
	es.must("POST", INDEX + "/_open?wait_for_active_shards=1")
	ok(assets(es) == before and record(es) == was, "nothing changed")


def read_only(es):
	"""The whole cluster, as for a move: every command says what undoes it, and not that another user could."""
	before, was = assets(es), record(es)
	for kind, block in ("persistent", "cluster.blocks.read_only"), ("transient", "cluster.blocks.read_only_allow_delete"):
		es.must("PUT", "/_cluster/settings", {kind: {block: True}})
		for command in ["setup", "--shards", "4"], ["setup", "--dry-run"], ["dictionaries", "apply"], ["remove", "--yes", "--no-kibana"]:
			r = efctl(es, *command)
			ok(r.returncode == 2 and f'"{block}": null' in r.stderr and "Roles" not in r.stderr, f"{' '.join(command)} with {block}", r.all)
		r = efctl(es, "status")
		ok(r.returncode == 3 and f'"{block}": null' in r.stdout, f"status with {block}", r.all)
		r = efctl(es, "doctor", "--json")
		found = json.loads(r.stdout) if r.stdout.startswith("[") else []
		ok([f["result"] for f in found if f'{{"{kind}": {{"{block}": null}}}}' in f["text"]] == ["problem"] and r.returncode == 3, "doctor finds it", r.all)
		es.must("PUT", "/_cluster/settings", {kind: {block: None}})
	ok(assets(es) == before and record(es) == was, "nothing changed")


def left(es, at_first):
	"""What a setup that was killed leaves of the index."""
	es.must("PUT", INDEX, {"mappings": {"_meta": {"managed_by": "efctl"}}})
	r = efctl(es, "remove", "--yes", "--force", "--no-kibana")
	same([r.returncode, names(es)], [0, at_first], "an empty index of ours goes with remove")


def with_others(es):
	"""A document of somebody else's in our index."""
	setup(es, "--yes", "--dictionaries-dir", "")
	es.must("PUT", INDEX + "/_doc/theirs?refresh=true", {"city": "Berlin"})
	r = efctl(es, "remove", "--yes", "--force", "--no-kibana")
	es.post(INDEX + "/_refresh")
	ids = [h["_id"] for h in es.must("GET", INDEX + "/_search")["hits"]["hits"]]
	ok(r.returncode == 0 and "also used by others" in r.stdout and ids == ["theirs"], "others' documents stay, ours go", f"{ids}\n{r.all}")


def own_template(es):
	"""A namespace with a template of its own, as the manual says; and without what it has to have."""
	ours = es.must("GET", "/_index_template/logs-flow")["index_templates"][0]["index_template"]
	own = {"index_patterns": ["logs-flow-lab"], "priority": 300, "data_stream": {}, "template": ours["template"], "composed_of": ours["composed_of"] + ["lab"]}
	es.must("PUT", "/_component_template/lab", {"template": {"settings": {"index.refresh_interval": "60s"}, "mappings": {"properties": {"rack": {"type": "keyword"}}}}})
	said = []
	for missing in {}, {"template": {}}, {"composed_of": ["flow@settings"]}, {"composed_of": ["flow@settings"], "template": {}}:
		es.must("PUT", "/_index_template/lab-own", {**own, **missing})
		told = json.loads(efctl(es, "doctor", "--json", "--namespace", "lab").stdout)
		said.append([(f["result"], f["text"].partition("new indices there get ")[2].partition(";")[0]) for f in told if "lab-own" in f["text"]])
	same(said, [[("ok", "")], [("problem", "our mapping, but not our pipeline")], [("problem", "another mapping than ours")],
		[("problem", "its mapping and no pipeline of ours")]], "doctor knows a template that is made of ours from one that lacks some of it")
	es.must("PUT", "/_index_template/lab-own", {"index_patterns": ["other-*"]})	# one that a stream uses cannot be deleted
	es.must("DELETE", "/_index_template/lab-own")
	es.must("DELETE", "/_component_template/lab")


def namespaces(es, at_first):
	before, documents = assets(es), es.count("logs-flow-default")
	r = setup(es, "--namespace", "lab")
	same([r.returncode, record(es)["namespaces"]], [0, ["default", "lab"]], "a second namespace")
	ok(assets(es) == before, "shares everything")
	own_template(es)
	r = efctl(es, "remove", "--yes", "--no-kibana", "--namespace", "lab")
	ok(r.returncode == 0 and "lab, from the record" in r.stdout and record(es)["namespaces"] == ["default"], "and is taken out again", r.all)
	ok(assets(es) == before and es.count("logs-flow-default") == documents and documents, "which leaves the first one as it was")
	for stream in harness.STREAMS:
		es.delete("/_data_stream/" + stream.format("default"))
	r = efctl(es, "remove", "--yes", "--no-kibana", "--namespace", "other")
	ok(r.returncode == 0 and "nothing of namespace other" in r.stderr and es.get(INDEX)[0] == 200, "one that was set up counts without streams, too", r.all)
	r = efctl(es, "remove", "--yes", "--force", "--no-kibana")
	same([r.returncode, names(es)], [0, at_first], "the last one leaves the cluster as it was")


def main():
	with tempfile.TemporaryDirectory() as folder:
		tables = os.path.realpath(os.path.join(folder, "tables"))
		os.mkdir(tables)
		write(os.path.join(tables, "hosts.csv"), HOSTS)
		write(os.path.join(tables, "networks.csv"), NETWORKS)
		es = cluster.embedded("opensearch")
		at_first = names(es)
		others_index(es, at_first)
		options(es, tables)
		tables_elsewhere(es, tables)
		harness.replay(es, "default", os.path.join(harness.ROOT, "tests", "captures", "branch-netflow5.pcap"))
		looked_at(es)
		interrupted(es, folder)
		restored(es)
		versions(es)
		lost(es)
		damaged(es)
		blocked(es)
		read_only(es)
		namespaces(es, at_first)
		left(es, at_first)
		with_others(es)
	done()


main()
