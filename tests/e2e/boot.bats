#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --boot: seven logs, boots compared, retention; the service below a root of its own; --status.
# shellcheck disable=SC2154 # variables that the helper sets

load helper

LOGS='boot memory processes kernel system alerts summary'

boot() {
	"$MEMTRACE" --boot --log-dir "$T/log" "$@" >"$T/out" 2>"$T/err"
}

log_of() {
	local files=("$T"/log/boot-*_"$1".log)
	[ "${#files[@]}" -eq 1 ] || fail "${#files[@]} logs of $1" || return
	echo "${files[0]}"
}

has_sample() {
	grep -q 'Z sample ' "$T"/log/boot-*_summary.log 2>/dev/null
}

start_boot() {
	"$MEMTRACE" --boot --log-dir "$T/log" "$@" >"$T/out" 2>"$T/err" 3>&- &
	BOOT_PID=$!
	track "$BOOT_PID"
	until_true 20 has_sample
}

# A journal that says so many lines and then what is left of the arguments.
fake_journal() {
	mkdir -p "$T/bin"
	cat >"$T/bin/journalctl"
	chmod +x "$T/bin/journalctl"
}

# A copy of the program where root alone can change it.
safe_copy() {
	need_root
	SAFE=/usr/local/lib/memtrace-e2e-$$
	mkdir "$SAFE" || skip 'no /usr/local/lib'
	undo rm -rf "$SAFE"
	cp "$MEMTRACE" "$SAFE/memtrace"
	chmod 755 "$SAFE" "$SAFE/memtrace"
}

@test "seven logs and a session, CSV where it is promised, an end by itself" {
	need python3
	boot --duration 2s --interval 0.5s
	for log in $LOGS; do
		[ -s "$(log_of "$log")" ] || fail "$log is empty"
	done
	[ "$(stat -c %a "$(log_of boot)")" = 640 ]
	python3 - "$(log_of memory)" <<-'END'
		import csv, sys
		rows = list(csv.reader(open(sys.argv[1], newline=''), strict=True))
		assert rows[0][:10] == ('Timestamp,Total_KB,Used_KB,Free_KB,Available_KB,Buffers_KB,'
		        'Cached_KB,Usage_Percent,Top_Process,Top_Process_Mem').split(','), rows[0]
		assert len(rows) == 6, rows
		for row in rows[1:]:
		    assert len(row) == len(rows[0]), row
		    assert row[12] in ('', 'warm-up', 'idle', 'load', 'unknown'), row
		    assert int(row[11]) == int(row[2]) - int(rows[1][2]), row
	END
	for section in KERNEL 'BEFORE ATTACH' 'MEMORY MAP' MEMINFO 'TOP PROCESSES' SLAB UNITS; do
		grep -q "^== $section" "$(log_of boot)"
	done
	grep -q "^used before attach: .* KiB" "$(log_of boot)"
	grep -q '^MemTotal ' "$(log_of boot)"
	grep -q ' line .* SUnreclaim' "$(log_of kernel)"
	grep -q '^== BOOT DIAGNOSTICS SUMMARY' "$(log_of summary)"
	grep -q '^\* Without doing anything:' "$(log_of summary)"
	grep -q '; ended by itself\.' "$(log_of summary)"
	session=("$T"/log/boot-*.db)
	"$MEMTRACE" --report "${session[0]}" --format json | jq -e '.mode == "boot"'
}

# All seven, none empty.
has_logs() { # DIR
	local name log
	for name in $LOGS; do
		log=("$1"/boot-*_"$name".log)
		[ -s "${log[0]}" ] || fail "no log of $name"
	done
}

@test "without --log-dir: below /var/log, where only root may look; --status finds it there" {
	need_root
	need unshare
	# a /var/log of our own
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount sh -c 'mount -t tmpfs -o mode=755 none /var/log &&
		"$0" --boot --quiet --no-bpf --duration 0.5s --interval 0.2s && "$0" --status &&
		cp -a /var/log/. "$1" && stat -c %a:%u /var/log/boot-diagnostics' \
		"$MEMTRACE" "$T" >"$T/out" 2>"$T/err" || fail "$(cat "$T/err")"
	grep -qx 750:0 "$T/out"
	grep -q '^last session: /var/log/boot-diagnostics/boot-' "$T/out"
	grep -q ', complete$' "$T/out"
	has_logs "$T/boot-diagnostics"
}

@test "not root: logs in the state directory, and what cannot be seen is told" {
	need setpriv
	local binary
	binary=$(public_memtrace)
	mkdir -m 777 "$T/nobody"
	HOME=$T/nobody XDG_STATE_HOME='' as_nobody "$binary" --boot --quiet --duration 0.5s \
		--interval 0.2s --format json >"$T/out" 2>"$T/err" || fail "$(cat "$T/err")"
	lacks 'libbpf:' "$T/err"
	has_logs "$T/nobody/.local/state/boot-diagnostics"
	check_report "$T/out"
	jq -e '.mode == "boot" and (.limits | map(.kind) | index("no_bpf")) and
		all(.processes[]; has("attributed") | not)' "$T/out"
	HOME=$T/nobody XDG_STATE_HOME='' as_nobody "$binary" --status >"$T/status"
	grep -q "^last session: $T/nobody/.local/state/boot-diagnostics/boot-" "$T/status"
	grep -q ', complete$' "$T/status"
	run as_nobody "$binary" --install-service
	[ "$status" -eq 1 ]
}

@test "the first minutes are warm-up" {
	# whatever the machine's uptime: the warm-up ends after it
	boot --duration 1s --interval 0.3s --no-bpf --warm-up 3650d
	[ "$(cut -d, -f13 "$(log_of memory)" | sort -u | tr -d '\n')" = Phasewarm-up ]
	grep -q 'the machine was never idle' "$(log_of summary)"
	lacks '^\* Grows while' "$(log_of summary)"
}

@test "SIGTERM, as at a shutdown, leaves a complete summary and a complete session" {
	start_boot --interval 0.3s --no-bpf
	kill -TERM "$BOOT_PID"
	wait "$BOOT_PID"
	grep -q 'ended early, by a signal' "$(log_of summary)"
	grep -q ' ended .* alerts in all' "$(log_of alerts)"
	run "$MEMTRACE" --status --log-dir "$T/log"
	[ "$status" -eq 0 ]
	[[ $output == *', complete'* ]]
	[[ $output == *'Without doing anything:'* ]]
}

@test "after kill -9 logs and session are there up to the last sample" {
	start_boot --interval 0.2s --no-bpf
	sleep 1
	kill -KILL "$BOOT_PID"
	wait "$BOOT_PID" 2>/dev/null || :
	[ "$(grep -c 'Z sample ' "$(log_of summary)")" -ge 3 ]
	awk -F, 'NF != 22 { exit 1 }' "$(log_of memory)"
	session=("$T"/log/boot-*.db)
	"$MEMTRACE" --report "${session[0]}" --format json >"$T/report"
	jq -e '.limits | map(.kind) | index("session_unfinished")' "$T/report"
	run "$MEMTRACE" --status --log-dir "$T/log"
	[ "$status" -eq 0 ]
	[[ $output == *', not ended'*'no summary was written'* ]]
}

@test "what the journal says stands beside the growth; one that hangs is dropped" {
	{
		printf '__CURSOR=s=1\n__REALTIME_TIMESTAMP=%s000000\nPRIORITY=4\n' "$(date +%s)"
		printf 'UNIT=foo.service\nMESSAGE=%s\n\n' "foo.service: Failed with result 'exit-code'."
		printf '__CURSOR=s=2\n__REALTIME_TIMESTAMP=%s000000\nPRIORITY=3\n' "$(date +%s)"
		printf 'SYSLOG_IDENTIFIER=bar\nMESSAGE\n\014\0\0\0\0\0\0\0two\n\033[31mred\n\n'
	} >"$T/entries"
	fake_journal <<-END
		#!/bin/sh
		case " \$* " in *--after-cursor=s=2*) exit 0 ;; esac
		cat "$T/entries"
	END
	PATH=$T/bin:$PATH boot --duration 1.5s --interval 0.5s --no-bpf
	grep -q " event     service       4 .* foo.service: foo.service: Failed with result 'exit-code'" \
		"$(log_of system)"
	grep -q ' event     other         3 .* bar: two.x0a.x1b\[31mred' "$(log_of system)"
	[ "$(grep -c 'foo.service: Failed' "$(log_of system)")" -eq 2 ] # the event and its note
	grep -qaF 'service: foo.service: foo.service: Failed' "$T"/log/boot-*.db # kept in the session
	rm -r "$T/log"
	printf '#!/bin/sh\nexec sleep 300\n' | fake_journal
	PATH=$T/bin:$PATH boot --duration 1s --interval 0.5s --no-bpf
	[ -s "$(log_of system)" ]
	run pgrep -f "$T/bin/journalctl"
	[ "$status" -ne 0 ]
}

samples() {
	grep -c 'Z sample ' "$(log_of summary)"
}

has_more_samples() {
	[ "$(samples)" -ge $(($1 + $2)) ]
}

has_burnt() {
	[ -e "$T/burnt" ]
}

@test "what journalctl takes is among our own cost" {
	need python3
	fake_journal <<-END
		#!/usr/bin/env python3
		import os, time
		while time.process_time() < 0.2: pass
		open("$T/burning", "w").write(str(time.process_time_ns()))
		os.rename("$T/burning", "$T/burnt")
	END
	PATH=$T/bin:$PATH start_boot --duration 100s --interval 0.5s --no-bpf --format json
	until_true 60 has_burnt
	until_true 20 has_more_samples "$(samples)" 2 # it is collected between them
	read -ra stat </proc/"$BOOT_PID"/stat
	own_ns=$(((stat[13] + stat[14]) * 1000000000 / $(getconf CLK_TCK)))
	kill -TERM "$BOOT_PID"
	wait "$BOOT_PID"
	echo "until then ours $own_ns, its $(cat "$T/burnt"), told $(jq .self.cpu_ns "$T/out")"
	[ "$(jq .self.cpu_ns "$T/out")" -ge $((own_ns + $(cat "$T/burnt"))) ]
}

@test "boots are compared: memory at the same time after boot, kernel, packages, units" {
	need python3
	local root=$T/root
	mkdir -p "$root"/{run/systemd/units,var/lib/dpkg,proc/sys/kernel/random}
	for file in meminfo stat vmstat slabinfo; do cat "/proc/$file" >"$root/proc/$file" || :; done
	printf 'Package: a\nStatus: install ok installed\nVersion: 1\n\n' >"$root/var/lib/dpkg/status"
	ln -s x "$root/run/systemd/units/invocation:old.service"
	echo 11111111-1111-1111-1111-111111111111 >"$root/proc/sys/kernel/random/boot_id"
	boot --sysroot "$root" --duration 1s --interval 0.3s --no-bpf
	sleep 1
	# another boot: 310 MiB more in use, a package and a service that were not there
	python3 - "$root/proc/meminfo" <<-'END'
		import re, sys
		text = open(sys.argv[1]).read()
		less = lambda m: m.group(1) + str(int(m.group(2)) - 310 * 1024)
		open(sys.argv[1], 'w').write(re.sub(r'(MemAvailable: +)([0-9]+)', less, text))
	END
	printf 'Package: b\nStatus: install ok installed\nVersion: 1\n\n' >>"$root/var/lib/dpkg/status"
	rm "$root/run/systemd/units/invocation:old.service"
	ln -s x "$root/run/systemd/units/invocation:foo.service"
	echo 22222222-2222-2222-2222-222222222222 >"$root/proc/sys/kernel/random/boot_id"
	boot --sysroot "$root" --duration 1s --interval 0.3s --no-bpf
	summary=("$T"/log/boot-*_summary.log)
	[ "${#summary[@]}" -eq 2 ]
	grep -q 'packages 1 installed -> 2 installed' "${summary[1]}"
	grep -q '; new unit foo.service; unit gone old.service' "${summary[1]}"
	grep -q '^\* .* the last 1 boot' "${summary[1]}"
	# the same boot again is not compared with itself
	sleep 1
	boot --sysroot "$root" --duration 0.5s --interval 0.3s --no-bpf
	summary=("$T"/log/boot-*_summary.log)
	grep -q 'the last 1 boot' "${summary[2]}"
}

@test "the oldest sessions go, by number and by size, and nothing that is not ours" {
	local stamp log
	mkdir -m 750 "$T/log"
	for stamp in 20200101_000000 20200102_000000 20200103_000000; do
		head -c 100000 /dev/zero >"$T/log/boot-$stamp.db"
		for log in $LOGS; do echo "$stamp" >"$T/log/boot-${stamp}_$log.log"; done
		echo >"$T/log/boot-${stamp}_memory.log.1"
	done
	touch "$T/log/boot-notes.txt" "$T/log/boot-20200101_000000.db.mine" "$T/log/other.log"
	touch -d 2020-01-04 "$T"/log/*
	boot --duration 0.3s --interval 0.2s --no-bpf --keep-sessions 3
	[ ! -e "$T/log/boot-20200101_000000.db" ]
	[ ! -e "$T/log/boot-20200101_000000_memory.log.1" ]
	[ -e "$T/log/boot-20200102_000000.db" ]
	[ -e "$T/log/boot-notes.txt" ]
	[ -e "$T/log/boot-20200101_000000.db.mine" ]
	[ -e "$T/log/other.log" ]
	sleep 1 # another name
	boot --duration 0.3s --interval 0.2s --no-bpf --keep-size 1K
	[ ! -e "$T/log/boot-20200103_000000.db" ]
	# its own, and the one that was written to a moment ago, are left alone
	sessions=("$T"/log/boot-2*_*.db)
	[ "${#sessions[@]}" -eq 2 ]
}

@test "the service is installed below a root, with the path of the binary, and removed" {
	safe_copy
	local unit=$T/root/etc/systemd/system/boot-diagnostics.service
	mkdir "$T/root"
	run "$SAFE/memtrace" --status --sysroot "$T/root"
	[ "$status" -eq 0 ]
	[[ $output == *'not installed'*'systemd does not run here'*'none in'* ]]
	"$SAFE/memtrace" --install-service --sysroot "$T/root" --duration 20m --keep-sessions 3
	grep -qx "ExecStart=$SAFE/memtrace --boot --quiet --duration 1200000ms --keep-sessions 3" "$unit"
	grep -qx 'RuntimeMaxSec=2h' "$unit"
	[ "$(stat -c %a "$unit")" = 644 ]
	[ -e "$T/root/etc/systemd/system/sysinit.target.wants/boot-diagnostics.service" ]
	"$SAFE/memtrace" --install-service --sysroot "$T/root" # again, with the defaults
	grep -qx "ExecStart=$SAFE/memtrace --boot --quiet" "$unit"
	run "$SAFE/memtrace" --status --sysroot "$T/root"
	[[ $output == *'service: installed, starts at each boot'* ]]
	MEMTRACE=$SAFE/memtrace "$REPO/scripts/boot_diagnostics.sh" --uninstall-service \
		--sysroot "$T/root"
	[ ! -e "$unit" ]
	[ ! -L "$T/root/etc/systemd/system/sysinit.target.wants/boot-diagnostics.service" ]
	"$SAFE/memtrace" --uninstall-service --sysroot "$T/root" | grep 'is not installed'
}

@test "a binary that others could change is not run by root at each boot" {
	need_root
	mkdir "$T/root"
	cp "$MEMTRACE" "$T/memtrace"
	run "$T/memtrace" --install-service --sysroot "$T/root" # below /tmp
	[ "$status" -eq 1 ]
	[[ $output == *'not installed'*'make install first'* ]]
	safe_copy
	mkdir "$SAFE/a b" "$SAFE/open" "$SAFE/theirs"
	cp "$MEMTRACE" "$SAFE/a b/memtrace"
	cp "$MEMTRACE" "$SAFE/open/memtrace"
	cp "$MEMTRACE" "$SAFE/theirs/memtrace"
	chmod 777 "$SAFE/open"
	chown nobody "$SAFE/theirs"
	for dir in 'a b' open theirs; do
		run "$SAFE/$dir/memtrace" --install-service --sysroot "$T/root"
		[ "$status" -eq 1 ] || fail "$dir was installed"
	done
	[ ! -e "$T/root/etc" ]
}

@test "the unit is hardened: exposure at most 3.0" {
	need systemd-analyze
	run systemd-analyze security --offline=true "$REPO/scripts/systemd/boot-diagnostics.service"
	[[ $output == *'Overall exposure level'* ]] || skip 'systemd-analyze knows no --offline'
	systemd-analyze security --offline=true --threshold=30 \
		"$REPO/scripts/systemd/boot-diagnostics.service" >/dev/null
}

@test "the wrapper takes the spec's arguments" {
	MEMTRACE="$MEMTRACE" "$REPO/scripts/boot_diagnostics.sh" --duration 0.5s --interval 0.2s \
		--log-dir "$T/log" --no-bpf >"$T/out" 2>"$T/err"
	for log in $LOGS; do
		[ -s "$(log_of "$log")" ]
	done
	MEMTRACE="$MEMTRACE" "$REPO/scripts/boot_diagnostics.sh" --status --log-dir "$T/log" |
		grep -q 'last session'
}

@test "wrong use is refused with status 2" {
	for args in '--boot 5' '--boot --monitor' '--boot --keep-size x' '--boot --warm-up x' \
		'--status --interval 5' '--install-service --log-dir /x' '--monitor --warm-up 5m'; do
		# shellcheck disable=SC2086
		run "$MEMTRACE" $args
		[ "$status" -eq 2 ] || fail "$args: status $status"
	done
}
