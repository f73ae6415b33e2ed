#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Threat feeds from the choice to the document: setup asks, refresh loads, the cluster says of when they are, doctor and status tell."""
import http.server
import json
import os
import tempfile
import threading
import time

import harness
import cluster
from tap import done, ok, same

ADDRESS = "198.51.101.7"
LINE = '{"@timestamp":"2026-01-01T00:00:00.000Z","flow":{"type":"netflow5","exporter":"192.0.2.1","port":1,"domain":0,"seq":1,' \
	'"exported":1767225600000,"received":1767225600000},"ie":{"sourceIPv4Address":"10.0.0.1","destinationIPv4Address":"%s",' \
	'"sourceTransportPort":40000,"destinationTransportPort":443,"protocolIdentifier":6,"octetDeltaCount":100,"packetDeltaCount":2}}' % ADDRESS
STATE, HOUR = "logs-ti_flow-default", 3600


class Feeds(http.server.BaseHTTPRequestHandler):
	asked, down = [], set()

	def do_GET(self):
		Feeds.asked.append(self.path)
		self.send_response(503 if self.path in Feeds.down else 200)
		self.end_headers()
		self.wfile.write(f"{ADDRESS}\n198.51.102.0/24\n".encode())

	def log_message(self, *args):
		pass


WHO = ("by", "at", "version", "state")


def record(es):
	return es.must("GET", "/flow-installation/_doc/flow")["_source"]


def tables(folder, url):
	"""Two feeds of ours; none of them is on."""
	with open(os.path.join(folder, "threat-feeds.csv"), "w", encoding="utf-8") as f:
		f.write("feed,url,format,category,severity,enabled,terms,interval,use\n"
			f"Ours,{url}/ours,text,c2,90,false,own,1h,free\nOther,{url}/other,text,scanner,30,false,do not sell,1d,noncommercial\n")


def efctl(es, folder, *args):
	return harness.efctl(*args, "--dictionaries-dir", folder, es=es, cwd=folder)


def typed(es, folder, answers, *args):
	"""efctl setup on a terminal: what the screen shows when ANSWERS are typed, one at each question about feeds."""
	left = list(answers)

	def answer(text):
		if text.endswith(b"[none]: ") and left:
			return left.pop(0)
		return b"y\n" if text.endswith(b"[y/N] ") else None
	code, text = harness.typed(["setup", "--no-key", "--dictionaries-dir", folder, *args], answer, es, folder)
	return code, text, len(answers) - len(left)


def state(es):
	"""The feeds of the newest document, and how many documents there are."""
	docs = es.docs(STATE, {"term": {"event.dataset": "ti_flow.feeds"}}, sort=[{"@timestamp": "desc"}])
	return {f["name"]: f for f in docs[0]["flow"]["feeds"]} if docs else {}, len(docs)


def threats(es, folder):
	"""Feeds that the installed pipelines see in ADDRESS."""
	docs = es.must("POST", "/_ingest/pipeline/flow/_simulate", {"docs": [{"_source": json.loads(LINE)}]})["docs"]
	return docs[0]["doc"]["_source"]["flow"].get("threat", {}).get("feeds", [])


def doctor(es, folder, *args):
	r = efctl(es, folder, "doctor", "--json", *args)
	return {f["text"]: f["result"] for f in json.loads(r.stdout) if "threat feed" in f["text"]}


def asks(es, folder):
	"""Before anything is installed."""
	r = efctl(es, folder, "setup", "--no-key", "--dry-run")
	ok(r.returncode == 3 and "Which?" not in r.stderr, "without a terminal nobody is asked", r.stderr)
	code, screen, asked = typed(es, folder, [], "--dry-run")
	same(asked, 0, "nor in a dry run")
	r = efctl(es, folder, "setup", "--no-key", "--feeds", "nothing such")
	ok(r.returncode == 2 and "nothing such" in r.stderr, "a feed that there is not is a mistake", r.stderr)
	same(es.get("/_ingest/pipeline/flow")[0], 404, "and nothing is installed")
	code, screen, asked = typed(es, folder, [b"77\n", b"nobody\n", b"\n"])
	ok(code == 0 and asked == 3, "a wrong answer is asked for again, an empty one is none", screen)
	ok("number 77" in screen and '"nobody"' in screen, "and each mistake is told", screen)
	row = next((line for line in screen.split("\n") if " Other " in line), "")
	ok("NOT COMMERCIAL" in row and "do not sell" in row and "scanner" in row, "the list says what a feed is, for whom, and its terms", screen)
	same((Feeds.asked, os.path.exists(os.path.join(folder, "feeds"))), ([], False), "nothing was downloaded")
	same(state(es), ({}, 0), "and nothing is written about feeds")


def chosen(es, folder):
	same(doctor(es, folder), {"no threat feed is wanted (setup.feeds: none)": "ok"}, "doctor: none is wanted, as was answered")
	same(efctl(es, folder, "setup", "--no-key", "--reset", "feeds").returncode, 0, "the answer can be forgotten")
	found = doctor(es, folder)
	ok(list(found.values()) == ["note"] and "no threat feed is loaded" in str(found), "doctor: no feed is loaded", found)
	r = efctl(es, folder, "status")
	ok("threats    no feed is loaded" in r.stdout, "status: no feed is loaded", r.stdout)

	r = efctl(es, folder, "setup", "--no-key", "--feeds", "Ours")
	same((r.returncode, Feeds.asked), (0, []), "setup with a choice downloads nothing itself")
	ok("efctl dictionaries refresh" in r.stdout, "and says what does", r.stdout)
	r = efctl(es, folder, "setup", "--no-key", "--dry-run", "--prefix", "acme", "--feeds", "Ours")
	ok("`efctl dictionaries refresh --prefix=acme" in r.stdout, "for the installation that it is about", r.stdout)
	was = record(es)
	found = doctor(es, folder)
	ok(list(found.values()) == ["problem"] and "Ours was last confirmed never" in str(found), "doctor: chosen and not loaded yet", found)
	r = efctl(es, folder, "dictionaries", "refresh")
	same((r.returncode, Feeds.asked), (0, ["/ours"]), "refresh remembers and downloads what is chosen") or print("#", r.stdout, r.stderr)
	now = record(es)
	ok("feeds/ours.csv" in now["dictionaries"]["files"] and [now[m] for m in WHO] == [was[m] for m in WHO],
		"the record knows the file, and still who set it up", now)
	same(threats(es, folder), ["Ours"], "and the pipelines know it")
	feed, n = state(es)
	now = time.time() * 1000
	ok(list(feed) == ["Ours"] and feed["Ours"]["indicators"] == 2 and 0 <= now - feed["Ours"]["confirmed"] < 120000
		and feed["Ours"]["stale"] - feed["Ours"]["confirmed"] == 3 * HOUR * 1000, "the cluster says which feed, how much, of when", feed)
	r = efctl(es, folder, "dictionaries", "refresh")
	same((r.returncode, len(Feeds.asked), state(es)[1]), (0, 1, n), "a second one asks nobody and writes nothing")
	same(list(doctor(es, folder).values()), ["ok"], "doctor: fresh")
	r = efctl(es, folder, "status")
	ok("1 feed, 2 indicators; all fresh" in r.stdout, "status: fresh", r.stdout)
	same([f["name"] for f in json.loads(efctl(es, folder, "status", "--json").stdout)["feeds"]], ["Ours"], "as JSON, too")
	listed = json.loads(efctl(es, folder, "dictionaries", "feeds", "--json").stdout)
	same([f["feed"] for f in listed if f["enabled"]], ["Ours"], "the list says which are on")


def gone(es, folder):
	"""A feed that is remembered is no more on the list: it is told, and in the way of no other one."""
	document = es.must("GET", "/flow-installation/_doc/flow")["_source"]
	changed = {**document, "options": {**document["options"], "setup.feeds": "Ours,Gone"}}
	es.must("PUT", "/flow-installation/_doc/flow?refresh=true", changed)
	for command in (["setup", "--no-key", "--yes"], ["dictionaries", "refresh"], ["dictionaries", "update"]):
		r = efctl(es, folder, *command)
		ok(r.returncode == 0 and 'no feed is called "Gone" any more' in r.stdout + r.stderr, f"{' '.join(command)} goes on without it, and says so", r.stdout + r.stderr)
	told = json.loads(efctl(es, folder, "doctor", "--json").stdout)
	same([f["result"] for f in told if "Gone" in f["text"]], ["note"], "doctor says so, too")
	same(list(doctor(es, folder).values()), ["ok"], "and that the other one is fresh")
	r = efctl(es, folder, "setup", "--no-key", "--feeds", "Ours,Gone")
	same(r.returncode, 2, "who names one that is not there is told before anything is done")
	same(efctl(es, folder, "setup", "--no-key", "--feeds", "Ours").returncode, 0, "and chooses anew")


def ages(es, folder):
	r = efctl(es, folder, "setup", "--no-key", "--feeds", "Ours,Other")
	same(r.returncode, 0, "another choice")
	kept = os.path.join(folder, "feeds", "ours.csv")
	old = time.time() - 5 * HOUR
	os.utime(kept, (old, old))
	Feeds.down.add("/ours")
	r = efctl(es, folder, "dictionaries", "refresh")
	ok(r.returncode == 1 and "1 of 2 feeds" in r.stderr, "a feed that cannot be had is an error", r.stdout + r.stderr)
	same(sorted(threats(es, folder)), ["Other", "Ours"], "the other is loaded all the same, and the indicators of before stay")
	r = efctl(es, folder, "doctor")
	ok(r.returncode == 3 and "threat feed Ours was last confirmed 5 h ago" in r.stdout and "feed Other" not in r.stdout,
		"doctor: three times its interval is stale", r.stdout)
	r = efctl(es, folder, "status")
	ok("stale: Ours (5 h ago)" in r.stdout, "status: stale", r.stdout)
	Feeds.down.clear()
	os.utime(kept, (old, old))
	r = efctl(es, folder, "dictionaries", "refresh")
	same((r.returncode, list(doctor(es, folder).values())), (0, ["ok"]), "when it is there again all is well")
	code, screen, asked = typed(es, folder, [b"1\n"])
	ok(code == 0 and asked == 0, "who has answered is not asked again", screen)
	r = efctl(es, folder, "dictionaries", "refresh", "--feeds", "none")
	same((r.returncode, threats(es, folder), state(es)[0]), (0, [], {}), "none: the tables and the cluster hold none")


def removed(es, folder):
	"""What the timer has on this host goes with the last namespace, where it is of this cluster."""
	own = [os.path.join(os.environ["EF_CONFIG_DIR"], name) for name in ("feeds.yml", "feeds_api_key")]
	for url, left in ((es.url + "1", own), (es.url, [])):
		for path in own:
			with open(path, "w", encoding="utf-8") as f:
				f.write(f"elasticsearch:\n  url: [{url}]\n")
		r = harness.efctl("remove", "--yes", "--data", "--no-kibana", es=es)
		same((r.returncode, [p for p in own if os.path.exists(p)]), (0, left), f"remove leaves {len(left)} files of the timer") or print("#", r.stdout, r.stderr)
		efctl(es, folder, "setup", "--no-key", "--feeds", "none")


def main():
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	os.environ["no_proxy"] = "127.0.0.1"
	es = cluster.embedded("opensearch")
	with tempfile.TemporaryDirectory() as folder:
		tables(folder, f"http://127.0.0.1:{server.server_port}")
		asks(es, folder)
		chosen(es, folder)
		gone(es, folder)
		ages(es, folder)
		removed(es, folder)
	done()


main()
