#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --monitor --format openmetrics: what Prometheus' own tools make of the file.
# shellcheck disable=SC2154 # variables that the helper sets

load helper

# What scripts/deps.sh unpacked counts like what is installed.
PATH=$PATH:$REPO/build/tools/usr/bin

write_metrics() { # ARG...: of memtrace
	"$MEMTRACE" --monitor 0.03 0.5 --format openmetrics -o "$T/memtrace.prom" \
		--log-dir "$T/log" "$@" >"$T/out" 2>"$T/err"
}

# value METRIC [FILE]: of the sample with exactly this name and these labels.
value() {
	awk -v name="$1" 'index($0, name " ") == 1 { print $NF }' "${2:-$T/memtrace.prom}"
}

@test "promtool accepts the metrics, hostile names and all" {
	need promtool python3
	python3 - <<-'END' &
		import ctypes, time
		libc = ctypes.CDLL(None)
		memory = b'x' * (512 << 20)
		libc.prctl(15, b'a,b"c\\n\nd', 0, 0, 0)
		time.sleep(60)
	END
	track $!
	until_true 10 grep -q 'a,b' "/proc/$!/comm"
	write_metrics
	promtool check metrics <"$T/memtrace.prom"
	[ "$(tail -n 1 "$T/memtrace.prom")" = '# EOF' ]
	[ "$(stat -c %a "$T/memtrace.prom")" = 644 ]
	grep -qF 'comm="a,b\"c\\n\\x0ad"} ' "$T/memtrace.prom"
	# the report is where it always is
	grep -q '^LIMITS OF THESE NUMBERS\|^COST OF MEMTRACE' "$T/out"
	# nothing is left beside it
	[ "$(find "$T" -maxdepth 1 -name '*.tmp' | wc -l)" -eq 0 ]
}

@test "lists add up to what they are the list of" {
	need python3
	write_metrics --top-processes 3
	python3 - "$T/memtrace.prom" <<-'END'
		import os, re, sys
		sums, counts = {}, {}
		for line in open(sys.argv[1]):
		    m = re.match(r'(memtrace_\w+)(?:\{(.*)\})? (\S+)$', line)
		    if not m: continue
		    sums[m[1]] = sums.get(m[1], 0) + float(m[3])
		    counts[m[1]] = counts.get(m[1], 0) + 1
		assert counts['memtrace_process_resident_bytes'] == 4, counts
		assert counts['memtrace_slab_cache_bytes'] in (0, 4), counts
		total = 0
		for pid in filter(str.isdigit, os.listdir('/proc')):
		    try: total += int(open(f'/proc/{pid}/statm').read().split()[1]) * 4096
		    except OSError: pass
		listed = sums['memtrace_process_resident_bytes']
		assert 0.5 * total < listed < 2 * total, (listed, total)
	END
}

@test "node_exporter serves them" {
	need prometheus-node-exporter curl
	local port
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	write_metrics
	chmod 755 "$T"
	prometheus-node-exporter --web.listen-address="127.0.0.1:$port" --collector.disable-defaults \
		--collector.textfile --collector.textfile.directory="$T" >"$T/exporter" 2>&1 3>&- &
	track $!
	until_true 10 curl -sf -o "$T/page" "http://127.0.0.1:$port/metrics"
	[ "$(value node_textfile_scrape_error "$T/page")" = 0 ]
	[ "$(value memtrace_running "$T/page")" = 0 ]
	# as numbers: the exporter has its own way to write them
	python3 -c 'import sys; sys.exit(float(sys.argv[1]) != float(sys.argv[2]))' \
		"$(value memtrace_memory_used_bytes "$T/page")" "$(value memtrace_memory_used_bytes)"
	# every sample of ours is there, and every family has its type
	[ "$(grep -c '^memtrace_' "$T/page")" -eq "$(grep -c '^memtrace_' "$T/memtrace.prom")" ]
	[ "$(grep -c '^# TYPE memtrace_' "$T/page")" -eq \
		"$(grep -c '^# TYPE memtrace_' "$T/memtrace.prom")" ]
	lacks '^# TYPE memtrace_.* untyped' "$T/page"
}

@test "the file is whole at every moment, and says when the run is over" {
	"$MEMTRACE" --monitor 5 0.1 --no-bpf --no-session --format openmetrics \
		-o "$T/memtrace.prom" --log-dir "$T/log" >"$T/out" 2>"$T/err" 3>&- &
	local pid=$! seen
	track "$pid"
	until_true 10 test -e "$T/memtrace.prom"
	for _ in {1..100}; do
		tail -n 1 "$T/memtrace.prom" >>"$T/ends"
	done
	[ "$(sort -u "$T/ends")" = '# EOF' ]
	[ "$(value memtrace_running)" = 1 ]
	seen=$(value memtrace_samples_total)
	sleep 0.5
	[ "$(value memtrace_samples_total)" -gt "$seen" ]
	kill -TERM "$pid"
	wait "$pid"
	[ "$(value memtrace_running)" = 0 ]
}

@test "what lies in its place is not written to" {
	echo precious >"$T/precious"
	ln -s precious "$T/memtrace.prom"
	write_metrics --no-bpf --no-session && fail "written"
	[ "$(cat "$T/precious")" = precious ]
	[ -L "$T/memtrace.prom" ]
	grep -q 'cannot write .*memtrace.prom: ' "$T/err"
	rm "$T/memtrace.prom"
	mkfifo "$T/memtrace.prom"
	write_metrics --no-bpf --no-session && fail "written"
	[ -p "$T/memtrace.prom" ]
}

@test "without rights the file is written as well" {
	need_root
	need runuser
	mkdir -m 777 "$T/nobody"
	chmod +t "$T/nobody"
	cp "$MEMTRACE" "$T/memtrace"
	chmod 755 "$T/memtrace"
	runuser -u nobody -- "$T/memtrace" --monitor 0.02 0.5 --format openmetrics \
		-o "$T/nobody/x.prom" --log-dir "$T/nobody" >"$T/out" 2>"$T/err"
	grep -q '^memtrace_info{.*page_attribution="no"} 1' "$T/nobody/x.prom"
	grep -q '^memtrace_limits{kind="no_bpf"} 0' "$T/nobody/x.prom"
	lacks '^memtrace_pages_' "$T/nobody/x.prom"
}

@test "the rules do what they say" {
	need promtool
	promtool check rules "$REPO/scripts/prometheus/memtrace.rules.yml"
	promtool test rules "$REPO/tests/e2e/memtrace.rules.test.yml"
}

@test "wrong use is refused with status 2" {
	run "$MEMTRACE" --monitor --format openmetrics
	[ "$status" -eq 2 ]
	[[ $output == *'needs -o FILE'* ]]
	run "$MEMTRACE" --pid 1 --format openmetrics -o "$T/x.prom"
	[ "$status" -eq 2 ]
	[[ $output == *'is for --monitor alone'* ]]
}
