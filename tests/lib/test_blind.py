#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests are blind (blind.py): whoever runs them may have a home full of settings and an environment that makes no sense."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import tap  # noqa: E402

SEES = """import os
print(sorted(k for k in os.environ if k.startswith(("EF_", "XDG_"))), os.listdir(os.environ["HOME"]), os.listdir(os.environ["EF_CONFIG_DIR"]))
"""
BY_HAND = f"import sys\nsys.path.insert(0, {HERE!r})\nimport tap\n" + SEES
NOTHING = "['EF_CONFIG_DIR'] [] []"
PROGRAMS = ["captures/test_captures.py", "assets/test_elements.py"]	# the first runs efctl, for which an EF_* of no sense is an error


def somebody(folder):
	"""The environment of a person with a home full of settings, below FOLDER."""
	for name, text in ((".efd-api-key", "c29tZWJvZHk6ZWxzZQ==\n"), (".config/efd/efctl.yml", "elasticsearch: {url: nonsense}\n"),
			("etc/efd.yml", "nonsense\n"), ("etc/efctl.yml", "nonsense\n")):
		path = os.path.join(folder, name)
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "w", encoding="utf-8") as f:
			f.write(text)
	env = {k: v for k, v in os.environ.items() if not k.startswith(("EF_", "TESTS_"))}
	return {**env, "HOME": folder, "XDG_CONFIG_HOME": f"{folder}/.config", "EF_CONFIG_DIR": f"{folder}/etc",
		"EF_ELASTICSEARCH_URL": "nonsense", "EF_LOG_LEVEL": "nonsense"}


def run(env, *argv):
	return subprocess.run(argv, env=env, capture_output=True, text=True)


with tempfile.TemporaryDirectory() as folder:
	env = somebody(folder)
	program = os.path.join(folder, "sees.py")
	with open(program, "w", encoding="utf-8") as f:
		f.write(f"#!{sys.executable}\n{SEES}print('ok 1')\n")
	os.chmod(program, 0o755)
	tap.ok(NOTHING not in run(env, program).stdout, "the environment of this test has something to see")
	r = run(env, os.path.join(TESTS, "run.py"), "-v", program)
	tap.ok(NOTHING in r.stdout and "1 passed" in r.stdout, "tests/run.py: a program sees nothing of it", r.stdout + r.stderr)
	tap.same(run(env, sys.executable, "-c", BY_HAND).stdout.strip(), NOTHING, "a program that is run by hand sees nothing of it")
	r = run(env, os.path.join(TESTS, "run.py"), *(os.path.join(TESTS, p) for p in PROGRAMS))
	tap.ok(", 0 failed, 0 skipped" in r.stdout, "tests pass in it", r.stdout + r.stderr)
	r = run(env, os.path.join(TESTS, PROGRAMS[0]))
	tap.same(r.returncode, 0, "and one by hand")
tap.done()
