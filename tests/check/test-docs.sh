#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every victim has its row in tests/victims/README.md, every stage of the tests its name in
# README.md's list of them, in order.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

for source in tests/victims/*.c; do
	[[ -e $source ]] || continue
	name=$(basename "$source" .c)
	grep -qF "| \`$name\` |" tests/victims/README.md ||
		problem "$source:1: no row for $name in tests/victims/README.md"
done

stages=
for stage in tests/stage/[0-9]*-*; do
	[[ ! -e $stage ]] || stages+=${stages:+ }${stage##*/[0-9]*-}
done
[[ -z $stages ]] || tr '\n' ' ' <README.md | grep -qF "(\`$stages\`" ||
	problem "README.md:1: the stages of the tests are not listed as (\`$stages\`"
report_problems
