#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Makefile on a small tree: what is made again after which change, and what must not build.

setup() {
	T=$BATS_TEST_TMPDIR/tree
	mkdir -p "$T"/{bpf,user/base,vmlinux/x86,vmlinux/arm64,tests/unit}
	cp -r Makefile scripts "$T"
	cd "$T" || return 1
	cat >bpf/x.bpf.c <<-'END'
		char LICENSE[] __attribute__((section("license"), used)) = "GPL";
		unsigned long hits;
	END
	echo 'int a(void);' >user/base/a.h
	echo 'int b(void);' >user/base/b.h
	printf '#include "base/a.h"\nint a(void)\n{\n\treturn 1;\n}\n' >user/base/a.c
	printf '#include "base/b.h"\nint b(void)\n{\n\treturn 2;\n}\n' >user/base/b.c
	cat >user/main.c <<-'END'
		#include <stdio.h>
		#include "base/a.h"
		#include "version.h"
		#include "x.skel.h"
		int main(void)
		{
			struct x_bpf *x = x_bpf__open();
			x_bpf__destroy(x);
			return puts(MEMTRACE_VERSION) < 0 || a() != 1;
		}
	END
	unset MAKEFLAGS
}

# What a make did, as sorted words: "CC:user/main.c LINK:build/memtrace"
made() {
	run make "$@"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	did=$(sed -n 's/^  \([A-Z]*\) *\([^ ]*\)$/\1:\2/p' <<<"$output" | sort | tr '\n' ' ')
}

# After the last build, with a time stamp that is newer.
later() {
	sleep 0.02
	touch "$@"
}

@test "from nothing, in parallel; again makes nothing; the program runs" {
	made -j8
	run build/memtrace
	[ "$status" -eq 0 ]
	[[ $output == [0-9]* ]]
	made
	[ -z "$did" ]
	make -q
}

@test "a header: those that include it, and the link" {
	made
	later user/base/b.h
	made
	[ "$did" = "CC:user/base/b.c LINK:build/memtrace " ]
}

@test "a BPF source: its object, its skeleton, who includes that" {
	made
	later bpf/x.bpf.c
	made
	[ "$did" = "BPF:bpf/x.bpf.c CC:user/main.c LINK:build/memtrace SKEL:build/gen/x.skel.h " ]
}

@test "a header that is gone does not stop the build" {
	made
	rm user/base/b.h
	echo 'int b(void); int b(void) { return 2; }' >user/base/b.c
	made
	[ "$did" = "CC:user/base/b.c LINK:build/memtrace " ]
}

@test "a source that is gone leaves the program, a new one joins it" {
	made
	rm user/base/b.c
	made
	[ "$did" = "LINK:build/memtrace " ]
	run nm build/memtrace
	[[ $output != *" T b"$'\n'* ]]
	echo 'int c(void); int c(void) { return 3; }' >user/base/c.c
	made
	[ "$did" = "CC:user/base/c.c LINK:build/memtrace " ]
}

@test "other flags: all of user space, and once" {
	made
	made CFLAGS=-O1
	[[ $did == *user/base/a.c*user/base/b.c*user/main.c*LINK* ]]
	made CFLAGS=-O1
	[ -z "$did" ]
}

@test "another version: one object" {
	made
	sed -i 's/^VERSION := .*/VERSION := 99.9/' Makefile
	made
	[ "$did" = "CC:user/main.c LINK:build/memtrace " ]
	[ "$(build/memtrace)" = 99.9 ]
}

@test "a warning is an error" {
	echo 'int c(void); int c(void) { int unused; return 3; }' >user/base/c.c
	run make
	[ "$status" -ne 0 ]
	[[ $output == *unused* ]]
}

@test "a test that main() does not run does not build" {
	cat >tests/unit/test_x.c <<-'END'
		static void test_forgotten(void **state)
		{
			(void)state;
		}
		int main(void)
		{
			return 0;
		}
	END
	run make build/tests/unit/test_x
	[ "$status" -ne 0 ]
	[[ $output == *test_forgotten* ]]
	sed -i 's/^static //' tests/unit/test_x.c
	run make build/tests/unit/test_x
	[ "$status" -ne 0 ]
}

@test "quiet by default, V=1 shows commands" {
	run make
	[[ $output != *-Wall* ]]
	later user/base/a.c
	run make V=1
	[[ $output == *-Wall*user/base/a.c* ]]
}

@test "no path of the build machine in the program" {
	made
	run grep -c "$T" build/memtrace
	[ "$output" = 0 ]
}

@test "install goes below DESTDIR, clean leaves the sources alone" {
	made
	cp -r . ../before
	rm -r ../before/build
	made install DESTDIR="$BATS_TEST_TMPDIR/d" PREFIX=/usr
	[ -x "$BATS_TEST_TMPDIR/d/usr/bin/memtrace" ]
	make clean
	diff -r . ../before
}

# A second run of scripts/try finds all of it made, and says nothing of that.
@test "try: what is made already is not mentioned, what cannot be made is" {
	sed -i 's/^try: deps /try: /' Makefile
	printf '#!/bin/sh\necho demo\n' >scripts/demo.sh
	made >/dev/null
	run make --no-print-directory try
	[ "$status" -eq 0 ] && [ "$output" = demo ]
	sleep 0.01
	echo 'int b(void) { return; }' >user/base/b.c
	run make --no-print-directory try
	[ "$status" -ne 0 ] && grep -q 'b\.c.*error' <<<"$output" && ! grep -q demo <<<"$output"
}
