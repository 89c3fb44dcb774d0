#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The session file: kept safe, read again, damaged.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

bats_require_minimum_version 1.5.0
load helper

record() {
	start_victim anon4k --mib 16 --wait
	start_memtrace --no-bpf --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	sleep 1
	end_memtrace
	DB=$(find "$T/log" -name '*.db')
	[ -n "$DB" ]
}

@test "the session file is 0640 in a directory of 0750, whatever the umask" {
	umask 000
	record
	[ "$(stat -c %a "$DB")" = 640 ]
	[ "$(stat -c %a "$T/log")" = 750 ]
	[ "$(find "$T/log" -type f ! -perm 640 | wc -l)" -eq 0 ]
	rm -rf "$T/log"
	# A stricter one is kept to.
	umask 077
	record
	[ "$(stat -c %a "$DB")" = 600 ]
}

@test "an existing log directory keeps its mode" {
	mkdir -m 700 "$T/log"
	record
	[ "$(stat -c %a "$T/log")" = 700 ]
}

@test "--report prints what the run printed" {
	record
	"$MEMTRACE" --report "$DB" --format json >"$T/again.json"
	# What the tool itself used goes on while it prints; the rest is the same, to the byte.
	diff <(jq -S 'del(.self)' "$T/report.json") <(jq -S 'del(.self)' "$T/again.json")
}

@test "--report needs neither root nor the target" {
	need_root
	need setpriv
	record
	kill "$VICTIM_PID"
	binary=$(public_memtrace)
	install -o 65534 -m 600 "$DB" "$T/copy.db"
	as_nobody "$binary" --report "$T/copy.db" --format json >"$T/again.json"
	check_report "$T/again.json"
	# A read-only directory and file are no reason to fail either.
	chmod 400 "$T/copy.db"
	as_nobody "$binary" --report "$T/copy.db" >"$T/again.txt"
	grep -q anon4k "$T/again.txt"
}

@test "--report does not change the file" {
	record
	before=$(sha256sum <"$DB")
	"$MEMTRACE" --report "$DB" >/dev/null
	[ "$(sha256sum <"$DB")" = "$before" ]
}

@test "two runs in one directory, one file each" {
	record
	record_again=$DB
	start_memtrace --no-bpf --pid "$VICTIM_PID"
	wait_attached
	end_memtrace
	[ "$(find "$T/log" -name '*.db' | wc -l)" -eq 2 ]
	[ -s "$record_again" ]
}

@test "a planted link is not followed" {
	record
	name=$(basename "$DB")
	rm -rf "$T/log"
	mkdir "$T/log"
	echo precious >"$T/precious"
	# The next name holds a later time or PID: plant the pattern where it can be guessed at all.
	ln -s "$T/precious" "$T/log/$name"
	ln -s "$T/precious" "$T/log/latest.db"
	ln -s "$T/precious" "$T/log/memtrace.db"
	start_memtrace --no-bpf --pid "$VICTIM_PID"
	wait_attached
	end_memtrace
	[ "$(cat "$T/precious")" = precious ]
}

@test "--no-session writes no file" {
	start_victim anon4k --mib 4
	start_memtrace --no-bpf --no-session --pid "$VICTIM_PID"
	wait_attached
	end_memtrace
	[ ! -e "$T/log" ] || [ -z "$(ls -A "$T/log")" ]
}

refused() {
	local status=0
	timeout 20 "$MEMTRACE" --report "$1" --format json >"$T/out" 2>"$T/err" || status=$?
	echo "status $status"
	cat "$T/err"
	[ "$status" -eq 1 ] || return 1
	one_line "$T/err"
}

@test "--report of no session: missing, empty, a directory, text, another database" {
	refused "$T/none.db"
	grep -q none.db "$T/err"
	: >"$T/empty.db"
	refused "$T/empty.db"
	refused "$T"
	head -c 20000 "$BATS_TEST_FILENAME" >"$T/text.db"
	refused "$T/text.db"
	need sqlite3
	sqlite3 "$T/other.db" 'create table t(x); insert into t values(1);'
	refused "$T/other.db"
	[ ! -s "$T/out" ]
}

@test "--report of a damaged session tells what can be read, or fails in one line" {
	record
	size=$(stat -c %s "$DB")
	for cut in 100 4096 $((size / 2)) $((size - 4096)); do
		head -c "$cut" "$DB" >"$T/cut.db"
		damaged "$T/cut.db"
	done
	for at in 100 5000 $((size / 3)) $((size / 2)) $((size - 5000)); do
		cp "$DB" "$T/bad.db"
		head -c 4096 /dev/urandom | dd of="$T/bad.db" bs=1 seek="$at" conv=notrunc status=none
		damaged "$T/bad.db"
	done
}

damaged() {
	local status=0
	timeout 20 "$MEMTRACE" --report "$1" --format json >"$T/out" 2>"$T/err" || status=$?
	echo "status $status: $(cat "$T/err")"
	case $status in
	0) check_report "$T/out" ;;
	1) one_line "$T/err" ;;
	*) return 1 ;;
	esac
}

@test "the documented tables are there, and anybody can query them" {
	need sqlite3
	record
	[ "$(sqlite3 "$DB" 'pragma integrity_check;')" = ok ]
	[ "$(sqlite3 "$DB" "select count(*) from sqlite_master where type = 'table'")" -ge 3 ]
}
