#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run test programs, read the TAP they print, and close with one line of totals.

usage: tests/run.py [-j N] [-t SECONDS] [-v] [--skips FILE:RUN] PROGRAM... [--beside PROGRAM...]

A program fails as a whole, besides its `not ok` lines, when it dies, exits non-zero without having said why, runs
fewer tests than it planned, or prints no TAP at all. Exit code 77 skips it. Skips are always listed with their reason.
With --skips (or $TESTS_SKIPS) a skip that FILE does not allow in RUN is a failure, and one that it allows and that did not
happen is said. FILE is a table: run,test,skip,reason; a skip is recognised by the text that it starts with, RUN * is any.
Programs after --beside share nothing with the others: they run one after another, too, while those do.
The exit code is 1 when anything failed, or when nothing ran.
"""
import argparse
import concurrent.futures
import csv
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib"))
import blind  # noqa: E402

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
	"""One program, in an environment of its own (tests/lib/blind.py)."""
	with tempfile.TemporaryDirectory(prefix="efd-blind-", ignore_cleanup_errors=True) as folder:
		return run_in(dict(blind.environment(folder), CMOCKA_MESSAGE_OUTPUT="TAP"), program, limit)


def run_in(env, program, limit):
	res = Result(os.path.relpath(program))
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


class Skips:
	"""What a file allows to be skipped in one run; everything where there is no file."""

	def __init__(self, where):
		self.rows = None
		if where:
			path, _, name = where.rpartition(":")
			with open(path, newline="", encoding="utf-8") as f:
				self.rows = [r for r in csv.DictReader(f) if r["run"] in (name, "*")]

	def judge(self, res):
		"""Turn the skips of RES that are not allowed into failures; return the allowed ones that did not happen."""
		if self.rows is None:
			return []
		rows = [r for r in self.rows if r["test"] == res.name]
		seen = []
		for s in list(res.skipped):
			allowed = [r for r in rows if s.startswith(r["skip"])]
			seen += allowed
			if not allowed:
				res.skipped.remove(s)
				res.failed.append(f"skipped, which tests/skips does not allow: {s}")
		return [r["skip"] for r in rows if r not in seen]


def show(res, verbose):
	word = "FAIL" if res.failed else "ok" if res.passed else "SKIP"
	print(f"{word:<5}{res.name} ({res.passed} passed, {res.seconds:.1f} s)", flush=True)
	if verbose or res.failed:
		print("".join(f"     | {l}\n" for l in res.output.splitlines()[-200:]), end="", flush=True)
	for f in res.failed:
		print(f"     not ok: {f}", flush=True)
	for s in res.skipped:
		print(f"     SKIP: {s}", flush=True)


def main():
	a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	a.add_argument("-j", dest="jobs", type=int, default=1, help="programs at once (1)")
	a.add_argument("-t", dest="limit", type=int, default=900, help="seconds that a program may take (900)")
	a.add_argument("-v", dest="verbose", action="store_true", help="show the output of every program")
	a.add_argument("--skips", default=os.environ.pop("TESTS_SKIPS", ""), metavar="FILE:RUN", help="the only skips that are no failures")
	a.add_argument("programs", nargs="*")
	a.add_argument("--beside", nargs="+", default=[], metavar="PROGRAM", help="programs that run at the same time, one after another")
	o = a.parse_args()
	for number in signal.SIGINT, signal.SIGQUIT:	# a shell ignores them in the background, and a program inherits that
		if signal.getsignal(number) == signal.SIG_IGN:
			signal.signal(number, signal.SIG_DFL)
	total = [0, 0, 0]
	skips = Skips(o.skips)
	with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool, concurrent.futures.ThreadPoolExecutor(1) as beside:
		running = [p.submit(run, program, o.limit) for p, programs in ((pool, o.programs), (beside, o.beside)) for program in programs]
		for done in concurrent.futures.as_completed(running):
			res = done.result()
			needless = skips.judge(res)
			show(res, o.verbose)
			for s in needless:
				print(f"     tests/skips allows a skip that did not happen: {s}", flush=True)
			for i, n in enumerate((res.passed, len(res.failed), len(res.skipped))):
				total[i] += n
	print("{} passed, {} failed, {} skipped".format(*total))
	return 1 if total[1] or not sum(total) else 0


if __name__ == "__main__":
	sys.exit(main())
