#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who mapped the address space of a process, to the page, against a program that maps in all ways.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

need_vma() {
	jq -e 'any(.limits[]; .kind == "source_vma")' "$T/report.json" >/dev/null || return 0
	skip "$(jq -r '.limits[] | select(.kind == "source_vma").meaning' "$T/report.json")"
}

# mapped_by PID FUNCTION: bytes of its address space
mapped_by() {
	jq -r --argjson pid "$1" --arg function "$2" '[.paths[] | select(.domain == "mmap" and
		.pid == $pid and any(.stack[]; .function // "" | split(".")[0] == $function)) | .live_bytes] | add // 0' \
		"$T/report.json"
}

# check_functions PID MEMBER: what the victim says of each
check_functions() {
	local function bytes is
	while read -r function bytes; do
		is=$(mapped_by "$1" "$function")
		[ "$is" -eq "$bytes" ] || fail "$function of $1: $is, the truth is $bytes"
	done < <(truth "$2 | to_entries[] | \"\\(.key) \\(.value)\"")
}

# Nothing was lost, missed or guessed.
check_exact() {
	jq -e --argjson pid "$1" '[.path_totals[] | select(.domain == "mmap" and .pid == $pid)] |
		length == 1 and .[0].error_bytes == 0 and .[0].estimate_bytes == .[0].held_bytes and
		.[0].samples == .[0].complete_samples' "$T/report.json"
	jq -e 'all(.limits[]; .kind | test("^map_") | not)' "$T/report.json" ||
		fail "$(jq -c '.limits[] | select(.kind | test("^map_"))' "$T/report.json")"
}

# All that the kernel counts is told where it is from.
check_vsz() {
	local is
	is=$(process "$1" '.attributed | .mmap_bytes + .brk_bytes + .mapped_before_bytes + .mapped_unseen_bytes')
	[ "$is" -eq "$(process "$1" .vsz_bytes.end)" ] ||
		fail "of $1: $is, VSZ is $(process "$1" .vsz_bytes.end): $(process "$1" .attributed)"
}

@test "parts unmapped, mremap, MAP_FIXED, brk, a thread, a child: each to the page" {
	trace_command mapper --mib 64 --hold 60
	need_vma
	check_functions "$VICTIM_PID" .bytes
	check_functions "$(truth .child)" .child_bytes
	check_exact "$VICTIM_PID"
	check_exact "$(truth .child)"
	check_vsz "$VICTIM_PID"
	check_vsz "$(truth .child)"
}

@test "attached to a program that runs: VSZ has a name, what was there before has none" {
	trace_pid mapper --mib 64 --hold 60
	need_vma
	check_functions "$VICTIM_PID" '.bytes + {map_before: 0}'
	check_exact "$VICTIM_PID"
	check_vsz "$VICTIM_PID"
	[ "$(process "$VICTIM_PID" '.vsz_bytes.delta - .attributed.mmap_bytes - .attributed.brk_bytes')" -eq \
		$((-$(truth .bytes.map_before))) ]
}

@test "the session tells the same, and the text names who mapped" {
	local db
	trace_command mapper --mib 64 --hold 60
	need_vma
	db=$(find "$T/log" -name "*.db")
	"$MEMTRACE" --report "$db" --format json -o "$T/again.json"
	diff <(jq -S '.paths, [.processes[].attributed]' "$T/report.json") \
		<(jq -S '.paths, [.processes[].attributed]' "$T/again.json")
	"$MEMTRACE" --report "$db" >"$T/text"
	sed -n '/CALL PATHS THAT HOLD ADDRESS SPACE/,$p' "$T/text" >"$T/part"
	grep -q map_keep "$T/part"
	grep -q 'mapped since it was watched and still there' "$T/part"
	"$MEMTRACE" --report "$db" --format folded >"$T/folded"
	grep -q '^mmap;mapper.*;main;map_keep;.* [0-9]' "$T/folded"
}

@test "another program begins with nothing" {
	trace_command execer --mib 64 --then-mib 32 --hold 60
	need_vma
	[ "$(mapped_by "$VICTIM_PID" map_anon)" -eq $((32 << 20)) ]
	check_exact "$VICTIM_PID"
}

@test "more calls than the budget allows: what is not written down is told" {
	TRACE_ARGS=(--unwind-budget 0.1)
	trace_pid mapper --mib 64 --hold 60 --churn 400000
	need_vma
	jq -c '.limits[] | [.kind, .count]' "$T/report.json"
	jq -e 'any(.limits[]; .kind | test("^map_(samples_rarer|pauses|calls_lost)$"))' "$T/report.json"
	check_vsz "$VICTIM_PID"
	check_vsz "$(truth .child)"
}

@test "calls rest while nothing is mapped; what ends the rest is unseen, what follows is not" {
	need python3
	python3 -c '
import mmap, time
time.sleep(66)
a = mmap.mmap(-1, 32 << 20)
time.sleep(4)
b = mmap.mmap(-1, 48 << 20)
time.sleep(60)' 3>&- &
	VICTIM_PID=$!
	track "$VICTIM_PID"
	start_memtrace --pid "$VICTIM_PID" --interval 1s --duration 75s
	until_true 100 is_gone "$TRACE_PID"
	finish_memtrace
	need_vma
	[ "$(process "$VICTIM_PID" .attributed.mmap_bytes)" -eq $((48 << 20)) ]
	[ "$(process "$VICTIM_PID" .attributed.mapped_unseen_bytes)" -eq $((32 << 20)) ]
	jq -e 'any(.limits[]; .kind == "map_rests" and .count == 1)' "$T/report.json"
	jq -e '[.events[] | select(.text | test("mmap and brk"))] | length == 2' "$T/report.json"
	check_vsz "$VICTIM_PID"
}

@test "without the source: the rest works, and says so" {
	TRACE_ARGS=(--no-source vma)
	trace_command mapper --mib 64 --hold 60
	jq -e 'any(.limits[]; .kind == "source_vma") and all(.paths[]; .domain != "mmap")' "$T/report.json"
	jq -e --argjson pid "$VICTIM_PID" '.processes[] | select(.pid == $pid) |
		(.attributed | has("user_page_bytes") and (has("mmap_bytes") | not))' "$T/report.json"
}

@test "without page attribution: address space is named all the same" {
	TRACE_ARGS=(--no-source page)
	trace_command mapper --mib 64 --hold 60
	need_vma
	check_functions "$VICTIM_PID" .bytes
	check_exact "$VICTIM_PID"
}
