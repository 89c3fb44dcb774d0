#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# process_analyzer.sh [FILE]: memtrace --analyze under the name, with the argument and the defaults
# (5 minutes, a file in /var/log) that it is known by. Further options are memtrace's. The report
# goes to the terminal as well; not as root the file lies in ~/.local/state/memtrace.
set -eu

here=$(dirname "$(readlink -f "$0")")
for memtrace in "${MEMTRACE:-}" "$here/../build/memtrace" "$here/memtrace"; do
	[ -n "$memtrace" ] && [ -x "$memtrace" ] && exec "$memtrace" --analyze "$@"
done
command -v memtrace >/dev/null || {
	echo "process_analyzer.sh: no memtrace: run make, or make install" >&2
	exit 1
}
exec memtrace --analyze "$@"
