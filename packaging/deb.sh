#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian packages of what is committed, for the Debian that this runs on, and what lintian says of them: packaging/deb.sh FOLDER
# Their version is that of debian/changelog, and behind + which Debian it is: a package of 12 is none of 13.
set -euo pipefail
umask 022
mkdir -p "$1"
folder=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck disable=SC1091
release=$(. /etc/os-release && echo "deb$VERSION_ID")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/efd"
git -c "safe.directory=*" -C "$top" archive --format=tar HEAD | tar -xf - -C "$work/efd"
cd "$work/efd"
git -c "safe.directory=*" -C "$top" rev-parse HEAD | sed "1i $(dpkg-parsechangelog -S Version)" >VERSION
sed -i "1s/)/+$release)/" debian/changelog
dpkg-buildpackage -b -us -uc -j"$(nproc)"
cd ..
lintian --allow-root --fail-on error,warning ./*.changes
rm -f "$folder"/*.deb
cp ./*.deb ./*.changes ./*.buildinfo "$folder"
ls "$folder"/*.deb
