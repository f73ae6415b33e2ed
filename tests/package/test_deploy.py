#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/compose.yml and packaging/kubernetes.yml, without an engine for containers: each option, file, port and name in them is
there, efd and efctl take what they are given, and published schemas take the files and GitHub's workflows."""
import glob
import os
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import net  # noqa: E402
import tap  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
VALIDATORS = os.path.join(BUILD, "tools", "validators")
COMPOSE, KUBERNETES = "packaging/compose.yml", "packaging/kubernetes.yml"
PAGE = "docs/operating/containers.md"
OURS = ("setup", "efd")
SECRETS = "/run/secrets/"


def text(path):
	with open(os.path.join(ROOT, path), encoding="utf-8") as f:
		return f.read()


def image():
	"""{instruction: what stands behind it} of the image's last stage."""
	return dict(re.findall(r"^([A-Z]+) (.*)$", text("packaging/Containerfile").rpartition("FROM")[2], re.M))


def run(name, *args, **env):
	"""(exit code, what it says) of a program of ours that has no settings but ENV."""
	r = subprocess.run([os.path.join(BUILD, name), *args], env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		stderr=subprocess.STDOUT, text=True)
	return r.returncode, r.stdout


# ---- the compose file ---------------------------------------------------------

def mounts(service):
	"""{where: volume} of a service."""
	return {m.split(":")[1]: m.split(":")[0] for m in service.get("volumes", [])}


def names(doc):
	"""What services name and what is declared are the same; what they wait for is there."""
	services = doc["services"]
	for kind in "secrets", "volumes":
		used = {n for s in services.values() for n in (s.get("secrets", []) if kind == "secrets" else mounts(s).values())}
		tap.same(sorted(used), sorted(doc[kind]), f"{COMPOSE}: {kind} are declared and used")
	for name, service in services.items():
		read = set(re.findall(SECRETS + r"(\w+)", str(service)))
		tap.same(sorted(read), sorted(service.get("secrets", [])), f"{name}: reads the secrets that it is given")
		for other, how in service.get("depends_on", {}).items():
			ends = services.get(other, {}).get("restart") is None
			tap.ok(other in services and (how["condition"] == "service_completed_successfully") == ends
				and (ends or "healthcheck" in services[other]), f"{name}: waits for {other}, which can be waited for so")
		for script in service["command"][2:] if service.get("command", [""])[0] == "bash" else []:
			r = subprocess.run(["bash", "-n"], input=script.replace("$$", "$"), capture_output=True, text=True)
			tap.same((r.returncode, r.stderr), (0, ""), f"{name}: its script is one")


def files(doc):
	tap.same([n for n, s in doc["services"].items() if "/" not in s["image"] and not s.get("build")], [], "images are a registry's or built here")
	tap.same([n for n, s in doc["services"].items() if "/" in s["image"] and not re.search(r":-\d+\.\d+\.\d+}$", s["image"])], [], "and those of a registry are of one version")
	build = doc["services"]["setup"]["build"]
	context = os.path.normpath(os.path.join("packaging", build["context"]))
	tap.ok(os.path.isfile(os.path.join(ROOT, context, build["dockerfile"])), "the image is built of a file that is there")
	for name, secret in doc["secrets"].items():
		path = os.path.normpath(os.path.join("packaging", secret["file"]))
		made = re.search(r"for name in (.*); do", text(PAGE))[1].split()
		tap.ok(name in made and os.path.basename(path) == name and f"> {os.path.dirname(path)}/$name" in text(PAGE), f"{PAGE} makes {path}")
		ignored = [line.strip("/") for f in (".gitignore", ".dockerignore") for line in text(f).splitlines()]
		tap.same(ignored.count(os.path.dirname(path)), 2, f"{path} is neither committed nor copied into the image")
	state = image()["VOLUME"]
	efd, setup = mounts(doc["services"]["efd"]), mounts(doc["services"]["setup"])
	tap.same((efd.get(state), efd["/etc/efd"]), ("state", setup["/etc/efd"]), "efd keeps what it has, and reads what setup writes")
	tap.ok("settings:/etc/efd:ro" in doc["services"]["efd"]["volumes"], "and cannot change that")


def loopback(doc):
	"""Nothing is published to others, since passwords go without TLS."""
	ports = [p for s in doc["services"].values() for p in s.get("ports", [])]
	tap.ok(ports and all(p.startswith("127.0.0.1:") for p in ports), "only this host reaches the ports", ports)
	urls = re.findall(r"http://127\.0\.0\.1:\d+", " ".join(doc["services"]["setup"]["command"]))
	tap.same(sorted(u[7:] for u in urls), sorted(p.rpartition(":")[0] for p in ports), "setup asks at those that are published")
	for name in OURS:
		s = doc["services"][name]
		tap.same((s["network_mode"], s["cap_drop"], s["read_only"], s["security_opt"]), ("host", ["ALL"], True, ["no-new-privileges:true"]),
			f"{name}: the host's network, and no privileges")


def programs(doc, top):
	"""setup's command is understood and goes to the cluster; efd's environment is one that it would start with."""
	setup, efd = (doc["services"][name] for name in OURS)
	password = os.path.join(top, "elastic_password")
	with open(password, "w") as f:
		f.write("secret\n")
	url = f"http://127.0.0.1:{net.free_port()}"
	env = {k: v.replace(SECRETS + "elastic_password", password) for k, v in setup["environment"].items()}
	tap.same(os.path.basename(setup["entrypoint"][0]), "efctl", "setup is efctl's")
	code, said = run("efctl", *[w.replace("http://127.0.0.1:9200", url) for w in setup["command"]], **env)
	tap.ok(code == 4 and url in said and "EF_" not in said, "its command and its environment are understood: only the cluster is missing", (code, said))
	tap.same(sorted(k for k in efd["environment"] if k not in known()), [], "efd's variables are options")
	state = efd["environment"]["EF_STATE_DIR"]
	tap.same(state, image()["VOLUME"], "its state is on its volume")
	env = {**efd["environment"], "EF_STATE_DIR": top, "EF_ELASTICSEARCH_URL": url}
	code, said = run("efd", "--check-config", **env)
	tap.ok(code == 0 and "EF_" not in said, "efd would start with them", (code, said))
	asks = re.search(r"/dev/tcp/([\d.]+)/(\d+)", image()["HEALTHCHECK"])
	tap.same(efd["environment"].get("EF_METRICS_LISTEN"), ":".join(asks.groups()), "the image's health check asks where it answers")


def known():
	"""The variables of efd's options."""
	out, section = set(), ""
	for line in run("efd", "--print-reference")[1].splitlines():
		if m := re.match(r"([a-z_]+):", line):
			section = m[1]
		elif m := re.match(r"  #([a-z_]+):", line):
			out.add(f"EF_{section}_{m[1]}".upper())
	return out


# ---- the manifest ---------------------------------------------------------------

def manifest(docs, top):
	(settings,), (efd,) = [[d for d in docs if d["kind"] == kind] for kind in ("ConfigMap", "StatefulSet")]
	services = [d["spec"] for d in docs if d["kind"] == "Service"]
	spec, pod = efd["spec"], efd["spec"]["template"]["spec"]
	(container,) = pod["containers"]
	options = yaml.safe_load(settings["data"]["efd.yml"])
	inside = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
	ports = {p["name"]: p for p in container["ports"]}

	tap.same((spec["replicas"], pod["enableServiceLinks"], pod["automountServiceAccountToken"]), (1, False, False), "one efd, which nobody gives variables or a token")
	user, group = (int(n) for n in image()["USER"].split(":"))
	tap.same([pod["securityContext"][k] for k in ("runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup")], [True, user, group, group], "it runs as the image's user")
	rights = container["securityContext"]
	tap.same((rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"], rights["capabilities"]), (False, True, {"drop": ["ALL"]}), "without privileges, on a root that is read-only")
	labels = spec["template"]["metadata"]["labels"]
	tap.ok(all(s["selector"] == labels == spec["selector"]["matchLabels"] for s in services), "the services find it")
	tap.ok(spec["serviceName"] in [d["metadata"]["name"] for d in docs if d["kind"] == "Service" and d["spec"].get("clusterIP") == "None"], "its name comes from a service that is there")
	(outside,) = [s for s in services if s.get("type") == "LoadBalancer"]
	tap.same(outside["externalTrafficPolicy"], "Local", "exporters keep their addresses")
	tap.same(sorted(p["port"] for p in outside["ports"]), sorted(options["udp"].get("listen", [])), "they send to the ports that efd listens on")
	tap.ok(all(ports[p["targetPort"]]["containerPort"] == p["port"] and ports[p["targetPort"]].get("protocol") == p.get("protocol") for s in services for p in s["ports"]),
		"and these are the container's")
	for probe in "readinessProbe", "livenessProbe":
		ask = container[probe]["httpGet"]
		tap.same((ask["path"], f"0.0.0.0:{ports[ask['port']]['containerPort']}"), ("/healthz", options["metrics"]["listen"]), f"{probe}: not taken out of service while the cluster is away")
	declared = {v["name"] for v in pod["volumes"]} | {c["metadata"]["name"] for c in spec["volumeClaimTemplates"]}
	tap.same(sorted(declared), sorted(inside), "volumes are declared and mounted")
	tap.same((inside["state"], inside["settings"]), (options["state"]["dir"], "/etc/efd"), "state is on its volume, settings are where efd looks")
	(secret,) = [v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v]
	key = options["elasticsearch"]["api_key_file"]
	tap.ok(os.path.dirname(key) == inside["api-key"] and f"create secret generic {secret} --from-file={os.path.basename(key)}" in text(PAGE), f"{PAGE} makes the secret")
	tap.ok(KUBERNETES in text(PAGE), f"{PAGE} names the manifest")

	with open(os.path.join(top, "api_key"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
		f.write("aWQ6c2VjcmV0\n")	# id:secret
	words = settings["data"]["efd.yml"].replace(key, os.path.join(top, "api_key")).replace(inside["state"], top)
	with open(os.path.join(top, "efd.yml"), "w") as f:
		f.write(words)
	code, said = run("efd", "--check-config", EF_CONFIG_DIR=top)
	tap.same((code, said.splitlines()[1:]), (0, []), "efd would start with these settings, and warns of nothing")


# ---- published schemas ----------------------------------------------------------

def judge(*args):
	r = subprocess.run([sys.executable, "-m", *args], cwd=ROOT, env={**os.environ, "PYTHONPATH": VALIDATORS}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	return r.returncode, r.stdout


def schemas(top):
	workflows = sorted(glob.glob(os.path.join(ROOT, ".github", "workflows", "*.yml")))
	rows = [("compose.yml", [COMPOSE], ["check_jsonschema", "--builtin-schema", "vendor.compose-spec"], "    read_only: ", "    readonly: "),
		("kubernetes.yml", [KUBERNETES], ["kubernetes_validate", "--strict", "--quiet"], "enableServiceLinks", "enableServicelinks"),
		("workflows", workflows, ["check_jsonschema", "--builtin-schema", "vendor.github-workflows"], "runs-on:", "run-on:")]
	for name, paths, words, good, bad in rows:
		if not os.path.isdir(VALIDATORS):
			tap.skip(f"the schema of {name}", "no validators: `make lint` fetches them from PyPI")
			continue
		code, said = judge(*words, *paths)
		tap.ok(code == 0, f"{name}: its published schema takes it", said)
		broken = os.path.join(top, "broken.yml")
		with open(broken, "w", encoding="utf-8") as f:
			f.write(text(os.path.relpath(paths[0], ROOT) if os.path.isabs(paths[0]) else paths[0]).replace(good, bad, 1))
		code, said = judge(*words, broken)
		tap.ok(code != 0 and bad.strip(" :") in said, f"{name}: and would not take a word that is none", said)


def main():
	doc = yaml.safe_load(text(COMPOSE))
	names(doc)
	files(doc)
	loopback(doc)
	for part, given in (programs, doc), (manifest, list(yaml.safe_load_all(text(KUBERNETES)))), (schemas, None):
		with tempfile.TemporaryDirectory(prefix="efd-test-") as top:
			part(given, top) if given else part(top)
	tap.done()


main()
