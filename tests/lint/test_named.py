#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What pages name is there: options, metrics, files of this tree; what doctor can say is on docs/symptoms.md, message by message; docs/metrics.md
has every metric of efd in its own words (--write makes it), and the pages have the exit codes of common/exit.h."""
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
METRICS = "docs/metrics.md"
FOLDERS = ("tests/", "docs/", "common/", "forwarder/", "importer/", "ingest-pipelines/", "es-templates/", "kibana/", "packaging/")
FIELDS = {"flow", "network", "source", "destination", "client", "server", "observer", "event", "rule", "user", "process", "host", "dns", "http",
	"tls", "url", "threat", "related", "agent"}	# event.original is of records that failed, which have fields of their own
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


def seconds_or_bytes(text):
	"""A number with its unit, as pages write it or as the reference does."""
	number, unit = re.match(r"([\d,.]+) ?(\w*)", text).groups()
	factor = {"": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "minutes": 60, "h": 3600, "hours": 3600, "d": 86400,
		"k": 1024, "KiB": 1024, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30}
	return float(number.replace(",", "")) * factor[unit]


def wrong_defaults():
	"""`option` (VALUE) on a page, where that is not its default."""
	preset, section = {}, ""
	for line in program("efd", "--print-reference").splitlines():
		if m := re.match(r"([a-z_]+):$", line):
			section = m[1]
		elif m := re.match(r"  #([a-z_]+): (\d\S*)$", line):
			preset[f"{section}.{m[1]}"] = m[2]
	found = 0
	for page in pages():
		for name, value in re.findall(r"`([a-z]+\.[a-z_]+)`\s\((\d[\d,.]*(?:\s(?:ms|s|min|minutes|hours|KiB|MiB|GiB)\b)?)", read(page)):
			found += name in preset
			if name in preset and seconds_or_bytes(value.replace("\n", " ")) != seconds_or_bytes(preset[name]):
				yield f"{page}: {name} is {preset[name]} by default, not {value}"
	if found < 15:
		yield f"only {found} defaults are found on pages"


def unknown_options(known):
	for page, (section, name) in named(r"(?<![\w./*-])([a-z]+)\.([a-z_]+)(?![\w.(/@*-])"):
		if section in known and not known[section] & {name, name.removesuffix("_file")} and name not in ("yml", "csv", "md", "sh"):
			yield f"{page}: no option {section}.{name}"


def metrics():
	"""{name: (type, help)} of all metrics: of an efd that has a key, knows an exporter and looks for a cluster that is not there, and of one
	that writes to a file."""
	out = {}
	for args in ["--url", "http://127.0.0.1:9", "--tcp-listen", f"127.0.0.1:{net.free_port()}"], ["--output", "/dev/null"]:
		text = page(args)
		rows = re.findall(r"^# HELP ((?:efd|process)_[a-z_]+) (.*)\n# TYPE \S+ (\w+)$", text, flags=re.M)
		out.update({name: (kind, words) for name, words, kind in rows})
	return out


def page(args):
	"""What it says at /metrics."""
	udp, http = net.free_udp_port(), net.free_port()
	with tempfile.TemporaryDirectory() as tmp:
		env = {k: v for k, v in os.environ.items() if not k.startswith("EF_")} | {"EF_CONFIG_DIR": tmp, "EF_ELASTICSEARCH_API_KEY": "aWQ6c2VjcmV0"}	# id:secret
		efd = subprocess.Popen([os.path.join(BUILD, "efd"), *args, "--state-dir", tmp, "--listen", f"127.0.0.1:{udp}",
			"--metrics-listen", f"127.0.0.1:{http}"], env=env, stderr=subprocess.DEVNULL)
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
	return text


def answer(url):
	try:
		with urllib.request.urlopen(url, timeout=5) as r:
			return r.read().decode()
	except OSError:
		return ""


def unknown_metrics(known):
	known = set(known) | {m + end for m in known for end in ("_bucket", "_sum", "_count")}
	for page, name in named(r"(?<![\w/])(efd_[a-z_]+[a-z])"):
		if name not in known:
			yield f"{page}: no metric {name}"


def reference(known):
	"""The table of docs/metrics.md."""
	return "".join(f"| `{name}` | {kind} | {words} |\n" for name, (kind, words) in sorted(known.items()))


def metrics_page(known, write):
	head, mark, rest = read(METRICS).partition("<!-- metrics -->\n| metric | | |\n|---|---|---|\n")
	if write:
		with open(os.path.join(ROOT, METRICS), "w", encoding="utf-8") as f:
			f.write(head + mark + reference(known) + "<!-- end -->\n")
	elif rest != reference(known) + "<!-- end -->\n":
		yield f"{METRICS} is not current: tests/lint/test_named.py --write"


def fields():
	"""Every field of docs/fields.md, and the objects they are in."""
	out = set()
	for name in re.findall(r"^\| `([^`]+)` \|", read("docs/fields.md"), flags=re.M):
		for end in ("source", "destination", "client", "server"):
			parts = name.replace("<end>", end).split(".")
			out |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
	return out


def unknown_fields(known):
	"""Fields that pages for people name: those of exporters, symptoms, moving (where the first column has the names of others)."""
	for page in [*tracked("docs/exporters/*.md"), SYMPTOMS, MOVING]:
		text = read(page)
		if page == MOVING:
			text = re.sub(r"^\|[^|]*\|", "|", text, flags=re.M)
		for name in re.findall(r"`([a-z]+\.[a-z0-9_.]+)(?:\.\*)?`", text):
			if name.partition(".")[0] in FIELDS and not name.endswith((".csv", ".painless")) and name not in known | {"event.original"}:
				yield f"{page}: no field {name}"


def exit_codes():
	"""The numbers of common/exit.h stand, in its order, in what efctl.md says of them."""
	codes = re.findall(r"^\tEF_\w+ = (\d+),", read("common/exit.h"), flags=re.M)
	said = re.search(r"Exit codes: (.*?)\.\n\n", re.sub(r"(?<!\n)\n(?!\n)", " ", read("docs/efctl.md")), re.S)
	found = re.findall(r"(?:^|, )(\d) ", said[1] if said else "")
	if found != codes:
		yield f"docs/efctl.md says {found}, common/exit.h {codes}"
	check, service = (re.findall(r"^\| (\d) \|", read(f"docs/operating/{name}.md"), flags=re.M) for name in ("install", "signals"))
	if check != codes or service != codes[:3]:
		yield f"docs/operating: {check} of --check-output, {service} of the service, common/exit.h {codes}"


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
	judge("exit codes", exit_codes())
	judge("fields that pages name", unknown_fields(fields()))
	variables = table(MOVING, "elastiflow")
	tap.ok(len(set(variables)) == len(variables) == VARIABLES, f"{VARIABLES} variables, each once", variables)
	if os.path.exists(os.path.join(BUILD, "efctl")):
		known = options()
		tap.ok("spool" in known and "setup" in known, "options of both programs", sorted(known))
		judge("options that pages name", unknown_options(known))
		judge("defaults that pages name", wrong_defaults())
		printed = metrics()
		judge("docs/metrics.md has every metric", metrics_page(printed, sys.argv[1:] == ["--write"]))
		judge("metrics that pages name", unknown_metrics(printed))
	else:
		tap.skip("options and metrics that pages name", f"nothing is built in {BUILD}")
	tap.done()


main()
