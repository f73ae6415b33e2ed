# SPDX-License-Identifier: Apache-2.0
"""packaging/Containerfile without a container engine: what its last stage runs, in a small Debian, and efd as it is started there."""
import json
import os
import shlex
import shutil
import signal
import subprocess

import fake_es
import machine
import net
import tap

CONTAINERFILE = os.path.join(machine.TOP, "packaging", "Containerfile")


def last_stage():
	"""(instruction, what stands behind it) of each of its lines."""
	with open(CONTAINERFILE) as f:
		lines = [line for line in f.read().replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
	words = [line.split(" ", 1) for line in lines]
	return words[max(i for i, (name, _) in enumerate(words) if name == "FROM") + 1:]


def the(stage, name):
	(found,) = [value for n, value in stage if n == name]
	return found


def make(root, release, packages, stage):
	machine.must(machine.ROOT, "make", release, root)
	for name, value in stage:
		if name == "COPY":
			folder = root + value.split()[-1]
			os.makedirs(folder)
			for path in packages:
				shutil.copy(path, folder)
		elif name == "RUN":
			machine.must(machine.ROOT, "run", root, "sh", "-c", value)


def start(root, stage, url):
	"""As its user, without capabilities, with nothing to write to but its volume."""
	uid, gid = the(stage, "USER").split(":")
	volume, entry = the(stage, "VOLUME"), json.loads(the(stage, "ENTRYPOINT"))
	script = (f"mount -t tmpfs -o uid={uid},gid={gid},mode=750 volume {volume} && mount -o remount,bind,ro / && "
		f"exec setpriv --reuid={uid} --regid={gid} --clear-groups --bounding-set=-all --no-new-privs {shlex.join(entry)}")
	return subprocess.Popen([machine.ROOT, "run", "-e", f"EF_ELASTICSEARCH_URL={url}", "-e", "EF_SHIP_BATCH_AGE=100ms", root, "sh", "-c", script],
		stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def healthy(root, stage):
	command = json.loads(the(stage, "HEALTHCHECK").removeprefix("CMD "))
	return subprocess.run([machine.ROOT, "run", root, *command], capture_output=True).returncode == 0


def innermost(pid):
	"""efd itself: the namespaces that it was started in pass no signal on."""
	while True:
		with open(f"/proc/{pid}/task/{pid}/children") as f:
			children = f.read().split()
		if not children:
			return int(pid)
		pid = children[0]


def proof(root, stage, sender, judge):
	fake = fake_es.FakeEs()
	tap.ok(not healthy(root, stage), "the image's health check fails where no efd runs")
	process = start(root, stage, fake.url)
	try:
		net.wait_for(lambda: process.poll() is not None or healthy(root, stage), "efd to be healthy", 30, 0.5)
		tap.ok(process.poll() is None, "it passes where one does, without privileges and on a root that is read-only")
		sender.send(20)
		judge(fake, sender, "in the image")
		os.kill(innermost(process.pid), signal.SIGTERM)
		text = process.communicate(timeout=60)[0].decode(errors="replace")
		tap.ok(process.returncode == 0 and "nothing lost" in text, "told to stop, it ships what it has", text[-3000:])
	finally:
		process.kill()
		process.wait()
		fake.stop()


def image(release, packages, sender, judge):
	root = os.path.join(machine.PLACE, f"efd-image-{release}-{os.getpid()}")
	try:
		stage = last_stage()
		make(root, release, packages, stage)
		proof(root, stage, sender, judge)
	finally:
		machine.must(machine.ROOT, "remove", root)
