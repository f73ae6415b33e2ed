#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is found before efd runs: --check-config refuses what a start refuses, --check-output asks the output once, and what is odd in the
environment or readable for everybody is said."""
import os
import re
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_es  # noqa: E402
from fake_es import FakeEs  # noqa: E402
from harness import EFD, net, run_all  # noqa: E402
from tap import ok, same  # noqa: E402

EFCTL = os.path.join(os.path.dirname(EFD), "efctl")
FLOWS = "logs-flow-default"


def run(*args, program=EFD, **env):
	r = subprocess.run([program, *args], capture_output=True, text=True, timeout=60, env={**os.environ, **env})
	return r.returncode, r.stdout, r.stderr


def starts(*args):
	"""Whether efd starts with that; it is ended at once. Its exit code when it does not."""
	port = net.free_port()
	p = subprocess.Popen([EFD, "--metrics-listen", str(port), "--url", "http://127.0.0.1:1", *args], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
	line = p.stderr.readline()
	while line and "info efd: efd" not in line:
		line = p.stderr.readline()
	running = "info efd: efd" in line
	p.terminate()
	p.communicate()
	return None if running else p.returncode


def test_config():
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		file = os.path.join(d, "file")
		with open(file, "w") as f:
			f.write("x\n")
		deep = os.path.join(d, "no", "such")
		here = ["--listen", f"127.0.0.1:{net.free_udp_port()}"]
		cases = (("an address of others", ["--listen", "192.0.2.7:2055"], "udp.listen"),
			("the same over TCP", [*here, "--tcp-listen", "192.0.2.7:4739"], "tcp.listen"),
			("a name", ["--listen", "localhost:2055"], "udp.listen"), ("no port", ["--listen", "127.0.0.1:x"], "udp.listen"),
			("a state directory that is a file", [*here, "--state-dir", file], "state.dir"),
			("one in a folder that is not there", [*here, "--state-dir", deep], "state.dir"),
			("a spool that is a file", [*here, "--spool-dir", file], "spool"),
			("a spool in a folder that is not there", [*here, "--spool-dir", deep], "spool"),
			("an output in a folder that is not there", [*here, "--output", deep], "output"),
			("an output that is a folder", [*here, "--output", d], "output"),
			("a copy to itself", [*here, "--tee-to", here[1]], "tee.to"),
			("a processor that is none", [*here, "--udp-cpus", "x"], "udp.cpus"),
			("a table that is not there", [*here, "--decode-elements", deep], deep),
			("a URL without a host", [*here, "--url", "http://:9200"], "elasticsearch.url"),
			("a URL with a port that is none", [*here, "--url", "http://es:99999"], "elasticsearch.url"))
		for name, args, word in cases:
			code, out, err = run(*args, "--check-config")
			ok(code in (1, 2) and word in err, f"--check-config: {name}", (code, out, err))
			same(starts(*args), code, f"{name}: a start refuses it, too")
		code, out, err = run(*here, "--ca-file", deep, "--check-config")
		ok(code == 1 and deep in err, "--check-config: a CA that is not there", err)
		for name, text in (("twice", "udp:\n  listen: [2055]\nudp:\n  workers: 1\n"), ("twice below", "udp:\n  workers: 1\n  workers: 1\n")):
			with open(file, "w") as f:
				f.write(text)
			code, out, err = run("-c", file, "--check-config")
			ok(code == 2 and "second time" in err, f"--check-config: a key that is there {name}", err)
		busy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		busy.bind(("127.0.0.1", 0))
		state = os.path.join(d, "state")
		code, out, err = run("--listen", f"127.0.0.1:{busy.getsockname()[1]}", "--state-dir", state, "--check-config")
		same((code, out), (0, "the settings are valid\n"), "a port in use may be that of the efd that runs")
		ok(not os.path.exists(state), "and nothing is made")
		busy.close()


def test_output():
	es = FakeEs()
	code, out, err = run("--check-output", "--url", es.url)
	ok(code == 0 and es.url in out and "not verified" in out, "--check-output: a key that may only write is accepted, and no more is known", (code, out, err))
	es.streams = {FLOWS}
	code, out, err = run("--check-output", "--url", es.url)
	ok(code == 0 and "accepts" in out and "not verified" not in out, "one that may look knows more", (code, out, err))
	es.runs = lambda index: None
	code, out, err = run("--check-output", "--url", es.url)
	ok(code == 3 and FLOWS in err and "efctl doctor" in err, "a data stream without our pipeline: 3", (code, out, err))
	es.runs = lambda index: fake_es.PIPELINES.get(index.rsplit("-", 1)[0])
	es.prepared = False
	code, out, err = run("--check-output", "--url", es.url)
	ok(code == 3 and "efctl setup" in err, "a cluster that was not set up: 3", (code, out, err))
	for status, body, want in ((401, '{"error": "no"}', 2), (200, "<html>It works</html>", 2), (404, "<html>Nothing</html>", 2),
			(503, '{"error": "no master"}', 1), (429, '{"error": "busy"}', 1)):
		es.template = (status, body.encode())
		code, out, err = run("--check-output", "--url", es.url)
		ok(code == want and (str(status) in err or status == 200), f"{status} {body}: {want}", (code, out, err))
	same((es.requests, es.docs), (0, []), "nothing was sent")
	es.stop()
	code, out, err = run("--check-output", "--url", f"http://127.0.0.1:{es.port}")
	ok(code == 4 and "no answer" in err, "nobody answers: 4", (code, out, err))
	code, out, err = run("--check-output", "--output", "/no/such/dir/file")
	ok(code == 1 and "/no/such/dir/file" in err, "an output that is a file: 1 when it cannot be written to", (code, out, err))
	same(run("--check-output", "--output", "-")[0], 0, "and 0 when it can")


def test_environment():
	for program, args, name in ((EFD, ["--check-config"], "efd"), (EFCTL, ["keys", "--url", "http://127.0.0.1:1"], "efctl")):
		said = lambda **env: "\n".join(l for l in run(*args, program=program, **env)[2].splitlines() if "variable" in l)
		for typed, meant in (("EF_ELASTICSEARCH_NAMESPCE", "EF_ELASTICSEARCH_NAMESPACE"), ("EF_ELASTICSERCH_URL", "EF_ELASTICSEARCH_URL"),
				("EF_ELASTICSEARCH_PASSWORD_FIEL", "EF_ELASTICSEARCH_PASSWORD_FILE"), ("EF_CONFG", "EF_CONFIG"), ("EF_LOG_LEVELS", "EF_LOG_LEVEL"),
				("EF_SIHP_MEMORY", "EF_SHIP_MEMORY"), ("EF_LGO_LEVEL", "EF_LOG_LEVEL")):
			text = said(**{typed: "default"})
			ok(typed in text and f"is it {meant}?" in text, f"{name}: {typed} is warned of, {meant} is near", text)
		same(said(EF_SETUP_KEY_FILE="/x", EF_UDP_LISTEN="2055", EF_DECODE_HOLD="true", EF_KIBANA_SPACE="x", EF_DICTIONARIES_DIR="/x",
			EF_TCP_CONNECTIONS="9"), "",
			f"{name}: what belongs to one of the two programs is not")
		same(said(EF_SOMETHING_ELSE="1", EFFECT="1"), "", f"{name}: nor what is like none of ours")
	text = run("--check-config", EF_UDP_LISTN="2055")[2]
	ok("is it EF_UDP_LISTEN?" in text, "efd knows its own", text)
	# a variable of any group of efd's is none that efctl could take for one of its own, written wrongly
	groups = {m[1] for m in re.finditer(r"^#?(\w+):", run("--print-reference")[1], re.M)}
	ok(len(groups) > 10, "groups", groups)
	for group in groups - {"elasticsearch", "log", "ship", "spool"}:	# which it has, too
		same(said(**{f"EF_{group.upper()}_NO_SUCH": "1"}), "", f"efctl leaves efd's {group} alone")


def test_secrets():
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		key, conf = os.path.join(d, "key"), os.path.join(d, "efd.yml")
		for path, text in ((key, "a2V5OmtleQ==\n"), (conf, "elasticsearch:\n  api_key: a2V5OmtleQ==\n")):
			with open(path, "w") as f:
				f.write(text)
		for name, path, args, env in (("a key file", key, ["--api-key-file", key], {}), ("one by a variable", key, [], {"EF_ELASTICSEARCH_API_KEY_FILE": key}),
				("settings with a key in them", conf, ["-c", conf], {}),
				("a client's key", key, ["--elasticsearch-client-key", key, "--elasticsearch-client-cert", key], {})):
			os.chmod(path, 0o644)
			err = run("--check-config", *args, **env)[2]
			ok(path in err and "chmod" in err, f"{name} that everybody can read is warned of", err)
			os.chmod(path, 0o640)
			same(run("--check-config", *args, **env)[1:], ("the settings are valid\n", ""), f"{name}: not when they cannot")
		os.chmod(key, 0o644)
		with open(conf, "w") as f:
			f.write("elasticsearch:\n  api_key: ${KEY}\n")
		os.chmod(conf, 0o644)
		same(run("--check-config", "-c", conf, KEY="a2V5")[2], "", "settings that name a variable hold no secret")
		err = run("status", "--url", "http://127.0.0.1:1", "--api-key-file", key, program=EFCTL)[2]
		ok(key in err and "chmod" in err, "efctl warns as well", err)


def test_help():
	out = run("--help")[1]
	text = re.sub(r"\s+", " ", out)
	for flag, value in (("--listen", "2055,4739,6343"), ("--decode-max-exporters", "16384"), ("--decode-held-age", "35m"), ("--decode-memory", "256M"),
			("--ship-batch-size", "1M"), ("--spool-full", "drop-oldest")):
		ok(re.search(re.escape(flag) + r" [^-][^\[]*\[" + re.escape(value) + r"\]", text), f"--help has the default of {flag}", text[:3000])
	reference = run("--print-reference")[1]
	same(re.findall(r"^ *#(?:max_\w+|memory|held_\w+|template_age): ?0$", reference, re.M), [], "no ceiling is 0 in the reference")


run_all(test_config, test_output, test_environment, test_secrets, test_help)
