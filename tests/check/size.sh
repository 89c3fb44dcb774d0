#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files of at most 500 lines; functions of at most 100 lines, 4 nested blocks, 6 parameters.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

while read -r lines file; do
	[[ $file == total ]] || ((lines <= 500)) || problem "$file:1: $lines lines, at most 500"
done < <({ c_files; shell_files; } | xargs -r -d '\n' wc -l)

# clang-format puts the brace that opens a function, and no other, at the start of a line.
found=$(c_files | xargs -r -d '\n' awk -f "$lib/strip.awk" | awk '
	function say(at, what)
	{
		print file ":" at ": " name "(): " what
	}
	# The parameters of the declaration that ends before the body: commas in the
	# outermost parentheses that come last.
	function parameters(text,	i, c, depth, n)
	{
		for (i = 1; i <= length(text); i++) {
			c = substr(text, i, 1)
			if (c == "(" && !depth++)
				n = 1
			else if (c == ")")
				depth--
			else if (c == "," && depth == 1)
				n++
		}
		return n
	}
	{
		match($0, /^[^:]*:[0-9]*:/)
		where = substr($0, 1, RLENGTH - 1)
		$0 = substr($0, RLENGTH + 1)
		file = line = where
		sub(/:.*/, "", file)
		sub(/.*:/, "", line)
		if (line == 1) {
			body = 0
			head = ""
		}
	}
	/^{/ {
		body = line
		nested = depth = 0
		name = head
		sub(/ *\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		if (parameters(head) > 6)
			say(line, parameters(head) " parameters, at most 6")
		next
	}
	/^}/ && body {
		if (line - body + 1 > 100)
			say(body, line - body + 1 " lines, at most 100")
		body = 0
		next
	}
	body {
		# Blocks of statements, not initialisers.
		rest = $0
		while (match(rest, /[{}]/)) {
			before = substr(rest, 1, RSTART - 1)
			if (substr(rest, RSTART, 1) == "}") {
				if (block[depth] && depth > 0)
					nested--
				depth -= depth > 0
			} else {
				block[++depth] = before ~ /(\)|else|do|^[ \t]*) *$/
				if (block[depth] && ++nested == 5)
					say(line, "5 nested blocks, at most 4")
			}
			rest = substr(rest, RSTART + 1)
		}
		next
	}
	/^[#}]|;[ \t]*$|^[ \t]*$/ { head = ""; next }
	{ head = head $0 " " }')
[[ -z $found ]] || problem "$found"
report_problems
