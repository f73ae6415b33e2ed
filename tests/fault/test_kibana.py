#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl setup and a scripted Kibana: what somebody edited is shown line by line; an import whose end was not seen is gone on with."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import scripted  # noqa: E402
from documents import Documents  # noqa: E402
from tap import done, ok, same  # noqa: E402

EFCTL = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
MEANT = {"/_component_template/": "component_template", "/_index_template/": "index_template", "/_ingest/pipeline/": None}


class Both(scripted.Server):
	"""Elasticsearch and Kibana at one address: keeps assets, documents and saved objects. As Kibana does, it adds to what it imports."""

	def __init__(self):
		self.kept, self.objects, self.rules, self.documents = {}, {}, {}, Documents("flow-installation")
		self.imports = None	# what becomes of the next import: "lost" (done, no reply), "refused", "cut" (nothing is done), the number of a proxy; None: all is well
		super().__init__(Handler)


class Handler(scripted.Handler):
	def any_method(self):
		sent, path = self.sent(), self.path.split("?")[0]
		answer = self.kibana(path, sent) if path.startswith("/api/") else self.elasticsearch(path, sent)
		if answer is None:
			return self.cut()
		self.reply(*answer)

	def kibana(self, path, sent):
		s = self.server
		if path == "/api/status":
			return 200, {"version": {"number": "8.3.3"}}
		if path == "/api/saved_objects/_export":
			return 200, b"".join(json.dumps(o).encode() + b"\n" for o in s.objects.values())
		if path == "/api/kibana/settings":
			return 200, {"settings": {"filters:pinnedByDefault": {"userValue": False}}}
		if path.startswith("/api/alerting/rule/"):
			if self.command != "GET":	# with what it knows of itself
				s.rules[path] = {**s.rules.get(path, {}), **json.loads(sent), "running": False, "updated_at": "2026-01-01T00:00:00Z"}
			return (200, s.rules[path]) if path in s.rules else (404, {})
		if path != "/api/saved_objects/_import":
			return 404, {}
		how = s.imports	# a client may try once more on another connection
		if how == "refused":
			return 400, {"statusCode": 400, "error": "Bad Request", "message": "no room for it"}
		if how == "cut":
			return None
		if how in (413, 504):
			return how, f"<html><head><title>{how}</title></head></html>".encode()
		lines = [json.loads(line) for line in sent.decode().splitlines() if line.startswith("{")]
		for o in lines:
			o["attributes"]["version"] = 1
			o["updated_at"] = "2026-01-01T00:00:00Z"
			s.objects[o["type"], o["id"]] = o
		return None if how == "lost" else (200, {"success": True, "successCount": len(lines)})

	def elasticsearch(self, path, sent):
		s = self.server
		if (answer := s.documents.answer(self.command, self.path, sent)) is not None:
			return answer
		for start, member in MEANT.items():
			if not path.startswith(start):
				continue
			name = path[len(start):]
			if self.command == "PUT":
				s.kept[path] = json.loads(sent)
			if path not in s.kept:
				return 404, {}
			return 200, {member + "s": [{"name": name, member: s.kept[path]}]} if member else {name: s.kept[path]}
		if path.endswith("/_search"):
			return 200, {"hits": {"total": {"value": 0}, "hits": []}}
		if path == "/":
			return 200, {"cluster_name": "small", "version": {"number": "8.3.3"}}
		return (200, {"nodes": {"a": {"roles": ["data", "ingest"]}}}) if path.startswith("/_nodes") else (400 if self.command == "POST" else 404, {})

	def log_message(self, *args):
		pass


def setup(both, *args):
	env = dict(os.environ, EF_ELASTICSEARCH_URL=both.url, EF_KIBANA_URL=both.url)
	r = subprocess.run([EFCTL, "setup", "--no-key", "--no-connection", "--no-kibana-pin-filters", *args], stdin=subprocess.DEVNULL,
		capture_output=True, text=True, env=env, timeout=120)
	return r.returncode, r.stdout, r.stderr


def actions(both, *args):
	"""{action: how many objects of Kibana} of a dry run."""
	code, out, err = setup(both, "--dry-run", "--json", *args)
	found = {}
	for a in json.loads(out)["assets"]:
		if ("template" not in a["kind"]) and a["kind"] not in ("pipeline", "lifecycle policy"):
			found[a["action"]] = found.get(a["action"], 0) + 1
	return found


b = Both()
n = actions(b)["create"]
code, out, err = setup(b)
ok(code == 0 and len(b.objects) == n > 30, f"{n} objects are imported", out[-1500:] + err)
same(actions(b), {"same": n}, "what Kibana adds is Kibana's hand, not the user's")

# ---- a proxy before Kibana that takes no large requests, or waits for too short (docs/known-issues.md)
behind = Both()
for behind.imports, want, words in (413, 2, "what stands between it and here"), (504, 4, "_import"):
	code, out, err = setup(behind)
	ok(code == want and f"answers {behind.imports} to POST" in err and words in err and not behind.objects, f"a proxy says {behind.imports}: setup stops and says so", out + err)
behind.imports = None
same((setup(behind)[0], len(behind.objects)), (0, n), "and goes on to the end when there is room")

# ---- no step of a chart is shorter than a flow may last before it is told
def steps(both):
	"""{interval} of all charts over time of flows; the titles of these; what is left of variables."""
	intervals, titles, left = set(), set(), 0
	for o in both.objects.values():
		left += json.dumps(o).count("${")
		for panel in json.loads(o["attributes"].get("panelsJSON", "[]")):
			a = panel["embeddableConfig"].get("attributes", {})
			flows = any(r["id"] == "flow" for r in a.get("references", []))
			for layer in a.get("state", {}).get("datasourceStates", {}).get("indexpattern", {}).get("layers", {}).values():
				over_time = [c["params"]["interval"] for c in layer["columns"].values() if c["operationType"] == "date_histogram"]
				if flows and over_time:
					intervals |= set(over_time)
					titles.add(re.sub(".*, in steps of", "…", panel["title"]))
	return intervals, titles, left


def least(both):
	"""The shortest steps, in milliseconds, of the courses that Vega draws."""
	return set(re.findall(r"floor\(datum\.b\.key / (\d+)\)", "".join(json.dumps(o) for o in both.objects.values()))) - {"60000"}


def peaks(both):
	"""How long "the highest five minutes" are, in charts and as they divide by it."""
	text = "".join(json.dumps(o) for o in both.objects.values())
	return set(re.findall(r'fixed_interval[\\": ]+(\w+)', text)), set(re.findall(r"\(datum\.p \|\| 0\) \* [^?]*?/ \((\d+) / 1000\)", text))


same(peaks(b), ({"5m"}, {"300000"}), "the highest five minutes of a step")
same(steps(b), ({"5m"}, {"… 5m or more"}, 0), "charts over time have steps of 5m or more, and say so")
same(least(b), {"300000"}, "key figures' courses have, too")
code, out, err = setup(b, "--active-timeout", "30m")
same((code, steps(b), least(b) - {"300000"}), (0, ({"30m"}, {"… 30m or more"}, 0), {"1800000"}), "--active-timeout 30m: all have")
same(peaks(b), ({"5m", "30m"}, {"1800000"}), "no highest part of a step is shorter (the percentile has its five minutes)")
same(actions(b), {"same": n}, "the next run has not forgotten it")
setup(b, "--active-timeout", "1m")
same((steps(b)[0], peaks(b)), ({"1m"}, ({"5m"}, {"300000"})), "--active-timeout 1m: the highest five minutes all the same")
code, out, err = setup(b, "--active-timeout", "2s")
ok(code == 2 and "active-timeout" in err and len(err.splitlines()) == 1, "steps of two seconds are refused", err)
code, out, err = setup(b, "--reset", "active-timeout")
same((code, steps(b)[0]), (0, {"5m"}), "--reset active-timeout: five minutes again")

# ---- somebody edits a dashboard in Kibana
board = b.objects["dashboard", "flow-overview"]["attributes"]
before = board["panelsJSON"]
panels = json.loads(before)
title = json.dumps(panels[1]["gridData"]["h"])
panels[1]["gridData"]["h"] = 77
board["panelsJSON"] = json.dumps(panels)
same(actions(b), {"same": n - 1, "drifted": 1}, "an edited dashboard has drifted")
code, out, err = setup(b, "--diff")
ok(code == 3 and "drifted  dashboard            flow-overview" in out, "--diff: exit code 3", out[:2000] + err)
text = out.split("--- dashboard flow-overview: installed, changed by hand\n")[-1]
gone, come = ([l for l in text.splitlines() if re.match(rf"\{sign}(?!{re.escape(sign * 2)} )", l)] for sign in "-+")
ok(len(come) == 1 and any('"h": 77' in l for l in gone) and f'"h": {title}' in come[0], "of the texts inside its texts the line that was edited",
	text[:3000])
ok("migrationVersion" not in text and "updated_at" not in text, "without the marks of Kibana's")
board["panelsJSON"] = before

# ---- somebody edits an alerting rule
code, out, err = setup(b, "--kibana-alerts")
ok(code == 0 and len(b.rules) > 3, f"{len(b.rules)} alerting rules are made", out[-1500:] + err)
# A record's bytes stand where it ends: a mean is of twice as long as records may tell of, and of ten minutes at least.
traffic = lambda: [(r["name"], r["params"]["timeWindowSize"], r["params"]["threshold"]) for r in b.rules.values() if "Mbit/s" in r["name"]]
same(traffic(), [("Flow: more than 800 Mbit/s into an interface, mean of 10 minutes", 10, [60000000000])], "the rule for traffic looks at 10 minutes")
setup(b, "--active-timeout", "30m")
same(traffic(), [("Flow: more than 800 Mbit/s into an interface, mean of 60 minutes", 60, [360000000000])], "and at an hour where flows may last half of one")
setup(b, "--active-timeout", "5m")
rule = next(r for r in b.rules.values() if r["name"] == "Flow: exporter silent")
interval, rule["schedule"] = rule["schedule"]["interval"], {"interval": "77m"}
code, out, err = setup(b, "--diff")
text = out.split("--- alerting rule exporter-silent: installed, changed by hand\n")[-1]
lines = [l for l in text.splitlines() if re.match(r"[-+](?![-+]{2} )", l)]
same([l.strip(",") for l in lines], ['- "schedule": {"interval": "77m"}', f'+ "schedule": {{"interval": "{interval}"}}'], "--diff shows the edited line of an alerting rule")

# ---- somebody deletes one
rule["schedule"] = {"interval": interval}
path = next(p for p, r in b.rules.items() if r is rule)
del b.rules[path]
code, out, err = setup(b)
ok(code == 0 and path not in b.rules and " create" not in out, "a deleted rule does not come back with an option that is only remembered", out[-1500:] + err)
code, out, err = setup(b, "--kibana-alerts")
ok(code == 0 and path in b.rules, "but with one that is named", out[-1500:] + err)

# ---- an import that came to Kibana, and whose end nobody saw
for how, there in (("lost", n), ("cut", 0)):
	b = Both()
	b.imports = how
	code, out, err = setup(b)
	ok(code == 4 and "not yet  dashboard            flow-overview" in out and len(b.objects) == there, f"a reply that is {how}: setup says what it does not know of",
		f"{code}\n{out[-1500:]}{err}")
	same(actions(b), {"update" if there else "create": n}, "run again it goes on, and takes nothing for somebody else's")
	b.imports = None
	code, out, err = setup(b)
	ok(code == 0 and len(b.objects) == n, "and comes to its end", out[-1500:] + err)
	same(actions(b), {"same": n}, "after which all is the same")

# ---- one that Kibana refused: whoever's it was, it is
b = Both()
b.objects["dashboard", "flow-overview"] = {"type": "dashboard", "id": "flow-overview", "attributes": {"title": "mine"}, "references": []}
foreign = actions(b)["foreign"]
b.imports = "refused"
code, out, err = setup(b, "--force", "--yes")
ok(code == 1 and "no room for it" in err, "an import that is refused", f"{code}\n{err}")
same(actions(b).get("foreign", 0), foreign, "leaves what is not ours somebody else's")
same(actions(b).get("update", 0), 0, "and nothing passes for half done")
done()
