#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The record is a document that anybody may have written: each value of it passes the check of its option, or setup says by name what cannot
be used and what mends it, and writes nothing."""
import re

import harness
import cluster
import standin
from tap import done, ok, same

RECORD = "/flow-installation/_doc/flow"
QUIET = ("--no-key", "--no-connection", "--no-kibana", "--yes")
# option, what nobody may say; what the message says of it
BAD = (("setup.retention", "abc", "is no time"), ("setup.retention", "0d", "would delete records"), ("setup.refresh", "soon", "is no time"),
	("setup.shards", "0", "out of range"), ("setup.replicas", "three", "is not a number"), ("setup.ilm_policy", "../x", "may hold letters"),
	("setup.leftovers", "some", "is not one of"), ("setup.profile", "tiny", "is not one of"), ("setup.feeds", "one,t\x1b[2Jo", "control characters"), ("setup.assets", "/x\ny", "control characters"),
	("kibana.url", "ftp://k", "must start with http"), ("kibana.url", "http://u:secret@k", "must not hold a password"), ("kibana.space", "../lab", "may hold lower-case"),
	("kibana.pin_filters", "perhaps", "neither true nor false"), ("kibana.remote", "eu,a/b", "no name of a remote cluster"))
ENTRY = {"hash": "0" * 64, "rows": 1, "bytes": 1, "source": "h:/d", "parts": 1}
DAMAGED = (({"namespaces": ["default", "a-b"]}, "namespaces: 'a-b' may hold"), ({"namespaces": ["*"]}, "namespaces: '*' may hold"),
	({"dictionaries": {"files": {"../../etc/x.csv": ENTRY}}}, "dictionaries.files.../../etc/x.csv is no name"),
	({"dictionaries": {"files": {"hosts\x1b[2J.csv": ENTRY}}}, "is no name of a dictionary's file"), ({"dictionaries": {"dir": "here"}}, "dictionaries.dir is no absolute path"))


def efctl(es, *args):
	r = harness.efctl(*args, es=es)
	r.all = f"exit code {r.returncode}\n{r.stdout[-3000:]}{r.stderr[-3000:]}"
	return r


def state(server, es):
	return repr(server.scripted.assets), es.must("GET", RECORD)


def options(server, es, was):
	for name, value, why in BAD:
		es.must("PUT", RECORD, {**was, "options": {**was["options"], name: value}})
		before, flag = state(server, es), "--" + name.removeprefix("setup.").replace(".", "-").replace("_", "-").replace("kibana-remote", "remote")
		for command in ("setup", *QUIET), ("setup", *QUIET, "--as", "database"), ("dictionaries", "apply"):
			r = efctl(es, *command)
			ok(r.returncode == 2 and f"{name}" in r.stderr and why in r.stderr and f"--reset {name}" in r.stderr and f"{flag} …" in r.stderr,
				f"{name} '{value!r}': {' '.join(command[:1] + command[-1:])} says what mends it", r.all)
			ok("\x1b" not in r.stderr and "secret" not in r.stderr and state(server, es) == before, "and nothing is written", r.all)
		r = efctl(es, "status")
		ok(r.returncode == 0 and "what the record says is not used: " + name in r.stdout and "secret" not in r.stdout, "status goes on with the default, and says so", r.all)
		r = efctl(es, "setup", *QUIET, "--reset", name)
		ok(r.returncode == 0 and "secret" not in r.stdout and name not in es.must("GET", RECORD)["_source"]["options"], "what it advises mends it", r.all)


def advised(es, was):
	"""What a newer efctl installed and recorded, under a name that this one does not know: what status advises, setup does."""
	efctl(es, "setup", *QUIET, "--profile", "lean")
	es.must("PUT", RECORD, {**was, "options": {**was["options"], "setup.profile": "tiny"}})
	r = efctl(es, "status")
	said = re.findall(r"efctl(?: [^\s`]+)* setup[^`\n]*", r.stdout + r.stderr)
	ok(said and not [s for s in said if "--reset setup.profile" not in s], "status advises no setup that is refused", r.all)
	ok(efctl(es, "setup", *QUIET).returncode == 2, "as one without it is")
	r = efctl(es, "setup", *QUIET, "--reset", "setup.profile")
	ok(r.returncode == 0, "what it advises is done", r.all)


def unheard(es):
	r = efctl(es, "setup", *QUIET, "--as", "database", "--as-lookup", "off")
	ok(r.returncode == 0 and "--as database has no effect beside --as-lookup off" in r.all, "an option that another makes void is said", r.all)
	r = efctl(es, "setup", *QUIET, "--reset", "as,as_lookup")
	ok(r.returncode == 0 and "no effect" not in r.all, "and no more once that is gone", r.all)


def damaged(server, es, was):
	for members, why in DAMAGED:
		es.must("PUT", RECORD, {**was, **members})
		before = state(server, es)
		r = efctl(es, "setup", *QUIET)
		ok(r.returncode == 2 and "is damaged" in r.stderr and why in r.stderr and "--force-version" in r.stderr and state(server, es) == before,
			f"{members} is refused", r.all)
		ok("\x1b" not in r.stderr, "in plain text")
	r = efctl(es, "setup", *QUIET, "--force-version")
	same([r.returncode, es.must("GET", RECORD)["_source"]["namespaces"]], [0, ["default"]], "and found out anew by who says so")


def main():
	server = standin.Server()
	es = cluster.Cluster(server.url)
	efctl(es, "setup", *QUIET, "--shards", "2")
	was = es.must("GET", RECORD)["_source"]
	options(server, es, was)
	advised(es, was)
	unheard(es)
	damaged(server, es, was)
	done()


main()
