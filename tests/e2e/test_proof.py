#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efd with the key that efctl makes, and no better, proves on a real engine that what it sends takes effect: by what replies say
(Elasticsearch 8.12 and later), or by looking, for which that key has the privilege. Somebody's template, or a plain index: nothing is sent."""
import glob
import json
import os
import signal
import tempfile

import harness
import cluster
import net
import tap

Efd = harness.fault.Efd
PREFIX, NS = "proven", f"ns{os.getpid()}"
STREAM, EXPORTERS = f"logs-{PREFIX}.flow-{NS}", f"metrics-{PREFIX}.flow.exporters-{NS}"
FOREIGN = {"index_patterns": [f"logs-{PREFIX}.flow-*"], "priority": 900, "data_stream": {}, "template": {"settings": {"number_of_replicas": 0}}}


def secured():
	es = cluster.given()
	return es if es and es.get("/_security/_authenticate")[0] == 200 else None


def has_processors(es):
	nodes = es.must("GET", "/_nodes/ingest?filter_path=nodes.*.ingest.processors.type")["nodes"]
	return all(any(p["type"] == "script" for p in n["ingest"]["processors"]) for n in nodes.values()) if nodes else False


def efctl(es, folder, command, *args):
	r = harness.efctl(command, "--prefix", PREFIX, "--namespace", NS, *args, es=es, env={"EF_CONFIG_DIR": folder, "HOME": folder})
	return r.returncode, r.stdout + r.stderr


def assets(folder):
	"""All as it is, except that pipelines do nothing and the mapping takes raw lines: for a bare node, which has no processors."""
	path = os.path.join(folder, "assets")
	tap.same(harness.efctl("assets", "--write", path).returncode, 0, "assets are written to a folder")
	for pipeline in glob.glob(os.path.join(path, "ingest-pipelines", "*.yml")):
		with open(pipeline, "w") as f:
			f.write("# Stands in for the real one: this node has no processors.\ndescription: Does nothing.\nprocessors: []\n")
	for template in glob.glob(os.path.join(path, "es-templates", "*", "*.json")):	# a raw line is no ECS document
		with open(template) as f:
			body = json.load(f)
		flow = body.get("template", {}).get("mappings", {}).get("properties", {}).get("flow", {}).get("properties", {})
		if "exporter" in flow:
			flow["exporter"] = {"type": "object", "enabled": False}
			with open(template, "w") as f:
				json.dump(body, f)
	return ["--assets", path]


def is_verified(efd, stream):
	return f'efd_ship_stream_verified{{stream="{stream}"}} 1' in efd.get("/metrics")[1]


def pipelines_by_key(es, key):
	"""What the key may ask, and what a reply says when it is asked."""
	status, reply = key.get("/")
	tap.note(f"GET / with the key: {status}")
	status, reply = key.get(f"/_data_stream/{STREAM}")
	may_look = status == 200
	old = es.about[1] < (8, 12)
	tap.same(may_look, old, f"the key of {es.about} may look at its streams only where it has to ({status})")
	status, reply = key.request("POST", "/_bulk?list_executed_pipelines=true&require_data_stream=true",
		'{"create":{"_index":"%s"}}\n{"@timestamp":"2026-01-01T00:00:00.000Z"}\n' % STREAM, "application/x-ndjson")
	tap.note(str(reply)[:600])
	if old:
		reason = reply["error"]["reason"]
		tap.ok(status == 400 and "unrecognized parameter" in reason and "[list_executed_pipelines]" in reason and "[require_data_stream]" in reason,
			"it does not know the parameters, and says which", reply)
	else:
		item = reply["items"][0]["create"]
		tap.ok(item["executed_pipelines"][:1] == [f"{PREFIX}.flow"] and item["_index"].startswith(".ds-"), "replies tell which pipelines ran", reply)


def seen(efd, done, what, seconds):
	try:
		net.wait_for(done, what, seconds)
	except TimeoutError:
		return tap.ok(False, what, efd.get("/readyz")[1] + efd.log_text()[-3000:])
	return True


def proven(efd, es):
	before = es.count(STREAM)
	efd.send(300)
	seen(efd, lambda: es.count(STREAM) == before + 300, "all flows", 60)
	seen(efd, lambda: efd.get("/readyz") == (200, "ok\n") and is_verified(efd, STREAM) and is_verified(efd, EXPORTERS), "proof", 30)
	tap.ok(True, "all is well: /readyz is ok, both streams are verified")


def refused(efd, es, name, most):
	before = es.count(STREAM)
	efd.process.send_signal(signal.SIGHUP)	# as it will be asked again in five minutes
	seen(efd, lambda: efd.log_text().count("read again"), "a reload", 20)
	efd.send(3000)
	seen(efd, lambda: efd.get("/readyz")[0] == 503 and STREAM in efd.get("/readyz")[1], "a reason", 30)
	text = efd.get("/readyz")[1]
	tap.ok("efctl doctor" in text, f"{name}: /readyz names the stream and the remedy", text)
	seen(efd, lambda: is_verified(efd, EXPORTERS), "the other stream", 30)
	n = es.count(STREAM) - before
	tap.ok(n <= most, f"{name}: what goes there is {n} of 3000", n)
	return efd.metric("efd_spool_records")


def plain_index(es, version, options):
	es.request("DELETE", f"/_data_stream/{STREAM}")	# setup may have made it
	es.must("PUT", "/_index_template/somebodys", {k: v for k, v in FOREIGN.items() if k != "data_stream"})
	es.must("PUT", f"/{STREAM}")
	es.must("DELETE", "/_index_template/somebodys")
	with Efd(es.url, **options) as efd:
		efd.send(3000)
		seen(efd, lambda: efd.get("/readyz")[0] == 503 and STREAM in efd.get("/readyz")[1], "a reason", 30)
		tap.same(es.count(STREAM), 0, f"{version}, a plain index: nothing is sent there")
		tap.note(efd.get("/readyz")[1].strip())
		es.must("DELETE", f"/{STREAM}")
		seen(efd, lambda: es.count(STREAM) == 3000, "all of it, once the index is gone", 90)
		tap.same(efd.stop(), 0, "once it is gone all of it arrives, and nothing is lost")


def judge(es):
	version = " ".join((es.about[0], ".".join(map(str, es.about[1]))))
	with tempfile.TemporaryDirectory(prefix="efd-proof-") as folder:
		key_file = os.path.join(folder, "key")
		own = [] if has_processors(es) else assets(folder)
		setup = ["setup", "--no-kibana", "--no-connection", "--key-file", key_file, "--yes", *own]
		code, text = efctl(es, folder, *setup)
		if not tap.ok(code == 0 and os.path.exists(key_file), f"{version}: setup makes a key", text[-1500:]):
			return
		with open(key_file) as f:
			key = cluster.Cluster(es.url, api_key=f.read().strip(), ca_file=es.ca_file)
		most = 0 if es.about[1] < (8, 12) else 12
		options = dict(namespace=NS, prefix=PREFIX, api_key_file=key_file, decode_exporter_interval="1s", **({"ca-file": es.ca_file} if es.ca_file else {}))
		try:
			plain_index(es, version, options)
			with Efd(es.url, **options) as efd:
				proven(efd, es)
				pipelines_by_key(es, key)
				es.must("PUT", "/_index_template/somebodys", FOREIGN)
				es.must("POST", f"/{STREAM}/_rollover")
				refused(efd, es, f"{version}, somebody's template", most)
				es.must("PUT", "/_index_template/somebodys", dict(FOREIGN, priority=1))
				es.must("POST", f"/{STREAM}/_rollover")
				seen(efd, lambda: efd.get("/readyz")[0] == 200 and efd.metric("efd_spool_records") == 0, "all of it to be sent", 90)
				newest = max(es.must("GET", f"/{STREAM}/_mapping"), key=lambda name: name[-6:])
				tap.same(es.count(newest), 3000, "in the end every flow went through the pipeline")
				tap.same(efd.stop(), 0, "and nothing is lost")
		finally:
			es.request("DELETE", f"/_data_stream/{STREAM}")
			es.request("DELETE", f"/{STREAM}")
			es.request("DELETE", "/_index_template/somebodys")
			efctl(es, folder, "remove", "--yes", "--data", "--no-kibana", "--key-file", key_file)


es = secured()
if es:
	judge(es)
else:
	for name in ("es8", "es9"):
		try:
			judge(cluster.embedded(name))
		except cluster.NoJava as e:
			tap.skip(f"proof of effect on a secured Elasticsearch, {name}", str(e))
tap.done()
