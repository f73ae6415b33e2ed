# SPDX-License-Identifier: Apache-2.0
"""Read and compare NDJSON: what a decoder printed against what was expected, line by line and key by key."""
import json


def load(path_or_file):
	"""All objects of a file; an error names the line."""
	f = open(path_or_file, encoding="utf-8") if isinstance(path_or_file, str) else path_or_file
	out = []
	with f:
		for n, line in enumerate(f, 1):
			if not line.strip():
				continue
			try:
				out.append(json.loads(line))
			except ValueError as e:
				raise ValueError(f"{getattr(f, 'name', '-')}:{n}: {e}") from None
	return out


def diff(got, want, at=""):
	"""Where two JSON values differ, as readable lines; empty when they are the same. 1 and 1.0 and True all differ."""
	if isinstance(got, dict) and isinstance(want, dict):
		out = []
		for k in sorted(got.keys() | want.keys()):
			where = f"{at}.{k}" if at else k
			if k not in want:
				out.append(f"{where}: unexpected {json.dumps(got[k])}")
			elif k not in got:
				out.append(f"{where}: missing, want {json.dumps(want[k])}")
			else:
				out += diff(got[k], want[k], where)
		return out
	if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
		return [d for i, (g, w) in enumerate(zip(got, want)) for d in diff(g, w, f"{at}[{i}]")]
	if type(got) is type(want) and got == want:
		return []
	return [f"{at or '(top)'}: got {json.dumps(got)}, want {json.dumps(want)}"]


def diff_lines(got, want, limit=20):
	"""Compare two lists of objects in order; at most LIMIT lines of differences."""
	out = [] if len(got) == len(want) else [f"{len(got)} lines, want {len(want)}"]
	for n, (g, w) in enumerate(zip(got, want), 1):
		out += [f"line {n}: {d}" for d in diff(g, w)]
		if len(out) >= limit:
			return out[:limit] + ["..."]
	return out
