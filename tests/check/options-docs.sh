#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The options, formats and event sources that build/memtrace --help shows are those of the man page
# and of the bash completion, and the other way round. (That --help shows the whole table is
# tests/unit/test_options.c's.)

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

program=build/memtrace
man=scripts/man/memtrace.8
completion=scripts/completion/memtrace.bash

# A program that is older than its sources tells yesterday's options.
if [[ -f Makefile ]]; then
	scripts/as.sh owner make -s "$program" >/dev/null 2>&1 || skip "$program does not build"
fi
[[ -x $program ]] || skip "no $program"
help=$("$program" --help) || {
	problem "$program --help: exit status $?"
	report_problems
}

# --- what --help has ---

# The left column of the option rows, one blank between its words: "-p, --pid PID[,PID...]".
help_rows() {
	sed -nE 's/^  (-., |    )(-[^ ]*.*)$/\1\2/p' <<<"$help" | sed -E 's/^ +//; s/  .*//' | sort
}

# The first words of the rows below a heading.
help_words() {
	awk -v heading="$1" '
		index($0, heading) == 1 { inside = 1; next }
		/^$/ { inside = 0 }
		inside && /^  [^ ]/ { print $1 }' <<<"$help" | sort
}

# --- what the man page has: the line after each .TP that is an option ---

man_rows() {
	sed -nE '/^\.TP/{n;p}' "$man" | sed -E 's/\\f[BIR]//g; s/\\-/-/g' | grep -E '^-' | sort
}

# --- what the completion offers: by asking it ---

complete_words() { # WORDS: of the command line so far, the last one to be completed
	(
		# shellcheck disable=SC1090
		source "$completion" || exit
		COMP_WORDS=(memtrace "$@")
		COMP_CWORD=$#
		COMPREPLY=()
		_memtrace
		((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
	) | sort
}

# Every name, long and short, of rows.
names() {
	grep -oE '(^|, )--?[A-Za-z-]*' <<<"$1" | sed 's/^, //' | sort
}

compare() { # WHAT FILE EXPECTED FOUND
	local line
	while IFS= read -r line; do
		[[ -n $line ]] && problem "$2: $1 '$line' of --help is missing"
	done < <(comm -23 <(echo "$3") <(echo "$4"))
	while IFS= read -r line; do
		[[ -n $line ]] && problem "$2: $1 '$line' is not in --help"
	done < <(comm -13 <(echo "$3") <(echo "$4"))
}

export LC_ALL=C
rows=$(help_rows)
formats=$(help_words 'Formats')
sources=$(help_words 'Event sources')
for what in rows formats sources; do
	[[ -n ${!what} ]] || problem "$program --help: no $what found"
done

for file in "$man" "$completion"; do
	[[ -f $file ]] || problem "$file: missing"
done
report_problems

compare option "$man" "$rows" "$(man_rows)"
compare option "$completion" "$(names "$rows")" "$(complete_words -)"
compare format "$completion" "$formats" "$(complete_words --format '')"
compare format "$completion" "$formats" "$(complete_words --pid 1 --format =)"
compare source "$completion" "$sources" "$(complete_words --no-source '')"
# the man page names the formats in bold, in the paragraph of --format
while IFS= read -r format; do
	sed -n '/^.*--format/,/^\.TP/p' <(sed 's/\\-/-/g' "$man") | grep -qE "^\.BR? $format( |$)" ||
		problem "$man: format '$format' is missing"
done <<<"$formats"
# what takes a value in --help has one to offer, or files
while IFS= read -r row; do
	[[ $row =~ (--[a-z-]+)\ ([A-Z]+) ]] || continue
	grep -qE "^	(.* \| )?${BASH_REMATCH[1]}( \| .*)?\)" "$completion" ||
		problem "$completion: ${BASH_REMATCH[1]} takes ${BASH_REMATCH[2]}, but has no case"
done <<<"$rows"
report_problems
