# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of memtrace for bash. tests/check/options-docs.sh compares the lists here with --help.

_memtrace_options='--pid -p --comm --cgroup -- --monitor --analyze --boot --install-service
	--uninstall-service --status --bugreport --no-redact --report --doctor --judge --duration --interval
	--no-follow --format --output -o --top-processes --sample --slab --exact --older --heap
	--heap-sample --heap-max --stack-size
	--unwind-budget --top-paths --min-bytes --since --debug-dir --fail-on --log-dir --threshold
	--config --on-alert --warm-up --keep-sessions --keep-size
	--no-session --kmemleak-scan --no-bpf --no-source --sysroot
	--verbose -v --quiet -q --help -h --version -V'
_memtrace_formats='text json openmetrics folded pprof flamegraph'
_memtrace_alerts='memory swap zombies fds process-fds growth process-growth psi oom-kill fragmentation
	cgroup commit cgroup-psi leak'
_memtrace_sources='page filemap task migrate async task_iter oom vma objects'

# Adds those of the lines on stdin that start with $1; unlike compgen -W it does not expand them, and
# a process may call itself $(reboot).
_memtrace_from_lines() {
	local line
	while IFS= read -r line; do
		[[ $line == "$1"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
	done
}

_memtrace_files() { # "-f" or "-d"; what was typed
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# After the comma of a list what comes before stays.
_memtrace_pids() {
	local head='' pid
	[[ $1 == *,* ]] && head=${1%,*},
	for pid in /proc/[0-9]*; do
		pid=$head${pid#/proc/}
		[[ $pid == "$1"* ]] && COMPREPLY+=("$pid")
	done
}

_memtrace_comms() {
	_memtrace_from_lines "$1" < <(cat /proc/[0-9]*/comm 2>/dev/null | sort -u)
}

_memtrace_cgroups() {
	local root=/sys/fs/cgroup
	[[ -e $root/cgroup.procs ]] || root=$root/memory
	compopt -o filenames -o nospace 2>/dev/null
	_memtrace_from_lines "${1#/}" < <(cd "$root" 2>/dev/null && compgen -d -- "${1#/}")
}

# The value of option $1, of which $2 has been typed; fails when $1 takes none.
_memtrace_value() {
	case $1 in
	--pid | -p) _memtrace_pids "$2" ;;
	--comm) _memtrace_comms "$2" ;;
	--cgroup) _memtrace_cgroups "$2" ;;
	--duration | --older) mapfile -t COMPREPLY < <(compgen -W '30s 5m 1h 1d' -- "$2") ;;
	--warm-up) mapfile -t COMPREPLY < <(compgen -W '1m 5m 15m' -- "$2") ;;
	--keep-sessions) mapfile -t COMPREPLY < <(compgen -W '0 10 30' -- "$2") ;;
	--keep-size) mapfile -t COMPREPLY < <(compgen -W '0 256M 1G' -- "$2") ;;
	--interval) mapfile -t COMPREPLY < <(compgen -W '500ms 1s 5s 30s' -- "$2") ;;
	--format) mapfile -t COMPREPLY < <(compgen -W "$_memtrace_formats" -- "$2") ;;
	--no-source) mapfile -t COMPREPLY < <(compgen -W "$_memtrace_sources" -- "$2") ;;
	--threshold) mapfile -t COMPREPLY < <(compgen -W "$_memtrace_alerts" -S = -- "$2") ;;
	--on-alert) mapfile -t COMPREPLY < <(compgen -c -- "$2") ;;
	--analyze | --bugreport | --report | --judge | --config | --output | -o) _memtrace_files -f "$2" ;;
	--log-dir | --sysroot | --debug-dir) _memtrace_files -d "$2" ;;
	--fail-on) mapfile -t COMPREPLY < <(compgen -W 'leak growing' -- "$2") ;;
	--since) mapfile -t COMPREPLY < <(compgen -W '1m 10m 1h' -- "$2") ;;
	--sample) mapfile -t COMPREPLY < <(compgen -W '0 64K 512K 4M' -- "$2") ;;
	--slab) mapfile -t COMPREPLY < <(compgen -W 'auto on off' -- "$2") ;;
	--stack-size) mapfile -t COMPREPLY < <(compgen -W '4K 8K 16K 32K 64K' -- "$2") ;;
	--unwind-budget) mapfile -t COMPREPLY < <(compgen -W '1 2 5 10' -- "$2") ;;
	--heap-sample) mapfile -t COMPREPLY < <(compgen -W '4K 64K 1M' -- "$2") ;;
	--heap-max) mapfile -t COMPREPLY < <(compgen -W '1000000 10000000' -- "$2") ;;
	--min-bytes) mapfile -t COMPREPLY < <(compgen -W '64K 1M 16M' -- "$2") ;;
	--top-processes | --top-paths) mapfile -t COMPREPLY < <(compgen -W '0 10 50' -- "$2") ;;
	*) return 1 ;;
	esac
}

_memtrace() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif ((COMP_CWORD == i + 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			_memtrace_files -f "$cur"
		fi
		return
	done
	# bash takes --format=json apart into three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	_memtrace_value "$prev" "$cur" && return
	mapfile -t COMPREPLY < <(compgen -W "$_memtrace_options" -- "$cur")
}

complete -F _memtrace memtrace
