#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files of at most 500 lines; functions of at most 100 lines, 4 nested blocks, 6 parameters.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

while read -r file; do
	lines=$(wc -l <"$file")
	((lines <= 500)) || problem "$file:1: $lines lines, at most 500"
done < <(c_files; shell_files)

# clang-format puts the brace that opens a function, and no other, at the start of a line.
while read -r file; do
	found=$(awk -f "$lib/strip.awk" "$file" | awk -v file="$file" '
		function say(line, what)
		{
			print file ":" line ": " name "(): " what
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
		/^{/ {
			body = FNR
			nested = depth = 0
			name = head
			sub(/ *\(.*/, "", name)
			sub(/.*[ *]/, "", name)
			if (parameters(head) > 6)
				say(FNR, parameters(head) " parameters, at most 6")
			next
		}
		/^}/ && body {
			if (FNR - body + 1 > 100)
				say(body, FNR - body + 1 " lines, at most 100")
			body = 0
			next
		}
		body {
			# Blocks of statements, not initialisers.
			line = $0
			while (match(line, /[{}]/)) {
				before = substr(line, 1, RSTART - 1)
				if (substr(line, RSTART, 1) == "}") {
					if (block[depth] && depth > 0)
						nested--
					depth -= depth > 0
				} else {
					block[++depth] = before ~ /(\)|else|do|^[ \t]*) *$/
					if (block[depth] && ++nested == 5)
						say(FNR, "5 nested blocks, at most 4")
				}
				line = substr(line, RSTART + 1)
			}
			next
		}
		/^[#}]|;[ \t]*$|^[ \t]*$/ { head = ""; next }
		{ head = head $0 " " }')
	[[ -z $found ]] || problem "$found"
done < <(c_files)
report_problems
