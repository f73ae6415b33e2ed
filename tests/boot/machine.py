# SPDX-License-Identifier: Apache-2.0
"""A Debian that boots: made by tests/root/root, started with systemd-nspawn on the host's network, gone afterwards."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.join(HERE, "..", "..")
ROOT = os.path.join(TOP, "tests", "root", "root")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

import net  # noqa: E402

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# efd's ports and that of its metrics are the host's, too: one machine at a time
PLACE = os.environ.get("BOOT_DIR", "/var/tmp")  # .ci/run names a folder that it removes, whatever ends this
HOMES = "/srv"
REBOOT = 133  # nspawn's exit code


def must(*argv, **more):
	r = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", **more)
	if r.returncode:
		raise RuntimeError(f"{' '.join(argv[:4])}: exit code {r.returncode}\n{(r.stdout + r.stderr)[-3000:]}")
	return r.stdout


def own_cgroup(name):
	"""Where no systemd runs the host, each machine gets a cgroup of its own in every hierarchy that nspawn uses. The folders."""
	if os.path.isdir("/run/systemd/system"):
		return []
	folders = []
	with open("/proc/self/mounts") as f:
		for _, place, kind, options, *_ in map(str.split, f):
			if kind == "cgroup2" or kind == "cgroup" and "name=systemd" in options.split(","):
				folders.append(os.path.join(place, name))
	for folder in folders:
		os.makedirs(folder, exist_ok=True)
	return folders


class Machine:
	def __init__(self, release, packages):
		self.folder = tempfile.mkdtemp(prefix=f"efd-boot-{release}-", dir=PLACE)
		self.name = os.path.basename(self.folder).replace("_", "0") # no name of a host ends with a hyphen
		self.root, self.process, self.log = os.path.join(self.folder, "root"), None, os.path.join(self.folder, "console")
		self.cgroups = []
		try:
			must(ROOT, "make", release, self.root, *packages, "systemd", "systemd-sysv", "sudo")
		except BaseException:
			self.remove()
			raise

	def inside(self, *argv):
		"""Before it runs: ARGV with the root as its system."""
		return must(ROOT, "run", self.root, *argv)

	def boot(self):
		self.cgroups = own_cgroup(self.name)
		self.start()
		self.wait_up(None)

	def start(self):
		def enter():
			for folder in self.cgroups:
				with open(os.path.join(folder, "cgroup.procs"), "w") as f:
					f.write(str(os.getpid()))
		with open(self.log, "ab") as log:
			self.process = subprocess.Popen(["systemd-nspawn", "--quiet", "--register=no",
				*(["--keep-unit"] if self.cgroups else []), f"--directory={self.root}", f"--machine={self.name}",
				"--boot", "--console=pipe"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=enter)

	def leader(self):
		"""The process id of the machine's first process, as the host sees it."""
		if self.process.poll() is not None:
			with open(self.log, errors="replace") as f:
				raise RuntimeError(f"systemd-nspawn ended with {self.process.returncode}:\n{f.read()[-3000:]}")
		with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as f:
			children = f.read().split()
		return children[0] if children else None

	def run(self, *argv, user="root"):
		"""ARGV as USER in the running machine: (exit code, what it printed)."""
		home = "/root" if user == "root" else f"{HOMES}/{user}"
		r = subprocess.run(["nsenter", "-t", self.leader(), "-a", "--", "runuser", "-u", user, "--", "env", "-i", f"HOME={home}", f"USER={user}",
			"LANG=C.UTF-8", f"PATH={PATH}", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
		return r.returncode, r.stdout

	def wait_up(self, before):
		"""Until systemd says that all is started, in another process than BEFORE."""
		def up():
			leader = self.leader()
			return leader and leader != before and self.run("systemctl", "is-system-running")[1].strip() in ("running", "degraded")
		net.wait_for(up, "the machine to be up", 180, 0.5)

	def reboot(self):
		"""What nspawn does by itself, or, in a cgroup that is not its own, leaves to who started it."""
		before = self.leader()
		self.run("systemctl", "reboot")
		net.wait_for(lambda: self.process.poll() == REBOOT or self.leader() not in (before, None), "the machine to go down", 120, 0.2)
		if self.process.poll() == REBOOT:
			self.start()
		self.wait_up(before)

	def stop(self):
		if self.process and self.process.poll() is None:
			try:
				self.run("systemctl", "poweroff")
				self.process.wait(60)
			except (RuntimeError, subprocess.TimeoutExpired, TypeError):
				self.process.send_signal(signal.SIGKILL)
				self.process.wait()
		for folder in self.cgroups:
			for below, _, _ in os.walk(folder, topdown=False):
				for attempt in range(50): # the last processes of it are ending
					try:
						os.rmdir(below)
						break
					except OSError:
						time.sleep(0.1)
		shutil.rmtree(os.path.join("/run/systemd/nspawn/propagate", self.name), ignore_errors=True)

	def remove(self):
		self.stop()
		must(ROOT, "remove", self.root)
		shutil.rmtree(self.folder, ignore_errors=True)

	def __enter__(self):
		return self

	def __exit__(self, *exc):
		self.remove()
