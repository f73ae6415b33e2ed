#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl inventory: what it makes of JSON and CSV, what it shows and writes, what it keeps, and what it refuses."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from sources import FILE, Source, configure, efctl, inventory, kept, path, state, table  # noqa: E402
from tap import done, ok, same  # noqa: E402

server = Source()
HOSTS = {"into": "hosts", "rows": "hosts[]", "columns": {"address": "ip", "name": "name"}}


def source(**more):
	return {"name": "ipam", "type": "json", "url": server.url + "/api", "tables": [HOSTS], **more}


# ---- from a reply to a table, and to what pipelines get
server.pages["/api"] = {"hosts": [{"ip": "192.0.2.1", "name": "one"}, {"ip": "192.0.2.2", "name": "two, \"the second\""}, {"ip": "192.0.2.3", "name": None}]}
configure(source())
code, out, err = inventory("--diff")
same((code, out.splitlines()), (3, ["ipam                 hosts               2 rows: 2 new, 0 changed, 0 gone", "  + 192.0.2.1 one",
	"  + 192.0.2.2 two, \"the second\""]), "--diff shows each row and changes nothing")
ok("1 rows left out, which name nothing" in err, "a host without a name is no row", err)
ok(not os.path.exists(path("ipam")), "nothing was written")
code, out, err = inventory("--dry-run")
same((code, out.count("\n"), os.path.exists(path("ipam"))), (3, 1, False), "--dry-run tells the numbers")
code, out, err = inventory()
same((code, table("ipam/hosts.csv")), (0, [{"address": "192.0.2.1", "name": "one"}, {"address": "192.0.2.2", "name": "two, \"the second\""}]), "it is written")
with open(path("ipam/hosts.csv")) as f:
	head = f.readline()
ok(head.startswith("# ipam (json), written by efctl inventory at 20") and server.url in head, "the head says from where and when", head)
same(sorted(os.listdir(path(""))), ["ipam"], "nothing else is left in the folder")
found = json.loads(efctl("dictionaries", "lookup", "192.0.2.2", "--json")[1])["hosts"]
same([(r["name"], r["layer"]) for r in found], [("two, \"the second\"", "discovered")], "lookup finds it as discovered")

# ---- once more
asked = len(server.asked)
code, out, err = inventory()
same((code, len(server.asked) - asked), (0, 0), "what is not due is not asked")
ok("ipam                 not due: asked " in out, "and says so", out)
before = os.stat(path("ipam/hosts.csv"))
code, out, err = inventory("ipam")
same((code, out, os.stat(path("ipam/hosts.csv")).st_ino), (0, "ipam                 hosts               2 rows: 0 new, 0 changed, 0 gone\n", before.st_ino),
	"named, it is; a table that is the same stays the same file")
server.pages["/api"] = {"hosts": [{"ip": "192.0.2.1", "name": "eins"}, {"ip": "192.0.2.9", "name": "nine"}]}
code, out, err = inventory("ipam", "--diff")
same((code, out.splitlines()[1:]), (3, ["  ~ 192.0.2.1 name: one -> eins", "  - 192.0.2.2 two, \"the second\"", "  + 192.0.2.9 nine"]), "changed, gone and new rows")
code, out, err = inventory("ipam", "--json")
same((code, json.loads(out)), (0, {"source": "ipam", "tables": {"hosts": {"rows": 2, "added": 1, "changed": 1, "gone": 1}},
	"left_out": {"doubles": 0, "silent": 0, "wrong": 0}}), "--json tells the numbers")
same([r["name"] for r in table("ipam/hosts.csv")], ["eins", "nine"], "the new rows are there")

# ---- fewer than half, and none at all
server.pages["/api"] = {"hosts": [{"ip": f"192.0.2.{i}", "name": f"h{i}"} for i in range(1, 101)]}
same(inventory("ipam")[0], 0, "a hundred hosts")
server.pages["/api"] = {"hosts": [{"ip": f"192.0.2.{i}", "name": "new"} for i in range(1, 50)]}
code, out, err = inventory("ipam")
same((code, len(table("ipam/hosts.csv")), table("ipam/hosts.csv")[0]["name"]), (1, 100, "h1"), "fewer than half are not believed: the old ones stay")
ok("ipam: hosts: 49 rows where there were 100: if that is right, --force takes them" in err and "1 of 1 sources failed; the rows of before stay" in err,
	"which is said", err)
s = state("ipam")
ok(s["failing_ms"] >= s["good_ms"] > 0 and "49 rows" in s["why"], "and remembered", s)
since = s["failing_ms"]
code, out, err = inventory()
same(("not due" in out, code, state("ipam")["failing_ms"]), (False, 1, since), "a source that fails is asked each time; it fails since the first")
server.pages["/api"] = 503
code, out, err = inventory("ipam")
ok(code == 1 and "/api: HTTP 503" in err and len(table("ipam/hosts.csv")) == 100, "a server that fails changes nothing", (code, err))
server.pages["/api"] = {"hosts": [{"ip": f"192.0.2.{i}", "name": "new"} for i in range(1, 51)]}
same((inventory("ipam")[0], len(table("ipam/hosts.csv")), state("ipam")["failing_ms"], state("ipam")["why"]), (0, 50, 0, ""), "half of them are believed")
server.pages["/api"] = {"hosts": []}
same(inventory("ipam")[0], 1, "none where there were some is not")
code, out, err = inventory("ipam", "--force")
same((code, table("ipam/hosts.csv")), (0, None), "--force takes what there is")

# ---- ways into a document
server.pages["/api"] = {"regions": [{"name": "west", "zones": [{"id": 1, "nets": ["10.0.0.0/24", "10.0.1.0/24"]}, {"id": 2}]}],
	"web": ["192.0.2.0/24"], "git": ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"], "verified": False, "pages": 5,
	"devices": [{"id": 7, "ip": {"address": "192.0.2.7/24"}, "name": "r7"}], "ports": [{"device": {"id": 7}, "index": 3, "kbps": 1000000, "up": True, "label": "Gi0/3"},
		{"device": {"id": 8}, "index": 3, "label": "of nobody"}, {"device": {"id": 7}, "index": 4, "up": False, "label": "down"}]}
configure(source(tables=[
	{"into": "networks", "rows": "regions[].zones[].nets[]", "columns": {"prefix": ".", "name": "{^^name} {^id}", "zone": "^id", "site": "^^name", "role": "=campus"}},
	{"into": "networks", "rows": "*[]", "unless": {"@": "pages"}, "columns": {"prefix": "prefix|.", "name": "GitHub {@}"}},
	{"into": "exporters", "rows": ["devices[]"], "columns": {"prefix": "ip.address:host", "name": "name"}, "remember": {"as": "device", "key": "id", "value": "ip.address:host"}},
	{"into": "interfaces", "rows": "ports[]", "when": {"up": "true"}, "columns": {"exporter": "device.id:device", "interface": "index", "name": "label", "speed": "kbps:kilo"}},
]))
asked = len(server.asked)
code, out, err = inventory("ipam", "--force")
ok(code == 0 and len(server.asked) - asked == 1, "several tables of one document: it is asked once", (code, err))
same([(r["prefix"], r["name"], r["site"], r["zone"], r["role"]) for r in table("ipam/networks.csv")], [
	("10.0.0.0/24", "west 1", "west", "1", "campus"), ("10.0.1.0/24", "west 1", "west", "1", "campus"), ("192.0.2.0/24", "GitHub web", "", "", ""),
	("198.51.100.0/24", "GitHub git", "", "", ""), ("2001:db8::/32", "GitHub git", "", "", "")],
	"rows of lists in lists, members by their names, texts with paths in them; of one table the first row of a prefix")
same(table("ipam/exporters.csv"), [{"prefix": "192.0.2.7", "name": "r7"}], "an address without its length")
same(table("ipam/interfaces.csv"), [{"exporter": "192.0.2.7", "interface": "3", "name": "Gi0/3", "speed": "1000000000"}],
	"what another table remembers; conditions; a thousand times as much")
ok("1 rows left out, whose key another row has" in err, "doubles are counted", err)
ok(efctl("dictionaries", "check")[0] == 0, "all of it can be compiled")

configure(source(tables=[{"into": "hosts", "rows": "list[]", "columns": {"address": "a", "name": "n"}}, {"into": "hosts", "rows": "better[]", "columns": {"address": "a", "name": "n"}}]))
server.pages["/api"] = {"list": [{"a": "192.0.2.1", "n": "list"}], "better": [{"a": "192.0.2.1", "n": "better"}]}
inventory("ipam", "--force")
same(table("ipam/hosts.csv"), [{"address": "192.0.2.1", "name": "better"}], "a later table goes before an earlier one")

# ---- what it may set
both = [HOSTS, {"into": "networks", "rows": "nets[]", "columns": {"prefix": "p", "name": "n", "site": "s"}}]
server.pages["/api"] = {"hosts": [{"ip": "192.0.2.1", "name": "one"}], "nets": [{"p": "10.0.0.0/8", "n": "ten", "s": "here"}]}
configure(source(tables=both, sets=["networks.site"]))
inventory("ipam", "--force")
same((table("ipam/hosts.csv"), table("ipam/networks.csv")), (None, [{"prefix": "10.0.0.0/8", "site": "here"}]), "sets: only that dictionary, only that column")
configure(source(tables=both, columns={"networks": {"site": "=elsewhere", "tenant": "n"}}))
inventory("ipam")
same(table("ipam/networks.csv"), [{"prefix": "10.0.0.0/8", "name": "ten", "site": "elsewhere", "tenant": "ten"}], "columns: laid over those of the tables")

# ---- pages
server.pages.update({"/api/v1/hosts?limit=1": {"hosts": [{"ip": "192.0.2.1", "name": "one"}], "next": "?limit=1&at=2"},
	"/api/v1/hosts?limit=1&at=2": {"hosts": [{"ip": "192.0.2.2", "name": "two"}], "next": server.url + "/api/v1/hosts?limit=1&at=3"},
	"/api/v1/hosts?limit=1&at=3": {"hosts": [{"ip": "192.0.2.3", "name": "three"}], "next": None}})
configure(source(url=server.url + "/api/", tables=[{**HOSTS, "url": "/v1/hosts?limit=1", "next": "next"}]))
inventory("ipam", "--force")
same([r["name"] for r in table("ipam/hosts.csv")], ["one", "two", "three"], "pages, by links of a part and by whole ones")

# ---- CSV, and files
server.pages["/list"] = "\ufeffIP;,Host name\r\n# a comment\r\n\r\n192.0.2.1,one\r\n192.0.2.2,\"two, too\"\r\n"
configure({"name": "ipam", "type": "csv", "url": server.url + "/list", "tables": [{"into": "hosts", "rows": "[]", "columns": {"address": "IP;", "name": "Host name"}}]})
code, out, err = inventory("ipam", "--force")
same([r["name"] for r in table("ipam/hosts.csv") or []], ["one", "two, too"], "CSV by the names of its columns")
geofeed = kept("geofeed.csv", "# RFC 8805\n192.0.2.0/24,AT,AT-9,Vienna,\n2001:db8::/32,DE,DE-BE,Berlin,\n")
configure({"name": "geo", "type": "csv", "file": geofeed, "names": ["prefix", "country", "region", "city", "post"],
	"tables": [{"into": "networks", "rows": "[]", "columns": {"prefix": "prefix", "country": "country", "city": "city"}}]})
same((inventory("geo")[0], table("geo/networks.csv")), (0, [{"prefix": "192.0.2.0/24", "country": "AT", "city": "Vienna"},
	{"prefix": "2001:db8::/32", "country": "DE", "city": "Berlin"}]), "CSV in a file, without a line of names")

# ---- what is refused before anything is asked
good = source()
for change, why in ((dict(name="Net Box"), "name: a-z, 0-9"), (dict(type="yaml"), "type: one of json, csv, netbox"), (dict(url=None, file=None), "one of url and file"),
	(dict(file="/etc/hosts"), "one of url and file"), (dict(url="ftp://127.0.0.1/"), "must start with http"), (dict(url="http://me:pw@127.0.0.1/"), "token_file"),
	(dict(urls="x"), "there is no setting 'urls'"), (dict(sets=["threats"]), "sets: 'threats'"), (dict(sets=["hosts.colour"]), "no column 'colour'"),
	(dict(interval="1s"), "interval"), (dict(limits={"bytes": 0}), "limits.bytes"), (dict(limits={"bites": 1}), "limits.bites"),
	(dict(tables=[]), "tables: a list"), (dict(tables=[{**HOSTS, "into": "services"}]), "into: networks"), (dict(tables=[{**HOSTS, "colums": {}}]), "no setting 'colums'"),
	(dict(tables=[{**HOSTS, "columns": {"adress": "a"}}]), "no column 'adress'"), (dict(tables=[{**HOSTS, "columns": {"name": "a:b"}}]), "':b' is neither"),
	(dict(tables=[{**HOSTS, "columns": {"name": "{a"}}]), "without '}'"), (dict(tables=[{**HOSTS, "remember": {"as": "A", "key": "a", "value": "b"}}]), "remember.as"), (dict(header="X-Token: a\r\nX"), "header: letters"), (dict(proxy="gopher://x"), "proxy"),
	(dict(token_file="/dev/null"), "plain_http: true")):
	configure({k: v for k, v in {**good, **change}.items() if v is not None})
	asked = len(server.asked)
	code, out, err = inventory()
	ok(code == 2 and why in err and "inventory.yml: source" in err and len(server.asked) == asked, f"refused: {why}", (code, err))
configure(good, good)
ok("two sources are called ipam" in inventory()[2], "two of one name are refused")
configure(good)
code, out, err = inventory("ipma")
ok(code == 2 and "no source is called 'ipma'; there are: ipam" in err, "a name that is no source", (code, err))
os.unlink(FILE)
code, out, err = inventory()
ok(code in (1, 2) and "docs/inventory.md" in err, "without the file it says what to read", (code, err))

# ---- the folder as a whole
configure(good)
server.pages["/api"] = {"hosts": [{"ip": "192.0.2.1", "name": "one"}]}
os.makedirs(path(".new-ipam"), exist_ok=True)
with open(path(".new-ipam/networks.csv"), "w") as f:
	f.write("half of")
same((inventory("ipam", "--force")[0], table("ipam/networks.csv"), sorted(os.listdir(path("")))), (0, None, ["geo", "ipam"]), "what an interrupted run left is not taken")
with open(path("ipam/hosts.csv"), "a") as f:
	f.write("nonsense\n")
code, out, err = inventory("ipam")
ok(code != 0 and "damaged, remove it" in err and "hosts.csv:" in err, "a table that is damaged is named", (code, err))

# ---- settings of the cluster are none of its business
marks = []
slow = Source()


def look(handler):
	"""The environment of whoever is asking now, as the kernel tells it."""
	for pid in filter(str.isdigit, os.listdir("/proc")):
		try:
			with open(f"/proc/{pid}/cmdline") as f, open(f"/proc/{pid}/environ") as e:
				if "efctl-inventory" in f.read().split("\0")[0]:
					marks.append(e.read())
		except OSError:
			pass
	handler.reply(200, {"hosts": []})


slow.pages["/api"] = look
configure(source(url=slow.url + "/api"))
inventory("ipam", "--force", env={"EF_ELASTICSEARCH_API_KEY": "c2VjcmV0", "https_proxy": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"})
same(marks, ["LC_ALL=C.UTF-8\0"], "the program that asks has nothing of efctl's environment: no key, no proxy")
done()
