#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which call path holds the memory: programs that leak known shares in named functions, built in all
# the ways that make a stack hard to walk.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # variables that the helper reads and sets

load helper

NEEDS_ROOT=1
MIB=256
# 2048 samples of it: the smallest share is then known to 0.7 points (one standard error).
TRACE_ARGS=(--sample 128K)
TRACE_SECONDS=(3 12 24)

# Who leaked in the run that counts: trace_command may have tried several times.
leaker() {
	VICTIM_PID=$(truth .pid)
}

# Bytes of user memory whose path has a function that matches.
path_bytes() {
	jq -r --argjson pid "$VICTIM_PID" --arg re "$1" '[.paths[] | select(.domain == "user" and
		.pid == $pid and any(.stack[]; .function // "" | test($re))) | .live_bytes] | add // 0' \
		"$T/report.json"
}

# within_percent WHAT IS SHOULD PERCENT
within_percent() {
	local off=$(($2 > $3 ? $2 - $3 : $3 - $2))
	[ "$off" -le $(($3 * $4 / 100)) ] || fail "$1: $2, should be $3 to $4 %"
}

# The largest error that is printed for them, put together.
path_error() {
	jq -r --argjson pid "$VICTIM_PID" --arg re "$1" '[.paths[] | select(.domain == "user" and
		.pid == $pid and any(.stack[]; .function // "" | test($re))) | .error_bytes | . * .] |
		add // 0 | sqrt | floor' "$T/report.json"
}

# share RE PERCENT: of MIB (or of LEAKED bytes), to 5 points and to twice the printed error (which holds 95 % of the time
# once, and nearly always twice)
share() {
	local bytes error want=$((${LEAKED:-$((MIB * 1048576))} * $2 / 100)) off
	leaker
	bytes=$(path_bytes "$1")
	error=$(path_error "$1")
	off=$((bytes > want ? bytes - want : want - bytes))
	echo "$1: $bytes +- $error, truth $want"
	[ "$off" -le $((MIB * 1048576 / 20)) ] || fail "$1: more than 5 points off"
	[ "$off" -le $((2 * error + want / 100)) ] || fail "$1: more than twice the error off"
}

shares() {
	jq -c '.path_totals[], .sampling, (.limits[] | [.kind, .count])' "$T/report.json"
	share leak_most 70
	share leak_some 20
	share leak_little 10
}

# In permille of the live samples.
complete() {
	jq -r --argjson pid "$VICTIM_PID" '.path_totals[] |
		select(.domain == "user" and .pid == $pid) |
		.complete_samples * 1000 / .samples | floor' "$T/report.json"
}

# build NAME COMPILER FLAG...: of the victim, to $T/bin
build() {
	local name=$1 compiler=$2
	shift 2
	need "$compiler"
	mkdir -p "$T/bin"
	"$compiler" -I"$VICTIMS" -D_GNU_SOURCE -O2 -g -fomit-frame-pointer -o "$T/bin/$name" "$@" \
		>"$T/build.log" 2>&1 || skip "$name does not build here: $(head -1 "$T/build.log")"
}

# trace_ready COMMAND...: to the moment it says "ready", however long that takes here
trace_ready() {
	start_memtrace "${TRACE_ARGS[@]}" -- "$@"
	until_true 120 grep -q ready "$T/stdout" || memtrace_log
	end_memtrace
}

leak_of() {
	VICTIMS=$T/bin trace_command "$@" --mib "$MIB" --hold 60
}

# What nothing but the samples remembers: an exit gives all of it back.
@test "a program that has ended: what its paths held then" {
	local held taken
	start_memtrace --sample 128K --duration 60s -- "$VICTIMS/leakpaths" --mib "$MIB" --hold 0
	finish_memtrace
	VICTIM_OUT=$T/stdout
	leaker
	# but for frees that came while our program ran on their CPU
	at_most "held after its end" "$(path_bytes .)" $((MIB * 1048576 / 100))
	for taken in "leak_most 70" "leak_some 20" "leak_little 10"; do
		held=$(jq -r --argjson pid "$VICTIM_PID" --arg re "${taken% *}" '[.paths[] |
			select(.domain == "user" and .pid == $pid and
			any(.stack[]; .function // "" | test($re))) | .exit_bytes // 0] | add // 0' \
			"$T/report.json")
		# 5 points of the whole
		[ $((held - MIB * 1048576 * ${taken#* } / 100)) -le $((MIB * 1048576 / 20)) ] &&
			[ $((MIB * 1048576 * ${taken#* } / 100 - held)) -le $((MIB * 1048576 / 20)) ] ||
			fail "${taken% *}: $held when it ended, should be ${taken#* } % of $MIB MiB"
	done
	"$MEMTRACE" --report "$T"/log/*.db --format folded >"$T/folded"
	grep -q '^user;leakpaths.*;leak_most;' "$T/folded"
	"$MEMTRACE" --report "$T"/log/*.db >"$T/text"
	grep -q ' when it ended, .* samples' "$T/text"
}

# Nothing is left of what was given back before the end.
@test "a program that gave everything back before it ended: nothing" {
	start_memtrace --sample 128K --duration 60s -- "$VICTIMS/leakpaths" --mib "$MIB" --then-free \
		--hold 0
	finish_memtrace
	VICTIM_OUT=$T/stdout
	leaker
	jq -e --argjson pid "$VICTIM_PID" --argjson most $((MIB * 1048576 / 20)) '[.paths[] |
		select(.domain == "user" and .pid == $pid) | .live_bytes + (.exit_bytes // 0)] |
		(add // 0) <= $most' "$T/report.json" ||
		fail "$(jq -c '.path_totals' "$T/report.json")"
}

@test "no frame pointers: 70, 20 and 10 % are found, up to _start" {
	trace_command leakpaths --mib "$MIB" --hold 60
	shares
	at_least "complete permille" "$(complete)" 990
	[ "$(jq -r '[.paths[0].stack[] | .function] | last' "$T/report.json")" = _start ]
}

@test "the session tells the same paths later" {
	local db
	trace_command leakpaths --mib "$MIB" --hold 60
	db=$(find "$T/log" -name "*.db" | sort | tail -n 1) # of the try that was long enough
	"$MEMTRACE" --report "$db" --format json -o "$T/again.json"
	diff <(jq -S .paths "$T/report.json") <(jq -S .paths "$T/again.json")
	"$MEMTRACE" --report "$db" --top-paths 1 >"$T/text"
	grep -q 'FIRST TOUCHED' "$T/text"
	grep -q leak_most "$T/text"
}

@test "static-pie" {
	build static gcc -static-pie -fPIE "$VICTIMS/leakpaths.c" -pthread
	leak_of static
	shares
	at_least "complete permille" "$(complete)" 990
}

@test "stripped: no names, but the shares, each by module, offset and build-id" {
	build stripped gcc -s -Wl,--build-id "$VICTIMS/leakpaths.c" -pthread
	leak_of stripped
	at_least "complete permille" "$(complete)" 990
	# Each path without the allocator's part, which differs from chunk to chunk: by the frame of
	# the victim that called keep().
	jq -r --argjson pid "$VICTIM_PID" '[.paths[] |
		select(.domain == "user" and .pid == $pid) | {b: .live_bytes, f:
		[.stack[] | select(.module // "" | endswith("/stripped"))][1].offset}] | group_by(.f) |
		map(map(.b) | add) | sort | reverse | .[:3] | map(. * 100 / (256 * 1048576) | round) | @sh' \
		"$T/report.json" >"$T/shares"
	cat "$T/shares"
	awk '{ exit !($1 >= 65 && $1 <= 75 && $2 >= 15 && $2 <= 25 && $3 >= 5 && $3 <= 15) }' "$T/shares"
	jq -e '[.paths[0].stack[] | select(.module // "" | endswith("/stripped"))][0] |
		.build_id and .offset > 0 and (.function | not)' "$T/report.json"
}

@test "C++ in a library that is loaded while it runs" {
	build leaklib.so g++ -shared -fPIC "$VICTIMS/leaklib.cc"
	trace_command leakpaths --library "$T/bin/leaklib.so" --mib "$MIB" --hold 60
	share 'void leaky::leak_most<int>' 70
	share 'leaky::Cache::leak_some' 20
	share 'leaky::leak_little' 10
	at_least "complete permille" "$(complete)" 990
}

@test "a recursion of 300 frames, and what is cut says so" {
	TRACE_ARGS+=(--stack-size 64K)
	trace_command leakpaths --depth 300 --mib "$MIB" --hold 60
	shares
	at_least "complete permille" "$(complete)" 990
	[ "$(jq '[.paths[0].stack[] | select(.function == "descend")] | length' "$T/report.json")" -ge 300 ]
	TRACE_ARGS=(--sample 128K --stack-size 4K)
	trace_command leakpaths --depth 300 --mib "$MIB" --hold 60
	shares
	at_most "complete permille" "$(complete)" 100
	at_least "cut stacks" "$(limit_count stacks_cut)" 1000
}

@test "threads" {
	trace_command leakpaths --threads --mib "$MIB" --hold 60
	shares
	at_least "complete permille" "$(complete)" 990
}

@test "jemalloc" {
	local lib
	lib=$(ldconfig -p | awk '/libjemalloc.so.2/ { print $NF; exit }')
	[ -n "$lib" ] || skip "no libjemalloc here"
	mkdir -p "$T/bin"
	printf '#!/bin/sh\nLD_PRELOAD=%s exec %s/leakpaths "$@"\n' "$lib" "$VICTIMS" >"$T/bin/je"
	chmod 755 "$T/bin/je"
	leak_of je
	# Its size classes and what it keeps for itself come on top of each share.
	LEAKED=$(jq -r --argjson pid "$VICTIM_PID" '.path_totals[] |
		select(.domain == "user" and .pid == $pid).held_bytes' "$T/report.json")
	within_percent "held in all" "$LEAKED" $((MIB * 1048576)) 10
	shares
	at_least "complete permille" "$(complete)" 990
}

@test "attached to a program that runs, which frees everything: its paths go to nothing" {
	TRUTH_LINES=2 trace_pid leakpaths --then-free --phase 2 --mib "$MIB"
	at_most "held by leak_*" "$(path_bytes '^leak_')" $((2 << 20))
}

@test "after fork a page is the path's that wrote it" {
	MIB=64 trace_command cow --mib 64 --hold 60
	local child
	child=$(truth .child)
	jq -e --argjson pid "$child" '[.paths[] | select(.domain == "user" and .pid == $pid and
		any(.stack[]; .function == "fork" or .function == "_Fork" or .function == "__libc_fork" or
		.function == "_start")) | .live_bytes] | add > 56 * 1048576' "$T/report.json"
}

@test "huge pages weigh what they hold" {
	trace_command anonthp --mib "$MIB" --hold 60
	[ "$(truth .huge_bytes)" -gt 0 ] || skip "no huge pages here"
	jq -c '.path_totals[], .paths[0], .sampling, (.limits[] | [.kind, .count])' "$T/report.json"
	MIB=$(($(truth .held_bytes) / 1048576)) share '^main$' 100
}

@test "what a program held before it executed another is gone" {
	trace_command execer --mib 64 --then-mib 32 --hold 60
	at_most "paths of it" "$(jq --argjson pid "$VICTIM_PID" '[.paths[] |
		select(.domain == "user" and .pid == $pid) | .live_bytes] | add' "$T/report.json")" $((48 << 20))
}

@test "python3: down to _start through the interpreter" {
	need python3
	cat >"$T/leak.py" <<-'END'
		import time
		kept = []
		def leak(): kept.append(bytearray(1 << 20))
		for i in range(128): leak()
		print("ready", flush=True)
		time.sleep(200)
	END
	trace_ready python3 "$T/leak.py"
	jq -e '.paths[0] | .complete and .live_bytes > 100 * 1048576 and .stack[-1].function == "_start"
		and any(.stack[]; .function // .module | test("PyEval|python"))' "$T/report.json"
}

@test "Go, stripped: names from the table that it keeps for itself" {
	need go
	cat >"$T/leak.go" <<-'END'
		package main
		import ("fmt"; "time")
		var kept [][]byte
		//go:noinline
		func keep(n int) { b := make([]byte, n); for i := range b { b[i] = 1 }; kept = append(kept, b) }
		//go:noinline
		func leakMost() { for i := 0; i < 96; i++ { keep(1 << 20) } }
		//go:noinline
		func leakLittle() { for i := 0; i < 32; i++ { keep(1 << 20) } }
		func main() { leakMost(); leakLittle(); fmt.Println("ready"); time.Sleep(200 * time.Second) }
	END
	for mode in exe pie; do
		HOME=$T GOCACHE=$T/cache GO111MODULE=off go build -buildmode="$mode" -ldflags='-s -w' \
			-o "$T/leak" "$T/leak.go"
		trace_ready "$T/leak"
		jq -c ".paths[:4][] | [.live_bytes, [.stack[].function]]" "$T/report.json"
		jq -e '[.paths[] | select(.domain == "user")] | (map(select(any(.stack[];
			.function == "main.leakMost")) | .live_bytes) | add > 80 * 1048576) and
			(map(select(any(.stack[]; .function == "main.leakLittle")) | .live_bytes) | add >
			24 * 1048576)' "$T/report.json"
	done
}

@test "node" {
	need node
	trace_ready node -e \
		'const k = []; for (let i = 0; i < 128; i++) k.push(Buffer.alloc(1 << 20, 1));
		console.log("ready"); setTimeout(() => k, 200000)'
	jq -e '[.paths[] | select(any(.stack[]; .function // "" | test("Fill|fill|Buffer")))
		| .live_bytes] | add > 100 * 1048576' "$T/report.json"
}

# Compiled at their first call, and named when it is asked for while they are watched.
@test "Java: compiled methods, by a perf map that is written meanwhile" {
	need javac
	need jcmd
	cat >"$T/Leak.java" <<-'END'
		import java.util.*;
		public class Leak {
			static List<byte[]> kept = new ArrayList<>();
			static void leakMost() { for (int i = 0; i < 96; i++) kept.add(new byte[1 << 20]); }
			static void leakLittle() { for (int i = 0; i < 32; i++) kept.add(new byte[1 << 20]); }
			public static void main(String[] a) throws Exception {
				System.in.read();
				leakMost();
				leakLittle();
				System.out.println("held");
				Thread.sleep(200000);
			}
		}
	END
	javac -d "$T" "$T/Leak.java"
	mkfifo "$T/go"
	java -Xcomp -XX:+PreserveFramePointer -XX:CompileCommand=quiet \
		-XX:CompileCommand=compileonly,Leak::* -XX:CompileCommand=dontinline,Leak::* \
		-XX:+UseSerialGC -Xms1g -Xmn800m -cp "$T" Leak <"$T/go" >"$T/java" 3>&- &
	VICTIM_PID=$!
	track "$VICTIM_PID"
	exec 4>"$T/go"
	until_true 60 grep -q '^State:.*sleeping' "/proc/$VICTIM_PID/status"
	start_memtrace "${TRACE_ARGS[@]}" --pid "$VICTIM_PID"
	wait_attached
	echo >&4
	exec 4>&-
	until_true 60 grep -q held "$T/java"
	jcmd "$VICTIM_PID" Compiler.perfmap
	sleep 1.5
	end_memtrace
	rm -f "/tmp/perf-$VICTIM_PID.map"
	jq -c ".paths[:4][] | [.live_bytes, .complete, [.stack[].function]]" "$T/report.json"
	within_percent leakMost "$(path_bytes 'Leak.leakMost')" $((96 << 20)) 15
	within_percent leakLittle "$(path_bytes 'Leak.leakLittle')" $((32 << 20)) 25
	jq -e '[.paths[] | select(any(.stack[]; .function // "" | test("Leak.leak"))) | .complete] |
		length >= 2 and all' "$T/report.json"
}
