# SPDX-License-Identifier: Apache-2.0
"""What the dashboard tests share: HTTP to Elasticsearch and Kibana, the index templates, the compiled objects."""
import base64
import glob
import json
import os
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Members that Kibana keeps as JSON inside a string: folded on the way to Kibana, plain in the files (see kibana/README.md).
FOLDED = {"fieldFormatMap", "fieldAttrs", "typeMeta", "sourceFilters", "runtimeFieldMap", "spec"}


def call(url, method="GET", body=None, content="application/json"):
	"""(status, decoded reply); a string body is sent as it is."""
	data = None if body is None else body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
	request = urllib.request.Request(url, data, {"Content-Type": content, "kbn-xsrf": "1"}, method=method)
	if os.environ.get("ES_USER"):
		pair = "%s:%s" % (os.environ["ES_USER"], os.environ.get("ES_PASSWORD", ""))
		request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
	try:
		with urllib.request.urlopen(request, timeout=120) as reply:
			text = reply.read()
			return reply.status, json.loads(text) if text else None
	except urllib.error.HTTPError as e:
		text = e.read()
		try:
			return e.code, json.loads(text)
		except ValueError:
			return e.code, text.decode(errors="replace")


def fold(node, key=""):
	"""The object as Kibana wants it: every member of FOLDED or named *JSON becomes its compact JSON text, innermost first."""
	if isinstance(node, dict):
		node = {k: fold(v, k) for k, v in node.items()}
	elif isinstance(node, list):
		node = [fold(v) for v in node]
	if (key in FOLDED or key.endswith("JSON")) and not isinstance(node, str):
		return json.dumps(node, separators=(",", ":"), ensure_ascii=False)
	return node


def objects():
	"""The compiled saved objects as they are in kibana/, plain."""
	out = []
	for path in sorted(glob.glob(os.path.join(TOP, "kibana", "*", "*.json"))):
		with open(path) as f:
			o = json.load(f)
		if isinstance(o, dict) and "type" in o and "attributes" in o:
			out.append(o)
	return out


def mapping_fields(name):
	"""{field: type} of a component template."""
	with open(os.path.join(TOP, "es-templates", "component-templates", name + ".json")) as f:
		found = {}
		def walk(properties, path):
			for key, d in properties.items():
				if "properties" in d:
					walk(d["properties"], path + key + ".")
				else:
					found[path + key] = d.get("type")
				for sub, sd in d.get("fields", {}).items():
					found[path + key + "." + sub] = sd.get("type")
		walk(json.load(f)["template"]["mappings"]["properties"], "")
	return found


def install_templates(es):
	"""The index templates of es-templates/ without their pipeline and lifecycle: the documents are finished already."""
	values = {"${refresh}": "1s", "${shards}": 1, "${replicas}": 0, "${retention}": "30d"}
	def fill(node):
		if isinstance(node, dict):
			return {k: fill(v) for k, v in node.items()}
		if isinstance(node, list):
			return [fill(v) for v in node]
		return values.get(node, node) if isinstance(node, str) else node
	done = []
	for kind, folder in (("_component_template", "component-templates"), ("_index_template", "index-templates")):
		for path in sorted(glob.glob(os.path.join(TOP, "es-templates", folder, "*.json"))):
			name = os.path.basename(path)[:-5]
			if ".ilm" in name or ".dsl" in name:
				continue
			name = name.replace(".none", "")
			with open(path) as f:
				body = fill(json.load(f))
			body["template"].get("settings", {}).get("index", {}).pop("default_pipeline", None)
			status, reply = call("%s/%s/%s" % (es, kind, name), "PUT", body)
			if status >= 300:
				raise SystemExit("%s: %s" % (name, json.dumps(reply)[:500]))
			done.append(name)
	return done
