#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the programs protected as the Makefile asks? Read from the finished ELF files, not from the flags.

Marks of control-flow protection are read from each object of ours instead: the C library's start files may lack them (they do
in Debian 12), and then the linker leaves them out of the program. tests/package/elf_proof.sh shows that each check can fail.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'lib'))
import tap  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get('BUILD', 'build'))
PROGRAMS = ('efd', 'efctl', 'efctl-inventory')
ARCHIVES = ('libefcommon.a', 'libefdecode.a', 'libefship.a', 'libefd.a', 'libefimport.a')
MAINS = ('forwarder/main.o', 'importer/main.o', 'importer/inventory/main.o')
# What each may load. Those of the second list are used where they are, and the C library has parts of its own on some machines.
NEEDED = {
	'efd': ('libcurl libjansson libyaml-0 libdeflate libmicrohttpd libssl libcrypto', 'libisal libsystemd libseccomp'),
	'efctl': ('libcurl libjansson libyaml-0 libmaxminddb libpcap libdeflate libssl libcrypto', 'libisal libseccomp'),
	'efctl-inventory': ('libcurl libjansson libyaml-0 libssl libcrypto', 'libnetsnmp'),
}
SYSTEM = {'libc', 'libm', 'libpthread', 'libgcc_s', 'libasan', 'libubsan', 'libtsan', 'ld-linux-x86-64', 'ld-linux-aarch64', 'libc.musl-x86_64'}
# functions of a cluster's connection: what asks inventories has none of them
CLUSTER = {'es_new', 'key_look', 'record_read', 'elastic_settings_check', 'install_open'}
# what each machine calls its marks of control-flow protection
MARKS = {'Advanced Micro Devices X86-64': ('IBT', 'SHSTK'), 'AArch64': ('BTI', 'PAC')}


def read(tool, *args):
	return subprocess.run([tool, *args], capture_output=True, text=True, check=True, env={**os.environ, 'LC_ALL': 'C'}).stdout


class Program:
	def __init__(self, name):
		self.name, self.path = name, os.path.join(BUILD, name)
		self.header = read('readelf', '-hW', self.path)
		self.machine = re.search(r'Machine:\s+(.*)', self.header)[1].strip()
		self.dynamic = read('readelf', '-dW', self.path)
		loading = read('readelf', '-lW', self.path)
		self.musl = 'ld-musl' in loading
		# (type, address, size in memory, flags)
		self.segments = [(m[1], int(m[2], 16), int(m[3], 16), m[4].replace(' ', '')) for m in re.finditer(
			r'^  ([A-Z_]\w+)\s+0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) ([RWE ]{3})', loading, re.M)]
		# (name, address, flags)
		self.sections = [(m[1], int(m[2], 16), m[3]) for m in re.finditer(
			r'^  \[ *\d+\] (\S+)\s+\S+\s+(\w{16}) \w+ \w+ \w+ +(\w*) +\d+ +\d+ +\d+$', read('readelf', '-SW', self.path), re.M)]
		self.imports = set(re.findall(r'\bUND ([\w.]+)', read('readelf', '--dyn-syms', '-W', self.path)))

	def segment_flags(self, kind):
		return [s[3] for s in self.segments if s[0] == kind]

	def foreign(self):
		"""Sections that are mapped executable and hold no code."""
		code = [(at, at + size) for kind, at, size, flags in self.segments if kind == 'LOAD' and 'E' in flags]
		return [name for name, at, flags in self.sections
			if 'A' in flags and 'X' not in flags and any(low <= at < high for low, high in code)]


def check_program(p, fortified):
	tap.ok('DYN (' in p.header and re.search(r'FLAGS_1.*\bPIE\b', p.dynamic), f'{p.name}: position-independent', p.dynamic)
	tap.ok(re.search(r'\(FLAGS_1\).*\bNOW\b', p.dynamic), f'{p.name}: symbols are bound at the start', p.dynamic)
	tap.ok(p.segment_flags('GNU_RELRO'), f'{p.name}: read-only after relocation', p.segments)
	tap.same(p.segment_flags('GNU_STACK'), ['RW'], f'{p.name}: the stack is not executable')
	loads = p.segment_flags('LOAD')
	tap.ok(len(loads) > 1 and not any('W' in f and 'E' in f for f in loads), f'{p.name}: nothing is writable and executable', loads)
	tap.ok(len(p.sections) > 20 and not p.foreign(), f'{p.name}: only code is executable', p.foreign())
	tap.ok('__stack_chk_fail' in p.imports, f'{p.name}: stacks are checked')
	if p.machine in MARKS and 'X86' in p.machine:
		# a frame of more than a page is touched page by page; elsewhere the step is 64 KiB, and no frame of ours is so large
		tap.ok(re.search(r'\bsub +\$0x1000,%rsp\n.*\b(or|mov)[lq]? +\$0x0,(0x\w+)?\(%rsp\)', read('objdump', '-d', '--no-show-raw-insn', p.path)),
			f'{p.name}: large frames are probed')
	checked = sorted(s for s in p.imports if s.endswith('_chk'))
	tap.ok(bool(checked) == fortified, f'{p.name}: {"checked" if fortified else "no checked"} functions of the C library', checked)


def check_needed(p):
	needed = {n.split('.so')[0] for n in re.findall(r'\(NEEDED\).*\[(.*)\]', p.dynamic)} - SYSTEM
	must, may = (set(words.split()) for words in NEEDED[p.name])
	tap.same((sorted(must - needed), sorted(needed - must - may)), ([], []), f'{p.name}: loads what the list says, no less and no more')


def check_alone(p):
	"""What asks others for names knows no cluster."""
	has = set(re.findall(r' (\w+)$', read('readelf', '-sW', p.path), re.M))
	tap.same((sorted(has & CLUSTER), 'inv_fetch' in has), ([], True), f'{p.name}: has nothing of a connection to a cluster')


def check_objects(machine):
	"""Each object of ours, whose archives hold nothing else."""
	marks, missing, n = MARKS[machine], [], 0
	files = [os.path.join(BUILD, f) for f in (*ARCHIVES, *MAINS)]
	for part in read('readelf', '-nW', *files).split('File: ')[1:]:
		name = part.split('\n', 1)[0]
		n += 1
		found = re.search(r'feature: (.*)', part)
		if not found or not set(marks) <= set(re.split(r', ', found[1])):
			missing.append(os.path.relpath(name, BUILD))
	tap.ok(n > 80 and not missing, f'control flow is protected ({", ".join(marks)}) in all objects', f'{n} objects, without: {missing}')


def main():
	with open(os.path.join(BUILD, 'flags-cc')) as f:
		flags = f.read().split()
	levels = [f for f in flags if f.startswith('-O')]
	sanitized = any(f.startswith('-fsanitize=') for f in flags)
	programs = [Program(name) for name in PROGRAMS]
	for p in programs:
		# musl has no checked functions, and sanitizers want to see the calls themselves
		check_program(p, fortified=bool(levels) and levels[-1] != '-O0' and not sanitized and not p.musl)
		check_needed(p)
	check_alone(programs[2])
	if programs[0].machine in MARKS:
		check_objects(programs[0].machine)
	tap.done()


sys.exit(main())
