#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# deps.sh make|build|test...   install what is missing of that group, through sudo when not root
# deps.sh bpftool              print the path of a bpftool that works
#
# A line of the table below is looked for by what it is (a command, a header), not by its package,
# so that nothing is installed, and no package manager needed, where it is already there.
set -eu

# group, what to look for, Debian package, Fedora package, what it is for.
# "test?" is optional: what it serves is skipped, and counted as skipped, where it cannot be had.
# "unpack": one program out of a package that is not installed, as it would run a server on an open
# port; optional as well. promtool and node_exporter are 23 MB to fetch.
# A package list with | holds alternatives: the first one the distribution knows is taken.
table() {
	cat <<'END'
make   cmd:make                  make                   make                     GNU make
build  cmd:gcc                   gcc                    gcc                      C compiler
build  hdr:stdio.h               libc6-dev              glibc-devel              C library headers
build  cmd:clang                 clang                  clang                    BPF compiler
build  cmd:llvm-strip            llvm                   llvm                     llvm-strip
build  fun:bpftool               bpftool|linux-tools-generic  bpftool            bpftool (skeletons)
build  hdr:bpf/libbpf.h          libbpf-dev             libbpf-devel             libbpf headers
build  hdr:gelf.h                libelf-dev             elfutils-libelf-devel    libelf headers
build  hdr:elfutils/libdwfl.h    libdw-dev              elfutils-devel           libdw: symbols, DWARF
build  fun:iberty                libiberty-dev          binutils-devel           libiberty: demangling
build  hdr:zlib.h                zlib1g-dev             zlib-devel               zlib headers
build  hdr:sys/capability.h      libcap-dev             libcap-devel             libcap headers
build  hdr:sqlite3.h             libsqlite3-dev         sqlite-devel             SQLite headers
build  hdr:json-c/json.h         libjson-c-dev          json-c-devel             json-c headers
build  cmd:pkg-config            pkg-config             pkgconf-pkg-config       pkg-config
test   hdr:cmocka.h              libcmocka-dev          libcmocka-devel          unit test library
test   lib:libasan               gcc                    libasan                  address sanitizer
test   lib:libubsan              gcc                    libubsan                 undefined behaviour sanitizer
test   cmd:bats                  bats                   bats                     command line tests
test   cmd:jq                    jq                     jq                       JSON queries
test   cmd:sqlite3               sqlite3                sqlite                   SQLite shell
test   cmd:python3               python3                python3                  JSON schema checks
test   cmd:ps                    procps                 procps-ng                ps, pgrep
test   cmd:setpriv               util-linux             util-linux               setpriv, setsid
test?  cmd:qemu-system-x86_64    qemu-system-x86        qemu-system-x86-core     guests with other kernels
test?  fun:static_busybox        busybox-static         busybox                  guests' programs
test?  cmd:cpio                  cpio                   cpio                     guests' initramfs
test?  cmd:mkfs.ext4             e2fsprogs              e2fsprogs                guests' disk
test?  cmd:debootstrap           debootstrap            debootstrap              the guest with systemd
test?  fun:clang_format          clang-format-14        -                        clang-format, version 14
test?  cmd:shellcheck            shellcheck             ShellCheck               shell script checks
test?  cmd:cppcheck              cppcheck               cppcheck                 static analysis
test?  fun:fuzzer                libclang-rt-dev        compiler-rt              clang's libFuzzer and sanitizers
test?  fun:cross_gcc             gcc-aarch64-linux-gnu  gcc-aarch64-linux-gnu    compiler for arm64
test?  cmd:protoc                protobuf-compiler      protobuf-compiler        reads back what pprof gets
test?  cmd:xz                    xz-utils               xz                       a program with MiniDebugInfo
test?  fun:cross_libc            libc6-dev-arm64-cross  -                        C library headers for arm64
test?  fun:jemalloc             libjemalloc2           jemalloc                 an allocator that is traced
test?  fun:tcmalloc             libtcmalloc-minimal4   gperftools-libs          an allocator that is traced
test?  fun:mimalloc             libmimalloc2.0         mimalloc                 an allocator that is traced
unpack tool:promtool             prometheus             -                        checks of metrics and alert rules
unpack tool:prometheus-node-exporter  prometheus-node-exporter  -              the reader of our metrics
END
}

sysroot=${DEPS_SYSROOT:-} # where the tests have a machine of their own

say() {
	echo "deps: $*" >&2
}

# --- is it there? --------------------------------------------------------------------------------

# Ubuntu's bpftool is a wrapper that wants the tools of the running kernel; any version's will do.
find_bpftool() {
	for tool in "$(command -v bpftool || :)" "$sysroot"/usr/sbin/bpftool \
		"$sysroot"/usr/local/sbin/bpftool "$sysroot"/usr/lib/linux-tools/*/bpftool \
		"$sysroot"/usr/lib/linux-tools-*/bpftool; do
		if [ -x "$tool" ] && "$tool" version >/dev/null 2>&1; then
			echo "$tool"
			return 0
		fi
	done
	return 1
}

has_bpftool() {
	find_bpftool >/dev/null
}

has_clang_format() {
	command -v clang-format-14 >/dev/null ||
		clang-format --version 2>/dev/null | grep -q ' version 14\.'
}

has_static_busybox() {
	command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1
}

# ldconfig is not on everybody's path.
has_loadable() {
	PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -q "^[[:space:]]*$1"
}

has_jemalloc() {
	has_loadable libjemalloc.so.2
}

has_tcmalloc() {
	has_loadable libtcmalloc_minimal.so
}

has_mimalloc() {
	has_loadable libmimalloc.so
}

has_fuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null
}

# An arm64 machine needs no cross compiler: its own build is that test.
is_arm64() {
	[ "$(uname -m)" = aarch64 ]
}

has_cross_gcc() {
	is_arm64 || command -v aarch64-linux-gnu-gcc >/dev/null
}

has_cross_libc() {
	is_arm64 || echo '#include <stdio.h>' |
		aarch64-linux-gnu-gcc -E -o /dev/null - 2>/dev/null ||
		[ -e "$sysroot/usr/aarch64-linux-gnu/include/stdio.h" ]
}

# A static library. Its header is in one of two places.
has_iberty() {
	[ "$(gcc -print-file-name=libiberty.a 2>/dev/null)" != libiberty.a ] &&
		command -v gcc >/dev/null &&
		{ has_header libiberty/demangle.h || has_header demangle.h; }
}

has_header() {
	for dir in /usr/include /usr/local/include "/usr/include/$(uname -m)-linux-gnu"; do
		[ ! -e "$sysroot$dir/$1" ] || return 0
	done
	return 1
}

has_command() {
	command -v "$1" >/dev/null || [ -x "$sysroot/usr/sbin/$1" ] ||
		# llvm-strip-14 beside no llvm-strip
		{ [ "$1" = llvm-strip ] && command -v "llvm-strip-$(clang -dumpversion 2>/dev/null |
			cut -d. -f1)" >/dev/null; }
}

# As the compiler sees it: gcc prints the bare name back when it has no such library.
has_library() {
	[ "$(gcc -print-file-name="$1.so" 2>/dev/null)" != "$1.so" ] && command -v gcc >/dev/null
}

# Where unpacked programs are; the tests look there, too.
here=${0%/*}
tools=$here/../build/tools

present() {
	case $1 in
	tool:*) has_command "${1#tool:}" || [ -x "$tools/usr/bin/${1#tool:}" ] ;;
	cmd:*) has_command "${1#cmd:}" ;;
	hdr:*) has_header "${1#hdr:}" ;;
	lib:*) has_library "${1#lib:}" ;;
	fun:*) "has_${1#fun:}" ;;
	esac
}

# Lines of the table that belong to group $1, a pattern, and are not there.
missing() {
	table | grep -E "^($1) " | while read -r _ probe deb rpm what; do
		present "$probe" || echo "$probe $deb $rpm $what"
	done
}

# --- installing ----------------------------------------------------------------------------------

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		say "installing packages needs root, and there is no sudo: run this as root"
		exit 1
	fi
}

# By ID and ID_LIKE.
family() {
	os_release=$sysroot/etc/os-release
	[ -r "$os_release" ] || return 0
	ids=$(sed -n 's/^ID\(_LIKE\)\{0,1\}=//p' "$os_release" | tr -d "\"'" | tr '\n' ' ')
	for id in $ids; do
		case $id in
		debian | ubuntu) command -v apt-get >/dev/null && echo deb && return ;;
		fedora | rhel | centos) command -v dnf >/dev/null && echo rpm && return ;;
		esac
	done
}

# apt waits for another one's lock by itself, when told how long.
apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
		-o Acquire::Retries=3 -qq "$@" >&2
}

apt_updated=no
apt_update_once() {
	[ "$apt_updated" = no ] || return 0
	apt_updated=yes
	# The lists' own lock is not covered by the timeout above.
	for wait in 5 20 60 0; do
		apt update && return 0
		[ "$wait" = 0 ] || sleep "$wait"
	done
	say "apt-get update failed, going on with the package lists that are there"
}

deb_known() {
	apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# The first known one of a|b|c; the first when none is known, so that the package manager says so.
choose_deb() {
	for alternative in $(echo "$1" | tr '|' ' '); do
		if deb_known "$alternative"; then
			echo "$alternative"
			return
		fi
	done
	echo "${1%%|*}"
}

install_deb() {
	apt_update_once
	chosen=
	for package; do
		chosen="$chosen $(choose_deb "$package")"
	done
	say "installing$chosen"
	# shellcheck disable=SC2086 # a list of names
	apt install -y --no-install-recommends $chosen
}

install_rpm() {
	say "installing $*"
	as_root dnf -y -q install "$@" >&2
}

# Column of the package names, for the family.
packages_of() {
	case $family in
	deb) awk '$2 != "-" { print $2 }' | sort -u ;;
	rpm) awk '$3 != "-" { print $3 }' | sort -u ;;
	esac
}

list_missing() {
	while read -r _ deb rpm what; do
		echo "  $what (Debian: $deb, Fedora: $rpm)" >&2
	done
}

# $1: group. Fails when something is missing in the end.
install_group() {
	lines=$(missing "$1")
	[ -n "$lines" ] || return 0
	if [ -z "$family" ]; then
		say "unknown distribution; please install:"
		echo "$lines" | list_missing
		return 1
	fi
	packages=$(echo "$lines" | packages_of)
	# shellcheck disable=SC2086 # a list of names
	[ -z "$packages" ] || "install_$family" $packages || return 1
	lines=$(missing "$1")
	[ -n "$lines" ] || return 0
	say "installed, and still missing:"
	echo "$lines" | list_missing
	return 1
}

# One at a time: one that does not exist here must not cost the others.
install_optional() {
	lines=$(missing "$1")
	[ -n "$lines" ] && [ -n "$family" ] || return 0
	for package in $(echo "$lines" | packages_of); do
		"install_$family" "$package" ||
			say "$package cannot be installed, what needs it is skipped"
	done
}

# $1: package, $2: program; into the tree, as its owner.
unpack_deb() {
	dir=$(mktemp -d) || return 1
	say "unpacking $2 of $1"
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download "$1" >&2) &&
		"$here/as.sh" owner mkdir -p "$tools" &&
		dpkg-deb --fsys-tarfile "$dir/$1"_*.deb |
		"$here/as.sh" owner tar -x -C "$tools" "./usr/bin/$2"
	status=$?
	rm -r "$dir"
	return $status
}

unpack_tools() {
	[ "$family" = deb ] || return 0
	missing unpack | while read -r probe package _; do
		unpack_deb "$package" "${probe#tool:}" ||
			say "$package cannot be unpacked, what needs it is skipped"
	done
}

family=$(family)
failed=0
[ $# -gt 0 ] || set -- build
for group; do
	case $group in
	bpftool)
		find_bpftool || failed=1
		;;
	make)
		install_group make || failed=1
		;;
	build)
		install_group 'make|build' || failed=1
		;;
	test)
		install_group test || failed=1
		install_optional 'test[?]'
		unpack_tools
		;;
	*)
		say "unknown group '$group': make, build, test or bpftool"
		exit 2
		;;
	esac
done
[ $failed -eq 0 ]
