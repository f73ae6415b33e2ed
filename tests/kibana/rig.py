# SPDX-License-Identifier: Apache-2.0
"""What the dashboard tests share: the compiled objects, the mappings, installations of their own."""
import atexit
import glob
import json
import os
import re
import subprocess

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
EFCTL = os.path.join(TOP, os.environ.get("BUILD", "build"), "efctl")


ACTIVE_TIMEOUT = "5m", 300000	# what setup writes into them without --active-timeout


def objects():
	"""The compiled saved objects of kibana/ as setup imports them, plain (not folded)."""
	out = []
	for path in sorted(glob.glob(os.path.join(TOP, "kibana", "*", "*.json"))):
		with open(path) as f:
			text = f.read()
		for name in ("active_timeout", "peak"):
			text = text.replace("${%s}" % name, ACTIVE_TIMEOUT[0]).replace("${%s_ms}" % name, str(ACTIVE_TIMEOUT[1]))
		o = json.loads(text.replace("${external_number}", "number").replace("${external_text}", "string"))	# --external-links off
		if isinstance(o, dict) and "type" in o and "attributes" in o:
			out.append(o)
	return out


def template(folder, name):
	with open(os.path.join(TOP, "es-templates", folder, name + ".json")) as f:
		return json.load(f)


def mapping_fields(name):
	"""{field: type} of an index template and the component templates it is composed of."""
	found = {}
	def walk(properties, path):
		for key, d in properties.items():
			if "properties" in d:
				walk(d["properties"], path + key + ".")
			else:
				found[path + key] = d.get("type")
	index = template("index-templates", name)
	for t in [template("component-templates", c) for c in index["composed_of"] if c == "flow@mappings"] + [index]:
		walk(t["template"].get("mappings", {}).get("properties", {}), "")
	return found


def kibana(who=None):
	"""Kibana's API, called like Elasticsearch's with the credentials of that one (WHO, a Cluster)."""
	import cluster
	es = who or cluster.connect()
	return cluster.Cluster(os.environ["KIBANA_URL"], es.user, es.password, es.api_key, es.ca_file, {"kbn-xsrf": "1"})


kibana_of = kibana	# where a parameter is called so


def efctl(cluster, *arguments):
	env = dict(os.environ, **cluster.env())
	env.pop("EF_KIBANA_URL", None)
	p = subprocess.run([EFCTL, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	if p.returncode:
		raise RuntimeError("efctl %s: %d\n%s" % (" ".join(arguments), p.returncode, p.stdout[-3000:]))
	return p.stdout


class Installation:
	"""An installation of its own (--prefix) with its own tables and data streams, beside whatever else is in the cluster. `gone()` takes away all of it, also at the end of this
	process; what bears that name before is left over from a run that was killed."""

	def __init__(self, cluster, name, dictionaries="", keep=False, kibana=None):
		"""NAME: a word of the test's; nobody else calls an installation by the prefix that is made of it. KEEP: for work on a test: leave it, and take what is there. KIBANA: the URL of one in which it is to have a space of its own, called like the prefix."""
		prefix = "efctltest_" + name
		self.cluster, self.prefix, self.here = cluster, prefix, False
		self.kibana = ["--kibana-url", kibana, "--kibana-space", prefix] if kibana else ["--no-kibana"]
		self.old = keep and cluster.get(f"/_index_template/logs-{prefix}.flow")[0] == 200
		if self.old:
			return
		self.gone()
		if not keep:
			atexit.register(self.gone)
		self.here = True
		if kibana:
			kibana_of(cluster).must("POST", "/api/spaces/space", {"id": prefix, "name": "Test of efctl: " + prefix})
		self.setup(dictionaries)

	def setup(self, dictionaries=""):
		"""What efctl says. Tables that are to go go, and no others are there than those of the test."""
		return efctl(self.cluster, "setup", "--prefix", self.prefix, "--yes", *self.kibana, "--no-key", "--no-connection", "--dictionaries-dir", dictionaries)

	def id(self, name):
		"""What a saved object of ours is called in the space."""
		return f"{self.prefix}.{name}-{self.prefix}"

	def index(self, pattern):
		"""The indices here of what a dashboard asks: logs-flow-*, metrics-flow.counters-*."""
		return re.sub(r"(logs|metrics)-((?:ti_)?flow)", rf"\1-{self.prefix}.\2", pattern)

	def replay(self, *captures):
		efctl(self.cluster, "replay", "--prefix", self.prefix, *captures)
		self.refresh()

	def refresh(self):
		self.cluster.must("POST", f"/logs-{self.prefix}.*,metrics-{self.prefix}.*/_refresh")

	def newest(self):
		"""The time of the newest record, in milliseconds."""
		reply = self.cluster.must("POST", f"/{self.index('logs-flow-*')}/_search", {"size": 0, "aggs": {"t": {"max": {"field": "@timestamp"}}}})
		return int(reply["aggregations"]["t"]["value"])

	def gone(self):
		if self.here or self.cluster.get(f"/_index_template/logs-{self.prefix}.flow")[0] == 200:
			efctl(self.cluster, "remove", "--prefix", self.prefix, "--yes", "--data", "--no-key", *(self.kibana if "--kibana-url" in self.kibana else []))
		if "--kibana-url" in self.kibana:
			kibana_of(self.cluster).delete("/api/spaces/space/" + self.prefix)
		self.here = False


def captures():
	"""The captures of `make demo`, whose tables are tests/demo/dictionaries."""
	return sorted(glob.glob(os.path.join(TOP, "tests", "captures", "*.pcap")))


DEMO_TABLES = os.path.join(TOP, "tests", "demo", "dictionaries")
