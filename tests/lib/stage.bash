# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the scripts in tests/stage/. A stage prints one line a test:
#   ok - WHAT            ok - WHAT # SKIP REASON            not ok - WHAT
# explains failures in lines that start with "#", and ends with the plan, "1..N", so that a stage
# that was cut short is noticed. tests/run adds them up.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

tap_count=0 all_built=0
out=build/test
mkdir -p "$out"
jobs=$(nproc)
# The variables somebody gave to make are for the makes started here, its job server is not.
MAKEFLAGS=$(sed -E 's/(^| )(-j[0-9]*|--jobserver-[a-z]+=[^ ]*)//g' <<<"${MAKEFLAGS-}")
export MAKEFLAGS

tap_ok() {
	echo "ok - $1"
	tap_count=$((tap_count + 1))
}

tap_skip() {
	echo "ok - $1 # SKIP $2"
	tap_count=$((tap_count + 1))
}

# tap_fail WHAT [FILE]: the file's last lines explain it
tap_fail() {
	echo "not ok - $1"
	[[ -z ${2-} ]] || tail -n 60 "$2" | cut -c 1-300 | sed 's/^/#   /'
	tap_count=$((tap_count + 1))
}

# tap_program NAME LIMIT COMMAND...: runs a program that prints TAP, at most LIMIT seconds
tap_program() {
	local name=$1 limit=$2 status=0 lines
	shift 2
	rm -f "$out/$name.log" # may be root's, from a run before
	timeout -k 10 "$limit" "$@" >"$out/$name.log" 2>&1 </dev/null || status=$?
	lines=$(awk -v name="$name" -v status="$status" -v limit="$limit" \
		-f tests/lib/tap.awk "$out/$name.log")
	echo "$lines"
	tap_count=$((tap_count + $(grep -cE '^(not )?ok - ' <<<"$lines")))
}

# tap_lanes NAME...: calls `lane NAME`, which prints TAP lines, as many at a time as there are
# processors; what one has printed is shown when it ends.
tap_lanes() {
	local name
	: >"$out/lanes.lock"
	for name; do
		while (($(jobs -rp | wc -l) >= jobs)); do
			wait -n
		done
		lane_of "$name" &
	done
	wait
	for name; do
		tap_count=$((tap_count + $(grep -cE '^(not )?ok - ' "$out/lane-$name.tap")))
	done
}

lane_of() {
	local tap=$out/lane-$1.tap
	lane "$1" >"$tap"
	flock "$out/lanes.lock" cat "$tap"
}

# build WHAT GOAL...: quietly, going on after errors; as the owner of the tree
build() {
	local name=$1
	shift
	rm -f "$out/build-$name.log"
	scripts/as.sh owner make V= -k -j"$jobs" --no-print-directory "$@" \
		>"$out/build-$name.log" 2>&1
}

# Asked only where something did not build: make takes its time to say so.
is_built() {
	((all_built)) || scripts/as.sh owner make -q "$1" >/dev/null 2>&1
}

tap_plan() {
	echo "1..$tap_count"
}
