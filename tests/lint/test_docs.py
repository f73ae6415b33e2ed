#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages: their links and anchors lead somewhere, the table of exporters names proofs that are there, and each block of commands
says what runs it.

A block between fences says so in its first line: `run` (tests/lint/test_commands.py runs it), `run=FILE` (that test runs its commands),
`not-run` (nobody can, or none of ours: a router's configuration), or nothing where it is no command: json, csv, text.
Pages that were there before that, in PLAIN, need not."""
import csv
import os
import re

from tree import ROOT, judge, read, tap, tracked

# README's blocks are run word for word: tests/boot/test_boot.py
PLAIN = {"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "STYLE.md", "tests/README.md", "docs/raw-line.md", "docs/efctl.md"}
DATA = {"json", "csv", "text", "yaml"}
INDENTED = {"docs/efctl.md", "docs/asking.md", "docs/fields.md", "docs/dictionaries.md"}	# pages whose commands stand in indented blocks still
# pages that are wider still
WIDE = {f"docs/{name}.md" for name in ("cost", "fields")}
COMMAND = re.compile(r"(?<=\n\n)    ((?:\$ |make|sudo|efd |efctl|curl|systemctl|GET |PUT |POST |DELETE ).*)")
EXPORTERS = "docs/exporters/"
PUBLIC = os.path.join(ROOT, "..", "shared", "captures", "INDEX.csv")	# beside the repository, where they are
FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^][]*(?:\[[^][]*\][^][]*)*\]\(([^()\s]+(?:\([^()]*\))?)\)")
PICTURE = re.compile(r"!\[[^]]*\]\(([^()\s]+)\)")


def prose(text):
	"""Without blocks and code, where nothing is a link."""
	return re.sub(r"`[^`\n]+`", "``", FENCE.sub("", text))


def anchors(text):
	"""What GitHub calls the headings of a page."""
	out = set()
	for line in re.findall(r"^#+ +(.*?) *#*$", FENCE.sub("", text), flags=re.M):
		line = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line).replace("`", "").lower()
		name = re.sub(r"[^\w\- ]", "", line).replace(" ", "-")
		n = 0
		while name + (f"-{n}" if n else "") in out:
			n += 1
		out.add(name + (f"-{n}" if n else ""))
	return out | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def dead_links(pages):
	texts = {p: read(p) for p in pages}
	known = {p: anchors(t) for p, t in texts.items()}
	for page, text in texts.items():
		for to in LINK.findall(prose(text)) + PICTURE.findall(prose(text)):
			if re.match(r"[a-z]+:", to):
				continue
			path, _, anchor = to.partition("#")
			path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
			if not os.path.exists(os.path.join(ROOT, path)):
				yield f"{page}: {to} is not there"
			elif anchor and path in known and anchor not in known[path]:
				yield f"{page}: {path} has no heading #{anchor}"


def unsaid(pages):
	"""Blocks of which nobody knows whether they run."""
	for page in pages:
		if page in PLAIN:
			continue
		if page not in INDENTED:
			for line in COMMAND.findall(FENCE.sub("", read(page))):
				yield f"{page}: write it between fences, with run, run=TEST or not-run: {line}"
		for _, words, body in FENCE.findall(read(page)):
			words = words.split()
			says = [w for w in words if w in ("run", "not-run") or w.startswith("run=")]
			if not says and not (words and words[0] in DATA):
				yield f"{page}: a block does not say whether it is run: {body.strip().splitlines()[0]}"
			for word in says:
				yield from missing(page, word.partition("=")[2], body)


def missing(page, test, body):
	"""What a block says that TEST runs and it does not: commands of efctl by their first word, others by name."""
	if not test:
		return
	text = read(test) if os.path.exists(os.path.join(ROOT, test)) else ""
	if not text:
		yield f"{page}: {test} is not there"
	if page in text and "run=" in text:	# it reads the page's blocks itself
		return
	for line in body.splitlines():
		words = line.split()
		if not words or line.startswith((" ", "{", "}")):	# the body of a request
			continue
		word = words[1] if words[0] in ("efctl", "GET", "PUT", "POST", "DELETE") else words[-1]
		word = word.rsplit("/", 1)[-1]
		if not word.startswith("-") and word not in text:
			yield f"{page}: {test} does not run '{line.strip()}'"


def wide():
	"""Prose wraps at 100 columns; tables, blocks and lines that a link fills may be wider."""
	for page in pages_wrapped():
		for line in FENCE.sub("", read(page)).splitlines():
			if len(line) > 100 and not re.match(r" *\||    |#|<!--", line) and " " in re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)", "x", line).strip():
				yield f"{page}: {line[:60]}…"


def pages_wrapped():
	return [p for p in tracked("*.md") if p not in WIDE]


def platforms():
	"""(page, proofs in the tree, public captures) of each row of the table of exporters."""
	table = re.search(r"<!-- platforms -->\n(.*?)<!-- end -->", read(EXPORTERS + "README.md"), re.S)[1]
	for line in table.splitlines()[2:]:
		cells = [c.strip() for c in line.strip("|").split("|")]
		ours, _, public = cells[3].partition("public capture")
		yield re.search(r"\(([^)]+)\)", cells[1])[1], re.findall("`([^`]+)`", ours), re.findall("`([^`]+)`", public)


def proven(proof):
	"""golden/NAME, cases/NN, captures/NAME, pipeline/STAGE/CASE or a file of that name."""
	kind, _, name = proof.partition("/")
	places = {
		"golden": [f"tests/golden/{name}/expected.ndjson"],
		"captures": [f"tests/captures/{name}.pcap"],
		"pipeline": [f"tests/pipeline/{name}-expected.json", f"tests/pipeline/{name}"],
	}.get(kind, [])
	if kind == "cases":
		return any(f.startswith(f"tests/cases/{name}-") for f in tracked("tests/cases/*.pcap"))
	return any(os.path.isfile(os.path.join(ROOT, p)) for p in places)


def unproven(rows):
	public = None
	if os.path.exists(PUBLIC):
		with open(PUBLIC, encoding="utf-8") as f:
			public = {os.path.basename(r["path"]).removesuffix(".pcap") for r in csv.DictReader(f)}
	pages = {os.path.basename(p) for p in tracked(EXPORTERS + "*.md")} - {"README.md"}
	for page, ours, captures in rows:
		if not ours:
			yield f"{page}: the table names nothing of the tree that proves it"
		for proof in ours:
			if not proven(proof):
				yield f"{page}: {proof} is not there"
		for capture in captures:
			if public is not None and capture not in public:
				yield f"{page}: no public capture {capture}"
	named = [page for page, _, _ in rows]
	for page in sorted(pages.symmetric_difference(named)):
		yield f"{page}: a page without a row, or a row without a page"


def shapeless():
	"""Pages of exporters have the same headings, so that people find what they look for."""
	for path in tracked(EXPORTERS + "*.md"):
		if path.endswith("README.md"):
			continue
		text = read(path)
		for heading in ("What to avoid", "What efd corrects", "See that it works", "Sources"):
			if f"\n## {heading}\n" not in text:
				yield f"{path}: no heading '{heading}'"
		if "https://" not in text.partition("## Sources")[2] and "http://" not in text.partition("## Sources")[2]:
			yield f"{path}: no source"


def unlisted():
	"""Pages of a folder that its README does not lead to."""
	for folder in ("docs/operating/", EXPORTERS):
		for path in tracked(folder + "*.md"):
			if path != folder + "README.md" and f"]({os.path.basename(path)})" not in read(folder + "README.md"):
				yield f"{folder}README.md does not lead to {path}"


def main():
	pages = tracked("*.md")
	tap.ok(len(pages) > 20, f"{len(pages)} pages", pages)
	judge("links and anchors lead somewhere", dead_links(pages))
	judge("a folder's README leads to its pages", unlisted())
	judge("blocks of commands say what runs them", unsaid(pages))
	judge("prose wraps at 100 columns", wide())
	judge("what proves an exporter is there", unproven(list(platforms())))
	judge("pages of exporters have the same headings", shapeless())
	tap.done()


if __name__ == "__main__":
	main()
