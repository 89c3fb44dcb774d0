#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that no process's counters show: the right line, the right holder, a ledger that closes,
# and back to where it was when it is given back.
# alone: lines of the whole machine are held against what victims hold
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets
# shellcheck disable=SC2317 # functions that are called by a variable

load helper

NEEDS_ROOT=1

MIB=1048576

# Another machine's work is in the same lines. A run as long in which the victim does nothing says
# how much that is; what is beyond it, of what the victim took, is told wrongly.
control() {
	start_victim kernelmem --wait
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	sleep "${LENGTH:-2}"
	end_memtrace
	mv "$T/report.json" "$BATS_FILE_TMPDIR/control.json"
	end_victim
}

end_victim() {
	kill "$VICTIM_PID" 2>/dev/null || :
	until_true 30 is_gone "$VICTIM_PID"
}

# Change of LINES together, less what other processes' segments and files account for.
lines() { # [REPORT]
	jq --arg lines "$LINES" --argjson pid "${OWNER:-0}" '($lines | split(" ")) as $own |
		([.ledger[] | select(.line as $l | $own | index($l)) | .delta_bytes] | add // 0) -
		([.hidden_owners[] | select(.line as $l | $own | index($l)) | select(.pid != $pid and
		(.kind == "sysv_shm" or .kind == "shm_file")) | .delta_bytes] | add // 0)' \
		"${1:-$T/report.json}"
}

# What grew beside them: other lines that MemAvailable does not count, and others' rows of KIND.
beside() { # [REPORT]
	jq --arg lines "$LINES" --arg kind "$KIND" --argjson pid "$OWNER" '
		def up: if . > 0 then . else 0 end;
		($lines | split(" ")) as $own |
		(.ledger_total.taken_bytes -
			([.ledger[] | select(.line as $l | $own | index($l)) | .delta_bytes | up] |
			add // 0) | up) +
		([.hidden_owners[] | select(.kind == $kind and .pid != $pid) | .delta_bytes | up] |
			add // 0)' "${1:-$T/report.json}"
}

line() { # WORD MEMBER
	jq -r --arg line "$1" "([.ledger[] | select(.line == \$line) | .$2] | .[0]) // 0" \
		"$T/report.json"
}

holder() { # MEMBER: of KIND, the owner's
	[ "$KIND" != kernel_pages ] || { kernel_pages; return; }
	jq -r --arg kind "$KIND" --argjson pid "$OWNER" \
		"([.hidden_owners[] | select(.kind == \$kind and .pid == \$pid) | .$1] | .[0]) // 0" \
		"$T/report.json"
}

# Kernel pages of the victim and of those who hold a part for it.
kernel_pages() {
	jq --argjson pids "$(truth '[.pid] + (.workers // [])')" '[.processes[] | select(.pid as $p |
		$pids | index($p)) | .attributed.kernel_page_bytes] | add // 0' "$T/report.json"
}

# The kernel's own rounding and memtrace's own pages.
OWN=$((4 * MIB))

# No more than a fiftieth is in a wrong line or another process's, no more than a twentieth of it
# unexplained, and the owner holds what it says, within a twentieth.
is_right() { # BYTES
	local noise
	noise=$(lines "$BATS_FILE_TMPDIR/control.json")
	within "$LINES" "$(lines)" "$1" $((${1#-} / 50 + OWN + ${noise#-})) || return 1
	[ "$1" -gt 0 ] || return 0
	at_most "grown beside it" "$(beside)" \
		$(($1 / 50 + OWN + $(beside "$BATS_FILE_TMPDIR/control.json"))) || return 1
	[ "$KIND" = none ] || within "the owner's" "$(holder end_bytes)" "$1" $(($1 / 20)) || return 1
	# What can be reclaimed is hardly lost: there may be nothing to explain.
	{ [ "$LINES" = slab_reclaimable ] && [ "$(report .ledger_total.explained_permille)" = null ]; } ||
		at_least "explained" "$(report .ledger_total.explained_permille)" 950 || return 1
	[ -z "${CAUSE:-}" ] || says "${CAUSE//PID/$VICTIM_PID}"
}

says() {
	report '.summary[]' | grep -q "$1" || fail "no '$1' in: $(report '.summary[]')"
}

# It is taken while it is watched …
take() {
	start_victim "$@" --wait --phase 60
	start_memtrace "${TRACE_ARGS[@]}" --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth || return 1
	HELD=$(${HELD_OF:-truth .held_bytes})
	OWNER=$(truth '.maker // 0')
	[ "$OWNER" -ne 0 ] || OWNER=$VICTIM_PID
	end_memtrace
	LENGTH=$(report .duration_s)
}

# … and a second run watches it being given back.
let_go() {
	cp "$T/report.json" "$T/held.json"
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	if [ -n "${GONE:-}" ]; then # it ends, and the run with it
		finish_memtrace
	else
		wait_truth 2 || return 1
		[ -z "${SETTLED:-}" ] || until_true 30 "$SETTLED"
		end_memtrace
	fi
}

# Bytes that an object of this cache takes, its share of the slab's rest with it; 0 where there is no
# such cache.
object_bytes() {
	local dir=/sys/kernel/slab/$1
	[ -e "$dir" ] || { echo 0; return; }
	echo $((PAGE * (1 << $(cat "$dir/order")) / $(cat "$dir/objs_per_slab")))
}

# The first look's inodes and names of /proc for the descriptors, which go with the processes.
own_look() {
	local looked each=0 cache
	looked=$(jq '[.limits[] | select(.kind == "descriptors_looked_at") | .count] | add // 0' \
		"$T/report.json")
	[ "$looked" -gt 0 ] || { echo 0; return; }
	for cache in proc_inode_cache dentry lsm_inode_cache; do
		each=$((each + $(object_bytes "$cache")))
	done
	echo $((looked * each))
}

is_back() {
	is_right $((-HELD - $(own_look))) || return 1
	[ "$KIND" = none ] || at_most "left" "$(holder end_bytes)" 0
}

# Takes what is asked for and gives it back; LINES, KIND and CAUSE say what both must look like.
# Others come and go meanwhile: what does not look so is done again beside a new control.
cycle() {
	local try
	for try in 1 2 3 4; do
		{ [ "$try" -eq 1 ] && [ -e "$BATS_FILE_TMPDIR/control.json" ]; } || control
		take "$@"
		if is_right "$HELD"; then
			let_go
			if is_back; then
				mv "$T/held.json" "$T/report.json"
				return
			fi
		fi
		echo "--- try $try was off"
		end_victim
	done
	return 1
}

@test "a packet ring: no line of meminfo names it" {
	LINES=packet_rings KIND=packet_ring
	CAUSE="\(lost\|taken\)\(, and more,\)\? is packet rings: 256 MiB of kernelmem (pid PID)"
	cycle kernelmem --what packet --mib 256
	[ "$(holder certainty)" = exact ]
}

@test "what the session tells is what the run told" {
	take kernelmem --what packet --mib 64
	"$MEMTRACE" --report "$T"/log/*.db --format json | diff - "$T/report.json"
}

@test "pipes that nobody reads" {
	LINES=pipes KIND=pipe
	CAUSE="pipe buffers: .* of kernelmem (pid PID)"
	cycle kernelmem --what pipes --mib 200
}

@test "perf rings" {
	LINES=perf_rings KIND=perf_ring GONE=1
	cycle kernelmem --what perf --mib 64
}

@test "io_uring rings" {
	LINES=io_uring KIND=io_uring GONE=1
	cycle kernelmem --what uring --mib 64
}

@test "BPF maps are vmalloc, and the victim's" {
	LINES=vmalloc KIND=bpf
	CAUSE="is vmalloc"
	cycle kernelmem --what bpf --mib 128
}

@test "a pinned BPF map whose process has ended" {
	need bpftool
	mkdir "$T/bpf"
	mount -t bpf bpf "$T/bpf" 2>/dev/null || skip "no BPF filesystem can be mounted"
	undo "umount '$T/bpf'"
	start_victim kernelmem --what bpf --mib 16 --phase 60
	wait_truth
	start_memtrace --duration 1m -- sleep 60
	wait_attached
	id=$(maps_of "$VICTIM_PID" | head -n 1)
	bpftool map pin id "$id" "$T/bpf/left"
	end_victim
	end_memtrace
	! jq -e 'any(.limits[]; .kind == "source_objects")' "$T/report.json" >/dev/null ||
		skip "BPF objects cannot be listed here"
	jq -c '.hidden_owners[] | select(.kind == "bpf_ownerless")' "$T/report.json"
	jq -e --arg name "map $id " --argjson pid "$VICTIM_PID" 'any(.hidden_owners[];
		.kind == "bpf_ownerless" and (.name | startswith($name) and endswith("pinned")) and
		.pid == $pid and .comm == "kernelmem" and .ended and .end_bytes >= 1048576 and
		(.exit_time | test("^20[0-9-]+T")))' \
		"$T/report.json"
	[ "$(maps_of "$VICTIM_PID")" = "" ]
}

@test "data in sockets: in slab and in pages of their own, the victim's" {
	LINES="socket_buffers slab_unreclaimable" KIND=socket
	cycle kernelmem --what socketdata --mib 128
}

@test "a System V segment whose maker has ended" {
	LINES=shmem KIND=sysv_shm
	CAUSE="shared memory, tmpfs: 64.0 MiB of shmid [0-9]*, nobody attached.*which has ended"
	cycle kernelmem --what sysv --mib 64
	[ "$(holder ended)" = true ]
}

@test "a deleted file of a tmpfs that is held open" {
	LINES=shmem KIND=shm_file
	cycle kernelmem --what tmpfs --mib 64
	report '.hidden_owners[].name' | grep -q 'memtrace-victim.*(deleted)'
}

# How many more objects there are of a cache, or of the one that it is merged with.
new_objects() {
	local link
	link=$(readlink "/sys/kernel/slab/$1" || echo "$1")
	find /sys/kernel/slab -maxdepth 1 \( -lname "$link" -o -name "$1" \) -printf '%f\n' |
		jq -R . | jq -s --slurpfile r "$T/report.json" '. as $names | [$r[0].hidden_owners[] |
		select(.kind | startswith("slab_")) | select(.name as $n | $names | index($n)) |
		.end_count - .start_count] | add // 0'
}

# Descriptors' tables with their bitmaps: 8.25 bytes each, in blocks of powers of two.
fd_tables() {
	local pid sum=0
	for pid in $(truth '.pid, .workers[]'); do
		sum=$((sum + $(awk '$1 == "FDSize:" { print $2 }' "/proc/$pid/status") * 17 / 2))
	done
	echo "$sum"
}

held_objects() {
	local cache each=0
	for cache in $CACHES; do
		each=$((each + $(object_bytes "$cache")))
	done
	echo $((COUNT * each + $(fd_tables)))
}

# Caches grew by no more than their lines did.
caches_fit() {
	local rows
	rows=$(jq '[.hidden_owners[] | select(.kind | startswith("slab_")) | .delta_bytes] | add // 0' \
		"$T/report.json")
	at_most "caches" "$rows" $(($(LINES="slab_reclaimable slab_unreclaimable" lines) + HELD / 50 + OWN))
}

objects_are_right() {
	local cache
	cycle kernelmem --what "$1" --count "$COUNT"
	caches_fit
	for cache in $COUNTED; do
		within "$cache" "$(new_objects "$cache")" "$COUNT" $((COUNT / 20))
	done
}

# As many as one process may have, and more processes for the rest: an object is one of each of the
# caches, the LSMs' where the kernel has some. Of the caches whose names nobody else's share,
# the numbers are told, too.
check_objects() { # WHAT "CACHE..." OTHERS...
	[ -e /sys/kernel/slab/filp ] || skip "the kernel does not tell of its caches"
	LINES="slab_reclaimable slab_unreclaimable" KIND=kernel_pages HELD_OF=held_objects
	COUNT=100000 COUNTED=$2 CACHES="$2 ${*:3} lsm_file_cache"
	objects_are_right "$1"
}

@test "100,000 sockets are slab, taken by the victim" {
	check_objects sockets "UNIX sock_inode_cache filp" dentry lsm_inode_cache
}

@test "100,000 eventfds are slab, taken by the victim" {
	check_objects eventfds filp dentry kmalloc-64
}

@test "100,000 timerfds are slab, taken by the victim" {
	check_objects timerfds filp dentry kmalloc-256
}

@test "names that are not there: dentries, reclaimable, not a leak" {
	LINES=slab_reclaimable KIND=kernel_pages HELD_OF=held_objects COUNT=200000 CACHES=dentry
	CAUSE="slab, reclaimable: .* of dentry .*names that are not there.*not a leak"
	TRACE_ARGS=(--slab on)
	cycle kernelmem --what dentries --count "$COUNT" --dir "$T"
	caches_fit
	within "names" "$(new_objects dentry)" "$COUNT" $((COUNT / 20))
	! jq -e 'any(.limits[]; .kind == "source_slab")' "$T/report.json" >/dev/null ||
		skip "slab objects cannot be traced here"
	says "\([5-9][0-9]\|100\) % of .* traced is of __d_alloc for [a-z]*, by kernelmem (pid $VICTIM_PID)"
}

cached_file_is_named() { # OPTION...
	disk=$(disk_dir) || skip "no directory on a disk"
	take filecache --dir "$disk" --mib 96 "$@"
	jq -e 'any(.hidden_owners[]; .kind == "cached_file")' "$T/report.json" >/dev/null ||
		skip "this kernel does not tell what of a file is cached"
	jq -c ".hidden_owners[] | select(.kind == \"cached_file\")" "$T/report.json" | head -5; truth .
	jq -e --arg path "$(truth .path)" --argjson pid "$VICTIM_PID" --argjson held "$HELD" \
		--argjson before "$(truth .cached_before_bytes)" \
		'any(.hidden_owners[]; .kind == "cached_file" and .pid == $pid and
		(.name as $name | $path | startswith($name)) and
		.end_bytes <= $held and .end_bytes >= $held - 1048576 and
		.delta_bytes >= $held - $before - 1048576)' "$T/report.json"
}

@test "a file that a process reads in is named, with how much of it is cached" {
	cached_file_is_named
}

@test "and one that is mapped, and open no more" {
	cached_file_is_named --map
}

@test "a file left in a tmpfs by a process that has ended is named" {
	start_memtrace --duration 2s -- "$VICTIMS/leavebehind" --dir "$(disk_dir)" --mib 32
	finish_memtrace
	VICTIM_OUT=$T/stdout
	undo "rm -f '$(truth .path)' '$(truth .tmpfs_path)'"
	jq -e --arg path "$(truth .tmpfs_path)" --argjson held "$(truth .tmpfs_bytes)" \
		'any(.hidden_owners[]; .kind == "tmpfs_file" and .name == $path and
		.delta_bytes == $held)' "$T/report.json"
}

# Where cgroups can be made that hold memory.
memory_cgroup() {
	CGROUP=/sys/fs/cgroup
	[ -e $CGROUP/cgroup.controllers ] || CGROUP=/sys/fs/cgroup/memory
	CGROUP=$CGROUP/mt-test.$$
	mkdir "$CGROUP" 2>/dev/null || skip "cgroups cannot be made here"
	undo "rmdir $CGROUP"
}

# What a cgroup takes differs from kernel to kernel: what the process took is held against the slab
# that readers of its files, memtrace among them, do not take.
cgroups_are_right() {
	local noise
	noise=$(lines "$BATS_FILE_TMPDIR/control.json")
	at_least "slab and per-CPU data" "$HELD" $(($(truth .count) * 2048)) || return 1
	at_most "grown beside it" "$(beside)" \
		$((HELD / 50 + OWN + $(beside "$BATS_FILE_TMPDIR/control.json"))) || return 1
	at_least "explained" "$(report .ledger_total.explained_permille)" 950 || return 1
	within "slab of the process" "$(kernel_pages)" "$(line slab_unreclaimable delta_bytes)" \
		$((HELD / 20 + OWN + ${noise#-}))
}

in_cgroup() { # COMMAND...
	(echo 0 >"$CGROUP/cgroup.procs" && exec "$@")
}

@test "a removed cgroup is named with what it left, and when" {
	memory_cgroup
	in_cgroup "$VICTIMS/leavebehind" --dir "$(disk_dir)" --mib 16 >"$T/truth" 2>"$T/victim.err" 3>&-
	VICTIM_OUT=$T/truth
	undo "rm -f '$(truth .path)' '$(truth .tmpfs_path)'"
	start_memtrace --duration 2m -- sleep 60
	wait_attached
	rmdir "$CGROUP"
	end_memtrace
	jq -e --arg path "/${CGROUP##*/}" --argjson shmem "$(truth .tmpfs_bytes)" \
		--argjson file "$(truth .file_bytes)" --argjson slack "$((2 * MIB))" \
		'def near($x): . >= $x - $slack and . <= $x + $slack;
		.removed_cgroups | length >= 1 and any(.[]; .cgroup == $path and
		(.shmem_bytes | near($shmem)) and (.page_cache_bytes | near($file)))' "$T/report.json"
	jq -e '.start as $from | .end as $to |
		all(.removed_cgroups[]; .removed > $from and .removed <= $to)' "$T/report.json"
	says "removed cgroup.* left at most .* behind.*${CGROUP##*/}"
	"$MEMTRACE" --report "$T"/log/*.db --format json | diff - "$T/report.json"
	"$MEMTRACE" --report "$T"/log/*.db --format text >"$T/text"
	grep -q 'LEFT BEHIND BY REMOVED CGROUPS' "$T/text"
}

cgroups_known() {
	awk '$1 == "memory" { print $3 }' /proc/cgroups
}

# The kernel lets go of what was removed behind the caller's back.
cgroups_are_gone() {
	[ "$(cgroups_known)" -le "$N_BEFORE" ]
}

@test "cgroups: made, and removed" {
	memory_cgroup
	LINES="slab_unreclaimable slab_reclaimable percpu vmalloc" KIND=kernel_pages
	SETTLED=cgroups_are_gone
	local try
	for try in 1 2 3 4; do
		{ [ "$try" -eq 1 ] && [ -e "$BATS_FILE_TMPDIR/control.json" ]; } || control
		N_BEFORE=$(($(cgroups_known) + 20)) # others make some meanwhile
		take cgroups --count 100000 --seconds 3 --dir "$CGROUP"
		HELD=$(lines)
		if cgroups_are_right; then
			let_go
			! within "given back" "$(lines)" $((-HELD)) $((HELD / 20 + OWN)) || return 0
		fi
		echo "--- try $try was off"
		end_victim
	done
	return 1
}

dying() {
	awk '$1 == "nr_dying_descendants" { print $2 }' "$(dirname "$CGROUP")/cgroup.stat"
}

# Those of other tests, too: the kernel takes its time.
dying_are_gone() {
	[ "$(dying)" -le "$DYING_BEFORE" ]
}

@test "cgroups that are removed and still referred to" {
	CGROUP=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/mt-test.$$
	mkdir "$CGROUP" 2>/dev/null || skip "no cgroup2 group can be made"
	undo "rmdir $CGROUP"
	KIND=dying_cgroups SETTLED=dying_are_gone
	DYING_BEFORE=$(($(dying) + 20))
	take cgroups --dying --count 10000 --seconds 3 --dir "$CGROUP"
	dying=$(jq '[.hidden_owners[] | select(.kind == "dying_cgroups") | .end_count -
		.start_count] | add // 0' "$T/report.json")
	echo "cgroups: $(truth .count)"
	# Others can be removed meanwhile, and let go.
	at_least "dying" "$dying" $(($(truth .count) * 9 / 10))
	let_go
	dying=$(jq '[.hidden_owners[] | select(.kind == "dying_cgroups") | .end_count -
		.start_count] | add // 0' "$T/report.json")
	at_most "let go" "$dying" $((-$(truth .count) * 9 / 10))
}

@test "--analyze names a packet ring in its first screen" {
	start_victim kernelmem --what packet --mib 512 --wait --phase 60
	start_memtrace --analyze --duration 6s
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	finish_memtrace
	at_least "explained" "$(report .ledger_total.explained_permille)" 950
	[ "$(report .host.mem_total_bytes)" -lt 32000000000 ] || skip "512 MiB are little here"
	"$MEMTRACE" --report "$T"/log/*.db --format text >"$T/text"
	head -24 "$T/text" | tr -s '\n ' ' ' | grep -q 'packet rings: 512 MiB of kernelmem' ||
		fail "not named: $(head -24 "$T/text")"
}
