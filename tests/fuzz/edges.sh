#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How many edges of the code a fuzz target reaches with all inputs in the folders, one after the other: a target may have state, so
# the corpus of the tree goes first, in its order. usage: edges.sh PROGRAM FOLDER...
set -eu
program=$1
shift
list=$(mktemp)
trap 'rm -f "$list"' EXIT
for folder; do
	find "$folder" -type f | LC_ALL=C sort
done | paste -sd, | tr -d '\n' > "$list"
"$program" -runs=0 -seed=1 -shuffle=0 -prefer_small=0 -max_len=65536 -seed_inputs="@$list" 2>&1 |
	sed -n 's/.*INITED cov: \([0-9]*\).*/\1/p'
