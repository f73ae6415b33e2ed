#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Part of `make lint`: what lintian says of debian/ as a source package of what git tracks here. `make deb` asks it of the packages.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v lintian >/dev/null || ! command -v dpkg-source >/dev/null; then
	echo "1..0 # SKIP no lintian or dpkg-source"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/efd"
git -c "safe.directory=*" ls-files -z | xargs -0 cp --parents -t "$work/efd" --
cd "$work"
dpkg-source -q -Zgzip -z1 -b efd 2>source.log || { sed 's/^/# /' source.log; echo "not ok 1 - debian/ makes a source package"; echo 1..1; exit 1; }
echo "ok 1 - debian/ makes a source package"
code=0
lintian --allow-root --fail-on error,warning --tag-display-limit 0 ./*.dsc >said 2>&1 || code=$?
sed 's/^/# /' said
echo "$([ $code = 0 ] || echo "not ")ok 2 - lintian has no error and no warning"
echo 1..2
exit $((code != 0))
