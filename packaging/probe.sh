#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which of these flags a compiler takes, for the Makefile: packaging/probe.sh file 'compiler' flag...
# The answer is kept in the file, under a first line that names the compiler and the question.
set -eu
kept=$1 cc=$2
shift 2
version=$($cc --version 2>/dev/null | head -n 1)
[ "$version" ] || exit 0 # no compiler: nothing is known, and nothing is kept
key="# $cc, $version: $*"
if [ "$(head -n 1 "$kept" 2>/dev/null)" != "$key" ]; then
	mkdir -p "$(dirname "$kept")"
	new=$kept.$$
	trap 'rm -f "$new" "$new.out"' EXIT
	echo "$key" > "$new"
	for flag in "$@"; do
		if echo 'int main(void) { return 0; }' | $cc -Werror "$flag" -x c -o "$new.out" - 2>/dev/null; then
			echo "$flag" >> "$new"
		fi
	done
	mv "$new" "$kept"
fi
tail -n +2 "$kept" | tr '\n' ' '
