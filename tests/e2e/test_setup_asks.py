#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl setup shows its plan and asks before it writes; without a terminal what is the user's is only touched with --yes."""
import json
import os
import tempfile

import harness
import cluster
from tap import done, ok, same

QUESTION = b"Apply? [y/N] "
CTRL_C, CTRL_D = b"\x03", b"\x04"


def setup(es, folder, *args):
	return harness.efctl("setup", "--no-key", *args, es=es, cwd=folder)


def typed(es, folder, answer, *args, meanwhile=lambda: None):
	"""efctl setup on a terminal where somebody types ANSWER after MEANWHILE: (exit code, what the screen shows, whether it asked). Not about feeds."""
	asked = []

	def reply(text):
		if asked or not text.endswith(QUESTION):
			return None
		asked.append(True)
		meanwhile()
		return answer
	code, screen = harness.typed(["setup", "--no-key", "--feeds", "none", *args], reply, es, folder)
	return code, screen, bool(asked)


def state(es):
	"""Every template, pipeline and data stream of the cluster, with its body."""
	return [es.get(p)[1] for p in ("/_ingest/pipeline", "/_component_template", "/_index_template", "/_data_stream")]


def first(es, folder):
	empty = state(es)
	for answer, what in (b"n\n", "no"), (b"\n", "an empty line"), (b"yesterday\n", "another word"), (CTRL_D, "the end of the input"):
		code, screen, asked = typed(es, folder, answer)
		ok(asked and code == 1 and "nothing was changed" in screen, f"{what} is no: exit code 1", f"{code}\n{screen}")
		ok("create   index template       logs-flow\n" in screen.split("Apply?")[0], "and the plan stood before the question", screen)
	ok(state(es) == empty, "and nothing was written")
	code, screen, asked = typed(es, folder, CTRL_C)
	ok(asked and code == -2 and es.get("/flow-installation")[0] == 404, "who breaks off leaves nothing behind", f"{code}\n{screen}")
	code, screen, asked = typed(es, folder, b"", "--dry-run")
	ok(code == 3 and not asked and state(es) == empty, "a dry run does not ask", screen)
	r = setup(es, folder, "--dry-run", "--json")
	ok(not any(a["applied"] for a in json.loads(r.stdout)["assets"]), "and has applied nothing")
	code, screen, asked = typed(es, folder, b"y\n")
	told = screen.split("Apply?")[-1]
	ok(code == 0 and asked and "applied: " in told and "create " not in told, "y applies, and what was shown is not shown again", screen)
	after = state(es)
	ok(after != empty, "it is written")
	code, screen, asked = typed(es, folder, b"")
	ok(code == 0 and not asked and state(es) == after, "where nothing would change nobody is asked", screen)


def replaces(es, folder):
	"""What the user has changed is replaced only where somebody says so."""
	body = es.must("GET", "/_ingest/pipeline/flow-roles")["flow-roles"]
	es.must("PUT", "/_ingest/pipeline/flow-roles", {**body, "processors": []})
	es.must("PUT", "/_ingest/pipeline/flow-event", {"description": "mine", "processors": []})
	before = state(es)
	r = setup(es, folder)
	ok(r.returncode == 3 and state(es) == before, "without --force both are kept, and nobody need be asked", r.stdout + r.stderr)
	r = setup(es, folder, "--force")
	ok(r.returncode == 2 and all(w in r.stderr for w in ("nothing was changed", "--yes", "1 changed by hand would be replaced: flow-roles",
		"1 not ours would be replaced: flow-event")), "--force without a terminal wants --yes, and says what for", r.stderr)
	r = setup(es, folder, "--force", "--json")
	ok(r.returncode == 2 and r.stdout == "", "as JSON, too", r.stdout + r.stderr)
	code, screen, asked = typed(es, folder, b"n\n", "--force")
	ok(code == 1 and asked and "flow-roles  changed by hand, replaced" in screen, "on a terminal it asks", screen)
	ok(state(es) == before, "none of them wrote anything")
	other = {"description": "mine, and newer", "processors": []}
	code, screen, asked = typed(es, folder, b"y\n", "--force", meanwhile=lambda: es.must("PUT", "/_ingest/pipeline/flow-event", other))
	ok(code == 1 and "pipeline flow-event was changed in the meantime" in screen, "what was changed after the plan was shown is not replaced", screen)
	same(es.must("GET", "/_ingest/pipeline/flow-event")["flow-event"], other, "it is there")
	ok("'processors': []" in str(es.must("GET", "/_ingest/pipeline/flow-roles")), "nor is anything else")
	code, screen, asked = typed(es, folder, b"y\n", "--force", "--json")
	shown, _, result = screen.partition("Apply? [y/N] y\n")
	result = json.loads(result[result.index("{"):])
	ok(code == 0 and "flow-roles  changed by hand, replaced" in shown, "with --json the plan to decide about is on the screen", screen)
	same(sorted(a["name"] for a in result["assets"] if a["applied"]), ["flow-event", "flow-roles"], "and the JSON tells what was applied")
	es.must("PUT", "/_ingest/pipeline/flow-event", {"description": "mine", "processors": []})
	code, screen, asked = typed(es, folder, b"", "--force", "--yes")
	ok(code == 0 and not asked and es.must("GET", "/_ingest/pipeline/flow-event")["flow-event"]["description"] != "mine",
		"--yes asks nothing", screen)


def removes(es, folder):
	assets = os.path.join(folder, "assets")
	os.makedirs(os.path.join(assets, "ingest-pipelines"))
	with open(os.path.join(assets, "ingest-pipelines", "extra.yml"), "w", encoding="utf-8") as f:
		f.write("description: of another version\nprocessors: [{set: {field: a, value: b}}]\n")
	same(setup(es, folder, "--assets", assets).returncode, 0, "an asset more needs nobody's word")
	r = setup(es, folder, "--reset", "assets")
	ok(r.returncode == 2 and "1 would be removed: flow-extra" in r.stderr and es.get("/_ingest/pipeline/flow-extra")[0] == 200,
		"one that would be removed does", r.stderr)
	r = setup(es, folder, "--yes", "--reset", "assets")
	ok(r.returncode == 0 and es.get("/_ingest/pipeline/flow-extra")[0] == 404, "with it, it goes", r.stderr)


def main():
	with tempfile.TemporaryDirectory() as folder:
		es = cluster.embedded("opensearch")
		first(es, folder)
		replaces(es, folder)
		removes(es, folder)
	done()


main()
