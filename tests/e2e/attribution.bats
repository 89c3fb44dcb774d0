#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Attributed pages against programs that know what they hold.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

@test "anon4k: a command's 4 KiB pages" {
	trace_command anon4k
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	within "growth" "$(process "$VICTIM_PID" .anon_bytes.delta)" "$(truth .held_bytes)"
}

@test "anon4k: a running process's 4 KiB pages, in steps" {
	trace_pid anon4k --mib 96 --steps 12 --pause 0.1
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	within "growth" "$(process "$VICTIM_PID" .anon_bytes.delta)" "$(truth .held_bytes)"
}

@test "anon4k --scatter: pages freed in between are not counted" {
	trace_command anon4k --scatter
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	trace_pid anon4k --scatter
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "anon4k: --duration ends the run by itself" {
	start_memtrace --duration 4s -- "$VICTIMS/anon4k" --mib 32
	VICTIM_OUT=$T/stdout
	wait_truth
	track "$(truth .pid)"
	until_true 10 is_gone "$TRACE_PID"
	[ "$(trace_status)" -eq 0 ] || memtrace_log
	check_report "$T/report.json"
	check_anon "$(truth .pid)" "$(truth .held_bytes)"
	jq -e '.duration_s >= 3.9 and .duration_s < 8' "$T/report.json"
}

@test "anonthp: huge pages, command and running process" {
	trace_command anonthp
	[ "$(truth .huge_bytes)" -gt 0 ] || skip "this machine gives no huge pages"
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	trace_pid anonthp
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "mremap: moved mappings, command and running process" {
	trace_command mremap
	[ "$(truth .moves)" -ge 10 ]
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	trace_pid mremap
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "cow: the copies are the child's, command and running process" {
	trace_command cow
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
	trace_pid cow
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
}

@test "cow --late: what the parent touched before attach is not claimed" {
	start_victim cow --late --wait --mib 48
	until_true 10 grown "$VICTIM_PID" 48
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	track "$(truth .child)"
	end_memtrace
	at_most "the parent's pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
	# The growth of the parent is nothing, although it holds it.
	within "the parent's growth" "$(process "$VICTIM_PID" .anon_bytes.delta)" 0
	within "from before attach" "$(process "$VICTIM_PID" .ownership.unowned_bytes)" $((48 << 20))
}

grown() {
	[ "$(awk '$1 == "RssAnon:" { print $2 }' "/proc/$1/status")" -ge $(($2 * 1024)) ]
}

@test "cow --no-follow: the child is not a target" {
	TRACE_ARGS=(--no-follow --top-processes 1)
	trace_pid cow
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	[ "$(process "$VICTIM_PID" .role)" = target ]
	[ "$(process "$(truth .child)" '.role // "none"')" = none ]
}

@test "thread: pages of a thread that has ended belong to its process" {
	trace_command thread
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	trace_pid thread
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "thread --leader-exits: a process whose first thread is gone still holds" {
	trace_command thread --leader-exits
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	trace_pid thread --leader-exits
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "stacks: a kernel stack that another process's thread had before" {
	trace_command stacks
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
	trace_pid stacks
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
}

@test "stacks: nobody counts the threads that end" {
	TRACE_ARGS=(--no-source task)
	trace_command stacks
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	check_anon "$(truth .child)" "$(truth .child_held_bytes)"
}

check_freed() {
	at_most "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
	at_least "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((-16 * PAGE))
	at_most "file pages" "$(process "$VICTIM_PID" '.attributed.file_page_bytes // 0')" $((64 * PAGE))
	at_most "anonymous RSS" "$(process "$VICTIM_PID" .anon_bytes.end)" $((128 * PAGE))
}

@test "freed: nothing is left of what was given back by munmap" {
	trace_command freed --phase 0.2
	check_freed
	trace_pid freed --phase 0.2
	check_freed
}

@test "freed: nothing is left of what was given back by MADV_DONTNEED" {
	trace_command freed --how dontneed --phase 0.2
	check_freed
	trace_pid freed --how dontneed --phase 0.2
	check_freed
}

@test "freed: nothing is left of huge pages given back" {
	trace_command freed --how thp --phase 0.2
	check_freed
}

@test "freed: what was taken and freed is still told as taken" {
	trace_pid freed --phase 0.2
	within "taken" "$(process "$VICTIM_PID" .taken.user_page_bytes)" \
		"$(truth .touched_bytes)"
}

@test "filecache: a file read in, by a command and by a running process" {
	disk=$(disk_dir) || skip "no directory on a disk"
	trace_command filecache --dir "$disk"
	within "file pages" "$(process "$VICTIM_PID" .attributed.file_page_bytes)" "$(truth .held_bytes)"
	trace_pid filecache --dir "$disk"
	# What the kernel would not drop was in the cache before we came.
	within "file pages" "$(process "$VICTIM_PID" .attributed.file_page_bytes)" \
		"$(truth '.held_bytes - .cached_before_bytes')"
	at_most "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
}

@test "memfd: mapped shared memory, by a command and by a running process" {
	trace_command memfd
	within "pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" "$(truth .held_bytes)"
	within "shared RSS" "$(process "$VICTIM_PID" .shmem_bytes.end)" "$(truth .mapped_bytes)"
	trace_pid memfd
	within "pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" "$(truth .held_bytes)"
	within "shared RSS" "$(process "$VICTIM_PID" .shmem_bytes.end)" "$(truth .mapped_bytes)"
}

@test "memfd --write: shared memory nobody maps is still its writer's" {
	trace_pid memfd --write
	within "pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" "$(truth .held_bytes)"
	at_most "shared RSS" "$(process "$VICTIM_PID" .shmem_bytes.end)" $((64 * PAGE))
}

@test "memfd --sysv: System V shared memory" {
	trace_pid memfd --sysv
	within "pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" "$(truth .held_bytes)"
	within "shared RSS" "$(process "$VICTIM_PID" .shmem_bytes.end)" "$(truth .mapped_bytes)"
}

@test "several PIDs at once" {
	start_victim anon4k --mib 16 --wait
	first=$VICTIM_PID
	mv "$T/truth" "$T/truth.first"
	start_victim memfd --mib 24 --wait
	start_memtrace --pid "$first,$VICTIM_PID"
	wait_attached
	kill -USR1 "$first" "$VICTIM_PID"
	wait_truth
	until_true 10 has_lines "$T/truth.first" 1
	end_memtrace
	check_anon "$first" $((16 << 20))
	within "shared RSS" "$(process "$VICTIM_PID" .shmem_bytes.end)" $((24 << 20))
	report '.processes[0:2][].pid' | sort -n >"$T/targets"
	printf '%s\n' "$first" "$VICTIM_PID" | sort -n | diff - "$T/targets"
}

@test "--comm: every process of a name, also one that starts later" {
	start_victim anon4k --mib 16 --wait
	first=$VICTIM_PID
	start_memtrace --comm anon4k
	wait_attached
	kill -USR1 "$first"
	wait_truth
	start_victim anon4k --mib 24
	wait_truth
	end_memtrace
	check_anon "$first" $((16 << 20))
	check_anon "$VICTIM_PID" $((24 << 20))
}

@test "--cgroup: the processes of a cgroup" {
	group=$(cgroup2_root)/memtrace-e2e-$$
	mkdir "$group" 2>/dev/null || skip "no cgroup can be made"
	undo "rmdir $group"
	start_victim anon4k --mib 16 --wait
	echo "$VICTIM_PID" >"$group/cgroup.procs" || skip "no process can be moved to a cgroup2 group"
	start_memtrace --cgroup "/memtrace-e2e-$$"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	end_memtrace
	check_anon "$VICTIM_PID" $((16 << 20))
	[ "$(report .processes[0].pid)" -eq "$VICTIM_PID" ]
}

cgroup2_root() {
	awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

@test "the ledger names what grew machine-wide" {
	trace_pid anon4k --mib 256
	jq -e '[.ledger[] | select(.line == "anon") | .delta_bytes] | .[0] > 200 * 1048576' \
		"$T/report.json" || report .ledger
}
