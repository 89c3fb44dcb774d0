#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/run: stand-in stages, and what it makes of them.

setup() {
	export STAGE_DIR=$BATS_TEST_TMPDIR/stages STAGE_LIMIT=20
	mkdir "$STAGE_DIR"
}

stage() { # NAME, script on stdin
	{ echo '#!/bin/bash'; cat; } >"$STAGE_DIR/$1"
	chmod +x "$STAGE_DIR/$1"
}

last_line() {
	[ "${lines[-1]}" = "$1" ] || { echo "$output"; return 1; }
}

@test "adds up stages and ends with one line" {
	stage 1-one <<<'echo "ok - a"; echo "ok - b # SKIP no swap"; echo 1..2'
	stage 2-two <<<'echo "ok - c"; echo 1..1'
	run tests/run
	[ "$status" -eq 0 ]
	last_line "2 passed, 0 failed, 1 skipped"
	[[ $output == *"b # SKIP no swap"* ]]
	[[ $output != *"ok - a"* ]]
}

@test "a stage that fails does not keep the next from running" {
	stage 1-one <<<'echo "not ok - a"; echo "# why"; echo 1..1; exit 1'
	stage 2-two <<<'echo "ok - c"; echo 1..1'
	run tests/run
	[ "$status" -eq 1 ]
	[[ $output == *"not ok - a"*"# why"* ]]
	# The failed test, and the stage that did not end well.
	last_line "1 passed, 2 failed, 0 skipped"
}

@test "a stage that crashes is a failure" {
	stage 1-one <<<'echo "ok - a"; kill -SEGV $$'
	run tests/run
	[ "$status" -eq 1 ]
	last_line "1 passed, 1 failed, 0 skipped"
}

@test "a stage cut short is a failure although it exits 0" {
	stage 1-one <<<'echo "ok - a"; echo 1..5'
	run tests/run
	[ "$status" -eq 1 ]
	last_line "1 passed, 1 failed, 0 skipped"
}

@test "a stage that hangs is ended and counted, the next one runs" {
	stage 1-one <<<'echo "ok - a"; sleep 300'
	stage 2-two <<<'echo "ok - b"; echo 1..1'
	STAGE_LIMIT=1 run tests/run
	[ "$status" -eq 1 ]
	last_line "2 passed, 1 failed, 0 skipped"
}

@test "nothing but skips is no success" {
	stage 1-one <<<'echo "ok - a # SKIP no root"; echo 1..1'
	run tests/run
	[ "$status" -eq 1 ]
	last_line "0 passed, 0 failed, 1 skipped"
}

@test "no stage at all is no success" {
	run tests/run
	[ "$status" -eq 1 ]
}

@test "one stage by its name; an unknown one is refused" {
	stage 1-one <<<'echo "ok - a"; echo 1..1'
	stage 2-two <<<'echo "not ok - c"; echo 1..1'
	run tests/run one
	[ "$status" -eq 0 ]
	last_line "1 passed, 0 failed, 0 skipped"
	run tests/run three
	[ "$status" -eq 2 ]
}

@test "V=1 shows what passed" {
	stage 1-one <<<'echo "ok - a"; echo 1..1'
	V=1 run tests/run
	[[ $output == *"ok - a"* ]]
}
