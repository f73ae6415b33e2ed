#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example of docs/efctl.md that asks the flows is run as it stands there."""
import os
import re
import shlex
import tempfile
import time

import harness
import flowdocs
import tap

with open(os.path.join(harness.ROOT, "docs", "efctl.md"), encoding="utf-8") as f:
	examples = re.findall(r"^    (efctl (top|series|report)\b.*)$", f.read(), re.M)
es = harness.ready()
ns = harness.namespace(es, "manual")
now = int(time.time())
flowdocs.store(es, ns, [[flowdocs.flow(f"h{i % 7}", f"h{i % 5}", 1000 * i, 10, ("https", "dns")[i % 2], now - 1800 * i, server__port=443, source__port=40000 + i, destination__port=443) for i in range(1, 90)]])
tap.ok({c for _, c in examples} == {"top", "series", "report"} and len(examples) > 9, "the manual has examples of each", str(examples))
with tempfile.TemporaryDirectory() as folder:
	for line, command in examples:
		words = [w for w in shlex.split(line.split("      (")[0])][1:]
		r = harness.efctl(*words, es=es, cwd=folder, env={"EF_ELASTICSEARCH_NAMESPACE": ns})
		shown = r.stdout if command != "report" else "\n".join(os.listdir(folder))
		tap.ok(r.returncode == 0 and shown and "no such flow" not in r.stderr, line, r.stdout + r.stderr)
	tap.ok({"report.html", "week.html", "https.html"} <= set(os.listdir(folder)), "reports are where the manual says", str(os.listdir(folder)))
tap.done()
