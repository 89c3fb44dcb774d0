#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's task iterator and /proc give the same fields.
# alone: two looks at the same processes, one after the other
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

# Fields of a process at the end of a run, one a line: "rss_bytes 123".
fields() {
	jq -r --argjson pid "$1" '.processes[] | select(.pid == $pid) | to_entries[] |
		select(.value | type == "object" and has("end")) | "\(.key) \(.value.end)"' "$2" | sort
}

sample() {
	local file=$1
	shift
	rm -rf "$T/log"
	start_memtrace "$@" --pid "$VICTIMS_PIDS"
	wait_attached
	end_memtrace
	mv "$T/report.json" "$T/$file"
}

start_several() {
	start_victim anon4k --mib 32
	VICTIMS_PIDS=$VICTIM_PID
	wait_truth
	start_victim memfd --mib 16
	VICTIMS_PIDS+=,$VICTIM_PID
	wait_truth
	start_victim thread --mib 8
	VICTIMS_PIDS+=,$VICTIM_PID
	wait_truth
	start_victim anonthp --mib 16
	VICTIMS_PIDS+=,$VICTIM_PID
	wait_truth
}

@test "iterator and /proc agree on every field of sleeping processes" {
	start_several
	sample iter.json
	sample proc.json --no-source task_iter
	sample plain.json --no-bpf
	for pid in ${VICTIMS_PIDS//,/ }; do
		for other in proc plain; do
			echo "pid $pid, iter against $other"
			diff <(fields "$pid" "$T/iter.json" | cut -d' ' -f1) \
				<(fields "$pid" "$T/$other.json" | cut -d' ' -f1)
			while read -r name iter _ value; do
				case $name in
				rss_bytes | anon_bytes | file_bytes | shmem_bytes | swap_bytes | pss_bytes | uss_bytes)
					within "$name" "$iter" "$value"
					;;
				*) [ "$iter" = "$value" ] || fail "$name: $iter, $value" ;;
				esac
			done < <(paste -d' ' <(fields "$pid" "$T/iter.json") <(fields "$pid" "$T/$other.json"))
		done
	done
	# There is something to compare.
	[ "$(fields "$pid" "$T/iter.json" | wc -l)" -ge 10 ]
}

@test "iterator and /proc agree on who is there" {
	start_several
	sample iter.json --top-processes 0
	sample proc.json --top-processes 0 --no-source task_iter
	for file in iter proc; do
		jq -r --arg pids "$VICTIMS_PIDS" '.processes[] | select(.pid as $p |
			$pids | split(",") | map(tonumber) | index($p)) |
			"\(.pid) \(.start_time) \(.comm) \(.cgroup // "")"' "$T/$file.json" | sort >"$T/$file"
	done
	[ "$(wc -l <"$T/iter")" -eq 4 ]
	diff "$T/iter" "$T/proc"
}

@test "a process without memory of its own and a zombie do not disturb" {
	python3 -c 'import os, time
pid = os.fork()
if not pid: os._exit(0)
time.sleep(30)' 3>&- &
	track $!
	start_victim anon4k --mib 16
	wait_truth
	VICTIMS_PIDS=$VICTIM_PID
	sample iter.json
	sample proc.json --no-source task_iter
	within "RSS" "$(fields "$VICTIM_PID" "$T/iter.json" | awk '$1 == "anon_bytes" { print $2 }')" \
		$((16 << 20))
	within "RSS" "$(fields "$VICTIM_PID" "$T/proc.json" | awk '$1 == "anon_bytes" { print $2 }')" \
		$((16 << 20))
}
