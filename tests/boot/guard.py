# SPDX-License-Identifier: Apache-2.0
"""A door in front of a search engine that has no security of its own: a user with a password, an API key that may only add
documents, and one that may not do what is about users and keys. It answers the few requests about users and keys as Elasticsearch does and passes everything else on."""
import base64
import http.client
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "elastic", "opened-by-word"
KEY = base64.b64encode(b"boot:key").decode()
FEEDS_KEY, FEEDS_NAME = base64.b64encode(b"boot:feeds").decode(), "efctl-feeds"
HOP = ("connection", "transfer-encoding", "content-length", "host", "authorization", "keep-alive")


class Guard:
	def __init__(self, engine):
		self.engine = urllib.parse.urlsplit(engine)
		self.made, self.by_key, self.refused = 0, [], []  # keys given out; what the first key asked for; what was refused
		self.made_feeds, self.by_feeds = 0, []
		guard = self

		class Handler(BaseHTTPRequestHandler):
			protocol_version = "HTTP/1.1"
			disable_nagle_algorithm = True

			def answer(self):
				guard.answer(self)
			do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

			def log_message(self, *args):
				pass
		self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.server.daemon_threads = True
		threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
		self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

	def answer(self, h):
		body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
		path, who = h.path.split("?")[0], h.headers.get("Authorization", "")
		is_user = who == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
		is_key = who == "ApiKey " + KEY and self.made
		if is_key:
			self.by_key.append((h.command, path))
		is_feeds = who == "ApiKey " + FEEDS_KEY and self.made_feeds
		if is_feeds:
			self.by_feeds.append((h.command, path))
		if not is_user and not is_key and not is_feeds:
			self.refused.append((h.command, path, who.split(" ")[0]))
			return reply(h, 401, {"error": {"type": "security_exception", "reason": "unable to authenticate"}, "status": 401})
		if path == "/_security/_authenticate":
			return reply(h, 200, {"username": USER if is_user else "key"})
		if path == "/_security/user/_has_privileges":
			return reply(h, 200, {"has_all_requested": True})
		if path == "/_security/api_key" and h.command == "POST" and is_user and json.loads(body)["name"] == FEEDS_NAME:
			self.made_feeds += 1
			return reply(h, 200, {"id": "feeds", "name": FEEDS_NAME, "encoded": FEEDS_KEY})
		if path == "/_security/api_key" and h.command == "POST" and is_user:
			self.made += 1
			return reply(h, 200, {"id": "boot", "name": "efd", "encoded": KEY})
		if is_key and not (h.command == "POST" and path == "/_bulk"):
			self.refused.append((h.command, path, "ApiKey"))
			return reply(h, 403, {"error": {"type": "security_exception", "reason": "action is unauthorized for API key"}, "status": 403})
		if is_feeds and path.startswith("/_security"):
			self.refused.append((h.command, path, "ApiKey"))
			return reply(h, 403, {"error": {"type": "security_exception", "reason": "action is unauthorized for API key"}, "status": 403})
		return self.pass_on(h, body)

	def pass_on(self, h, body):
		c = http.client.HTTPConnection(self.engine.hostname, self.engine.port, timeout=120)
		c.request(h.command, h.path, body, {k: v for k, v in h.headers.items() if k.lower() not in HOP})
		r = c.getresponse()
		data = r.read()
		reply(h, r.status, data, [(k, v) for k, v in r.getheaders() if k.lower() not in HOP])
		c.close()


def reply(h, status, body, headers=(("Content-Type", "application/json"),)):
	data = body if isinstance(body, bytes) else json.dumps(body).encode()
	h.send_response(status)
	for name, value in headers:
		h.send_header(name, value)
	h.send_header("Content-Length", str(len(data)))
	h.end_headers()
	if h.command != "HEAD":
		h.wfile.write(data)
