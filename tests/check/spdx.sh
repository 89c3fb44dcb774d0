#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every source says its licence within its first three lines.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

found=$({
	c_files
	shell_files
	find_files -name '*.awk' -o -name '*.py' -o -name '*.js' -o -name '*.jq' -o -name Makefile
} | xargs -r -d '\n' awk '
	FNR <= 3 && /SPDX-License-Identifier: GPL-2\.0-or-later/ { said[FILENAME] = 1 }
	FNR > 3 { nextfile }
	END {
		for (i = 1; i < ARGC; i++)
			if (!(ARGV[i] in said))
				print ARGV[i] ":1: no SPDX-License-Identifier: GPL-2.0-or-later"
	}')
[[ -z $found ]] || problem "$found"
report_problems
