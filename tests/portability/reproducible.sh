#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds what is committed twice and compares the programs and the manual octet for octet. The two differ in folder, user
# (as root), home, umask, locale, time zone, number of jobs and the moment.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
printf '[safe]\n\tdirectory = *\n' >"$work/.gitconfig"

# A locale that spells, sorts and counts otherwise than C, where its source is installed (Debian: locales).
locale=C.UTF-8
if localedef -i tr_TR -f UTF-8 "$work/tr_TR.UTF-8" >/dev/null 2>&1; then locale=tr_TR.UTF-8; fi

build() { # FOLDER UMASK JOBS NAME=VALUE… [-- COMMAND that starts a shell as somebody else]
	local dir=$1 mask=$2 jobs=$3 env=() as=()
	shift 3
	while [ $# -gt 0 ] && [ "$1" != -- ]; do env+=("$1") && shift; done
	[ $# = 0 ] || as=("${@:2}")
	mkdir -p "$dir"
	[ ${#as[@]} = 0 ] || chown nobody "$dir"
	# shellcheck disable=SC2016	# the inner shell expands
	"${as[@]}" env -i PATH="$PATH" LOCPATH="$work" HOME="$work" "${env[@]}" bash -c '
		umask "$1" && git clone -q --no-local "file://$2" "$3/checkout" && cd "$3/checkout" &&
		make -s -j"$4" DEV=0 all build/efd.8' build "$mask" "$top" "$dir" "$jobs"
}

somebody=()
if [ "$(id -u)" = 0 ]; then somebody=(-- setpriv --reuid nobody --regid nogroup --clear-groups); fi
build "$work/a" 022 1 LC_ALL=C TZ=UTC USER=builder
build "$work/b/deeper/down" 077 4 "LC_ALL=$locale" TZ=Pacific/Kiritimati USER=somebody LANG=de_DE.UTF-8 "${somebody[@]}"

differ=0
for f in efd efctl efd.8; do
	one=$work/a/checkout/build/$f two=$work/b/deeper/down/checkout/build/$f
	if cmp "$one" "$two"; then
		sha256sum "$one" | sed "s# .*#  $f#"
	else
		differ=1
		diff <(strings -a "$one") <(strings -a "$two") | head -10
	fi
done
exit $differ
