#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Threat feeds from a server of our own: ETag, intervals, sanity checks, broken replies, and that nothing is on unasked."""
import gzip
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from tap import done, ok, same  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")


class Feeds(http.server.BaseHTTPRequestHandler):
	"""Answers from `replies` {path: (status, headers, body)}; 304 when the ETag is known. Notes what was asked."""
	replies, asked = {}, []

	def do_GET(self):
		status, headers, body = self.replies.get(self.path, (404, {}, b""))
		Feeds.asked.append((self.path, dict(self.headers)))
		if "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]:
			status, body = 304, b""
		self.send_response(status)
		for k, v in headers.items():
			self.send_header(k, v)
		if status != 304:
			self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	def log_message(self, *args):
		pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}"
dir_ = tempfile.TemporaryDirectory()
DIR = dir_.name


def efctl(*args):
	r = subprocess.run([EFCTL, "dictionaries", *args, "--dictionaries-dir", DIR], capture_output=True, text=True,
		env={**{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}, "EF_ELASTICSEARCH_URL": "http://127.0.0.1:1"})	# nobody's cluster
	return r.returncode, r.stdout, r.stderr


def feeds(*rows):
	"""threat-feeds.csv with the defaults off, so that nothing outside is ever asked."""
	with open(os.path.join(DIR, "threat-feeds.csv"), "w") as f:
		f.write("feed,url,format,category,severity,enabled,terms,interval\n")
		f.write("abuse.ch Feodo Tracker recommended,-,,,,,,\n")
		for row in rows:
			f.write(",".join(row) + "\n")


def kept(name):
	with open(os.path.join(DIR, "feeds", name + ".csv")) as f:
		return [line.strip() for line in f if not line.startswith("#")][1:]


# What is shipped: none is on, and only licences that say so are free.
FREE = re.compile(r"CC0|BSD|MIT|free of charge for all|public data")
code, out, err = efctl("feeds", "--json")
shipped = json.loads(out)
same([f["feed"] for f in shipped if f["enabled"]], [], "no shipped feed is on")
same([f["feed"] for f in shipped if (f["use"] == "free") != bool(FREE.search(f["terms"])) and "aggregate" not in f["terms"]
	and "repackages" not in f["terms"]], [], "free are those whose terms say so")
same([f["feed"] for f in shipped if ("ommercial" in f["terms"] or "-NC" in f["terms"]) != (f["use"] == "noncommercial")], [],
	"terms that forbid commercial use are told apart")
code, out, err = efctl("feeds")
told = {line[5:39].strip(): line for line in out.splitlines()}
same([f["feed"] for f in shipped if ("NOT COMMERCIAL" in told[f["feed"]]) != (f["use"] == "noncommercial")], [], "and the list says so")
same([f["feed"] for f in shipped if f["terms"] not in told[f["feed"]] or f["category"] not in told[f["feed"]]], [], "with what they are, and their terms")
code, out, err = efctl("feeds", "--json", "--feeds", "all-free")
same([f["feed"] for f in json.loads(out) if f["enabled"]], [f["feed"] for f in shipped if f["use"] == "free"], "all-free are those that anybody may use")

code, out, err = efctl("update")
same((code, Feeds.asked), (0, []), "no feed is on: nothing is asked")

Feeds.replies["/a"] = (200, {"ETag": '"1"', "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"},
	b"# ours\n203.0.114.9\n10.0.0.1\n0.0.0.0/0\n192.168.0.0/16\n224.0.0.1\n198.0.0.0/7\n45.0.0.0/7\n203.0.114.9\n2a00:db8::1\n"
	b"45.1.2.0/24\nnot an address\n")
feeds(("Ours, \"quoted\"".replace('"', '""').join('""'), URL + "/a", "text", "c2", "90", "true", "own", "1h"),
	("Off", URL + "/off", "text", "c2", "90", "false", "do not", "1h"))
code, out, err = efctl("update")
same(code, 0, "a feed that is on is downloaded") or print("#", err)
rows = kept("ours---quoted-")
same(rows, ['45.1.2.0/24,"Ours, ""quoted""",c2,90', '203.0.114.9,"Ours, ""quoted""",c2,90', '2a00:db8::1,"Ours, ""quoted""",c2,90'],
	"private, reserved, multicast and far too wide prefixes and doubles are left out")
ok("5 reserved, 1 too wide, 1 unreadable" in out and "terms: own" in out, "what was left out and the terms are told", out)
same([p for p, _ in Feeds.asked], ["/a"], "a feed that is off is not asked")
ok("authorization" not in {k.lower() for k in Feeds.asked[0][1]}, "no credentials go out")

Feeds.asked.clear()
code, out, err = efctl("update")
same((code, Feeds.asked), (0, []), "not asked again before its interval is over")
for minutes, asked in ((50, []), (56, ["/a"])):
	Feeds.asked.clear()
	at = time.time() - minutes * 60
	os.utime(os.path.join(DIR, "feeds", "ours---quoted-.csv"), (at, at))
	efctl("update")
	same([p for p, _ in Feeds.asked], asked, f"an hour's feed after {minutes} minutes: as an hourly timer comes")
Feeds.asked.clear()
code, out, err = efctl("update", "--force")
same((code, len(Feeds.asked), Feeds.asked[0][1].get("If-None-Match")), (0, 1, '"1"'), "asked with the ETag of before")
ok("unchanged" in out, "304: unchanged", out)
same(kept("ours---quoted-"), rows, "304: the indicators stay")

for name, reply in {"an error page": (200, {}, b"<html>\n<p>We moved\n"), "HTTP 500": (500, {}, b""), "HTTP 301": (301, {"Location": "/b"}, b""),
		"nothing at all": (200, {}, b""), "blank lines": (200, {}, b"\n \r\n"), "a NUL": (200, {}, b"203.0.114.9\n\0\n<html>\n"),
		"half of a gzip stream": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"".join(b"45.1.%d.%d\n" % (i // 250, i % 250) for i in range(5000)))[:5000]),
		 "JSON instead of text": (200, {}, b'{"error":"rate limit"}\n')}.items():
	Feeds.replies["/a"] = reply
	code, out, err = efctl("update", "--force")
	same((code, kept("ours---quoted-")), (1, rows), f"{name}: an error, and the indicators of before stay")
	ok("Ours" in err, f"{name}: the message names the feed", err)

Feeds.replies["/a"] = (200, {"ETag": '"2"'}, b"203.0.114.9\n")
efctl("update", "--force")
same(Feeds.asked[-1][1].get("Accept-Encoding"), "identity", "nothing compressed is asked for: libcurl does not notice its early end")
feeds(("Ours, \"quoted\"".replace('"', '""').join('""'), URL + "/a", "text", "scanner", "30", "true", "own", "1h"))
Feeds.asked.clear()
code, out, err = efctl("update")
same((code, [h.get("If-None-Match") for _, h in Feeds.asked], kept("ours---quoted-")), (0, [None], ['203.0.114.9,"Ours, ""quoted""",scanner,30']),
	"a row that says something else is due at once, and asked without the ETag") or print("#", err)
Feeds.replies["/b"] = (200, {}, b"203.0.114.9\n198.51.101.7\n")
feeds(("Ours, \"quoted\"".replace('"', '""').join('""'), URL + "/b", "urls", "c2", "90", "true", "own", "1h"),
	("Off", URL + "/off", "text", "c2", "90", "false", "do not", "1h"))
efctl("update")
same(len(kept("ours---quoted-")), 2, "another URL is due at once")
Feeds.replies["/b"] = (200, {}, b"<!DOCTYPE html>\n<html>\n<a href=\"http://example.org/\">Bad gateway</a>\n</html>\n")
code, out, err = efctl("update", "--force")
same((code, len(kept("ours---quoted-"))), (1, 2), "an error page is no list of URLs")

code, out, err = efctl("lookup", "203.0.114.9", "--json")
same([r["feed"] for r in json.loads(out)["threats"]], ['Ours, "quoted"'], "the indicators are in the dictionary")
# The option wins over the rows.
for words, asked in (("OFF", ["/off"]), ("ours - quoted-", ["/b"]), ("none", []), ("off,Ours--quoted-", ["/b", "/off"])):
	Feeds.asked.clear()
	code, out, err = efctl("update", "--force", "--feeds", words)
	same(sorted(p for p, _ in Feeds.asked), asked, f"--feeds {words}: these and no others") or print("#", code, out, err)
for words, why in (("Off,nothing such", "nothing such"), ("none,Off", "stands alone")):
	Feeds.asked.clear()
	code, out, err = efctl("update", "--force", "--feeds", words)
	ok(code == 2 and why in err and not Feeds.asked, f"--feeds {words}: a mistake", f"{code} {err}")
code, out, err = efctl("lookup", "203.0.113.9", "203.0.114.9", "--json", "--feeds", "none")
ok('"threats"' not in out, "a feed that is not chosen is not in the dictionary, though it is on disk", out)
code, out, err = efctl("update", "Off")
ok(code == 2 and "do not" in err, "naming a feed that is off shows its terms", err)
code, out, err = efctl("update", "None")
same(code, 2, "naming no feed is a mistake")
with open(os.path.join(DIR, "threat-feeds.csv"), "w") as f:
	f.write(f"feed,url,format,category,severity,enabled,terms,interval,use\nOurs,{URL}/a,text,c2,90,true,own,1h,gratis\n")
code, out, err = efctl("check")
ok(code == 2 and "threat-feeds.csv:2: use must be" in err, "a word for the use that is none", err)
feeds(("Ours", URL + "/a", "csv", "c2", "90", "true", "own", "1h"))
code, out, err = efctl("check")
ok(code == 2 and 'threat-feeds.csv:3: format "csv"' in err, "check names the line of a wrong format", err)
feeds(("Ours a", URL + "/a", "text", "c2", "90", "true", "own", "1h"), ("ours.A", URL + "/b", "text", "c2", "90", "true", "own", "1h"))
code, out, err = efctl("check")
ok(code == 2 and 'threat-feeds.csv:4: feed "ours.A" would be kept in the file of feed "Ours a"' in err, "two feeds may not share a file", err)
feeds()
for name, text in {"network": "prefix\n", "dscp": "value,keyword\n99,X\n"}.items():
	with open(os.path.join(DIR, name + ".csv"), "w") as f:
		f.write(text)
code, out, err = efctl("check")
ok(code == 2 and "network.csv: no dictionary" in err and "dscp.csv:2: " in err and "2 files" in err, "check tells every mistake in one run", err)
os.unlink(os.path.join(DIR, "network.csv"))
os.unlink(os.path.join(DIR, "dscp.csv"))
for name, text, why in (("not UTF-8", b"address,name\n10.0.0.1,M\xfcnchen\n", "hosts.csv:2: is not UTF-8"),
		("a NUL", b"address,name\n10.0.0.1,a\0b\n", "NUL"), ("a line of a megabyte", b"address,name\n10.0.0.1," + b"x" * 1000000, "hosts.csv:2: longer than"),
		("an open quote", b'address,name\r\n\r\n10.0.0.1,"x\r\n', "hosts.csv:3: a quote"), ("nothing", b"", "empty"),
		("a tab", b"address,name\n10.0.0.1,a\tb\n", "hosts.csv:2: control")):
	with open(os.path.join(DIR, "hosts.csv"), "wb") as f:
		f.write(text)
	code, out, err = efctl("check")
	ok(code == 2 and why in err and "1 file cannot" in err, f"a table with {name}: told once, with the place", err)
with open(os.path.join(DIR, "hosts.csv"), "wb") as f:
	f.write('\ufeffaddress,name\r\n\r\n10.0.0.1,"a ""b"", ü"\r\n'.encode())
code, out, err = efctl("lookup", "10.0.0.1", "--json")
same(json.loads(out)["hosts"][0]["name"], 'a "b", ü', "byte order mark, CRLF and quotes are understood")
done()
