#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sources that are hostile or broken: bounded, told in one sentence, the rows of before stay; and a token goes to its own origin alone."""
import gzip
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from sources import Source, configure, efctl, inventory, kept, path, state, table  # noqa: E402
from tap import done, ok, same, skip  # noqa: E402

server = Source()
HOSTS = {"into": "hosts", "rows": "hosts[]", "next": "next", "columns": {"address": "ip", "name": "name"}}
GOOD = {"hosts": [{"ip": f"192.0.2.{i}", "name": f"h{i}"} for i in range(1, 11)]}


def source(**more):
	return {"name": "ipam", "type": "json", "url": server.url + "/api", "tables": [HOSTS], **more}


def hosts(*rows):
	return {"hosts": [{"ip": ip, "name": name} for ip, name in rows]}


server.pages["/api"] = GOOD
configure(source())
same(inventory("ipam")[0], 0, "ten hosts to begin with")
before = table("ipam/hosts.csv")


def refused(name, reply, why, limits=None, **more):
	"""The reply is refused with these words, in one line each, and the ten hosts stay."""
	server.pages["/api"] = reply
	configure(source(limits={"seconds": 20, **(limits or {})}, **more))
	code, out, err = inventory("ipam")
	ok(code in (1, 2, 4) and why in err and err.count("\n") == 2 and table("ipam/hosts.csv") == before and why in state("ipam")["why"], name, (code, out, err))


def endless(handler):
	"""A reply of any length, as fast as somebody takes it, or until nobody does."""
	handler.close_connection = True
	handler.send_response_only(200)
	handler.end_headers()
	try:
		handler.wfile.write(b'{"hosts":[')
		while True:
			handler.wfile.write(b'{"ip":"192.0.2.1","name":"x"},' * 1000)
	except OSError:
		pass


def trickle(handler):
	handler.send_response_only(200)
	handler.end_headers()
	try:
		while True:
			handler.wfile.write(b" ")
			handler.wfile.flush()
			time.sleep(0.1)
	except OSError:
		pass


def gigabyte(handler):
	handler.send_response_only(200)
	handler.send_header("Content-Length", str(1 << 30))
	handler.end_headers()
	try:
		for _ in range(1024):
			handler.wfile.write(b" " * (1 << 20))
	except OSError:
		pass


def cut_short(handler):
	handler.send_response_only(200)
	handler.send_header("Content-Length", "1000")
	handler.end_headers()
	handler.wfile.write(json.dumps(GOOD).encode()[:100])
	handler.wfile.flush()
	handler.cut()


refused("a reply without an end", endless, "larger than 1048576 bytes", {"bytes": "1M"})
refused("a gigabyte", gigabyte, "larger than 67108864 bytes")
refused("a reply that comes byte by byte", trickle, "not at its end after 2 s (limits.seconds)", {"seconds": 2})
refused("one that ends early", cut_short, "no answer")
refused("a page of HTML with 200", "  \n<!DOCTYPE html><html><body>Sign in", "answers with a page of HTML")
refused("nothing", "", "is no JSON")
refused("half of a document", json.dumps(GOOD)[:-1], "is no JSON")
refused("lists in lists without end", "[" * 1000000, "is no JSON: maximum parsing depth")
refused("gzip that nobody asked for", gzip.compress(json.dumps(GOOD).encode()), "is no JSON")
refused("an object for a list", {"hosts": {"ip": "192.0.2.1"}}, "has no list 'hosts'")
refused("a list for an object", ["hosts"], "has no list 'hosts'")
refused("an error that looks like success", {"error": "no rights"}, "has no list 'hosts'")
refused("texts for rows", {"hosts": ["192.0.2.1"] * 5}, "0 rows where there were 10")
refused("rows whose names are objects", {"hosts": [{"ip": "192.0.2.1", "name": {"first": "x"}}] * 3}, "'name' is an object")
refused("rows whose addresses are lists", {"hosts": [{"ip": [1], "name": "x"}] * 3}, "'ip' is a list")
refused("rows whose addresses are none", hosts(("192.0.2.999", "x"), ("localhost", "y")), "2 rows cannot be used, 0 can")
refused("too many rows", hosts(*((f"10.0.{i >> 8}.{i & 255}", "x") for i in range(1001))), "more than 1000 rows (limits.rows)", {"rows": 1000})
refused("a link to the next page that is no text", {**GOOD, "next": 7}, "is no text")
refused("a page that leads to itself", {**GOOD, "next": server.url + "/api"}, "lead in a circle")
server.pages["/api?2"] = {**GOOD, "next": "/api?3"}
server.pages["/api?3"] = {**GOOD, "next": "/api?2"}
refused("pages in a circle", {**GOOD, "next": "?2"}, "lead in a circle")
for i in range(30):
	server.pages[f"/more?{i}"] = {**GOOD, "next": f"/more?{i + 1}"}
refused("pages without end", {**GOOD, "next": "/more?0"}, "more than 20 pages (limits.pages)", {"pages": 20})
other = Source()
other.pages = {"/api": GOOD, "/": GOOD}
for link in (other.url + "/api", f"//127.0.0.1:{other.port}/api", server.url.replace("http:", "https:") + "/api", server.url.replace("127.0.0.1", "localhost") + "/api",
	server.url.replace("http://", "http://x@127.0.0.1:1/") + "/api", server.url.replace("//", f"//{other.url[7:]}\\@")):
	refused(f"the next page elsewhere: {link.replace(str(server.port), 'P').replace(str(other.port), 'Q')}", {**GOOD, "next": link}, "")
for link in ("file:///etc/passwd", "javascript:x", "gopher://127.0.0.1/x"):
	refused(f"the next page is {link}", {**GOOD, "next": link}, "is no URL that can be asked")
same(other.asked, [], "nobody else was asked")

# ---- tokens
token = kept("token", "S3cret\n")
server.pages["/api"] = {**GOOD, "next": other.url + "/api"}
configure(source(token_file=token, plain_http=True))
server.asked.clear()
code, out, err = inventory("ipam")
same((code != 0, server.tokens(), other.asked), (True, ["Bearer S3cret"], []), "the token goes to the source, and to no page elsewhere")
ok("another scheme, host or port" in err and "S3cret" not in err, "which is said without the token", err)
for status in 301, 302, 307, 308:
	server.elsewhere = other.url + "/api"
	refused(f"HTTP {status} is not followed", status, f"HTTP {status} leads elsewhere", token_file=token, plain_http=True)
same(other.asked, [], "nor does a redirect take it along")
refused("a token that is not taken", 401, "HTTP 401: the token is not taken", token_file=token, plain_http=True)
refused("a token with a second line in it", GOOD, "token_file", token_file=kept("evil", "a\rX-Evil: 1\n"), plain_http=True)
os.mkfifo(os.path.join(os.path.dirname(token), "fifo"))
refused("a FIFO in the place of the token", GOOD, "token_file", token_file=os.path.join(os.path.dirname(token), "fifo"), plain_http=True)
server.pages["/api"] = GOOD
for more, header, want in (({"scheme": "Token"}, "Authorization", "Token S3cret"), ({"scheme": "none", "header": "X-Auth-Token"}, "X-Auth-Token", "S3cret")):
	configure(source(token_file=token, plain_http=True, **more))
	server.asked.clear()
	inventory("ipam")
	same([h.get(header) for _, h in server.asked], [want], f"{header}: {want}")

# ---- TLS
folder = tempfile.TemporaryDirectory()


def certificate(name, subject):
	crt, key = (os.path.join(folder.name, name + end) for end in (".crt", ".key"))
	subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=x",
		"-addext", f"subjectAltName=DNS:{subject}", "-keyout", key, "-out", crt], check=True, capture_output=True)
	return crt, key


good = certificate("good", "localhost")
secure = Source(*good)
secure.pages["/api"] = GOOD
configure(source(url=secure.url + "/api", token_file=token, ca_file=good[0]))
code, out, err = inventory("ipam")
same((code, secure.tokens()), (0, ["Bearer S3cret"]), "over TLS, with the CA of the source")
secure.asked.clear()
configure(source(url=secure.url + "/api", token_file=token))
code, out, err = inventory("ipam")
ok(code == 1 and "certificate is not trusted" in err and "elasticsearch" not in err and not secure.asked, "without it nothing is sent", (code, err))
configure(source(url=secure.url.replace("localhost", "127.0.0.1") + "/api", token_file=token, ca_file=good[0]))
code, out, err = inventory("ipam")
ok(code == 1 and not secure.asked, "a certificate of another name is none", (code, err))
configure(source(url=secure.url + "/api", ca_file=folder.name + "/absent"))
ok("ca_file: " in inventory("ipam")[2], "a CA that is not there is named")
try:
	old = Source(*good, version=ssl.TLSVersion.TLSv1_1)
	old.pages["/api"] = GOOD
	configure(source(url=old.url + "/api", token_file=token, ca_file=good[0]))
	code, out, err = inventory("ipam")
	ok(code == 4 and not old.asked, "TLS 1.1 is too old", (code, err))
except (ssl.SSLError, ValueError) as e:
	skip("TLS 1.1 is too old", str(e))

# ---- names
same(table("ipam/hosts.csv"), before, "after all of that the ten hosts are as they were")
evil = ["a,b", 'say "x"', "two\nlines\r", "esc\x1b[31mred", "nul\x00rest", "\u202eturned", "#comment", "  blanks  ", "-", "x" * 5000, "ü" * 200, "=cmd()", "tab\tbed", "\u2028"]
rows = [{"ip": f"192.0.2.{i}", "name": name} for i, name in enumerate(evil, 1)]
server.pages["/api"] = {"hosts": rows}
configure(source())
code, out, err = inventory("ipam", "--diff", "--force")
ok(code == 3 and not any(ord(c) < 32 and c != "\n" or c in "\u202e\u2028\x7f" for c in out + err), "nothing of names steers a terminal", repr(out))
code, out, err = inventory("ipam", "--force")
same((code, [r["name"] for r in table("ipam/hosts.csv")]), (0, ["a,b", "x" * 256, "ü" * 128, "=cmd()", "tab bed", "???", 'say "x"', "two lines?", "esc?[31mred", "nul",
	"???turned", "#comment", "blanks"]), "names of one line, printable and short; '-' is no name")
code, out, err = efctl("dictionaries", "show", "hosts")
ok(code == 0, "and the tables can be compiled", (code, err))
server.pages["/api"] = {"hosts": [{"ip": f"192.0.2.{i}", "name": "x"} for i in range(1, 21)] + [{"ip": "no\x1baddress", "name": "x"}]}
code, out, err = inventory("ipam", "--force")
ok(code == 0 and "1 rows left out, which cannot be used; the first: table 1 (hosts):21: " in err and "\x1b" not in err, "a few wrong rows are left out, and the first is told", (code, err))

# ---- one source in the way of no other; a program that is ended
server.pages["/other"] = hosts(("192.0.2.77", "other"))
server.pages["/api"] = 500
configure(source(), {**source(url=server.url + "/other"), "name": "other"})
code, out, err = inventory("--force")
ok(code == 1 and "1 of 2 sources failed" in err and table("other/hosts.csv")[0]["name"] == "other", "a source that fails is in the way of no other", (code, err))
waits = threading.Event()
server.pages["/api"] = lambda h: (waits.wait(20), h.reply(200, GOOD))
configure(source())


def end_it():
	"""SIGKILL to the one whose parent asks here."""
	for _ in range(100):
		for pid in filter(str.isdigit, os.listdir("/proc")):
			try:
				with open(f"/proc/{pid}/cmdline") as f:
					if f.read().startswith("efctl-inventory\0--file\0" + os.path.dirname(token)):
						os.kill(int(pid), 9)
						return
			except OSError:
				pass
		time.sleep(0.1)


threading.Thread(target=end_it).start()
code, out, err = inventory("ipam")
waits.set()
ok(code == 1 and "was ended by signal 9" in err and len(table("ipam/hosts.csv")) == 20, "a program that is killed leaves all as it was", (code, err))
same(sorted(os.listdir(path(""))), ["ipam", "other"], "and nothing beside it")
done()
