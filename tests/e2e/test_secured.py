#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cluster with security: the roles of docs/efctl.md suffice, and efd works with the key that setup makes, and with no better."""
import os
import stat
import tempfile
import time

import harness
import cluster
import net
import roles
import tap

Efd = harness.fault.Efd
CAPTURES = [os.path.join(harness.ROOT, "tests", "captures", f) for f in ("vm-ipfix.pcap", "switch-sflow.pcap")]
LINE = '{"@timestamp":"2026-01-01T00:00:00.000Z","flow":{"type":"netflow5","exporter":"192.0.2.1"}}'


def keys_of(who):
	return sum(not k["invalidated"] for k in who.must("GET", "/_security/api_key?owner=true")["api_keys"])


def setup(who, *args, ns="default", **more):
	r = harness.efctl("setup", "--no-kibana", "--namespace", ns, *args, es=who, **more)
	return r.returncode, r.stdout + r.stderr


def making(es, admin, folder, ns):
	"""The key that setup makes: where it goes, and when it is left alone. Its file."""
	weak = roles.user(es, "weak", {"cluster": ["monitor", "manage_index_templates", "manage_ingest_pipelines", "manage_ilm",
		"manage_own_api_key"], "indices": [{"names": ["logs-*", "metrics-*"], "privileges": ["manage"]},
		{"names": ["flow-installation"], "privileges": ["manage", "read", "write"]}]})
	path = os.path.join(folder, "key")
	code, text = setup(weak, "--key-file", path)
	tap.ok(code == 2 and "create_doc" in text, "a user who could only make a key without use is told so", text)
	tap.ok(not os.path.exists(path) and keys_of(weak) == 0, "and makes none")
	code, text = setup(admin, "--key-file", path, ns=ns)
	if not tap.ok(code == 0, "setup with the role of the manual", text):
		tap.done()
	with open(path) as f:
		key = f.read().strip()
	tap.ok(key and key not in text and stat.S_IMODE(os.stat(path).st_mode) == 0o600, "the key is not shown; its file is its owner's", text)
	before = os.stat(path).st_mtime_ns
	code, text = setup(admin, "--key-file", path, ns=ns)
	tap.ok(code == 0 and os.stat(path).st_mtime_ns == before and keys_of(admin) == 1, "a key that works is kept", text)
	other = os.path.join(folder, "other")
	with open(other, "w") as f:
		f.write("b3RoZXI6Y2x1c3Rlcg==\n")
	code, text = setup(admin, "--key-file", other, ns=ns)
	with open(other) as f:
		tap.ok(code == 3 and other in text and "b3RoZXI" in f.read(), "the key of another cluster is not overwritten", text)
	code, text = setup(admin, "--key-file", os.path.join(folder, "nowhere", "key"), ns=ns)
	tap.ok(code == 1 and "cannot write" in text and keys_of(admin) == 1, "a key that cannot be kept is deleted again", text)
	nowhere = {"HOME": folder, "EF_CONFIG_DIR": os.path.join(folder, "nowhere")}
	code, text = setup(admin, "--dry-run", ns=ns, env=nowhere)
	tap.ok(code == 3 and os.path.join(folder, ".efd-api-key") in text, "by default the key goes to the home of who sets up", text)
	own = os.path.join(folder, "etc")
	os.mkdir(own)
	code, text = setup(admin, ns=ns, env={"EF_CONFIG_DIR": own})
	tap.ok(code == 0 and stat.S_IMODE(os.stat(os.path.join(own, "api_key")).st_mode) == 0o640, "on efd's host it goes to efd, for its group to read", text)
	with open(os.path.join(own, "conf.d", "elasticsearch.yml")) as f:
		tap.ok(f"api_key_file: '{own}/api_key'" in f.read(), "and the connection says where it is")
	return path


def removing(es, admin, folder, ns):
	"""A second namespace from the same host: its key goes beside the first one's, and alone with it."""
	second = harness.namespace(es, "secured2")
	first, own = os.path.join(folder, "etc", "api_key"), {"EF_CONFIG_DIR": os.path.join(folder, "etc")}
	with open(first, "rb") as f:
		before = f.read()
	code, text = setup(admin, ns=second, env=own)
	other = f"{first}-{second}"
	if not tap.ok(code == 0 and os.path.exists(other), "the key of a second namespace goes into a file of its own", text):
		return
	with open(other) as f:
		key = f.read().strip()
	r = harness.efctl("remove", "--yes", "--data", "--no-kibana", "--namespace", second, es=admin, env=own)
	tap.ok(r.returncode == 0 and not os.path.exists(other), "remove takes it away with its namespace", r.stdout + r.stderr)
	with open(first, "rb") as f:
		tap.ok(f.read() == before, "and leaves that of the first as it was")
	tap.same([cluster.Cluster(es.url, api_key=k, ca_file=es.ca_file).get("/_security/_authenticate")[0] for k in
		(key, before.decode().strip())], [401, 200], "the second is revoked, the first is not")


def limits(with_key, ns):
	"""What the key may not do."""
	doc = f"/logs-flow-{ns}/_doc"
	for method, path, body, why in (("GET", f"/logs-flow-{ns}/_search", None, "read"), ("DELETE", f"/_data_stream/logs-flow-{ns}", None, "delete"),
			("PUT", "/_ingest/pipeline/flow", {"processors": []}, "change a pipeline"), ("POST", "/other/_doc", {}, "write elsewhere"),
			("GET", "/_cluster/state", None, "look at the cluster"), ("POST", "/_security/api_key", {"name": "x"}, "make keys")):
		status, reply = with_key.request(method, path, body)
		tap.ok(status == 403 or why == "make keys" and status == 400, f"the key may not {why}", f"{status} {str(reply)[:300]}")
	status, reply = with_key.request("POST", doc, LINE)
	tap.ok(status == 201 and "failed" in reply["_index"], "a line that makes no sense is kept as failed", str(reply)[:300])
	status, reply = with_key.post(f"/logs-flow.failed-{ns}/_doc", {"@timestamp": "2026-01-01T00:00:00Z", "error": {"message": "x"}})
	tap.same(status, 201, "efd's own failed documents are taken")


def shipping(es, path, ns):
	"""efd with a refused key keeps all; with the right one, after a reload, all of it arrives."""
	expiring = es.must("POST", "/_security/api_key", {"name": f"efd-test-{os.getpid()}", "expiration": "1ms"})
	time.sleep(0.01)
	tls = {"ca-file": es.ca_file} if es.ca_file else {}
	with tempfile.TemporaryDirectory() as folder:
		mine = os.path.join(folder, "key")
		for name, key in (("nonsense", "bm9uc2Vuc2U6bm9uc2Vuc2U="), ("an expired key", expiring["encoded"])):
			with open(mine, "w") as f:
				f.write(key + "\n")
			with Efd(es.url, namespace=ns, api_key_file=mine, decode_exporter_interval="1s", **tls) as efd:
				replay(efd)
				net.wait_for(lambda: efd.metric("efd_spool_records") > 0, "the spool", 20)
				status, text = efd.get("/readyz")
				tap.ok(status == 503 and "401" in text and "api_key_file" in text, f"{name}: not ready, and says what to check", text)
				lines = efd.metric("efd_decode_lines_total")
				if name == "nonsense":
					continue
				with open(path) as good, open(mine, "w") as f:
					f.write(good.read())
				efd.process.send_signal(1)
				net.wait_for(lambda: efd.get("/readyz")[0] == 200 and not efd.metric("efd_spool_records") and
					efd.metric("efd_ship_documents_total") >= lines, "all to be stored", 40)
				tap.same(efd.metric("efd_ship_documents_total"), stored(efd), "after a reload with the right one all is stored")
				tap.same(efd.stop(), 0, "and efd stops with nothing lost")
	for stream, least in (("logs-flow", 240), ("metrics-flow.counters", 1), ("metrics-flow.exporters", 1)):
		n = es.count(f"{stream}-{ns}")
		tap.ok(n >= least, f"{stream}: {n} documents")


def stored(efd):
	lines = efd.get("/metrics")[1].splitlines()
	return next(float(l.split()[1]) for l in lines if l.startswith('efd_ship_documents_total{verdict="stored"}'))


def replay(efd):
	for capture in CAPTURES:
		r = harness.efctl("replay", "--to", f"udp://127.0.0.1:{efd.port}", capture)
		tap.same(r.returncode, 0, f"replay of {os.path.basename(capture)}")


def looking(look, path, ns):
	for command in (["status"], ["doctor", "--key-file", path], ["top", "talkers"]):
		r = harness.efctl(*command, "--namespace", ns, es=look)
		tap.ok(r.returncode in ((0, 3) if command[0] == "doctor" else (0,)), f"{command[0]} with the role of the manual", r.stdout + r.stderr)
		if command[0] == "doctor":
			tap.ok("API key for efd works" in r.stdout, "doctor tells that the key works", r.stdout)
	code, text = setup(look, "--dry-run", "--no-key", ns=ns)
	tap.ok(code in (0, 3) and "same" in text, "setup --dry-run with it", text)


es = cluster.given()
if not es or es.get("/_security/_authenticate")[0] != 200 or es.post("/_security/user/_has_privileges", {"cluster": ["all"]})[0] != 200:
	tap.skip_all("needs an Elasticsearch with security and API keys: make test-cluster ES_URL= ES_USER= ES_PASSWORD=")
ns = harness.namespace(es, "secured")
admin = roles.user(es, "setup", "flow-setup")
with tempfile.TemporaryDirectory() as folder:
	path = making(es, admin, folder, ns)
	with open(path) as f:
		limits(cluster.Cluster(es.url, api_key=f.read().strip(), ca_file=es.ca_file), ns)
	shipping(es, path, ns)
	looking(roles.user(es, "look", "flow-look"), path, ns)
	removing(es, admin, folder, ns)
	es.request("DELETE", "/_security/api_key", {"username": admin.user})
tap.done()
