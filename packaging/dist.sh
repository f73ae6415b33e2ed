#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tarball of a release, out of what is committed: packaging/dist.sh VERSION FOLDER
# The same commit makes the same octets, whoever runs this, where and when: names are sorted, owners are 0, times are
# SOURCE_DATE_EPOCH (without it, the commit's). In it is a file VERSION: the version, and the commit.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC
version=$1 folder=$2
top=$(cd "$(dirname "$0")/.." && pwd)
git=(git -c "safe.directory=*" -C "$top")
name=efd-$version
epoch=${SOURCE_DATE_EPOCH:-$("${git[@]}" log -1 --format=%ct)}
[ -z "$("${git[@]}" status --porcelain --untracked-files=no)" ] ||
	echo "dist: what is not committed is not in it" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
"${git[@]}" archive --format=tar --prefix="$name/" HEAD | tar -xf - -C "$work"
printf '%s\n%s\n' "$version" "$("${git[@]}" rev-parse HEAD)" > "$work/$name/VERSION"
tar --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
	-cf - -C "$work" "$name" | gzip -9n > "$folder/$name.tar.gz.new"
mv "$folder/$name.tar.gz.new" "$folder/$name.tar.gz"
(cd "$folder" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
echo "$folder/$name.tar.gz"
