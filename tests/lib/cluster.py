# SPDX-License-Identifier: Apache-2.0
"""The cluster under test: the one of ES_URL (ES_API_KEY, or ES_USER and ES_PASSWORD; ES_CA_FILE), else an embedded one."""
import atexit
import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

ENGINE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "engine", "engine")


class Cluster:
	"""`request` and its short forms return (status, decoded JSON or text); they raise only when nobody answers."""

	def __init__(self, url, user=None, password=None, api_key=None, ca_file=None, headers=None):
		self.url, self.user, self.password, self.api_key, self.ca_file = url.rstrip("/"), user, password, api_key, ca_file
		self.tls = ssl.create_default_context(cafile=ca_file) if url.startswith("https") else None
		self.headers, self._about = headers or {}, None

	def request(self, method, path, body=None, kind="application/json"):
		"""BODY: an object (sent as JSON), text or bytes (sent as they are, KIND names their type)."""
		if body is not None and not isinstance(body, (str, bytes)):
			body = json.dumps(body)
		req = urllib.request.Request(self.url + "/" + path.lstrip("/"), method=method,
			data=body.encode() if isinstance(body, str) else body)
		for name, value in {"Content-Type": kind, **self.headers}.items():
			req.add_header(name, value)
		if self.api_key:
			req.add_header("Authorization", "ApiKey " + self.api_key)
		elif self.user:
			req.add_header("Authorization", "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode())
		try:
			with urllib.request.urlopen(req, timeout=120, context=self.tls) as r:
				status, data = r.status, r.read()
		except urllib.error.HTTPError as e:
			status, data = e.code, e.read()
		try:
			return status, json.loads(data)
		except ValueError:
			return status, data.decode(errors="replace")

	def get(self, path, body=None):
		return self.request("GET", path, body)

	def put(self, path, body=None):
		return self.request("PUT", path, body)

	def post(self, path, body=None):
		return self.request("POST", path, body)

	def delete(self, path):
		return self.request("DELETE", path)

	def must(self, method, path, body=None, kind="application/json"):
		"""The JSON of a request that has to succeed."""
		status, reply = self.request(method, path, body, kind)
		if not 200 <= status < 300:
			raise RuntimeError(f"{method} {path}: {status} {str(reply)[:600]}")
		return reply

	@property
	def about(self):
		"""(distribution, version tuple): ("opensearch", (3, 8, 0)) or ("elasticsearch", (8, 19, 2))."""
		if self._about is None:
			status, reply = self.get("/")
			if status == 200:
				v = reply["version"]
			else:	# a bare integration-test node does not serve the root
				v = {"number": next(iter(self.must("GET", "/_nodes/_local")["nodes"].values()))["version"]}
			self._about = v.get("distribution", "elasticsearch"), tuple(int(n) for n in v["number"].split("-")[0].split("."))
		return self._about

	def count(self, index, query=None):
		"""Documents in INDEX, after a refresh; 0 where there is no such index."""
		self.post(f"/{index}/_refresh")
		status, reply = self.post(f"/{index}/_count?ignore_unavailable=true", {"query": query or {"match_all": {}}})
		return reply["count"] if status == 200 else 0

	def docs(self, index, query=None, size=10000, sort=None):
		"""The documents themselves (at most SIZE), after a refresh."""
		self.post(f"/{index}/_refresh")
		body = {"query": query or {"match_all": {}}, "size": size, "sort": sort or ["_doc"]}
		return [h["_source"] for h in self.must("POST", f"/{index}/_search?ignore_unavailable=true", body)["hits"]["hits"]]

	def cpu_ms(self, settle=1.1):
		"""Milliseconds of processor time of all nodes so far. A node samples itself once a second: after SETTLE seconds it is fresh."""
		time.sleep(settle)
		return sum(n["process"]["cpu"]["total_in_millis"] for n in self.must("GET", "/_nodes/stats/process")["nodes"].values())

	def merged(self, index):
		"""(bytes, documents) of an index or a data stream, merged to one segment."""
		self.post(f"/{index}/_forcemerge?max_num_segments=1")
		for _ in range(30):	# the merged-away segments go with the last reader
			self.post(f"/{index}/_flush")
			self.post(f"/{index}/_refresh")
			stats = self.must("GET", f"/{index}/_stats/store,docs,segments")["_all"]["primaries"]
			if stats["segments"]["count"] <= 1:
				break
			time.sleep(0.5)
		return stats["store"]["size_in_bytes"], stats["docs"]["count"]

	def _fields(self, index):
		"""What `_disk_usage` tells of each field; nothing where the engine cannot tell."""
		status, reply = self.post(f"/{index}/_disk_usage?run_expensive_tasks=true")
		return next(v for k, v in reply.items() if k != "_shards")["fields"] if status == 200 else {}

	def disk_usage(self, index):
		"""[(field, bytes)], the largest first; none where the engine cannot tell."""
		return sorted(((name, f["total_in_bytes"]) for name, f in self._fields(index).items()), key=lambda f: -f[1])

	def disk_parts(self, index):
		"""{part of the index: bytes}: what fields keep in stored documents, values, points and terms."""
		parts = {"stored": "stored_fields_in_bytes", "values": "doc_values_in_bytes", "points": "points_in_bytes"}
		fields = self._fields(index).values()
		out = {name: sum(f.get(key, 0) for f in fields) for name, key in parts.items()}
		return {**out, "terms": sum(f.get("inverted_index", {}).get("total_in_bytes", 0) for f in fields)} if fields else {}

	def env(self):
		"""The environment in which efd, efctl and other tests find this cluster."""
		named = dict(URL=self.url, USER=self.user, PASSWORD=self.password, API_KEY=self.api_key, CA_FILE=self.ca_file)
		return {prefix + k: v for k, v in named.items() if v for prefix in ("ES_", "EF_ELASTICSEARCH_")}


def given():
	"""The cluster that the environment names, or None."""
	e = os.environ.get
	return Cluster(e("ES_URL"), e("ES_USER"), e("ES_PASSWORD"), e("ES_API_KEY"), e("ES_CA_FILE")) if e("ES_URL") else None


class NoJava(Exception):
	"""This machine has no Java that the engine runs on; its text says which one it needs."""


def embedded(name="opensearch", *more):
	"""A fresh node of its own, on a free port; it and its data are gone when this process ends. MORE: of `engine start`."""
	java = subprocess.run([ENGINE, "java", name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
	if java.returncode == 5:
		raise NoJava(java.stderr.strip().removeprefix("engine: "))
	sys.stderr.write(java.stderr)
	url = subprocess.run([ENGINE, "start", name, "--port", "0", *more], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
	port = url.rsplit(":", 1)[1]
	atexit.register(subprocess.run, [ENGINE, "stop", name, "--port", port, "--wipe"], stderr=subprocess.DEVNULL)
	env = dict(l.split("=", 1) for l in subprocess.run([ENGINE, "env", name, "--port", port], stdout=subprocess.PIPE,
		text=True, check=True).stdout.split())
	return Cluster(env["ES_URL"], env.get("ES_USER"), env.get("ES_PASSWORD"))


def stop(name, es):
	"""Ends an embedded one now; a data folder of one's own stays."""
	subprocess.run([ENGINE, "stop", name, "--port", es.url.rsplit(":", 1)[1], "--wipe"], stderr=subprocess.DEVNULL, check=True)


def connect(name="opensearch"):
	"""The cluster of the environment if there is one, else an embedded NAME."""
	return given() or embedded(name)
