#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What setup, status and doctor advise: each command is typed as it is printed, and mends what it was printed for.

In each state that an installation can be in: of one that needs no flags to be named, with nobody to be asked; and of one that does, on a
terminal.
"""
import copy
import json
import os
import re
import shlex
import shutil
import tempfile
import threading

import harness
import cluster
import scripted
import standin
from documents import Documents
from tap import done, ok, same

QUIET = ("--no-key", "--no-connection", "--no-kibana")
ACME = ("--prefix", "acme", "--namespace", "it.s")
PLACEHOLDER = re.compile(r"\b(DIR|NAME|ID|FILE)\b|…")
LOOKS = "efctl dictionaries feeds"	# mends nothing


class Engine(standin.Engine):
	def __init__(self):
		super().__init__()
		self.documents = Documents(standin.RECORD, "acme." + standin.RECORD)

	def state(self):
		return copy.deepcopy((self.assets, self.streams, self.documents.kept))

	def bring(self, state):
		self.assets, self.streams, self.documents.kept = copy.deepcopy(state)


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Engine()
		super().__init__(standin.Handler)


class Run:
	"""One installation: without flags, or named by ACME."""

	def __init__(self, folder, named):
		self.server = Server()
		self.engine, self.es = self.server.scripted, cluster.Cluster(self.server.url)
		self.flags, self.prefix = (ACME, "acme.") if named else ((), "")
		self.how = at_terminal if named else no_terminal
		self.record = f"{self.prefix}flow-installation"
		self.what = "named by flags" if named else "without flags"
		self.folder = os.path.join(folder, "named" if named else "plain")
		self.tables, self.later = os.path.join(self.folder, "it's tables"), os.path.join(self.folder, "later")
		os.makedirs(self.tables)
		self.put(os.path.join(self.tables, "hosts.csv"), "address,name\n192.0.2.7,seven\n")
		self.put(os.path.join(self.later, "ingest-pipelines", "extra.yml"),
			"description: of a later version\nprocessors: [{set: {field: a, value: b}}]\n")

	@staticmethod
	def put(path, text):
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "w", encoding="utf-8") as f:
			f.write(text)

	def efctl(self, *args):
		r = harness.efctl(*args, es=self.es)
		return r.returncode, r.stdout + r.stderr

	def setup(self, *args):
		code, text = self.efctl("setup", *QUIET, *self.flags, *args)
		if code not in (0, 3):
			raise RuntimeError(text)

	def name(self, bare):
		return self.prefix + bare

	def edit_record(self, **members):
		seq_no, source = self.engine.documents.kept[self.record]["flow"]
		self.engine.documents.kept[self.record]["flow"] = (seq_no, {**source, **members})


# ---- states: each a function that makes one of an installation that is as it should be

def nothing(run):
	run.engine.bring(Engine().state())


def lost(run):
	del run.engine.documents.kept[run.record]


def lost_with_options(run):
	run.setup("--shards", "2", "--leftovers", "drop")
	lost(run)


def lost_with_tables(run):
	"""The index is gone, and with it the copies; the files are where they were."""
	run.setup("--dictionaries-dir", run.tables)
	lost(run)


def lost_copies(run):
	"""The record alone is gone, and so are the files: the copies are there."""
	run.setup("--dictionaries-dir", run.tables)
	shutil.rmtree(run.tables)
	del run.engine.documents.kept[run.record]["flow"]


def lost_elsewhere(run):
	"""Index and files are gone; what is advised is done where the files are."""
	run.setup("--dictionaries-dir", run.tables)
	os.rename(run.tables, run.tables + ".away")
	lost(run)


def lost_to_old(run):
	"""An installation of before there was anything that tells of tables."""
	run.setup("--dictionaries-dir", run.tables)
	del run.engine.assets["_component_template"][run.name("flow@installation")]
	lost(run)


def drifted(run):
	run.engine.assets["_component_template"][run.name("flow@settings")]["template"]["settings"]["index"]["refresh_interval"] = "77s"


def foreign(run):
	run.engine.assets["pipeline"][run.name("flow-event")] = {"description": "mine", "processors": []}


def reverted(run):
	"""A snapshot brings back the assets of a setup before the last one, one among them that is of no use any more."""
	run.setup("--assets", run.later)
	before = copy.deepcopy(run.engine.assets)
	run.setup("--reset", "assets", "--shards", "2", "--yes")
	run.engine.assets = before


def newer(run):
	run.edit_record(version="v99.1.0")


def newer_and_reverted(run):
	reverted(run)
	newer(run)


def damaged(run):
	run.edit_record(options=[1])


def damaged_with_options(run):
	run.setup("--shards", "2")
	damaged(run)


def unfinished(run):
	run.edit_record(state="applying")
	del run.engine.assets["_index_template"][run.prefix_in("logs-flow")]


def old_mapping(run):
	for stream in run.engine.streams.values():
		stream["meta"] = {"flow": "of before"}


def no_copy(run):
	del run.engine.assets["_component_template"][run.name("flow@installation")]


STATES = (nothing, lost, lost_with_options, lost_with_tables, lost_copies, lost_elsewhere, lost_to_old, drifted, foreign, reverted, newer,
	newer_and_reverted, damaged, damaged_with_options, unfinished, old_mapping, no_copy)
# who has no whole command to tell: a newer version is named, a directory is not known, and status leaves some to doctor
SILENT = {newer: {"status", "doctor"}, newer_and_reverted: {"status", "doctor"}, drifted: {"status"}, foreign: {"status"},
	reverted: {"status"}, lost_to_old: {"status", "doctor"}}


def prefix_in(self, bare):
	kind, _, rest = bare.partition("-")
	return f"{kind}-{self.prefix}{rest}"


Run.prefix_in = prefix_in


def advised(text):
	"""The commands in a text, in the order of their first mention."""
	return list(dict.fromkeys(c for c in re.findall(r"`(efctl [^`]+)`", text) if not PLACEHOLDER.search(c)))


def at_terminal(run, args):
	"""efctl there; a question is answered with yes, and threat feeds are not wanted."""
	asked = []

	def answer(text):
		for question, reply in ((b"Apply? [y/N] ", b"y\n"), (b"[none]: ", b"\n")):
			if text.endswith(question) and question not in asked:
				asked.append(question)
				return reply
		return None
	return harness.typed(args, answer, run.es)


def problems(run):
	"""What doctor has against the installation itself; the scripted engine has no flows, shards or databases."""
	code, text = run.efctl("doctor", "--json", *run.flags)
	return [f["text"] for f in json.loads(text) if f["result"] != "ok" and re.search("record of|no record|assets|changed by hand|not ours|was not set up|"
		"did not come|older than|older mapping|is gone", f["text"])] if text.startswith("[") else [text]


def look(run, state, whole):
	"""Everything that is advised in STATE, and by what."""
	told = {}
	for command, *more in ("status",), ("doctor",), ("setup",), ("setup", "--force"):
		code, text = run.how(run, [command, *more, *(QUIET if command == "setup" else ()), *run.flags])
		run.engine.bring(whole)
		commands = advised(text)
		wants = command not in SILENT.get(state, ()) if command != "setup" else code not in (0, 3)
		ok(commands or not wants, f"{state.__name__}, {run.what}: {command} says what to type", text)
		for c in commands:
			told.setdefault(c, command)
	return told


def try_one(run, state, command, by, before):
	code, text = run.how(run, shlex.split(command)[1:])
	after = [] if command.startswith(LOOKS) else problems(run)
	ok(code == 0 and (len(after) < len(before) or not before), f"{state.__name__}, {run.what}: {by} says {command}",
		f"exit code {code}\n{text[-2500:]}\nbefore {before}\nafter {after}")


def no_terminal(run, args):
	return run.efctl(*args)


def in_state(run, state, sound):
	run.engine.bring(sound)
	state(run)
	whole, files = run.engine.state(), os.path.isdir(run.tables)
	told, before = look(run, state, whole), problems(run)
	for command, by in told.items():
		run.engine.bring(whole)
		there = state is lost_elsewhere and run.tables in shlex.split(command) and shutil.copytree(run.tables + ".away", run.tables)
		try_one(run, state, command, by, before)
		if there:
			shutil.rmtree(run.tables)
	if not files:
		shutil.rmtree(run.tables + ".away", ignore_errors=True)
		run.put(os.path.join(run.tables, "hosts.csv"), "address,name\n192.0.2.7,seven\n")


def tables_come_back(run, sound):
	"""Not a row is lost where copies or files are there, and the record says of them what it said."""
	for state in lost_with_tables, lost_copies:
		run.engine.bring(sound)
		run.setup("--dictionaries-dir", run.tables)
		pipelines = copy.deepcopy(run.engine.assets["pipeline"])
		was = run.engine.documents.kept[run.record]["flow"][1]["dictionaries"]
		state(run)
		code, text = run.efctl("setup", *QUIET, *run.flags)
		got = run.engine.documents.kept[run.record]["flow"][1]["dictionaries"]
		ok(code == 0 and run.engine.assets["pipeline"] == pipelines, f"{state.__name__}, {run.what}: the tables stay", text)
		same(got, was, f"{state.__name__}, {run.what}: the record knows them again")
		code, text = run.efctl("setup", *QUIET, *run.flags)
		ok(code == 0 and run.engine.assets["pipeline"] == pipelines, f"{state.__name__}, {run.what}: and keeps them", text)
		run.put(os.path.join(run.tables, "hosts.csv"), "address,name\n192.0.2.7,seven\n")


def given_up(run, sound):
	"""Where they are nowhere, nothing changes until somebody gives them up."""
	run.engine.bring(sound)
	plain = copy.deepcopy(run.engine.assets["pipeline"])
	for flags in ("--reset", "dictionaries.dir"), ("--dictionaries-dir", ""):
		run.engine.bring(sound)
		lost_elsewhere(run)
		before = run.engine.state()
		code, text = run.efctl("setup", *QUIET, *run.flags, "--yes")
		ok(code == 2 and run.tables in text.replace("'\\''", "'") and run.engine.state()[0] == before[0], f"{run.what}: --yes alone gives no tables up", text)
		code, text = run.efctl("setup", *QUIET, *run.flags, "--yes", *flags)
		ok(code == 0 and run.engine.assets["pipeline"] == plain, f"{run.what}: {' '.join(flags)} does", text)
		os.rename(run.tables + ".away", run.tables)


def held(run, sound):
	"""Somebody else is at it."""
	run.engine.bring(sound)
	lease = {"id": "x", "by": "bob@fw9", "command": "setup", "pid": 7, "process": "", "since": "2026-01-01T00:00:00Z", "version": "v1"}
	foreign(run)

	def hold():
		run.es.must("PUT", f"/{run.record}/_doc/flow-lease", lease)
	for args in (["setup", *QUIET, "--force", "--yes"], ["remove", "--no-kibana", "--yes"], ["dictionaries", "apply", "--force"]):
		before = run.engine.state()
		hold()
		code, text = run.efctl(*args, *run.flags, "--wait", "0")
		commands = advised(text)
		ok(code == 1 and len(commands) == 1 and "bob@fw9" in text, f"{run.what}: {args[0]} says who is at it, and what waits longer", text)
		done_at = threading.Timer(1.5, lambda: run.es.delete(f"/{run.record}/_doc/flow-lease"))
		done_at.start()
		code, text = run.efctl(*shlex.split(commands[0])[1:]) if commands else (1, "")
		done_at.join()
		ok(code == 0 and run.engine.state()[0] != before[0], f"{run.what}: {commands} gets its turn", text)
		run.engine.bring(before)


def after_apply(run, sound):
	"""Tables that `dictionaries apply` installed are no reason to run setup."""
	run.engine.bring(sound)
	run.setup("--dictionaries-dir", run.tables)
	run.put(os.path.join(run.tables, "hosts.csv"), "address,name\n192.0.2.7,seven\n192.0.2.8,eight\n")
	code, text = run.efctl("dictionaries", "apply", *run.flags)
	same([code, problems(run)], [0, []], f"{run.what}: after dictionaries apply there is nothing to mend")
	code, text = run.efctl("setup", *QUIET, *run.flags, "--dry-run")
	ok(code == 0, f"{run.what}: and setup would change nothing", text)


def main():
	with tempfile.TemporaryDirectory() as folder:
		for named in False, True:
			run = Run(os.path.realpath(folder), named)
			run.setup()
			sound = run.engine.state()
			same(problems(run), [], f"{run.what}: a sound installation needs no advice")
			for state in STATES:
				in_state(run, state, sound)
			tables_come_back(run, sound)
			given_up(run, sound)
			held(run, sound)
			after_apply(run, sound)
	done()


main()
