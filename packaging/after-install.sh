#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# packaging/after-install.sh PREFIX: what a package's script does after its files are there: the users, the room for
# socket buffers, and systemd's knowledge of the units. For `make install` into the running system, without DESTDIR.
set -eu
prefix=$1

# the users and groups of efd, and of the timers of threat feeds and inventories
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers "$prefix/lib/sysusers.d/efd.conf" "$prefix/lib/sysusers.d/efd-feeds.conf" "$prefix/lib/sysusers.d/efd-inventory.conf"
else
	getent passwd efd >/dev/null ||
		useradd --system --user-group --home-dir /var/lib/efd --no-create-home --shell /usr/sbin/nologin \
			--comment 'Network flow collector' efd
	getent passwd efd-feeds >/dev/null ||
		useradd --system --user-group --home-dir / --no-create-home --shell /usr/sbin/nologin \
			--comment 'Threat feeds for network flows' efd-feeds
	getent passwd efd-inventory >/dev/null ||
		useradd --system --user-group --home-dir / --no-create-home --shell /usr/sbin/nologin \
			--comment 'Inventories for network flows' efd-inventory
fi

# Not every system lets itself be told (a container does not): efd then says by itself how much it got.
if command -v sysctl >/dev/null; then
	sysctl -q -p "$prefix/lib/sysctl.d/50-efd.conf" 2>/dev/null ||
		echo "net.core.rmem_max could not be set now; a start of the system does it" >&2
fi

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
