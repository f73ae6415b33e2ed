#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/metrics in the judgement of Prometheus' own promtool: the text format, and the customs for names, types and help."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_es import FakeEs  # noqa: E402
from harness import EFD, Efd, net  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

PROMTOOL = shutil.which("promtool") or os.path.join(os.path.dirname(EFD), "tools", "promtool")


def judge(efd, name, family):
	text = efd.get("/metrics")[1]
	r = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True)
	ok(family in text and r.returncode == 0 and not r.stderr, f"promtool has nothing to say of {name}", r.stdout + r.stderr)


if not os.path.exists(PROMTOOL):
	skip_all("no promtool (Debian package prometheus)")
es = FakeEs()
os.environ["EF_ELASTICSEARCH_API_KEY"] = "aWQ6c2VjcmV0"	# id:secret
with Efd(es.url) as efd:
	efd.send(90)
	net.wait_for(lambda: efd.metric("efd_exporter_records_total") == 90, "the exporter's counters")
	judge(efd, "an efd that ships", "efd_exporter_records_total")
	ok('efd_ship_key_in_force{id="id"} 1' in efd.get("/metrics")[1], "with an API key")
with Efd(None, output="/dev/null") as efd:
	judge(efd, "an efd that writes to a file", "efd_output_lines_total")
es.stop()
done()
