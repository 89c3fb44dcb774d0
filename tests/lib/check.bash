# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the scripts in tests/check/: goes to the tree to be checked (first argument) and lists its
# files. A check prints a line a problem, "FILE:LINE: what", and ends with report_problems.

set -u
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${1:-$lib/../..}" || exit 2

problems=0

# Everything but what was built, and trees that are meant to be bad. Arguments as for find.
find_files() {
	find . \( -path ./.git -o -path ./build -o -path ./tests/check/bad \) -prune -o \
		-type f \( "$@" \) -print | sed 's|^\./||' | sort
}

c_files() {
	find_files -name '*.c' -o -name '*.h'
}

# By name or by their first line.
shell_files() {
	find_files -name '*.sh' -o -name '*.bash' -o -name '*.bats'
	find_files ! -name '*.*' ! -name '*~' | LC_ALL=C xargs -r -d '\n' awk '
		FNR == 1 && /^#! ?\/.*(sh|bash|bats)$/ { print FILENAME }
		FNR > 1 { nextfile }'
}

problem() {
	echo "$*"
	problems=$((problems + 1))
}

report_problems() {
	((problems == 0)) || exit 1
}

# This check cannot be run here: it is counted as skipped, with the reason.
skip() {
	echo "$*"
	exit 77
}
