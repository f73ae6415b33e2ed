#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the saved objects of main.jsonnet one a file, for people to read and diff: pretty.py SOURCE_DIR OUT_DIR.

A value that fits stands on one line, a long list of short values fills lines (coordinates), everything else is broken up.
Keys are sorted, as Jsonnet does. OUT_DIR/<type>/<id>.json; files of objects that are gone are removed.
"""
import json
import os
import subprocess
import sys

WIDTH = 140


def text(v, indent=0):
	one = json.dumps(v, ensure_ascii=False, sort_keys=True)
	if len(one) + indent <= WIDTH or not isinstance(v, (dict, list)):
		return one
	pad, end = " " * (indent + 1), " " * indent
	if isinstance(v, dict):
		items = [json.dumps(k) + ": " + text(v[k], indent + 1) for k in sorted(v)]
		return "{\n" + ",\n".join(pad + i for i in items) + "\n" + end + "}"
	items = [text(i, indent + 1) for i in v]
	if max(map(len, items)) > 24:
		return "[\n" + ",\n".join(pad + i for i in items) + "\n" + end + "]"
	lines = [pad]
	for i, item in enumerate(items):
		item += "," if i + 1 < len(items) else ""
		if len(lines[-1]) + len(item) > WIDTH:
			lines.append(pad)
		lines[-1] += item
	return "[\n" + "\n".join(lines) + "\n" + end + "]"


def main():
	source, out = sys.argv[1:]
	objects = json.loads(subprocess.run(["jsonnet", os.path.join(source, "main.jsonnet")], check=True, stdout=subprocess.PIPE).stdout)
	wanted = {os.path.join(out, o["type"], o["id"] + ".json"): text(o) + "\n" for o in objects}
	for kind in {o["type"] for o in objects}:
		folder = os.path.join(out, kind)
		os.makedirs(folder, exist_ok=True)
		for name in os.listdir(folder):
			if os.path.join(folder, name) not in wanted:
				os.unlink(os.path.join(folder, name))
	for path, body in wanted.items():
		with open(path, "w") as f:
			f.write(body)
	print(len(wanted), "objects")


main()
