# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Running memtrace on victims and comparing its report with what they say.
#
#   start_victim NAME ARG...       in the background; waits for nothing
#   start_memtrace ARG...          in the background, report to $T/report.json
#   trace_command NAME ARG...      memtrace -- victim
#   trace_pid NAME ARG...          victim first, waiting; memtrace --pid; then lets it go, and ends
#                                  memtrace when the victim has said the truth
#   end_memtrace                   SIGTERM, waits, checks status and report
#   truth .held_bytes              of the last truth line
#   process PID .anon_bytes.end    of the report

REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# The binary under test; an installed one can be given.
MEMTRACE=${MEMTRACE:-$REPO/build/memtrace}
VICTIMS=$REPO/tests/victims
PAGE=$(getconf PAGE_SIZE)
# Extra options for every run, one list for a whole file of tests.
MEMTRACE_ARGS=(--interval 1s)
# How long trace_command lets a run last, the next when one was too short.
TRACE_SECONDS=(1 4 16)

setup() {
	[ -x "$MEMTRACE" ] || skip "no $MEMTRACE: run make"
	[ -z "${NEEDS_ROOT:-}" ] || need_root # NEEDS_ROOT: said by a file of tests for all of them
	# Not $BATS_TEST_TMPDIR: nobody must be able to get in, too.
	T=$(mktemp -d "${TMPDIR:-/tmp}/memtrace-e2e.XXXXXX")
	chmod 711 "$T"
	: >"$T/pids"
	: >"$T/undo"
}

# Undoes in reverse order, then ends what this test started, by PID.
teardown() {
	local pid line i tries=0
	[ -n "${T:-}" ] || return 0
	while read -r pid; do
		kill -TERM "$pid" 2>/dev/null || :
	done <"$T/pids"
	while read -r pid; do
		while kill -0 "$pid" 2>/dev/null; do
			tries=$((tries + 1))
			[ "$tries" -lt 50 ] || kill -KILL "$pid" 2>/dev/null || :
			sleep 0.1
			wait "$pid" 2>/dev/null || :
		done
	done <"$T/pids"
	mapfile -t undo <"$T/undo"
	for ((i = ${#undo[@]} - 1; i >= 0; i--)); do
		line=${undo[i]}
		eval "$line" 2>/dev/null || echo "could not undo: $line"
	done
	rm -rf --one-file-system "$T"
}

# A command for teardown; the last one given runs first.
undo() {
	printf '%s\n' "$*" >>"$T/undo"
}

track() {
	echo "$1" >>"$T/pids"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

need() {
	local cmd
	for cmd; do
		command -v "$cmd" >/dev/null || skip "no $cmd here"
	done
}

fail() {
	echo "$*"
	return 1
}

# No line of the file matches: bats does not see a bare "! grep" fail.
lacks() {
	! LC_ALL=C grep -i -- "$1" "$2" || fail "$2 has: $1"
}

# Until the command after the number of seconds succeeds.
until_true() {
	local seconds=$1 i
	shift
	for ((i = 0; i < seconds * 20; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "not within $seconds s: $*"
	return 1
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

is_gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

start_victim() {
	local name=$1
	shift
	VICTIM_OUT=$T/truth
	"$VICTIMS/$name" "$@" >"$VICTIM_OUT" 2>"$T/victim.err" 3>&- &
	VICTIM_PID=$!
	track "$VICTIM_PID"
}

start_memtrace() {
	# A shell's background job ignores SIGINT; a program of a terminal does not.
	env --default-signal=INT "$MEMTRACE" "${MEMTRACE_ARGS[@]}" --format json \
		-o "$T/report.json" --log-dir "$T/log" "$@" >"$T/stdout" 2>"$T/stderr" 3>&- &
	TRACE_PID=$!
	track "$TRACE_PID"
}

programs_of() {
	cat "/proc/$1/fdinfo/"* 2>/dev/null | awk '$1 == "prog_id:" { print $2 }' | sort -un
}

maps_of() {
	cat "/proc/$1/fdinfo/"* 2>/dev/null | awk '$1 == "map_id:" { print $2 }' | sort -un
}

# memtrace sleeps between samples in sigtimedwait(2), and nowhere before the first one.
waits_for_tick() {
	grep -qs sigtimedwait "/proc/$1/wchan"
}

# Until programs are attached and the first sample is taken.
wait_attached() {
	until_true 30 waits_for_tick "$TRACE_PID" && return
	is_gone "$TRACE_PID" && memtrace_log
	sleep 3 # a kernel that does not tell where a task sleeps
}

memtrace_log() {
	echo "--- memtrace said:"
	cat "$T/stderr"
	return 1
}

trace_status() {
	local status=0
	wait "$TRACE_PID" || status=$?
	echo "$status"
}

# Ends the run and checks what every run owes. END_SIGNAL instead of TERM.
end_memtrace() {
	kill -"${END_SIGNAL:-TERM}" "$TRACE_PID"
	finish_memtrace
}

# The run ends by itself.
finish_memtrace() {
	local status
	until_true 30 is_gone "$TRACE_PID" || memtrace_log
	status=$(trace_status)
	[ "$status" -eq 0 ] || { echo "memtrace ended with $status"; memtrace_log; }
	check_report "$T/report.json"
}

# Every report keeps the contract, whatever the test is about.
check_report() {
	local problems
	jq -e . "$1" >/dev/null || { echo "not JSON: $1"; head -c 600 "$1"; return 1; }
	problems=$(jq -r -f "$REPO/tests/e2e/contract.jq" "$1")
	[ -z "$problems" ] || fail "the report breaks the contract:"$'\n'"$problems"
}

# A victim that says it cannot do its thing here skips the test.
check_victim() {
	local status=0
	is_gone "$1" || return 0
	wait "$1" || status=$?
	[ "$status" -ne 77 ] || skip "$(cat "$T/victim.err")"
}

wait_truth() {
	local lines=${1:-1} i
	for ((i = 0; i < 600; i++)); do
		has_lines "$VICTIM_OUT" "$lines" && return 0
		[ -z "${TRACE_PID:-}" ] || ! is_gone "$TRACE_PID" || break
		! grep -q ': skipped: ' "$T/victim.err" "$T/stderr" 2>/dev/null ||
			skip "$(cat "$T/victim.err" "$T/stderr" 2>/dev/null | grep -m1 ': skipped: ')"
		sleep 0.05
	done
	echo "no truth line $lines"
	cat "$VICTIM_OUT" "$T/victim.err"
	memtrace_log
}

truth() {
	tail -n 1 "$VICTIM_OUT" | jq -r "$1"
}

# Starts memtrace -- victim. TRACE_ARGS are memtrace's own, TRUTH_LINES says how many lines the
# victim prints until its last state. Fails when the run ends before that.
start_trace_command() {
	local name=$1
	shift
	: >"$T/victim.err"
	start_memtrace "${TRACE_ARGS[@]}" -- "$VICTIMS/$name" "$@"
	VICTIM_OUT=$T/stdout
	wait_truth "${TRUTH_LINES:-1}" || return 1
	VICTIM_PID=$(truth .pid)
	track "$VICTIM_PID"
	[ "$(truth '.child // 0')" -eq 0 ] || track "$(truth .child)"
}

# The victim was in its last state before the last sample: else the numbers are not comparable.
in_time() {
	has_lines "$VICTIM_OUT" "${TRUTH_LINES:-1}" &&
		[ "$(truth .time_ms)" -lt "$(date -d "$(report .end)" +%s%3N)" ]
}

# memtrace ends its command before itself, so a run has to end by its own --duration. How long
# the victim takes is the machine's to say: again, longer, when it was too short.
trace_command() {
	local seconds more=("${TRACE_ARGS[@]}")
	for seconds in "${TRACE_SECONDS[@]}"; do
		rm -f "$T/report.json"
		TRACE_ARGS=("${more[@]}" --duration "${seconds}s")
		start_trace_command "$@" || :
		TRACE_ARGS=("${more[@]}")
		finish_memtrace
		in_time && return
		echo "$seconds s were too short"
	done
	return 1
}

# The victim waits until memtrace is attached to it, then does its thing.
start_trace_pid() {
	start_victim "$@" --wait
	start_memtrace "${TRACE_ARGS[@]}" --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth "${TRUTH_LINES:-1}"
	[ "$(truth '.child // 0')" -eq 0 ] || track "$(truth .child)"
}

trace_pid() {
	start_trace_pid "$@"
	end_memtrace
}

report() {
	jq -r "$1" "$T/report.json"
}

# The process with this PID that started last (a PID may have been used twice).
process() {
	jq -r --argjson pid "$1" \
		"[.processes[] | select(.pid == \$pid)] | max_by(.start_time) | $2" "$T/report.json"
}

# within WHAT ACTUAL EXPECTED [MORE]: 1 % or 64 pages, and MORE bytes where a limit allows them
within() {
	local actual=$2 expected=$3 slack=$((64 * PAGE)) diff
	[[ $actual =~ ^-?[0-9]+$ ]] || fail "$1: not a number: '$actual'" || return 1
	[ $((expected / 100)) -le "$slack" ] || slack=$((expected / 100))
	slack=$((slack + ${4:-0}))
	diff=$((actual > expected ? actual - expected : expected - actual))
	[ "$diff" -le "$slack" ] ||
		fail "$1: $actual, the truth is $expected, off by $((diff / PAGE)) pages of 4 KiB" \
			"($((slack / PAGE)) allowed)"
}

at_most() {
	[[ $2 =~ ^-?[0-9]+$ ]] || fail "$1: not a number: '$2'" || return 1
	[ "$2" -le "$3" ] || fail "$1: $2, at most $3 allowed"
}

at_least() {
	[[ $2 =~ ^-?[0-9]+$ ]] || fail "$1: not a number: '$2'" || return 1
	[ "$2" -ge "$3" ] || fail "$1: $2, at least $3 expected"
}

# A live anonymous amount: the owner table's and the mm's own counters' word.
check_anon() {
	within "attributed user pages" "$(process "$1" .attributed.user_page_bytes)" "$2" "${3:-0}"
	within "anonymous RSS at the end" "$(process "$1" .anon_bytes.end)" "$2"
}

# Counts in limits[] of a kind; 0 when the report has no such limit.
limit_count() {
	jq -r --arg kind "$1" '[.limits[] | select(.kind == $kind) | .count] | add // 0' \
		"$T/report.json"
}

# Whatever user: in the checkout or not, as nobody.
as_nobody() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
	fi
}

# A copy of the binary that nobody can reach, whatever the checkout's directory allows.
public_memtrace() {
	install -m 755 "$MEMTRACE" "$T/memtrace"
	echo "$T/memtrace"
}

# One line for people, not several; "try --help" and where the session is do not count.
one_line() {
	local n
	n=$(grep -cv 'try --help\|^memtrace: session: ' "$1" || :)
	[ "$n" -eq 1 ] || { echo "not one line but $n:"; cat "$1"; return 1; }
	lacks 'libbpf:\|Segmentation\|Sanitizer' "$1"
}

# A directory of this test whose page cache belongs to files on a disk.
disk_dir() {
	local dir
	for dir in "$T" /var/tmp "$BATS_TEST_DIRNAME"; do
		case $(stat -f -c %T "$dir") in tmpfs | ramfs | overlayfs) continue ;; esac
		[ "$dir" = "$T" ] || dir=$(mktemp -d "$dir/memtrace-e2e.XXXXXX")
		[ "$dir" = "$T" ] || undo "rm -rf $dir"
		echo "$dir"
		return
	done
	return 1
}

start_storms() {
	"$VICTIMS/stormfork" --seconds 120 >"$T/stormfork" 2>/dev/null 3>&- &
	STORM_PIDS=("$!")
	"$VICTIMS/stormfault" --seconds 120 >"$T/stormfault" 2>/dev/null 3>&- &
	STORM_PIDS+=("$!")
	track "${STORM_PIDS[0]}"
	track "${STORM_PIDS[1]}"
}

stop_storms() {
	kill -TERM "${STORM_PIDS[@]}"
	wait "${STORM_PIDS[@]}" || :
}
