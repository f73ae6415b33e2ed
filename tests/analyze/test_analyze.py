#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What programs find that read programs: clang's analyser (scan-build's) and cppcheck in C, shellcheck and flake8 in the rest.

A finding that is none is excused where it stands, with the reason; what a checker does not understand at all is left out here.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lint"))
from tree import ROOT, judge, read, tap, tracked  # noqa: E402

GENERATED = "-I" + os.path.join(os.environ.get("BUILD", "build"), "gen")	# element_ids.h
RETURNS = "tests/analyze/returns.h"
MACROS = ["-D_GNU_SOURCE", "-DHAVE_isal=1", "-DHAVE_systemd=1", "-DHAVE_seccomp=1", '-DEF_VERSION="0"', '-DEF_COMMIT=""']
# Memory that __attribute__((cleanup)) frees is a leak to both: leaks are left to `make asan`.
LEAK = re.compile("Potential (memory )?leak|never closed")
CPPCHECK = ["--suppress=memleak", "--suppress=resourceLeak", "--suppress=missingInclude",
	"--suppress=CastIntegerToAddressAtReturn",	# seen where there is none; the compilers refuse it
	"--suppress=readdirCalled", "--suppress=getgrnamCalled",
	"--suppress=getpwnamCalled", "--suppress=getpwuidCalled"]	# no two threads share a folder, or look for a group or a user


def clang():
	return next((c for c in ("clang-14", "clang") if shutil.which(c)), None)	# 14: Debian 12's


def analyse(path):
	told = [] if path == "common/err.c" else ["-include", RETURNS]
	r = subprocess.run([clang(), "--analyze", "-Xclang", "-analyzer-output=text", "-std=c17", "-I.", GENERATED, *told, *MACROS, path, "-o", os.devnull],
		cwd=ROOT, capture_output=True, text=True)
	found = [line for line in r.stderr.splitlines() if re.search(r": (warning|error|fatal error): ", line) and not LEAK.search(line)]
	return found or ([f"{path}: exit code {r.returncode}: {r.stderr[-300:]}"] if r.returncode else [])


def check_clang():
	"""The programs; in tests it does not know that a failed assertion ends them."""
	with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
		for found in pool.map(analyse, tracked("common/*.c", "forwarder/*.c", "importer/*.c")):
			yield from found


def lines(*argv):
	"""What a checker prints, which is nothing when all is well; and that it failed, when it does so in silence."""
	r = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
	out = (r.stdout + r.stderr).splitlines()
	return out or ([f"{argv[0]} exited {r.returncode}"] if r.returncode else [])


def check_cppcheck():
	files = tracked("*.c")
	common = ["cppcheck", f"-j{os.cpu_count()}", "-q", "--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1",
		"--std=c11", "--library=posix", "--library=gnu", "--library=tests/analyze/cppcheck.cfg", "-I.", GENERATED, *MACROS, *CPPCHECK]
	yield from lines(*common, "common/err.c")
	yield from lines(*common, f"--include={RETURNS}", *(f for f in files if f != "common/err.c"))


def scripts(suffix, interpreter):
	return [f for f in tracked() if f.endswith(suffix) or re.match(rf"#!.*\b{interpreter}", read(f)[:40])]


def check(name, program, findings):
	if program and shutil.which(program):
		judge(name, findings)
	else:
		tap.skip(name, f"{program or 'clang'} is not installed")


check("clang's analyser", clang(), check_clang())
check("cppcheck", "cppcheck", check_cppcheck())
check("shellcheck", "shellcheck", (f for f in lines("shellcheck", "-f", "gcc", *scripts(".sh", "(ba)?sh"))))
check("flake8", "flake8", (f for f in lines("flake8", "--isolated", "--select=E9,F,W6", *scripts(".py", "python3"))))
tap.done()
