#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs of PyPI in a folder of their own: packaging/pypi.sh FOLDER NAME==VERSION...      (PYTHONPATH=FOLDER python3 -m …)
# Where they cannot be fetched there is no folder afterwards, and whoever wants it says what that means.
set -euo pipefail

out=$1
shift
folder=$out.new
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
if ! log=$(python3 -m pip --disable-pip-version-check install -q --only-binary=:all: --target "$folder" "$@" 2>&1); then
	echo "could not be fetched from PyPI: $* (${log##*$'\n'})" >&2
	exit 0
fi
rm -rf "$out"
mv "$folder" "$out"
