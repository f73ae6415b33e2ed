#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NOTICE: what programs are made of, by Debian's copyright files of the libraries that they name as NEEDED.

usage: packaging/notice.py PROGRAM... > NOTICE     on a Debian with what a build needs
       packaging/notice.py --names PROGRAM...      only the libraries, one a line
"""
import os
import re
import subprocess
import sys

HEAD = """Network flow toolkit for Elasticsearch: efd and efctl
Licensed under the Apache License, Version 2.0 (see LICENSE).

Names and types of information elements, and names of ports and protocols, come from the registries of the Internet Assigned Numbers Authority (IANA).
Places and AS numbers of addresses are looked up by Elasticsearch in GeoLite2 databases, which are not part of this software. Who shows them says so:
This product includes GeoLite2 Data created by MaxMind, available from https://www.maxmind.com.

What follows was made by packaging/notice.py from the copyright files of Debian, which have the licences in full (/usr/share/doc/PACKAGE/copyright).

libmicrohttpd, libseccomp, libsystemd and the C library are under the GNU Lesser General Public License and linked dynamically: who has a program can put another
version of them in their place. A program in which they are linked statically may be given away only with its objects, so that it can be linked again.
No library under the GNU General Public License is linked."""
HEADERS = ["uthash-dev"]  # compiled in


def run(*argv):
	return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def needed(programs):
	return sorted({m for p in programs for m in re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", p))})


def package_of(library):
	"""The Debian package that has it, without the mark of another ABI."""
	cache = re.search(rf"^\s*{re.escape(library)} .*=> (\S+)", run("/sbin/ldconfig", "-p"), re.M)
	for path in (os.path.realpath(cache[1]), cache[1]):
		for place in (path, "/usr" + path, path.removeprefix("/usr")):
			r = subprocess.run(["dpkg", "-S", place], capture_output=True, text=True)
			if r.returncode == 0:
				return r.stdout.split(":")[0]
	raise SystemExit(f"notice: no package has {library}")


def stanza(text):
	"""Who holds it and under what licence, of the files that the library is made of (machine-readable form: Files: *)."""
	for part in re.split(r"\n\s*\n", text):
		if re.search(r"^Files:\s*\*\s*$", part, re.M):
			lines = re.search(r"^Copyright:(.*?)(?=^\S)", part + "\nX", re.M | re.S)[1].splitlines()
			return [line.strip() for line in lines if line.strip()], re.search(r"^License:\s*(.*)$", part, re.M)[1]
	return None


def plain(text):
	"""The same of a file for people."""
	holders = list(dict.fromkeys(re.findall(r"^\s*(?:.*is )?(Copyright .*?\d{4}.*)$", text, re.M)))[:4]
	licence = "LGPL-2.1+" if "GNU Lesser General Public" in text else "BSD-3-clause" if "Redistribution and use in source and binary" in text else None
	return holders, licence


def entry(package, libraries):
	with open(f"/usr/share/doc/{package}/copyright", encoding="utf-8") as f:
		text = f.read()
	holders, licence = stanza(text) or plain(text)
	if not holders or not licence:
		raise SystemExit(f"notice: the copyright of {package} cannot be read")
	if re.match(r"A?GPL", licence):
		raise SystemExit(f"notice: {package} is under {licence}")
	return f"{', '.join(libraries)}\n    Debian package {package}, {licence}\n" + "".join(f"    {h.strip()}\n" for h in holders)


def main(argv):
	names = argv[:1] == ["--names"]
	libraries = needed(argv[names:])
	if names:
		print(*libraries, sep="\n")
		return
	packages = {}
	for library in libraries:
		packages.setdefault(package_of(library), []).append(library)
	print(HEAD)
	for package in sorted(packages):
		print("\n" + entry(package, packages[package]), end="")
	for package in HEADERS:
		print("\n" + entry(package, ["uthash.h"]), end="")


main(sys.argv[1:])
