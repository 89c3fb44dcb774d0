#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --analyze: what is planted is named in the first screen, with BPF and without.
# alone: what is first on the screen is first on the machine
# shellcheck disable=SC2154 # variables that the helper sets

load helper

# Rows of a terminal that shows a report's beginning.
SCREEN=30

# One of each: $T/NAME.truth has what it says. The grower takes 10 MiB a second: more than what else
# grows on a machine that builds something.
plant() {
	need jq
	start_planted zombie --zombies 3 --hold 60
	start_planted sysvorphan --mib 96 --hold 60
	start_planted fdleak --steps 600 --pause 0.1 --per-step 3 --hold 60
	start_planted anon4k --mib 600 --steps 1200 --pause 0.05 --hold 60
	until_true 10 test -s "$T/zombie.truth"
	until_true 10 test -s "$T/sysvorphan.truth" || skip "$(cat "$T/sysvorphan.err")"
}

start_planted() {
	local name=$1
	shift
	"$VICTIMS/$name" "$@" >"$T/$name.truth" 2>"$T/$name.err" 3>&- &
	echo "$!" >"$T/$name.pid"
	track "$!"
}

pid_of() {
	cat "$T/$1.pid"
}

# The whole report; what is in the first screen is in $T/screen.
first_screen() {
	head -n "$SCREEN" "$1" >"$T/screen"
	grep -q '^LOOK AT FIRST' "$T/screen"
}

screen_has() {
	grep -qE "$1" "$T/flat" || fail "no '$1' in: $(cat "$T/screen")"
}

check_screen() {
	local id
	id=$(jq -r .shmid "$T/sysvorphan.truth")
	first_screen "$1"
	tr -s ' \n' ' ' <"$T/screen" >"$T/flat"
	screen_has "zombie \(pid $(pid_of zombie)\) does not reap its children: 3 zombies"
	screen_has "[0-9]+ System V segment.*id $id, 96.0 MiB"
	screen_has "fdleak \(pid $(pid_of fdleak)\) has [0-9]+ files open.* more than .*/etc/passwd"
	screen_has "anon4k \(pid $(pid_of anon4k)\) grew by"
	# each with what to type next
	[ "$(grep -c '^   next: ' "$T/screen")" -ge 4 ]
}

# 10 MiB a second, give or take what a loaded machine does to a program that sleeps.
check_rate() {
	jq -e --argjson pid "$(pid_of anon4k)" '.processes[] | select(.pid == $pid) |
		.rate_bytes_per_hour / 3600 / 1048576 | . > 5 and . < 12.5' "$1" >/dev/null ||
		fail "rate: $(jq -c '[.processes[] | {comm, rate_bytes_per_hour}]' "$1")"
}

check_json() {
	local id
	id=$(jq -r .shmid "$T/sysvorphan.truth")
	check_report "$1"
	jq -e '.mode == "analyze" and .analysis.complete' "$1"
	jq -e --argjson pid "$(pid_of zombie)" '[.zombies[] | select(.ppid == $pid)] |
		length == 3 and all(.comm == "a,b\"c\nd" and .parent.comm == "zombie" and
			.parent.zombies == 3)' "$1"
	jq -e --argjson id "$id" '.shared_memory[] | select(.kind == "sysv" and .id == $id) |
		.orphan and .attached == 0 and .size_bytes == 96 * 1048576 and .creator_alive' "$1"
	jq -e --argjson pid "$(pid_of fdleak)" '.fd_leaks[] | select(.pid == $pid) |
		.change >= 8 and .what == "/etc/passwd"' "$1"
	check_rate "$1"
	jq -e --argjson pid "$(pid_of anon4k)" '.top_consumers[] | select(.pid == $pid) |
		.pss_bytes > 0 and ([.mappings[].class] | contains(["anonymous"]))' "$1"
	jq -e '.alerts[] | select(.kind == "zombies") | .severity == "notice"' "$1"
}

@test "zombies, an orphan segment, a leak of files and a grower: the first screen names them" {
	plant
	"$MEMTRACE" --analyze "$T/r.log" --duration 4s --log-dir "$T/log" >"$T/out" 2>"$T/err"
	check_screen "$T/out"
	cmp "$T/out" "$T/r.log"
	[ "$(stat -c %a "$T/r.log")" = 640 ]
	# from the session, without the machine: the same, but for what the file says of itself
	session=("$T"/log/process_analysis_*.db)
	"$MEMTRACE" --report "${session[0]}" >"$T/again"
	diff "$T/out" "$T/again"
	"$MEMTRACE" --report "${session[0]}" --format json >"$T/report.json"
	check_json "$T/report.json"
}

@test "the same without BPF, and it says what is missing" {
	plant
	"$MEMTRACE" --analyze "$T/r.log" --duration 4s --log-dir "$T/log" --no-bpf --format json \
		>"$T/report.json" 2>"$T/err"
	check_screen "$T/r.log"
	check_json "$T/report.json"
	grep -q 'Without columns for what processes took' "$T/r.log"
	lacks 'taken and held' "$T/r.log"
	jq -e '[.top_consumers[] | has("attributed")] | any | not' "$T/report.json"
}

@test "the wrapper takes the same argument, and its options are memtrace's" {
	plant
	MEMTRACE="$MEMTRACE" "$REPO/scripts/process_analyzer.sh" "$T/r.log" --duration 3s \
		--log-dir "$T/log" >"$T/out" 2>"$T/err"
	check_screen "$T/r.log"
	cmp "$T/out" "$T/r.log"
}

@test "names out to do harm change no line" {
	start_planted hostile --mib 2 --hold 60
	start_planted zombie --zombies 2 --name "$(printf '\033[31mred')" --hold 60
	until_true 10 test -s "$T/hostile.truth"
	until_true 10 test -s "$T/zombie.truth"
	"$MEMTRACE" --analyze "$T/r.log" --duration 1s --log-dir "$T/log" --no-bpf \
		--top-processes 0 >"$T/out" 2>"$T/err"
	LC_ALL=C lacks "$(printf '\033')" "$T/out"
	grep -q 'x1b\[31mred' "$T/out"
	# the tables' first columns are numbers, whatever a process is called
	awk '/^TOP CONSUMERS/ { on = 1 } /^\*/ { go = 0 }
		go && $1 !~ /^[0-9]+$/ { print; bad = 1 }
		on && $1 == "PID" { go = 1; on = 0 } END { exit bad }' "$T/out"
}

@test "sockets that are leaked are told by sort, an unheld /dev/shm file and a memfd by holder" {
	need_root
	need jq python3
	start_planted fdleak --kind socket --steps 600 --pause 0.05 --per-step 2 --hold 60
	local name=/dev/shm/memtrace-test-$$
	undo "rm -f $name"
	head -c 4M /dev/zero >"$name" || skip 'no /dev/shm'
	start_planted memfd --mib 4 --hold 60
	until_true 10 test -s "$T/memfd.truth"
	"$MEMTRACE" --analyze "$T/r.log" --duration 2s --log-dir "$T/log" --no-bpf --format json \
		>"$T/report.json" 2>"$T/err"
	jq -e --argjson pid "$(pid_of fdleak)" '.open_files[] | select(.pid == $pid) |
		.groups[0].what == "unix stream (no name)" and .groups[0].count >= 8' "$T/report.json"
	jq -e --arg name "$name" '.shared_memory[] | select(.name == $name) |
		.unheld and .allocated_bytes == 4 * 1048576' "$T/report.json"
	jq -e --argjson pid "$(pid_of memfd)" '[.shared_memory[] | select(.kind == "memfd") |
		.holders[] | select(.pid == $pid)] | length == 1' "$T/report.json"
}

@test "Ctrl-C ends it early with a complete report" {
	"$MEMTRACE" --analyze "$T/r.log" --duration 5m --no-bpf --log-dir "$T/log" >"$T/out" \
		2>"$T/err" 3>&- &
	TRACE_PID=$!
	track "$TRACE_PID"
	until_true 30 waits_for_tick "$TRACE_PID"
	sleep 0.3
	[ ! -e "$T/r.log" ]
	kill -TERM "$TRACE_PID"
	wait "$TRACE_PID"
	grep -q '^LIMITS OF THESE NUMBERS' "$T/r.log"
	lacks 'BEFORE ITS LAST LOOK' "$T/r.log"
}

@test "a run that was killed: its session tells of the start, and says so" {
	"$MEMTRACE" --analyze "$T/r.log" --duration 5m --no-bpf --log-dir "$T/log" >"$T/out" \
		2>"$T/err" 3>&- &
	TRACE_PID=$!
	track "$TRACE_PID"
	until_true 30 waits_for_tick "$TRACE_PID"
	kill -KILL "$TRACE_PID"
	wait "$TRACE_PID" || :
	session=("$T"/log/process_analysis_*.db)
	"$MEMTRACE" --report "${session[0]}" >"$T/again"
	tr -s ' \n' ' ' <"$T/again" | grep -q 'THE RUN ENDED BEFORE ITS LAST LOOK'
	grep -q 'session_unfinished' "$T/again"
}

@test "the default place is /var/log, 0640; without rights below the home" {
	need_root
	need runuser
	"$MEMTRACE" --analyze --duration 0.5 --no-bpf --no-session -v >"$T/out" 2>"$T/err"
	path=$(sed -n 's/.*report: //p' "$T/err")
	undo "rm -f $path"
	[[ $path == /var/log/process_analysis_*.log ]]
	[ "$(stat -c %a:%u "$path")" = 640:0 ]
	cmp "$path" "$T/out"

	mkdir -m 777 "$T/nobody"
	runuser -u nobody -- env HOME="$T/nobody" XDG_STATE_HOME= "$(public_memtrace)" --analyze \
		--duration 0.5 >"$T/out" 2>"$T/err"
	files=("$T"/nobody/.local/state/memtrace/process_analysis_*.log)
	[ -s "${files[0]}" ]
	grep -q 'analysis_mappings_skipped\|analysis_fds_skipped' "${files[0]}"
}

@test "a planted link is not followed, a file that cannot be written costs no run" {
	ln -s "$T/target" "$T/r.log"
	run "$MEMTRACE" --analyze "$T/r.log" --duration 0.5 --no-bpf --no-session
	[ "$status" -eq 1 ]
	[ ! -e "$T/target" ]
	run "$MEMTRACE" --analyze "$T/none/r.log" --duration 5m --no-bpf --no-session
	[ "$status" -eq 1 ]
	run "$MEMTRACE" --analyze a b
	[ "$status" -eq 2 ]
	run "$MEMTRACE" --analyze --pid 1
	[ "$status" -eq 2 ]
}
