#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# C is formatted as .clang-format says, by the one version whose opinion counts: others differ.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

want=14
for tool in "clang-format-$want" clang-format; do
	version=$("$tool" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
	[[ $version != "$want" ]] || break
done
[[ $version == "$want" ]] || skip "clang-format is ${version:-not there}, need $want"

mapfile -t files < <(c_files)
"$tool" --style=file --dry-run --Werror "${files[@]}" 2>&1 | grep -E 'error:' | cut -d: -f1,2 |
	uniq | awk -F: '{ n[$1]++; if (n[$1] <= 3) print $1 ":" $2 ": not as clang-format has it" }'
((PIPESTATUS[0] == 0)) || exit 1
