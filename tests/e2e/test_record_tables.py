#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The user's tables that are not where they were: nothing is deleted without a yes, and no other host's files take their place."""
import os
import socket
import subprocess
import tempfile

import harness
import cluster
from tap import done, ok, same

RECORD = "/flow-installation/_doc/flow"


def efctl(es, *args, env=None):
	"""What waits for a file that is none would wait for ever."""
	try:
		r = subprocess.run([harness.EFCTL, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
			env={**os.environ, **(es.env() if es else {}), **(env or {})})
	except subprocess.TimeoutExpired:
		return subprocess.CompletedProcess(args, -1, "", "it hangs")
	r.all = f"exit code {r.returncode}\n{r.stdout[-3000:]}{r.stderr[-3000:]}"
	return r


def setup(es, *args, env=None):
	return efctl(es, "setup", "--no-key", "--no-connection", *args, env=env)


def record(es):
	return es.must("GET", RECORD)["_source"]


def tables(es):
	return sorted(record(es)["dictionaries"].get("files", {}))


def pipelines(es):
	return es.must("GET", "/_ingest/pipeline/flow*")


def write(folder, **files):
	os.makedirs(folder, exist_ok=True)
	for name, text in files.items():
		with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8") as f:
			f.write(text)


def emptied(es, d):
	"""All of them gone: the directory of a host made anew, or of a file system that is not mounted."""
	before, was = pipelines(es), record(es)["dictionaries"]
	os.rename(d, d + ".lost")
	for what, make in ("missing", False), ("empty", True):
		if make:
			os.mkdir(d)
		for args in ((), ("--yes",), *([("--yes", "--dictionaries-dir", d)] if make else [])):
			r = setup(es, *args)
			ok(r.returncode == 0 and pipelines(es) == before and record(es)["dictionaries"] == was and "2 of your dictionaries stay" in r.stdout,
				f"setup {' '.join(args[:2])}, directory {what}: the copies stay, and it says so", r.all)
	os.rmdir(d)
	os.rename(d + ".lost", d)


def one_deleted(es, d):
	before, was = pipelines(es), record(es)["dictionaries"]
	os.remove(os.path.join(d, "hosts.csv"))
	r = setup(es)
	ok(r.returncode == 2 and "hosts.csv" in r.stderr and d in r.stderr and "--yes" in r.stderr, "one deleted among others needs a yes", r.all)
	ok(pipelines(es) == before and record(es)["dictionaries"] == was, "and stays until then")
	r = setup(es, "--dry-run")
	ok(r.returncode == 3 and f"hosts.csv            1 rows from {socket.gethostname()}:{d} -> none" in r.stdout, "the plan has it", r.all)
	r = efctl(es, "dictionaries", "apply")
	ok(r.returncode == 0 and pipelines(es) == before and tables(es) == ["hosts.csv", "networks.csv"], "dictionaries apply does not delete it", r.all)
	r = efctl(es, "status")
	ok(r.returncode == 0 and "hosts.csv is not in" in r.stdout, "status tells of it", r.all)
	r = setup(es, "--yes")
	ok(r.returncode == 0 and tables(es) == ["networks.csv"] and pipelines(es) != before, "with a yes it is gone", r.all)


def other_host(es, folder, d):
	"""The record as one that another host wrote; the usual directory here holds a file of the same name."""
	etc = os.path.join(folder, "etc")
	usual = os.path.join(etc, "dictionaries")
	write(d, hosts="address,name\n192.0.2.7,seven\n")
	same(setup(es).returncode, 0, "both tables again")
	got = record(es)
	got["dictionaries"]["host"] = "fw1"
	for entry in got["dictionaries"]["files"].values():
		entry["source"] = "fw1:" + d
	es.must("PUT", RECORD + "?refresh=true", got)
	same(setup(es).returncode, 0, "a record of another host")
	before, was = pipelines(es), record(es)["dictionaries"]
	write(usual, hosts="address,name\n198.51.100.1,one\n")
	env = {"EF_CONFIG_DIR": etc}
	r = setup(es, env=env)
	ok(r.returncode == 0 and pipelines(es) == before and record(es)["dictionaries"] == was, "files that happen to be on another host are not taken", r.all)
	ok(usual + " were not taken" in r.stdout and f"--dictionaries-dir {usual} takes them" in r.stdout, "which it says", r.all)
	r = efctl(es, "status", env=env)
	ok(r.returncode == 0 and "that setup would update" not in r.stdout and "older" not in r.stdout, "status compares with what setup would do", r.all)
	r = setup(es, "--dry-run", "--dictionaries-dir", usual, env=env)
	ok(f"1 rows from fw1:{d} -> 1 rows from {socket.gethostname()}:{usual}" in r.stdout, "the plan tells whose rows give way to whose", r.all)
	r = efctl(es, "status", "--dictionaries-dir", usual, env=env)
	ok("that setup would update" in r.stdout and "older than" not in r.stdout, "a table that differs is nothing older", r.all)
	r = setup(es, "--dictionaries-dir", usual, env=env)
	ok(r.returncode == 0 and tables(es) == ["hosts.csv"] and record(es)["dictionaries"]["dir"] == usual, "named, they are taken", r.all)
	write(usual, hosts="address,name\n198.51.100.2,two\n")
	r = setup(es, "--dry-run", env=env)
	ok(f"-> 1 rows, changed in {socket.gethostname()}:{usual}" in r.stdout, "as many rows, and others", r.all)


def discovered(es, folder):
	"""What an inventory found counts like the user's own files: kept beside the record, and no other host loses it."""
	d = os.path.join(folder, "found")
	write(d, networks="prefix,name\n192.0.2.0/24,lab\n")
	write(os.path.join(d, "discovered", "dns"), hosts="address,name\n192.0.2.8,first-name\n")
	r = setup(es, "--yes", "--dictionaries-dir", d)
	same([r.returncode, tables(es)], [0, ["discovered/dns/hosts.csv", "networks.csv"]], "a source's table is recorded, too")
	before = pipelines(es)
	ok("first-name" in str(before), "and installed")
	os.rename(d, d + ".lost")
	same(setup(es, "--yes").returncode, 0, "setup without the directory")
	same([pipelines(es), tables(es)], [before, ["discovered/dns/hosts.csv", "networks.csv"]], "installs it from the copy")
	os.rename(d + ".lost", d)
	write(os.path.join(d, "discovered", "dns"), hosts="address,name\n192.0.2.8,second-name\n")
	r = efctl(es, "dictionaries", "apply")
	ok(r.returncode == 0 and "second-name" in str(pipelines(es)) and "first-name" not in str(pipelines(es)), "apply takes what changed", r.all)
	ok(not [f for f in os.listdir(tempfile.gettempdir()) if f.startswith("efctl-")], "no copies are left in the temporary folder")


def no_regular_file(es, folder):
	for what, make in ("FIFO", os.mkfifo), ("directory", os.mkdir), ("socket", lambda path: socket.socket(socket.AF_UNIX).bind(path)):
		d = os.path.join(folder, what)
		os.mkdir(d)
		path = os.path.join(d, "hosts.csv")
		make(path)
		for args in ("setup", "--no-key", "--dry-run"), ("dictionaries", "check"):
			r = efctl(es, *args, "--dictionaries-dir", d)
			ok(r.returncode in (1, 2) and path + " is no regular file" in r.stdout + r.stderr, f"{args[0]}: a {what} among the tables", r.stderr + r.stdout)


def reset(es):
	for word, why in ("", "--reset names nothing"), ("weather", "kibana-pin-filters"):
		r = setup(es, "--reset", word)
		ok(r.returncode == 2 and why in r.stderr, f"--reset '{word}' is a usage error", r.all)
	for word in "kibana-pin-filters", "--kibana-pin-filters", "kibana.pin_filters":
		r = setup(es, "--reset", word)
		same(r.returncode, 0, f"--reset {word}")


def main():
	with tempfile.TemporaryDirectory() as folder:
		folder = os.path.realpath(folder)
		d = os.path.join(folder, "d")
		write(d, hosts="address,name\n192.0.2.7,seven\n", networks="prefix,name\n192.0.2.0/24,lab\n")
		es = cluster.embedded("opensearch")
		r = setup(es, "--dictionaries-dir", d)
		same([r.returncode, tables(es)], [0, ["hosts.csv", "networks.csv"]], "two tables")
		emptied(es, d)
		one_deleted(es, d)
		other_host(es, folder, d)
		discovered(es, folder)
		no_regular_file(es, folder)
		reset(es)
	done()


main()
