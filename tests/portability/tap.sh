# SPDX-License-Identifier: Apache-2.0
# Tests of commands, for shell scripts: source this.
# shellcheck shell=bash
count=0 failed=0

# ok NAME COMMAND…: a TAP line for the command; the end of what it printed follows when it failed.
ok() {
	local name=$1 log
	shift
	log=$(mktemp)
	count=$((count + 1))
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		failed=1
		tail -40 "$log" | sed 's/^/# /'
	fi
	rm -f "$log"
}

finish() {
	[ $count = 0 ] || echo "1..$count"
	exit $failed
}
