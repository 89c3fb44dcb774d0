#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that have no place in user/, each with what to use instead. Comments and strings may name
# them. And unit tests that skip without saying why.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

# where it is allowed (a pattern of paths, - for nowhere); call; why not
table='
user/base/log.c              fprintf\(stderr,.*          messages go through base/log.h
user/base/log.c              v?dprintf\((2|STDERR_FILENO),.*  messages go through base/log.h
-                            perror                      messages go through base/log.h
-                            (system|popen)              no shell in a tool that runs as root
-                            strto(u?l|u?ll|imax|umax)   numbers are read by base/parse.h
-                            ato(i|l|ll|f)               numbers are read by base/parse.h
-                            v?f?scanf                   numbers are read by base/parse.h
-                            v?sprintf                   knows no size: snprintf
-                            (strcpy|strcat|stpcpy)      knows no size: snprintf, strbuf
-                            (gets|mktemp|tmpnam|tempnam)  cannot be used safely
-                            strtok                      has hidden state: base/parse.h, strtok_r
-                            alloca                      unbounded stack
user/(cli/.*|main\.c)        exit                        library code returns an error
'

# FILE:LINE:TEXT of all of user/
text=$(find_files -path './user/*.[ch]' | xargs -r -d '\n' awk -f "$lib/strip.awk")

while read -r allowed call why; do
	[[ -n $call ]] || continue
	case $call in
	*'\('*) pattern="[^A-Za-z0-9_]$call" ;;
	*) pattern="[^A-Za-z0-9_>.]$call *\(" ;;
	esac
	while IFS=: read -r file line found; do
		[[ -n $file && ! $file =~ ^($allowed)$ ]] || continue
		problem "$file:$line: ${found#"${found%%[![:space:]]*}"}: $why"
	done < <(grep -E -- "$pattern" <<<"$text")
done <<<"$table"

while IFS=: read -r file line _; do
	[[ -z $file ]] || problem "$file:$line: skip(): skip_because() of tests/unit/skip.h says why"
done < <(find_files -path './tests/unit/*.c' | xargs -r -d '\n' grep -nHE '[^A-Za-z0-9_]skip\(\)')
report_problems
