#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/lib/tap.awk: what a test program printed, and how it ended, to results.

tap() { # STATUS, output on stdin
	run awk -v name=T -v status="$1" -v limit=9 -f tests/lib/tap.awk
}

has() {
	grep -qxF -- "$1" <<<"$output" || { echo "no line '$1' in:"; echo "$output"; return 1; }
}

results() { # how many result lines
	[ "$(grep -cE '^(not )?ok - ' <<<"$output")" -eq "$1" ]
}

@test "passes as cmocka and as bats print them" {
	tap 0 <<<$'1..2\nok 1 - one\nok 2 two words'
	has "ok - T: one"
	has "ok - T: two words"
	results 2
}

@test "a failure and its explanation" {
	tap 1 <<<$'1..2\nnot ok 1 - one\n# 0x1 != 0x2\nok 2 - two'
	has "not ok - T: one"
	has "#   0x1 != 0x2"
	results 2
}

@test "cmocka's skip is no failure, and its reason is kept" {
	tap 0 <<<$'1..2\nskip: no swap here\nnot ok 1 # SKIP one\nok 2 - two'
	has "ok - T: one # SKIP no swap here"
	results 2
}

@test "bats' skip and its reason" {
	tap 0 <<<$'1..2\nok 1 one thing # skip (needs root)\nok 2 two'
	has "ok - T: one thing # SKIP needs root"
	results 2
}

@test "a skip without a reason is a failure" {
	tap 0 <<<$'1..2\nok 1 one # skip\nnot ok 2 # SKIP two'
	has "not ok - T: one: skipped, and no reason given"
	has "not ok - T: two: skipped, and no reason given"
	results 2
}

@test "a reason is of the next test alone" {
	tap 0 <<<$'1..2\nskip: no swap\nok 1 - one\nnot ok 2 # SKIP two'
	has "not ok - T: two: skipped, and no reason given"
}

@test "a crash before any test" {
	tap 134 <<<"AddressSanitizer: heap-use-after-free"
	has "not ok - T: exit status 134, without a test plan"
	has "#   AddressSanitizer: heap-use-after-free"
	results 1
}

@test "a crash halfway" {
	tap 139 <<<$'1..3\nok 1 - one\nboom'
	has "not ok - T: exit status 139, after 1 of 3 tests"
	has "#   boom"
	results 2
}

@test "a leak found at exit, when all tests passed" {
	tap 23 <<<$'1..1\nok 1 - one\nLeakSanitizer: detected memory leaks'
	has "not ok - T: exit status 23, although every test passed"
	results 2
}

@test "an early exit that looks like success" {
	tap 0 <<<$'1..3\nok 1 - one'
	has "not ok - T: exit status 0, after 1 of 3 tests"
}

@test "no tests, and no output" {
	tap 0 <<<"1..0"
	has "not ok - T: has no tests"
	tap 0 </dev/null
	has "not ok - T: exit status 0, without a test plan"
}

@test "a hang" {
	tap 124 <<<$'1..2\nok 1 - one'
	has "not ok - T: no end within 9 s, after 1 tests"
	results 2
}
