# SPDX-License-Identifier: Apache-2.0
"""A scripted Elasticsearch: stores what `_bulk` brings, and fails in every way that a test asks for.

The script is a list of steps; each bulk request takes the next one, and without steps all is well. A step is a function
`step(request)` made by one of the functions below. What was stored is in `docs`: a list of (index, id, line).
"""
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


# what `efctl setup` makes the default pipeline of each stream, by its name without the namespace
PIPELINES = {"logs-flow": "flow", "metrics-flow.counters": "flow-counters", "metrics-flow.exporters": "flow-exporters"}


class FakeEs:
	def __init__(self, port=0, certificate=None, prepared=True):
		self.docs, self.ids, self.script = [], set(), []
		self.requests = 0         # bulk requests
		self.prepared = prepared  # the index template is there
		self.template = None      # (status, bytes) when that is asked for, in place of what an Elasticsearch says
		self.auth = []            # Authorization headers seen
		self.largest = 0          # bytes of the largest body, inflated
		self.after = None         # step for every request after the script
		# parameters of _bulk that it knows: 8.12 brought the first, 8.13 the second
		self.knows = {"list_executed_pipelines", "require_data_stream"}
		self.asked = []           # of them, those of each bulk request
		self.runs = lambda index: PIPELINES.get(index.rsplit("-", 1)[0])	# the pipeline that runs on what goes to a name
		self.final = {}           # the pipeline that comes last on what goes to a name
		self.plain = set()        # names that are ordinary indices
		self.streams = None       # the names that are there, for who may look; None: the key may not
		self.lock = threading.Lock()
		self.connections = set()
		fake = self

		class Handler(BaseHTTPRequestHandler):
			protocol_version = "HTTP/1.1"
			disable_nagle_algorithm = True

			def setup(self):
				super().setup()
				fake.connections.add(self.connection)

			def finish(self):
				fake.connections.discard(self.connection)
				super().finish()

			def log_message(self, *args):
				pass

			def do_GET(self):
				fake.get(self)

			do_HEAD = do_GET

			def do_POST(self):
				fake.post(self)

		class Server(ThreadingHTTPServer):
			daemon_threads = True
			allow_reuse_address = True
			request_queue_size = 64

			def handle_error(self, request, client_address):
				pass

		self.server = Server(("127.0.0.1", port), Handler)
		self.scheme = "http"
		if certificate:
			context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
			context.load_cert_chain(*certificate)
			self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
			self.scheme = "https"
		self.port = self.server.server_address[1]
		self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
		self.thread.start()

	@property
	def url(self):
		return f"{self.scheme}://127.0.0.1:{self.port}"

	def stop(self):
		self.server.shutdown()
		self.server.server_close()
		for connection in list(self.connections): # kept alive by the client
			try:
				connection.shutdown(socket.SHUT_RDWR)
			except OSError:
				pass

	# ---- requests

	def get(self, h):
		self.auth.append(h.headers.get("Authorization"))
		if h.path.startswith("/_index_template/"):
			if self.template:
				return reply(h, *self.template)
			if self.prepared:
				return reply(h, 200, {"index_templates": [{"name": "logs-flow"}]})
			return reply(h, 404, {"error": {"type": "resource_not_found_exception", "reason": "none"}, "status": 404})
		parts = h.path.split("?")[0].strip("/").split("/")
		if parts[0] == "_data_stream" or "_settings" in parts:
			return self.look(h, parts)
		return reply(h, 200, {"version": {"number": "8.19.0"}, "tagline": "You Know, for Search"})

	def look(self, h, parts):
		"""What there is of a name: GET /_data_stream/NAME, GET /NAME/_settings."""
		if self.streams is None:
			return reply(h, 403, {"error": {"type": "security_exception", "reason": "action [indices:admin/data_stream/get] is unauthorized for API key"}, "status": 403})
		name = parts[1] if parts[0] == "_data_stream" else parts[0]
		stream = name[len(".ds-"):-len("-000001")] if name.startswith(".ds-") else name
		if parts[0] == "_data_stream" and stream in self.plain:	# so says 8.3
			return reply(h, 200, {"data_streams": []})
		if stream not in self.streams and stream not in self.plain:
			return reply(h, 404, {"error": {"type": "index_not_found_exception", "reason": f"no such index [{name}]"}, "status": 404})
		if parts[0] == "_data_stream":
			return reply(h, 200, {"data_streams": [{"name": stream, "indices": [{"index_name": f".ds-{stream}-000001"}]}]})
		found = {"default_pipeline": self.runs(stream), "final_pipeline": self.final.get(stream)}
		index = {key: value for key, value in found.items() if value and "index." + key in parts[-1].split(",")}
		return reply(h, 200, {name: {"settings": {"index": index}}} if index else {})

	def unknown(self, h):
		"""The parameters that it does not know, as Elasticsearch refuses them: nothing of the body is looked at."""
		query = h.path.partition("?")[2].split("&")
		asked = {q.partition("=")[0] for q in query} & {"list_executed_pipelines", "require_data_stream"}
		self.asked.append(asked)
		h.listed = "list_executed_pipelines" in asked
		return sorted(asked - self.knows)

	def post(self, h):
		if h.path.startswith("/_index_template/_simulate_index/"):	# what a template would do, it does not know
			h.rfile.read(int(h.headers.get("Content-Length") or 0))
			return reply(h, 404, {})
		unknown = self.unknown(h)
		if unknown:
			Request(self, h).read()
			text = ", ".join(f"[{u}]" for u in unknown)
			reason = f"request [/_bulk] contains unrecognized parameter{'s' if len(unknown) > 1 else ''}: {text}"
			return reply(h, 400, {"error": {"type": "illegal_argument_exception", "reason": reason}, "status": 400})
		with self.lock:
			self.requests += 1
			step = self.script.pop(0) if self.script else self.after or store
			self.auth.append(h.headers.get("Authorization"))
		request = Request(self, h)
		step(request)

	def store_item(self, action, line):
		"""One item as a data stream with `create` does it: (status, error)."""
		index, id_ = action["create"]["_index"], action["create"].get("_id")
		with self.lock:
			if self.streams is not None and index not in self.plain:
				self.streams.add(index)
			if id_ is not None and (index, id_) in self.ids:
				return 409, {"type": "version_conflict_engine_exception", "reason": "document already exists"}
			self.ids.add((index, id_))
			self.docs.append((index, id_, line))
		return 201, None

	def lines(self, index):
		with self.lock:
			return [json.loads(line) for i, _, line in self.docs if i == index]


class Request:
	def __init__(self, fake, handler):
		self.fake, self.h = fake, handler
		self.body = None

	def read(self, pause=0, piece=1 << 16):
		"""The inflated body, read slowly when asked."""
		left, parts = int(self.h.headers["Content-Length"]), []
		while left > 0:
			part = self.h.rfile.read(min(piece, left))
			if not part:
				break
			parts.append(part)
			left -= len(part)
			if pause:
				time.sleep(pause)
		body = b"".join(parts)
		self.body = gzip.decompress(body) if self.h.headers.get("Content-Encoding") == "gzip" else body
		self.fake.largest = max(self.fake.largest, len(self.body))

	def items(self):
		if self.body is None:
			self.read()
		rows = self.body.split(b"\n")[:-1]
		return [(json.loads(rows[i]), rows[i + 1].decode()) for i in range(0, len(rows), 2)]

	def answer(self, choose=None):
		"""Stores what `choose(n, line)` does not refuse with (status, type, reason), or answer with a result; returns the reply."""
		results, errors = [], False
		for n, (action, line) in enumerate(self.items()):
			refused = choose(n, line) if choose else None
			if isinstance(refused, dict):	# the item's result itself
				results.append({"create": refused})
				errors |= "error" in refused
				continue
			if refused:
				status, error = refused[0], {"type": refused[1], "reason": refused[2]}
			else:
				status, error = self.fake.store_item(action, line)
			errors |= error is not None
			results.append({"create": {"status": status, **({"error": error} if error else {}), **self.told(action["create"]["_index"], error)}})
		return {"errors": errors, "items": results}

	def told(self, index, error):
		"""What an item says of its way when that was asked for."""
		if not self.h.listed or error:
			return {}
		ran = [p for p in (self.fake.runs(index), self.fake.final.get(index)) if p]
		return {"_index": index if index in self.fake.plain else f".ds-{index}-2026.01.01-000001", "executed_pipelines": ran}


def reply(h, status, body, headers=(), kind="application/json"):
	data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
	h.send_response(status)
	h.send_header("Content-Type", kind)
	h.send_header("Content-Length", str(len(data)))
	for name, value in headers:
		h.send_header(name, value)
	h.end_headers()
	h.wfile.write(data)


def swallow(request):
	"""An answer for `after` that reads a body without a look at it: what efd costs, not this server."""
	left = int(request.h.headers["Content-Length"])
	while left > 0:
		left -= len(request.h.rfile.read(min(left, 1 << 18)))
	reply(request.h, 200, b'{"errors":false,"items":[]}')


def cut(h, reset):
	"""Ends the connection now, with RST when asked."""
	if reset:
		h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	h.close_connection = True
	h.connection.close()


# ---- steps

def store(request):
	reply(request.h, 200, request.answer())


def slow(seconds):
	def step(request):
		answer = request.answer()
		time.sleep(seconds)
		reply(request.h, 200, answer)
	return step


def status(code, body=None, headers=()):
	"""Nothing is stored."""
	def step(request):
		request.read()
		error = {"error": {"type": "some_exception", "reason": f"status {code}"}, "status": code}
		reply(request.h, code, error if body is None else body, headers)
	return step


def items(choose):
	def step(request):
		reply(request.h, 200, request.answer(choose))
	return step


def reset(stored):
	"""No answer; everything or nothing was stored before."""
	def step(request):
		request.read()
		if stored:
			request.answer()
		cut(request.h, True)
	return step


def hang(seconds, stored):
	def step(request):
		request.read()
		if stored:
			request.answer()
		time.sleep(seconds)
		cut(request.h, False)
	return step


def half_reply(request):
	"""Everything was stored, and half of the answer says so."""
	data = json.dumps(request.answer()).encode()
	request.h.send_response(200)
	request.h.send_header("Content-Type", "application/json")
	request.h.send_header("Content-Length", str(len(data)))
	request.h.end_headers()
	request.h.wfile.write(data[:len(data) // 2])
	request.h.wfile.flush()
	cut(request.h, True)


def raw(body, kind="application/json", code=200):
	"""Another program answers: nothing is stored."""
	def step(request):
		request.read()
		reply(request.h, code, body, kind=kind)
	return step


def slow_reader(request):
	request.read(pause=0.02, piece=4096)
	store(request)


def at_most(limit):
	"""http.max_content_length: larger bodies are refused."""
	def step(request):
		request.read()
		if len(request.body) > limit:
			return reply(request.h, 413, b"", kind="text/plain")
		return store(request)
	return step
