#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs fuzz targets, JOBS (2) at a time, from the generated inputs, the corpus and the old findings in the tree, and what earlier
# runs kept; then says how many edges of the code each one's inputs reach, and fails where that is less than tests/fuzz/edges.csv has
# for this compiler. usage: run.sh BUILD SECONDS TARGET...
set -eu
build=$1 seconds=$2
shift 2
edges=tests/fuzz/edges.csv
compiler=$(cat "$build/tests/fuzz/compiler")

fuzz() {
	local target=$1 inputs=("$build/corpus/$1") log=$build/found/$1.log
	[ ! -d "tests/fuzz/found/$target" ] || inputs+=("tests/fuzz/found/$target")
	nice "$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix="$build/found/$target-" "${inputs[@]}" >"$log" 2>&1 || true
	if ! grep -q '^stat::number_of_executed_units' "$log" || grep -qE 'SUMMARY: |ERROR: ' "$log"; then
		grep -v '^INFO' "$log" | tail -40 >&2
		echo "$target: finding, see $build/found/" >&2
		return 1
	fi
	local runs got before
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	got=$(tests/fuzz/edges.sh "$build/tests/fuzz/$target" "${inputs[@]}")
	before=$(awk -F, -v t="$target" -v c="$compiler" '$1 == t && $2 == c { print $3 }' "$edges")
	echo "$target: $seconds s, $runs runs, ${got:-no} edges (${before:-none} known for $compiler)"
	[ "${got:-0}" -ge "${before:-1}" ] || { echo "$target: fewer edges than tests/fuzz/edges.csv has" >&2; return 1; }
}

mkdir -p "$build/corpus" "$build/found"
for target; do
	mkdir -p "$build/corpus/$target"
done
"$build/tests/fuzz/seeds" "$build/corpus"
tests/fuzz/corpus.py "$build/corpus"
failed=0
for target; do
	while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-2}" ]; do
		wait -n || failed=1
	done
	[ "$failed" = 0 ] || break
	fuzz "$target" &
done
while [ -n "$(jobs -p)" ]; do
	wait -n || { [ $? -eq 127 ] && break; failed=1; }
done
exit "$failed"
