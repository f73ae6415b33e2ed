#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Can tests/package/test_elf.py fail? Builds once with each protection switched off, as a packager would do it, and demands that the
# test notices. Also shows that the packager's flags win over ours.
#
# usage: tests/package/elf_proof.sh [directory for the builds]
set -eu
cd "$(dirname "$0")/../.."
BUILD=${1:-build-proof}
export BUILD
bad=0

build() { # flags to compile, flags to link
	make -s -j2 DEV=0 BUILD="$BUILD" CFLAGS="-O1 $1" LDFLAGS="$2" all > "$BUILD.log" 2>&1 || {
		tail -n 20 "$BUILD.log" >&2
		echo "elf_proof: the build with '$1$2' fails" >&2
		exit 1
	}
}

without() { # what the test must notice, flags to compile, flags to link
	build "$2" "$3"
	if tests/package/test_elf.py > "$BUILD.log" 2>&1 || ! grep -q "^not ok .*$1" "$BUILD.log"; then
		echo "NOT NOTICED  $2$3: $1"
		bad=1
	else
		echo "noticed      $2$3: $(grep -c '^not ok' "$BUILD.log") not ok, $1"
	fi
}

build '' ''
tests/package/test_elf.py > "$BUILD.log" || { cat "$BUILD.log"; echo "elf_proof: with all of them the test must pass"; exit 1; }
echo "passes       with all of them"

# a section that is writable and executable
printf '.section .both, "awx", %%progbits\n.byte 0\n.section .note.GNU-stack, "", %%progbits\n' |
	${CC:-cc} -c -x assembler -o "$BUILD/both.o" -
without 'position-independent' '' '-no-pie'
without 'bound at the start' '' '-Wl,-z,lazy'
without 'read-only after relocation' '' '-Wl,-z,norelro'
without 'the stack is not executable' '' '-Wl,-z,execstack'
without 'writable and executable' '' "$BUILD/both.o"
without 'only code is executable' '' '-Wl,-z,noseparate-code'
without 'stacks are checked' '-fno-stack-protector' ''
without 'checked functions' '-U_FORTIFY_SOURCE' ''
case $(${CC:-cc} -dumpmachine) in
x86_64*)
	without 'large frames are probed' '-fno-stack-clash-protection' ''
	without 'control flow' '-fcf-protection=none' ''
	;;
aarch64*)
	without 'control flow' '-mbranch-protection=none' ''
	;;
esac
rm -rf "$BUILD" "$BUILD.log"
exit $bad
