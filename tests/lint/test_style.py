#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a program can check of STYLE.md: file and function lengths, first lines, banned calls, ARCHITECTURE.md."""
import os
import re
import shutil
import subprocess
import sys

from tree import ROOT, git, judge, read, tap, tracked

FILE_LINES, FUNCTION_LINES, COMPLEXITY, COLUMNS = 500, 60, 15, 100
# what may be longer: data, prose, pictures, and what a program wrote
LONG = re.compile(r'\.(csv|json|ndjson|pcap|md|png|patch|txt|xz)$|^LICENSE$')
# what efctl shows goes through core/print.c, which cleans it; these write text of ours, or data for a file
PRINTS = re.compile(r'\b(v?f?printf|puts|fputs(?!\((?:PRINT_AGAIN|PRINT_HOME|made\.line),)|json_dumpf)\s*\(')
PRINTERS = ['importer/' + f for f in ('core/print.c', 'core/memory.c', 'usage.c', 'dictionary/import.c', 'core/table.c')]
BANNED = re.compile(r'\b(sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|gets|alloca)\s*\(')
TAG = 'SPDX-License-Identifier: Apache-2.0'
# text that must not be committed: paths of a machine
PRIVATE = re.compile(r'(?<![\w./-])/(work|root|home)/\w')


def without_comments(text):
	text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.S)
	return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def functions(text):
	"""(name, first line, number of lines) of each function: a line that ends a header, '{' in column 0, '}' in column 0."""
	lines = text.split('\n')
	start = None
	for i, line in enumerate(lines):
		if line == '{':
			start = i
		elif line.startswith('}') and start is not None:
			head = ' '.join(lines[max(0, start - 6):start])
			names = re.findall(r'(\w+)\s*\(', head)
			yield (names[-1] if names else '?'), start + 1, i - start - 1
			start = None


def sentence(path):
	"""The sentence in the first lines of a C file."""
	text = read(path)[:1200]
	found = re.search(re.escape(TAG) + r'\s*\n \* (.*?\.)(\s|$)', text, flags=re.S)
	return re.sub(r'\s*\n \*\s*', ' ', found.group(1)).strip() if found else None


def file_list(c_files):
	"""The section of ARCHITECTURE.md that has one line a file: the sentence of its header, else of the .c file."""
	folders = {}
	for path in c_files:
		if not path.startswith('tests/'):
			folders.setdefault(os.path.dirname(path), {}).setdefault(re.sub(r'\.[ch]$', '', path), []).append(path)
	out = []
	for folder in sorted(folders):
		out += ['', f'### {folder}/', '', '| file | |', '|---|---|']
		for name, paths in sorted(folders[folder].items()):
			paths.sort(key=lambda p: p.endswith('.c'))
			ending = '.c/h' if len(paths) == 2 else paths[0][-2:]
			out.append(f'| `{os.path.basename(name)}{ending}` | {(sentence(paths[0]) or "").replace("|", chr(92) + "|")} |')
	return '\n'.join(out).strip() + '\n'


def check_sizes(c_files):
	for path in tracked():
		if not LONG.search(path) and (n := read(path).count('\n')) > FILE_LINES:
			yield f'{path}: {n} lines, {FILE_LINES} at most'
	for path in c_files:
		text = read(path)
		for i, line in enumerate(text.split('\n'), 1):
			if len(line.expandtabs(8)) > COLUMNS:
				yield f'{path}:{i}: {len(line.expandtabs(8))} columns, {COLUMNS} at most'
		for name, line, n in functions(without_comments(text)):
			if n > FUNCTION_LINES:
				yield f'{path}:{line}: {name}() has {n} lines, {FUNCTION_LINES} at most'


def check_first_lines(c_files):
	for path in c_files:
		if not sentence(path):
			yield f'{path}: must start with the SPDX tag and one sentence'
	for path in tracked('*.sh', '*.py', 'Makefile.*'):
		if TAG not in read(path)[:400]:
			yield f'{path}: SPDX tag missing in its first lines'
		if os.path.basename(path).startswith('test_') and not os.access(os.path.join(ROOT, path), os.X_OK):
			yield f'{path}: tests/run.py cannot start it (chmod +x)'


def check_banned(c_files):
	for path in c_files:
		for i, line in enumerate(without_comments(read(path)).split('\n'), 1):
			if BANNED.search(line):
				yield f'{path}:{i}: {BANNED.search(line).group(1)} is not used here'
			if path.startswith('importer/') and path not in PRINTERS and PRINTS.search(line):
				yield f'{path}:{i}: {PRINTS.search(line).group(1)} does not clean what it shows: importer/core/print.h'


def check_private():
	for path in tracked():
		if path.endswith(('.png', '.pcap', '.bin', '.mmdb', '.xz')) or path == 'tests/lint/test_style.py':
			continue
		for i, line in enumerate(read(path).split('\n'), 1):
			if PRIVATE.search(line):
				yield f'{path}:{i}: names a path of one machine'


MARK = '<!-- one line a file: `tests/lint/test_style.py --write` makes what follows from the files\' first sentences -->\n\n'


def check_targets():
	"""What pages tell people to make has a rule in the Makefile."""
	names = {n for line in re.findall(r'^([a-z][a-z0-9 -]*):(?!=)', read('Makefile'), flags=re.M) for n in line.split()}
	for path in tracked('*.md'):
		for said in re.findall(r'`make ([a-z][a-z0-9-]*)', read(path)):
			if said not in names:
				yield f'{path}: `make {said}`, but there is no such target'


def check_architecture(c_files):
	if read('ARCHITECTURE.md').partition(MARK)[2] != file_list(c_files):
		yield 'the list of files is not current: tests/lint/test_style.py --write'


def check_complexity(c_files):
	out = subprocess.run(['pmccabe', *[f for f in c_files if f.endswith('.c')]], cwd=ROOT, capture_output=True, text=True, check=True)
	if not out.stdout:
		yield 'pmccabe found no function at all'
	for line in out.stdout.splitlines():
		part = line.split('\t')
		if len(part) >= 6 and int(part[0]) > COMPLEXITY:
			yield f'{part[5]}: complexity {part[0]}, {COMPLEXITY} at most'


def check_names(c_files):
	"""Statics of one bare word, and tags of structs, have one file: what grep and gdb find is the one that was meant."""
	words, tags = {}, {}
	for path in c_files:
		if path.startswith(('common/', 'forwarder/', 'importer/')):
			text = without_comments(read(path))
			for name in re.findall(r'^static [^;={}()]*?\b([a-z0-9]+)\(', text, flags=re.M):
				words.setdefault(name + '()', set()).add(path)
			for tag in re.findall(r'^(?:static |const )*((?:struct|enum|union) \w+) \{', text, flags=re.M):
				tags.setdefault(tag, set()).add(path)
	if not words or not tags:
		yield 'no static function, or no struct, was found at all'
	for name, paths in sorted((words | tags).items()):
		if len(paths) > 1:
			yield f'{name} is in {", ".join(sorted(paths))}: names of their own, please'


def check_floor():
	"""No number in tests/coverage.floor is below one that the history has."""
	def rows(text, mark=''):
		return re.findall(rf'^{mark}([a-z/]+) +([\d.]+) +([\d.]+)$', text, flags=re.M)
	past = git('log', '--format=', '-p', '--', 'tests/coverage.floor')
	now = {folder: numbers for folder, *numbers in rows(read('tests/coverage.floor'))}
	for folder, *numbers in rows(past, '[+]'):
		if any(float(then) > float(at) for then, at in zip(numbers, now.get(folder, ('0', '0')))):
			yield f'tests/coverage.floor: {folder} was {" ".join(numbers)}; the floor only rises'


def main():
	c_files = tracked('*.c', '*.h')
	if sys.argv[1:] == ['--write']:
		head = read('ARCHITECTURE.md').partition(MARK)[0]
		with open(os.path.join(ROOT, 'ARCHITECTURE.md'), 'w', encoding='utf-8') as f:
			f.write(head + MARK + file_list(c_files))
		return
	judge('file and function lengths', check_sizes(c_files))
	judge('first lines', check_first_lines(c_files))
	judge('banned calls', check_banned(c_files))
	judge('names that are found', check_names(c_files))
	judge('no path of one machine', check_private())
	judge('targets that pages name', check_targets())
	judge('the list of files in ARCHITECTURE.md', check_architecture(c_files))
	judge('the floor of coverage', check_floor())
	if shutil.which('pmccabe'):
		judge('complexity', check_complexity(c_files))
	else:
		tap.skip('complexity', 'pmccabe is not installed')
	tap.done()


main()
