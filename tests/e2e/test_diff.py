#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl setup --diff: exactly the lines that somebody changed, tables as numbers of rows, and nothing is written."""
import atexit
import json
import os
import re
import tempfile

import harness
from tap import done, ok, same

es = harness.ready()
EVENT, SETTINGS, FOREIGN = "/_ingest/pipeline/flow-event", "/_component_template/flow@settings", "/_ingest/pipeline/flow-threats"


def diff(*args):
	return harness.efctl("setup", "--no-key", "--diff", *args, es=es)


def edits(text, *start):
	"""The lines that are removed or added below the header of one asset."""
	part = text.split("--- " + " ".join(start) + ": installed")[1].split("\n--- ")[0]
	return [l for l in part.splitlines() if re.match(r"[-+](?!\+\+ )", l)]


def installed():
	return [es.must("GET", p) for p in ("/_ingest/pipeline", "/_component_template", "/_index_template")]


def restore(path, body):
	atexit.register(lambda: es.must("PUT", path, body))
	return body


r = diff("--dictionaries-dir", "")
ok(r.returncode == 0 and "---" not in r.stdout, "as set up, nothing differs: exit code 0", r.stdout[-2000:] + r.stderr)

# ---- what somebody changed by hand
event = restore(EVENT, es.must("GET", EVENT)["flow-event"])
script = next(i for i, p in enumerate(event["processors"]) if "script" in p)
lines = event["processors"][script]["script"]["source"].split("\n")
old = next(l for l in lines if " = " in l and l.endswith(";") and lines.count(l) == 1)
edited = json.loads(json.dumps(event))
edited["processors"][script]["script"]["source"] = "\n".join(old + " int mine = 7;" if l == old else l for l in lines)
es.must("PUT", EVENT, edited)
settings = restore(SETTINGS, es.must("GET", SETTINGS)["component_templates"][0]["component_template"])
edited = json.loads(json.dumps(settings))
edited["template"]["settings"]["index"]["refresh_interval"] = "77s"
es.must("PUT", SETTINGS, edited)
geo = restore("/_ingest/pipeline/flow-geo", es.must("GET", "/_ingest/pipeline/flow-geo")["flow-geo"])
edited = json.loads(json.dumps(geo))
edited["processors"].append({"set": {"field": "a", "value": "\u00e9\0x\x1b[31m"}})
es.must("PUT", "/_ingest/pipeline/flow-geo", edited)
restore(FOREIGN, es.must("GET", FOREIGN)["flow-threats"])
es.must("PUT", FOREIGN, {"description": "mine", "processors": []})
before = installed()
r = diff("--dictionaries-dir", "")
same(r.returncode, 3, "what was changed by hand differs: exit code 3, though setup would keep it")
got = edits(r.stdout, "pipeline", "flow-event")
same([l[0] + l[1:].strip() for l in got], ["-" + old.strip() + " int mine = 7;", "+" + old.strip()], "of a script exactly the edited line")
same([l[0] + l[1:].strip().rstrip(",") for l in edits(r.stdout, "component", "template", "flow@settings")],
	['-"refresh_interval": "77s"', '+"refresh_interval": "10s"'], "of a template exactly the edited line")
geo = edits(r.stdout, "pipeline", "flow-geo")
ok('"\u00e9\\u0000x\\u001b[31m"' in "".join(geo).lower() and not set("\0\x1b") & set(r.stdout), "a character of no text is shown escaped", str(geo))
ok('-{"description": "mine", "processors": []}' in edits(r.stdout, "pipeline", "flow-threats"), "what is not ours is shown, too", r.stdout[-3000:])
ok("drifted  pipeline             flow-event" in r.stdout.split("\n--- ")[0], "the plan comes first", r.stdout[:3000])
ok("[efctl " not in r.stdout and '"hash"' not in r.stdout, "our own marks are no difference")
r = diff("--dictionaries-dir", "", "--json")
told = {a["name"]: a.get("diff") for a in json.loads(r.stdout)["assets"]}
ok(r.returncode == 3 and told["flow-event"].startswith("@@ -") and told["flow"] is None, "as JSON, too", told["flow-event"])
r = diff("--dictionaries-dir", "", "--force", "--refresh", "10s")
ok(r.returncode == 3 and installed() == before, "and --force with it changes nothing", r.stdout[:2000])

# ---- what an option and tables would change
with tempfile.TemporaryDirectory() as tables:
	with open(os.path.join(tables, "networks.csv"), "w", encoding="utf-8") as f:
		f.write("prefix,name\n" + "".join(f"10.{i // 256}.{i % 256}.0/24,net {i}\n" for i in range(300)))
	with open(os.path.join(tables, "services.csv"), "w", encoding="utf-8") as f:
		f.write("port,transport,name\n61234,tcp,mine\n80,tcp,the web\n443,tcp,-\n")
	r = diff("--dictionaries-dir", tables, "--refresh", "3s")
	ok(r.returncode == 3 and "update   pipeline             flow\n" in r.stdout, "tables of the user's are an update", r.stdout[:2000] + r.stderr)
	got = "\n".join(l for l in r.stdout.splitlines() if re.match(r"[-+](?!\+\+ )", l))	# of whichever pipelines have them in this engine
	ok(re.search(r'^-.*"services": "table of (\d+) rows"', got, re.M) and re.search(
		r'^\+.*"services": "table of \d+ rows: 1 added, (0|1) removed, \d+ changed"', got, re.M), "large tables are told by their rows", got)
	ok(re.search(r'^\+.*"networks": "table of 300 rows: 300 added, 0 removed, 0 changed"', got, re.M), "new ones, too", got)
	ok(len(r.stdout) < 40000, f"and it can be read: {len(r.stdout)} bytes", r.stdout[:3000])
	ok(installed() == before, "nothing was written")
done()
