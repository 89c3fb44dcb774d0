#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/deps.sh on machines that are not this one: a root directory with nothing in it, and
# stand-ins for the package managers that write down how they were called.

setup() {
	export DEPS_SYSROOT=$BATS_TEST_TMPDIR/root
	bin=$BATS_TEST_TMPDIR/bin
	calls=$BATS_TEST_TMPDIR/calls
	mkdir -p "$DEPS_SYSROOT/etc" "$bin"
	: >"$calls"
	for tool in sh env sed awk tr cut grep sort uname cat head chmod; do
		ln -s "$(command -v "$tool")" "$bin/$tool"
	done
	stand_in id 'echo 0'
	stand_in sleep ''
}

stand_in() { # NAME, what it does beside noting the call
	printf '#!/bin/sh\necho "%s $*" >>"%s"\n%s\n' "$1" "$calls" "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}

distribution() {
	printf '%s\n' "$@" >"$DEPS_SYSROOT/etc/os-release"
}

debian() {
	distribution 'ID=debian' 'VERSION_ID="12"'
	stand_in apt-get "$1"
	stand_in apt-cache 'echo "  Candidate: 1.0"'
}

deps() {
	PATH=$bin run scripts/deps.sh "$@"
}

# A package manager that gives us make when asked for it.
gives_make() {
	printf 'case $* in *install*make*) : >"%s/make"; chmod +x "%s/make" ;; esac' "$bin" "$bin"
}

called() {
	grep -qE -- "$1" "$calls" || { cat "$calls"; echo "$output"; return 1; }
}

@test "Debian: lists are fetched once, what is missing is installed without questions" {
	debian "$(gives_make)"
	deps make
	[ "$status" -eq 0 ]
	[ "$(grep -c 'apt-get.* update' "$calls")" -eq 1 ]
	called 'apt-get .*DPkg::Lock::Timeout=[0-9]+.* install -y .*make'
}

@test "nothing is missing: no package manager is called" {
	debian ''
	stand_in make ''
	: >"$calls"
	deps make
	[ "$status" -eq 0 ]
	run grep -E 'apt|dnf' "$calls"
	[ "$status" -ne 0 ]
}

@test "only what is missing is asked for" {
	debian ''
	stand_in make ''
	stand_in gcc 'echo "$*"'
	mkdir -p "$DEPS_SYSROOT/usr/include"
	: >"$DEPS_SYSROOT/usr/include/sqlite3.h"
	deps build
	called 'install .*libbpf-dev'
	run grep -E 'install.* (gcc|make|libsqlite3-dev)( |$)' "$calls"
	[ "$status" -ne 0 ]
}

@test "an install that did not give what it should is said, and fails" {
	debian ''
	deps make
	[ "$status" -eq 1 ]
	[[ $output == *"still missing"*"GNU make"* ]]
}

@test "a failing install fails" {
	debian 'case $* in *install*) exit 100 ;; esac'
	deps make
	[ "$status" -ne 0 ]
}

@test "fetching the lists is tried again" {
	debian "$(gives_make)
		[ \"\$(grep -c ' update' '$calls')\" -gt 1 ] || exit 100"
	deps make
	[ "$status" -eq 0 ]
	[ "$(grep -c 'apt-get.* update' "$calls")" -eq 2 ]
}

@test "Ubuntu without a package bpftool gets it with the kernel's tools" {
	debian ''
	distribution 'ID=ubuntu' 'ID_LIKE=debian'
	stand_in apt-cache 'case $* in *bpftool*) ;; *) echo "  Candidate: 1.0" ;; esac'
	deps build
	called 'install .*linux-tools-generic'
	run grep -E 'install.* bpftool' "$calls"
	[ "$status" -ne 0 ]
}

@test "a bpftool wrapper that does not work is passed over" {
	stand_in bpftool 'exit 2'
	mkdir -p "$DEPS_SYSROOT/usr/lib/linux-tools/6.8.0-31-generic"
	ln -s /bin/true "$DEPS_SYSROOT/usr/lib/linux-tools/6.8.0-31-generic/bpftool"
	deps bpftool
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == */linux-tools/6.8.0-31-generic/bpftool ]]
}

@test "Fedora and its family: dnf, and their names" {
	for id in 'ID=fedora' 'ID="rocky"
ID_LIKE="rhel centos fedora"'; do
		: >"$calls"
		distribution "$id"
		stand_in dnf ''
		deps build
		called 'dnf -y -q install .*elfutils-libelf-devel.*libbpf-devel'
	done
}

@test "another distribution is told what to install" {
	distribution 'ID=arch'
	deps build
	[ "$status" -eq 1 ]
	[[ $output == *"please install"*"GNU make"* ]]
	stand_in make ''
	deps build
	[ "$status" -eq 1 ]
	[[ $output == *"libbpf headers"* ]]
}

@test "not root: through sudo" {
	debian "$(gives_make)"
	stand_in id 'echo 1000'
	stand_in sudo 'shift; exec "$@"'
	deps make
	[ "$status" -eq 0 ]
	called 'sudo -- env .*apt-get'
}

@test "not root, no sudo: one clear line" {
	debian ''
	stand_in id 'echo 1000'
	deps make
	[ "$status" -eq 1 ]
	[[ $output == *"needs root, and there is no sudo"* ]]
	run grep apt-get "$calls"
	[ "$status" -ne 0 ]
}

@test "what is optional may be missing, one package does not cost the next" {
	debian 'case $* in *install*clang-format*) exit 100 ;; esac'
	stand_in make ''
	deps test
	called 'install .*shellcheck'
	[[ $output == *"clang-format-14 cannot be installed"* ]]
}

@test "an unknown group is a usage error" {
	deps everything
	[ "$status" -eq 2 ]
}
