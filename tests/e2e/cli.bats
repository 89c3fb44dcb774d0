#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: bad input gives one clear line and the right exit status,
# and a run that can go on goes on.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

bats_require_minimum_version 1.5.0
load helper

# bad STATUS PATTERN ARG...: fails with STATUS, one line on stderr that matches, nothing on stdout
bad() {
	local want=$1 pattern=$2 status=0
	shift 2
	timeout 20 "$MEMTRACE" "$@" >"$T/out" 2>"$T/err" 3>&- || status=$?
	echo "memtrace $*: status $status"
	cat "$T/err"
	[ "$status" -eq "$want" ] || return 1
	one_line "$T/err" || return 1
	grep -Eqi -- "$pattern" "$T/err" || fail "stderr does not match: $pattern" || return 1
	[ ! -s "$T/out" ] || fail "something on stdout"
}

# Usage errors also tell where to look.
bad_usage() {
	bad 2 "$@" || return 1
	grep -q 'try --help' "$T/err" || fail "no 'try --help'"
}

@test "--help goes to stdout and exits 0" {
	run -0 --separate-stderr "$MEMTRACE" --help
	[ -z "$stderr" ]
	for option in --pid --comm --cgroup --duration --interval --format --output --log-dir --sysroot \
		--no-bpf --no-follow --no-session --no-source --top-processes --report --doctor --verbose \
		--quiet --help --version; do
		[[ $output == *"$option"* ]] || fail "$option is not in --help"
	done
}

@test "--version exits 0 with one line" {
	run -0 --separate-stderr "$MEMTRACE" --version
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} =~ ^memtrace\ [0-9]+\.[0-9]+ ]]
}

@test "no arguments: usage" {
	bad_usage 'nothing to do'
}

@test "unknown option, and one that is nearly right" {
	bad_usage "unknown option '--bogus'" --bogus
	bad_usage "unknown option '-Z'" -Z
	bad_usage "unknown" --pid 1 --durations 5
}

@test "an option's name is not guessed from its beginning" {
	bad_usage "unknown option '--dur" --dur 5 --pid 1
}

@test "--duration that is no duration" {
	bad_usage "--duration: '0'" --pid 1 --duration 0
	bad_usage "--duration: '0s'" --pid 1 --duration 0s
	bad_usage "--duration: '-5'" --pid 1 --duration -5
	bad_usage "--duration: '1e9h'" --pid 1 --duration 1e9h
	bad_usage "--duration: '999999999h'" --pid 1 --duration 999999999h
	bad_usage "--duration: '5 s'" --pid 1 --duration '5 s'
	bad_usage "--duration" --pid 1 --duration ''
	bad_usage "--duration" --pid 1 --duration
	bad_usage "--duration: 'nan'" --pid 1 --duration nan
}

@test "--interval that is no interval" {
	bad_usage "--interval: '0'" --pid 1 --interval 0
	bad_usage "--interval: '1ms'" --pid 1 --interval 1ms
	bad_usage "--interval: '-1s'" --pid 1 --interval -1s
}

@test "--format that does not exist" {
	bad_usage "--format: 'bogus'.*text.*json" --pid 1 --format bogus
	bad_usage "--format" --pid 1 --format ''
}

@test "--pid that is no PID" {
	bad_usage "--pid: 'abc'" --pid abc
	bad_usage "--pid: '-1'" --pid -1
	bad_usage "--pid: 0" --pid 0
	bad_usage "--pid" --pid ''
	bad_usage "--pid" --pid 1,,2
	bad_usage "--pid" --pid 1,
	bad_usage "--pid.*too large" --pid 4294967297
	bad_usage "--pid.*too large" --pid 99999999999999999999
}

@test "--no-source of no source" {
	bad_usage "--no-source: 'bogus'.*page" --pid 1 --no-source bogus
}

@test "--top-processes that is no number" {
	bad_usage "--top-processes: 'x'" --pid 1 --top-processes x
	bad_usage "--top-processes: '-1'" --pid 1 --top-processes -1
}

@test "options that exclude each other" {
	bad_usage "combined" --pid 1 --comm x
	bad_usage "combined" --pid 1 -- true
	bad_usage "no command" --
	bad_usage "no meaning" --report x --duration 5
}

@test "a hostile argument cannot write to the terminal" {
	status=0
	"$MEMTRACE" --format $'\033]0;title\a\n' --pid 1 >"$T/out" 2>"$T/err" || status=$?
	[ "$status" -eq 2 ]
	lacks $'\033\|\a' "$T/err"
	one_line "$T/err"
}

@test "a PID that does not exist" {
	free=$(free_pid)
	bad 1 "$free" --log-dir "$T/log" --interval 500ms --duration 1 --pid "$free"
	bad 1 "$free" --log-dir "$T/log" --interval 500ms --duration 1 --no-bpf --pid "$free"
}

free_pid() {
	local pid
	for pid in 3999999 32767 32766 32765; do
		[ -e "/proc/$pid" ] || { echo "$pid"; return; }
	done
}

@test "a PID that is a thread of another process is told as such" {
	need python3
	start_victim thread --leader-exits --hold 20 --mib 4
	wait_truth
	tid=$(truth .tid)
	bad 1 "$tid.*(thread|task)" --log-dir "$T/log" --interval 500ms --duration 1 --no-bpf --pid "$tid"
}

@test "a kernel thread" {
	[ -e /proc/2/stat ] && grep -q kthreadd /proc/2/comm || skip "no kernel threads in sight"
	bad 1 "2.*kernel thread" --log-dir "$T/log" --interval 500ms --duration 1 --pid 2
	bad 1 "2.*kernel thread" --log-dir "$T/log" --interval 500ms --duration 1 --no-bpf --pid 2
}

@test "one PID of several does not exist: the run goes on with the others" {
	start_victim anon4k --mib 4
	wait_truth
	status=0
	"$MEMTRACE" --no-bpf --log-dir "$T/log" --interval 500ms --duration 1 --format json -o "$T/report.json" \
		--pid "$VICTIM_PID,$(free_pid)" 2>"$T/err" || status=$?
	cat "$T/err"
	grep -q "$(free_pid)" "$T/err"
	if [ "$status" -eq 0 ]; then
		check_report "$T/report.json"
		[ "$(process "$VICTIM_PID" .pid)" -eq "$VICTIM_PID" ]
	else
		[ "$status" -eq 1 ]
		one_line "$T/err"
	fi
}

@test "another user's process when not root" {
	need_root
	need setpriv
	start_victim anon4k --mib 4
	wait_truth
	binary=$(public_memtrace)
	install -d -o 65534 "$T/nobody"
	status=0
	as_nobody "$binary" --duration 1s --interval 500ms --log-dir "$T/nobody/log" --format json \
		--pid "$VICTIM_PID" >"$T/out" 2>"$T/err" || status=$?
	echo "status $status"
	cat "$T/err"
	grep -qi "$VICTIM_PID\|permi\|root\|privilege" "$T/err"
	lacks 'libbpf:' "$T/err"
	if [ "$status" -eq 0 ]; then # what /proc shows to everybody can be told, the rest is a limit
		check_report "$T/out"
		jq -e '.limits | length > 0' "$T/out"
		jq -e --argjson pid "$VICTIM_PID" \
			'.processes[] | select(.pid == $pid) | has("attributed") | not' "$T/out"
	else
		[ "$status" -eq 1 ]
		one_line "$T/err"
	fi
}

@test "not root: one's own process is sampled, page attribution is told as missing" {
	need_root
	need setpriv
	binary=$(public_memtrace)
	install -d -o 65534 "$T/nobody"
	as_nobody sleep 30 3>&- &
	pid=$!
	track "$pid"
	sleep 0.2
	as_nobody "$binary" --duration 1s --interval 500ms --log-dir "$T/nobody/log" --format json \
		--pid "$pid" >"$T/out" 2>"$T/err"
	cat "$T/err"
	lacks 'libbpf:' "$T/err"
	check_report "$T/out"
	jq -e --argjson pid "$pid" '.processes[] | select(.pid == $pid) |
		.rss_bytes.end > 0 and (has("attributed") | not)' "$T/out"
	jq -e '[.limits[].kind] | length > 0' "$T/out"
}

@test "not root: --doctor tells what is missing and how to get it" {
	need setpriv
	binary=$(public_memtrace)
	as_nobody "$binary" --doctor --format json >"$T/out"
	jq -e '.schema == "memtrace.doctor/1" and ([.features[] | select(.state != "works")] | length > 0)' \
		"$T/out"
}

@test "--doctor: every feature with a state and a reason" {
	run -0 --separate-stderr "$MEMTRACE" --doctor
	[ -n "$output" ]
	"$MEMTRACE" --doctor --format json >"$T/out"
	jq -e '.features | length >= 5' "$T/out"
	jq -e 'all(.features[]; (.name | length > 0) and (.detail | length > 0)
		and (.state == "works" or .state == "degraded" or .state == "missing"))' "$T/out"
}

@test "unwritable output" {
	start_victim anon4k --mib 4
	bad 1 "/nonexistent/dir/x" --no-bpf --log-dir "$T/log" --interval 500ms --duration 1 --pid "$VICTIM_PID" \
		-o /nonexistent/dir/x
	bad 1 "directory" --no-bpf --log-dir "$T/log" --interval 500ms --duration 1 --pid "$VICTIM_PID" -o "$T"
}

@test "unwritable output is found before the time is spent" {
	start_victim anon4k --mib 4
	SECONDS=0
	bad 1 "/nonexistent" --no-bpf --log-dir "$T/log" --duration 15s --pid "$VICTIM_PID" \
		-o /nonexistent/x
	[ "$SECONDS" -lt 5 ]
}

@test "a full device as output is an error" {
	[ -c /dev/full ] || skip "no /dev/full"
	start_victim anon4k --mib 4
	bad 1 "space|full" --no-bpf --log-dir "$T/log" --interval 500ms --duration 1 --pid "$VICTIM_PID" -o /dev/full
	status=0
	"$MEMTRACE" --no-bpf --log-dir "$T/log" --interval 500ms --duration 1 --pid "$VICTIM_PID" >/dev/full \
		2>"$T/err" || status=$?
	[ "$status" -eq 1 ]
	[ "$(grep -c 'written\|write' "$T/err")" -eq 1 ] || fail "$(cat "$T/err")"
	grep -qi 'space' "$T/err"
}

@test "a reader that goes away does not kill the run with a signal" {
	start_victim anon4k --mib 4
	status=0
	{ "$MEMTRACE" --no-bpf --log-dir "$T/log" --interval 500ms --duration 1 --format json --pid "$VICTIM_PID" \
		2>"$T/err" || echo $? >"$T/status"; } | true
	status=$(cat "$T/status" 2>/dev/null || echo 0)
	[ "$status" -eq 141 ] || fail "status $status: $(cat "$T/err")"
	grep -v ': session: ' "$T/err" && fail "$(cat "$T/err")"
	db=$(find "$T/log" -name '*.db')
	{ sleep 0.3; "$MEMTRACE" --report "$db" 2>"$T/err" || echo $? >"$T/status"; } | true
	[ "$(cat "$T/status")" -eq 141 ]
	[ ! -s "$T/err" ] || fail "$(cat "$T/err")"
}

# The run goes on without a session file, and says so once and in the report.
goes_on_without_session() {
	local status=0
	timeout 20 "$MEMTRACE" --no-bpf --log-dir "$1" --duration 2 --interval 500ms --format json \
		--pid "$VICTIM_PID" >"$T/out" 2>"$T/err" 3>&- || status=$?
	echo "status $status"
	cat "$T/err"
	[ "$status" -eq 0 ] || return 1
	one_line "$T/err" || return 1
	check_report "$T/out"
}

@test "a read-only log directory" {
	need_root
	mkdir "$T/ro"
	mount -t tmpfs -o ro,size=1m tmpfs "$T/ro" 2>/dev/null || skip "no tmpfs can be mounted"
	undo "umount $T/ro"
	start_victim anon4k --mib 4
	goes_on_without_session "$T/ro"
}

@test "a full log directory" {
	need_root
	mkdir "$T/full"
	mount -t tmpfs -o size=64k tmpfs "$T/full" 2>/dev/null || skip "no tmpfs can be mounted"
	undo "umount $T/full"
	dd if=/dev/zero of="$T/full/filler" bs=4k status=none 2>/dev/null || :
	start_victim anon4k --mib 4
	goes_on_without_session "$T/full"
}

@test "a log directory that gets full on the way: what was stored stays readable" {
	need_root
	mkdir "$T/small"
	mount -t tmpfs -o size=2m tmpfs "$T/small" 2>/dev/null || skip "no tmpfs can be mounted"
	undo "umount $T/small"
	start_victim anon4k --mib 4
	"$MEMTRACE" --no-bpf --log-dir "$T/small" --duration 5 --interval 200ms --format json \
		--pid "$VICTIM_PID" >"$T/out" 2>"$T/err" 3>&- &
	pid=$!
	track "$pid"
	sleep 1.5
	dd if=/dev/zero of="$T/small/filler" bs=4k status=none 2>/dev/null || :
	wait "$pid"
	cat "$T/err"
	check_report "$T/out"
	db=$(find "$T/small" -name '*.db')
	[ -n "$db" ] || skip "the directory was too small for a session from the start"
	"$MEMTRACE" --report "$db" --format json >"$T/again"
	check_report "$T/again"
}

@test "a log directory below a file, and one that is a link to elsewhere" {
	start_victim anon4k --mib 4
	: >"$T/file"
	status=0
	"$MEMTRACE" --no-bpf --log-dir "$T/file/log" --interval 500ms --duration 1 --format json --pid "$VICTIM_PID" \
		>"$T/out" 2>"$T/err" || status=$?
	cat "$T/err"
	[ "$status" -le 1 ]
	one_line "$T/err"
}

@test "no BTF: page attribution is missing, the run goes on" {
	need_root
	mkdir "$T/tree" "$T/tree/sys"
	ln -s /proc "$T/tree/proc"
	start_victim anon4k --mib 4
	status=0
	timeout 20 "$MEMTRACE" --sysroot "$T/tree" --log-dir "$T/log" --interval 500ms --duration 1 --format json \
		--pid "$VICTIM_PID" >"$T/out" 2>"$T/err" || status=$?
	cat "$T/err"
	[ "$status" -eq 0 ]
	check_report "$T/out"
	grep -qi btf "$T/err" || jq -e '[.limits[].meaning] | any(test("BTF"))' "$T/out"
	jq -e --argjson pid "$VICTIM_PID" '.processes[] | select(.pid == $pid) |
		.rss_bytes.end > 0 and (has("attributed") | not)' "$T/out"
	lacks 'libbpf:' "$T/err"
}

@test "--sysroot of nothing" {
	bad 1 "$T/none" --sysroot "$T/none" --log-dir "$T/log" --interval 500ms --duration 1 --pid 1
	mkdir "$T/empty"
	bad 1 "proc" --sysroot "$T/empty" --log-dir "$T/log" --interval 500ms --duration 1 --pid 1
}

@test "--no-bpf: /proc alone, nothing claimed about pages" {
	start_victim anon4k --mib 32 --wait
	start_memtrace --no-bpf --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	[ "$(programs_of "$TRACE_PID" | wc -l)" -eq 0 ]
	end_memtrace
	within "anonymous RSS" "$(process "$VICTIM_PID" .anon_bytes.end)" "$(truth .held_bytes)"
	within "growth" "$(process "$VICTIM_PID" .anon_bytes.delta)" "$(truth .held_bytes)"
	[ "$(process "$VICTIM_PID" 'has("attributed")')" = false ]
	jq -e '.limits | length > 0' "$T/report.json"
}

@test "text: who grew, by how much, of what kind, how fast" {
	start_victim anon4k --mib 32 --wait
	start_memtrace --format text --pid "$VICTIM_PID" --no-bpf
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	sleep 1.5
	kill -TERM "$TRACE_PID"
	until_true 20 is_gone "$TRACE_PID"
	cat "$T/report.json"
	grep -q "$VICTIM_PID" "$T/report.json"
	grep -q anon4k "$T/report.json"
	grep -Eq '32\.[0-9] MiB' "$T/report.json"
	grep -Eqi '/(h|hour|min)' "$T/report.json"
	grep -Eqi 'anon' "$T/report.json"
}
