#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names that try to break whoever prints or parses them.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

hostile_run() {
	start_victim hostile --wait
	start_memtrace "$@" --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	end_memtrace
}

# All children are there, with their 4 MiB each, and no name broke a field.
check_children() {
	local child n=0
	for child in $(truth '.children[]'); do
		within "child $child" "$(process "$child" .anon_bytes.end)" "$(truth .held_bytes)"
		n=$((n + 1))
	done
	[ "$n" -ge 10 ]
}

@test "hostile names with BPF: JSON and every child right" {
	need_root
	hostile_run
	check_children
	jq -e '[.processes[].comm] | any(. == "quote\"back\\")' "$T/report.json"
	jq -e '[.processes[].comm] | any(. == "line\nbreak")' "$T/report.json"
	jq -e '[.processes[].comm] | any(startswith("bad\ufffd"))' "$T/report.json"
	jq -e '[.processes[].comm] | any(. == ") R 1 2 3 (x")' "$T/report.json"
}

@test "hostile names from /proc: JSON and every child right" {
	hostile_run --no-bpf
	check_children
	jq -e '[.processes[].comm] | any(. == ") R 1 2 3 (x")' "$T/report.json"
}

@test "hostile names: valid UTF-8 in JSON, no control characters in text" {
	need python3
	hostile_run --no-bpf
	python3 - "$T/report.json" <<'END'
import json, sys
json.loads(open(sys.argv[1], "rb").read().decode("utf-8", "strict"))
END
	db=$(find "$T/log" -name '*.db')
	"$MEMTRACE" --report "$db" >"$T/text"
	python3 - "$T/text" <<'END'
import sys, unicodedata
text = open(sys.argv[1], "rb").read().decode("utf-8", "strict")
bad = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
assert not bad, bad
END
	"$MEMTRACE" --report "$db" --format json | jq -e . >/dev/null
}

@test "hostile --comm and a command of a hostile name" {
	name=$'a"b\n\033[1m'
	hostile=$T/$name
	cp "$VICTIMS/anon4k" "$hostile"
	TRACE_ARGS=(--no-bpf)
	VICTIMS=$T trace_command "$name" --mib 16
	within "RSS" "$(process "$(truth .pid)" .anon_bytes.end)" $((16 << 20))
	"$hostile" --mib 16 >"$T/second" 3>&- &
	track $!
	until_true 10 has_lines "$T/second" 1
	start_memtrace --no-bpf --comm "$name"
	wait_attached
	end_memtrace
	within "RSS" "$(process "$(jq .pid "$T/second")" .anon_bytes.end)" $((16 << 20))
	lacks $'\033' "$T/stderr"
}
