#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages that the programs print: mandoc has nothing to say of them, and what --help lists is in them."""
import os
import re
import subprocess

from tree import ROOT, tap

BUILD = os.path.realpath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
DATED = re.compile(r'WARNING: missing date, using "": TH$')	# a page belongs to a version, which it names


def out(program, *args, **more):
	return subprocess.run([program, *args], capture_output=True, text=True, timeout=60, **more)


def commands(help_text):
	return re.findall(r"^  (\w+) ", help_text[help_text.find("Commands:"):], flags=re.M) if "Commands:" in help_text else []


def check(name, how):
	program = os.path.join(BUILD, name)
	page = out(program, *how).stdout
	said = [l for l in out("mandoc", "-Tlint", input=page).stdout.splitlines() if not DATED.search(l)]
	tap.ok(page and not said, f"{name}: mandoc finds nothing", "\n".join(said))
	plain = re.sub(r"\s+", " ", re.sub(".\b", "", out("mandoc", "-Tutf8", input=page).stdout))
	first = out(program, "--help").stdout
	texts = {"": first} | {c: out(program, c, "--help").stdout for c in commands(first)}
	flags = {f for t in texts.values() for f in re.findall(r"^ +(?:-\w, )?--([\w-]+)", t, flags=re.M)} - {"help", "version"}
	missing = sorted(f for f in flags if f"--{f}" not in plain) + [c for c in texts if f"efctl {c}" not in plain and c]
	tap.ok(len(flags) > 40 and not missing, f"{name}: its {len(flags)} flags and {len(texts) - 1} commands are in the page", ", ".join(missing))


if not os.path.exists(os.path.join(BUILD, "efctl")):
	tap.skip_all(f"nothing is built in {BUILD}")
for name, how in (("efd", ["--print-man"]), ("efctl", ["help", "man"])):
	check(name, how)
tap.done()
