#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel pages by call path, against programs that know what they hold: the class, the function
# that asked, the process, the bytes; and nothing left of it when it was given back.
# alone: lines of the whole machine are held against what victims hold
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

MIB=1048576

# What is held, its class, MiB, and who can have asked for it: a regular expression.
HOLDERS=(
	"packet:packet rings:256:packet_set_ring|alloc_one_pg_vec_page|alloc_pg_vec"
	"pipes:pipe buffers:128:anon_pipe_write|pipe_write|anon_pipe_get_page"
	"tables:page tables:96:pte_alloc_one|__pte_alloc"
	"bpf:BPF maps and programs:128:array_map_alloc"
	"perf:perf rings:128:perf_mmap_alloc_page|rb_alloc"
	"uring:io_uring rings:64:io_.*"
)

# Bytes and error of what a process holds of a class, in a report.
of_class() { # FILE PID CLASS
	jq -r --argjson pid "$2" --arg class "$3" \
		'[.paths[] | select(.domain == "kernel" and .pid == $pid and .class == $class)] |
		[([.[].live_bytes] | add // 0), ([.[].error_bytes * .[].error_bytes] | add // 0 | sqrt | ceil)] |
		@tsv' "$1"
}

# The class's largest path of a process.
largest() { # PID CLASS MEMBER
	jq -r --argjson pid "$1" --arg class "$2" \
		"[.paths[] | select(.domain == \"kernel\" and .pid == \$pid and .class == \$class)] |
		max_by(.live_bytes) | $3" "$T/report.json"
}

need_pages() {
	jq -e 'any(.limits[]; .kind == "source_page")' "$T/report.json" >/dev/null || return 0
	skip "$(report '.limits[] | select(.kind == "source_page").meaning')"
}

# Sets pid and held of a holder; fails for one that cannot do its thing here.
truth_of() {
	! grep -q ': skipped: ' "$T/$1.err" || return 1
	until_true 60 has_lines "$T/$1" 1
	pid=$(head -n 1 "$T/$1" | jq .pid)
	held=$(head -n 1 "$T/$1" | jq .held_bytes)
}

# Twice the 95 % error: once in 11,000 runs by chance; and 5 %.
check_held() { # WHAT CLASS MIB ASKER
	local bytes error pid held
	truth_of "$1" || { echo "# $(cat "$T/$1.err")" >&3; return 0; }
	IFS=$'\t' read -r bytes error <<<"$(of_class "$T/report.json" "$pid" "$2")"
	echo "$2: $bytes +- $error, there are $held"
	at_most "$2: error" "$error" $((held / 8))
	at_least "$2" "$bytes" $((held - held / 20 - 2 * error))
	at_most "$2" "$bytes" $((held + held / 20 + 2 * error))
	[[ $(largest "$pid" "$2" .asked_by) =~ ^($4)$ ]] ||
		fail "$2 asked for by $(largest "$pid" "$2" .asked_by)"
	[ "$(largest "$pid" "$2" .comm)" = kernelmem ]
	[ "$(largest "$pid" "$2" .complete)" = true ]
	jq -e --arg class "$2" '.kernel_classes[] | select(.class == $class) |
		.live_bytes > 0 and (.line | length > 0) and has("difference_bytes")' "$T/report.json"
}

check_given_back() { # WHAT CLASS
	local bytes error pid held
	truth_of "$1" || return 0
	IFS=$'\t' read -r bytes error <<<"$(of_class "$T/after.json" "$pid" "$2")"
	at_most "left of $2" "$bytes" $((held / 20))
}

# FUNCTION for each holder, with its fields.
each() {
	local holder fields
	for holder in "${HOLDERS[@]}"; do
		IFS=: read -ra fields <<<"$holder"
		"$1" "${fields[@]}"
	done
}

start_holder() {
	"$VICTIMS/kernelmem" --what "$1" --mib "$3" --wait --phase 120 >"$T/$1" 2>"$T/$1.err" 3>&- &
	echo $! >"$T/$1.pid"
	track $!
}

CONTAINER=4f5e0c0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789

# The process that fills pipes, in a cgroup as Docker makes them. Fails where none can be made.
contain_pipes() {
	local root=/sys/fs/cgroup
	[ ! -e $root/memory/cgroup.procs ] || root=$root/memory
	cgroup=$root/docker-$CONTAINER.scope
	mkdir "$cgroup" || return 0
	undo "for _ in {1..50}; do rmdir '$cgroup' && break; sleep 0.1; done"
	cat "$T/pipes.pid" >"$cgroup/cgroup.procs"
}

check_container() {
	local pid held
	if ! truth_of pipes || [ ! -d "$cgroup" ]; then
		echo '# no cgroup or no pipes' >&3
		return 0
	fi
	[ "$(largest "$pid" "pipe buffers" .runtime)" = docker ]
	[ "$(largest "$pid" "pipe buffers" .container)" = "${CONTAINER:0:12}" ]
	[ "$(largest "$pid" "pipe buffers" .container_id)" = "$CONTAINER" ]
	[[ $(largest "$pid" "pipe buffers" .cgroup) == */docker-$CONTAINER.scope ]]
	grep -q "by kernelmem (pid $pid) in docker container ${CONTAINER:0:12}" "$T/text"
	[ "$(largest "$packet" "packet rings" 'has("container")')" = false ]
}

signal_holder() {
	kill -USR1 "$(cat "$T/$1.pid")" 2>/dev/null || :
}

wait_held() {
	until_true 60 has_lines "$T/$1" 1 || grep ': skipped: ' "$T/$1.err"
}

# Its second line, or its end where what is mapped goes with it.
wait_given_back() {
	until_true 60 given_back "$1"
}

given_back() {
	has_lines "$T/$1" 2 || is_gone "$(cat "$T/$1.pid")"
}

@test "kernel pages by class and by who asked, and gone when they are given back" {
	local asker packet after cgroup
	each start_holder
	contain_pipes
	packet=$(cat "$T/packet.pid")
	start_memtrace --pid "$packet"
	# A second run sees both ends.
	"$MEMTRACE" --interval 1s --format json -o "$T/after.json" --log-dir "$T/log-after" --pid $$ \
		>"$T/after.out" 2>&1 3>&- &
	after=$!
	track "$after"
	wait_attached
	until_true 20 waits_for_tick "$after"
	each signal_holder
	each wait_held
	end_memtrace
	need_pages
	each check_held
	# The session says the same, and so do words.
	"$MEMTRACE" --report "$T"/log/*.db --format json | diff - "$T/report.json"
	"$MEMTRACE" --report "$T"/log/*.db >"$T/text"
	asker=$(largest "$packet" "packet rings" .asked_by)
	grep -q "asked by $asker, kernelmem (pid $packet)" "$T/text"
	check_container
	grep -q '^packet rings .* packet rings$' "$T/text" # the table of classes
	each signal_holder
	each wait_given_back
	kill -TERM "$after"
	until_true 30 is_gone "$after"
	check_report "$T/after.json"
	each check_given_back
}
