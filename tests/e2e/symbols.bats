#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names of code whose file is deleted, is in a container, or never was.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

bats_require_minimum_version 1.5.0
NEEDS_ROOT=yes
load helper

# Starts a copy of a victim that only its own mount namespace has, in a pid namespace of its own,
# and deletes that copy.
start_contained() {
	local name=$1
	unshare --mount true 2>/dev/null || skip "no mount namespaces here"
	mkdir "$T/inside"
	VICTIM_OUT=$T/truth
	# shellcheck disable=SC2016 # the inner shell's own
	# Opened before it: the victim may itself lie below /tmp.
	unshare --mount --pid --fork sh -c 'exec 9<"$1" && mount -t tmpfs none /tmp &&
		cat <&9 >/tmp/inner && chmod 755 /tmp/inner && exec 9<&- &&
		exec /tmp/inner --mib 64 --wait' sh "$VICTIMS/$name" >"$VICTIM_OUT" \
		2>"$T/victim.err" 3>&- &
	track "$!"
	until_true 10 pgrep -P "$!" -x inner >"$T/inner" || { check_victim "$!"; false; }
	VICTIM_PID=$(cat "$T/inner")
	track "$VICTIM_PID"
	rm "/proc/$VICTIM_PID/root/tmp/inner"
}

trace_contained() {
	start_contained "$1"
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	sleep 1
	end_memtrace
	[ "$(report '.paths | length')" -ge 1 ] || skip "no paths here: $(report '[.limits[].kind]')"
}

grows() {
	[ "$(awk '$1 == "RssAnon:" { print $2 }' "/proc/$1/status")" -ge 65536 ]
}

# Bytes of the paths with this function in their stack.
held_by() {
	report "[.paths[] | select(.domain == \"user\") | select(any(.stack[]; .function == \"$1\")) |
		.live_bytes] | add // 0"
}

@test "a deleted program of another mount namespace has its names" {
	trace_contained anon4k
	at_least "bytes of main" "$(held_by main)" $((48 << 20))
	at_most "bytes of main" "$(held_by main)" $((80 << 20))
	[ "$(held_by _start)" = "$(held_by main)" ]
	[ "$(report '[.paths[].stack[] | select(.function == "main") | .module] | unique | .[0]')" \
		!= null ]
	# The lines of the program's own source.
	report '.paths[].stack[] | select(.function == "main") | .file' | grep -q 'anon4k\.c$'
}

@test "code of a JIT has the names of its perf map, by the pid it has inside" {
	trace_contained jit
	at_least "bytes of jit_grow" "$(held_by jit_grow)" $((48 << 20))
	at_most "bytes of jit_grow" "$(held_by jit_grow)" $((80 << 20))
	[ "$(held_by old_name)" -eq 0 ]
}

# A map that an earlier process of this number left is not taken: it is gone first.
trace_late_map() {
	start_victim jit --mib 64 --late --wait --phase "$1"
	rm -f "/tmp/perf-$VICTIM_PID.map"
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
}

@test "code of a JIT that writes its perf map later, when it is asked to" {
	trace_late_map 3
	wait_truth
	sleep 1.5
	end_memtrace
	at_least "bytes of jit_grow" "$(held_by jit_grow)" $((48 << 20))
	[ "$(limit_count symbols_no_perf_map)" -eq 0 ]
}

@test "code of a JIT without a perf map: that is told, with what to do" {
	trace_late_map 60
	until_true 20 grows "$VICTIM_PID"
	sleep 1.5
	end_memtrace
	[ "$(held_by jit_grow)" -eq 0 ]
	at_least "without a map" "$(limit_count symbols_no_perf_map)" 1
	report '.limits[] | select(.kind == "symbols_no_perf_map") | .meaning' | grep -q 'Compiler.perfmap'
}

@test "a stripped program gets its names elsewhere, from --debug-dir" {
	local id db
	need objcopy strip readelf
	cp "$VICTIMS/anon4k" "$T/program"
	id=$(readelf -n "$T/program" | sed -n 's/.*Build ID: //p')
	[ -n "$id" ] || skip "this compiler makes no build-ids"
	mkdir -p "$T/debug/.build-id/${id:0:2}"
	objcopy --only-keep-debug "$T/program" "$T/debug/.build-id/${id:0:2}/${id:2}.debug"
	strip "$T/program"
	VICTIM_OUT=$T/truth
	"$T/program" --mib 64 --wait >"$VICTIM_OUT" 2>"$T/victim.err" 3>&- &
	VICTIM_PID=$!
	track "$VICTIM_PID"
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	sleep 1
	end_memtrace
	[ "$(report '.paths | length')" -ge 1 ] || skip "no paths here"
	# Without names: module, offset and build-id, to be looked up elsewhere.
	[ "$(held_by main)" -eq 0 ]
	[ "$(report '.paths[0].stack | map(select(.build_id == "'"$id"'" and .offset > 0)) | length')" \
		-ge 1 ]
	rm "$T/program"
	db=$(find "$T/log" -name '*.db')
	"$MEMTRACE" --report "$db" --debug-dir "$T/debug" --format json >"$T/report.json"
	check_report "$T/report.json"
	at_least "bytes of main" "$(held_by main)" $((48 << 20))
	report '.paths[].stack[] | select(.function == "main") | .file' | grep -q 'anon4k\.c$'
}
