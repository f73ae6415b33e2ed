#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An installation without a record (an earlier efctl made it, or the record got lost): setup changes no option and no table that
nobody named: not on the command line, not in the environment, not in a file. It finds them out, and records them for who agrees."""
import json
import os
import tempfile

import harness
import cluster
from tap import done, ok, same

# option, what the first setup is given, what it is without
OPTIONS = (("shards", "3", "1"), ("replicas", "2", "0"), ("refresh", "5s", "10s"), ("as", "database", "exporter"),
	("profile", "lean", "standard"), ("geo", "country", "full"), ("as-lookup", "off", "on"), ("leftovers", "drop", "keep"), ("personal", "keep", "drop"))
GIVEN = [w for name, value, _ in OPTIONS for w in ("--" + name, value)]


def efctl(es, folder, *args, **env):
	return harness.efctl(*args, es=es, cwd=folder, env=env)


def without_record(es):
	es.must("DELETE", "/flow-installation")
	es.must("DELETE", "/_component_template/flow@installation")	# only a later efctl has it


def option(flag):
	return "setup." + flag.replace("-", "_")


def record(es):
	return es.must("GET", "/flow-installation/_doc/flow")["_source"]


def installed(es):
	return [es.must("GET", path) for path in ("/_ingest/pipeline/flow*", "/_index_template/*flow*", "/_component_template/flow*")]


def settings(es):
	return es.must("GET", "/_component_template/flow@settings")["component_templates"][0]["component_template"]["template"]["settings"]["index"]


def parameters(es):
	scripts = [p["script"] for pipeline in es.must("GET", "/_ingest/pipeline/flow*").values() for p in pipeline["processors"] if "script" in p]
	return {k: v for s in scripts for k, v in s.get("params", {}).items()}


def refused(r, *names):
	"""Refused, and each of NAMES is told of with what it is, what it would be, and what to give."""
	told = {name: all(w in r.stderr for w in (f"{option(name)}: installed {value}, would become {other}", f"--{name} {value} keeps it",
		f"--{name} {other} changes it")) for name, value, other in OPTIONS}
	return r.returncode == 2 and told == {name: name in names for name, _, _ in OPTIONS}


def options(es, folder, tables):
	named = [*GIVEN, "--dictionaries-dir", tables]
	r = efctl(es, folder, "setup", "--no-key", *named)
	ok(r.returncode == 0, "setup with options and tables", r.stdout + r.stderr)
	without_record(es)
	before, every = installed(es), [name for name, _, _ in OPTIONS]
	r = efctl(es, folder, "setup", "--no-key")
	ok(refused(r, *every), "without them setup refuses and names each", r.stdout + r.stderr)
	ok("installed networks, hosts, would" in r.stderr and "--dictionaries-dir" in r.stderr, "the tables too, and no table that is as shipped", r.stderr)
	r = efctl(es, folder, "setup", "--no-key", "--dry-run")
	ok(r.returncode == 2 and "create   component template   flow@installation" in r.stdout and "hosts" in r.stderr,
		"a dry run shows the plan and the refusal", r.stdout + r.stderr)
	r = efctl(es, folder, "setup", "--no-key", "--dry-run", "--json")
	same([(o["option"], o["installed"], o["wanted"]) for o in json.loads(r.stdout)["migrated"]][:-1],
		[(option(name), value, other) for name, value, other in sorted(OPTIONS, key=lambda o: every.index(o[0]))],
		"as JSON, too")
	r = efctl(es, folder, "setup", "--no-key", "--force")
	ok(refused(r, *every), "--force is no name of an option", r.stderr)
	r = efctl(es, folder, "dictionaries", "apply")
	ok(refused(r, "as", "profile", "geo", "as-lookup", "leftovers", "personal") and "networks, hosts" in r.stderr, "dictionaries apply refuses what is in pipelines", r.stderr)
	r = efctl(es, folder, "setup", "--no-key", "--yes")
	ok(r.returncode == 2 and "tables of yours (networks, hosts)" in r.stderr, "--yes gives no table away", r.stderr)
	ok(installed(es) == before and es.get("/flow-installation")[0] == 404, "none of them changed anything, or left anything")

	r = efctl(es, folder, "setup", "--no-key", *named[4:])
	ok(refused(r, "shards", "replicas"), "what is named is not in the way", r.stderr)
	r = efctl(es, folder, "setup", "--no-key", *named[4:], EF_SETUP_SHARDS="3", EF_SETUP_REPLICAS="")
	ok(refused(r, "replicas"), "the environment names, an empty variable does not", r.stderr)
	conf = os.path.join(folder, "efctl.yml")
	with open(conf, "w", encoding="utf-8") as f:
		f.write(f"setup:\n  replicas: 2\n  refresh:\ndictionaries:\n  dir: {tables}\n")
	r = efctl(es, folder, "setup", "--no-key", "--config", conf, "--as", "database", "--profile", "lean", "--geo", "country", "--as-lookup", "off", "--leftovers", "drop", "--personal", "keep", EF_SETUP_SHARDS="3")
	ok(refused(r, "refresh") and "hosts" not in r.stderr, "the file names, an empty value in it does not", r.stderr)
	ok(installed(es) == before, "and still nothing changed")
	r = efctl(es, folder, "setup", "--no-key", "--yes", "--dictionaries-dir", tables)
	ok(r.returncode == 0 and "update" not in r.stdout, "--yes keeps the options as they are", r.stdout + r.stderr)
	same(record(es)["options"], {option(name): value for name, value, _ in OPTIONS}, "and records them")
	same([t for t in installed(es)[:2]], before[:2], "no pipeline and no index template is another one")
	r = efctl(es, folder, "setup", "--no-key")
	ok(r.returncode == 0 and "update" not in r.stdout, "from then on nothing has to be named", r.stdout + r.stderr)
	r = efctl(es, folder, "setup", "--no-key", "--shards", "1", "--leftovers", "keep", "--dictionaries-dir", "")
	ok(r.returncode == 0, "the shipped tables come back for who asks for them", r.stdout + r.stderr)
	same([settings(es)["number_of_shards"], parameters(es)["leftovers"]], ["1", "keep"], "and options change for who names them")
	same(record(es)["dictionaries"], {}, "the record knows of no tables any more")


def older(es, folder, tables):
	"""An installation of a version whose pipelines do not tell whose tables they hold."""
	assets = os.path.join(folder, "assets")
	path = os.path.join(assets, "ingest-pipelines", "flow.yml")
	harness.efctl("assets", "--write", assets, "ingest-pipelines/flow.yml")
	with open(path, encoding="utf-8") as f:
		text = f.read()
	with open(path, "w", encoding="utf-8") as f:
		f.write(text.replace("; tables of yours: ${own_tables}", ""))
	named = [*GIVEN, "--shards", "1", "--leftovers", "keep"]
	r = efctl(es, folder, "setup", "--no-key", *named, "--assets", assets)
	ok(r.returncode == 0 and "yours" not in es.must("GET", "/_ingest/pipeline/flow")["flow"]["description"], "an older installation",
		r.stdout + r.stderr)
	without_record(es)
	r = efctl(es, folder, "setup", "--no-key", *named, "--dry-run")
	same(r.returncode, 3, "with the shipped tables it may be brought up to date")
	r = efctl(es, folder, "setup", "--no-key", *named, "--assets", assets, "--dictionaries-dir", tables)
	same(r.returncode, 0, "one with tables of the user's")
	without_record(es)
	before = installed(es)
	r = efctl(es, folder, "setup", "--no-key", *named)
	ok(r.returncode == 2 and "installed networks, hosts, would" in r.stderr,
		"is not: its tables are told from the shipped ones", r.stderr)
	ok(installed(es) == before, "and nothing changed")


def main():
	with tempfile.TemporaryDirectory() as folder:
		tables = os.path.join(folder, "tables")
		os.mkdir(tables)
		for name, text in (("hosts", "address,name\n192.0.2.7,seven\n"), ("networks", "prefix,name\n192.0.2.0/24,lab\n")):
			with open(os.path.join(tables, name + ".csv"), "w", encoding="utf-8") as f:
				f.write(text)
		es = cluster.embedded("opensearch")
		options(es, folder, tables)
		older(es, folder, tables)
	done()


main()
