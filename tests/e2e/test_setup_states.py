#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl setup on nodes of its own: twice, drift, foreign, force, dry run, roll-over, remove; wrong servers."""
import http.server
import json
import os
import tempfile
import threading

import harness  # noqa: F401 (it makes the test library known)
import cluster
import net
import roles
from tap import done, ok, same

LINE = '{"@timestamp":"2026-01-01T00:00:00.000Z","flow":{"type":"netflow5","exporter":"192.0.2.1","port":1,"domain":0,"seq":1,' \
	'"exported":1767225600000,"received":1767225600000},"ie":{"sourceIPv4Address":"10.0.0.1","destinationIPv4Address":' \
	'"10.0.0.2","sourceTransportPort":40000,"destinationTransportPort":443,"protocolIdentifier":6,"octetDeltaCount":100,' \
	'"packetDeltaCount":2}}'


class Result:
	def __init__(self, p):
		self.code, self.out, self.err = p.returncode, p.stdout, p.stderr

	def json(self):
		return json.loads(self.out)

	def __str__(self):
		return f"exit code {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


def efctl(es, *args, cwd=None, stdin=""):
	return Result(harness.efctl(*args, es=es, cwd=cwd, stdin=stdin))


def actions(result):
	"""action -> names, without the copy of the record's version and hash, which changes with every option"""
	out = {}
	for a in result.json()["assets"]:
		if a["name"] != "flow@installation":
			out.setdefault(a["action"], []).append(a["name"])
	return out


def twice(c, folder):
	first = efctl(c, "setup", "--dry-run", "--json", cwd=folder)
	same(first.code, 3, "a dry run on an empty cluster exits with 3")
	same(list(actions(first)), ["create"], "everything would be created")
	same(c.get("/_ingest/pipeline/flow")[0], 404, "and nothing was")
	r = efctl(c, "setup", cwd=folder)
	same(r.code, 0, "setup")
	r = efctl(c, "setup", "--json", cwd=folder)
	ok(r.code == 0 and set(actions(r)) == {"same", "yours"}, "a second run changes nothing", r)
	same(efctl(c, "setup", "--dry-run", cwd=folder).code, 0, "a dry run then exits with 0")


def drift(c, folder):
	c.must("PUT", "/_ingest/pipeline/flow-roles", {"description": "mine", "processors": []})
	body = c.must("GET", "/_component_template/flow@settings")["component_templates"][0]["component_template"]
	body["template"]["settings"]["index"]["refresh_interval"] = "77s"
	c.must("PUT", "/_component_template/flow@settings", body)
	c.must("PUT", "/_ingest/pipeline/flow@custom", {"processors": [{"set": {"field": "labels.mine", "value": "1"}}]})
	r = efctl(c, "setup", "--json", cwd=folder)
	got = actions(r)
	same(r.code, 3, "something foreign in the way: setup says it is not complete")
	same(got.get("foreign"), ["flow-roles"], "what does not carry our mark is foreign")
	same(got.get("drifted"), ["flow@settings"], "what was changed by hand has drifted")
	ok("flow@custom" in got["yours"], "the user's hook is the user's")
	same(c.get("/_ingest/pipeline/flow-roles")[1]["flow-roles"]["description"], "mine", "both were kept")
	r = efctl(c, "setup", "--refresh", "9s", "--dry-run", cwd=folder)
	ok("component template flow@settings was changed by hand and is kept: the options have no effect on it until --force" in r.out, "an option that it holds is said to be without effect", r)
	ok("have no effect on it until" not in efctl(c, "setup", "--dry-run", cwd=folder).out, "without a changed option nothing is", r)
	c.must("PUT", "/_ingest/pipeline/flow-dict-mine", {"processors": []})
	same(efctl(c, "dictionaries", "apply", cwd=folder).code, 3, "dictionaries apply says so, too")
	same(c.get("/_ingest/pipeline/flow-dict-mine")[0], 200, "and takes no pipeline for an old table that does not carry our mark")
	c.delete("/_ingest/pipeline/flow-dict-mine")
	r = efctl(c, "setup", "--force", "--yes", cwd=folder)
	same(r.code, 0, "setup --force")
	ok(c.get("/_ingest/pipeline/flow-roles")[1]["flow-roles"]["description"] != "mine", "replaces what is not ours")
	ok("77s" not in str(c.get("/_component_template/flow@settings")[1]), "and what was changed")
	ok("labels.mine" in str(c.get("/_ingest/pipeline/flow@custom")[1]), "but not the user's hook")
	r = efctl(c, "setup", "--json", cwd=folder)
	same(set(actions(r)), {"same", "yours"}, "after that everything is the same")


def upgrade(c, folder):
	"""Options and another version of an asset are an update, not drift; running streams are told about."""
	c.must("POST", "/logs-flow-setup/_doc?op_type=create&refresh=true", LINE)
	same(c.count("logs-flow-setup", {"term": {"destination.port": 443}}), 1, "a raw line goes through the pipelines")
	r = efctl(c, "setup", "--json", "--refresh", "3s", cwd=folder)
	same(actions(r).get("update"), ["flow@settings"], "an option that changes is an update")
	assets = os.path.join(folder, "assets")
	efctl(c, "assets", "--write", assets, "es-templates/component-templates/flow@mappings.json")
	path = os.path.join(assets, "es-templates/component-templates/flow@mappings.json")
	with open(path) as f:
		text = f.read()
	with open(path, "w") as f:
		f.write(text.replace('"properties": {', '"properties": {"efctl_test": {"type": "keyword"},', 1))
	r = efctl(c, "setup", "--json", "--refresh", "3s", "--assets", assets, cwd=folder)
	got = r.json()
	same(actions(r).get("update"), ["flow@mappings"], "an asset of another version is an update")
	ok("logs-flow-setup" in got["outdated_streams"], "a stream with the older mapping is named", got["outdated_streams"])
	r = efctl(c, "setup", "--rollover", "--refresh", "3s", "--assets", assets, cwd=folder)
	same(r.code, 0, "setup --rollover")
	same(efctl(c, "setup", "--json", "--refresh", "3s", "--assets", assets, cwd=folder).json()["outdated_streams"], [],
		"brings the new mapping at once")
	ok("efctl_test" in str(c.get("/logs-flow-setup/_mapping")[1]), "into the new backing index")


def leftovers(c, folder):
	"""What an earlier setup installed and this one does not know goes, unless somebody changed it."""
	assets = os.path.join(folder, "more")
	os.makedirs(os.path.join(assets, "ingest-pipelines"))
	for name in "extra", "edited":
		with open(os.path.join(assets, "ingest-pipelines", name + ".yml"), "w") as f:
			f.write("description: of another version\nprocessors: [{set: {field: a, value: b}}]\n")
	r = efctl(c, "setup", "--json", "--refresh", "3s", "--assets", assets, cwd=folder)
	ok({"flow-extra", "flow-edited"} <= set(actions(r).get("create", [])), "two more pipelines", r)
	body = c.must("GET", "/_ingest/pipeline/flow-edited")["flow-edited"]
	c.must("PUT", "/_ingest/pipeline/flow-edited", {**body, "processors": []})
	r = efctl(c, "setup", "--json", cwd=folder)
	same(set(actions(r)) - {"drifted"}, {"same", "yours"}, "they are remembered")
	os.rename(assets, assets + ".away")
	r = efctl(c, "setup", cwd=folder)
	ok(r.code == 2 and assets in r.err and "--reset assets" in r.err, "and not given up because they are not there", r)
	r = efctl(c, "setup", "--json", "--yes", "--reset", "assets", cwd=folder)
	same(actions(r).get("remove"), ["flow-extra"], "without them the untouched one goes")
	same(c.get("/_ingest/pipeline/flow-extra")[0], 404, "from the cluster")
	same(c.get("/_ingest/pipeline/flow-edited")[0], 200, "the edited one stays")
	c.delete("/_ingest/pipeline/flow-edited")


def simulate(c):
	r = efctl(c, "simulate", "--json", "-", stdin=LINE)
	ok(r.code == 0, "simulate", r)
	stages = {x["field"]: x["stage"] for x in r.json()["changes"] if x.get("to") is not None}
	same(stages.get("source.ip"), "normalise", "tells which stage wrote a field")
	same(r.json()["document"]["destination"]["port"], 443, "and shows the document")
	r = efctl(c, "simulate", "-", stdin="{nonsense")
	same(r.code, 2, "a line that is no JSON is a usage error")


def remove(c, folder):
	same(efctl(c, "remove", "--yes", "--namespace", "setup", cwd=folder).code, 2, "remove refuses while documents are there")
	ok(c.get("/_ingest/pipeline/flow")[0] == 200, "and removes nothing")
	c.must("PUT", "/_ingest/pipeline/flow-other", {"description": "somebody else's", "processors": []})
	r = efctl(c, "remove", "--yes", "--data", "--namespace", "setup", cwd=folder)
	ok(r.code == 0 and "used by namespace default" in r.out, "remove --data of one namespace", r)
	r = efctl(c, "remove", "--yes", cwd=folder)
	ok(r.code == 0, "remove of the last one, whose streams are empty", r)
	same(c.get("/_index_template/logs-flow")[0], 404, "templates are gone")
	same(c.get("/_ingest/pipeline/flow")[0], 404, "pipelines are gone")
	same(c.get("/_data_stream/logs-flow-setup")[0], 404, "data streams are gone")
	same(c.get("/flow-installation")[0], 404, "and the record")
	same(c.get("/_ingest/pipeline/flow-other")[0], 200, "what is not ours stays")
	same(c.get("/_ingest/pipeline/flow@custom")[0], 200, "and so does the user's hook")


def elasticsearch8(folder):
	"""Elasticsearch 8 with security, bare: no processors, no ILM."""
	c = cluster.embedded("es8")
	r = efctl(cluster.Cluster(c.url), "setup", cwd=folder)
	ok(r.code == 2 and "401" in r.err and "password" in r.err, "no credentials: says what to set", r)
	r = efctl(cluster.Cluster(c.url, c.user, "wrong"), "status", cwd=folder)
	ok(r.code == 2 and "401" in r.err and "wrong" not in r.err, "a wrong password: the same, and it is not shown", r)
	role = roles.of_manual("flow-setup")
	role["cluster"].remove("manage_own_api_key")
	r = efctl(roles.user(c, "keyless", role), "setup", cwd=folder)
	ok(r.code == 2 and "API key" in r.err and "manage_own_api_key" in r.err, "who may not make keys: the server's reason", r)
	r = efctl(c, "setup", "--no-key", "--json", cwd=folder)
	ok(r.code == 0 and set(actions(r)) == {"same", "yours"}, "all else was installed and is the same on Elasticsearch 8", r)
	life = c.must("POST", "/_index_template/_simulate_index/logs-flow-x")["template"]
	ok(life.get("lifecycle", {}).get("data_retention") == "30d", "without ILM the data stream lifecycle keeps 30 days", life)
	r = efctl(c, "setup", "--no-key", "--json", "--retention", "7d", cwd=folder)
	same(actions(r).get("update"), ["flow@lifecycle"], "another retention is an update of the lifecycle alone")
	r = efctl(c, "setup", "--no-key", "--json", cwd=folder)
	ok(r.code == 0 and set(actions(r)) == {"same", "yours"}, "which setup without the option keeps", r)
	same(c.must("GET", "/_component_template/flow@lifecycle")["component_templates"][0]["component_template"]["template"],
		{"lifecycle": {"enabled": True, "data_retention": "7d"}}, "and the retention is what it was")


class Other(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_response(200)
		self.end_headers()
		self.wfile.write(b"<html>hello</html>")

	def log_message(self, *args):
		pass


def wrong_servers(folder):
	nobody = cluster.Cluster(f"http://127.0.0.1:{net.free_port()}")
	for command in (["setup"], ["status"], ["top"], ["doctor"], ["remove", "--yes"]):
		r = efctl(nobody, *command, cwd=folder)
		ok(r.code == 4 and nobody.url in r.err, f"{command[0]}: nobody answers: exit code 4, with the URL", r)
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	other = cluster.Cluster(f"http://127.0.0.1:{server.server_port}")
	r = efctl(other, "setup", cwd=folder)
	ok(r.code == 2 and "neither Elasticsearch nor OpenSearch" in r.err, "another web server is recognised", r)
	r = efctl(cluster.Cluster(f"https://127.0.0.1:{server.server_port}"), "setup", cwd=folder)
	ok(r.code in (1, 4) and r.err, "no TLS there: a message", r)
	server.shutdown()
	for args in (["setup", "--bogus"], ["nonsense"], ["setup", "--retention", "soon"], ["setup", "--assets", "/nowhere/x"],
			["setup", "extra"], ["top", "weather"]):
		same(efctl(nobody, *args, cwd=folder).code, 2, f"usage: {' '.join(args)}")


def main():
	with tempfile.TemporaryDirectory() as folder:
		wrong_servers(folder)
		c = cluster.embedded("opensearch")
		twice(c, folder)
		drift(c, folder)
		simulate(c)
		upgrade(c, folder)
		leftovers(c, folder)
		remove(c, folder)
		elasticsearch8(folder)
	done()


main()
