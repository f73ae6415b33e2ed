#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl keys: made for one namespace, listed, replaced under a running efd, revoked by id and only ours; what doctor says of them."""
import base64
import json
import os
import re
import stat
import subprocess
import tempfile
import time

import harness
import cluster
import net
import roles
import tap

Efd = harness.fault.Efd
LINE = {"@timestamp": "2026-01-01T00:00:00.000Z"}
DAY_MS = 86400000
es = cluster.given()
if not es or es.get("/_security/_authenticate")[0] != 200:	# the engine of the other tests has none
	es = cluster.embedded("es8")
one, two = harness.namespace(es, "keys1"), harness.namespace(es, "keys2")
folder = tempfile.mkdtemp(prefix="efd-keys-")
key_file = os.path.join(folder, "api_key")


def efctl(*args, ns=one, who=None, **env):
	r = harness.efctl(args[0], "--namespace", ns, *args[1:], es=who or admin, env={"EF_CONFIG_DIR": folder, "HOME": folder, **env})
	return r.returncode, r.stdout, r.stderr


def read(path):
	with open(path) as f:
		return f.read()


def id_in(path):
	return base64.b64decode(read(path)).split(b":")[0].decode()


def key_of(path):
	return cluster.Cluster(es.url, api_key=read(path).strip(), ca_file=es.ca_file)


def known(id_):
	"""What the cluster says of a key."""
	status, reply = es.get(f"/_security/api_key?id={id_}")
	return reply["api_keys"][0] if status == 200 else None


def valid(*ids):
	return [not known(i)["invalidated"] for i in ids]


def listed(ns=one, who=None):
	code, out, err = efctl("keys", "list", "--json", ns=ns, who=who)
	mine = {k["id"]: k for k in json.loads(out)}
	return {i: k for i, k in mine.items() if k["namespace"] in (one, two, "*")}


def remembered():
	"""Ids of keys in the record of the installation."""
	return {k["id"] for k in es.must("GET", "/flow-installation/_doc/flow")["_source"]["keys"]}


def write_to(key, stream):
	return key.post(f"/{stream}/_create/{os.urandom(8).hex()}", LINE)[0]


def making():
	code, out, err = efctl("keys", "create", "--expires", "30d")
	if not tap.ok(code == 0 and os.path.exists(key_file), "keys create with the role of the manual", out + err):
		tap.done()
	id_, key = id_in(key_file), key_of(key_file)
	about = known(id_)
	tap.same([about["name"], about["expiration"] - about["creation"]], [f"efd-{one}", 30 * DAY_MS], "it has the name and the life that it should")
	tap.ok(id_ in out and read(key_file).strip() not in out + err, "its id is told, and it is not", out + err)
	tap.same(stat.S_IMODE(os.stat(key_file).st_mode), 0o640, "efd's group may read it, nobody else")
	tap.same([write_to(key, s.format(one)) for s in harness.STREAMS], [201] * 4, "it may add to the four streams of its namespace")
	tap.same([write_to(key, s.format(two)) for s in harness.STREAMS] + [write_to(key, f"logs-flow-{one}x")], [403] * 5,
		"and to no others, also where the name goes on")
	entry = next(k for k in es.must("GET", "/flow-installation/_doc/flow")["_source"]["keys"] if k["id"] == id_)
	tap.ok(entry["namespace"] == one and entry["file"].endswith(":" + os.path.realpath(key_file)) and entry["expires"].endswith("Z") and
		read(key_file).strip() not in str(entry), "the record remembers it, not its secret", str(entry))
	before = read(key_file)
	code, out, err = efctl("keys", "create")
	tap.ok(code == 2 and key_file in err and "rotate" in err and read(key_file) == before, "a file that holds one is left alone", err)
	other = os.path.join(folder, "other")
	code, out, err = efctl("keys", "create", "--key-file", other, "--show-key", "--json")
	tap.ok(code == 0 and out.startswith(read(other)) and "expiration" not in known(id_in(other)), "--show-key prints it; without --expires it does not end", out + err)
	code, out, err = efctl("keys", "create", ns=two)
	tap.ok(code == 0 and read(key_file) == before and id_in(key_file + "-" + two), "the key of a second namespace goes beside the first", out + err)
	return id_, id_in(other)


def limits(mine):
	"""Whose keys are whose."""
	foreign = es.must("POST", "/_security/api_key", {"name": f"efd-{one}"})["id"]
	code, out, err = efctl("keys")
	tap.ok(mine in out and key_file in out and foreign not in out, "keys lists ours, and which one the file holds", out)
	tap.same([listed()[mine][k] for k in ("state", "namespace", "file")], ["valid", one, key_file], "and so does --json")
	for ids in ([foreign], [mine, foreign], [mine, "no-such-id"]):
		code, out, err = efctl("keys", "revoke", "--yes", "--", *ids)
		tap.ok(code == 2 and ids[-1] in err and "nothing was revoked" in err, "others' keys are not revoked, nor ours beside them", err)
	tap.same(valid(mine, foreign), [True, True], "all of them stay valid")
	es.must("DELETE", "/_security/api_key", {"ids": [foreign]})
	weak = roles.user(es, "weak", {"cluster": ["monitor", "manage_index_templates", "manage_ingest_pipelines", "manage_ilm",
		"manage_own_api_key"], "indices": [{"names": ["flow-installation"], "privileges": ["all"]}]})
	code, out, err = efctl("keys", "create", "--key-file", os.path.join(folder, "weak"), who=weak)
	tap.ok(code == 2 and "create_doc" in err and not os.path.exists(os.path.join(folder, "weak")), "who may not write makes no key", err)
	code, out, err = efctl("keys", "list", who=weak)
	tap.ok(code == 0 and mine not in out and "only keys that you made" in err, "who may see only their own is told so", out + err)
	code, out, err = efctl("keys", "revoke", "--yes", "--", mine, who=weak)
	tap.ok(code == 2 and valid(mine) == [True], "and revokes none of others", err)
	code, out, err = efctl("keys", "revoke", "--", mine)
	tap.ok(code == 2 and "--yes" in err and valid(mine) == [True], "where nobody can be asked, --yes is wanted", err)
	for args in (["frob"], ["revoke"], ["revoke", "a/b"], ["revoke", "--all-expired", "--", mine], ["create", "x"], ["rotate", "x"]):
		code, out, err = efctl("keys", *args, "--yes")
		tap.ok(code == 2, "keys " + " ".join(args) + ": usage", err)


def rotate(efd, *args, seconds=60):
	"""The command runs; meanwhile flows arrive every now and then."""
	env = {**os.environ, **admin.env(), "EF_CONFIG_DIR": folder, "HOME": folder}
	p = subprocess.Popen([harness.EFCTL, "keys", "rotate", "--namespace", one, "--efd-url", f"http://127.0.0.1:{efd.metrics}", *args],
		stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
	end = time.monotonic() + seconds
	while p.poll() is None and time.monotonic() < end:
		efd.send(30)
		time.sleep(0.2)
	out, err = p.communicate(timeout=10)
	return p.returncode, out, err


def running(old):
	"""Under an efd that ships: the old one goes when efd stored documents with the new one, and not before."""
	tls = {"ca-file": es.ca_file} if es.ca_file else {}
	os.chmod(key_file, 0o604)
	with Efd(es.url, namespace=one, api_key_file=key_file, **tls) as efd:
		efd.send(60)
		net.wait_for(lambda: efd.metric("efd_ship_key_documents_total") >= 60, "documents with the first key", 30)
		code, out, err = rotate(efd, "--json")
		new = id_in(key_file)
		if tap.ok(code == 0 and out.startswith("{"), "keys rotate under a running efd", out + err):
			said = json.loads(out)
			tap.same([said[k] for k in ("old", "new", "seen", "revoked")], [old, new, True, True], "it says what it did")
		tap.same(valid(old, new), [False, True], "the old key is revoked, the new one valid")
		tap.same([old in remembered(), new in remembered()], [False, True], "the record remembers the new one")
		counts = dict(re.findall(r'efd_ship_key_documents_total\{id="(.*?)"\} (\d+)', efd.get("/metrics")[1]))
		tap.ok(int(counts.get(new, 0)) > 0, "the cluster had taken documents with the new one", str(counts))
		tap.same(known(new)["expiration"] - known(new)["creation"], 30 * DAY_MS, "it lasts as long as the one before")
		tap.same(stat.S_IMODE(os.stat(key_file).st_mode), 0o604, "the file keeps its mode")
		net.wait_for(lambda: efd.metric("efd_ship_documents_total") == efd.metric("efd_ship_records_total"), "all to be settled", 30)
		tap.same(efd.metric("efd_ship_request_errors_total"), 0, "no request was refused on the way")

		code, out, err = efctl("keys", "rotate", "--efd-wait", "3s", "--efd-url", f"http://127.0.0.1:{efd.metrics}")
		idle = id_in(key_file)
		tap.ok(code == 1 and "stored nothing with it yet" in err and f" -- {new}`" in err and "`efctl keys revoke " in err and idle in err, "without flows nothing is proved, and it says how to go on", err)
		tap.same(valid(new, idle), [True, True], "both keys stay valid")
		code, out, err = rotate(efd, "--efd-wait", "3s", "--key-file", os.path.join(folder, "other"))
		tap.ok(code == 1 and f"still uses the API key {idle}" in err and "other" in err, "an efd that reads another file is told", err)
		tap.same(efd.stop(), 0, "efd stops with nothing lost")
	code, out, err = efctl("keys", "rotate", "--efd-wait", "1s", "--efd-url", f"http://127.0.0.1:{net.free_port()}")
	tap.ok(code == 1 and "efd does not answer" in err and valid(idle, id_in(key_file)) == [True, True], "without an efd both stay valid, too", err)
	return new, idle


def refused():
	"""What rotate leaves alone."""
	count = len(listed())
	link = os.path.join(folder, "link")
	os.symlink(key_file, link)
	before = read(key_file)
	code, out, err = efctl("keys", "rotate", "--key-file", link)
	tap.ok(code == 2 and "symbolic link" in err and read(key_file) == before, "a key that cannot be written: the file is as it was", err)
	tap.same(len(listed()), count, "and none was made")
	none, other = os.path.join(folder, "none"), os.path.join(folder, "foreign")
	code, out, err = efctl("keys", "rotate", "--key-file", none)
	tap.ok(code == 2 and "keys create" in err and not os.path.exists(none), "no key to replace", err)
	with open(other, "w") as f:
		f.write("b3RoZXI6Y2x1c3Rlcg==\n")
	code, out, err = efctl("keys", "rotate", "--key-file", other)
	tap.ok(code == 2 and "another cluster" in err and read(other).startswith("b3R"), "another cluster's key is not replaced", err)
	code, out, err = efctl("keys", "rotate", "--key-file", key_file, ns=two)
	tap.ok(code == 2 and f"--namespace {one}" in err and read(key_file) == before, "nor that of another namespace", err)


def ending():
	"""Keys that end, and what doctor says."""
	short = os.path.join(folder, "short")
	ids = []
	for expires, verdict, text in (("3h", "problem", "ends in 0 days"), ("10d", "note", "ends in 9 days"), ("20d", None, None)):
		efctl("keys", "create", "--key-file", short, "--expires", expires)
		ids.append(id_in(short))
		said = doctor("--key-file", short)
		found = [f["result"] for f in said if text and text in f["text"]]
		works = any("API key for efd works" in f["text"] for f in said)
		tap.ok(works and found == ([verdict] if verdict else []) and (verdict or "ends in" not in str(said)), f"doctor on a key of {expires}: {verdict}", str(said))
		os.unlink(short)
	efctl("keys", "create", "--key-file", short, "--expires", "1s")
	time.sleep(1.5)
	ended = id_in(short)
	tap.same(listed()[ended]["state"], "expired", "a key that has ended is listed as such")
	code, out, err = efctl("keys", "rotate", "--key-file", short, "--expires", "30d")
	tap.ok(code == 0 and "no longer valid" in out and id_in(short) != ended, "and replaced without waiting", out + err)
	tap.same(known(id_in(short))["expiration"] - known(id_in(short))["creation"], 30 * DAY_MS, "with the life that was asked for")
	code, out, err = efctl("keys", "revoke", "--all-expired", "--yes")
	tap.ok(code == 0 and ended in out and not any(i in out for i in ids), "--all-expired revokes what has ended", out + err)
	tap.same(valid(ended, *ids), [False, True, True, True], "and nothing else")
	code, out, err = efctl("keys", "revoke", "--all-expired", "--yes", "--json")
	tap.same([code, json.loads(out)], [0, {"revoked": []}], "a second time there are none")
	code, out, err = efctl("keys", "revoke", "--yes", "--", *ids)
	tap.same([code, valid(*ids), remembered() & set(ids)], [0, [False] * 3, set()], "several by their ids")


def doctor(*args, ns=one):
	code, out, err = efctl("doctor", "--json", *args, ns=ns, who=es)
	return json.loads(out) if out.startswith("[") else [{"result": str(code), "text": out + err}]


def used():
	"""doctor compares the file with what efd uses, and does not call fine what it could not ask."""
	tls = {"ca-file": es.ca_file} if es.ca_file else {}
	beside = key_file + "-" + two
	with Efd(es.url, namespace=two, api_key_file=beside, **tls) as efd:
		url = f"http://127.0.0.1:{efd.metrics}"
		held, other = id_in(key_file), id_in(beside)
		said = [f["text"] for f in doctor("--efd-url", url) if "efd uses the API key" in f["text"]]
		tap.ok(len(said) == 1 and held in said[0] and other in said[0], "doctor: efd uses another key than the file holds", str(said))
		tap.ok(not any("efd uses the API key" in f["text"] for f in doctor("--efd-url", url, ns=two)), "doctor: not when it is the same")
	foreign = es.must("POST", "/_security/api_key", {"name": "mine"})["encoded"]
	mine = os.path.join(folder, "mine")
	with open(mine, "w") as f:
		f.write(foreign + "\n")
	said = [f["result"] for f in doctor("--key-file", mine) if "when the API key" in f["text"]]
	tap.same(said, ["unknown"], "doctor: the end of a key that is not ours is unknown, not fine")


def by_setup():
	"""setup makes such a key; one of an earlier version is as good, but for all namespaces."""
	three = harness.namespace(es, "keys3")
	own = tempfile.mkdtemp(prefix="efd-keys-")
	every = es.must("POST", "/_security/api_key", {"name": "efd", "metadata": {"managed_by": "efctl"}})
	path = os.path.join(own, "api_key")
	with open(path, "w") as f:
		f.write(every["encoded"] + "\n")
	code, out, err = efctl("setup", "--no-kibana", "--yes", "--json", ns=three, who=es, EF_CONFIG_DIR=own)
	tap.ok(code == 0 and json.loads(out)["key"] == "same" and id_in(path) == every["id"], "setup keeps the key of an earlier version", out[-300:] + err)
	code, out, err = efctl("keys", "list", "--json", ns=three, who=es, EF_CONFIG_DIR=own)
	tap.ok([k["namespace"] for k in json.loads(out) if k["id"] == every["id"]] == ["*"], "it is listed as one for all namespaces", out)
	code, out, err = efctl("setup", "--no-kibana", "--yes", "--key-file", os.path.join(own, "new"), "--expires", "90d", ns=three, who=es, EF_CONFIG_DIR=own)
	made = known(id_in(os.path.join(own, "new")))
	tap.ok(code == 0 and made["name"] == f"efd-{three}", "setup makes a key for its namespace", out + err)
	tap.same(made.get("expiration", 0) - made["creation"], 90 * DAY_MS, "which ends when --expires says so")
	es.must("DELETE", "/_security/api_key", {"ids": [every["id"], id_in(os.path.join(own, "new"))]})


def other_installation():
	"""One with a prefix has keys of its own, and neither sees nor ends the other's."""
	path = os.path.join(folder, "acme")
	acme = ("--prefix", "acme", "--key-file", path)
	code, out, err = efctl("keys", "create", *acme, who=es)
	if not tap.ok(code == 0 and os.path.exists(path), "keys create --prefix acme", out + err):
		return
	id_, key = id_in(path), key_of(path)
	tap.same(known(id_)["name"], f"acme.efd-{one}", "the prefix is in its name")
	may = [key.must("POST", "/_security/user/_has_privileges", {"index": [{"names": [s.format(one)], "privileges": ["create_doc", "auto_configure"]}]})
		["has_all_requested"] for s in ("logs-acme.flow-{}", "metrics-acme.flow.counters-{}", "logs-flow-{}", "logs-acme.flow-{}x")]
	tap.same(may, [True, True, False, False], "it may add to the streams with the prefix and to no others")
	code, out, err = efctl("keys", "list", "--json", *acme, who=es)
	tap.same([k["id"] for k in json.loads(out)], [id_], "keys list --prefix acme has it alone")
	tap.ok(id_ not in listed(who=es), "and without the prefix it is not listed")
	code, out, err = efctl("keys", "revoke", "--yes", "--", id_, who=es)
	tap.ok(code == 2 and "nothing was revoked" in err and valid(id_) == [True], "nor revoked", err)
	code, out, err = efctl("keys", "revoke", "--yes", *acme, who=es)
	tap.ok(code == 2 and f"`efctl keys list --namespace={one} --prefix=acme" in err, "who names none is told where this installation's are", err)
	code, out, err = efctl("keys", "rotate", "--key-file", path, who=es)
	tap.ok(code == 2 and id_in(path) == id_, "nor replaced", err)
	code, out, err = efctl("keys", "revoke", "--yes", *acme, "--", id_, who=es)
	tap.ok(code == 0 and valid(id_) == [False], "with the prefix it is revoked", out + err)
	tap.same(es.get("/acme.flow-installation")[0], 404, "the index of its lease is gone")


code, out, err = efctl("setup", "--no-kibana", "--no-key", "--yes", "--reset", "assets", who=es)	# of a test before
tap.ok(code == 0, "setup", out[-2000:] + err)
admin = roles.user(es, "keys", "flow-setup")
first, other = making()
limits(first)
running(first)
refused()
ending()
used()
by_setup()
other_installation()
efctl("keys", "revoke", "--yes", "--", *[i for i, k in listed(who=es).items() if k["namespace"] in (one, two)], who=es)
tap.done()
