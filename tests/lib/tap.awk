# SPDX-License-Identifier: GPL-2.0-or-later
#
# One test program's output (TAP by cmocka or bats) to the lines a stage prints. A program that
# crashed, hung, leaked, or did not say how many tests it has cannot pass.
#
#   awk -v name=test_parse -v status=0 -v limit=120 -f tap.awk OUTPUT
#
# Prints "ok - NAME: TEST", "ok - NAME: TEST # SKIP why", "not ok - NAME: TEST" and "# ..." lines
# that explain a failure.

function result(verdict, what)
{
	printf "%s - %s: %s\n", verdict, name, what
	n_out++
}

# "3 - title" (cmocka), "3 title" (bats), number and dash removed
function title(text)
{
	sub(/^[0-9]+ */, "", text)
	sub(/^- */, "", text)
	return text
}

function explain(line)
{
	sub(/^# ?/, "", line)
	print "#   " line
}

function skipped(what, why)
{
	if (why == "")
		why = reason
	if (why == "") {
		failed++
		result("not ok", what ": skipped, and no reason given")
	} else {
		result("ok", what " # SKIP " why)
	}
	reason = ""
}

BEGIN {
	plan = -1
}

/^1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	next
}

# cmocka 1.1.5: "not ok 2 # SKIP test_x"; the reason is what skip_because() printed before.
/^(not )?ok [0-9]+ # SKIP / {
	seen++
	failing = 0
	sub(/^(not )?ok [0-9]+ # SKIP /, "")
	skipped($0, "")
	next
}

# bats: "ok 2 title # skip the reason"
/^ok [0-9]+/ && tolower($0) ~ / # skip/ {
	seen++
	failing = 0
	at = index(tolower($0), " # skip")
	why = substr($0, at + 7)
	gsub(/^[ (]+|[ )]+$/, "", why)
	skipped(title(substr($0, 4, at - 4)), why)
	next
}

/^ok [0-9]+/ {
	seen++
	failing = 0
	reason = ""
	result("ok", title(substr($0, 4)))
	next
}

/^not ok [0-9]+/ {
	seen++
	failed++
	failing = 1
	reason = ""
	result("not ok", title(substr($0, 8)))
	next
}

{
	if (failing)
		explain($0)
	tail[n_tail++ % 60] = $0
	if (sub(/^skip: */, ""))
		reason = $0
}

END {
	if (status == 124 || status == 137)
		wrong = "no end within " limit " s, after " seen + 0 " tests"
	else if (plan < 0)
		wrong = "exit status " status ", without a test plan"
	else if (seen != plan)
		wrong = "exit status " status ", after " seen + 0 " of " plan " tests"
	else if (plan == 0)
		wrong = "has no tests"
	else if (status != 0 && !failed)
		wrong = "exit status " status ", although every test passed"
	if (wrong == "")
		exit
	result("not ok", wrong)
	for (i = n_tail > 60 ? n_tail - 60 : 0; i < n_tail; i++)
		explain(tail[i % 60])
}
