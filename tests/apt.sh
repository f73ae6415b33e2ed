#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/apt.sh PACKAGE...: install the Debian packages that are not there yet; quick and silent when all are.
# A PACKAGE may be a choice, "a|b": any of them that is there will do, else the first that this release has is installed.
# tests/apt.sh --choose PACKAGE...: only print them, each choice settled.
set -euo pipefail

choose=
[ "${1:-}" != --choose ] || { choose=1; shift; }
if ! command -v apt-get >/dev/null; then
	[ "$choose" ] && echo "${@%%|*}" || echo "no Debian: taken to be here is what stands for ${*%%|*}" >&2
	exit 0
fi

# What is there: packages, and what they provide (NodeSource's nodejs provides npm, and conflicts with Debian's).
installed=" $({ dpkg-query -W -f '${Status}|${Package}, ${Provides}\n' 2>/dev/null || true; } |
	sed -n 's/^install ok installed|//p' | sed 's/ *([^)]*)//g; s/:[a-z0-9]*//g' | tr ',\n' '  ') "

# The packages to install for one that is wanted: itself, or one of a choice.
settle() {
	local p
	for p in ${1//|/ }; do
		[[ "$1" != *"|"* || $(LC_ALL=C apt-cache policy "$p" 2>/dev/null) =~ "  Candidate: "[^\(] ]] || continue
		echo "$p"
		return
	done
	echo "${1##*|}"
}

missing=()
for want in "$@"; do
	there=
	for p in ${want//|/ }; do
		[[ "$installed" != *" $p "* ]] || { there=$p; break; }
	done
	[ -z "$choose" ] || settle "${there:-$want}"
	[ "$there" ] || missing+=("$want")
done
[ ! "$choose" ] && [ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "as root, run: apt-get install -y --no-install-recommends $(for p in "${missing[@]}"; do settle "$p"; done | tr '\n' ' ')" >&2
		exit 1
	}
	as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# What an installation may fail of: its end is shown, and a download that failed is called that.
apt() {
	# one at a time: apt-get itself does not wait for another one that downloads
	"${as_root[@]}" flock /var/cache/apt/archives env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q "$@" >"$log" 2>&1 && return
	tail -20 "$log" >&2
	if grep -qE '^(E|Err).*(Failed to fetch|Could not (resolve|connect)|Unable to (fetch|connect)|Temporary failure)' "$log"; then
		echo "apt-get could not download; for: ${missing[*]}" >&2
	else
		echo "apt-get $1 failed; for: ${missing[*]}" >&2
	fi
	exit 1
}
echo "installing Debian packages: ${missing[*]}" >&2
apt -o APT::Update::Error-Mode=any update
mapfile -t missing < <(for p in "${missing[@]}"; do settle "$p"; done)
apt -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
