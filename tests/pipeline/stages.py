# SPDX-License-Identifier: Apache-2.0
"""What the pipeline tests share: install through `efctl setup`, run documents through a pipeline, read the mappings."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import cluster as clusters  # noqa: E402, F401 (for the tests)
import tap  # noqa: E402

EFCTL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "efctl")
PROFILE = "full"	# nothing that a stage writes is left out; test_profiles.py has the others
ENDS = ("source", "destination", "client", "server")


def setup(cluster, dictionaries=os.path.join(HERE, "dictionaries"), more=(), assets=ROOT, force=True):
	"""Install everything with the test's own dictionaries; what setup said. Without `force` a change by hand is no failure."""
	command = [EFCTL, "setup", "--url", cluster.url, "--no-kibana", "--no-key", "--yes", "--profile", PROFILE, "--assets", assets, *(["--force"] if force else []), *more]
	command += ["--dictionaries-dir", dictionaries or ""]
	run = subprocess.run(command, env={**os.environ, **cluster.env()}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	if run.returncode:
		tap.note(run.stdout)
		raise RuntimeError(f"efctl setup: exit code {run.returncode}")
	return run.stdout


def overlay(folder, merge):
	"""FOLDER as an assets directory in which flow.yml says whether stages become one script."""
	os.makedirs(os.path.join(folder, "ingest-pipelines"), exist_ok=True)
	with open(os.path.join(ROOT, "ingest-pipelines", "flow.yml"), encoding="utf-8") as f:
		text = f.read()
	with open(os.path.join(folder, "ingest-pipelines", "flow.yml"), "w", encoding="utf-8") as f:
		f.write(re.sub(r"^processors:", f"merge: {merge}\nprocessors:", text, count=1, flags=re.M))
	return folder


def simulate(cluster, pipeline, docs, index="logs-flow-default"):
	"""The documents after PIPELINE, or after a list of them: each the source, or {"error": reason}; with "_index" when the pipeline
	moved it."""
	out, path, more = [], f"/_ingest/pipeline/{pipeline}/_simulate", {}
	if isinstance(pipeline, list):
		path, more = "/_ingest/pipeline/_simulate", {"pipeline": {"processors": [{"pipeline": {"name": name}} for name in pipeline]}}
	for i in range(0, len(docs), 500):
		body = {"docs": [{"_index": index, "_source": d} for d in docs[i:i + 500]], **more}
		for r in cluster.must("POST", path, body)["docs"]:
			if "doc" not in r:
				out.append({"error": r.get("error", {}).get("reason", "?")})
				continue
			doc = r["doc"]["_source"]
			if r["doc"]["_index"] != index:
				doc["_index"] = r["doc"]["_index"]
			out.append(doc)
	return out


def leaves(value, at=""):
	"""(path, value) of every leaf; a list of objects counts as its objects."""
	if isinstance(value, dict):
		for k, v in value.items():
			yield from leaves(v, f"{at}.{k}" if at else k)
	elif isinstance(value, list) and value and isinstance(value[0], dict):
		for v in value:
			yield from leaves(v, at)
	else:
		yield at, value


def mapped(properties, at="", what=None):
	"""path -> type of a mapping; with WHAT, that of all that a field is said to be."""
	out = {}
	for name, field in properties.items():
		path = f"{at}.{name}" if at else name
		if "properties" in field:
			out.update(mapped(field["properties"], path, what))
		else:
			out[path] = what(field) if what else field["type"]
	return out


def documented():
	"""field -> (type, what it can be used for), of docs/fields.md."""
	out, own = {}, []
	with open(os.path.join(ROOT, "docs", "fields.md"), encoding="utf-8") as f:
		for name, kind, use, about in re.findall(r"^\| `([^`]+)` \| (\w+) \| (\w+) \|(.*)", f.read(), re.M):
			for end in ENDS if "<end>" in name else ("",):
				out[name.replace("<end>", end)] = kind, use
			for named in re.findall(r"((?:`[^`]+`(?: and )?)+) ha(?:s|ve) an index", about):
				own += re.findall(r"`([^`]+)`", named)
	return {**out, **{name: (out[name][0], "yes") for name in own}}


def mappings(stream):
	"""path -> type of a data stream, from the templates in the repository."""
	def load(path):
		with open(os.path.join(ROOT, "es-templates", path), encoding="utf-8") as f:
			return json.load(f)
	index = load(f"index-templates/{stream}.json")
	fields = mapped(index["template"].get("mappings", {}).get("properties", {}))
	if "flow@mappings" in index["composed_of"]:
		fields.update(mapped(load("component-templates/flow@mappings.json")["template"]["mappings"]["properties"]))
	return fields


def unmapped(doc, fields):
	"""The leaves of a document that have no field: a flattened field holds what is below it."""
	whole = {p for p, t in fields.items() if t in ("flattened", "geo_point", "object")}
	return sorted({p for p, _ in leaves(doc) if p not in fields and p != "_index" and not any(p.startswith(w + ".") for w in whole)})
