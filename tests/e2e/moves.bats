#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages that the kernel moves while they are held: the numbers stay right, or
# the report states in limits by how much they may be wrong.
# alone: compacts the whole machine, and swaps
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

# Bytes that the report itself says may be missing from or too much in a
# process's pages: kinds of limits counted in pages.
stated_bytes() {
	local kind total=0
	for kind; do
		total=$((total + $(limit_count "$kind") * PAGE))
	done
	echo "$total"
}

# The mm's own counter is never wrong. The table's share is right where moves can be followed;
# where not, the difference is stated.
check_moved() {
	local stated=0
	! jq -e 'any(.limits[]; .kind == "source_migrate")' "$T/report.json" >/dev/null ||
		stated=$(stated_bytes pages_moved_unseen pages_moved_lost pages_collapsed_lost)
	echo "attributed $(process "$VICTIM_PID" .attributed.user_page_bytes), truth" \
		"$(truth .held_bytes), stated $stated"
	within "anonymous RSS at the end" "$(process "$VICTIM_PID" .anon_bytes.end)" "$(truth .held_bytes)"
	within "attributed user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" \
		"$(truth .held_bytes)" "$stated"
}

migrated() {
	awk '$1 == "pgmigrate_success" { print $2 }' /proc/vmstat
}

# Compaction alternates between finding work and believing there is none.
compacted() {
	local before i
	before=$(migrated)
	for ((i = 0; i < 8; i++)); do
		echo 1 >/proc/sys/vm/compact_memory
		[ $(($(migrated) - before)) -lt 4000 ] || break
	done
}

@test "compact: pages that compaction moved are still their process's" {
	[ -w /proc/sys/vm/compact_memory ] || skip "this kernel cannot compact on request"
	local try
	for try in 1 2 3; do
		start_trace_pid compact --mib 64 --phase 60
		compacted
		kill -USR1 "$VICTIM_PID"
		wait_truth 2
		end_memtrace
		echo "try $try, moved: $(truth .moved_pages)"
		check_moved
		kill "$VICTIM_PID"
		[ "$(truth .moved_pages)" -lt 250 ] || return 0
	done
	skip "compaction moved $(truth .moved_pages) pages only"
}

@test "compact: where moves are not followed, the difference is stated" {
	[ -w /proc/sys/vm/compact_memory ] || skip "this kernel cannot compact on request"
	TRACE_ARGS=(--no-source migrate)
	start_trace_pid compact --mib 64 --phase 60
	compacted
	kill -USR1 "$VICTIM_PID"
	wait_truth 2
	end_memtrace
	echo "moved: $(truth .moved_pages), stated: $(limit_count pages_moved_unseen)"
	check_moved
	at_least "pages stated as moved" "$(limit_count pages_moved_unseen)" "$(truth .moved_pages)"
}

@test "compact: a freed page's owner is not carried to whoever gets the page next" {
	[ -w /proc/sys/vm/compact_memory ] || skip "this kernel cannot compact on request"
	start_victim freed --wait --phase 60 --mib 64
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	sleep 0.5
	compacted
	kill -USR1 "$VICTIM_PID"
	wait_truth
	end_memtrace
	at_most "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
}

# khugepaged made eager for the test; its settings come back.
hurry_khugepaged() {
	local dir=/sys/kernel/mm/transparent_hugepage/khugepaged name
	[ -w $dir/scan_sleep_millisecs ] || skip "no khugepaged"
	! grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled || skip "huge pages are off"
	for name in scan_sleep_millisecs pages_to_scan; do
		undo "echo $(cat $dir/$name) >$dir/$name"
	done
	echo 100 >$dir/scan_sleep_millisecs
	echo 65536 >$dir/pages_to_scan
}

@test "khuge: huge pages that khugepaged made belong to the process" {
	hurry_khugepaged
	TRUTH_LINES=2
	trace_pid khuge --phase 0.3
	[ "$(truth .huge_bytes)" -gt 0 ] || skip "khugepaged made no huge page in time"
	check_moved
}

@test "khuge: a command's huge pages that khugepaged made" {
	hurry_khugepaged
	TRUTH_LINES=2
	trace_command khuge --phase 0.3
	[ "$(truth .huge_bytes)" -gt 0 ] || skip "khugepaged made no huge page in time"
	check_moved
}

@test "khuge --collapse: huge pages by MADV_COLLAPSE" {
	TRUTH_LINES=2
	trace_pid khuge --collapse --phase 0.3
	[ "$(truth .huge_bytes)" -gt 0 ] || skip "nothing was collapsed"
	check_moved
	trace_command khuge --collapse --phase 0.3
	check_moved
}

add_swap_file() {
	dd if=/dev/zero of="$T/swap" bs=1M count=160 status=none
	chmod 600 "$T/swap"
	mkswap "$T/swap" >/dev/null
	swapon "$T/swap" 2>/dev/null || skip "no swap file can be used here"
	undo "swapoff $T/swap"
}

add_zram() {
	[ "$(cat /sys/block/zram0/disksize 2>/dev/null)" = 0 ] || skip "no unused zram0"
	echo 160M >/sys/block/zram0/disksize
	undo "echo 1 >/sys/block/zram0/reset"
	mkswap /dev/zram0 >/dev/null
	swapon -p 32000 /dev/zram0
	undo "swapoff /dev/zram0"
}

# What was written to swap keeps its page until somebody reclaims it: the swap
# cache is memory still held, and this machine's is the victim's alone.
check_swapped_out() {
	local cached
	cached=$(($(awk '$1 == "SwapCached:" { print $2 }' /proc/meminfo) * 1024))
	echo "swap cache: $cached"
	within "swap" "$(process "$VICTIM_PID" .swap_bytes.end)" "$(truth .swap_bytes)"
	within "attributed user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" \
		$(($(truth .held_bytes) + cached))
	within "anonymous RSS" "$(process "$VICTIM_PID" .anon_bytes.end)" "$(truth .held_bytes)"
}

@test "swapmove: swapped out to a file" {
	add_swap_file
	TRUTH_LINES=2
	trace_pid swapmove --phase 0.3 --stay-out
	check_swapped_out
	# What went to swap is still growth: the process holds it.
	within "growth" "$(process "$VICTIM_PID" '.anon_bytes.delta + .swap_bytes.delta')" \
		"$(truth .touched_bytes)"
}

@test "swapmove: swapped out to a file and back in" {
	add_swap_file
	TRUTH_LINES=3
	trace_pid swapmove --phase 0.3
	check_moved
	within "swap" "$(process "$VICTIM_PID" .swap_bytes.end)" "$(truth .swap_bytes)"
}

@test "swapmove: a command, swapped out and back in" {
	add_swap_file
	TRUTH_LINES=3
	trace_command swapmove --phase 0.3
	check_moved
}

@test "swapmove: zram, out and back in" {
	add_zram
	TRUTH_LINES=2
	trace_pid swapmove --phase 0.3 --stay-out
	check_swapped_out
	kill "$VICTIM_PID"
	TRUTH_LINES=3
	trace_pid swapmove --phase 0.3
	check_moved
}
