#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every source says its licence within its first three lines.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

while read -r file; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2\.0-or-later' ||
		problem "$file:1: no SPDX-License-Identifier: GPL-2.0-or-later"
done < <(
	c_files
	shell_files
	find_files -name '*.awk' -o -name '*.py' -o -name '*.js' -o -name '*.jq' -o -name Makefile
)
report_problems
