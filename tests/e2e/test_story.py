#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of an installation: made by an efctl from before the record, upgraded, drifted, mended, with a second namespace, removed.

With KIBANA_URL (and ES_URL) it is on that cluster, dashboards included; nothing of efctl's may be there. Else an embedded one.
"""
import json
import os
import subprocess
import tempfile

import harness
import cluster
import inventory
from tap import done, ok, same, skip_all

OLD = "0c529df"	# the last one that forgot the options it ran with
KIBANA = os.environ.get("KIBANA_URL")
CAPTURES = [os.path.join(harness.ROOT, "tests", "captures", f) for f in ("branch-netflow5.pcap", "vm-sflow.pcap")]
EVENT, FLOW, OVERVIEW = "/_ingest/pipeline/flow-event", "/_index_template/logs-flow", "/api/saved_objects/dashboard/flow-overview"
RECORD = "flow-installation"


def old_efctl():
	"""The program of commit OLD, built below BUILD once."""
	top = os.path.join(harness.BUILD, OLD)
	program = os.path.join(top, "build", "efctl")
	git = ["git", "-c", "safe.directory=*", "-C", harness.ROOT]
	if not os.path.exists(program):
		if subprocess.run([*git, "cat-file", "-e", OLD + "^{commit}"], stderr=subprocess.DEVNULL).returncode:
			skip_all(f"this clone does not reach back to {OLD}")
		os.makedirs(top, exist_ok=True)
		archive = subprocess.run([*git, "archive", OLD], stdout=subprocess.PIPE, check=True)
		subprocess.run(["tar", "-x", "-C", top], input=archive.stdout, check=True)
		env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
		subprocess.run(["make", "-s", "-j2", "-C", top, "SETUP=0", "build/efctl"], env=env, stdout=subprocess.DEVNULL, check=True)
	return program


def is_same(before, after, what, detail=""):
	found = inventory.differences(before, after)
	ok(not found, what, "\n".join(found[:20]) + "\n" + detail)


class Story:
	def __init__(self, folder):
		self.folder = folder
		self.es = cluster.given() if KIBANA else cluster.embedded("opensearch")
		self.kibana = cluster.Cluster(KIBANA, self.es.user, self.es.password, headers={"kbn-xsrf": "1"}) if KIBANA else None
		self.env = {"EF_KIBANA_URL": KIBANA} if KIBANA else {}
		self.no_settings = os.path.join(folder, "efctl.yml")
		with open(self.no_settings, "w", encoding="utf-8"):
			pass
		self.tables = os.path.join(folder, "tables")
		os.mkdir(self.tables)
		with open(os.path.join(self.tables, "hosts.csv"), "w", encoding="utf-8") as f:
			f.write("address,name\n192.0.2.7,seven\n")

	def run(self, *args, program=None):
		e = dict(os.environ, **self.es.env(), **self.env)
		if program:	# it knows no EF_CONFIG_DIR and would read what somebody has in /etc/efd
			e["EF_CONFIG"] = self.no_settings
		r = subprocess.run([program or harness.EFCTL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			text=True, env=e, cwd=self.folder)
		r.all = f"exit code {r.returncode}\n{r.stdout[-4000:]}{r.stderr[-2000:]}"
		return r

	def setup(self, *args, ns="default"):
		return self.run("setup", "--no-connection", "--key-file", self.key(ns), "--namespace", ns, *args)

	def key(self, ns):
		return os.path.join(self.folder, "key-" + ns)

	def names(self):
		return inventory.names(self.es, self.kibana)

	def everything(self):
		return inventory.everything(self.es, self.kibana)

	def is_same(self, before, what, r=None):
		is_same(before, self.everything(), what, r.all if r else "")

	def record(self):
		return self.es.must("GET", f"/{RECORD}/_doc/flow")["_source"]

	def shards(self):
		t = self.es.must("GET", "/_component_template/flow@settings")["component_templates"][0]["component_template"]
		return t["template"]["settings"]["index"]["number_of_shards"]

	def retention(self):
		status, reply = self.es.get("/_ilm/policy/flow")
		return reply["flow"]["policy"]["phases"]["delete"]["min_age"] if status == 200 else None


def somebody_elses(s):
	"""What was there before us, and looks like ours at first sight."""
	s.es.must("PUT", "/_index_template/flowers", {"index_patterns": ["logs-flowers-*"], "priority": 900, "data_stream": {}})
	s.es.must("PUT", "/_ingest/pipeline/flow-of-mine", {"description": "somebody else's", "processors": []})
	s.es.must("PUT", "/_scripts/flowers", {"script": {"lang": "painless", "source": "return 1"}})
	s.es.must("POST", "/logs-flowers-lab/_doc?refresh=true", {"@timestamp": "2026-01-01T00:00:00Z"})
	if s.kibana:
		s.kibana.must("POST", "/api/saved_objects/dashboard/flowers?overwrite=true", {"attributes": {"title": "[Flow] of mine", "panelsJSON": "[]"}})


def no_more_of_them(s):
	s.es.must("DELETE", "/_data_stream/logs-flowers-lab")
	for path in "/_index_template/flowers", "/_ingest/pipeline/flow-of-mine", "/_scripts/flowers":
		s.es.must("DELETE", path)
	if s.kibana:
		s.kibana.must("DELETE", "/api/saved_objects/dashboard/flowers")


def installed_long_ago(s):
	program = old_efctl()
	r = s.run("setup", "--retention", "9d", "--shards", "2", "--dictionaries-dir", s.tables, "--key-file", s.key("default"), program=program)
	ok(r.returncode == 0 and s.shards() == "2", f"{OLD} installs with options", r.all)
	ok(s.es.get(f"/{RECORD}")[0] == 404, "and leaves no record")
	r = s.run("replay", *CAPTURES, program=program)
	ok(r.returncode == 0 and s.es.count("logs-flow-default") > 0, "flows are replayed into it", r.all)


def upgraded(s):
	before, flows = s.everything(), s.es.count("logs-flow-default")
	r = s.setup()
	ok(r.returncode == 2 and "setup.shards: installed 2" in r.stderr and "--yes" in r.stderr, "the upgrade says what it found out, and wants a yes", r.all)
	s.is_same(before, "without one nothing is written")
	args = ["setup", "--no-connection", "--feeds", "none", "--key-file", s.key("default"), "--dictionaries-dir", s.tables]
	question = b"Apply? [y/N] "
	code, screen = harness.typed(args, lambda text: b"y\n" if text.endswith(question) else None, s.es, s.folder, s.env)
	shown = screen.split(question.decode())[0]
	ok(code == 0 and "option   setup.shards         2, the default is 1" in shown and "update   pipeline             flow\n" in shown,
		"on a terminal the options are shown with the plan, and y upgrades", f"exit code {code}\n{screen}")
	options = s.record()["options"]
	same([options.get("setup.shards"), s.shards()], ["2", "2"], "the shards are what they were, and remembered")
	ok("hosts.csv" in s.record()["dictionaries"]["files"], "so is the user's table", s.record())
	if s.retention():
		same([options.get("setup.retention"), s.retention()], ["9d", "9d"], "so is the retention, found out from the policy")
	same(s.es.count("logs-flow-default"), flows, "the flows are there")


def nothing_to_do(s):
	before = s.everything()
	os.rename(s.tables, s.tables + ".away")
	r = s.setup()
	os.rename(s.tables + ".away", s.tables)
	counts = next((l for l in r.stdout.splitlines() if " same" in l), "")
	ok(r.returncode == 0 and not any(w in counts for w in ("create", "update", "drifted", "foreign", "remove")), "plain setup has nothing to do, and says so", r.all)
	s.is_same(before, "and changes nothing, byte for byte", r)
	same(s.run("doctor", "--key-file", s.key("default")).stdout.count("drifted"), 0, "doctor finds nothing drifted")


def drifted(s):
	event, flow = s.es.must("GET", EVENT)["flow-event"], s.es.must("GET", FLOW)["index_templates"][0]["index_template"]
	for when in "created_date", "created_date_millis", "modified_date", "modified_date_millis":
		flow.pop(when, None)
	s.es.must("PUT", EVENT, {**event, "processors": event["processors"] + [{"set": {"field": "labels.by_hand", "value": "x"}}]})
	s.es.must("PUT", FLOW, {**flow, "priority": 333})
	if s.kibana:
		s.kibana.must("PUT", OVERVIEW, {"attributes": {"description": "seen by hand"}})
	before, what = s.everything(), [("pipeline", "flow-event"), ("index template", "logs-flow"), *([("dashboard", "flow-overview")] if s.kibana else [])]
	r = s.setup("--diff")
	for kind, name in what:
		ok(f"drifted  {kind:<20} {name}" in r.stdout and f"--- {kind} {name}: installed, changed by hand" in r.stdout, f"--diff shows {name}", r.all)
	lines = {l[0] + l[1:].strip().rstrip(",") for l in r.stdout.splitlines() if l.startswith(("-", "+"))}
	wanted = {'-"priority": 333', f'+"priority": {flow["priority"]}', *(['-"description": "seen by hand"'] if s.kibana else [])}
	ok(r.returncode == 3 and wanted <= lines and any("by_hand" in l for l in lines if l[0] == "-"), "with the lines in question",
		f"{wanted - lines} of {sorted(lines)}")
	r = s.run("status", "--json")
	told = {a["name"]: a["action"] for a in json.loads(r.stdout)["assets"]}
	same([told.get(n) for k, n in what if k != "dashboard"], ["drifted"] * 2, "status tells")
	r = s.run("doctor", "--key-file", s.key("default"))
	ok(r.returncode == 3 and all(n in r.stdout for k, n in what if k != "dashboard"), "doctor names them", r.all)
	r = s.setup()
	ok(r.returncode in (0, 3) and f"{len(what)} drifted" in r.stdout, "setup tells", r.all)
	s.is_same(before, "and keeps what was changed by hand", r)


def without(held, ns="lab"):
	"""HELD without what is of namespace NS; the record without who wrote it when."""
	out = {s: {n: b for n, b in section.items() if f"-{ns}" not in n} for s, section in held.items()}
	out["keys"] = {i: n for i, n in out["keys"].items() if n != json.dumps("efd-" + ns)}
	docs = json.loads(out["documents"].pop(RECORD))
	record = docs["flow"][1]
	out["record"] = {"options": json.dumps(record["options"]), "dictionaries": json.dumps(record["dictionaries"]),
		"assets": json.dumps(record["assets"]), "namespaces": json.dumps([n for n in record["namespaces"] if n != ns]),
		"keys": json.dumps([k for k in record.get("keys", []) if k["namespace"] != ns]), "files": json.dumps(sorted(docs))}
	return out


def mended(s, before):
	r = s.setup("--force")
	ok(r.returncode == 2 and "flow-event" in r.stderr, "--force without a yes is refused", r.all)
	if s.kibana:
		r = s.setup("--force", "--yes", "--no-kibana")
		after = s.everything()
		ok("seen by hand" in after["kibana"]["dashboard flow-overview"] and "by_hand" not in after["pipelines"]["flow-event"],
			"--force --no-kibana leaves the dashboard as the user has it", r.all)
	r = s.setup("--force", "--yes")
	ok(r.returncode == 0, "--force mends", r.all)
	is_same(without(before), without(s.everything()), "and all is what it was before it drifted")


def second_namespace(s):
	before = s.everything()
	r = s.setup(ns="lab")
	ok(r.returncode == 0, "a second namespace", r.all)
	is_same(without(before), without(s.everything()), "shares what is there: nothing of the first one changes")
	counts = {}
	for ns in "default", "lab":
		r = s.run("replay", "--json", "--namespace", ns, *CAPTURES)
		counts[ns] = json.loads(r.stdout)["records"] if r.returncode == 0 else r.all
		same(s.es.count(f"logs-flow.failed-{ns}"), 0, f"flows are replayed into {ns}, none failed")
	same(counts["default"], counts["lab"], "as many into both")
	same([s.es.count(f"{stream}-lab") for stream in ("logs-flow", "metrics-flow.counters")], [s.es.count(f"{stream}-default") for stream in
		("logs-flow", "metrics-flow.counters")], "both hold as many, those that were there before the upgrade are not stored twice")
	same(s.es.count("logs-flow-lab"), counts["lab"]["flow"], "which is every flow")

	before = s.everything()
	r = s.run("remove", "--yes", "--namespace", "lab", "--key-file", s.key("lab"))
	ok(r.returncode == 2 and "--data" in r.stderr, "with documents in it remove wants --data", r.all)
	s.is_same(before, "and does nothing", r)
	r = s.run("remove", "--yes", "--data", "--namespace", "lab", "--key-file", s.key("lab"))
	ok(r.returncode == 0 and "used by namespace default" in r.stdout, "the second namespace is removed", r.all)
	after = s.everything()
	is_same(without(before), without(after), "the first one is byte for byte what it was")
	left = [f"{section} {n}" for section, held in after.items() for n, b in held.items() if n.endswith("-lab") and "flowers" not in n or b == '"efd-lab"']
	same([left, s.record()["namespaces"]], [[], ["default"]], "and nothing is left of the second")


def removed(s, empty):
	r = s.run("remove", "--yes", "--data", "--key-file", s.key("default"))
	ok(r.returncode == 0, "the last namespace is removed", r.all)
	is_same(empty[1], s.everything(), "what was there before the installation is byte for byte what it was, and nothing else is there")
	no_more_of_them(s)
	same(s.names(), empty[0], "name by name the cluster is as it was")


def main():
	old_efctl()	# or it is said before an engine starts
	with tempfile.TemporaryDirectory() as folder:
		s = Story(folder)
		if s.es.get("/_index_template/logs-flow")[0] == 200 or s.es.get("/" + RECORD)[0] == 200:
			skip_all("an installation is there already: this test removes it")
		names = s.names()
		somebody_elses(s)
		empty = names, s.everything()
		installed_long_ago(s)
		upgraded(s)
		nothing_to_do(s)
		before = s.everything()
		drifted(s)
		mended(s, before)
		second_namespace(s)
		removed(s, empty)
	done()


main()
