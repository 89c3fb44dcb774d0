#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict of a run on what it watches: a leak fails the gate, what came to rest does not, and
# the session file gives the same verdict again.

bats_require_minimum_version 1.5.0
load helper

MEMTRACE_ARGS=(--interval 100ms --no-bpf)

gate() { # expected status, options, --, command
	local want=$1 status=0
	shift
	"$MEMTRACE" "${MEMTRACE_ARGS[@]}" --fail-on leak --format json -o "$T/report.json" \
		--log-dir "$T/log" "$@" >"$T/stdout" 2>"$T/stderr" || status=$?
	[ "$status" -eq "$want" ] || fail "status $status instead of $want: $(cat "$T/stderr")"
	check_report "$T/report.json"
}

verdict() {
	jq -r ".processes[0].verdict$1" "$T/report.json"
}

# A MiB each tenth of a second: 36 GiB an hour, less what the machine is late.
@test "a command that leaks ends the gate with 10, and so does its session" {
	gate 10 -- "$VICTIMS/anon4k" --mib 80 --steps 80 --pause 0.1 --hold 0.1
	[ "$(verdict .kind)" = leak ] || fail "$(verdict .reason)"
	[ "$(verdict .series)" = anon_swap ]
	jq -e '.processes[0].verdict | .rate_bytes_per_hour > 10 * pow(2; 30) and
		.rate_bytes_per_hour < 40 * pow(2; 30) and .rate_low <= .rate_high and
		(.reason | length > 30)' "$T/report.json"
	jq -e '.judged.leaks >= 1 and .judged.values > .judged.series' "$T/report.json"
	jq -e '.verdicts[] | select(.watched and .verdict.series == "anon_swap")' "$T/report.json"
	jq -e '.summary[0] | startswith("LEAK: ")' "$T/report.json"

	db=$(find "$T/log" -name '*.db')
	run -10 "$MEMTRACE" --report "$db" --fail-on leak --format json -o "$T/again.json"
	run -10 "$MEMTRACE" --report "$db" --fail-on growing
	[[ $output == *"LEAK: anon4k"* ]]
	run -0 "$MEMTRACE" --report "$db"
	diff <(jq -S 'del(.self)' "$T/report.json") <(jq -S 'del(.self)' "$T/again.json")
}

@test "a command that fills and rests passes the gate" {
	gate 0 -- "$VICTIMS/anon4k" --mib 40 --steps 20 --pause 0.05 --hold 6
	[ "$(verdict .kind)" != leak ] || fail "$(verdict .reason)"
	[ "$(verdict .kind)" != insufficient ]
	jq -e '.processes[0].verdict.detectable_bytes_per_hour > 0' "$T/report.json"
}

process_verdict() { # pid
	jq -r --argjson pid "$1" ".processes[] | select(.pid == \$pid).verdict$2" "$T/report.json"
}

# One takes and gives back 12 MiB each 0.7 s, the other keeps a MiB each tenth of a second.
@test "of two that are watched the one that leaks fails the gate, the one that churns does not" {
	local churns leaks faults
	start_victim freed --mib 12 --steps 6 --pause 0.1 --phase 0.1 --times 1000
	churns=$VICTIM_PID
	start_victim anon4k --mib 100 --steps 100 --pause 0.1
	leaks=$VICTIM_PID
	gate 10 --pid "$churns,$leaks" --duration 8s
	read -ra faults <"/proc/$churns/stat"
	((faults[9] > 4 * 12 * 1024 * 1024 / PAGE)) # grew four times over at least
	[ "$(process_verdict "$leaks" .kind)" = leak ] || fail "$(process_verdict "$leaks" .reason)"
	case $(process_verdict "$churns" .kind) in
	leak | insufficient) fail "$(process_verdict "$churns" .reason)" ;;
	esac
	jq -e '.summary[0] | startswith("LEAK: anon4k")' "$T/report.json"
}

@test "a gate that could not tell says so" {
	gate 0 -- true
	grep -q 'too short to tell' "$T/stderr"
	[ "$(verdict .kind)" = insufficient ]
}

@test "--judge takes part in the gate" {
	awk 'BEGIN { for (i = 0; i < 80; i++) print i * 30 "," 50000 + 40 * i }' >"$T/leak.csv"
	awk 'BEGIN { for (i = 0; i < 80; i++) print i * 30 "," 50000 }' >"$T/flat.csv"
	run -10 "$MEMTRACE" --judge "$T/leak.csv" --fail-on leak
	run -0 "$MEMTRACE" --judge "$T/flat.csv" --fail-on growing
	run -2 "$MEMTRACE" --judge "$T/flat.csv" --fail-on plateau
	[[ $output == *"known: leak growing"* ]]
}
