#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the corpus in the tree anew: of all that a build's targets found and what is there, the fewest inputs that reach the same
# edges; and writes how many that are. usage: keep.sh BUILD TARGET...
set -eu
build=$1
shift
compiler=$(cat "$build/tests/fuzz/compiler")
edges=tests/fuzz/edges.csv
"$build/tests/fuzz/seeds" "$build/corpus"
tests/fuzz/corpus.py "$build/corpus"
for target; do
	few=$build/few/$target
	rm -rf "$few"
	mkdir -p "$few"
	inputs=("$build/corpus/$target")
	[ ! -d "tests/fuzz/found/$target" ] || inputs+=("tests/fuzz/found/$target")
	"$build/tests/fuzz/$target" -merge=1 -max_len=4096 -timeout=5 -rss_limit_mb=1024 "$few" "${inputs[@]}" 2>/dev/null
	tests/fuzz/corpus.py --keep "$target" "$few"
	tests/fuzz/corpus.py "$build/corpus"
	rm -r "$few"
	mkdir "$few"
	cp "$build/corpus/$target"/+* "$few"
	got=$(tests/fuzz/edges.sh "$build/tests/fuzz/$target" "$few")
	{ grep -v "^$target,$compiler," "$edges" || true; echo "$target,$compiler,$got"; } > "$build/edges"
	{ echo target,compiler,edges; grep -v '^target,' "$build/edges" | LC_ALL=C sort; } > "$edges"
	echo "$target: $(find "$few" -type f | wc -l) inputs, $got edges"
done
