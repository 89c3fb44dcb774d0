#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --monitor: six logs, alerts, and what happens to them.
# alone: memory of its own stays the same while the machine does
# shellcheck disable=SC2154 # variables that the helper sets

load helper

LOGS='memory processes docker fragmentation swap summary'

monitor() {
	"$MEMTRACE" --monitor "$@" --log-dir "$T/log" >"$T/out" 2>"$T/err"
}

log_of() {
	local files=("$T"/log/memory_monitor_*_"$1".log)
	[ "${#files[@]}" -eq 1 ] || fail "${#files[@]} logs of $1" || return
	echo "${files[0]}"
}

# Starts one in the background and waits until it has written a sample.
start_monitor() {
	"${WRAPPER:-$MEMTRACE}" --monitor "$@" --log-dir "$T/log" >"$T/out" 2>"$T/err" &
	MONITOR_PID=$!
	track "$MONITOR_PID"
	for _ in {1..100}; do
		grep -q 'Z sample ' "$T"/log/memory_monitor_*_summary.log 2>/dev/null && return
		sleep 0.1
	done
	cat "$T/err"
	fail 'no sample in 10 s'
}

end_monitor() {
	kill -TERM "$MONITOR_PID"
	wait "$MONITOR_PID"
}

# The memory log by python's csv: constant columns, numbers where numbers belong.
check_memory_log() {
	python3 - "$1" <<-'END'
		import csv, sys
		rows = list(csv.reader(open(sys.argv[1], newline=''), strict=True))
		head = ('Timestamp,Total_KB,Used_KB,Free_KB,Available_KB,Buffers_KB,Cached_KB,'
		        'Usage_Percent,Top_Process,Top_Process_Mem').split(',')
		assert rows[0] == head, rows[0]
		assert len(rows) > 2, rows
		for row in rows[1:]:
		    assert len(row) == len(head), row
		    assert row[0].endswith('Z') and row[0][10] == 'T', row
		    total, used, free, available = map(int, row[1:5])
		    assert used == total - available and free <= total, row
		    assert abs(float(row[7]) - 100 * used / total) < 0.02, row
		    assert int(row[9]) > 0 and row[8].isprintable(), row
		print(set(row[8] for row in rows[1:]))
	END
}

@test "six logs with the names and the header that are promised, and a session" {
	need python3
	monitor 0.05 1
	for log in $LOGS; do
		[ -s "$(log_of "$log")" ]
	done
	[ "$(stat -c %a "$(log_of memory)")" = 640 ]
	check_memory_log "$(log_of memory)"
	grep -q '^PROCESSES\|^OTHER PROCESSES' "$(log_of summary)"
	session=("$T"/log/memory_monitor_*.db)
	"$MEMTRACE" --report "${session[0]}" --format json | jq -e '.mode == "monitor"'
	# what a bug needs stands in this log alone
	for word in range total; do
		grep -q "Z $word " "$(log_of summary)" || fail "no $word in the summary"
	done
	# 3 s: the start, two on the grid, and the end
	[ "$(grep -c 'Z sample ' "$(log_of summary)")" -eq 4 ]
}

@test "the wrapper takes the same arguments" {
	MEMTRACE="$MEMTRACE" "$REPO/scripts/memory_monitor.sh" 0.03 1 --log-dir "$T/log" --no-bpf \
		>"$T/out" 2>"$T/err"
	for log in $LOGS; do
		[ -s "$(log_of "$log")" ]
	done
}

@test "names out to do harm change no line of any log" {
	need python3
	# the largest process of the machine, under four names
	python3 - "$T/large" <<-'END' &
		import ctypes, glob, sys, time
		libc = ctypes.CDLL(None)
		def pages(path):
		    try:
		        return int(open(path).read().split()[1])
		    except (OSError, IndexError):
		        return 0
		largest = max(map(pages, glob.glob('/proc/[0-9]*/statm')))
		memory = b'x' * max(512 << 20, largest * 4096 + (256 << 20))
		open(sys.argv[1], 'w')
		while True:
		    for name in (b'a,b"c\nd', b'\x1b[31mred', b'=cmd|x', b'\xff\xfe "'):
		        libc.prctl(15, name, 0, 0, 0)
		        time.sleep(0.1)
	END
	track $!
	until_true 60 test -e "$T/large"
	monitor 0.05 0.3 --no-bpf
	check_memory_log "$(log_of memory)" >"$T/names"
	grep -qF -e 'a,b' -e 'red' -e 'cmd' "$T/names"
	for log in processes docker fragmentation swap; do
		lacks '[^ -~]' "$(log_of "$log")"
		lacks -v -E '^(#|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z [a-z]+ )' "$(log_of "$log")"
	done
}

@test "without BPF: the same logs, and what is missing is said" {
	monitor 0.03 1 --no-bpf
	for log in $LOGS; do
		[ -s "$(log_of "$log")" ]
	done
	grep -q ' limit .*no_bpf' "$(log_of summary)"
	grep -q 'no page attribution' "$(log_of processes)"
	# held is unknown, not nothing
	awk '$2 == "process" && $13 != "?" { bad = 1 } END { exit bad }' "$(log_of processes)"
}

@test "without rights: the same logs" {
	need_root
	need runuser
	mkdir -m 777 "$T/nobody"
	chmod +t "$T/nobody"
	cp "$MEMTRACE" "$T/memtrace"
	chmod 755 "$T/memtrace"
	runuser -u nobody -- "$T/memtrace" --monitor 0.03 1 --log-dir "$T/nobody" >"$T/out" 2>"$T/err"
	grep -q 'no page attribution: not run as root, nor with CAP_BPF and CAP_PERFMON' "$T/err"
	lacks 'libbpf\|trivial' "$T/err"
	for log in $LOGS; do
		[ "$(cat "$T"/nobody/memory_monitor_*_"$log".log | wc -l)" -gt 1 ]
	done
}

@test "an alert is told once, runs a program with JSON, and is in log and report" {
	cat >"$T/on-alert" <<-END
		#!/bin/sh
		cat >>$T/alerts; echo >>$T/alerts
	END
	chmod +x "$T/on-alert"
	echo 'memory = 1% # of all' >"$T/config"
	# An idle machine uses that, or hardly so much.
	start_victim anon4k --mib "$(awk '/^MemTotal/ { print int($2 / 1024 / 50) }' /proc/meminfo)"
	wait_truth
	monitor 0.05 0.5 --no-bpf --config "$T/config" --threshold fragmentation=100 \
		--threshold growth=100000 --threshold process-growth=100000 --on-alert "$T/on-alert"
	[ "$(grep -c ' alert .*raised memory' "$(log_of summary)")" -eq 1 ]
	jq -se 'map(select(.kind == "memory" and .state == "raised")) |
		length == 1 and .[0].threshold == 1 and .[0].schema == "memtrace.alert/1"' "$T/alerts"
	[ "$(grep -c 'memory use is' "$T/err")" -eq 1 ]
	grep -q 'alert raised: memory use is' "$T/out"
}

@test "a zombie is named with its parent" {
	need python3
	# the child has ended when its parent says so, and is not waited for
	python3 -c "
import os, time
pid = os.fork()
if not pid: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(os.getpid(), pid, flush=True)
time.sleep(60)" >"$T/zombie" &
	track $!
	for _ in {1..50}; do [ -s "$T/zombie" ] && break || sleep 0.1; done
	read -r parent pid <"$T/zombie"
	monitor 0.03 1 --no-bpf --top-processes 0
	grep -qE " zombie +$pid +$parent " "$(log_of processes)"
	grep -q ' alert .*raised zombies' "$(log_of summary)"
}

# The kernel kills in a cgroup of its own, whose limit is 32 MiB; memtrace runs with ARG...
kill_in_cgroup() {
	need_root
	need python3
	local root=/sys/fs/cgroup/memory limit=memory.limit_in_bytes
	[ -d "$root" ] || root=/sys/fs/cgroup limit=memory.max
	CGROUP=memtrace-test-$$
	local cgroup=$root/$CGROUP
	mkdir "$cgroup" 2>/dev/null || skip 'cannot make a cgroup'
	undo rmdir "$cgroup"
	echo 32M >"$cgroup/$limit" || skip "no $limit"
	[ ! -e "$cgroup/memory.swap.max" ] || echo 0 >"$cgroup/memory.swap.max"
	start_monitor 5 0.3 "$@"
	bash -c "echo \$\$ >$cgroup/cgroup.procs && exec python3 -c 'x = b\"x\" * (200 << 20)'" || :
	for _ in {1..30}; do
		grep -q ' event .* for lack of memory' "$(log_of summary)" && break
		sleep 0.1
	done
	sleep 0.7 # whatever would be told twice
	end_monitor
	grep ' for lack of memory' "$(log_of summary)"
}

@test "an OOM kill is an alert, and who was killed is named: by the kernel's log" {
	kill_in_cgroup --no-bpf
	[ "$(grep -c ' event .*the kernel killed python3 (pid [0-9]*) .* in its cgroup' \
		"$(log_of summary)")" -eq 1 ]
	[ "$(grep -c ' alert .*raised oom-kill' "$(log_of summary)")" -eq 1 ]
	grep -q " alert .*killed python3 (pid [0-9]*) for lack of memory in /$CGROUP; it had" \
		"$(log_of summary)"
}

@test "an OOM kill that both sources tell is told once" {
	kill_in_cgroup
	[ "$(grep -c ' event .*the kernel killed python3 (pid [0-9]*) .* in its cgroup' \
		"$(log_of summary)")" -eq 1 ]
	[ "$(grep -c ' alert .*raised oom-kill' "$(log_of summary)")" -eq 1 ]
}

@test "an OOM kill is named without the kernel's log" {
	need_root
	need unshare
	"$MEMTRACE" --doctor | grep -q '^works  *oom ' || skip 'no source oom here'
	# exec: the process that the test starts is memtrace itself
	cat >"$T/memtrace" <<-END
		#!/bin/sh
		exec unshare -m sh -c 'mount --bind /dev/null /dev/kmsg && exec "\$0" "\$@"' \
			"$MEMTRACE" "\$@"
	END
	chmod +x "$T/memtrace"
	WRAPPER=$T/memtrace
	kill_in_cgroup
	[ "$(grep -c ' event .*the OOM killer chose python3 (pid [0-9]*) ' \
		"$(log_of summary)")" -eq 1 ]
	[ "$(grep -c ' alert .*raised oom-kill' "$(log_of summary)")" -eq 1 ]
}

@test "days and seconds are accepted, and the plan is said" {
	start_monitor 1440 300 --no-bpf --no-session
	grep -qF 'for 24 h, a sample every 5 min: 289 samples' "$T/err" || fail "$(cat "$T/err")"
	end_monitor
	# the start and the end, however early
	[ "$(grep -c 'Z sample ' "$(log_of summary)")" -eq 2 ]
	rm -r "$T/log"
	start_monitor 30 5 --no-bpf --no-session
	grep -qF 'for 30 min, a sample every 5.0 s: 361 samples' "$T/err" || fail "$(cat "$T/err")"
	end_monitor
}

resident_kb() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$MONITOR_PID/status"
}

n_samples() {
	grep -c 'Z sample ' "$(log_of summary)"
}

@test "memory stays the same while processes come and go" {
	start_monitor 5 0.1
	local births=0 early late
	while [ "$(n_samples)" -lt 60 ] || [ "$births" -lt 300 ]; do
		for _ in {1..10}; do true & done
		wait -n || :
		births=$((births + 10))
		[ -n "${early:-}" ] || [ "$(n_samples)" -lt 20 ] || [ "$births" -lt 100 ] ||
			early=$(resident_kb)
	done
	late=$(resident_kb)
	end_monitor
	echo "$births births, $early KiB, then $late KiB"
	[ "$late" -le $((early + 2048)) ]
}

@test "logs that were renamed are opened anew on SIGHUP" {
	start_monitor 5 0.2 --no-bpf
	local log
	log=$(log_of memory)
	mv "$log" "$T/log/moved"
	kill -HUP "$MONITOR_PID"
	for _ in {1..50}; do [ -s "$log" ] && break || sleep 0.1; done
	sleep 0.5
	end_monitor
	[ "$(head -c 9 "$log")" = Timestamp ]
	[ "$(wc -l <"$log")" -gt 2 ]
}

@test "after a stop the next sample is on the grid, without a burst" {
	start_monitor 5 0.5 --no-bpf
	kill -STOP "$MONITOR_PID"
	sleep 3
	local before new=0 start
	before=$(n_samples)
	start=$(date +%s%3N)
	kill -CONT "$MONITOR_PID"
	# Six were due while it stood: now one for them, the next of the grid, and no more in time.
	while [ "$new" -lt 4 ]; do
		new=$(($(n_samples) - before))
		[ "$new" -le $((2 + ($(date +%s%3N) - start) / 500)) ] || fail "$new samples at once"
	done
	end_monitor
}

@test "a full disk stops the logs, not the run; what is lost is counted" {
	need_root
	mkdir "$T/log"
	mount -t tmpfs -o size=1m,mode=750 none "$T/log" || skip 'cannot mount'
	undo umount "$T/log"
	start_monitor 5 0.2 --no-bpf --no-session
	head -c 1m /dev/zero >"$T/log/filler" 2>/dev/null || :
	sleep 6
	rm "$T/log/filler"
	sleep 1
	end_monitor
	grep -q 'cannot be written, going on' "$T/err"
	grep -q 'written again' "$T/err"
	grep -q 'log_samples_lost' "$T/out"
	# no log has half a line
	for log in $LOGS; do
		[ "$(tail -c 1 "$(log_of "$log")" | od -An -c | tr -d ' ')" = '\n' ]
	done
	awk -F, 'NF != 10 { exit 1 }' "$(log_of memory)"
}

@test "wrong use is refused with status 2" {
	for args in '--monitor x' '--monitor 1 0' '--monitor 1 2 3' '--monitor --pid 1' \
		'--monitor --threshold nonsense=1' '--monitor --threshold memory=x' \
		'--monitor --threshold memory' '--monitor --duration 5' '--pid 1 --on-alert x' \
		"--monitor --config $T/none"; do
		# shellcheck disable=SC2086
		run "$MEMTRACE" $args
		[ "$status" -eq 2 ] || fail "$args: status $status"
	done
	printf '# fine\n\nmemory=80\nswap = all\n' >"$T/config"
	run "$MEMTRACE" --monitor --config "$T/config"
	[ "$status" -eq 2 ]
	[[ $output == *"config:4: 'all' for swap is not a size"* ]]
}
