# SPDX-License-Identifier: Apache-2.0
"""Finished flow documents for tests that count: made by hand, stored past the pipelines, each group into a backing index of its own."""
import json


def flow(client, server, out, back, service, at, **more):
	"""A finished document: what the pipelines would have written, as far as top looks at it."""
	doc = {"@timestamp": at * 1000 + 999, "network": {"bytes": out + back, "packets": 3}, "client": {"bytes": out}, "server": {"bytes": back}, "flow": {}}
	for end, name in (("client", client), ("server", server)):
		if name:
			doc["flow"][end] = {"name": name}
	if service:
		doc["flow"]["service"] = {"name": service}
	for path, value in more.items():
		there = doc
		*folders, last = path.split("__")
		for f in folders:
			there = there.setdefault(f, {})
		there[last] = value
	return doc


def get(doc, path):
	for part in path.split("."):
		doc = doc.get(part) if isinstance(doc, dict) else None
	return doc


def counted(docs):
	return [d for d in docs if get(d, "flow.duplicate.reason") is None or get(d, "network.bytes") is not None]


def store(es, ns, groups):
	"""Each group into a backing index of its own."""
	for i, docs in enumerate(groups):
		if i:
			es.must("POST", f"/logs-flow-{ns}/_rollover")
		for at in range(0, len(docs), 5000):
			body = "".join('{"create":{}}\n' + json.dumps(d) + "\n" for d in docs[at:at + 5000])
			reply = es.must("POST", f"/logs-flow-{ns}/_bulk?pipeline=_none", body, "application/x-ndjson")
			if reply["errors"]:
				raise RuntimeError(next(i for i in reply["items"] if i["create"]["status"] > 299))
	es.post(f"/logs-flow-{ns}/_refresh")
