#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The templates without an engine: ECS types, names, docs/fields.md, element tables of the pipelines, dictionaries they name."""
import csv
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "pipeline"))
import stages  # noqa: E402
import registry  # noqa: E402
import tap  # noqa: E402

STREAMS = ("logs-flow", "metrics-flow.counters", "metrics-flow.exporters", "logs-flow.failed")
OWN = ("flow", "counters", "exporter", "reliability")
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
	ours = [f for f in fields if f.split(".")[0] not in OWN and f not in ecs and not f.startswith("data_stream.")]
	tap.ok(not ours, f"{stream}: a field outside flow.* is one of ECS", "\n".join(ours))
	wrong = [f"{f}: {t}, ECS has {ecs[f]}" for f, t in fields.items() if f in ecs and family(t) != family(ecs[f])]
	tap.ok(not wrong, f"{stream}: ECS fields have ECS types", "\n".join(wrong))
	template = json.loads(read(f"es-templates/index-templates/{stream}.json"))
	mappings = template["template"].get("mappings") or json.loads(
		read("es-templates/component-templates/flow@mappings.json"))["template"]["mappings"]
	tap.same(mappings.get("dynamic"), False, f"{stream}: nothing is mapped by itself")

# docs/fields.md lists the fields of logs-flow, each with its type
documented = {}
for row in re.findall(r"^\| `([^`]+)` \| (\w+) \|", read("docs/fields.md"), re.M):
	for end in stages.ENDS if "<end>" in row[0] else ("",):
		documented[row[0].replace("<end>", end)] = row[1]
fields = stages.mappings("logs-flow")
tap.same(sorted(set(fields) ^ set(documented)), [], "docs/fields.md lists the fields of the mapping, no more and no fewer")
tap.same([f for f in fields if documented.get(f) != fields[f]], [], "docs/fields.md has their types")

# normalise.yml: the element table writes to mapped fields only, from elements that exist
normalise = read("ingest-pipelines/normalise.yml")
table = re.findall(r"^          ([\w.]+): \[([^\]]+)\]", normalise.split("        first:")[0], re.M)
targets = {".".join(x.strip() for x in to.split(",")[1:]) for _, to in table if to.strip() not in ("drop", "rest")}
tap.same(sorted(t for t in targets if t not in fields), [], "normalise: the table's fields are mapped")
known = registry.names()
named = {e for e, _ in table}
named |= {e.strip() for line in re.findall(r"^          \w+: \[([^\]]+)\]$", normalise.split("        first:")[1].split("mpls_types")[0], re.M) for e in line.split(",")}
# names that users give to elements of vendors who publish none (docs/raw-line.md), and what efd makes itself
unpublished = ("ziften.", "cisco.nvzFlow", "sflow.", "velocloud.applicationName")
tap.same(sorted(e for e in named if e not in known and not e.startswith(unpublished)), [], "normalise: the table's elements exist")

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
