#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`efctl capture` from an interface: what it may still do when the first packet comes, what it writes and what it never writes over."""
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap

# The leak sanitizer looks at the program with ptrace, which one that gave up its privileges refuses.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"

EFCTL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "efctl")
CAPTURE = os.path.join(HERE, "edge-ipfix.pcap")


def capture(*argv, env=None):
	r = subprocess.run([EFCTL, "capture", *argv], capture_output=True, text=True, env=dict(os.environ, **env or {}))
	return r.returncode, r.stdout + r.stderr


def status(pid):
	with open(f"/proc/{pid}/status") as f:
		return dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)


def free_port():
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def files(folder):
	old, link = os.path.join(folder, "old.pcap"), os.path.join(folder, "link.pcap")
	with open(old, "w") as f:
		f.write("dear")
	os.symlink(os.path.join(folder, "nowhere"), link)
	code, text = capture("--from", CAPTURE, old)
	with open(old) as f:
		tap.ok(code == 2 and old in text and f.read() == "dear", "a file that is there is not written over", text)
	code, text = capture("--from", CAPTURE, link)
	tap.ok(code == 2 and not os.path.exists(os.path.join(folder, "nowhere")), "nor one that a link leads to", text)
	empty = os.path.join(folder, "empty.pcap")
	with open(os.path.join(folder, "none.pcap"), "wb") as f, open(CAPTURE, "rb") as whole:
		f.write(whole.read(24))
	code, text = capture("--from", os.path.join(folder, "none.pcap"), empty)
	tap.ok(code == 1 and not os.path.exists(empty), "where nothing of ours is nothing is left", text)


def live(folder):
	port, out = free_port(), os.path.join(folder, "live.pcap")
	user = pwd.getpwnam("daemon")
	env = dict(os.environ, SUDO_UID=str(user.pw_uid), SUDO_GID=str(user.pw_gid))
	p = subprocess.Popen([EFCTL, "capture", "--json", "--interface", "lo", "--port", str(port), "--for", "1h", out],
		stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
	line = p.stderr.readline()
	if not tap.ok("reading from lo" in line, "it reads from an interface", line + p.stderr.read() if p.poll() is not None else line):
		return
	s = status(p.pid)
	tap.same({k: s[k].strip() for k in ("CapEff", "CapPrm", "Seccomp", "NoNewPrivs")},
		{"CapEff": "0" * 16, "CapPrm": "0" * 16, "Seccomp": "2", "NoNewPrivs": "1"}, "by then without capabilities and filtered")
	tap.same((s["Uid"].split(), s["Gid"].split(), s["Groups"].split()), ([str(user.pw_uid)] * 4, [str(user.pw_gid)] * 4, []), "as the user of sudo, and no longer as root")
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver: # else the kernel answers, and replay hears it
		receiver.bind(("127.0.0.1", port))
		sent = subprocess.run([EFCTL, "replay", "--json", "--to", f"udp://127.0.0.1:{port}", CAPTURE], stdout=subprocess.PIPE, text=True, check=True)
	datagrams = json.loads(sent.stdout)["capture"]["datagrams"]
	p.send_signal(signal.SIGINT)
	stdout, stderr = p.communicate(timeout=60)
	found = json.loads(stdout or "{}")
	tap.ok(p.returncode == 0 and found.get("datagrams") == datagrams, "Ctrl-C ends it, with all that was sent", f"{datagrams} {stdout}{stderr}")
	st = os.stat(out)
	tap.same((oct(stat.S_IMODE(st.st_mode)), st.st_uid), ("0o600", user.pw_uid), "the file is his, and his alone")
	before, after = ([json.loads(x) for x in subprocess.run([EFCTL, "decode", f], stdout=subprocess.PIPE).stdout.splitlines()] for f in (CAPTURE, out))
	tap.same(sum("ie" in x for x in after), sum("ie" in x for x in before), "as many records as were sent")


with tempfile.TemporaryDirectory() as folder:
	os.chmod(folder, 0o777) # root is given up
	files(folder)
	if os.geteuid() == 0:
		live(folder)
	else:
		tap.skip("from an interface", "needs root")
tap.done()
