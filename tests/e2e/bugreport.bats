#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --bugreport: secrets are planted wherever they can come in, and looked for in all of the archive.

load helper

# The archive unpacked by tar, below $T/unpacked.
unpack() {
	mkdir "$T/unpacked"
	tar -xzf "$1" -C "$T/unpacked"
	B=$T/unpacked/memtrace-bugreport
	[ -s "$B/summary.md" ] && [ -s "$B/report.json" ] && [ -s "$B/session.db" ]
}

has_sample() {
	grep -qs 'Z sample ' "$T"/log/boot-*_summary.log
}

# A session with secrets in the command line, process names, cgroup-like events, logs and facts.
plant() {
	local root=$T/root session
	mkdir -p "$root"/{proc,etc}
	cat /proc/meminfo >"$root/proc/meminfo"
	echo 'quiet password=cmdlinesecret7' >"$root/proc/cmdline"
	printf 'PRETTY_NAME="Made up for carol77"\n' >"$root/etc/os-release"
	printf 'root:x:0:0::/root:/bin/sh\ncarol77:x:1234:1234::%s/carol77:/bin/sh\n' /home >"$root/etc/passwd"
	"$MEMTRACE" --boot --sysroot "$root" --duration 0.5s --interval 0.2s --no-bpf \
		--log-dir "$T/log" >/dev/null 2>"$T/err"
	session=("$T"/log/boot-*.db)
	SESSION=${session[0]}
	echo "2026-01-01T00:00:00.000Z event carol77 from 203.0.113.77 --token logsecret7 on $(hostname)" \
		>>"${SESSION%.db}_system.log"
}

@test "an archive that tar reads, with summary, report, session and logs" {
	plant
	run "$MEMTRACE" --bugreport "$T/x.tar.gz" --report "$SESSION" --sysroot "$T/root"
	[ "$status" -eq 0 ]
	unpack "$T/x.tar.gz"
	for log in boot memory processes kernel system alerts summary; do
		[ -s "$B/logs/$log.log" ]
	done
	for section in Versions Findings Limits Redacted Report Files; do
		grep -q "^## $section" "$B/summary.md"
	done
	jq -e '.schema == "memtrace.report/1"' "$B/report.json"
	# the copy is a whole session: its checksums are right, it says the same
	"$MEMTRACE" --report "$B/session.db" --format json | jq -e '.mode == "boot"'
	"$MEMTRACE" --report "$B/session.db" 2>&1 | lacks damaged -
	[ "$(stat -c %a "$T/x.tar.gz")" = 640 ]
}

@test "nothing that was planted is in it, the session included; what went is listed" {
	plant
	"$MEMTRACE" --bugreport "$T/x.tar.gz" --report "$SESSION" --sysroot "$T/root"
	unpack "$T/x.tar.gz"
	for secret in cmdlinesecret7 logsecret7 carol77 203.0.113.77; do
		run grep -rlaF "$secret" "$B"
		[ "$status" -eq 1 ] || fail "$secret is in $output"
	done
	run grep -rlawF "$(hostname)" "$B"
	[ "$status" -eq 1 ] || [ "$(hostname)" = localhost ] || fail "the host's name is in $output"
	grep -qE '^- secret: [1-9]' "$B/summary.md"
	grep -qE '^- user name: [1-9]' "$B/summary.md"
	grep -qE '^- address: [1-9]' "$B/summary.md"
	# the other way round: they were there to be found
	grep -rqaF carol77 "$T/log"
	"$MEMTRACE" --bugreport "$T/y.tar.gz" --report "$SESSION" --sysroot "$T/root" --no-redact
	rm -r "$T/unpacked"
	unpack "$T/y.tar.gz"
	grep -qF logsecret7 "$B/logs/system.log"
	grep -qaF cmdlinesecret7 "$B/session.db"
	grep -q 'no-redact' "$B/summary.md"
}

@test "the arguments of a traced command are gone from session and report" {
	"$MEMTRACE" --no-bpf --log-dir "$T/log" -- sh -c 'sleep 0.3' argsecret7 -phunter77 >/dev/null 2>&1
	"$MEMTRACE" --bugreport "$T/x.tar.gz" --log-dir "$T/log"
	unpack "$T/x.tar.gz"
	for secret in argsecret7 hunter77; do
		run grep -rlaF "$secret" "$B"
		[ "$status" -eq 1 ] || fail "$secret is in $output"
	done
	grep -q 'arguments: [1-9]' "$B/summary.md"
}

@test "the newest session of the default places; none is one line" {
	plant
	mkdir -p "$T/root/var/log/boot-diagnostics" "$T/root/var/log/memtrace"
	cp "$SESSION" "$T/root/var/log/boot-diagnostics/boot-20200101_000000.db"
	echo x >"$T/root/var/log/memtrace/old.db"
	touch -d 2001-01-01 "$T/root/var/log/memtrace/old.db"
	"$MEMTRACE" --bugreport "$T/x.tar.gz" --sysroot "$T/root"
	unpack "$T/x.tar.gz"
	run "$MEMTRACE" --bugreport "$T/y.tar.gz" --log-dir "$T/unpacked"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e "$T/y.tar.gz" ]
}

@test "of a session whose writer was killed, and of a damaged one, what can be read" {
	"$MEMTRACE" --boot --duration 60s --interval 0.2s --no-bpf --log-dir "$T/log" \
		>/dev/null 2>&1 3>&- &
	track $!
	until_true 20 has_sample
	sleep 0.5
	kill -KILL $!
	wait $! 2>/dev/null || :
	"$MEMTRACE" --bugreport "$T/x.tar.gz" --log-dir "$T/log"
	unpack "$T/x.tar.gz"
	grep -q session_unfinished "$B/summary.md"
	head -c 3000 /dev/urandom >"$T/junk.db"
	run "$MEMTRACE" --bugreport "$T/y.tar.gz" --report "$T/junk.db"
	[ "$status" -eq 1 ]
	[ ! -e "$T/y.tar.gz" ]
	run "$MEMTRACE" --bugreport a b
	[ "$status" -eq 2 ]
}
