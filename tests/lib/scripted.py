# SPDX-License-Identifier: Apache-2.0
"""HTTP servers of tests: each reply in one packet, nothing in the log, gone with the process."""
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
	"""A subclass has any_method(), for every request: it calls reply() once, or cut()."""
	protocol_version = "HTTP/1.1"
	wbufsize = 1 << 16	# head and body in one packet: two would wait for each other

	def sent(self):
		"""The octets that came with the request."""
		return self.rfile.read(int(self.headers.get("Content-Length") or 0))

	def reply(self, status, body, headers=()):
		"""BODY: octets, text, or an object for JSON."""
		data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
		self.send_response_only(status)
		for name, value in headers:
			self.send_header(name, value)
		self.send_header("Content-Length", str(len(data)))
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(data)

	def cut(self):
		"""The connection ends without a reply."""
		self.close_connection = True
		self.connection.shutdown(socket.SHUT_RDWR)

	def do_GET(self):
		self.any_method()
	do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

	def log_message(self, *args):
		pass


class Server(ThreadingHTTPServer):
	"""Answers from now on, at `url`. A subclass sets what its handler needs before it calls this __init__."""
	daemon_threads = True
	request_queue_size = 64

	def __init__(self, handler):
		super().__init__(("127.0.0.1", 0), handler)
		self.port = self.server_address[1]
		self.url = f"http://127.0.0.1:{self.port}"
		threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

	def handle_error(self, request, client_address):
		pass	# a client that is gone is what some tests want
