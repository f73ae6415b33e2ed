#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How text is laid out: C as .clang-format wants it, every file as .editorconfig says."""
import fnmatch
import io
import re
import shutil
import subprocess
import tokenize

from tree import ROOT, judge, read, tap, tracked

CLANG_FORMAT = 14	# Debian 12's; other versions want other layouts of the same .clang-format


def sections():
	"""[(glob patterns, {property: value})] of .editorconfig, in its order: the last match wins."""
	out = []
	for line in read(".editorconfig").splitlines():
		if m := re.fullmatch(r"\[(.+)\]", line.strip()):
			inner = re.fullmatch(r"(.*)\{(.+)\}(.*)", m[1])
			out.append(([inner[1] + one + inner[3] for one in inner[2].split(",")] if inner else [m[1]], {}))
		elif out and "=" in line:
			key, value = (part.strip() for part in line.split("=", 1))
			out[-1][1][key] = value
	return out


def properties(path, rules):
	found = {}
	for patterns, values in rules:
		if any(fnmatch.fnmatch(path if "/" in p else path.rsplit("/", 1)[-1], p) for p in patterns):
			found.update(values)
	return found


def verbatim(path, text):
	"""The numbers of the lines that are text inside a program, where indentation is part of a value."""
	if path.endswith(".py") or text.startswith("#!/usr/bin/env python3"):
		for token in tokenize.generate_tokens(io.StringIO(text).readline):
			if token.type == tokenize.STRING:
				yield from range(token.start[0] + 1, token.end[0] + 1)
	elif text.startswith("#!"):
		for m in re.finditer(r"<<-?\s*'?(\w+)'?.*?^\t*\1$", text, re.S | re.M):
			yield from range(text.count("\n", 0, m.start()) + 2, text.count("\n", 0, m.end()) + 1)


def check_text(path, text, want):
	if "\r" in text and want.get("end_of_line") == "lf":
		yield f"{path}: a carriage return"
	if text and not text.endswith("\n") and want.get("insert_final_newline") == "true":
		yield f"{path}: no newline at its end"
	# C is clang-format's, and a Makefile's continued lines are free
	style = None if re.search(r"\.[ch]$|Makefile$", path) else want.get("indent_style")
	free = set(verbatim(path, text))
	for i, line in enumerate(text.split("\n"), 1):
		if line != line.rstrip() and want.get("trim_trailing_whitespace") == "true":
			yield f"{path}:{i}: white space at the end of the line"
		if i not in free and (style == "tab" and re.match("  +[^ *]", line) or style == "space" and line.startswith("\t")):
			yield f"{path}:{i}: indented with {'spaces' if style == 'tab' else 'tabs'}"


def check_editorconfig():
	rules = sections()
	for path in tracked():
		text = read(path)
		if "\0" not in text and "\ufffd" not in text:
			yield from check_text(path, text, properties(path, rules))


def clang_format():
	for name in (f"clang-format-{CLANG_FORMAT}", "clang-format"):
		if shutil.which(name) and f"version {CLANG_FORMAT}." in subprocess.run([name, "--version"], capture_output=True, text=True).stdout:
			return name
	return None


def check_clang_format(program, files):
	r = subprocess.run([program, "--dry-run", *files], cwd=ROOT, capture_output=True, text=True)
	for line in r.stderr.splitlines():
		if "-Wclang-format-violations" in line:
			yield line.split(": ")[0] + ": make format"
	if r.returncode:
		yield f"{program} exited {r.returncode}: {r.stderr[-300:]}"


def main():
	judge(".editorconfig", check_editorconfig())
	program = clang_format()
	if program:
		judge(".clang-format", check_clang_format(program, tracked("*.c", "*.h")))
	else:
		tap.skip(".clang-format", f"clang-format {CLANG_FORMAT} is not installed")
	tap.done()


main()
