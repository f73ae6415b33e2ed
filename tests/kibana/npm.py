# SPDX-License-Identifier: Apache-2.0
"""npm packages that tests use, installed once below the build directory (or taken from NODE_PATH), each set in a folder of its own: npm
deletes from a folder what it was not asked for."""
import os
import shutil
import subprocess

import blind
import rig

why = ""


def modules(*packages):
	"""The folder that holds PACKAGES (name@version), for NODE_PATH; None and `why` when they cannot be had."""
	global why
	names = [p.rsplit("@", 1)[0] for p in packages]
	for folder in (os.environ.get("NODE_PATH") or "").split(":") + [os.path.join(rig.TOP, os.environ.get("BUILD", "build"), "npm", names[0], "node_modules")]:
		if folder and all(os.path.isdir(os.path.join(folder, n)) for n in names):
			return folder
	if not shutil.which("node") or not shutil.which("npm"):
		why = "node or npm is not installed"
		return None
	p = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", os.path.dirname(folder), *packages],
		env=dict(os.environ, HOME=blind.home()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	if p.returncode:
		why = p.stdout.strip().splitlines()[-1] if p.stdout.strip() else "npm install failed"
		return None
	return folder
