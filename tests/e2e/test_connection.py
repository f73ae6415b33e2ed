#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The connection is written once: setup writes it, efd ships with it and nothing else, efctl looks with it."""
import os
import re
import shutil
import stat
import subprocess
import tempfile

import harness
import net
import tap


def setup(folder, *args, es=None, **more):
	r = harness.efctl("setup", "--no-key", "--no-kibana", *args, es=es, env={"EF_CONFIG_DIR": folder, **more.pop("env", {})}, **more)
	return r.returncode, r.stdout + r.stderr


def read(path):
	with open(path) as f:
		return f.read()


def writing(es, ns, folder):
	"""What setup writes, and when."""
	path = os.path.join(folder, "conf.d", "elasticsearch.yml")
	code, text = setup(folder, "--namespace", ns, "--dry-run", es=es)
	tap.ok(code == 3 and f"create   efd's connection     {path}" in text and not os.path.exists(path),
		"a dry run tells of the connection and writes none", text)
	code, text = setup(folder, "--namespace", ns, "--no-connection", es=es)
	tap.ok(code == 0 and not os.path.exists(path), "--no-connection writes none", text)
	code, text = setup(folder, "--namespace", ns, es=es)
	tap.ok(code == 0 and f"efd's connection: in {path}" in text, "setup writes it", text)
	tap.same(stat.S_IMODE(os.stat(path).st_mode), 0o640, "mode 0640")
	tap.same(os.listdir(os.path.dirname(path)), ["elasticsearch.yml"], "and leaves nothing else")
	before = os.stat(path).st_ino
	code, text = setup(folder)
	tap.ok(code == 0 and os.stat(path).st_ino == before, "setup without a word finds the cluster there and writes nothing", text)
	code, text = setup(folder, "--dry-run")
	tap.ok(code == 0 and "efd's connection" not in text, "a dry run then, too", text)
	return path


def using(es, ns, folder):
	"""efd with no other settings ships to that cluster and namespace; efctl looks there."""
	env = {"EF_CONFIG_DIR": folder}
	os.environ.update(env) # fault.Efd starts it with this environment
	with harness.fault.Efd(None) as efd:
		efd.send(90)
		net.wait_for(lambda: efd.metric("efd_ship_documents_total") >= 90, "documents", 60)
		tap.same(efd.get("/readyz"), (200, "ok\n"), "efd ships with the file alone")
	tap.same(es.count(f"logs-flow-{ns}"), 90, "into the namespace that it names")
	r = harness.efctl("status", "--json")
	tap.ok(r.returncode == 0 and '"documents": 90' in r.stdout, "efctl status finds cluster and namespace, too", r.stdout + r.stderr)


def moving(es, ns, folder):
	"""Another namespace moves efd there, which is said before; taken away, it is said that efd is still there."""
	other = harness.namespace(es, "moved")
	code, text = setup(folder, "--namespace", other, "--dry-run")
	tap.ok(code == 3 and f"efd on this host ships to namespace {ns} and will" in text, "another namespace for efd is in the plan", text)
	code, text = setup(folder, "--namespace", other)
	r = harness.efctl("remove", "--namespace", other, "--yes", env={"EF_CONFIG_DIR": folder})
	tap.ok(code == 0 and r.returncode == 0 and f"efd on this host still ships to namespace {other}" in r.stdout,
		"removed, efd still ships there", r.stdout + r.stderr)
	code, text = setup(folder, "--namespace", ns)
	r = harness.efctl("remove", "--namespace", other, "--yes", env={"EF_CONFIG_DIR": folder})
	tap.ok(code == 0 and "still ships" not in r.stdout, "moved back, nothing is said", text + r.stdout)


def astray(es, folder):
	"""Links in the way, and a file of the person's that wins."""
	etc, victim = os.path.join(folder, "linked"), os.path.join(folder, "victim")
	os.mkdir(victim)
	os.mkdir(etc)
	os.symlink(victim, os.path.join(etc, "conf.d"))
	code, text = setup(etc, es=es)
	tap.ok(code == 1 and "symbolic link" in text and os.listdir(victim) == [], "a conf.d that is a link is not followed", text)
	os.unlink(os.path.join(etc, "conf.d"))
	os.mkdir(os.path.join(etc, "conf.d"))
	with open(os.path.join(victim, "f"), "w") as f:
		f.write("# mine\n")
	os.symlink(os.path.join(victim, "f"), os.path.join(etc, "conf.d", "elasticsearch.yml"))
	code, text = setup(etc, es=es)
	tap.ok(code == 2 and "symbolic link" in text and read(os.path.join(victim, "f")) == "# mine\n", "nor a file that is one", text)
	os.unlink(os.path.join(etc, "conf.d", "elasticsearch.yml"))
	with open(os.path.join(etc, "efd.yml"), "w") as f:
		f.write("elasticsearch:\n  url: [http://127.0.0.1:9200]\n")
	code, text = setup(etc, es=es)
	tap.ok(code == 0 and f"{etc}/efd.yml: elasticsearch.url" in text, "setup says when efd.yml overrides it", text)


def by_hand(es, folder):
	"""Who may not write there is told what to do, and that does it."""
	if os.getuid() != 0:
		return tap.skip("what is left to do by hand", "needs root, to be somebody else for a moment")
	etc, home = os.path.join(folder, "roots"), os.path.join(folder, "home")
	os.chmod(folder, 0o755)
	os.mkdir(etc)
	os.mkdir(home)
	shutil.chown(home, "nobody")
	efctl = shutil.copy(harness.EFCTL, os.path.join(folder, "efctl"))
	os.chmod(efctl, 0o755)
	r = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", efctl, "setup", "--no-kibana", "--no-key"],
		capture_output=True, text=True, cwd=home, env={**os.environ, **es.env(), "EF_CONFIG_DIR": etc, "HOME": home})
	tap.ok(r.returncode == 0 and "not yours to write to" in r.stdout, "an ordinary user is told what is left to do", r.stdout + r.stderr)
	told = re.search(r"^sudo install -d.*?^EOF$", r.stdout, re.M | re.S)
	# there may be no group efd here, and no sudo
	script = told[0].replace("sudo ", "").replace(" -g efd", "") if told else "false"
	tap.ok(subprocess.run(["sh", "-c", script]).returncode == 0, "what is told can be done", script)
	path = os.path.join(etc, "conf.d", "elasticsearch.yml")
	tap.ok(os.path.exists(path) and es.url in read(path), "and it is the connection", r.stdout)
	os.chmod(path, 0o644)
	code, text = setup(etc, "--dry-run")
	tap.ok(code == 0 and "efd's connection" not in text, "which setup finds to be right", text)


es = harness.ready()
ns = harness.namespace(es, "connection")
with tempfile.TemporaryDirectory() as folder:
	etc = os.path.join(folder, "etc")
	os.mkdir(etc)
	writing(es, ns, etc)
	using(es, ns, etc)
	moving(es, ns, etc)
	astray(es, folder)
	by_hand(es, folder)
tap.done()
