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


def certificate(key, cert):
	subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", "/CN=x", "-keyout", key, "-out", cert], check=True, capture_output=True)


def test_config():
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		file = os.path.join(d, "file")
		with open(file, "w") as f:
			f.write("x\n")
		deep, nothing = os.path.join(d, "no", "such"), os.path.join(d, "link")
		os.symlink(deep, nothing)
		port = net.free_udp_port()
		pem = [os.path.join(d, name) for name in ("key.pem", "cert.pem", "other.pem", "othercert.pem")]
		certificate(*pem[:2])
		certificate(*pem[2:])
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
			("a URL with a port that is none", [*here, "--url", "http://es:99999"], "elasticsearch.url"),
			("a URL with port 0", [*here, "--url", "http://es:0"], "elasticsearch.url"),
			("a URL with a query", [*here, "--url", "http://es/?a=b"], "elasticsearch.url"),
			("a URL with a fragment", [*here, "--url", "http://es/#a"], "elasticsearch.url"),
			("a proxy of no kind", [*here, "--elasticsearch-proxy", "nonsense://x"], "elasticsearch.proxy"),
			("a proxy with a query", [*here, "--elasticsearch-proxy", "http://x/?a"], "elasticsearch.proxy"),
			("one UDP address twice", ["--listen", f"{here[1]},{here[1]}"], "udp.listen"),
			("a port and an address of it", ["--listen", f"{port},127.0.0.1:{port}"], "udp.listen"),
			("all addresses and one of them", ["--listen", f"0.0.0.0:{port},127.0.0.1:{port}"], "udp.listen"),
			("one TCP address twice", [*here, "--tcp-listen", f"127.0.0.1:{port},127.0.0.1:{port}"], "tcp.listen"),
			("metrics at an address for IPFIX", [*here, "--tcp-listen", f"127.0.0.1:{port}", "--metrics-listen", str(port)], "metrics.listen"),
			("a link-local address without an interface", ["--listen", f"[fe80::1]:{port}"], "udp.listen"),
			("a state directory that is a link to nothing", [*here, "--state-dir", nothing], "state.dir"),
			("a spool that is a link to nothing", [*here, "--spool-dir", nothing], "spool.dir"),
			("a CA that is no certificate", [*here, "--ca-file", file], "elasticsearch.ca_file"),
			("a CA that is not there", [*here, "--ca-file", deep], "elasticsearch.ca_file"),
			("a client certificate that is none", [*here, "--elasticsearch-client-cert", file, "--elasticsearch-client-key", file], "elasticsearch.client_cert"),
			("a key of another certificate", [*here, "--elasticsearch-client-cert", pem[1], "--elasticsearch-client-key", pem[2]], "elasticsearch.client_key"))
		for name, args, word in cases:
			code, out, err = run(*args, "--check-config")
			ok(code in (1, 2) and word in err, f"--check-config: {name}", (code, out, err))
			same(starts(*args), code, f"{name}: a start refuses it, too")
		for name, listen in (("two families", f"0.0.0.0:{port},[::]:{port}"), ("ports of the kernel's choice", "0,0"), ("two ports", f"{port},127.0.0.1:{net.free_udp_port()}")):
			same((run("--listen", listen, "--check-config")[0], starts("--listen", listen)), (0, None), f"{name} are no clash")
		for name, text in (("twice", "udp:\n  listen: [2055]\nudp:\n  workers: 1\n"), ("twice below", "udp:\n  workers: 1\n  workers: 1\n"),
				("in two spellings", "udp.workers: 1\nudp:\n  workers: 2\n")):
			with open(file, "w") as f:
				f.write(text)
			code, out, err = run("-c", file, "--check-config")
			ok(code == 2 and "second time" in err, f"--check-config: a key that is there {name}", err)
		for name, words in (("a" * 101, "101 characters"), ("Abc", "lower-case")):
			code, out, err = run("--namespace", name, "--check-config")
			ok(code == 2 and words in err, f"--check-config: a namespace: {words}", err)
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
				("EF_URL", "EF_ELASTICSEARCH_URL"), ("EF_USER", "EF_ELASTICSEARCH_USER"), ("EF_API_KEY", "EF_ELASTICSEARCH_API_KEY"),
				("EF_API_KEY_FILE", "EF_ELASTICSEARCH_API_KEY_FILE"), ("EF_PASSWORD", "EF_ELASTICSEARCH_PASSWORD"),
				("EF_NAMESPACE", "EF_ELASTICSEARCH_NAMESPACE"), ("EF_ELASTICSEARCH_PASS", "EF_ELASTICSEARCH_PASSWORD"),
				("EF_ELASTICSEARCH_CA", "EF_ELASTICSEARCH_CA_FILE"), ("EF_SIHP_MEMORY", "EF_SHIP_MEMORY"), ("EF_LGO_LEVEL", "EF_LOG_LEVEL")):
			text = said(**{typed: "default"})
			ok(typed in text and f"is it {meant}?" in text, f"{name}: {typed} is warned of, {meant} is near", text)
		same(said(EF_SETUP_KEY_FILE="/x", EF_UDP_LISTEN="2055", EF_DECODE_HOLD="true", EF_KIBANA_SPACE="x", EF_DICTIONARIES_DIR="/x",
			EF_TCP_CONNECTIONS="9"), "",
			f"{name}: what belongs to one of the two programs is not")
		same(said(EF_SOMETHING_ELSE="1", EFFECT="1"), "", f"{name}: nor what is like none of ours")
	text = run("--check-config", EF_UDP_LISTN="2055")[2]
	ok("is it EF_UDP_LISTEN?" in text, "efd knows its own", text)
	text = run("--check-config", EF_LISTEN="2055")[2]
	ok("is it EF_UDP_LISTEN?" in text, "and its flags", text)
	# a variable of any group of efd's is none that efctl could take for one of its own, written wrongly
	groups = {m[1] for m in re.finditer(r"^#?(\w+):", run("--print-reference")[1], re.M)}
	ok(len(groups) > 10, "groups", groups)
	for group in groups - {"elasticsearch", "log", "ship", "spool"}:	# which it has, too
		same(said(**{f"EF_{group.upper()}_NO_SUCH": "1"}), "", f"efctl leaves efd's {group} alone")


def test_secrets():
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		key, conf = os.path.join(d, "key"), os.path.join(d, "efd.yml")
		client = os.path.join(d, "client.pem")
		certificate(client, os.path.join(d, "cert.pem"))
		for path, text in ((key, "a2V5OmtleQ==\n"), (conf, "elasticsearch:\n  api_key: a2V5OmtleQ==\n")):
			with open(path, "w") as f:
				f.write(text)
		for name, path, args, env in (("a key file", key, ["--api-key-file", key], {}), ("one by a variable", key, [], {"EF_ELASTICSEARCH_API_KEY_FILE": key}),
				("settings with a key in them", conf, ["-c", conf], {}),
				("a client's key", client, ["--elasticsearch-client-key", client, "--elasticsearch-client-cert", os.path.join(d, "cert.pem")], {})):
			os.chmod(path, 0o644)
			err = run("--check-config", *args, **env)[2]
			ok(path in err and "chmod" in err, f"{name} that everybody can read is warned of", err)
			os.chmod(path, 0o640)
			same(run("--check-config", *args, **env)[1:], ("the settings are valid\n", ""), f"{name}: not when they cannot")
		for text, held in (("http://u:word@h:1", True), ("http://h:1", False), ("${PROXY}", False)):
			with open(conf, "w") as f:
				f.write(f"elasticsearch:\n  proxy: {text}\n")
			os.chmod(conf, 0o644)
			err = run("--check-config", "-c", conf, PROXY="http://u:word@h:1")[2]
			same((conf in err, "word" in err), (held, False), f"settings with the proxy {text}: {'warned of' if held else 'none of a secret'}")
		odd = os.path.join(d, "a b'$(id)")
		with open(odd, "w") as f:
			f.write("a2V5OmtleQ==\n")
		os.chmod(odd, 0o644)
		err = run("--check-config", "--api-key-file", odd)[2]
		command = err[err.find("chmod "):].strip()
		subprocess.run(["sh", "-c", command], check=True)
		same(os.stat(odd).st_mode & 0o777, 0o640, "what is advised can be typed as it stands")
		os.chmod(key, 0o644)
		with open(conf, "w") as f:
			f.write("elasticsearch:\n  api_key: ${KEY}\n")
		os.chmod(conf, 0o644)
		same(run("--check-config", "-c", conf, KEY="a2V5")[2], "", "settings that name a variable hold no secret")
		err = run("status", "--url", "http://127.0.0.1:1", "--api-key-file", key, program=EFCTL)[2]
		ok(key in err and "chmod" in err, "efctl warns as well", err)


def test_passwords():
	"""No URL is shown with what may be secret in it, whether it is refused or used."""
	with tempfile.TemporaryDirectory(prefix="efd-test-") as d:
		here = ["--listen", f"127.0.0.1:{net.free_udp_port()}", "--state-dir", d]
		for flag, url in (("--elasticsearch-proxy", "socks9://user:SECRET@h"), ("--elasticsearch-proxy", "ftp://user:SECRET@h:1"),
				("--elasticsearch-proxy", "http://user:SECRET"), ("--elasticsearch-proxy", "user:SECRET@h:x"), ("--elasticsearch-proxy", "http://u:SECRET@h:0"),
				("--elasticsearch-proxy", "http://h:1/?SECRET"), ("--url", "http://u:SECRET"), ("--url", "http://u:SECRET@h"),
				("--url", "http://h/x?apikey=SECRET"), ("--url", "http://h/x#SECRET"), ("--url", "u:SECRET@h")):
			for program, args in (EFD, [*here, "--check-config"]), (EFD, [*here, "--check-output"]), (EFD, here), (EFCTL, ["status"]):
				code, out, err = run(*args, flag, url, program=program)
				ok(code == 2 and flag[2:].replace("elasticsearch-", "") in err and "SECRET" not in out + err,
					f"{os.path.basename(program)} {' '.join(args[4:])} {flag} {url}: refused, and not shown", (code, out, err))
		for flag, url in (("--kibana-url", "http://u:SECRET"), ("--kibana-url", "http://u:SECRET@h"), ("--kibana-url", "http://h/?SECRET")):
			code, out, err = run("setup", "--url", "http://127.0.0.1:1", flag, url, program=EFCTL)
			ok(code == 2 and "kibana.url" in err.replace("-", ".") and "SECRET" not in out + err, f"efctl {flag} {url}: refused, and not shown", (code, out, err))
		for url in "http://u:SECRET@h", "http://u:SECRET", "http://h/?SECRET", "SECRET":
			code, out, err = run("doctor", "--url", "http://127.0.0.1:1", "--efd-url", url, program=EFCTL)
			ok(code == 2 and "efd-url" in err and ("SECRET" not in out + err or url == "SECRET"), f"efctl --efd-url {url}: refused, and not shown", (code, out, err))
		for name in "https_proxy", "HTTPS_PROXY":
			code, out, err = run("status", "--url", "https://192.0.2.1", program=EFCTL, **{name: "socks9://user:SECRET@127.0.0.1:1"})
			ok(code not in (0, 1) and "SECRET" not in out + err, f"a proxy of the environment, {name}: not shown", (code, out, err))
		for proxy in "http://user:SECRET@127.0.0.1:1", "user:SECRET@127.0.0.1:1", "socks5h://user:SECRET@127.0.0.1:1", "https://user:SECRET@127.0.0.1:1":
			code, out, err = run(*here, "--check-output", "--url", "http://192.0.2.1", "--elasticsearch-proxy", proxy)
			ok(code == 4 and "SECRET" not in out + err, f"--check-output through {proxy}: not shown", (code, out, err))


def test_help():
	out = run("--help")[1]
	text = re.sub(r"\s+", " ", out)
	for flag, value in (("--listen", "2055,4739,6343"), ("--decode-max-exporters", "16384"), ("--decode-held-age", "35m"), ("--decode-memory", "256M"),
			("--ship-batch-size", "1M"), ("--spool-full", "drop-oldest")):
		ok(re.search(re.escape(flag) + r" [^-][^\[]*\[" + re.escape(value) + r"\]", text), f"--help has the default of {flag}", text[:3000])
	reference = run("--print-reference")[1]
	same(re.findall(r"^ *#(?:max_\w+|memory|held_\w+|template_age): ?0$", reference, re.M), [], "no ceiling is 0 in the reference")


run_all(test_config, test_output, test_environment, test_secrets, test_passwords, test_help)
