# SPDX-License-Identifier: Apache-2.0
"""What the unit promises, on a machine (machine.py) where efd runs: what its process may do, and which mistakes end it."""
import re
import socket
import urllib.request

import net
import tap

METRICS = "http://127.0.0.1:9808/metrics"
BROKEN = "/etc/efd/conf.d/zz-broken.yml"
MORE_THAN_SYSTEMD_TRIES = 6 # its StartLimitBurst= is 5


def prop(m, name):
	return m.run("systemctl", "show", "efd", "--value", "-p", name)[1].strip()


def reload_successful():
	"""As /metrics says it; None: it says nothing."""
	try:
		with urllib.request.urlopen(METRICS, timeout=5) as r:
			found = re.search(r"^efd_config_last_reload_successful (\d)", r.read().decode(), re.M)
			return found and int(found[1])
	except OSError:
		return None


def process(m):
	"""What the kernel says of the process."""
	_, text = m.run("cat", f"/proc/{prop(m, 'MainPID')}/status")
	status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
	tap.same({k: status.get(k, "").strip() for k in ("Seccomp", "NoNewPrivs", "CapEff", "CapPrm", "CapBnd")},
		{"Seccomp": "2", "NoNewPrivs": "1", "CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16},
		"efd's process is filtered, without capabilities, and cannot get any")
	_, log = m.run("journalctl", "-u", "efd", "--no-pager", "-o", "cat")
	tap.ok("going on without it" not in log and "no seccomp" not in log, "its own filter is there beside systemd's", log[-3000:])


def reloads(m):
	pid = prop(m, "MainPID")
	m.run("sh", "-c", f"echo 'no_such_option: 1' > {BROKEN}; chmod 644 {BROKEN}")
	code, text = m.run("systemctl", "reload", "efd")
	tap.ok(code != 0 and reload_successful() == 1, "a reload with a mistake in the settings fails, and efd hears nothing of it", text)
	_, log = m.run("journalctl", "-u", "efd", "--no-pager", "-o", "cat", "-n", "20")
	tap.ok(BROKEN in log and "no_such_option" in log, "the journal names file and option", log)
	m.run("systemctl", "kill", "--kill-who=main", "--signal=HUP", "efd")
	net.wait_for(lambda: reload_successful() == 0, "the metric", 30, 0.2)
	tap.ok(True, "a signal all the same is refused by efd itself, and /metrics says so")
	_, text = m.run("efctl", "doctor", "--url", "http://127.0.0.1:1")
	tap.ok(re.search(r"^problem .*old settings", text, re.M), "doctor finds it", text)
	m.run("rm", BROKEN)
	code, text = m.run("systemctl", "reload", "efd")
	net.wait_for(lambda: reload_successful() == 1, "the metric", 30, 0.2)
	tap.ok(code == 0 and prop(m, "MainPID") == pid, "with the mistake mended a reload goes well, in the same process", text)


def mistakes(m):
	"""No waiting cures a mistake; it does cure a port in use."""
	m.run("sh", "-c", f"echo 'no_such_option: 1' > {BROKEN}; chmod 644 {BROKEN}")
	m.run("systemctl", "restart", "efd")
	tap.same((prop(m, "ActiveState"), prop(m, "ExecMainStatus"), prop(m, "NRestarts")), ("failed", "2", "0"),
		"a start with a mistake in the settings fails for good")
	m.run("rm", BROKEN)
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
		s.bind(("127.0.0.1", 4739))
		m.run("systemctl", "start", "efd")
		tap.same(prop(m, "ExecMainStatus"), "1", "a port in use is another matter")
		net.wait_for(lambda: int(prop(m, "NRestarts")) >= MORE_THAN_SYSTEMD_TRIES, "systemd to try again", 60, 0.5)
		tap.ok(prop(m, "ActiveState") == "activating", "systemd tries for as long as it takes", prop(m, "ActiveState"))
	net.wait_for(lambda: prop(m, "ActiveState") == "active", "efd to run", 30, 0.5)
	tap.ok(True, "when the port is free efd runs")


def promises(m):
	process(m)
	reloads(m)
	mistakes(m)
