#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the libraries of libraries.csv below PREFIX, static, for the machine and C library that CC compiles for.
#
# usage: tests/portability/libraries.sh SOURCES PREFIX TRIPLET CC [NAME=VALUE...]     e.g. … s390x-linux-gnu s390x-linux-gnu-gcc
#
# Sources are the original archives that Debian keeps, asked for by apt-get and compared with the checksums in the table;
# SOURCES keeps them. A library that PREFIX holds in that version is not built again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sources=$1 prefix=$2 triplet=$3 cc=$4
bin=${triplet/%-linux-musl/-linux-gnu}-	# tools beside the compiler know no C library
[ "$triplet" != "$(uname -m)-linux-musl" ] || bin=
export AR=${bin}ar RANLIB=${bin}ranlib STRIP=${bin}strip NM=${bin}nm
export CFLAGS="-O2 -g -fPIE" CPPFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib"
export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig PKG_CONFIG_PATH=

die() { echo "libraries: $*" >&2; exit 1; }

# An apt of its own, for sources. The security archive comes last: it lists original archives that only the main one holds.
sources_apt() { # COMMAND...
	local apt=$sources/apt own
	own=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$apt/lists"
		-o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root)
	if [ ! -e "$apt/sources.list" ]; then
		mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
		sed -n 's/^deb /deb-src /p' /etc/apt/sources.list.d/*.list |
			awk '/security/ {late = late $0 "\n"; next} 1; END {printf "%s", late}' >"$apt/sources.list"
		apt-get "${own[@]}" -qq update >&2
	fi
	"$1" "${own[@]}" -q "${@:2}"
}

fetch() { # LIBRARY VERSION FILE SHA256
	local full
	mkdir -p "$sources"
	if [ ! -e "$sources/$3" ]; then
		# A mirror may lack the newest revision of a package: any with this original archive will do.
		for full in $(sources_apt apt-cache showsrc "$1" | sed -n 's/^Version: //p' | grep -E "^([0-9]+:)?${2//./\\.}-" | sort -uVr); do
			(cd "$sources" && sources_apt apt-get source --download-only --tar-only "$1=$full") && break
		done >&2 || true
		[ -e "$sources/$3" ] || die "Debian has no $1 $2 any more; look at what it has and change the row in libraries.csv"
	fi
	echo "$4  $sources/$3" | sha256sum --quiet -c - || die "$3 is not what libraries.csv says: remove it and look"
}

configure() { # OPTION...
	./configure --host="$triplet" --prefix="$prefix" --libdir="$prefix/lib" --disable-shared --enable-static "$@" CC="$cc"
	make -j"$(nproc)"
	make install
}

with_cmake() { # OPTION...
	cmake -S . -B build -DCMAKE_C_COMPILER="$cc" -DCMAKE_AR="$(command -v "$AR")" -DCMAKE_RANLIB="$(command -v "$RANLIB")" \
		-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${triplet%%-*}" -DCMAKE_BUILD_TYPE=None \
		-DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF \
		-DCMAKE_POSITION_INDEPENDENT_CODE=ON "$@"
	cmake --build build -j"$(nproc)"
	cmake --install build
}

pc() { # NAME FLAG: what pkg-config says of the library
	mkdir -p "$prefix/lib/pkgconfig"
	printf 'Name: %s\nDescription: %s\nVersion: %s\nLibs: -L%s %s\nCflags: -I%s\n' \
		"$1" "$1" "$version" "$prefix/lib" "$2" "$prefix/include" >"$prefix/lib/pkgconfig/$1.pc"
}

# Only what efd and efctl use of each.
build_zlib() {
	CHOST=$triplet CC=$cc ./configure --static --prefix="$prefix"
	make -j"$(nproc)" libz.a
	make install
}
build_openssl() {
	local machine=linux-${triplet%%-*}
	[ "$machine" != linux-s390x ] || machine=linux64-s390x
	CC=$cc ./Configure "$machine" no-shared no-tests no-module no-engine no-legacy no-async no-comp no-ssl3 no-dtls no-srp \
		no-psk no-idea no-seed no-aria no-camellia no-sm2 no-sm3 no-sm4 no-bf no-cast no-rc2 no-md4 no-rmd160 no-whirlpool \
		--prefix="$prefix" --libdir=lib --openssldir=/etc/ssl
	make -j"$(nproc)" build_libs
	make install_dev
}
build_curl() {
	configure --with-openssl="$prefix" --with-zlib="$prefix" --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
		--without-brotli --without-zstd --without-libpsl --without-libidn2 --without-nghttp2 --without-librtmp \
		--without-libssh2 --without-libgsasl --disable-ldap --disable-manual --disable-ftp --disable-file --disable-rtsp \
		--disable-dict --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp \
		--disable-gopher --disable-mqtt --disable-docs
}
build_jansson() { with_cmake -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF; }
build_libmaxminddb() { with_cmake -DBUILD_TESTING=OFF -DMAXMINDDB_BUILD_BINARIES=OFF; }
build_libpcap() {
	configure --without-libnl --disable-usb --disable-usbmon --disable-netmap --disable-dbus --disable-bluetooth --disable-rdma
}
build_libyaml() {
	with_cmake -DBUILD_TESTING=OFF
	pc yaml-0.1 -lyaml	# CMake installs none
}
build_libdeflate() {
	make -j"$(nproc)" CC="$cc" AR="$AR" CFLAGS="$CFLAGS" libdeflate.a
	install -m 644 libdeflate.h "$prefix/include/"
	install -m 644 libdeflate.a "$prefix/lib/"
	pc libdeflate -ldeflate
}
build_libmicrohttpd() { configure --disable-https --disable-doc --disable-examples --disable-curl --disable-postprocessor; }
build_libseccomp() { configure; }
build_cmocka() {
	with_cmake -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF
	rm -f "$prefix"/lib/libcmocka*	# it always makes a shared one, too
	install -m 644 "$(find build -name 'libcmocka*.a')" "$prefix/lib/libcmocka.a"
}

mkdir -p "$prefix/lib" "$prefix/include" "$prefix/log"
while IFS=, read -r library version file sum; do
	[ "$library" != library ] || continue
	done=$prefix/log/$library-$version
	[ ! -e "$done" ] || continue
	fetch "$library" "$version" "$file" "$sum"
	work=$(mktemp -d)
	tar -x -C "$work" --strip-components 1 -f "$sources/$file"
	set +e	# or a step that fails would not end the subshell
	(set -e; cd "$work"; "build_$library") >"$prefix/log/$library" 2>&1 </dev/null
	failed=$?
	set -e
	if [ $failed != 0 ]; then
		tail -30 "$prefix/log/$library" >&2
		die "$library $version does not build for $triplet (log $prefix/log/$library)"
	fi
	rm -rf "$work"
	touch "$done"
	echo "libraries: $library $version" >&2
done <"$here/libraries.csv"
