#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who calls whom, from the objects' symbols (nm), and who includes whose headers: both go downward as tests/lint/layers.csv
allows; no circles, own headers.

Rows of layers.csv: what | from | to | why.
  call    a file of the folder FROM may use functions and tables of the folder TO, and so include its headers
  include a file of the folder FROM includes headers of the folder TO for their types, constants and inline functions alone
  both    FROM and TO call each other, for the reason WHY
  circle  the files FROM (names with spaces) call each other in a circle, for the reason WHY; circles of two need no row
  header  FROM.c (with * as in file names) exports what the header TO declares, or (TO is empty) what none needs to
A row that nothing needs any more is a finding, too.
"""
import csv
import fnmatch
import os
import re
import subprocess

from tree import ROOT, judge, read, tap, tracked

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
TABLE = "tests/lint/layers.csv"
FOLDERS = ("common/", "forwarder/", "importer/")
GENERATED = "gen"	# folder of objects that are made from tables
COMMAND = re.compile(r"importer/\w+ cmd_\w+$")	# what a row of importer/commands.c runs
HOST = "forwarder/fields/"	# programs that run while building


def rows():
	with open(os.path.join(ROOT, TABLE), encoding="utf-8") as f:
		return [(r["what"], r["from"], r["to"], r["why"]) for r in csv.DictReader(f)]


def symbols():
	"""{file without ending: (defined, used)} of all objects that the programs have."""
	names = [f[:-2] for f in tracked("*.c") if f.startswith(FOLDERS) and not f.startswith(HOST)]
	names += [f"{GENERATED}/{n[:-2]}" for n in sorted(os.listdir(os.path.join(BUILD, GENERATED))) if n.endswith(".o")]
	out = {name: (set(), set()) for name in names}
	paths = [os.path.join(BUILD, name + ".o") for name in names]
	text = subprocess.run(["nm", "-A", "-P", "-g", *paths], capture_output=True, text=True, check=True).stdout
	for line in text.splitlines():
		path, symbol, kind = line.split()[:3]
		name = os.path.relpath(path[:-len(".o:")], BUILD)
		if kind in "TDBRVWC":
			out[name][0].add(symbol)
		elif kind == "U":
			out[name][1].add(symbol)
	return out


def calls(objects):
	"""{file: {file that it uses: symbols}}"""
	owner = {s: name for name, (defined, _) in objects.items() for s in defined}
	out = {name: {} for name in objects}
	for name, (_, used) in objects.items():
		for s in used:
			if s in owner and owner[s] != name:
				out[name].setdefault(owner[s], set()).add(s)
	return out


def circles(graph):
	"""The sets of nodes that reach each other, of two and more (Tarjan)."""
	number, low, stack, found = {}, {}, [], []

	def visit(node):
		number[node] = low[node] = len(number)
		stack.append(node)
		for to in graph.get(node, ()):
			if to not in number:
				visit(to)
				low[node] = min(low[node], low[to])
			elif to in stack:
				low[node] = min(low[node], number[to])
		if low[node] == number[node]:
			at = stack.index(node)
			if len(stack) - at > 1:
				found.append(frozenset(stack[at:]))
			del stack[at:]
	for node in graph:
		if node not in number:
			visit(node)
	return found


def folder(name):
	return os.path.dirname(name)


def check_calls(graph, table):
	allowed = {(a, b) for what, a, b, _ in table if what == "call"}
	allowed |= {pair for what, a, b, _ in table if what == "both" for pair in ((a, b), (b, a))}
	seen = set()
	for name, uses in sorted(graph.items()):
		for to, names in sorted(uses.items()):
			edge = (folder(name), folder(to))
			if edge[0] == edge[1]:
				continue
			seen.add(edge)
			if edge not in allowed:
				yield f"{name}.c uses {', '.join(sorted(names))} of {to}.c: {edge[0]} may not call {edge[1]} ({TABLE})"
	for edge in sorted(allowed - seen):
		yield f"{TABLE}: nothing in {edge[0]} calls {edge[1]} any more: take the row out"


def includes():
	"""{(folder, folder): [(file, header)]}; a header without a folder is one that is made while building."""
	out = {}
	for name in tracked("*.c", "*.h"):
		if name.startswith(FOLDERS):
			for header in re.findall(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', read(name), flags=re.M):
				out.setdefault((folder(name), folder(header) or GENERATED), []).append((name, header))
	return out


def check_includes(edges, table):
	allowed = {(a, b) for what, a, b, _ in table if what in ("call", "include")}
	allowed |= {pair for what, a, b, _ in table if what == "both" for pair in ((a, b), (b, a))}
	for edge, places in sorted(edges.items()):
		for name, header in places:
			if edge[1] == GENERATED and not os.path.exists(os.path.join(BUILD, GENERATED, header)):
				yield f"{name} includes {header}: headers are named from the top of the tree"
			elif edge[0] != edge[1] and edge not in allowed:
				yield f"{name} includes {header}: {edge[0]} may not include what is in {edge[1]} ({TABLE})"
	for what, a, b, _ in table:
		if what == "include" and (a, b) not in edges:
			yield f"{TABLE}: nothing in {a} includes a header of {b} any more: take the row out"


def check_order(table):
	"""What `call` and `include` rows allow has no circle, so that there is a bottom."""
	graph = {}
	for what, a, b, _ in table:
		if what in ("call", "include"):
			graph.setdefault(a, set()).add(b)
	for circle in circles(graph):
		yield f"{TABLE}: the rows `call` and `include` allow a circle of {', '.join(sorted(circle))}"
	for what, a, b, why in table:
		if what in ("both", "circle", "header") and not why:
			yield f"{TABLE}: {what} {a} {b} gives no reason"


def check_circles(graph, table):
	known = {frozenset(a.split()) for what, a, _, _ in table if what == "circle"}
	found = set(circles(graph))
	for circle in sorted(found, key=sorted):
		if len(circle) > 2 and circle not in known:
			lines = [f"  {a} -> {b}: {', '.join(sorted(graph[a][b]))}" for a in sorted(circle) for b in sorted(circle) if b in graph[a]]
			yield "\n".join([f"{' '.join(sorted(circle))} call each other in a circle:"] + lines)
	for circle in sorted(known - found, key=sorted):
		yield f"{TABLE}: {' '.join(sorted(circle))} are no circle: take the row out"


def declared(path):
	"""The names that a header declares as functions or objects."""
	text = re.sub(r"/\*.*?\*/", " ", read(path), flags=re.S)
	text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
	text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
	names = set()
	for statement in re.findall(r"^[A-Za-z_][^;{}]*;", text, flags=re.M):
		statement = re.sub(r"\s+", " ", statement)
		if found := re.match(r"(?:\w+[ *]+)+(\w+) ?\(", statement):
			names.add(found[1])
		elif "(" not in statement:	# objects, or functions whose type has a name
			names |= set(re.findall(r"(\w+)(?:\[[^\]]*\])*(?=[,;])", statement))
	return names


def check_headers(objects, table):
	excused = {(a, b) for what, a, b, _ in table if what == "header"}
	headers = {h[:-2]: declared(h) for h in tracked("*.h") if h.startswith(FOLDERS)}
	needed = set()
	for name, (defined, _) in sorted(objects.items()):
		for symbol in sorted(defined - headers.get(name, set())):
			if symbol == "main" or folder(name) == GENERATED or symbol.startswith("__") or COMMAND.match(f"{name} {symbol}"):
				continue
			places = sorted(h for h, names in headers.items() if symbol in names)
			excuses = {(a, b) for a, b in excused if fnmatch.fnmatchcase(name, a) and (b[:-2] in places or not places and not b)}
			needed |= excuses
			if not excuses:
				where = f"{places[0]}.h" if places else "no header"
				yield f"{name}.c exports {symbol}, which {where} declares: move it to {name}.h"
	for a, b in sorted(excused - needed):
		yield f"{TABLE}: header {a} {b} is not needed any more: take the row out"


def main():
	if not os.path.isdir(os.path.join(BUILD, GENERATED)):
		tap.skip_all(f"nothing is built in {BUILD}")
	objects, table = symbols(), rows()
	graph = calls(objects)
	tap.ok(sum(map(len, graph.values())) > 100, "the objects call each other at all", "nm showed next to nothing")
	judge("folders call only what tests/lint/layers.csv allows", check_calls(graph, table))
	judge("folders include only headers of what tests/lint/layers.csv allows", check_includes(includes(), table))
	judge("what is allowed has a bottom", check_order(table))
	judge("no circle of more than two files", check_circles(graph, table))
	judge("what a .c exports is declared in its own header", check_headers(objects, table))
	tap.done()


main()
