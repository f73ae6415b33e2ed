#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/promtool.sh FILE: put Prometheus' promtool at FILE. Its package is unpacked, not installed, since that would start a server.
set -euo pipefail

out=$1
mkdir -p "$(dirname "$out")"
if installed=$(command -v promtool); then
	exec ln -sf "$installed" "$out"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"	# apt-get may fetch as a user of its own
cd "$folder"
if ! log=$(apt-get -q download prometheus 2>&1 && dpkg-deb -x prometheus_*.deb . 2>&1); then
	echo "no promtool: the Debian package prometheus could not be fetched (${log##*$'\n'})" >&2
	exit 0	# the test that wants it says that it was skipped
fi
cd "$OLDPWD"
cp "$folder/usr/bin/promtool" "$out"
