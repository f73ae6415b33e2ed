#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# packaging/before-uninstall.sh: what a package's script does before its files go: nothing of ours runs, or starts again.
set -eu
[ -d /run/systemd/system ] || exit 0
for unit in efd.socket efd.service efd-feeds.timer efd-feeds.service efd-inventory.timer efd-inventory.service; do
	systemctl disable --now "$unit" 2>/dev/null || true
done
