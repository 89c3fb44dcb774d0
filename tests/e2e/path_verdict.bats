#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict on a call path: of two paths of one process the one that keeps what it takes leaks, not
# the one that takes more and gives it back.
# shellcheck disable=SC2034 # variables that the helper reads

load helper

NEEDS_ROOT=1
MEMTRACE_ARGS=(--interval 200ms)

verdict() { # function, part of the verdict
	jq -r --arg f "$1" "[.paths[] | select(any(.stack[]; .function == \$f))] |
		max_by(.live_bytes).verdict$2" "$T/report.json"
}

@test "the leak is the leaking path's, and its session says so, too" {
	local db
	start_memtrace --sample 64K --duration 9s -- "$VICTIMS/pathleak" --mib 300 --steps 300 \
		--pause 0.05 --hold 60
	finish_memtrace
	jq -c '.paths[:4][] | [.live_bytes, .error_bytes, .taken_bytes, .verdict]' "$T/report.json"
	[ "$(verdict keep_more .kind)" = leak ]
	[ "$(verdict keep_more .series)" = path ]
	# 20 MiB a second at most, as much less as the machine is late
	verdict keep_more | jq -e '.rate_bytes_per_hour > 3600 * 3 * pow(2; 20) and
		.rate_bytes_per_hour < 3600 * 25 * pow(2; 20) and .samples >= 20'
	[[ $(verdict take_and_drop .kind) != leak ]] || fail "$(verdict take_and_drop .reason)"
	# a part of the process's leak, not another one
	jq -e '[.verdicts[] | select(.subject == "path")] == []' "$T/report.json"

	db=$(find "$T/log" -name "*.db")
	"$MEMTRACE" --report "$db" --format json -o "$T/again.json"
	diff <(jq -S .paths "$T/report.json") <(jq -S .paths "$T/again.json")
	"$MEMTRACE" --report "$db" >"$T/text"
	grep -A1 -E '^ +1\. ' "$T/text" | grep -q 'verdict on live memory of the path: leak'
}
