#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a program can check of STYLE.md: file and function lengths, first lines, banned calls, ARCHITECTURE.md. Prints TAP."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE_LINES, FUNCTION_LINES, COMPLEXITY = 600, 60, 15
BANNED = re.compile(r'\b(sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|gets|alloca)\s*\(')
TAG = 'SPDX-License-Identifier: Apache-2.0'
# text that must not be committed: paths of a machine
PRIVATE = re.compile(r'(?<![\w./-])/(work|root|home)/\w')


def tracked(*patterns):
    out = subprocess.run(['git', 'ls-files', '--', *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [f for f in out.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, f))]


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8', errors='replace') as f:
        return f.read()


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
    for path in c_files:
        text = read(path)
        if text.count('\n') > FILE_LINES:
            yield f'{path}: {text.count(chr(10))} lines, {FILE_LINES} at most'
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


def check_banned(c_files):
    for path in c_files:
        for i, line in enumerate(without_comments(read(path)).split('\n'), 1):
            if BANNED.search(line):
                yield f'{path}:{i}: {BANNED.search(line).group(1)} is not used here'


def check_private():
    for path in tracked():
        if path.endswith(('.png', '.pcap', '.bin', '.mmdb')) or path == 'tests/lint/test_style.py':
            continue
        for i, line in enumerate(read(path).split('\n'), 1):
            if PRIVATE.search(line):
                yield f'{path}:{i}: names a path of one machine'


MARK = '<!-- one line a file: `tests/lint/test_style.py --write` makes what follows from the files\' first sentences -->\n\n'


def check_architecture(c_files):
    if read('ARCHITECTURE.md').partition(MARK)[2] != file_list(c_files):
        yield 'the list of files is not current: tests/lint/test_style.py --write'


def check_complexity(c_files):
    if subprocess.run(['sh', '-c', 'command -v pmccabe'], capture_output=True).returncode:
        return
    out = subprocess.run(['pmccabe', *[f for f in c_files if f.endswith('.c')]], cwd=ROOT, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        part = line.split('\t')
        if len(part) >= 6 and int(part[0]) > COMPLEXITY:
            yield f'{part[5]}: complexity {part[0]}, {COMPLEXITY} at most'


def main():
    c_files = tracked('*.c', '*.h')
    if sys.argv[1:] == ['--write']:
        head = read('ARCHITECTURE.md').partition(MARK)[0]
        with open(os.path.join(ROOT, 'ARCHITECTURE.md'), 'w', encoding='utf-8') as f:
            f.write(head + MARK + file_list(c_files))
        return 0
    if not os.path.exists(os.path.join(ROOT, '.git')):
        print('1..0 # SKIP no git checkout')
        return 0
    checks = [('file and function lengths', check_sizes(c_files)), ('first lines', check_first_lines(c_files)),
              ('banned calls', check_banned(c_files)), ('no path of one machine', check_private()),
              ('the list of files in ARCHITECTURE.md', check_architecture(c_files)),
              ('complexity', check_complexity(c_files))]
    print(f'1..{len(checks)}')
    failed = 0
    for i, (name, findings) in enumerate(checks, 1):
        found = list(findings)
        failed += bool(found)
        print(f'{"not ok" if found else "ok"} {i} - {name}')
        for line in found:
            print(f'# {line}')
    return 1 if failed else 0


sys.exit(main())
