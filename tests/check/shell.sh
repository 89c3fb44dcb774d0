#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every shell script passes shellcheck; what has a #! can be executed.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

mapfile -t files < <(shell_files)
for file in "${files[@]}"; do
	case $file in *.bats) continue ;; esac
	if [[ $(head -c 2 "$file") == '#!' && ! -x $file ]]; then
		problem "$file:1: has a #! and is not executable"
	fi
done
report_problems

command -v shellcheck >/dev/null || skip "no shellcheck"
shellcheck -x --format=gcc "${files[@]}" || exit 1
