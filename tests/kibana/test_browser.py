#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboards in a real Kibana, in a real browser: imported by efctl, every panel complete, no column cut, clicks and links work.

Over the captures and tables of `make demo` (panels need a geo database with AS numbers, else they are skipped), to which come hosts, an AS and interfaces
with names that links have to escape. Needs KIBANA_URL and ES_URL (ES_USER, ES_PASSWORD), Chromium, node and npm's playwright-core. SHOTS=DIR keeps the
pictures, DASHBOARDS="flow-overview …" looks at these only, ONLY="links.js" runs this script alone, KEEP_DATA=1 leaves the installation of the test with its
data, and takes it when it is there. Nothing else in cluster and Kibana is touched: a prefix and a space of its own, gone at the end.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "captures"), HERE]
import cluster
import npm
import odd
import rig
import tap

if not os.environ.get("KIBANA_URL") or not os.environ.get("ES_URL"):
	tap.skip_all("no Kibana: say KIBANA_URL= and ES_URL= (make test-kibana)")
chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
if not chromium:
	tap.skip_all("no chromium: the dashboards are not opened (apt-get install chromium)")
modules = npm.modules("playwright-core@1")
if not modules:
	tap.skip_all("no npm package playwright-core: " + npm.why)

es = cluster.connect()
keep = bool(os.environ.get("KEEP_DATA"))
here = rig.Installation(es, "browser", keep=keep, kibana=os.environ["KIBANA_URL"])
env = dict(os.environ, **es.env(), KIBANA_URL=os.environ["KIBANA_URL"].rstrip("/") + "/s/" + here.prefix, DASHBOARD_ID=here.id("%"), NODE_PATH=modules, CHROMIUM=chromium)
again = here.setup()
kinds = ("dashboard", "index-pattern", "search", "map")
changed = [line for line in again.splitlines() if line.split() and line.split()[0] in ("create", "update", "drifted") and any(k in line for k in kinds)]
tap.ok(not changed, "efctl setup imports the dashboards; a second time it changes nothing", "\n".join(changed))


def run(script, *arguments):
	p = subprocess.Popen(["node", os.path.join(HERE, script), *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	points = 0
	for line in p.stdout:
		if line.startswith(("ok ", "not ok ")):
			good, _, name = line.strip().partition(" - ")
			tap.ok(good.startswith("ok"), name)
			points += 1
		else:
			tap.note(line.rstrip())
	tap.ok(p.wait() == 0 and points, script + " ran to its end")


ids = os.environ.get("DASHBOARDS", "").split() or sorted(o["id"] for o in rig.objects() if o["type"] == "dashboard")
scripts = os.environ.get("ONLY", "panels.js clicks.js links.js").split()
with tempfile.TemporaryDirectory() as tmp:
	shots = os.environ.get("SHOTS", tmp)
	os.makedirs(shots, exist_ok=True)
	if not here.old:
		here.setup(odd.tables(os.path.join(tmp, "tables"), rig.DEMO_TABLES))
		here.replay("--now", *rig.captures())
		here.replay("--now", odd.capture(os.path.join(tmp, "odd.pcap")))
	if not es.count(here.index("logs-flow-*"), {"exists": {"field": "destination.as.number"}}):
		tap.skip("panels", "the cluster has no geo database with AS numbers")
	elif "panels.js" in scripts:
		run("panels.js", shots, *ids)
	for script in ("clicks.js", "links.js"):
		if script in scripts:
			run(script, shots, json.dumps(odd.NAMES))

tap.done()
