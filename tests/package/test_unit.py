#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd units, as systemd itself judges them without running anything."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'lib'))
import tap  # noqa: E402

# of `systemd-analyze security`; what is left is what efd works with: the network, and processors to pin workers to
EXPOSURE = 1.4
UNITS = os.path.join(ROOT, 'packaging', 'systemd')
EFD = os.path.join(ROOT, os.environ.get('BUILD', 'build'), 'efd')


def analyze(*args):
	return subprocess.run(['systemd-analyze', '--no-pager', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def calls(word):
	"""The system calls of a word of SystemCallFilter=: a set, or one by name."""
	if not word.startswith('@'):
		return {word}
	found = set()
	for line in analyze('syscall-filter', word).stdout.splitlines():
		name = line.strip()
		if re.fullmatch(r'@?[a-z][\w-]*', name) and name != word:
			found |= calls(name)
	return found


def allowed(lines):
	"""What SystemCallFilter= lets through: the first line says whether calls are listed or left out, later ones add or take away."""
	out = set()
	for line in lines:
		for word in line.lstrip('~').split():
			out = out - calls(word) if line.startswith('~') else out | calls(word)
	return out


def values(text, key):
	return re.findall(rf'^{key}=(.*)$', text, re.M)


if not shutil.which('systemd-analyze'):
	tap.skip_all('systemd-analyze is not installed')
with tempfile.TemporaryDirectory(prefix='efd-test-') as prefix:
	os.makedirs(os.path.join(prefix, 'bin'))
	shutil.copy(EFD, os.path.join(prefix, 'bin', 'efd'))
	shutil.copy(EFD, os.path.join(prefix, 'bin', 'efctl')) # verify wants a program there; any will do
	paths, text, feeds, inventory = [], '', '', ''
	for name in ('efd.service', 'efd.socket', 'efd-feeds.service', 'efd-feeds.timer', 'efd-inventory.service', 'efd-inventory.timer'):
		with open(os.path.join(UNITS, name)) as f:
			unit = f.read().replace('@PREFIX@', prefix)
		text += unit if name == 'efd.service' else ''
		feeds += unit if name.startswith('efd-feeds') else ''
		inventory += unit if name.startswith('efd-inventory') else ''
		paths.append(os.path.join(prefix, name))
		with open(paths[-1], 'w') as f:
			f.write(unit)
	r = analyze('verify', '--man=no', '--recursive-errors=no', *paths)
	tap.same((r.returncode, r.stdout), (0, ''), 'systemd-analyze verify has nothing to say')
	for path in paths[0], paths[2], paths[4]:
		name = os.path.basename(path)
		r = analyze('security', '--offline=true', path)
		found = re.search(rf'Overall exposure level for {name}: ([\d.]+)', r.stdout)
		tap.ok(found and float(found[1]) <= EXPOSURE, f'the exposure of {name} is at most {EXPOSURE}', r.stdout)

through = allowed(values(text, 'SystemCallFilter'))
tap.ok(len(through) > 200 and {'read', 'sendmmsg', 'recvmmsg'} <= through, 'its filter of system calls lets efd work', sorted(through))
tap.ok({'seccomp', 'prctl'} <= through, 'and put up a filter of its own', sorted(through))
tap.same(sorted(through & {'ptrace', 'mount', 'init_module', 'bpf', 'setuid', 'reboot', 'kexec_load'}), [], 'and nothing that efd has no use for')

with open(os.path.join(ROOT, 'common', 'exit.h')) as f:
	usage = re.search(r'EF_USAGE = (\d+)', f.read())[1]
tap.same(values(text, 'RestartPreventExitStatus'), [usage], 'mistakes in the settings are not tried again')
tap.same(values(text.split('[Service]')[0], 'StartLimitIntervalSec'), ['0'], 'all else is, without limit')
reload = values(text, 'ExecReload')
tap.ok(len(reload) == 2 and reload[0].endswith('/efd" --check-config') and '-HUP' in reload[1], 'settings are checked before efd is told to read them', reload)

# The feeds' own: less than efd has.
r = subprocess.run([os.path.join(os.path.dirname(EFD), 'efctl'), *values(feeds, 'ExecStart')[0].split()[1:], '--help'], capture_output=True, text=True)
tap.same((r.returncode, 'refresh' in r.stdout), (0, True), 'what the timer runs is a command of efctl')
users = []
for name in ('efd', 'efd-feeds', 'efd-inventory'):
	with open(os.path.join(UNITS, f'{name}.sysusers')) as f:
		users += re.findall(r'^u (\S+)', f.read(), re.M)
user = values(feeds, 'User')
tap.ok(user and user[0] in users and user != values(text, 'User'), 'the feeds have a user of their own, which the package makes', feeds)
tap.same(sorted(allowed(values(feeds, 'SystemCallFilter')) - through), [], 'which may call nothing that efd may not')
tap.same((values(feeds, 'ReadWritePaths'), values(feeds, 'StateDirectory')), (['-/etc/efd/dictionaries/feeds'], []), 'and writes to its downloads alone')
tap.ok('FixedRandomDelay=yes' in feeds and int(values(feeds, 'RandomizedDelaySec')[0].removesuffix('min')) > 30, 'not every host asks in the same minute', feeds)

# What asks inventories: tokens, and no cluster's key.
r = subprocess.run([os.path.join(os.path.dirname(EFD), 'efctl'), *values(inventory, 'ExecStart')[0].split()[1:], '--help'], capture_output=True, text=True)
tap.same((r.returncode, '--dry-run' in r.stdout), (0, True), 'what its timer runs is a command of efctl')
user = values(inventory, 'User')
tap.ok(user and user[0] in users and user[0] not in values(text + feeds, 'User'), 'it has a user of its own, which the package makes', inventory)
tap.same(sorted(allowed(values(inventory, 'SystemCallFilter')) - through), [], 'which may call nothing that efd may not')
tap.same((values(inventory, 'ReadWritePaths'), values(inventory, 'StateDirectory')), (['-/etc/efd/dictionaries/discovered'], []), 'and writes to its tables alone')
tap.same((values(inventory, 'OnSuccess'), values(inventory, 'OnFailure')), (['efd-feeds.service'], ['efd-feeds.service']), 'then the tables are installed by who has a key')
tap.done()
