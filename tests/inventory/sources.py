# SPDX-License-Identifier: Apache-2.0
"""What tests of `efctl inventory` share: a folder of dictionaries, inventory.yml, the program, and a scripted server."""
import csv
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from scripted import Handler, Server  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
_kept = tempfile.TemporaryDirectory()
DIR = os.path.join(_kept.name, "dictionaries")
FILE = os.path.join(_kept.name, "inventory.yml")


class Pages(Handler):
	"""Answers from the server's `pages` {path with query: JSON, text, octets, a status, or a function of the handler}."""

	def any_method(self):
		self.server.asked.append((self.path, self.headers))
		page = self.server.pages.get(self.path, 404)
		if callable(page):
			page(self)
		elif isinstance(page, int):
			self.reply(page, "", [("Location", self.server.elsewhere)])
		else:
			self.reply(200, page)


class Source(Server):
	"""With `certificate` and `key` over TLS."""

	def __init__(self, certificate=None, key=None, version=None):
		self.pages, self.asked, self.elsewhere = {}, [], "http://127.0.0.1:1/"
		self.tls = None
		if certificate:
			import ssl
			self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
			if version:
				self.tls.set_ciphers("ALL:@SECLEVEL=0")
				self.tls.minimum_version = self.tls.maximum_version = version
			self.tls.load_cert_chain(certificate, key)
		super().__init__(Pages)
		if certificate:
			self.socket = self.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
			self.url = f"https://localhost:{self.port}"

	def tokens(self):
		"""The header Authorization of each request so far."""
		return [headers.get("Authorization") for _, headers in self.asked]


def path(name):
	return os.path.join(DIR, "discovered", name)


def kept(name, text):
	"""A file beside the dictionaries, with this text; its path."""
	where = os.path.join(_kept.name, name)
	with open(where, "w") as f:
		f.write(text)
	return where


def configure(*sources):
	"""inventory.yml: each source as a dict (JSON is YAML, too)."""
	with open(FILE, "w") as f:
		json.dump({"sources": list(sources)}, f)


def efctl(*args, env=None):
	"""(exit code, standard output, standard error)"""
	r = subprocess.run([EFCTL, *args, "--dictionaries-dir", DIR, "--inventory-file", FILE], capture_output=True, text=True, timeout=300,
		env={**{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}, "EF_ELASTICSEARCH_URL": "http://127.0.0.1:1", **(env or {})})
	return r.returncode, r.stdout, r.stderr


def inventory(*args, **more):
	return efctl("inventory", *args, **more)


def table(name):
	"""Rows of a table that was written, each as a dict; None: there is no such file."""
	try:
		with open(path(name), newline="") as f:
			return list(csv.DictReader(line for line in f if not line.startswith("#")))
	except FileNotFoundError:
		return None


def state(source):
	with open(path(f"{source}/state.json")) as f:
		return json.load(f)
