#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The numbers hold on a busy machine, and what was lost is told exactly.
# alone: keeps all processors busy
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

@test "beside a fork and a fault storm: growth in steps" {
	start_storms
	trace_pid anon4k --mib 64 --steps 16 --pause 0.1
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "beside a fork and a fault storm: a command" {
	start_storms
	trace_command anon4k --scatter
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "beside a fork and a fault storm: what is freed is gone" {
	start_storms
	trace_pid freed --phase 1
	at_most "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
	at_least "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((-16 * PAGE))
}

@test "beside a fork and a fault storm: page cache" {
	start_storms
	disk=$(disk_dir) || skip "no directory on a disk"
	trace_pid filecache --dir "$disk"
	within "file pages" "$(process "$VICTIM_PID" .attributed.file_page_bytes)" \
		"$(truth '.held_bytes - .cached_before_bytes')"
}

@test "beside a fork and a fault storm: copy on write" {
	start_storms
	trace_pid cow
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
}

# Every page of a storm of known size is either counted or told as lost.
@test "a fault storm's taken pages are all counted, or told as lost" {
	start_storms
	start_memtrace -- "$VICTIMS/stormfault" --threads 2 --ops 1000 --seconds 60
	VICTIM_OUT=$T/stdout
	: >"$T/victim.err"
	wait_truth
	VICTIM_PID=$(truth .pid)
	finish_memtrace
	touched=$(truth .touched_bytes)
	taken=$(process "$VICTIM_PID" .taken.user_page_bytes)
	lost=$(($(limit_count events_missed) * PAGE))
	at_most "taken, too much" $((taken - touched)) $((64 * PAGE))
	at_most "taken, too little" $((touched - taken)) $((64 * PAGE + lost))
}

# The kernel's own count of program runs it dropped, from the programs' descriptors.
recursion_misses() {
	cat "/proc/$TRACE_PID/fdinfo/"* 2>/dev/null |
		awk '$1 == "prog_id:" { id = $2 } $1 == "recursion_misses:" { n += $2 } END { print n + 0 }'
}

@test "missed program runs are told exactly as the kernel counts them" {
	start_storms
	start_trace_pid anon4k
	sleep 2
	stop_storms
	sleep 0.5
	before=$(recursion_misses)
	end_memtrace
	told=$(limit_count events_missed)
	echo "kernel: $before, told: $told"
	# Nothing storms any more: a few may still come until the last sample.
	at_least "told" "$told" "$before"
	at_most "told" "$told" $((before + 10))
}
