#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a release is made of on this Debian, as CycloneDX: packaging/sbom.sh VERSION FOLDER DEBSBOM PROGRAM...
# DEBSBOM is the folder of PyPI's debsbom, which adds to each package what dpkg and apt know of it. The same commit on the same
# system makes the same octets: times are SOURCE_DATE_EPOCH (without it, the commit's), the serial number follows from the version.
set -euo pipefail
export LC_ALL=C TZ=UTC
version=$1 folder=$2 tool=$3
shift 3
top=$(cd "$(dirname "$0")/.." && pwd)
[ -d "$tool" ] || { echo "sbom: debsbom is not there" >&2; exit 1; }
epoch=${SOURCE_DATE_EPOCH:-$(git -c "safe.directory=*" -C "$top" log -1 --format=%ct)}
serial=$(python3 -c 'import sys, uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "efd " + sys.argv[1]))' "$version")
packages=$("$top/packaging/notice.py" --packages "$@")
mkdir -p "$folder"
printf '%s\n' "$packages" | PYTHONPATH=$tool python3 "$tool/bin/debsbom" generate --from-pkglist --distro-arch "$(dpkg --print-architecture)" \
	-t cdx --with-licenses --distro-name efd --distro-version "$version" --timestamp "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)" \
	--cdx-serialnumber "$serial" -o "$folder/efd-$version"
echo "$folder/efd-$version.cdx.json"
