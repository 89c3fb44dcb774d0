#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Slab objects by call path, against a program that knows how many it holds.
# alone: objects of the whole machine are sampled
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1

# Bytes, error and samples of what this process holds by objects that a function asked for.
asked_by() {
	jq -r --argjson pid "$VICTIM_PID" --arg function "$1" \
		'[.paths[] | select(.domain == "slab" and .pid == $pid and
			.stack[1].function == $function)] |
		[([.[].live_bytes] | add // 0), ([.[].error_bytes * .[].error_bytes] | add // 0 | sqrt | ceil),
		 ([.[].samples] | add // 0)] | @tsv' "$T/report.json"
}

need_slab() {
	jq -e 'any(.limits[]; .kind == "source_slab")' "$T/report.json" >/dev/null || return 0
	skip "$(jq -r '.limits[] | select(.kind == "source_slab").meaning' "$T/report.json")"
}

@test "--slab on --exact: every socket of a process, by the path that made it" {
	local bytes samples error
	TRACE_ARGS=(--slab on --exact)
	trace_pid kernelmem --phase 60 --what sockets --count 3000
	need_slab
	IFS=$'\t' read -r bytes error samples <<<"$(asked_by sk_prot_alloc)"
	[ "$samples" -eq 3000 ]
	[ "$error" -eq 0 ]
	[ "$((bytes % 3000))" -eq 0 ]
	at_least "of the process" "$(process "$VICTIM_PID" .attributed.slab_bytes)" "$bytes"
	# Names, and no frame of ours before the kernel's.
	jq -e --argjson pid "$VICTIM_PID" \
		'[.paths[] | select(.domain == "slab" and .pid == $pid)] | sort_by(-.live_bytes)[0] |
		.complete and (.what | length > 0) and (.stack[0].function | startswith("bpf_") | not)' \
		"$T/report.json"
}

@test "--slab on: samples are within their error of what is there" {
	local bytes samples error size
	TRACE_ARGS=(--slab on --exact)
	trace_pid kernelmem --phase 60 --what sockets --count 3000
	need_slab
	IFS=$'\t' read -r size error samples <<<"$(asked_by sk_prot_alloc)"
	TRACE_ARGS=(--slab on)
	trace_pid kernelmem --phase 60 --what sockets --count 12000
	IFS=$'\t' read -r bytes error samples <<<"$(asked_by sk_prot_alloc)"
	size=$((size * 12000 / 3000))
	echo "$bytes +- $error by $samples samples, there are $size"
	[ "$samples" -ge 50 ]
	# Twice the 95 % error: once in 11,000 runs by chance.
	[ "$bytes" -ge $((size - 2 * error)) ]
	[ "$bytes" -le $((size + 2 * error)) ]
}

# The function next to the allocator, its calls from all paths: objects and what they are of.
@test "--slab on --exact: eventfds, timerfds and names that are not there, by who asks for them" {
	local what count samples bytes error
	TRACE_ARGS=(--slab on --exact)
	for what in eventfds:eventfd timerfds:timerfd dentries:__d_alloc; do
		count=4000
		trace_pid kernelmem --phase 60 --what "${what%:*}" --count "$count" --dir "$T"
		need_slab
		samples=$(jq --argjson pid "$VICTIM_PID" --arg function "${what#*:}" \
			'[.paths[] | select(.domain == "slab" and .pid == $pid and
				(.stack[1].function | contains($function))) | .samples] | add // 0' \
			"$T/report.json")
		echo "$what: $samples objects"
		at_least "objects" "$samples" "$count"
		at_most "objects" "$samples" $((count + count / 50))
		kill "$VICTIM_PID"
	done
}

@test "--slab auto: attaches when slab memory grows, and says so" {
	TRACE_ARGS=(--interval 500ms)
	start_trace_pid kernelmem --phase 60 --what sockets --count 16000
	sleep 2
	end_memtrace
	need_slab
	jq -e 'any(.events[]; .text | test("slab memory grows"))' "$T/report.json"
	TRACE_ARGS=(--interval 500ms --slab off)
	start_trace_pid kernelmem --phase 60 --what sockets --count 16000
	sleep 2
	end_memtrace
	jq -e 'all(.events[]; .text | test("slab memory grows") | not)' "$T/report.json"
}

@test "--slab: a word that is none" {
	run "$MEMTRACE" --slab sometimes --pid 1
	[ "$status" -eq 2 ]
	[[ ${lines[0]} == *"'sometimes' is none of auto, on, off"* ]]
}
