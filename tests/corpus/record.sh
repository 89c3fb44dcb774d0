#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records a real corpus from programs of known behaviour (programs.tsv):
#   record.sh OUTDIR [SECONDS [INTERVAL [PROGRAMS]]]      default 3660 5 programs.tsv
# One CSV a program and a manifest.tsv that `memtrace --judge OUTDIR` scores:
# t_seconds,value_kb of RssAnon + VmSwap; of all processes of its session for
# build and cron; Shmem of the machine for tmpfs, the dentry slab for dentry. Programs that are not
# installed are named and left out. Everything started here is ended here.
set -u
out=${1:?usage: record.sh OUTDIR [SECONDS [INTERVAL]]}
seconds=${2:-3660}
interval=${3:-5}
here=$(cd "$(dirname "$0")" && pwd)
programs=${4:-$here/programs.tsv}
port=16390
mkdir -p "$out/run" || exit 1
out=$(cd "$out" && pwd)
cc -O1 -o "$out/run/victim" "$here/victim.c" || exit 1

pids=()
sessions=()
shm=/dev/shm/record.$$
cleanup() {
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	for p in "${sessions[@]}"; do kill -- "-$p" 2>/dev/null; done
	rm -rf "$shm"
	wait 2>/dev/null
}
trap cleanup EXIT
trap 'exit 1' INT TERM

have() {
	command -v "$1" >/dev/null || {
		echo "record: no $1: $2 left out" >&2
		return 1
	}
}

# Feeds a redis or memcached at a steady, small rate over one connection.
feed_redis() { # port mode
	local n=0 i
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return
	cat <&3 >/dev/null &
	while sleep 1; do
		for i in {1..60}; do
			n=$((n + 1))
			case $2 in
			lru) printf 'SET key:%d %01000d\r\n' "$n" "$n" >&3 || return ;;
			fill) [ $((i % 6)) = 0 ] && { printf 'SET key:%d %0400d\r\n' "$n" "$n" >&3 || return; } ;;
			ttl) printf 'SETEX key:%d 60 %0500d\r\n' "$n" "$n" >&3 || return ;;
			esac
		done
	done
}

feed_memcached() { # port
	local n=0 i
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return
	cat <&3 >/dev/null &
	while sleep 1; do
		for i in {1..50}; do
			n=$((n + 1))
			printf 'set key%d 0 0 6000 noreply\r\n%06000d\r\n' "$n" "$n" >&3 || return
		done
	done
}

# Compiles a file that takes a second or two, with a rest between.
build() {
	while :; do
		for ((k = 0; k < 400; k++)); do
			echo "int f$k(int a, int b) { int s = 0; for (int i = 0; i < a; i++) s += (i * b) ^ $k; return s; }"
		done | cc -O2 -x c -c -o "$out/run/build.o" -
		sleep $((RANDOM % 6 + 2))
	done
}

cron() {
	while sleep $((40 + RANDOM % 20)); do
		seq 400000 | sort -R -S 40M | head -1 >/dev/null
	done
}

tmpfs() { # KiB a minute
	mkdir -p "$shm"
	while sleep 6; do
		head -c "$(($1 * 1024 / 10))" /dev/zero >>"$shm/kept"
	done
}

dentry() { # lookups a second
	local n=0 i
	while sleep 1; do
		for ((i = 0; i < $1; i++)); do
			[ -e "$out/run/none.$$.$((n++))" ]
		done
	done
}

start() { # command words; sets $pid
	case $1 in
	victim) "$out/run/victim" "${@:2}" & ;;
	zoo.py)
		have python3 "$*" || return 1
		python3 "$here/zoo.py" "${@:2}" &
		;;
	zoo.js)
		have node "$*" || return 1
		port=$((port + 1))
		# a small young generation: what lives a minute is soon old
		node --max-semi-space-size=1 "$here/zoo.js" "${@:2}" "$port" &
		;;
	redis)
		have redis-server "$*" || return 1
		port=$((port + 1))
		local limit=()
		[ "$2" = lru ] && limit=(--maxmemory 24mb --maxmemory-policy allkeys-lru)
		redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no \
			--dir "$out/run" "${limit[@]}" >/dev/null &
		;;
	build | cron)
		setsid bash -c "$(declare -f build cron); out='$out'; $1" &
		sessions+=("$!")
		;;
	tmpfs | dentry) "$@" & ;;
	memcached)
		have memcached "$*" || return 1
		port=$((port + 1))
		memcached -u nobody -l 127.0.0.1 -p "$port" -m 16 &
		;;
	esac
	pid=$!
	pids+=("$pid")
	case $1 in
	redis) (sleep 2; feed_redis "$port" "$2") & pids+=("$!") ;;
	zoo.js)
		[ "$2" = serve ] || return 0
		node "$here/zoo.js" requests "$3" "$port" &
		pids+=("$!")
		;;
	memcached) (sleep 2; feed_memcached "$port") & pids+=("$!") ;;
	esac
}

# RssAnon + VmSwap of every process of a session, in KiB.
whole_session() { # session leader
	local s files=()
	for s in /proc/[0-9]*/stat; do
		[[ $(cat "$s" 2>/dev/null) =~ \)\ .\ [0-9]+\ [0-9]+\ $1\  ]] &&
			files+=("${s%stat}status")
	done
	cat "${files[@]}" 2>/dev/null | awk '/^RssAnon:|^VmSwap:/ { kb += $2 } END { print kb + 0 }'
}

# The series that are no single process; empty for the others.
one_value() { # pid name
	case $2 in
	build | cron) whole_session "$1" ;;
	tmpfs) awk '/^Shmem:/ { print $2 }' /proc/meminfo ;;
	dentry) awk '$1 == "dentry" { print int($3 * $4 / 1024) }' /proc/slabinfo ;;
	esac
}

echo -e "file\tduration\tclass\tleak\tdecidable\texpected\ttrue_rate_kb_h\tonset_s\tleaked_kb\tother_sd_kb" \
	>"$out/manifest.tsv"
map=
while IFS=$'\t' read -r name leak kind rate command _; do
	case $name in '#'* | '') continue ;; esac
	# shellcheck disable=SC2086 # the command is words
	start $command || continue
	kind=${kind^^}
	[ "$leak" = 1 ] && kind=LEAK
	echo -e "$name.csv\t${seconds}s@${interval}s\t$name\t$leak\t1\t$kind\t$rate\t0\t0\t0" >>"$out/manifest.tsv"
	echo t_seconds,value_kb >"$out/$name.csv"
	map="$map $pid=$name"
done <"$programs"

sleep 1 # every program is past its exec
began=${EPOCHREALTIME/./}
for ((i = 0; i * interval < seconds; i++)); do
	now=${EPOCHREALTIME/./}
	t=$(((now - began) / 1000))
	files=()
	for p in $map; do
		case $p in *=build | *=cron | *=tmpfs | *=dentry) continue ;; esac
		[ -r "/proc/${p%%=*}/status" ] && files+=("/proc/${p%%=*}/status")
	done
	awk -v t="$((t / 1000)).$(printf %03d $((t % 1000)))" -v map="$map" -v out="$out" '
		BEGIN { n = split(map, m, " "); for (i = 1; i <= n; i++) { split(m[i], kv, "="); name[kv[1]] = kv[2] } }
		/^Tgid:/ { id = $2 }
		/^RssAnon:/ { anon = $2 }
		/^VmSwap:/ { f = out "/" name[id] ".csv"; print t "," anon + $2 >>f; close(f) }
	' "${files[@]}"
	for p in $map; do
		value=$(one_value "${p%%=*}" "${p#*=}")
		[ -n "$value" ] && echo "$((t / 1000)),$value" >>"$out/${p#*=}.csv"
	done
	next=$((began + (i + 1) * interval * 1000000))
	now=${EPOCHREALTIME/./}
	[ "$next" -gt "$now" ] && sleep "$(((next - now) / 1000000)).$(printf %06d $(((next - now) % 1000000)))"
done
