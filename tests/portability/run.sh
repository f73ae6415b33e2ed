#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Other machines, another C library, and builds that are equal octet for octet. By hand: `make portability`.
#
# usage: VERSION=0.1.0 tests/portability/run.sh CHECK...
#
#   arm64         cross build with Debian's packages, installed; golden cases, captures, unit tests under qemu
#   s390x         the same on a big-endian machine, libraries from source
#   musl          static programs that need nothing but the kernel, libraries from source; the same tests
#   signed-char   the quick tests where `char` has the other sign than in our builds
#   reproducible  two builds that differ in folder, user, home, umask, locale, time zone and jobs
#
# The first three work in a Debian of their own (tests/root/root; as root) below build-portability, which keeps libraries
# from one run to the next; `make clean` removes all. Captures of others are decoded too where ../shared/captures has some.
# shellcheck disable=SC2317	# ok calls functions
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
work=$PWD/build-portability
captures=${CAPTURES:-../shared/captures}
. tests/portability/tap.sh

# ---- in the Debian of its own ----

# What this machine makes of each capture: the other ones must make the same of it.
expected() {
	local f to
	rm -rf "$work/out/expected"
	mkdir -p "$work/out/expected"
	make -s -j"$(nproc)" BUILD="$work/host" "$work/host/tests/oracle/decode" >&2
	for f in tests/captures/*.pcap "$captures"/pcap/*.pcap*; do
		to=$work/out/expected/$(basename "$f")
		[ ! -f "$f" ] || "$work/host/tests/oracle/decode" "$f" >"$to.out" 2>"$to.err"
	done
}

cross() { # CHECK
	local binds=(-b .:/src -w "$work/out:/out")
	[ ! -d "$captures/pcap" ] || binds+=(-b "$captures/pcap:/captures")
	tests/root/root run "${binds[@]}" -e "VERSION=${VERSION:?run by make portability}" \
		"$work/root" bash /src/tests/portability/inside.sh "$1"
}

# ---- on this machine ----

signed_char() {
	make -s -j"$(nproc)" check BUILD="$work/signed-char" CFLAGS='-O2 -fsigned-char'
}

case "${1:-}" in
'') sed -n '3,/^# shellcheck/{/^# shellcheck/!s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
case " $* " in
*" arm64 "* | *" s390x "* | *" musl "*)
	[ -x "$work/root/bin/sh" ] || tests/root/root make bookworm "$work/root" ca-certificates pkg-config gcc libc6-dev make
	expected
	;;
esac
for check in "$@"; do
	case $check in
	arm64 | s390x | musl) cross "$check" || failed=1 ;;
	signed-char) ok "make check with signed char" signed_char ;;
	reproducible) ok "builds are equal" "$here/reproducible.sh" ;;
	*) echo "run.sh: there is no check '$check'" >&2; exit 2 ;;
	esac
done
finish
