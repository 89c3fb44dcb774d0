#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers in the monitor's log: cgroups of this machine, made as runtimes make them.
# alone: limits and pressure of groups of this machine
# shellcheck disable=SC2154 # variables that the helper sets

load helper

ID=4f5e0c0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789

# Sets HIERARCHY to where memory is counted, LIMIT to the name of the limit's file.
find_hierarchy() {
	need_root
	if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
		HIERARCHY=/sys/fs/cgroup/memory LIMIT=memory.limit_in_bytes
	elif grep -qw memory /sys/fs/cgroup/cgroup.subtree_control; then
		HIERARCHY=/sys/fs/cgroup LIMIT=memory.max
	else
		skip 'no cgroup hierarchy counts memory for us'
	fi
	[ -w "$HIERARCHY/cgroup.procs" ] || skip 'cgroups cannot be made here'
}

# make_cgroup PATH: removed at the end, as soon as its processes are.
make_cgroup() {
	mkdir "$HIERARCHY/$1" || skip 'cgroups cannot be made here'
	undo "for _ in {1..50}; do rmdir '$HIERARCHY/$1' && break; sleep 0.1; done"
}

@test "a container's use stands beside its limit, its page cache apart from its memory" {
	find_hierarchy
	need python3
	make_cgroup "docker-$ID.scope"
	local cgroup=$HIERARCHY/docker-$ID.scope
	echo $((200 << 20)) >"$cgroup/$LIMIT"

	# 48 MiB of its own, 32 MiB of a file it read and wrote
	python3 - "$cgroup/cgroup.procs" "$T" <<-'END' &
		import os, sys, time
		open(sys.argv[1], 'w').write(str(os.getpid()))
		memory = bytearray(os.urandom(1 << 20)) * 48
		with open(sys.argv[2] + '/file', 'wb') as f:
		    f.write(bytes(32 << 20))
		    f.flush()
		    os.fsync(f.fileno())
		open(sys.argv[2] + '/ready', 'w').close()
		time.sleep(60)
	END
	track $!
	for _ in {1..100}; do
		[ -e "$T/ready" ] && break
		sleep 0.1
	done
	[ -e "$T/ready" ]

	"$MEMTRACE" --monitor 0.02 1 --no-bpf --log-dir "$T/log" >"$T/out" 2>"$T/err"
	# TIME container USED WORKING LIMIT ANON FILE …  RUNTIME NAME, in KiB
	grep " container .* docker  *4f5e0c0a1b2c$" "$T"/log/memory_monitor_*_docker.log >"$T/lines"
	tail -n 1 "$T/lines"
	read -r _ _ used working limit anon file _ < <(tail -n 1 "$T/lines")
	[ "$limit" -eq $((200 << 10)) ]
	[ "$anon" -ge $((48 << 10)) ] && [ "$anon" -le $((70 << 10)) ]
	[ "$file" -ge $((32 << 10)) ] && [ "$file" -le $((48 << 10)) ]
	[ "$used" -ge $((anon + file)) ]
	# the file is what the kernel can take back
	[ "$working" -le $((used - (24 << 10))) ]
}

@test "the name a runtime wrote to disk, not its daemon, names the container" {
	local root=$T/root
	mkdir -p "$root"
	cp -a "$REPO/tests/fixtures/system/v2/." "$root/"
	cp -aL "$REPO/tests/fixtures/proc/normal/proc" "$root/"
	"$MEMTRACE" --monitor 0.02 1 --no-bpf --sysroot "$root" --log-dir "$T/log" \
		>"$T/out" 2>"$T/err"
	local log=("$T"/log/memory_monitor_*_docker.log)
	cat "${log[0]}"
	grep -q ' container .* 262144 .* docker  *web-1$' "${log[0]}"
	grep -q ' container .* podman  *db$' "${log[0]}"
	grep -q ' container .* containerd shop/api-6f7c9d-x2lqp/api$' "${log[0]}"
	grep -q ' container .* cri-o  *batch/worker-0/worker$' "${log[0]}"
	grep -q ' service .* nginx.service$' "${log[0]}"
	# its own init's cgroup is no second container
	[ "$(grep -c ' db$' "${log[0]}")" -eq "$(grep -c ' web-1$' "${log[0]}")" ]
}

# A tree with captured cgroups and runtimes' state, to be changed.
make_sysroot() {
	ROOT=$T/root
	mkdir -p "$ROOT"
	cp -a "$REPO/tests/fixtures/system/v2/." "$ROOT/"
	cp -aL "$REPO/tests/fixtures/proc/normal/proc" "$ROOT/"
}

monitor_sysroot() { # MINUTES SECONDS
	"$MEMTRACE" --monitor "$@" --no-bpf --sysroot "$ROOT" --log-dir "$T/log" >"$T/out" 2>"$T/err"
	local log=("$T"/log/memory_monitor_*_docker.log)
	LOG=${log[0]}
}

@test "state that the runtimes were told to keep elsewhere is found there" {
	make_sysroot
	mkdir -p "$ROOT/etc/docker" "$ROOT/etc/containers" "$ROOT/srv"
	mv "$ROOT/var/lib/docker" "$ROOT/srv/engine"
	mv "$ROOT/var/lib/containers/storage" "$ROOT/srv/storage"
	monitor_sysroot 0.02 1
	lacks ' docker  *web-1$' "$LOG"
	rm -r "$T/log"
	echo '{"log-level": "warn", "data-root": "/srv/engine"}' >"$ROOT/etc/docker/daemon.json"
	printf '[storage]\ndriver = "overlay"\ngraphroot = "/srv/storage" # moved\n' \
		>"$ROOT/etc/containers/storage.conf"
	monitor_sysroot 0.02 1
	grep -q ' container .* docker  *web-1$' "$LOG"
	grep -q ' container .* podman  *db$' "$LOG"
}

# A daemon at $ROOT/run/docker.sock that is: right slow silent garbage huge.
start_daemon() {
	python3 - "$ROOT/run/docker.sock" "$1" <<-'END' &
		import json, socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(8)
		df = {'LayersSize': 3 << 30, 'Images': [{'Size': 2 << 30, 'SharedSize': 0, 'Containers': 1}],
		      'Containers': [{'SizeRw': 5 << 20, 'State': 'exited'}],
		      'Volumes': [{'UsageData': {'Size': 7 << 20, 'RefCount': 1}}], 'BuildCache': None}
		right = b'HTTP/1.0 200 OK\r\n\r\n' + json.dumps(df).encode()
		while True:
		    c, _ = s.accept()
		    assert c.recv(4096).startswith(b'GET /system/df HTTP/1.')
		    kind = sys.argv[2]
		    try:
		        if kind == 'right': c.sendall(right)
		        if kind == 'slow':
		            for i in range(0, len(right), 40): c.sendall(right[i:i + 40]); time.sleep(0.05)
		        if kind == 'garbage': c.sendall(b'\x00\xff\n\n\x1b[2J' * 100)
		        if kind == 'huge': c.sendall(right[:-1] + b' ' * (64 << 20))
		        if kind == 'silent': time.sleep(30)
		    except OSError: pass
		    c.close()
	END
	track $!
	until_true 10 test -S "$ROOT/run/docker.sock"
}

@test "Docker's disk use is what its daemon says" {
	need python3
	make_sysroot
	local kind
	for kind in right slow; do
		rm -rf "$T/log" "$ROOT/run/docker.sock"
		start_daemon $kind
		monitor_sysroot 0.03 0.5
		# in KiB: 3 GiB, of which 1 is nobody's
		grep -qE " disk +3145728 +1048576 +1 +1 images$" "$LOG"
		grep -qE " disk +5120 +5120 +1 +0 containers$" "$LOG"
		grep -qE " disk +7168 +0 +1 +1 volumes$" "$LOG"
		grep -qE " disk +\? +\? +\? +\? build-cache$" "$LOG"
		# at the start and at the end
		[ "$(grep -c ' images$' "$LOG")" -eq 2 ] || fail "$kind"
	done
}

@test "a daemon that does not answer holds up nobody, and is one line" {
	need python3
	make_sysroot
	local kind
	for kind in none silent garbage huge; do
		rm -rf "$T/log" "$ROOT/run/docker.sock"
		[ $kind = none ] || start_daemon $kind
		monitor_sysroot 0.05 0.2
		lacks 'Z disk ' "$LOG"
		[ "$(grep -c ' docker  *disk use is not known: ' "$LOG")" -eq 1 ] || fail "$kind: $(cat "$LOG")"
		# nothing waited for it: 3 s in steps of 0.2 s, less what a busy machine skips
		[ "$(grep -c ' total ' "$LOG")" -ge 10 ] || fail "$kind: samples are missing"
		lacks '[^ -~]' "$LOG"
	done
}
