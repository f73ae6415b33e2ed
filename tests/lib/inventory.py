# SPDX-License-Identifier: Apache-2.0
"""What a cluster and its Kibana hold: by name, and byte for byte."""
import json

OBJECTS = "dashboard", "index-pattern", "search", "map", "lens", "visualization", "tag"
DATED = ("updated_at", "version")	# by Kibana, of each object
EXTRA = ("/api/alerting/rules/_find?per_page=1000", "/api/kibana/settings")


def ours_or_public(name):
	"""Engines and Kibana make indices of their own whenever they like: their names begin with a dot, and no flow is in them."""
	return not name.startswith(".") or "flow" in name


def keys(es):
	"""{id: name} of the API keys that are valid; none where there is no security."""
	status, reply = es.get("/_security/api_key")
	return {k["id"]: k["name"] for k in reply["api_keys"] if not k["invalidated"]} if status == 200 else {}


def objects(kibana):
	"""{type id: object} of the default space, alerting rules and advanced settings with them."""
	found = kibana.must("GET", "/api/saved_objects/_find?per_page=10000&type=" + "&type=".join(OBJECTS))["saved_objects"]
	out = {f"{o['type']} {o['id']}": {k: v for k, v in o.items() if k not in DATED} for o in found}
	out.update({"rule " + r["id"]: {k: r[k] for k in ("name", "params", "enabled", "tags")} for r in kibana.must("GET", EXTRA[0])["data"]})
	settings = kibana.must("GET", EXTRA[1])["settings"]
	out.update({"setting " + n: s["userValue"] for n, s in settings.items() if "userValue" in s and n != "buildNum"})
	return out


def names(es, kibana=None):
	"""Everything that has a name: {section: names}."""
	m = es.must("GET", "/_cluster/state/metadata")["metadata"]
	held = {s: sorted(m.get(s, {}).get(s, {})) for s in ("component_template", "index_template", "data_stream")}
	held["index_lifecycle"] = sorted(m.get("index_lifecycle", {}).get("policies", {}))
	held["enrich"] = sorted(m.get("enrich", {}).get("policies", {}))
	held.update({s: sorted(m.get(s) or {}) for s in ("indices", "templates", "stored_scripts")})
	held["pipelines"] = sorted(p["id"] for p in m.get("ingest", {}).get("pipeline", []))
	held["keys"] = sorted(keys(es))
	held["kibana"] = sorted(objects(kibana)) if kibana else []
	return {s: [n for n in names if ours_or_public(n)] for s, names in held.items()}


def documents(es, stream):
	es.post(f"/{stream}/_refresh")
	return {h["_id"]: [h["_index"], h["_source"]] for h in es.must("POST", f"/{stream}/_search", {"size": 10000})["hits"]["hits"]}


def everything(es, kibana=None):
	"""All of it with its content, as text: {section: {name: text}}."""
	lists = {"component_template": "component_templates", "index_template": "index_templates"}
	out = {s: {t["name"]: t for t in es.must("GET", "/_" + s)[items]} for s, items in lists.items()}
	out["pipelines"] = es.must("GET", "/_ingest/pipeline")
	out["legacy"] = es.must("GET", "/_template")
	status, reply = es.get("/_ilm/policy")
	out["policies"] = {n: p["policy"] for n, p in reply.items()} if status == 200 else {}
	out["streams"] = {s["name"]: s for s in es.must("GET", "/_data_stream/*")["data_streams"]}
	indices = es.must("GET", "/_all?expand_wildcards=all")
	out["indices"] = {n: {k: i[k] for k in ("aliases", "mappings", "settings")} for n, i in indices.items()}
	backing = {i["index_name"] for s in out["streams"].values() for i in s["indices"]}
	out["documents"] = {n: documents(es, n) for n in [*out["streams"], *(i for i in indices if i not in backing)] if ours_or_public(n)}
	out["keys"] = keys(es)
	out["kibana"] = objects(kibana) if kibana else {}
	return {s: {n: json.dumps(b, sort_keys=True) for n, b in held.items() if ours_or_public(n)} for s, held in out.items()}


def differences(before, after):
	"""What is not the same, a line each: section, name, how, and from where on the texts differ."""
	out = []
	for s in before:
		for n in sorted(set(before[s]) | set(after[s])):
			was, now = before[s].get(n), after[s].get(n)
			if was == now:
				continue
			how = "is new" if was is None else "is gone" if now is None else "is another"
			at = next((i for i, (a, b) in enumerate(zip(was or "", now or "")) if a != b), 0)
			out.append(f"{s}: {n} {how}: {(was or '')[at:][:120]} / {(now or '')[at:][:120]}")
	return out
