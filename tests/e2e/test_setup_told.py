#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What setup and doctor say of what setup cannot do: lifecycles of data streams that are there, remote clusters that nobody knows."""
import json

import harness
import cluster
import scripted
import standin
from tap import done, ok, same


class Engine(standin.Engine):
	remotes = {"eu": {"connected": True}}

	def answer(self, method, path, sent):
		return (200, self.remotes) if path == "/_remote/info" else super().answer(method, path, sent)


class Server(scripted.Server):
	def __init__(self):
		self.scripted = Engine()
		super().__init__(standin.Handler)


def run(es, *args):
	r = harness.efctl(*args, *(["--no-key", "--no-connection", "--no-kibana", "--yes"] if args[0] == "setup" else []), es=es)
	return r.returncode, r.stdout, r.stderr


def record(es):
	return es.must("GET", "/flow-installation/_doc/flow")["_source"]["options"]


def remotes():
	server = Server()
	es = cluster.Cluster(server.url)
	code, out, err = run(es, "setup", "--remote", "eu,mars,ve*")
	ok(code == 2 and "knows no remote cluster mars, ve*" in err and es.get("/_index_template/logs-flow")[0] == 404,
		"a remote cluster that is not known is refused, before anything is written", out + err)
	code, out, err = run(es, "setup", "--remote", "e*")
	same([code, record(es).get("kibana.remote")], [0, "e*"], "one that is known is remembered")
	server.scripted.remotes = {}
	code, out, err = run(es, "setup")
	ok(code == 0 and "note: kibana.remote: this cluster knows no remote cluster e*" in out, "one that is known no more is told", out + err)
	code, out, err = run(es, "doctor")
	ok(code == 3 and "knows no remote cluster e*" in out, "by doctor, too", out + err)
	server.scripted.remotes = {"eu": {}}
	code, out, err = run(es, "doctor")
	ok("remote cluster" not in out, "which has nothing against those that are there", out + err)


def lifecycle():
	standin.LACKS = tuple(l for l in standin.LACKS if "lifecycle" not in l)	# it has data stream lifecycles, and no ILM
	es = cluster.Cluster(Server().url)
	what = "the retention counts for new data streams"
	code, out, err = run(es, "setup", "--retention", "9d")
	ok(code == 0 and what not in out, "with the first installation all data streams are new", out + err)
	code, out, err = run(es, "setup", "--retention", "7d")
	line = next((l for l in out.splitlines() if what in l), "")
	ok(code == 0 and "/_data_stream/logs-flow-*,metrics-flow.counters-*" in line and line.endswith('/_lifecycle {"data_retention": "7d"}'),
		"a new retention: with what it takes for those that are there", out + err)
	code, out, err = run(es, "setup", "--json", "--retention", "5d", "--dry-run")
	ok(what in json.dumps(json.loads(out)), "as JSON, too", out[-3000:])
	code, out, err = run(es, "setup", "--refresh", "5s")
	ok(code == 0 and what not in out, "another option has nothing to do with it", out + err)


remotes()
lifecycle()
done()
