#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs fuzz targets one after the other, from the generated inputs, what earlier runs kept, and old findings.
# usage: run.sh BUILD SECONDS TARGET...
set -eu
build=$1 seconds=$2
shift 2
mkdir -p "$build/corpus" "$build/found"
"$build/tests/fuzz/seeds" "$build/corpus"
tests/fuzz/corpus.py "$build/corpus"
for target; do
	mkdir -p "$build/corpus/$target"
	inputs=("$build/corpus/$target")
	[ ! -d "tests/fuzz/found/$target" ] || inputs+=("tests/fuzz/found/$target")
	echo "$target: $seconds s"
	nice "$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix="$build/found/$target-" "${inputs[@]}" 2>&1 |
		tee "$build/found/$target.log" | grep -v '^INFO' >&2 || true
	if ! grep -q '^stat::number_of_executed_units' "$build/found/$target.log" ||
		grep -qE 'SUMMARY: |ERROR: ' "$build/found/$target.log"; then
		echo "$target: finding, see $build/found/" >&2
		exit 1
	fi
done
