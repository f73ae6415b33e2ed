#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efd takes another API key out of its file as it comes, and its metrics say which key the cluster acknowledged documents with."""
import base64
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from harness import Efd, net  # noqa: E402
from tap import done, ok, same  # noqa: E402


def key(name):
	return base64.b64encode(f"{name}:the-secret-of-{name}".encode()).decode()


def put(path, text):
	"""In the place of the file that is there, as efctl does it."""
	with open(path + ".new", "w") as f:
		f.write(text)
	os.replace(path + ".new", path)


def by_key(efd, metric="documents_total"):
	found = re.findall(rf'^efd_ship_key_{metric}{{id="([^"]*)"}} (\d+)$', efd.get("/metrics")[1], re.M)
	return {name: int(n) for name, n in found}


def in_force(efd):
	return [name for name, n in by_key(efd, "in_force").items() if n]


def only(*keys):
	"""A step: the cluster knows these keys, and no others."""
	def step(request):
		if request.h.headers["Authorization"] in ["ApiKey " + k for k in keys]:
			return fake_es.store(request)
		return fake_es.status(401)(request)
	return step


es = fake_es.FakeEs()
with tempfile.TemporaryDirectory() as folder:
	path = os.path.join(folder, "key")
	put(path, key("first") + "\n")
	with Efd(es.url, api_key_file=path) as efd:
		same(by_key(efd), {"first": 0}, "the key in force is there before a document is")
		efd.send(90)
		net.wait_for(lambda: by_key(efd)["first"] >= 90, "documents with the first key")
		es.after = only(key("second"))
		efd.send(30)
		net.wait_for(lambda: efd.metric("efd_ship_request_errors_total") > 0, "a refusal")
		before = by_key(efd)["first"]
		put(path, key("second") + "\n")
		net.wait_for(lambda: in_force(efd) == ["second"], "the second key to be taken")
		net.wait_for(lambda: by_key(efd)["second"] >= 30, "documents with the second key")
		same(by_key(efd)["first"], before, "what is refused counts for no key")
		settled = efd.metric("efd_ship_documents_total")
		same(sum(by_key(efd).values()), settled, "every settled document counts once")
		ok("another one" in efd.log_text() and "SIGHUP" not in efd.log_text().split("another one")[1], "the log says so", efd.log_text())

		os.unlink(path)
		net.wait_for(lambda: "cannot be read" in efd.log_text(), "word of the missing file")
		efd.send(30)
		net.wait_for(lambda: by_key(efd)["second"] >= 60, "documents while there is no file")
		same(in_force(efd), ["second"], "without its file the key stays")

		es.after = None
		for n in range(7):
			put(path, key(f"many-{n}") + "\n")
			net.wait_for(lambda: in_force(efd) == [f"many-{n}"], "the next key")
		same(len(by_key(efd)), 8, "of nine keys the last eight are told")
		text = efd.get("/metrics")[1] + efd.log_text()
		ok("secret-of" not in text and key("second") not in text, "no secret in metrics and log")
		put(path, "no-key-at-all\n")
		net.wait_for(lambda: not in_force(efd), "what has no id")
		same(efd.stop(), 0, "it stops, nothing lost")

	os.environ["EF_ELASTICSEARCH_API_KEY"] = key("given")
	with Efd(es.url) as efd:
		efd.send(30)
		net.wait_for(lambda: by_key(efd).get("given", 0) >= 30, "documents with a key of the environment")
		same(in_force(efd), ["given"], "a key from elsewhere is told, too")
	del os.environ["EF_ELASTICSEARCH_API_KEY"]
	with Efd(es.url) as efd:
		efd.send(30)
		net.wait_for(lambda: efd.metric("efd_ship_documents_total") >= 30, "documents without a key")
		same(by_key(efd), {}, "without a key there is none to tell of")
es.stop()
done()
