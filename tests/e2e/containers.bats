#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers in the monitor's log: cgroups of this machine, made as runtimes make them.
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
