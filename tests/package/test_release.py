#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a release consists of: the tarball, what install puts where and uninstall takes away, the version, NOTICE and the changelog."""
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
BUILT = ["-o", "all", "-o", f"{BUILD}/efd", "-o", f"{BUILD}/efctl", "-o", f"{BUILD}/efctl-inventory"]
KEPT = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "SOURCE_DATE_EPOCH")}


def run(*argv, cwd=ROOT, **env):
	r = subprocess.run(argv, cwd=cwd, env={**KEPT, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	return r.returncode, r.stdout


def files(top):
	return sorted(os.path.relpath(os.path.join(d, f), top) for d, _, names in os.walk(top) for f in names)


def tarball(top, place, umask, **env):
	"""What `make dist` makes in a clone of its own at PLACE."""
	place = os.path.join(top, place)
	code, said = run("sh", "-c", f"umask {umask}; git clone -q --shared '{ROOT}' '{place}' && cd '{place}' && make -s dist BUILD=build VERSION=7.8.9", **env)
	path = os.path.join(place, "build", "efd-7.8.9.tar.gz")
	if code or not os.path.exists(path):
		raise SystemExit(f"make dist: {said}")
	with open(path, "rb") as f, open(path + ".sha256") as s:
		data = f.read()
		return data, s.read().split()[0] == hashlib.sha256(data).hexdigest()


def dist(top):
	one, sum_one = tarball(top, "a", "022", LC_ALL="C", TZ="UTC")
	other, _ = tarball(top, "b c/deeper", "077", LC_ALL="C.UTF-8", TZ="Pacific/Kiritimati", USER="somebody", HOME="/nowhere", GIT_CONFIG_COUNT="1",
		GIT_CONFIG_KEY_0="tar.umask", GIT_CONFIG_VALUE_0="0007")
	tap.ok(one == other, "two tarballs of a commit are the same octets, whoever makes them where")
	tap.ok(sum_one, "beside it stands its checksum")
	with tarfile.open(fileobj=io.BytesIO(gzip.decompress(one))) as tar:
		members = tar.getmembers()
		names = [m.name for m in members]
		tap.ok(names == sorted(names, key=lambda n: n.split("/")) and {m.name.split("/")[0] for m in members} == {"efd-7.8.9"}, "names are sorted, and below one folder", names[:5])
		tap.same({(m.uid, m.gid, m.uname, m.gname) for m in members}, {(0, 0, "", "")}, "owners are 0")
		tap.same({oct(m.mode) for m in members}, {"0o755", "0o644"}, "modes are two")
		tap.same(one[4:8], b"\0\0\0\0", "gzip says no time")
		tar.extractall(os.path.join(top, "out"), filter="tar") if sys.version_info >= (3, 12) else tar.extractall(os.path.join(top, "out"))
	_, head = run("git", "rev-parse", "HEAD")
	out = os.path.join(top, "out", "efd-7.8.9")
	with open(os.path.join(out, "VERSION")) as f:
		tap.same(f.read(), f"7.8.9\n{head}", "it says which version and commit it is")
	_, text = run("make", "-pqn", "help", cwd=out)
	tap.same((re.search("^VERSION := (.*)$", text, re.M)[1], re.search("^COMMIT := (.*)$", text, re.M)[1]), ("7.8.9", head[:12]), "and what is built of it says so, too")
	tap.same(sorted(set(files(out)) ^ set(run("git", "ls-files")[1].split("\n")) - {""}), ["VERSION"], "all that is committed is in it, and nothing else")


def install(top):
	dest = os.path.join(top, "root")
	where = [f"DESTDIR={dest}", "PREFIX=/opt/flow", "SBIN=sbin", *BUILT]
	code, said = run("make", "install", *where)
	found = files(dest)
	tap.same(code, 0, "make install" if code == 0 else said)
	for path in ("opt/flow/sbin/efd", "opt/flow/bin/efctl", "opt/flow/libexec/efd/efctl-inventory", "opt/flow/share/man/man1/efctl.1", "opt/flow/share/bash-completion/completions/efctl", "etc/efd/efd.yml"):
		tap.ok(path in found, f"{path} is installed", found)
	with open(os.path.join(dest, "opt/flow/lib/systemd/system/efd.service")) as f:
		tap.same(set(re.findall(r'"(/opt/flow/\S*)"', f.read())), {"/opt/flow/sbin/efd"}, "its unit starts it there")
	wide = [p for p in found if os.stat(os.path.join(dest, p)).st_mode & 0o022]
	tap.same(wide, [], "nobody else may write to any of them")
	run("make", "uninstall", *where)
	tap.same(files(dest), [], "make uninstall takes all of it away")
	run("make", "install", *where)
	with open(os.path.join(dest, "etc/efd/efd.yml"), "a") as f:
		f.write("# mine\n")
	with open(os.path.join(dest, "etc/efd/api_key"), "w") as f:
		f.write("x\n")
	run("make", "uninstall", *where)
	tap.same(files(dest), ["etc/efd/api_key", "etc/efd/efd.yml"], "but for settings that were changed, and what setup wrote")


def told():
	for program in ("efd", "efctl"):
		code, text = run(os.path.join(ROOT, BUILD, program), "--version")
		tap.ok(code == 0 and re.fullmatch(program + r" \d+\.\d+\.\d+(-\S+)?( \(commit [0-9a-f]{12}\))?\n", text), f"{program} --version: a semantic version, and the commit", text)
		if os.path.exists(os.path.join(ROOT, ".git")):
			tap.ok(re.search(r"[0-9a-f]{12}", text), f"{program} names a commit", text)
	_, text = run("packaging/notice.py", "--names", f"{BUILD}/efd", f"{BUILD}/efctl", f"{BUILD}/efctl-inventory")
	with open(os.path.join(ROOT, "NOTICE")) as f:
		notice = f.read()
	names = {n.split(".so")[0] for n in text.split()} - {"ld-linux-x86-64", "ld-linux-aarch64", "libm", "libasan", "libtsan", "libubsan"}	# a sanitizer's: not what is given away
	tap.same(sorted(n for n in names if not re.search(rf"^(.*, )?{re.escape(n)}\.so", notice, re.M)), [], "NOTICE has each library that a program names")
	tap.ok(len(names) > 8 and not re.search(r"package \S+, A?GPL", notice), "and none is under the GPL", names)
	with open(os.path.join(ROOT, "CHANGELOG.md")) as f:
		heads = re.findall(r"^## (.*)$", f.read(), re.M)
	tap.ok(heads and heads[0] == "[Unreleased]" and all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", h) for h in heads[1:]),
		"the changelog begins with what is not released, and each release has a date", heads)


def main():
	with tempfile.TemporaryDirectory(prefix="efd-test-") as top:
		if os.path.exists(os.path.join(ROOT, ".git")):
			dist(top)
		else:
			tap.skip("the tarball", "no checkout")
		install(top)
	told()
	tap.done()


main()
