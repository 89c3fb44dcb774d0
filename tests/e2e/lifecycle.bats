#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Targets that exit, execute, are replaced; runs that are ended or killed.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

bats_require_minimum_version 1.5.0
load helper

# memtrace -- COMMAND to its own end; status of memtrace in $status.
run_to_end() {
	status=0
	timeout 40 "$MEMTRACE" "${MEMTRACE_ARGS[@]}" --format json -o "$T/report.json" \
		--log-dir "$T/log" "$@" >"$T/stdout" 2>"$T/stderr" 3>&- || status=$?
	VICTIM_OUT=$T/stdout
	echo "status $status"
	cat "$T/stderr"
}

@test "a command's exit status is reported, not passed on" {
	need_root
	run_to_end -- "$VICTIMS/quickexit" --status 7
	[ "$status" -eq 0 ]
	check_report "$T/report.json"
	[ "$(process "$(truth .pid)" .end.exit_status)" = 7 ]
	[ "$(process "$(truth .pid)" .comm)" = quickexit ]
	within "taken" "$(process "$(truth .pid)" .taken.user_page_bytes)" \
		"$(truth .touched_bytes)"
	at_most "still held" "$(process "$(truth .pid)" .attributed.user_page_bytes)" $((64 * PAGE))
}

@test "a command's death by a signal is reported" {
	need_root
	run_to_end -- "$VICTIMS/quickexit" --signal 9
	[ "$status" -eq 0 ]
	check_report "$T/report.json"
	[ "$(process "$(truth .pid)" .end.signal)" = 9 ]
}

@test "a command's exit status is reported without BPF, too" {
	run_to_end --no-bpf -- "$VICTIMS/quickexit" --status 3
	[ "$status" -eq 0 ]
	check_report "$T/report.json"
	[ "$(process "$(truth .pid)" .end.exit_status)" = 3 ]
	[ "$(process "$(truth .pid)" .comm)" = quickexit ]
}

@test "a command's CPU time is its own, no cost of ours" {
	need python3
	run_to_end --no-bpf -- python3 -c 'import time
while time.process_time() < 2: pass'
	[ "$status" -eq 0 ]
	check_report "$T/report.json"
	at_most "CPU time of memtrace" "$(report .self.cpu_ns)" 1500000000
}

@test "a target that exits early ends the run, and is told" {
	need_root
	start_victim quickexit --mib 16 --wait
	start_memtrace --pid "$VICTIM_PID" --duration 60s
	wait_attached
	kill -USR1 "$VICTIM_PID"
	until_true 15 is_gone "$TRACE_PID"
	[ "$(trace_status)" -eq 0 ]
	check_report "$T/report.json"
	[ "$(process "$VICTIM_PID" 'has("end")')" = true ]
	within "taken" "$(process "$VICTIM_PID" .taken.user_page_bytes)" $((16 << 20))
	at_most "still held" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
	# What CPUs have not given back yet is nobody's.
	at_most "inherited, without a child" "$(jq --argjson pid "$VICTIM_PID" '[.left_behind[] |
		select(.pid == $pid) | .residue.inherited_bytes] | add // 0' "$T/report.json")" \
		$((16 * PAGE))
}

@test "a command that does not exist" {
	run_to_end --no-bpf -- /nonexistent/command
	[ "$status" -eq 1 ]
	one_line "$T/stderr"
	grep -q /nonexistent/command "$T/stderr"
}

@test "a command that cannot be executed" {
	echo nothing >"$T/plain"
	run_to_end --no-bpf -- "$T/plain"
	[ "$status" -eq 1 ]
	one_line "$T/stderr"
}

@test "a command is found in PATH and gets its arguments, input and output" {
	status=0
	echo "from stdin" | "$MEMTRACE" --no-bpf --log-dir "$T/log" -o "$T/report" -- \
		sh -c "cat; echo \"\$1\"; echo err >&2" sh 'an  argument' >"$T/stdout" 2>"$T/stderr" || status=$?
	[ "$status" -eq 0 ]
	printf 'from stdin\nan  argument\n' | diff - "$T/stdout"
	grep -q '^err$' "$T/stderr"
}

@test "under sudo a command runs as the invoking user" {
	need_root
	SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody run_to_end -- sh -c 'id -u; id -g; id -G'
	[ "$status" -eq 0 ]
	printf '65534\n65534\n65534\n' | diff - "$T/stdout"
}

@test "a command inherits no privilege and no descriptor of ours" {
	need_root
	run_to_end -- sh -c 'ls -l /proc/self/fd; grep -i "NoNewPrivs\|SigBlk\|SigIgn" /proc/self/status'
	[ "$status" -eq 0 ]
	cat "$T/stdout"
	lacks 'anon_inode:bpf\|\.db' "$T/stdout"
	grep -q 'NoNewPrivs:[[:space:]]*0' "$T/stdout"
}

@test "a shell's child does the growing: followed" {
	need_root
	printf '#!/bin/sh\n"%s/anon4k" --mib 32\nexit 5\n' "$VICTIMS" >"$T/script"
	chmod 755 "$T/script"
	VICTIMS=$T trace_command script
	check_anon "$(truth .pid)" "$(truth .held_bytes)"
}

@test "execer: another program, and what the first one held is gone" {
	need_root
	trace_pid execer --phase 0.3
	at_most "user pages" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" $((64 * PAGE))
	at_most "anonymous RSS" "$(process "$VICTIM_PID" .anon_bytes.end)" $((128 * PAGE))
	within "taken" "$(process "$VICTIM_PID" .taken.user_page_bytes)" "$(truth .touched_bytes)"
	[ "$(process "$VICTIM_PID" .execed)" = true ]
	[ "$(report '[.events[] | select(.kind == "target_exec")] | length')" -ge 1 ]
}

@test "execer: what the new program takes is counted" {
	need_root
	trace_command execer --phase 0.3 --then-mib 24
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "reuse: another process gets the PID of a dead target" {
	need_root
	start_victim reuse --phase 60 --mib 32 --second-mib 48
	wait_truth
	pid=$(truth .pid)
	# Another target keeps the run going when the first is dead.
	sleep 60 3>&- &
	track $!
	start_memtrace --pid "$pid,$!"
	wait_attached
	# The first grows, makes room, the second grows: each at a word, however slow the machine.
	kill -USR1 "$pid" "$VICTIM_PID"
	until_true 30 grep -qsx reuse-second "/proc/$pid/comm"
	kill -USR1 "$pid"
	wait_truth 2
	end_memtrace
	[ "$(report '[.events[] | select(.kind == "pid_reused")] | length')" -eq 1 ]
	first=$(jq -c --argjson pid "$pid" '[.processes[] | select(.pid == $pid)] | min_by(.start_time)' \
		"$T/report.json")
	echo "$first"
	[ "$(jq -r .comm <<<"$first")" = reuse-first ]
	[ "$(jq -r 'has("end")' <<<"$first")" = true ]
	at_most "held by the dead" "$(jq .attributed.user_page_bytes <<<"$first")" $((64 * PAGE))
	within "taken by the first" "$(jq .taken.user_page_bytes <<<"$first")" $((32 << 20))
}

@test "leavebehind: what an exited process leaves is its" {
	need_root
	disk=$(disk_dir) || skip "no directory on a disk"
	mkdir "$T/shm"
	mount -t tmpfs tmpfs "$T/shm" || skip "no tmpfs can be mounted"
	undo "umount $T/shm"
	printf '#!/bin/sh\n"%s/leavebehind" --mib 48 --dir "%s" --shm-dir "%s"\nexec sleep 30\n' \
		"$VICTIMS" "$disk" "$T/shm" >"$T/script"
	chmod 755 "$T/script"
	VICTIMS=$T trace_command script
	pid=$(truth .pid)
	left=$(jq -c --argjson pid "$pid" '.left_behind[] | select(.pid == $pid)' "$T/report.json")
	echo "left: $left"
	within "in all" "$(jq .held_bytes <<<"$left")" "$(truth '.file_bytes + .tmpfs_bytes')" \
		$((512 * PAGE)) # file system metadata
	within "page cache" "$(jq .residue.file_bytes <<<"$left")" "$(truth .file_bytes)"
	within "tmpfs" "$(jq .residue.shmem_bytes <<<"$left")" "$(truth .tmpfs_bytes)"
}

@test "orphan: a dead parent's pages that its child maps are inherited" {
	need_root
	trace_command orphan --phase 0.5
	check_inherited
	trace_pid orphan --phase 0.5
	check_inherited
}

check_inherited() {
	local left
	left=$(jq -c --argjson pid "$(truth .pid)" '.left_behind[] | select(.pid == $pid)' \
		"$T/report.json")
	echo "left: $left"
	# Either it is not listed at all, or held_bytes leaves out what is called inherited.
	[ -z "$left" ] || {
		within "inherited" "$(jq .residue.inherited_bytes <<<"$left")" "$(truth .held_bytes)"
		at_most "the rest" "$(jq .held_bytes <<<"$left")" $((256 * PAGE))
	}
	within "the child's RSS" "$(process "$(truth .child)" .anon_bytes.end)" "$(truth .held_bytes)"
	at_most "the child's own" "$(process "$(truth .child)" .attributed.user_page_bytes)" $((64 * PAGE))
}

@test "SIGINT ends a run early with a complete report" {
	need_root
	TRACE_ARGS=(--duration 10m)
	start_trace_pid anon4k --mib 16
	END_SIGNAL=INT end_memtrace
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	jq -e '.duration_s < 60' "$T/report.json"
}

@test "SIGTERM ends a run early with a complete report" {
	need_root
	TRACE_ARGS=(--duration 10m)
	start_trace_pid anon4k --mib 16
	end_memtrace
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "SIGTERM to a run of a command: the report tells what the command held" {
	need_root
	start_trace_command anon4k --mib 16
	end_memtrace
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	# The command does not outlive the run.
	until_true 5 is_gone "$VICTIM_PID"
}

@test "SIGTERM twice and SIGINT at the very start are survived" {
	start_victim anon4k --mib 4
	start_memtrace --pid "$VICTIM_PID"
	for _ in 1 2 3; do
		kill -TERM "$TRACE_PID" 2>/dev/null || break
		sleep 0.05
	done
	until_true 20 is_gone "$TRACE_PID"
	status=$(trace_status)
	# Before its handlers are in place the signal's own action is fine.
	[ "$status" -eq 0 ] || [ "$status" -eq 143 ] || memtrace_log
	[ "$status" -ne 0 ] || check_report "$T/report.json"
}

bpf_ids() {
	bpftool -j "$1" show 2>/dev/null | jq -r '.[].id' | sort -n
}

@test "after a run nothing is left in the kernel" {
	need_root
	need bpftool jq
	find /sys/fs/bpf 2>/dev/null | sort >"$T/pins.before"
	start_trace_pid anon4k --mib 4
	programs_of "$TRACE_PID" >"$T/programs"
	maps_of "$TRACE_PID" >"$T/maps"
	[ -s "$T/programs" ]
	end_memtrace
	until_true 10 nothing_left
}

@test "after kill -9 nothing is left in the kernel and the session can be read" {
	need_root
	need bpftool jq
	find /sys/fs/bpf 2>/dev/null | sort >"$T/pins.before"
	start_trace_pid anon4k --mib 32
	programs_of "$TRACE_PID" >"$T/programs"
	maps_of "$TRACE_PID" >"$T/maps"
	[ -s "$T/programs" ]
	sleep 2.2 # two ticks: the growth is in the session
	kill -KILL "$TRACE_PID"
	wait "$TRACE_PID" || :
	until_true 10 nothing_left
	db=$(find "$T/log" -name '*.db')
	"$MEMTRACE" --report "$db" --format json >"$T/report.json"
	check_report "$T/report.json"
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
	"$MEMTRACE" --report "$db" >"$T/text"
	grep -q "$VICTIM_PID" "$T/text"
}

nothing_left() {
	[ -z "$(comm -12 <(sort "$T/programs") <(bpf_ids prog | sort))" ] &&
		[ -z "$(comm -12 <(sort "$T/maps") <(bpf_ids map | sort))" ] &&
		find /sys/fs/bpf 2>/dev/null | sort | cmp -s - "$T/pins.before"
}

@test "privileges are dropped after attach" {
	need_root
	start_trace_pid anon4k --mib 4
	grep 'CapEff\|CapBnd\|NoNewPrivs' "/proc/$TRACE_PID/status" || :
	grep -q 'NoNewPrivs:[[:space:]]*1' "/proc/$TRACE_PID/status"
	eff=$(awk '$1 == "CapEff:" { print $2 }' "/proc/$TRACE_PID/status")
	# sys_admin (21) and sys_module (16) are needed by nobody who only samples
	[ $((0x$eff & (1 << 16))) -eq 0 ]
	[ $((0x$eff & (1 << 25))) -eq 0 ] # sys_time
	[ $((0x$eff & (1 << 12))) -eq 0 ] # net_admin
	end_memtrace
}

@test "event sources can be switched off one by one" {
	need_root
	for source in page filemap task migrate async task_iter oom vma objects; do
		TRACE_ARGS=(--no-source "$source")
		rm -rf "$T/log"
		trace_command anon4k --mib 16
		within "RSS without $source" "$(process "$VICTIM_PID" .anon_bytes.end)" "$(truth .held_bytes)"
		[ "$source" = page ] ||
			within "pages without $source" "$(process "$VICTIM_PID" .attributed.user_page_bytes)" \
				"$(truth .held_bytes)"
		jq -e --arg s "$source" 'any(.limits[]; .kind == "source_" + $s)' "$T/report.json" ||
			fail "no limit names the source $source that is off"
		until_true 10 is_gone "$VICTIM_PID" # memtrace ended it
	done
}

# While $TRACE_PID must not grow, a list of processes that needs it to.
starve() {
	local size sleepers=()
	size=$(awk '$1 == "VmSize:" { print $2 * 1024 }' "/proc/$TRACE_PID/status")
	prlimit --as="$size:unlimited" --pid "$TRACE_PID"
	for _ in {1..1500}; do
		sleep 60 3>&- &
		sleepers+=("$!")
	done
	sleep 2.5
	prlimit --as=unlimited --pid "$TRACE_PID"
	kill "${sleepers[@]}"
	wait "${sleepers[@]}" || :
	sleep 1.5 # one sample that is whole again
}

@test "no memory for a sample: it is incomplete and counted, the run goes on, what follows is right" {
	need_root
	need prlimit
	TRACE_ARGS=(--interval 0.5s)
	start_trace_pid anon4k --mib 32 --steps 2 --pause 2
	starve
	wait_truth
	end_memtrace
	jq -c '.limits[] | [.kind, .count]' "$T/report.json"
	[ "$(limit_count samples_incomplete)" -ge 2 ]
	[ "$(grep -c 'a sample is incomplete' "$T/stderr")" -eq 1 ]
	check_anon "$VICTIM_PID" "$(truth .held_bytes)"
}

@test "no memory for a sample of --monitor: no alert comes of it, and the logs go on" {
	need_root
	need prlimit
	MEMTRACE_ARGS=()
	start_memtrace --monitor 5 1
	wait_attached
	starve
	end_memtrace
	[ "$(limit_count samples_incomplete)" -ge 2 ]
	memory=$(find "$T/log" -name '*_memory.log')
	cat "$memory"
	# Head, a line from before, and those from after it; each with all that a line has.
	[ "$(wc -l <"$memory")" -ge 4 ]
	[ "$(awk -F, 'NF != 10 || $2 == 0 || $5 == 0' "$memory" | wc -l)" -eq 0 ]
}
