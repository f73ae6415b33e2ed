#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The templates without an engine: ECS types, names, docs/fields.md, element tables of the pipelines, dictionaries they name."""
import csv
import glob
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "pipeline"))
import stages  # noqa: E402
import tap  # noqa: E402

STREAMS = ("logs-flow", "metrics-flow.counters", "metrics-flow.exporters", "logs-flow.failed")
OWN = ("flow", "counters", "exporter", "reliability")
# not in ECS yet: called as its ja3 is
NOT_YET = {"tls.client.ja4"}
FAMILY = {"constant_keyword": "keyword", "wildcard": "keyword", "match_only_text": "text"}


def family(kind):
	return FAMILY.get(kind, kind)


def read(path):
	with open(os.path.join(ROOT, path), encoding="utf-8") as f:
		return f.read()


with open(os.path.join(HERE, "ecs-fields.csv"), encoding="utf-8") as f:
	ecs = {r["field"]: r["type"] for r in csv.DictReader(f)}

for stream in STREAMS:
	fields = stages.mappings(stream)
	ours = [f for f in fields if f.split(".")[0] not in OWN and f not in NOT_YET and f not in ecs and not f.startswith("data_stream.")]
	tap.ok(not ours, f"{stream}: a field outside flow.* is one of ECS", "\n".join(ours))
	wrong = [f"{f}: {t}, ECS has {ecs[f]}" for f, t in fields.items() if f in ecs and family(t) != family(ecs[f])]
	tap.ok(not wrong, f"{stream}: ECS fields have ECS types", "\n".join(wrong))
	template = json.loads(read(f"es-templates/index-templates/{stream}.json"))
	mappings = template["template"].get("mappings") or json.loads(
		read("es-templates/component-templates/flow@mappings.json"))["template"]["mappings"]
	tap.same(mappings.get("dynamic"), False, f"{stream}: nothing is mapped by itself")

# docs/fields.md lists the fields of logs-flow, each with its type, and says what can be searched and aggregated (tests/pipeline/test_searches.py does so)
documented = stages.documented()
fields = stages.mappings("logs-flow")
tap.same(sorted(set(fields) ^ set(documented)), [], "docs/fields.md lists the fields of the mapping, no more and no fewer")
tap.same([f for f in fields if documented.get(f, ("", ""))[0] != fields[f]], [], "docs/fields.md has their types")
options = stages.mapped(json.loads(read("es-templates/component-templates/flow@mappings.json"))["template"]["mappings"]["properties"], what=dict)
USES = {(True, True): "yes", (True, False): "search", (False, True): "values", (False, False): "source"}
uses = {f: USES[o.get("index", True), o.get("doc_values", o["type"] != "text")] for f, o in options.items() if o["type"] != "alias"}
tap.same({f: use for f, use in uses.items() if documented[f][1] != use}, {}, "docs/fields.md says what each can be used for")
tap.same({f: o["path"] for f, o in options.items() if o["type"] == "alias" and documented[f][1] != documented[o["path"]][1]}, {}, "and an alias for what its field can")

# elements.csv: every field is mapped, and the conversion makes what its type takes
with open(os.path.join(ROOT, "ingest-pipelines", "dictionaries", "elements.csv"), encoding="utf-8") as f:
	elements = list(csv.DictReader(line for line in f if not line.startswith("#")))
made = {"long": {"long", "integer", "short"}, "count": {"long", "integer", "short"}, "mask": {"long", "integer", "short"}, "as": {"long"}, "ip": {"ip"}, "mac": {"keyword"}, "id": {"keyword"}, "text": {"keyword", "wildcard"}, "user": {"keyword"}, "dns": {"keyword"}, "forwarded": {"keyword"}}
wrong = [f"{r['element']}: {r['conversion']} into {r['field']} ({fields.get(r['field'], 'not mapped')})" for r in elements if r["field"] and fields.get(r["field"]) not in made[r["conversion"]]]
tap.ok(len(elements) > 200 and not wrong, "the element table's fields are mapped as its conversions make them", "\n".join(wrong))
tap.same([r["element"] for r in elements if bool(r["field"]) == (r["conversion"] in ("rest", "stays", "personal", "drop"))], [], "each has a field, but rest, stays, personal and drop")

# the stage column of docs/fields.md: the stages that write a field have its name, or the table does. What they really write is seen by
# tests/pipeline/test_owners.py, on an engine.
ABOUT = {"normalise": ["elements.csv"], "geo": ["lookup-geo.yml", "networks.csv"], "addresses": ["networks.csv"], "exporter": ["exporters.csv", "interfaces.csv", "networks.csv"]}


def says(stage):
	"""The words of a stage, of its libraries, and of the tables whose columns it copies; comments apart."""
	text = read(f"ingest-pipelines/{stage}.yml")
	text += "".join(read(f"ingest-pipelines/lib/{lib}.painless") for lib in re.findall(r"//@include ([\w-]+)", text))
	text += "".join(read(f"ingest-pipelines/{'dictionaries/' if f.endswith('.csv') else ''}{f}").lower() for f in ABOUT.get(stage, []) if f != "elements.csv")
	return set(re.findall(r"[a-z0-9_]+", re.sub(r"(?m)^\s*(#|//).*", "", text)))


owners = {m[0]: m[1].split(", ") for m in re.findall(r"^\| `([^`]+)` \| \w+ \| \w+ \| ([^|]+?) *\|", read("docs/fields.md"), re.M)}
written, words = {r["field"] for r in elements}, {}
strange = []
for field, names in owners.items():
	for stage in names:
		if stage in ("-", "efd", "all"):
			continue
		words.setdefault(stage, says(stage))
		by_table = stage == "normalise" and any(field.replace("<end>", end) in written for end in ("source", "destination"))
		if not by_table and field.split(".")[-1].lstrip("@").removeprefix("post_") not in words[stage]:
			strange.append(f"{field}: {stage}")
tap.ok(len(owners) > 200 and not strange, "docs/fields.md names the stages that write a field", "\n".join(strange))
tabled = {f.replace(end + ".", "<end>.", 1) if f.startswith(end + ".") else f.replace(f"flow.{end}.", "flow.<end>.", 1) for f in written if f for end in ("source", "destination") if end in f or not re.search(r"\b(source|destination)\b", f)}
tap.same(sorted(f for f in tabled if "normalise" not in owners.get(f, owners.get(f.replace("<end>", "source"), []))), [], "the element table's fields are the normalise stage's")

# one version of ECS in all documents: what C says and what pipelines do
ecs = re.search(r'ECS_VERSION "([\d.]+)"', read("common/ecs.h"))[1]
said = [(f, v) for f in sorted(glob.glob("ingest-pipelines/**/*", root_dir=ROOT, recursive=True)) if f.endswith((".yml", ".painless")) for v in re.findall(r"put\('version', '([\d.]+)'\)", read(f))]
tap.ok(len(said) > 2 and all(v == ecs for _, v in said), "pipelines say the version of ECS that common/ecs.h says", str(said))

# every stage says its purpose, is called, and names dictionaries that exist
folder = os.path.join(ROOT, "ingest-pipelines")
files = sorted(f for f in os.listdir(folder) if f.endswith(".yml"))
tap.same([f for f in files if not read(f"ingest-pipelines/{f}").startswith(f"# {f[:-4]}: ")], [], "pipelines begin with their name and purpose")
flow = read("ingest-pipelines/flow.yml")
alone = {"flow.yml", "failed.yml", "retry.yml", "counters.yml", "exporters.yml"}
tap.same([f for f in files if f not in alone and f"name: flow-{f[:-4]}" not in flow and f"name: {f[:-4]}}}" not in flow], [], "flow.yml calls every stage")
dictionaries = {d for f in files for d in re.findall(r"dictionary: ([\w-]+)", read(f"ingest-pipelines/{f}"))}
tap.same([d for d in sorted(dictionaries) if not os.path.exists(os.path.join(folder, "dictionaries", d + ".csv"))], [], "dictionaries exist")
includes = {i for f in files for i in re.findall(r"//@include ([\w-]+)", read(f"ingest-pipelines/{f}"))}
tap.same([i for i in sorted(includes) if not os.path.exists(os.path.join(folder, "lib", i + ".painless"))], [], "libraries exist")

# functions have names of their own, because stages are merged into one script
names = [n for f in files for n in re.findall(r"^        (?:[\w\[\]]+) (\w+)\([\w\[\], ]*\) \{", read(f"ingest-pipelines/{f}"), re.M)]
tap.same(sorted({n for n in names if names.count(n) > 1}), [], "functions have names of their own")
slow = [f for f in files + ["lib/" + l for l in os.listdir(os.path.join(folder, "lib"))] if re.search(r"== (true|false)\b", re.sub(r"//.*", "", read(f"ingest-pipelines/{f}")))]
tap.same(slow, [], "nothing is compared with true or false (docs/pipelines.md)")
tap.done()
