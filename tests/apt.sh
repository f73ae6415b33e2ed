#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/apt.sh PACKAGE...: install the Debian packages that are not there yet; quick and silent when all are.
set -euo pipefail

missing=()
for p in "$@"; do
	dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q '^install ok installed' || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0
command -v apt-get >/dev/null || {
	echo "this is no Debian; install what stands for these packages: ${missing[*]}" >&2
	exit 1
}
as_root=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "as root, run: apt-get install -y --no-install-recommends ${missing[*]}" >&2
		exit 1
	}
	as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing Debian packages: ${missing[*]}" >&2
for step in "update" "install -y --no-install-recommends ${missing[*]}"; do
	# shellcheck disable=SC2086
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q $step >"$log" 2>&1 || {
		tail -20 "$log" >&2
		echo "apt-get ${step%% *} failed" >&2
		exit 1
	}
done
