#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run test programs, read the TAP they print, and close with one line of totals.

usage: tests/run.py [-j N] [-t SECONDS] [-v] PROGRAM...

A program fails as a whole, besides its `not ok` lines, when it dies, exits non-zero without having said why, runs
fewer tests than it planned, or prints no TAP at all. Exit code 77 skips it. Skips are always listed with their reason.
The exit code is 1 when anything failed, or when nothing ran.
"""
import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

POINT = re.compile(r"^\s*(not )?ok\b\s*\d*\s*-?\s*(.*?)\s*(?:#\s*(SKIP|TODO)\b\s*(.*))?$", re.I)
PLAN = re.compile(r"^\s*1\.\.(\d+)\s*(?:#\s*SKIP\b\s*(.*))?$", re.I)


class Result:
	def __init__(self, name):
		self.name, self.passed, self.failed, self.skipped = name, 0, [], []
		self.output, self.seconds = "", 0.0


def read_tap(text, res):
	"""Count the points of TEXT into RES; return how many were planned (several groups add up), None for no plan."""
	planned = None
	for line in text.splitlines():
		if m := PLAN.match(line):
			planned = (planned or 0) + int(m[1])
			if m[1] == "0":
				res.skipped.append(m[2] or "nothing to run")
		elif m := POINT.match(line):
			what, directive, why = m[2] or "(no name)", (m[3] or "").upper(), m[4] or ""
			if directive == "SKIP":
				res.skipped.append(f"{what}: {why}")
			elif m[1] and directive != "TODO":
				res.failed.append(what)
			else:
				res.passed += 1
	return planned


def run(program, limit):
	res = Result(os.path.relpath(program))
	env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
	start = time.monotonic()
	try:
		p = subprocess.Popen([os.path.abspath(program)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			stderr=subprocess.PIPE, text=True, errors="replace", env=env, start_new_session=True)
	except OSError as e:
		res.failed.append(f"cannot be started: {e.strerror}")
		return res
	try:
		out, err = p.communicate(timeout=limit)
	except subprocess.TimeoutExpired:
		os.killpg(p.pid, signal.SIGKILL)
		out, err = p.communicate()
		res.failed.append(f"still running after {limit} s: killed")
	res.seconds, res.output = time.monotonic() - start, out + err
	planned = read_tap(out, res)
	ran = res.passed + len(res.failed) + len(res.skipped)
	if p.returncode == 77 and not res.failed:
		if not res.skipped:
			res.skipped.append((out + err).strip().splitlines()[-1] if (out + err).strip() else "exit code 77")
	elif p.returncode and not res.failed:
		how = f"exited {p.returncode}" if p.returncode > 0 else f"died: {signal.Signals(-p.returncode).name}"
		res.failed.append(f"{how} after {ran} tests")
	elif planned and not res.failed and ran != planned:
		res.failed.append(f"planned {planned} tests, ran {ran}")
	elif not ran:
		res.failed.append("printed no TAP")
	return res


def show(res, verbose):
	word = "FAIL" if res.failed else "ok" if res.passed else "SKIP"
	print(f"{word:<5}{res.name} ({res.passed} passed, {res.seconds:.1f} s)", flush=True)
	if verbose or res.failed:
		print("".join(f"     | {l}\n" for l in res.output.splitlines()[-200:]), end="")
	for f in res.failed:
		print(f"     not ok: {f}")
	for s in res.skipped:
		print(f"     SKIP: {s}", flush=True)


def main():
	a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	a.add_argument("-j", dest="jobs", type=int, default=1, help="programs at once (1)")
	a.add_argument("-t", dest="limit", type=int, default=900, help="seconds that a program may take (900)")
	a.add_argument("-v", dest="verbose", action="store_true", help="show the output of every program")
	a.add_argument("programs", nargs="*")
	o = a.parse_args()
	total = [0, 0, 0]
	with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
		for res in pool.map(lambda p: run(p, o.limit), o.programs):
			show(res, o.verbose)
			for i, n in enumerate((res.passed, len(res.failed), len(res.skipped))):
				total[i] += n
	print("{} passed, {} failed, {} skipped".format(*total))
	return 1 if total[1] or not sum(total) else 0


if __name__ == "__main__":
	sys.exit(main())
