# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy between efctl and the engine that does something bad at the n-th request."""
import http.client
import os
import signal
import threading
import urllib.parse

import scripted

# What happens at the n-th request: it has been done already (the engine got it), and efctl is sent a signal in place of the reply ...
SIGNALS = {"SIGINT": signal.SIGINT, "SIGKILL": signal.SIGKILL}
# ... or the network is gone from then on: before the request comes to the engine, or before its reply comes back ...
DOWN = {"cut before": False, "cut after": True}
# ... or that one reply is lost, and all is well again.
BLIP = "lost reply"
KINDS = (*SIGNALS, *DOWN, BLIP)


class Handler(scripted.Handler):
	def forward(self):
		"""(status, headers, body) of the engine."""
		body = self.sent()
		c = http.client.HTTPConnection(*self.server.engine, timeout=120)
		try:
			c.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")})
			r = c.getresponse()
			return r.status, r.getheaders(), r.read()
		finally:
			c.close()

	def any_method(self):
		p, kind = self.server, None
		with p.lock:
			p.requests.append((self.command, self.path))
			if len(p.requests) == p.at:
				kind = p.kind
			if p.down:
				return self.cut()
			p.down = kind in DOWN
		if kind in DOWN and not DOWN[kind]:
			return self.cut()
		status, headers, body = self.forward()
		if kind in SIGNALS:
			os.kill(p.pid, SIGNALS[kind])
		if kind:
			return self.cut()
		self.reply(status, body, [h for h in headers if h[0].lower() not in ("transfer-encoding", "connection", "content-length")])


class Proxy(scripted.Server):
	"""`at`: the number of the request, from 1 (0: none); `kind`: one of KINDS; `pid`: of efctl. `requests`: those that came."""
	def __init__(self, url):
		u = urllib.parse.urlsplit(url)
		self.engine, self.lock = (u.hostname, u.port), threading.Lock()
		self.reset()
		super().__init__(Handler)

	def reset(self, at=0, kind=None):
		with self.lock:
			self.at, self.kind, self.pid, self.down, self.requests = at, kind, None, False, []
