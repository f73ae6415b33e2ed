#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every capture of NetFlow and IPFIX: the lines that the decoder writes are those that an independent decode of the same
bytes implies, member by member, and as many as the capture holds. The captures are beside the repository, not in it."""
import csv
import gzip
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "lib")]
import expect  # noqa: E402
import ndjson  # noqa: E402
import tap  # noqa: E402

CAPTURES = os.path.join(ROOT, "..", "shared", "captures")
DECODE = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests", "oracle", "decode")
UNDER = os.environ.get("TESTS_UNDER", "").split()	# make valgrind

# Where the independent decode is wrong or of another opinion, and why ours is right.
EXPLAINED = {
	"nf5-invalid01": (-30, "the header says 55,582 records, NetFlow 5 has at most 30: it is something else, of which nothing is believed"),
}


def decode(path):
	run = subprocess.run([*UNDER, DECODE, path], capture_output=True, check=True)
	lines = [json.loads(x) for x in run.stdout.decode().splitlines()]
	counters = json.loads(run.stderr.decode().splitlines()[-1])
	return [x for x in lines if "ie" in x], counters


def reference(path):
	with gzip.open(path, "rt", encoding="utf-8") as f:
		return [json.loads(line) for line in f]


def shape(line):
	"""The members of one of our lines that the reference can tell."""
	flow = line["flow"]
	out = {k: flow[k] for k in ("type", "exporter", "domain", "seq", "template", "exported") if k in flow}
	out["ie"] = line["ie"]
	if flow.get("sampling", {}).get("origin") == "header":
		out["sampling"] = flow["sampling"]
	return out


def compare(registry, row, name):
	lines, _ = decode(os.path.join(CAPTURES, row["path"]))
	wanted_count = int(row["flow_records_if_buffered"])
	if name in EXPLAINED:
		wanted_count += EXPLAINED[name][0]
	tap.same(len(lines), wanted_count, f"{name}: number of records")
	e = expect.Expect(registry)
	datagrams = reference(os.path.join(CAPTURES, "oracle", name + ".ref.jsonl.gz"))
	e.note_scopeless(datagrams)
	want = [line for d in datagrams for line in e.lines(d)]
	got = [shape(x) for x in lines if "held" not in x.get("tags", [])]
	if name in EXPLAINED:
		tap.note(f"{name}: {EXPLAINED[name][1]}")
		got, want = got[:len(want)], want[:len(got)]
	problems = ndjson.diff_lines(got, want)
	tap.ok(not problems, f"{name}: {len(want)} records, every member", "\n".join(problems))


def main():
	if not os.path.isdir(CAPTURES):
		tap.skip_all("no captures in ../shared/captures")
	registry = expect.Registry(os.path.join(ROOT, "forwarder", "fields"))
	with open(os.path.join(CAPTURES, "INDEX.csv"), encoding="utf-8") as f:
		for row in csv.DictReader(f):
			name = os.path.basename(row["path"])[:-5]
			if row["protocol"] != "sflow5" and (len(sys.argv) < 2 or name in sys.argv[1:]):
				compare(registry, row, name)
	tap.done()


main()
