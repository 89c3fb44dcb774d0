#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every metric that the alert rules, their tests and the dashboard name is one that
# tests/golden/metrics.prom has, which is what the sink writes of a machine with one of everything.
# Every alert rule has a case. The dashboard is JSON.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

golden=tests/golden/metrics.prom
dashboard=scripts/grafana/memtrace.json
rules=scripts/prometheus/memtrace.rules.yml
cases=tests/e2e/memtrace.rules.test.yml
[[ -f $golden ]] || {
	problem "$golden: missing"
	report_problems
}

while IFS=: read -r file line name; do
	grep -q "^# TYPE $name " "$golden" || problem "$file:$line: $name is no metric of $golden"
done < <(grep -HnoE '\bmemtrace_[a-z_]*[a-z]\b' "$rules" "$cases" \
	"$dashboard" 2>/dev/null | sort -u)

while read -r alert; do
	grep -q "alertname: $alert\$" "$cases" 2>/dev/null || problem "$rules: no case of $alert in $cases"
done < <(sed -n 's/^ *- alert: *//p' "$rules" 2>/dev/null)

if [[ -f $dashboard ]]; then
	if command -v jq >/dev/null; then
		jq -e '.panels | length > 0' "$dashboard" >/dev/null || problem "$dashboard: is no JSON"
	else
		skip "no jq"
	fi
fi
report_problems
