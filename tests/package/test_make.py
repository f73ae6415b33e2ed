#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What packagers and others give make: folders with spaces, compilers with flags, a checkout that is another user's."""
import os
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'lib'))
import tap  # noqa: E402


def make(*args, **env):
	env = {**{k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL')}, **env}
	r = subprocess.run(['make', *args], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	return r.returncode, r.stdout


def words(*args):
	return [w for line in make('-n', *args)[1].replace('\\\n', ' ').splitlines() for w in shlex.split(line)]


def version(**env):
	return re.search('^VERSION := (.*)$', make('-pqn', 'help', **env)[1], re.M)[1]


BUILT = ['-o', 'all', '-o', f"{os.environ.get('BUILD', 'build')}/efd", '-o', f"{os.environ.get('BUILD', 'build')}/efctl"]


def units(prefix):
	"""The commands of both services, installed below PREFIX; as systemd reads them."""
	with tempfile.TemporaryDirectory(prefix='efd-test-') as top:
		code, said = make('install', f'DESTDIR={top}/with space', f'PREFIX={prefix}', *BUILT)
		lines = []
		for name in ('efd', 'efd-feeds', 'efd-inventory'):
			path = f'{top}/with space{prefix}/lib/systemd/system/{name}.service'
			with open(path if code == 0 else os.devnull) as f:
				lines += [shlex.split(line.split('=', 1)[1])[0] for line in f if line.startswith('Exec') and '/bin/sh' not in line]
	return code, lines, said


compiling = words('CURDIR=/a b', 'BUILD=/nowhere', '/nowhere/common/buf.o')
tap.ok('-ffile-prefix-map=/a b=.' in compiling, 'a checkout', compiling)
installing = words('DESTDIR=/a b', 'PREFIX=/usr', 'install')
wanted = ['usr/bin', 'usr/libexec/efd', 'usr/share/man/man8', 'usr/lib/systemd/system/$u', 'usr/lib/sysusers.d/$u.conf', 'usr/lib/sysctl.d/50-efd.conf',
	'etc/efd/conf.d', 'etc/efd/efd.yml']
tap.same([w for w in wanted if f'/a b/{w}' not in installing], [], 'DESTDIR')
tap.same([w for w in installing if w == '/a' or w.startswith('b/')], [], 'and nothing goes elsewhere')
code, lines, said = units('/opt/50% of a&b|c')
tap.same((code, lines), (0, [f'/opt/50%% of a&b|c/bin/{p}' for p in ('efd', 'efd', 'efctl', 'efctl')]), 'the units name the programs, whatever PREFIX is called')
code, lines, said = units('usr')
tap.ok(code and 'PREFIX' in said and not lines, 'a PREFIX that is no path from / on is refused', said)

code, said = make('BUILD=a b')
tap.ok(code and 'BUILD' in said and len(said.splitlines()) == 1, 'a BUILD with a space, which make itself cannot have, in one line', said)
for one in 'CC', 'HOSTCC', 'AR', 'PKG_CONFIG':
	code, said = make('complete', f'{one}=/no/such/program -x')
	tap.ok(code and '/no/such/program' in said.splitlines()[0] and len(said.splitlines()) <= 2, f'{one} that is not there: one line says so', said)
cc = os.environ.get('CC', 'cc')
tap.same(make('complete', f'CC={cc} -DX', 'HOSTCC=env X=1 cc', 'AR=ar -D'), (0, ''), 'compilers may have flags, and commands in front')
tap.same(make('complete', 'CC=')[1].splitlines()[0].split()[:4], ['not', 'found:', 'CC', 'HOSTCC'], 'no compiler at all')
if os.path.exists(os.path.join(ROOT, '.git')):
	tap.same(version(GIT_TEST_ASSUME_DIFFERENT_OWNER='1'), version(), 'the version of a checkout is the same for whoever builds it')
tap.done()
