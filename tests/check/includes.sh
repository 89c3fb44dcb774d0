#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Includes point one way: base <- model <- {collect, symbol, store, analyze}; sink sees base and
# model; cli and main.c wire all. bpf/ sees itself, vmlinux.h and libbpf's BPF headers.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

# FILE LINE KIND(q or a) NAME of each include
list_includes() {
	local files
	mapfile -t files < <(find_files -path './user/*.[ch]' -o -path './bpf/*.[ch]' \
		-o -path './vmlinux/*.h')
	awk '
		/^[ \t]*#[ \t]*include[ \t]*["<]/ {
			kind = $0 ~ /include[ \t]*"/ ? "q" : "a"
			name = $0
			sub(/^[^"<]*["<]/, "", name)
			sub(/[">].*/, "", name)
			print FILENAME, FNR, kind, name
		}' "${files[@]}" </dev/null
}

# What a layer may include beside itself; "wire" is bpf/memtrace*.h, "skel" a generated skeleton.
# The libraries each have their place as well.
declare -A may=(
	[base]="base"
	[model]="model base"
	[collect]="collect base model wire skel lib:bpf lib:json lib:elfutils"
	[symbol]="symbol base model lib:elfutils"
	[store]="store base model lib:sqlite3"
	[analyze]="analyze base model"
	[sink]="sink base model lib:json"
	[cli]="cli base model collect symbol store analyze sink wire version lib:bpf lib:cap lib:json"
)

may() { # LAYER WHAT
	[[ " ${may[$1]} " == *" $2 "* ]]
}

# Sets what: what a quoted include of user space is.
kind_of() {
	case $1 in
	memtrace.h | memtrace_*.h) what=wire ;;
	version.h | boot_service.h) what=version ;;
	*.skel.h) what=skel ;;
	*/*) what=${1%%/*} ;;
	*) what=short ;;
	esac
}

# Sets what: which library a system header is of, if one that is kept to a place.
library_of() {
	what=
	case $1 in
	bpf/*) what=lib:bpf ;;
	sqlite3.h) what=lib:sqlite3 ;;
	json-c/* | json.h) what=lib:json ;;
	sys/capability.h) what=lib:cap ;;
	elfutils/* | dwarf.h) what=lib:elfutils ;;
	esac
}

check_user() { # FILE LINE KIND NAME
	local layer what
	layer=${1#user/}
	case $layer in
	*/*) layer=${layer%%/*} ;;
	*) layer=cli ;;
	esac
	if [[ -z ${may[$layer]-} ]]; then
		problem "$1:$2: user/$layer is no layer that tests/check/includes.sh knows"
		return
	fi
	if [[ $3 == a ]]; then
		library_of "$4"
		[[ -z $what ]] || may "$layer" "$what" || problem "$1:$2: $layer uses <$4>"
		return
	fi
	kind_of "$4"
	if [[ $what == short ]]; then
		problem "$1:$2: \"$4\" is not named from user/ on"
	elif [[ $what == skel && $1 == *.h ]]; then
		problem "$1:$2: a skeleton in a header: every includer would get a copy"
	elif ! may "$layer" "$what"; then
		problem "$1:$2: $layer includes \"$4\""
	elif [[ $4 == */* && ! -e user/$4 ]]; then
		problem "$1:$2: there is no user/$4"
	fi
}

check_bpf() {
	[[ $3 == q && ( $4 == vmlinux.h || -e bpf/$4 ) ]] && return
	[[ $3 == a && $4 == bpf/* ]] && return
	# The wire headers are user space's as well.
	[[ $1 == bpf/memtrace_types.h && $4 =~ ^(linux/types|assert)\.h$ ]] && return
	problem "$1:$2: bpf/ includes $4"
}

check_vmlinux() {
	[[ $3 == q && -e $(dirname "$1")/$4 ]] || problem "$1:$2: vmlinux/ includes $4"
}

while read -r file line kind name; do
	"check_${file%%/*}" "$file" "$line" "$kind" "$name"
done < <(list_includes)
report_problems
