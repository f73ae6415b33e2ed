#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds for another machine or C library and tests what came out; run.sh starts this in a Debian of its own, with the
# checkout at /src and room at /out.
#
# usage: tests/portability/inside.sh arm64|s390x|musl
# shellcheck disable=SC2317	# functions are called by the name of the check, and by ok
set -euo pipefail
cd /src
check=$1
out=/out/$check libs=/out/$check-libraries
export PYTHONDONTWRITEBYTECODE=1 DEBIAN_FRONTEND=noninteractive
# what must not be let through by a compiler that is lenient towards unknown functions
strict='-O2 -g -Werror=implicit-function-declaration -Werror=format -Werror=int-conversion'

packages() { tests/apt.sh python3 python3-yaml openssl "$@"; }

from_source() { # TRIPLET CC
	packages perl bison flex gperf cmake xz-utils bzip2 uthash-dev
	tests/portability/libraries.sh /out/sources "$libs" "$@"
	cp /usr/include/uthash.h /usr/include/utlist.h "$libs/include/"
	mkdir -p "$libs/bin"
	printf '#!/bin/sh\nPKG_CONFIG_LIBDIR=%s exec pkg-config --static "$@"\n' "$libs/lib/pkgconfig" >"$libs/bin/pkg-config"
	chmod +x "$libs/bin/pkg-config"
	variables=("CC=$2" HOSTCC=gcc "PKG_CONFIG=$libs/bin/pkg-config" "CPPFLAGS=-isystem $libs/include" "CFLAGS=$strict"
		"LDFLAGS=-L$libs/lib")
}

arm64() {
	local dev=() native=()
	dpkg --print-foreign-architectures | grep -qx arm64 || { dpkg --add-architecture arm64 && apt-get -qq update; }
	read -ra dev <<<"$(make -s deps | grep -oE 'lib[^ ]*-dev' | grep -v libc6 | tr '\n' ' ') libcmocka-dev"
	# this machine's, too, for the manual; but not of isa-l, whose packages exclude each other
	read -ra native <<<"${dev[*]/libisal-dev/}"
	packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static uthash-dev "${native[@]}" "${dev[@]/%/:arm64}"
	variables=(CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar PKG_CONFIG=aarch64-linux-gnu-pkg-config "CFLAGS=$strict")
	emulate='exec qemu-aarch64-static'
}

s390x() {
	packages gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static
	from_source s390x-linux-gnu s390x-linux-gnu-gcc
	variables+=(AR=s390x-linux-gnu-ar)
	emulate='exec qemu-s390x-static -L /usr/s390x-linux-gnu'
}

# musl's headers and the kernel's, and no others; programs start at any address though they are static.
musl() {
	local spec=$libs/musl.specs
	packages musl-tools linux-libc-dev
	mkdir -p "$libs/kernel" "$libs/bin"
	ln -sfn /usr/include/linux /usr/include/asm-generic "$libs/kernel/"
	ln -sfn "/usr/include/$(gcc -dumpmachine)/asm" "$libs/kernel/asm"
	sed -e 's/Scrt1\.o/rcrt1.o/; /^\*link:/{n;s/.*/-static -pie --no-dynamic-linker -z text -nostdlib/}' \
		"$(find /usr/lib -name musl-gcc.specs)" >"$spec"
	printf '#!/bin/sh\nexec gcc "$@" -specs %s -isystem %s\n' "$spec" "$libs/kernel" >"$libs/bin/cc"
	chmod +x "$libs/bin/cc"
	from_source "$(uname -m)-linux-musl" "$libs/bin/cc"
	emulate='exec'
}

# ---- what is built, and how it is tried ----

. tests/portability/tap.sh
"$check"
programs=(efd efctl tests/oracle/decode)
for t in tests/unit/test_*.c tests/property/test_*.c; do
	programs+=("${t%.c}")
done
captures=(/out/expected/*.out)

build() { make -s -j"$(nproc)" BUILD="$out" DEV=0 "VERSION=$VERSION" "${variables[@]}" "${programs[@]/#/$out/}"; }

installs() {
	rm -rf "$out/installed"
	make -s BUILD="$out" DEV=0 "VERSION=$VERSION" "${variables[@]}" DESTDIR="$out/installed" install &&
		grep -q '^\.TH EFD 8' "$out/installed/usr/local/share/man/man8/efd.8"
}

# Programs as the tests find them, each started by the emulator.
wrap() {
	local p
	for p in "${programs[@]}"; do
		mkdir -p "$(dirname "$out/run/$p")"
		printf '#!/bin/sh\n%s %s "$@"\n' "$emulate" "$out/$p" >"$out/run/$p"
		chmod +x "$out/run/$p"
	done
}

is_for() { # PROGRAM: the machine is the one that was asked for, for musl also: nothing else is loaded, and it moves
	case $check in
	arm64) readelf -h "$1" | grep -q 'Machine:.*AArch64' ;;
	s390x) readelf -h "$1" | grep -q 'Data:.*big endian' ;;
	musl) readelf -h "$1" | grep -q 'Type:.*DYN' && ! readelf -ld "$1" | grep -E 'NEEDED|INTERP' ;;
	esac
}

tests() { BUILD=$out/run tests/run.py -t 3600 "$@" | tee /dev/stderr | tail -1 | grep -q ' 0 failed'; }

# The lines, complaints and counters that this very decoder gives for each capture on the host.
same_as_host() {
	local want name from err
	err=$(mktemp)
	for want in "${captures[@]}"; do
		name=$(basename "$want" .out)
		from=/src/tests/captures/$name
		[ -e "$from" ] || from=/captures/$name
		"$out/run/tests/oracle/decode" "$from" 2>"$err" | cmp - "$want" && cmp "$err" "${want%.out}.err" || return 1
	done
}

rm -rf "$out"
ok "$check: builds" build
[ $failed = 0 ] || finish
wrap
for p in efd efctl; do ok "$check: $p is a program for it: $("$out/run/$p" --version 2>&1 | head -1)" is_for "$out/$p"; done
[ "$check" != arm64 ] || ok "$check: is installed with its manual" installs
ok "$check: golden cases" tests tests/golden/test_golden.py
ok "$check: totals of our captures" tests tests/captures/test_captures.py
ok "$check: ${#captures[@]} captures are decoded as on the host" same_as_host
ok "$check: unit tests" tests "$out"/run/tests/unit/test_* "$out"/run/tests/property/test_*
# efd as it runs, whatever goes wrong on the other side: the network and the processor are this machine's
[ "$check" != musl ] || ok "$check: efd and a server that fails in every way" tests tests/fault/test_faults.py
finish
