#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Folders with a space in their names: the commands that make would run take each for one word."""
import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'lib'))
import tap  # noqa: E402


def words(*args):
	env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL')}
	r = subprocess.run(['make', '-n', *args], cwd=ROOT, env=env, capture_output=True, text=True)
	return [w for line in r.stdout.replace('\\\n', ' ').splitlines() for w in shlex.split(line)]


compiling = words('CURDIR=/a b', 'BUILD=/nowhere', '/nowhere/common/buf.o')
tap.ok('-ffile-prefix-map=/a b=.' in compiling, 'a checkout', compiling)
installing = words('DESTDIR=/a b', 'PREFIX=/usr', 'install')
wanted = ['usr/bin', 'usr/share/man/man8', 'usr/lib/systemd/system/$u', 'usr/lib/sysusers.d/efd.conf', 'usr/lib/sysctl.d/50-efd.conf',
	'etc/efd/conf.d', 'etc/efd/efd.yml']
tap.same([w for w in wanted if f'/a b/{w}' not in installing], [], 'DESTDIR')
tap.same([w for w in installing if w == '/a' or w.startswith('b/')], [], 'and nothing goes elsewhere')
tap.done()
