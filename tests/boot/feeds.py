# SPDX-License-Identifier: Apache-2.0
"""The timer of the threat feeds, on a machine (machine.py) that setup was run on: chosen, loaded by a user of its own, stopped."""
import http.server
import threading

import net
import tap
import guard

FOLDER, CONFIG, KEY = "/etc/efd/dictionaries", "/etc/efd/feeds.yml", "/etc/efd/feeds_api_key"
TIMER, SERVICE = "efd-feeds.timer", "efd-feeds.service"
ADDRESSES = b"198.51.101.7\n198.51.102.0/24\n"


class Feed(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_response(200)
		self.end_headers()
		self.wfile.write(ADDRESSES)

	def log_message(self, *args):
		pass


def state(es):
	"""What the newest document says of feeds; None: there is none."""
	docs = es.docs("logs-ti_flow-default", {"term": {"event.dataset": "ti_flow.feeds"}}, sort=[{"@timestamp": "desc"}])
	return docs[0]["flow"]["feeds"] if docs else None


def owner(m, path):
	return m.run("stat", "-c", "%a %U:%G", path)[1].strip()


def timer(m, es, door, password_file):
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feed)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	m.run("mkdir", "-p", FOLDER)
	m.run("sh", "-c", f"printf 'feed,url,format,category,severity,enabled,terms,interval,use\nOurs,http://127.0.0.1:{server.server_port}/,text,c2,90,false,own,1h,free\n'"
		f" > {FOLDER}/threat-feeds.csv")
	setup = ["efctl", "setup", "--user", guard.USER, "--password-file", password_file]
	_, text = m.run("systemctl", "is-enabled", TIMER)
	tap.same(text, "disabled\n", "the timer of the feeds is not on unasked")
	code, text = m.run(*setup, "--feeds", "Ours")
	tap.ok(code == 0 and "start    timer of the feeds" in text and "being loaded now" in text, "setup --feeds starts it, and says so", text[-3000:])
	tap.same([m.run("systemctl", verb, TIMER)[1] for verb in ("is-enabled", "is-active")], ["enabled\n", "active\n"], "it is enabled and active")
	try:
		net.wait_for(lambda: (state(es) or [{}])[0].get("confirmed"), "the feed", 120, 1)
	except TimeoutError:
		tap.ok(False, "the feed is loaded", m.run("journalctl", "-u", SERVICE, "--no-pager", "-n", "40")[1])
		return
	found = state(es)
	tap.same([(f["name"], f["indicators"]) for f in found], [("Ours", 2)], "the feed is loaded, and the cluster says so")
	net.wait_for(lambda: m.run("systemctl", "show", SERVICE, "--value", "-p", "ActiveState")[1].strip() == "inactive", "the service to end", 60, 0.5)
	tap.same(m.run("systemctl", "show", SERVICE, "--value", "-p", "Result")[1].strip(), "success", "the service ended well")
	tap.same([owner(m, p) for p in (CONFIG, KEY, FOLDER + "/feeds", FOLDER + "/feeds/ours.csv")],
		["640 root:efd-feeds", "640 root:efd-feeds", "755 efd-feeds:efd-feeds", "644 efd-feeds:efd-feeds"], "with a user, a key and a folder of its own")
	tap.ok(door.made_feeds == 1 and len(door.by_feeds) > 5, "and the key was used", door.by_feeds)
	code, text = m.run(*setup)
	tap.ok(code == 0 and "timer" not in text and door.made_feeds == 1, "setup without the option keeps it as it is", text[-3000:])
	code, text = m.run("efctl", "doctor", "--user", guard.USER, "--password-file", password_file)
	tap.ok("threat feeds loaded and fresh: 1" in text, "doctor calls the feed fresh", text)
	code, text = m.run(*setup, "--feeds", "none")
	tap.ok(code == 0 and "stop     timer of the feeds" in text, "setup --feeds none stops it", text[-3000:])
	tap.same((m.run("systemctl", "is-enabled", TIMER)[1], state(es)), ("disabled\n", []), "and the feed is gone from the tables")
	server.shutdown()
