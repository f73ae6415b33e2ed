#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/validators.sh FOLDER: put into FOLDER what judges files for other people's programs by their published schemas:
# check-jsonschema (compose files, GitHub's workflows) and kubernetes-validate, from PyPI.
set -euo pipefail

out=$1
folder=$out.new
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
if ! log=$(python3 -m pip --disable-pip-version-check install -q --only-binary=:all: --target "$folder" \
	check-jsonschema==0.39.0 kubernetes-validate==1.37.0 2>&1); then
	echo "no validators: PyPI's check-jsonschema and kubernetes-validate could not be fetched (${log##*$'\n'})" >&2
	exit 0	# the test that wants them says that it was skipped
fi
rm -rf "$out"
mv "$folder" "$out"
