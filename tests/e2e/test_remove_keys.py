#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl remove says which API keys it revokes before it does: those of the namespace, with the last one all of ours; keys revoke takes
any id. The engine is scripted."""
import json
import re

import harness
import cluster
import scripted
import standin
from tap import done, ok, same


def key(id_, name, namespace, by="efctl"):
	return {"id": id_, "name": name, "creation": 1, "invalidated": False, "username": "elastic",
		"metadata": {"managed_by": by, "namespace": namespace}}


class Secured(standin.Engine):
	def __init__(self):
		super().__init__()
		self.keys = [key("id-default", "efd-default", "default"), key("id-lab", "efd-lab", "lab"), key("id-labour", "efd-labour", "labour"), key("-id-old", "efd-lab", "lab"),
			key("id-theirs", "efd-lab", "lab", "somebody else")]

	def answer(self, method, path, sent):
		if not path.startswith("/_security/"):
			return super().answer(method, path, sent)
		if method == "DELETE":
			gone = json.loads(sent)["ids"]
			for k in self.keys:
				k["invalidated"] |= k["id"] in gone
			return 200, {"invalidated_api_keys": gone, "previously_invalidated_api_keys": []}
		asked = re.search(r"[?&]id=([^&]+)", path)
		return 200, {"api_keys": [k for k in self.keys if not asked or k["id"] == asked[1]]} if "/api_key" in path else {"username": "elastic"}

	def valid(self):
		return {k["id"] for k in self.keys if not k["invalidated"]}


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Secured()
		super().__init__(standin.Handler)


server = Server()
es = cluster.Cluster(server.url)
EVERY = {"id-default", "id-lab", "id-labour", "id-theirs"}
OLD = "-id-old"  # ids are Base64 for URLs: one in 64 begins so


def remove(namespace, *args):
	"""(exit code, ids of the keys that are said to go, all that was said)"""
	r = harness.efctl("remove", "--no-kibana", "--namespace", namespace, *args, es=es)
	return r.returncode, set(re.findall(r"^remove +API key +efd-\S+  (\S+)$", r.stdout, re.M)), r.stdout + r.stderr


for namespace in "default", "lab":
	r = harness.efctl("setup", "--no-key", "--no-kibana", "--no-connection", "--yes", "--namespace", namespace, es=es)
	ok(r.returncode == 0, f"setup of {namespace}", r.stdout + r.stderr)
r = harness.efctl("keys", "revoke", "--yes", OLD, es=es)
ok(r.returncode == 2 and "behind --" in r.stderr and OLD in server.scripted.valid(), "an id like an option: it says where to put it", r.stderr)
r = harness.efctl("keys", "revoke", "--yes", "--", OLD, es=es)
ok(r.returncode == 0, "there it is taken", r.stdout + r.stderr)
same(server.scripted.valid(), EVERY, "and it alone is revoked")
code, told, text = remove("lab", "--dry-run")
same([code, told], [3, {"id-lab"}], "a dry run lists the keys of the namespace, and nobody else's")
code, told, text = remove("lab", "--dry-run", "--no-key")
same([code, told], [3, set()], "none with --no-key")
same(server.scripted.valid(), EVERY, "and revokes none")
code, told, text = remove("lab", "--yes")
ok(code == 0 and told == {"id-lab"}, "without --dry-run it says the same", text)
same(server.scripted.valid(), EVERY - {"id-lab"}, "and revokes those")
code, told, text = remove("default", "--dry-run")
same([code, told], [3, {"id-default", "id-labour"}], "with the last namespace all of ours would go")
code, told, text = remove("default", "--yes")
same([code, server.scripted.valid()], [0, {"id-theirs"}], "and they do; what is not ours stays")
done()
