#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --judge: the verdict on a series from anywhere, the score over a directory.
# shellcheck disable=SC2154 # stderr_lines is bats' own

bats_require_minimum_version 1.5.0
load helper

series() { # n slope
	awk -v n="$1" -v s="$2" 'BEGIN { print "t_seconds,value_kb"
		for (i = 0; i < n; i++) print i * 30 "," 50000 + s * i + i * 7919 % 5 * 4 }'
}

@test "--judge: a leak as text and as JSON" {
	series 80 40 >"$T/rss.csv"
	run -0 --separate-stderr "$MEMTRACE" --judge "$T/rss.csv"
	[[ $output == *": leak (linear)"* ]]
	[[ $output == *"an hour"* ]]
	"$MEMTRACE" --judge "$T/rss.csv" --format json >"$T/out"
	jq -e '.schema == "memtrace.verdict/1" and .samples == 80 and .verdict.kind == "leak" and
		.verdict.rate_low <= 4915200 and 4915200 <= .verdict.rate_high and
		(.verdict.reason | length > 20)' "$T/out"
}

@test "--judge -: standard input, into a file" {
	series 80 0 | "$MEMTRACE" --judge - --format json -o "$T/out"
	jq -e '.verdict.kind == "stable" and .series == "standard input"' "$T/out"
}

@test "--judge: two points are too short to tell" {
	series 2 40 >"$T/short.csv"
	run -0 "$MEMTRACE" --judge "$T/short.csv"
	[[ $output == *insufficient*"too short to tell"* ]]
}

@test "--judge: a rate beyond 63 bits is not cut to fit" {
	awk 'BEGIN { for (i = 0; i < 80; i++) printf "%d,%.0f\n", i * 30, i * 1e15 }' >"$T/fast.csv"
	run -0 "$MEMTRACE" --judge "$T/fast.csv"
	[[ $output == *"rate        above +7.8 EiB/h"* ]]
}

@test "--judge: gaps, duplicates and backward clocks are counted" {
	series 80 40 | awk '{ print } NR == 30 { print; print "0,1" } NR == 40 { print "1199,NaN" }' >"$T/odd.csv"
	"$MEMTRACE" --judge "$T/odd.csv" --format json >"$T/out"
	jq -e '.duplicates == 1 and .backward == 1 and .missing == 1 and .verdict.kind == "leak"' "$T/out"
}

@test "--judge: what is no series gets one line and status 1" {
	local text
	for text in 'hello world' $'0,1\n1,inf' $'0,1\n1,-5' $'0,1\n1,99999999999999999999' ''; do
		printf '%s\n' "$text" >"$T/bad.csv"
		run -1 --separate-stderr "$MEMTRACE" --judge "$T/bad.csv"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" = 1 ]
	done
	run -1 --separate-stderr "$MEMTRACE" --judge "$T/nowhere.csv"
	[ "${#stderr_lines[@]}" = 1 ]
	run -1 --separate-stderr "$MEMTRACE" --judge - </dev/zero
	[ "${#stderr_lines[@]}" = 1 ]
}

@test "--judge: a recorded corpus prints the table" {
	run -0 --separate-stderr "$MEMTRACE" --judge "$BATS_TEST_DIRNAME/../corpus/real"
	[[ $output == *precision*recall*F1* ]]
	[[ $output == *"expected"*"said"* ]]
	"$MEMTRACE" --judge "$BATS_TEST_DIRNAME/../corpus/real" --format json >"$T/out"
	jq -e '.groups[0].f1 >= 0.96 and .groups[0].false_positives == 0' "$T/out"
}

kind_of() { # program of the corpus
	"$MEMTRACE" --judge "$BATS_TEST_DIRNAME/../corpus/real/$1.csv" --format json | jq -r .verdict.kind
}

@test "--judge: a redis at maxmemory is a plateau, a node server a sawtooth" {
	[ "$(kind_of redis_lru)" = plateau ]
	[ "$(kind_of node_garbage)" = sawtooth ]
}

# Row by row, as it came: the stated limit falls from one to the next.
@test "--judge: 5 MiB an hour are a leak as soon as the stated limit is below that" {
	local rows promised=
	for rows in {2..40}; do
		head -n "$rows" "$BATS_TEST_DIRNAME/../corpus/real/drip85.csv" |
			"$MEMTRACE" --judge - --format json >"$T/out"
		[ -n "$promised" ] || promised=$(jq -r 'select(.verdict.detectable_bytes_per_hour //
			infinite <= 5 * pow(2; 20)) | .samples' "$T/out")
		[ -z "$promised" ] || jq -e '.verdict.kind == "leak"' "$T/out" ||
			fail "row $rows: $(jq -r .verdict.reason "$T/out")"
	done
	((promised < 20)) # 100 s
	[ "$(kind_of drip85)" = leak ]
}

@test "--judge: prints text and json only, and goes with no target" {
	run -2 "$MEMTRACE" --judge x.csv --pid 1
	run -2 "$MEMTRACE" --judge
}
