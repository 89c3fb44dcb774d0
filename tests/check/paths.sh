#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No file names a place on the machine it was written on. Captured data keeps what it captured.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

mapfile -t files < <(find_files ! -path './tests/fixtures/*' ! -path './tests/golden/*' \
	! -path './tests/fuzz/corpus/*' ! -name LICENSE)
found=$(grep -nHIE '(^|[^A-Za-z0-9_.*)}-])/(work|home|root|Users|mnt|workspace)/[A-Za-z0-9._]' \
	"${files[@]}" | cut -c 1-200)
[[ -z $found ]] || problem "$found"
report_problems
