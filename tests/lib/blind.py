# SPDX-License-Identifier: Apache-2.0
"""Tests are blind to whoever runs them: an empty home, and nothing of efd's and efctl's settings in /etc/efd or the environment.

tests/run.py starts every program so; a program that is run by hand gets there when it imports `tap`. Variables for the
tests' own machinery therefore have other names than EF_*: ES_URL and its like, ENGINE_CACHE, SEED.
"""
import atexit
import os
import pwd
import shutil
import tempfile

MARK = "TESTS_BLIND"


def environment(folder):
	"""The environment of a test whose home is below FOLDER, which is empty and the caller's to remove."""
	env = {k: v for k, v in os.environ.items() if not k.startswith(("EF_", "XDG_"))}
	env[MARK] = "1"
	for name, below in (("HOME", "home"), ("EF_CONFIG_DIR", "etc-efd")):
		env[name] = os.path.join(folder, below)
		os.mkdir(env[name])
	return env


def home():
	"""The home of who runs the tests, for what fetches: there are the settings of pip and npm, and the cache of the engines."""
	try:
		return pwd.getpwuid(os.getuid()).pw_dir
	except KeyError:
		return os.environ.get("HOME") or "/"


def become():
	"""This process and what it starts are blind from now on."""
	if MARK in os.environ:
		return
	folder = tempfile.mkdtemp(prefix="efd-blind-")
	atexit.register(shutil.rmtree, folder, ignore_errors=True)
	env = environment(folder)
	os.environ.clear()
	os.environ.update(env)
