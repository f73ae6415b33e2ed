#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The committed objects under kibana/ are what the Jsonnet sources give today."""
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
import rig
import tap

if not shutil.which("jsonnet"):
	tap.skip_all("no jsonnet: the compiled dashboards are not compared with their sources (apt-get install jsonnet)")

with tempfile.TemporaryDirectory() as tmp:
	source = os.path.join(rig.TOP, "kibana", "src")
	p = subprocess.run([sys.executable, os.path.join(source, "pretty.py"), source, tmp], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	tap.ok(p.returncode == 0, "jsonnet compiles the sources", p.stdout[-1500:])
	fresh = {os.path.relpath(os.path.join(d, f), tmp) for d, _, names in os.walk(tmp) for f in names}
	kinds = {f.split("/")[0] for f in fresh}
	kept = {os.path.join(k, f) for k in kinds for f in os.listdir(os.path.join(rig.TOP, "kibana", k))}
	tap.same(sorted(kept), sorted(fresh), "the same objects")
	old = [f for f in sorted(fresh & kept) if not filecmp.cmp(os.path.join(tmp, f), os.path.join(rig.TOP, "kibana", f), shallow=False)]
	tap.ok(not old, "with the same content", "differs, run `make dashboards`: " + ", ".join(old))

tap.done()
