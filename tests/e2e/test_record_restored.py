#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A record and assets of two times, as a snapshot of one of them brings about: setup does not go back to what nobody asked for, and says
what it would take back. What an interrupted command leaves is none of that, and needs no question."""
import copy
import json
import os
import tempfile

import harness
import cluster
import standin
from tap import done, ok, same

INDEX = "flow-installation"
RECORD, COPY = f"/{INDEX}/_doc/flow", "flow@installation"
OLDER, NEWER = "not the one that these assets were installed with", "these assets are of an earlier setup than the record"
QUIET = ("--no-key", "--no-connection", "--no-kibana")


class Installation:
	"""One on an engine of its own; what happened to it is put back with the attributes of `was`."""

	def __init__(self, *args):
		self.server = standin.Server()
		self.es = cluster.Cluster(self.server.url)
		self.setup(*args)

	def efctl(self, *args):
		r = harness.efctl(*args, es=self.es)
		r.all = f"exit code {r.returncode}\n{r.stdout[-3000:]}{r.stderr[-3000:]}"
		return r

	def setup(self, *args):
		return self.efctl("setup", *QUIET, *args)

	def record(self):
		return self.es.must("GET", RECORD)["_source"]

	def write(self, record):
		self.es.must("PUT", RECORD, record)

	def index(self):
		"""All of its documents, the copies of tables, too."""
		return self.server.scripted.documents.sources(INDEX)

	def bring(self, documents):
		for name, body in documents.items():
			self.es.must("PUT", f"/{INDEX}/_doc/{name}", body)

	def assets(self):
		return copy.deepcopy(self.server.scripted.assets)

	def restore(self, assets):
		self.server.scripted.assets = copy.deepcopy(assets)

	def template(self, name=COPY):
		return self.server.scripted.assets["_component_template"][name]

	def shards(self):
		return str(self.template("flow@settings")["template"]["settings"]["index"]["number_of_shards"])

	def settled(self, what):
		"""Another setup changes nothing, and nobody has anything to say."""
		before, was = self.assets(), self.record()
		r = self.setup()
		ok(r.returncode == 0 and self.assets() == before and self.record() == was and OLDER not in r.stdout and NEWER not in r.stdout, what, r.all)
		out = self.efctl("doctor").stdout
		ok(OLDER not in out and NEWER not in out and "restored" not in out, "and doctor has nothing against it", out)


def alone(tables):
	"""The record of an earlier setup, without its assets."""
	i = Installation("--shards", "2", "--dictionaries-dir", tables)
	old, snapshot = i.record(), i.index()
	with open(os.path.join(tables, "hosts.csv"), "a", encoding="utf-8") as f:
		f.write("192.0.2.8,eight\n192.0.2.9,nine\n")
	same(i.setup("--shards", "3", "--refresh", "7s", "--kibana-url", "http://k:5601").returncode, 0, "a later setup")
	new, before = i.record(), i.assets()
	i.bring(snapshot)
	os.rename(tables, tables + ".away")	# else the files here count, which are the later ones
	for args in (), ("--force",):
		r = i.setup(*args)
		ok(r.returncode == 2 and all(w in r.stderr for w in ("nothing was changed", OLDER, "setup.shards 3 -> 2 (--shards=3 keeps it)",
			"setup.refresh 7s -> 10s (--refresh=7s keeps it)", "kibana.url http://k:5601 -> none", "`efctl setup ", "--yes")),
			f"setup {' '.join(args) or 'by itself'} does not go back without a yes, and says what it would take", r.all)
		ok(i.assets() == before and i.record() == old, "nothing is written")
	r = i.setup("--dry-run")
	ok(r.returncode == 3 and "option   setup.shards         3 -> 2 (--shards=3 keeps it)" in r.stdout, "the plan has it", r.all)
	ok(f"option   hosts.csv            3 rows from {os.uname().nodename}:{tables} -> 1 rows, changed in {os.uname().nodename}:{tables} (--dictionaries-dir {tables} keeps it)" in r.stdout,
		"and the table that had more rows", r.all)
	r = i.setup("--dry-run", "--json")
	told = json.loads(r.stdout)
	same([told["older"], [(o["option"], o["from"], o["to"]) for o in told["back"]][:2]],
		["record", [("setup.shards", "3", "2"), ("setup.refresh", "7s", "10s")]], "as JSON, too")
	for command in "status", "doctor":
		r = i.efctl(command)
		ok(OLDER in r.stdout and "setup.shards 3 -> 2" in r.stdout, f"{command} says it", r.all)
		ok("what setup last wrote" not in r.stdout, "and does not take the assets for the ones that were restored", r.all)
	r = i.efctl("dictionaries", "apply")
	ok(r.returncode == 2 and OLDER in r.stderr and i.assets() == before and i.record() == old, "dictionaries apply leaves it to setup", r.all)

	asked = []
	code, screen = harness.typed(["setup", *QUIET], lambda text: asked.append(1) or b"n\n" if text.endswith(b"[y/N] ") else None, i.es)
	ok(code == 1 and asked and "setup.shards         3 -> 2" in screen and i.assets() == before, "on a terminal it shows it and asks", screen)
	r = i.setup("--shards=3", "--refresh=7s", "--kibana-url=http://k:5601", "--dictionaries-dir", tables + ".away")
	ok(r.returncode == 0 and i.shards() == "3" and i.record()["options"] == new["options"], "who names what is installed keeps it, and nobody need be asked", r.all)
	i.settled("and the two are one again")
	os.rename(tables + ".away", tables)

	i.write({**old, "dictionaries": i.record()["dictionaries"]})
	r = i.setup("--yes")
	ok(r.returncode == 0 and i.shards() == "2" and i.record()["options"] == old["options"], "with a yes it goes by the record", r.all)
	ok(i.record()["serial"] > new["serial"], "which is later than both", i.record())
	i.settled("and then all is done")


def there_and_back():
	"""The options of the old record are those of today, and another setup was between: namespaces and keys may be missing in it."""
	i = Installation("--shards", "2")
	old = i.record()
	for n in "3", "2":
		i.setup("--shards", n)
	i.write(old)
	r = i.efctl("doctor")
	ok(OLDER in r.stdout and "takes back" not in r.stdout, "doctor knows the old one by its number", r.all)
	r = i.setup()
	ok(r.returncode == 0 and OLDER in r.stdout and i.shards() == "2", "where nothing would go back nobody is asked", r.all)
	i.settled("and then all is done")


def edited():
	i = Installation("--shards", "2")
	got, before = i.record(), i.assets()
	i.write({**got, "options": {"setup.shards": "5"}})
	r = i.setup()
	ok(r.returncode == 2 and "setup.shards 2 -> 5" in r.stderr and i.assets() == before, "an option that was edited in the record is asked about", r.all)
	r = i.setup("--yes")
	ok(r.returncode == 0 and i.shards() == "5", "and taken by who says yes", r.all)
	i.settled("and then all is done")
	i.template()["_meta"]["options"] = {"setup.shards": "9"}
	r = i.setup()
	ok(r.returncode == 0 and OLDER not in r.stdout + r.stderr, "a copy that was edited tells nothing", r.all)


def without_number():
	"""What an efctl wrote whose copy had neither number nor options."""
	i = Installation("--shards", "2")
	old = i.record()
	i.setup("--shards", "3")
	was = i.template()["_meta"]
	for name in "serial", "options":
		del was[name]
	was["stored"] = "?"	# of an asset that is as somebody left it
	i.write({k: v for k, v in old.items() if k != "serial"})
	r = i.setup()
	ok(r.returncode == 2 and "setup.shards 3 -> 2" in r.stderr, "what goes back is found in the assets then", r.all)
	i.write({**{k: v for k, v in old.items() if k != "serial"}, "state": "applying"})
	r = i.setup()
	ok(r.returncode == 0 and "this one continues it" in r.stdout and i.shards() == "2", "unless a setup was interrupted", r.all)
	i.settled("and then all is done")


def assets_alone():
	i = Installation("--shards", "2")
	old = i.assets()
	i.setup("--shards", "3", "--namespace", "lab")
	later = i.record()
	i.restore(old)
	for command in "status", "doctor":
		r = i.efctl(command)
		ok(NEWER in r.stdout and "setup.shards 2 -> 3" in r.stdout, f"assets of before the record: {command} says it", r.all)
	r = i.setup()
	ok(r.returncode == 0 and NEWER in r.stdout and i.shards() == "3", "setup brings them to what the record says, and tells it", r.all)
	same(i.record()["serial"], later["serial"], "which stays what it is")
	i.settled("and then all is done")


def interrupted(tables):
	i = Installation("--shards", "2", "--dictionaries-dir", tables)
	before, was = i.assets(), i.record()
	i.setup("--shards", "3")
	i.restore(before)
	i.write({**i.record(), "state": "applying"})
	r = i.setup()
	ok(r.returncode == 0 and "this one continues it" in r.stdout and NEWER not in r.stdout and OLDER not in r.stdout and i.shards() == "3",
		"a setup that was killed after it had written the record is gone on with", r.all)
	i.settled("and then all is done")
	before = i.assets()
	with open(os.path.join(tables, "hosts.csv"), "a", encoding="utf-8") as f:
		f.write("192.0.2.77,more\n")
	r = i.efctl("dictionaries", "apply")
	ok(r.returncode == 0 and i.record()["serial"] > was["serial"], "dictionaries apply counts, too", r.all)
	i.restore(before)
	lease = {"by": "root@elsewhere", "at": "2026-01-01T00:00:00Z", "command": "dictionaries apply", "process": "elsewhere"}
	i.es.must("PUT", f"/{INDEX}/_doc/flow-lease", lease)
	out = i.efctl("doctor").stdout
	ok(NEWER not in out and "root@elsewhere is running (efctl dictionaries apply)" in out, "while somebody is at it doctor says so, and no problem", out)
	i.es.must("DELETE", f"/{INDEX}/_doc/flow-lease")
	r = i.efctl("dictionaries", "apply")
	ok(r.returncode == 0 and i.assets() != before, "so is dictionaries apply, by itself", r.all)
	i.restore(before)
	r = i.setup()
	ok(r.returncode == 0 and NEWER in r.stdout, "and by setup", r.all)
	i.settled("and then all is done")


def main():
	with tempfile.TemporaryDirectory() as folder:
		folder = os.path.realpath(folder)
		for name in "one", "other":
			os.mkdir(os.path.join(folder, name))
			with open(os.path.join(folder, name, "hosts.csv"), "w", encoding="utf-8") as f:
				f.write("address,name\n192.0.2.7,seven\n")
		alone(os.path.join(folder, "one"))
		there_and_back()
		edited()
		without_number()
		assets_alone()
		interrupted(os.path.join(folder, "other"))
	done()


main()
