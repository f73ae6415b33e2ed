#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What efctl setup does in Kibana beside the dashboards' look: a space of its own, alerting rules, the setting that pins filters.

In a space that the test makes and deletes, beside an engine of its own that holds everything else: its default installation is the test's. What users with lesser roles may do
is asked of the cluster, in an installation with a prefix. Needs KIBANA_URL and ES_URL like the others.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import cluster
import rig
import roles
import tap

if not os.environ.get("KIBANA_URL") or not os.environ.get("ES_URL"):
	tap.skip_all("no Kibana: say KIBANA_URL= and ES_URL= (make test-kibana)")

SPACE, PREFIX = "efctl-test", "efctltest_setup"
RECORD = "/_component_template/flow@kibana"
PINNED = "filters:pinnedByDefault"
es, kibana = cluster.connect(), rig.kibana()
own = cluster.embedded("es7")
env = {**os.environ, **es.env(), "EF_KIBANA_URL": os.environ["KIBANA_URL"], "EF_KIBANA_SPACE": SPACE, "EF_ELASTICSEARCH_URL": own.url}
at = f"/s/{SPACE}"


def efctl(*arguments):
	shipped = [] if arguments[0] == "remove" else ["--dictionaries-dir", ""]	# remove refuses flags that are empty
	p = subprocess.run([rig.EFCTL, *arguments, *shipped], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	return p.returncode, p.stdout


def plan(*options):
	"""{"group name": action} of what is not the same."""
	code, out = efctl("setup", "--no-key", "--json", "--dry-run", *options)
	return {a["kind"] + " " + a["name"]: a["action"] for a in json.loads(out)["assets"] if a["action"] not in ("same", "yours")}


def setup(*options):
	code, out = efctl("setup", "--no-key", "--yes", *options)
	tap.ok(code == 0, "setup " + " ".join(options), out[-1500:])


def anew():
	"""The space, empty, and nothing that setup remembers of it."""
	kibana.delete(f"/api/spaces/space/{SPACE}")
	status, reply = own.get(RECORD)
	if status == 200:
		body = reply["component_templates"][0]["component_template"]
		if body["_meta"]["spaces"].pop(SPACE, None):
			own.must("PUT", RECORD, body)
	kibana.must("POST", "/api/spaces/space", {"id": SPACE, "name": "Test of efctl"})


def prefixed(role):
	"""A role of the manual for the installation with PREFIX."""
	text = re.sub(r"\b(logs|metrics)-((?:ti_)?flow)", rf"\1-{PREFIX}.\2", json.dumps(roles.of_manual(role)))
	return json.loads(text.replace('"flow-installation"', f'"{PREFIX}.flow-installation"'))


def pinned():
	return kibana.must("GET", at + "/api/kibana/settings")["settings"].get(PINNED, {}).get("userValue")


def rules():
	return {r["name"]: r for r in kibana.must("GET", at + "/api/alerting/rules/_find?per_page=100")["data"]}


anew()
try:
	# ---- a space of its own
	setup("--no-kibana-pin-filters")
	status, overview = kibana.get(f"{at}/api/saved_objects/dashboard/flow-overview-{SPACE}")
	tap.ok(status == 200, "a dashboard has the space's name in its id", str(overview)[:300])
	text = json.dumps(overview)
	links = re.findall(r"#/view/([\w-]+)", text)
	tap.ok(len(links) > 10 and all(l.endswith("-" + SPACE) for l in links), "links stay in the space", str(links[:5]))
	view = json.dumps(kibana.must("GET", f"{at}/api/saved_objects/index-pattern/flow-{SPACE}"))
	links = re.findall(r"#/view/([\w-]+)", view)
	tap.ok(links and all(l.endswith("-" + SPACE) for l in links), "addresses link to the space's host page", str(links))
	refs = [r["id"] for r in overview["references"]]
	tap.ok(refs and all(r.endswith("-" + SPACE) for r in refs), "and so do references", str(refs[:5]))
	tap.ok(pinned() is None and not rules(), "no rules, no setting unless asked")
	tap.ok(not plan("--no-kibana-pin-filters"), "a second time nothing changes")
	at_view = f"{at}/api/saved_objects/index-pattern/flow-{SPACE}"
	kibana.must("PUT", at_view, {"attributes": {"name": "Mine"}})
	code, out = efctl("export")
	tap.ok(code == 3 and "kibana/index-pattern/flow.json\n" in out, "export knows what was edited, under our id", out)
	setup("--force", "--no-kibana-pin-filters")

	# ---- filters pinned
	tap.ok(not plan(), "that filters are not to be pinned is remembered")
	tap.same(plan("--kibana-pin-filters"), {"advanced setting " + PINNED: "create", "component template flow@installation": "update"},
		"pinning filters is planned, and to be remembered")
	setup("--kibana-pin-filters")
	tap.ok(pinned() is True and not plan(), "and set")
	kibana.must("POST", at + "/api/kibana/settings", {"changes": {PINNED: False}})
	setup()
	tap.ok(pinned() is False, "not again when somebody changed it")
	setup("--force")
	tap.ok(pinned() is True, "but by force")
	setup("--no-kibana-pin-filters")
	tap.ok(pinned() is None, "and put back when it is not wanted any more")
	kibana.must("POST", at + "/api/kibana/settings", {"changes": {PINNED: True}})
	tap.ok(not plan() and not plan("--no-kibana-pin-filters"), "what somebody else has set is theirs")

	# ---- rules
	setup("--kibana-alerts")
	made = rules()
	tap.ok(len(made) == 5 and not any(r["enabled"] for r in made.values()), "five rules, switched off", str(list(made)))
	tap.ok(not plan("--kibana-alerts") and not plan(), "a second time nothing changes, with the option or without")
	silent = next(r for n, r in made.items() if "silent" in n)
	kibana.request("POST", f"{at}/api/alerting/rule/{silent['id']}/_enable")
	tap.same(plan("--kibana-alerts"), {"alerting rule exporter-silent": "drifted"}, "a rule that was switched on is yours")
	rule = {k: silent[k] for k in ("name", "tags", "schedule", "params", "actions", "notify_when")}
	kibana.must("PUT", f"{at}/api/alerting/rule/{silent['id']}", dict(rule, schedule={"interval": "7m"}))
	code, out = efctl("setup", "--no-key", "--diff")
	lines = [l[0] + l[1:].strip().strip(",") for l in out.split("--- alerting rule exporter-silent: ")[-1].splitlines() if re.match(r"[-+](?![-+]{2} )", l)]
	tap.same(sorted(lines), ['+"enabled": false', '+"schedule": {"interval": "5m"}', '-"enabled": true', '-"schedule": {"interval": "7m"}'],
		"--diff shows what was changed of it, and nothing else")
	setup("--kibana-alerts")
	tap.ok(rules()[silent["name"]]["schedule"] == {"interval": "7m"}, "and stays as it is")
	setup("--kibana-alerts", "--force")
	forced = rules()[silent["name"]]
	tap.ok(forced["schedule"] == silent["schedule"] and forced["enabled"], "--force brings ours back, and leaves the switch")
	kibana.delete(f"{at}/api/alerting/rule/{silent['id']}")
	tap.ok(not plan(), "a deleted rule does not come back without the option")
	setup("--kibana-alerts")
	tap.ok(len(rules()) == 5, "but with it")
	code, out = efctl("status")
	tap.ok(code == 0 and "drifted" not in out, "status knows them", out)

	# ---- who may do less than everything
	if es.user:
		in_space = lambda role: dict(role, applications=[dict(a, resources=[f"space:{SPACE}"]) for a in role["applications"]])
		anew()
		engines = dict(env)
		env.update(es.env(), EF_ELASTICSEARCH_PREFIX=PREFIX)
		admin = dict(env)
		try:
			env.update(roles.user(es, "half", prefixed("flow-setup")).env())
			code, out = efctl("setup", "--no-key", "--yes")
			tap.ok(code == 2 and "docs/efctl.md, Roles" in out, "without privileges in Kibana setup says where they are listed", out)
			env.update(roles.user(es, "whole", prefixed("flow-setup"), in_space(roles.of_manual("flow-setup-kibana"))).env())
			setup("--kibana-alerts")
			tap.ok(not plan("--kibana-alerts"), "the roles of the manual suffice")
			viewer = rig.kibana(roles.user(es, "viewer", in_space(prefixed("flow-view"))))
			body = {"attributes": {"title": "x"}}
			tap.same([viewer.get(f"{at}/api/saved_objects/dashboard/{PREFIX}.flow-overview-{SPACE}")[0],
				viewer.request("POST", f"{at}/api/saved_objects/dashboard", body)[0]], [200, 403], "who looks may read, not write")
		finally:
			env.update(admin)
			code, out = efctl("remove", "--no-key", "--yes", "--data", "--force")
			tap.ok(code == 0, "and what they installed is taken away", out[-800:])
			env.clear()
			env.update(engines)
	else:
		tap.skip("roles", "the cluster has no security")

	# ---- remove
	anew()
	setup("--kibana-alerts")
	kibana.request("POST", f"{at}/api/alerting/rule/{next(iter(rules().values()))['id']}/_enable")
	code, out = efctl("remove", "--no-key", "--yes", "--data")
	left = kibana.must("GET", at + "/api/saved_objects/_find?type=dashboard&type=map&type=search&type=index-pattern")["total"]
	tap.same([code, left, len(rules()), pinned()], [0, 0, 1, None], "remove leaves only the rule that was switched on")
	code, out = efctl("remove", "--no-key", "--yes", "--force")
	tap.same([code, len(rules())], [0, 0], "--force removes that, too")
finally:
	kibana.delete(f"/api/spaces/space/{SPACE}")

tap.done()
