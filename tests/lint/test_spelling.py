#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No word of pages, comments, messages and pipelines is a known misspelling (codespell's list)."""
import shutil
import subprocess

from tree import ROOT, tap, tracked

# words that are none of English, or names: of a paper, of a macro, of congestion marks, of variables
FINE = "nd,upto,ect,ines,vie,statics,te,bund"
# registries are spelled by those who keep them; tests misspell on purpose
OTHERS = ("forwarder/fields/", "ingest-pipelines/dictionaries/")


def main():
	if not shutil.which("codespell"):
		tap.skip_all("codespell is not installed")
	files = [f for f in tracked("*.c", "*.h", "*.sh", "*.yml", "*.painless", "Makefile") if not f.startswith((*OTHERS, "tests/"))] + tracked("*.md")
	tap.ok(len(files) > 300, f"{len(files)} files", files)
	r = subprocess.run(["codespell", "-L", FINE, *files], cwd=ROOT, capture_output=True, text=True)
	tap.same(r.stdout + r.stderr, "", "nothing is misspelled")
	with_error = subprocess.run(["codespell", "-"], input="the reci" + "eved datagram\n", capture_output=True, text=True)
	tap.ok("received" in with_error.stdout, "and a misspelling would be found", with_error.stdout)
	tap.done()


main()
