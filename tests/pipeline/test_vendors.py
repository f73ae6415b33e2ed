#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Elements of vendors become the fields that they mean: vendors.yml through the whole pipeline; and with --personal keep."""
import stages
import tap
import vendors


def value(doc, path):
	"""By its path; a name of an element has dots of its own."""
	for key in path.split("."):
		doc = doc.get(key) if isinstance(doc, dict) else None
	return doc


def judge(cluster, cases, key):
	docs = stages.simulate(cluster, "flow", [vendors.line(c) for c in cases])
	fields = stages.mappings("logs-flow")
	for case, doc in zip(cases, docs):
		tap.same({path: value(doc, path) for path in case[key]}, case[key], f"{key}: {case['about']}")
		tap.same(stages.unmapped(doc, fields), [], f"{case['about']}: all is mapped")


def main():
	cases = vendors.cases()
	cluster = stages.clusters.connect()
	stages.setup(cluster, dictionaries=None)
	judge(cluster, cases, "want")
	stages.setup(cluster, dictionaries=None, more=["--personal", "keep"])
	judge(cluster, [c for c in cases if "keep" in c], "keep")
	stages.setup(cluster, more=["--personal", "drop"])
	tap.done()


main()
