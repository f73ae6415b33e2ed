#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where a key may go: no link, FIFO, folder or socket is written, waited for, or has a key made for it first. With a scripted cluster."""
import base64
import json
import os
import re
import shlex
import socket
import stat
import subprocess
import tempfile

import harness
import cluster
import scripted
import standin
from tap import done, ok, same



class Engine(standin.Engine):
	"""With security, as far as keys go: everybody may do everything."""

	def __init__(self):
		super().__init__()
		self.keys = {}

	def key(self, method, sent):
		if method == "POST":
			wish = json.loads(sent)
			id_ = f"key{len(self.keys):019}"
			self.keys[id_] = {"id": id_, "name": wish["name"], "creation": 1767225600000 + len(self.keys), "invalidated": False,
				"metadata": wish.get("metadata", {})}
			if "expiration" in wish:	# "…ms"
				self.keys[id_]["expiration"] = self.keys[id_]["creation"] + int(wish["expiration"][:-2])
			return 200, {"id": id_, "name": wish["name"], **{k: v for k, v in self.keys[id_].items() if k == "expiration"}, "encoded": base64.b64encode(f"{id_}:secret".encode()).decode()}
		if method == "DELETE":
			ids = json.loads(sent)["ids"]
			for i in ids:
				self.keys[i]["invalidated"] = True
			return 200, {"invalidated_api_keys": ids, "error_count": 0}
		return 200, {"api_keys": list(self.keys.values())}

	def answer(self, method, path, sent):
		path = re.sub("^http://[^/]*", "", path)	# it is a proxy of itself, too
		if path.startswith("/_security/_authenticate"):
			return 200, {"username": "admin"}
		if path.startswith("/_security/user/_has_privileges"):
			return 200, {"has_all_requested": True, "cluster": {}, "index": {}}
		if path.startswith("/_security/api_key") or path.startswith("/_security/_query/api_key"):
			id_ = re.search(r"[?&]id=([^&]+)", path)
			if id_ and method == "GET":
				found = self.keys.get(id_[1])
				return (200, {"api_keys": [found]}) if found else (404, {"error": {"type": "resource_not_found_exception"}, "status": 404})
			return self.key(method, sent)
		return super().answer(method, path, sent)


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Engine()
		super().__init__(standin.Handler)


def efctl(*args):
	"""What waits for a file that is none would wait for ever."""
	try:
		r = subprocess.run([harness.EFCTL, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
			env={**os.environ, **es.env(), "EF_CONFIG_DIR": folder, "HOME": folder})
	except subprocess.TimeoutExpired:
		return -1, "", "it hangs"
	return r.returncode, r.stdout, r.stderr


def dangling(path):
	os.symlink(os.path.join(folder, "nowhere", "at", "all"), path)


def to_a_file(path):
	with open(path + ".target", "w", encoding="utf-8") as f:
		f.write("")
	os.symlink(path + ".target", path)


KINDS = (("dangling link", dangling, "a symbolic link"), ("link to a file", to_a_file, "a symbolic link"), ("FIFO", os.mkfifo, "a FIFO"),
	("folder", os.mkdir, "a folder"), ("socket", lambda path: socket.socket(socket.AF_UNIX).bind(path), "a socket"))


def odd_places():
	for what, make, named in KINDS:
		path = os.path.join(folder, what.replace(" ", "-"))
		make(path)
		before = os.lstat(path)
		for args in (["keys", "create"], ["keys", "rotate"], ["setup", "--no-kibana", "--no-connection", "--yes"], ["setup", "--dry-run", "--force"]):
			code, out, err = efctl(*args, "--key-file", path)
			wanted = f"{path} is {named}" if args[1] != "rotate" or "link" not in what else "there is no API key in"
			ok(code == 2 and wanted in err, f"{' '.join(args[:2])}: a {what} is refused", f"{code} {out[-500:]} {err}")
		code, out, err = efctl("doctor", "--key-file", path)
		ok(code in (0, 3) and path in out, f"doctor: a {what} is looked at, and not waited for", f"{code} {out} {err}")
		after = os.lstat(path)
		same([stat.S_IFMT(after.st_mode), after.st_ino], [stat.S_IFMT(before.st_mode), before.st_ino], f"a {what} is what it was")
	code, out, err = efctl("keys", "create", "--key-file", "/dev/null")
	ok(code == 2 and "/dev/null is a device" in err, "and so is a device", err)
	same(server.scripted.keys, {}, "no key was made for any of them")
	same(es.get("/_index_template/logs-flow")[0], 404, "nor anything else")


def newcomer():
	"""create, list, rotate, revoke, one after the other, and what they say to type."""
	code, out, err = efctl("keys", "create", "--namespace", "lab")
	path = os.path.join(folder, "api_key")
	ids = list(server.scripted.keys)
	ok(code == 0 and len(ids) == 1 and path in out and ids[0] in out, "keys create", out + err)
	same(stat.S_IMODE(os.stat(path).st_mode), 0o640, "efd's group may read the file")
	code, out, err = efctl("keys", "create", "--namespace", "lab")
	said = re.findall("`(efctl [^`]+)`", err)
	same([code, said], [2, ["efctl keys rotate --namespace=lab"]], "a second one there is refused, with what replaces it")
	code, out, err = efctl("keys", "create", "--namespace", "lab", "--elasticsearch-proxy", es.url.replace("//", "//u:secret@"))
	same([code, re.findall("`(efctl [^`]+)`", err)], [2, said], "a password that is in a URL is not said again")
	code, out, err = efctl("keys", "list", "--namespace", "lab")
	ok(code == 0 and ids[0] in out and path in out, "keys list", out + err)
	code, out, err = efctl(*shlex.split(said[0])[1:], "--efd-wait", "1s", "--efd-url", "http://127.0.0.1:1") if said else (1, "", "")
	ids = list(server.scripted.keys)
	said = re.findall("`(efctl [^`]+)`", err)
	ok(code == 1 and len(ids) == 2 and said == [f"efctl keys revoke --namespace=lab --yes -- {ids[0]}"], "rotate without an efd keeps both, and says what ends the old one", err)
	with open(path, encoding="utf-8") as f:
		same(base64.b64decode(f.read()).decode().split(":")[0], ids[-1], "the new one is in the file")
	code, out, err = efctl(*shlex.split(said[0])[1:]) if said else (1, "", "")
	same([code, [k["invalidated"] for k in server.scripted.keys.values()]], [0, [True, False]], "typed as it is printed it does")
	code, out, err = efctl("keys", "revoke", ids[-1], "--namespace", "lab")
	ok(code == 2 and "--yes" in err and not server.scripted.keys[ids[-1]]["invalidated"], "nobody to ask: --yes is wanted", err)
	code, out, err = efctl("remove", "--namespace", "lab", "--dry-run", "--no-kibana")
	ok(code == 3 and re.search(rf"^remove   API key file +{path}$", out, re.M), "remove lists the file of a key that goes", out)
	other = os.path.join(folder, "other")
	efctl("keys", "create", "--key-file", other, "--namespace", "lab")
	link = os.path.join(folder, "link-to-a-key")
	os.symlink(other, link)
	code, out, err = efctl("keys", "list", "--key-file", link)
	ok(code == 0 and link in out, "a key is read through a link", out + err)
	code, out, err = efctl("keys", "rotate", "--key-file", link, "--namespace", "lab")
	ok(code == 2 and "symbolic link" in err and os.path.islink(link) and len(server.scripted.keys) == 3, "and not written through it, nor made", err)


def made_by_setup():
	"""The key that setup makes ends when it is told so, and the record says when."""
	for args, days in ((), None), (("--expires", "90d"), 90):
		path = os.path.join(folder, f"of-setup-{days}")
		code, out, err = efctl("setup", "--no-kibana", "--no-connection", "--yes", "--namespace", f"lab{days or ''}", "--key-file", path, *args)
		key = list(server.scripted.keys.values())[-1]
		ends = key["creation"] + days * 86400000 if days else None
		ok(code == 0 and os.path.exists(path), f"setup {' '.join(args)} makes a key", out[-300:] + err)
		same(key.get("expiration"), ends, f"which ends after {days} days" if days else "which does not end")
		kept = [k for k in es.must("GET", "/flow-installation/_doc/flow")["_source"]["keys"] if k["id"] == key["id"]]
		same([bool(k["expires"]) for k in kept], [bool(days)], "and the record knows it")


with tempfile.TemporaryDirectory() as top:
	folder = os.path.realpath(top)
	server = Server()
	es = cluster.Cluster(server.url)
	odd_places()
	newcomer()
	made_by_setup()
done()
