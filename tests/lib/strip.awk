# SPDX-License-Identifier: GPL-2.0-or-later
#
# C sources without comments and without what is in strings and character constants, each line
# behind FILE:LINE:. One process for all files: a check that starts one for each takes minutes on a
# busy machine.

# Index of the first unescaped `quote` in s, 0 without.
function closing(s, quote,	i, c)
{
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\\")
			i++
		else if (c == quote)
			return i
	}
	return 0
}

FNR == 1 { in_comment = 0 }

{
	rest = $0
	out = ""
	while (rest != "") {
		if (in_comment) {
			end = index(rest, "*/")
			if (!end)
				break
			rest = substr(rest, end + 2)
			in_comment = 0
			continue
		}
		if (!match(rest, /["']|\/\*|\/\//)) {
			out = out rest
			break
		}
		token = substr(rest, RSTART, RLENGTH)
		out = out substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		if (token == "//")
			break
		if (token == "/*") {
			in_comment = 1
			out = out " "
			continue
		}
		end = closing(rest, token)
		out = out token token
		rest = end ? substr(rest, end + 1) : ""
	}
	print FILENAME ":" FNR ":" out
}
