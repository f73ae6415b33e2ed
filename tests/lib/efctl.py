# SPDX-License-Identifier: Apache-2.0
"""Runs efctl against a cluster: `run(cluster, "setup", "--dry-run")` -> object with code, out, err, json()."""
import json
import os
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
EFCTL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "efctl")


class Result:
	def __init__(self, p):
		self.code, self.out, self.err = p.returncode, p.stdout, p.stderr

	def json(self):
		return json.loads(self.out)

	def __str__(self):
		return f"exit code {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


def run(cluster, *args, cwd=None, env=None, stdin=None):
	"""CLUSTER None: no cluster is named. ENV adds to what the cluster needs."""
	whole = {k: v for k, v in os.environ.items() if not k.startswith("EF_")}
	whole.update(cluster.env() if cluster else {})
	whole.update(env or {})
	return Result(subprocess.run([os.path.abspath(EFCTL), *args], cwd=cwd, env=whole, input=stdin, capture_output=True,
		text=True, timeout=300))
