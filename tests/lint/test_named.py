#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What pages name is there: options, metrics, files of this tree; and what doctor can say is on docs/symptoms.md, message by message."""
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import doctor
from tree import ROOT, judge, read, tap, tracked

sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import net  # noqa: E402

BUILD = os.path.realpath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
SYMPTOMS = "docs/symptoms.md"
MOVING = "docs/moving.md"
FOLDERS = ("tests/", "docs/", "common/", "forwarder/", "importer/", "ingest-pipelines/", "es-templates/", "kibana/", "packaging/")
VARIABLES = 53	# of the older Logstash-based collector


def pages():
	return [p for p in tracked("*.md") if p != "ARCHITECTURE.md"]


def named(pattern):
	"""(page, word) of what stands in backticks and fits."""
	for page in pages():
		for word in re.findall(r"`([^`\n]+)`", read(page)):
			for m in re.findall(pattern, word):
				yield page, m


def program(*args):
	return subprocess.run([os.path.join(BUILD, args[0]), *args[1:]], capture_output=True, text=True, check=True).stdout


def options():
	"""{section: its options} of efd's and efctl's configuration."""
	out, section = {}, ""
	for line in (program("efd", "--print-reference") + program("efctl", "help", "config")).splitlines():
		if m := re.match(r"([a-z_]+):$", line):
			section = m[1]
			out.setdefault(section, set())
		elif m := re.match(r"  #?([a-z_]+):", line):
			out[section].add(m[1])
	return out


def unknown_options(known):
	for page, (section, name) in named(r"(?<![\w./*-])([a-z]+)\.([a-z_]+)(?![\w.(/@*-])"):
		if section in known and not known[section] & {name, name.removesuffix("_file")} and name not in ("yml", "csv", "md", "sh"):
			yield f"{page}: no option {section}.{name}"


def metrics():
	"""The names of all metrics, of an efd that has seen an exporter, has a key, and looks for a cluster that is not there."""
	udp, tcp, http = net.free_udp_port(), net.free_port(), net.free_port()
	with tempfile.TemporaryDirectory() as tmp:
		with open(os.path.join(tmp, "key"), "w", encoding="utf-8") as f:
			f.write("aWQ6c2VjcmV0")	# id:secret
		os.chmod(f.name, 0o600)
		env = {k: v for k, v in os.environ.items() if not k.startswith("EF_")} | {"EF_CONFIG_DIR": tmp}
		efd = subprocess.Popen([os.path.join(BUILD, "efd"), "--url", "http://127.0.0.1:9", "--api-key-file", f.name, "--state-dir", tmp,
			"--listen", f"127.0.0.1:{udp}", "--tcp-listen", f"127.0.0.1:{tcp}", "--metrics-listen", f"127.0.0.1:{http}"],
			env=env, stderr=subprocess.DEVNULL)
		try:
			for _ in range(600):
				subprocess.run([os.path.join(BUILD, "efctl"), "replay", "--to", f"udp://127.0.0.1:{udp}",
					os.path.join(ROOT, "tests/captures/vm-netflow5.pcap")], env=env, capture_output=True, check=False)
				text = answer(f"http://127.0.0.1:{http}/metrics")
				if "efd_exporter_records_total" in text:
					break
				time.sleep(0.1)
		finally:
			efd.kill()
			efd.wait()
	return set(re.findall(r"^# TYPE (efd_[a-z_]+)", text, flags=re.M))


def answer(url):
	try:
		with urllib.request.urlopen(url, timeout=5) as r:
			return r.read().decode()
	except OSError:
		return ""


def unknown_metrics(known):
	known |= {m + end for m in known for end in ("_bucket", "_sum", "_count")}
	for page, name in named(r"(?<![\w/])(efd_[a-z_]+[a-z])"):
		if name not in known:
			yield f"{page}: no metric {name}"


def missing_files():
	for page, word in named(r"^((?:[a-z-]+/)+[\w.@-]+)(?= |$)"):
		if word.startswith(FOLDERS) and not os.path.exists(os.path.join(ROOT, word)):
			yield f"{page}: no file {word}"


def table(page, mark):
	"""The first cells of the table that MARK begins."""
	body = re.search(rf"<!-- {mark} -->\n(.*?)<!-- end -->", read(page), re.S)[1]
	return [m for line in body.splitlines()[2:] for m in re.findall(r"^\| `([^`]+)` \|", line)]


def unsaid():
	"""Messages that no row of the page has words of, and rows of what doctor never says."""
	rows, said = table(SYMPTOMS, "doctor"), doctor.messages()
	for path, verdict, text in said:
		if not any(row.strip("… ") in text for row in rows):
			yield f"{SYMPTOMS} has no row for '{text}' ({verdict}, {path})"
	texts = [t for _, _, t in said] + [read("importer/doctor_key.c")]
	for row in rows:
		if not any(row.strip("… ") in t for t in texts):
			yield f"{SYMPTOMS}: doctor does not say '{row}'"


def main():
	judge("files that pages name", missing_files())
	tap.ok(len(doctor.messages()) > 70, "doctor's messages are found in the sources", f"{len(doctor.messages())}")
	judge("doctor's messages, each with a row", unsaid())
	variables = table(MOVING, "elastiflow")
	tap.ok(len(set(variables)) == len(variables) == VARIABLES, f"{VARIABLES} variables, each once", variables)
	if os.path.exists(os.path.join(BUILD, "efctl")):
		known = options()
		tap.ok("spool" in known and "setup" in known, "options of both programs", sorted(known))
		judge("options that pages name", unknown_options(known))
		judge("metrics that pages name", unknown_metrics(metrics()))
	else:
		tap.skip("options and metrics that pages name", f"nothing is built in {BUILD}")
	tap.done()


main()
