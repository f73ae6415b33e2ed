#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/document.md shows what `efctl simulate` prints of its raw line: each stage's change, and the document. The blocks `output` behind
the commands that it says this test runs are that, one after the other; only event.ingested is another one each time.

usage: tests/e2e/test_document.py [--print]     what it would have to show, for whoever changes a stage"""
import os
import re
import sys
import tempfile

import harness
import tap

PAGE = os.path.join(harness.ROOT, "docs", "document.md")
CAPTURE = os.path.join(harness.ROOT, "tests", "cases", "53-mikrotik-nat.pcap")
BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.M | re.S)
INGESTED = re.compile(r"((?:event\.ingested +|\"ingested\": ))[\d\"T:.Z-]+")


def shown():
	out, ours = "", False
	with open(PAGE, encoding="utf-8") as f:
		for words, body in BLOCK.findall(f.read()):
			if "output" not in words.split():
				ours = "run=tests/e2e/test_document.py" in words.split()
			elif ours:
				out += body
	return out


def ordered(text):
	"""Engines tell the fields that a stage changed in an order of their own."""
	changes, brace, document = text.partition("{\n")
	return sorted(changes.splitlines()) + [brace.strip()] + document.splitlines()


def printed(es):
	line = harness.efctl("decode", CAPTURE).stdout.splitlines()[0]
	with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
		f.write(line + "\n")
		f.flush()
		r = harness.efctl("simulate", f.name, es=es)
	tap.same(r.returncode, 0, "efctl simulate line.ndjson")
	return INGESTED.sub(r"\1…", r.stdout)


def main():
	text = printed(harness.ready())
	if sys.argv[1:] == ["--print"]:
		print(text)
		return
	tap.ok("flow.source.name" in text, "the stages wrote something", text)
	tap.same(ordered(text), ordered(shown()), "docs/document.md shows what it prints")
	tap.done()


main()
