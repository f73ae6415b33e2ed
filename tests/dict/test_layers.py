#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows in layers, shipped < feeds < discovered < the user's: which one wins, who says so, and what a folder of sources may hold."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from tap import done, ok, same  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
dir_ = tempfile.TemporaryDirectory()
DIR = dir_.name


def efctl(*args):
	r = subprocess.run([EFCTL, "dictionaries", *args, "--dictionaries-dir", DIR], capture_output=True, text=True)
	return r.returncode, r.stdout, r.stderr


def write(name, *lines):
	path = os.path.join(DIR, name)
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "w") as f:
		f.writelines(line + "\n" for line in lines)


def lookup(address, dictionary):
	"""(name, layer, file below the folder, line) of each row, the nearest prefix first."""
	code, out, err = efctl("lookup", address, "--json")
	if code:
		return err
	found = []
	for row in json.loads(out).get(dictionary, []):
		file, _, line = row["origin"].rpartition(":")
		found.append((row["name"], row["layer"], os.path.relpath(file, DIR) if file.startswith("/") else "-", int(line)))
	return found


write("discovered/10-dns/hosts.csv", "# dns 2026-11-01T00:00:00Z", "address,name", "192.0.2.1,from-dns", "192.0.2.2,from-dns", "192.0.2.3,from-dns", "192.0.2.4,from-dns")
write("discovered/20-netbox/hosts.csv", "address,name", "192.0.2.2,from-netbox", "192.0.2.3,from-netbox")
write("hosts.csv", "address,name", "192.0.2.3,mine", "192.0.2.4,-")
same(lookup("192.0.2.1", "hosts"), [("from-dns", "discovered", "discovered/10-dns/hosts.csv", 3)], "a row that one source alone has")
same(lookup("192.0.2.2", "hosts"), [("from-netbox", "discovered", "discovered/20-netbox/hosts.csv", 2)], "of two sources the last by name wins")
same(lookup("192.0.2.3", "hosts"), [("mine", "yours", "hosts.csv", 2)], "what the user wrote wins over both")
same(lookup("192.0.2.4", "hosts"), [], "and takes away what they say")
same([row[:2] for row in lookup("8.8.8.8", "special-purpose") + lookup("10.0.0.1", "special-purpose")], [("Private-Use", "shipped")],
	"what is shipped says so")

write("discovered/10-dns/networks.csv", "prefix,name,site", "10.0.0.0/8,all,Vienna")
write("networks.csv", "prefix,name", "10.1.0.0/16,mine")
same([r[:2] for r in lookup("10.1.2.3", "networks")], [("mine", "yours"), ("all", "discovered")], "prefixes of different layers lie inside each other")
listed = {d["name"]: (d["rows"], d["own_rows"], d["discovered_rows"]) for d in json.loads(efctl("list", "--json")[1])}
same([listed["hosts"], listed["networks"]], [(3, 1, 2), (2, 1, 1)], "list counts the user's and the discovered rows apart")
code, out, err = efctl("check")
ok(code == 0, "check: fine", out + err)

write("discovered/10-dns/interfaces.csv", "exporter,interface,name", "192.0.2.1,x,Gi1")
code, _, err = efctl("check")
ok(code == 2 and "discovered/10-dns/interfaces.csv:2: " in err, "a wrong row is named with file and line", (code, err))
os.unlink(os.path.join(DIR, "discovered/10-dns/interfaces.csv"))

# Nobody but the user says which feeds are downloaded, what an element means, or which ports are services.
for name in "threat-feeds", "elements", "services", "threats", "sampling", "hots":
	write(f"discovered/10-dns/{name}.csv", "nonsense")
	code, _, err = efctl("check")
	ok(code == 2 and f"10-dns/{name}.csv: no dictionary that is discovered" in err, f"no source may fill {name}.csv", (code, err))
	ok(efctl("show", "hosts")[0] == 0, "and it is not read")
	os.unlink(os.path.join(DIR, f"discovered/10-dns/{name}.csv"))

for name in "-x", "Net Box", "a" * 41, "..x":
	write(f"discovered/{name}/hosts.csv", "address,name", "192.0.2.9,strange")
	same(lookup("192.0.2.9", "hosts"), [], f"{name[:10]!r} is no source")
code, _, err = efctl("check")
same((code, err.count("no source is called so")), (2, 3), "which check says, but of what is hidden")
for name in "-x", "Net Box", "a" * 41, "..x":
	os.unlink(os.path.join(DIR, f"discovered/{name}/hosts.csv"))
	os.rmdir(os.path.join(DIR, f"discovered/{name}"))

write("discovered/20-netbox/note.txt", "not a table")
ok(efctl("check")[0] == 0, "other files beside the tables are nobody's business")
os.mkfifo(os.path.join(DIR, "discovered/20-netbox/exporters.csv"))
code, _, err = efctl("check")
ok(code == 2 and "20-netbox/exporters.csv" in err, "a FIFO is not waited for", (code, err))
os.unlink(os.path.join(DIR, "discovered/20-netbox/exporters.csv"))

for i in range(63):
	write(f"discovered/s{i}/hosts.csv", "address,name", f"198.51.100.{i},h{i}")
code, _, err = efctl("check")
ok(code == 2 and "discovered: more than 64 sources" in err, "more than 64 sources are refused", (code, err))

# ---- 16 MiB in all: 150,000 names of 120 letters are more by themselves
shutil.rmtree(os.path.join(DIR, "discovered"))
write("discovered/10-dns/hosts.csv", "address,name", *(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255},{i:0120}" for i in range(150000)))
code, out, err = efctl("check")
ok(code == 2 and "where 16 MiB are the most: hosts 1" in err and "leave it out of `sets` in inventory.yml" in err, "more than 16 MiB are refused, with what to leave out", (code, out, err))
done()
