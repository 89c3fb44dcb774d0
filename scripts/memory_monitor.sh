#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# memory_monitor.sh [MINUTES [SECONDS]]: memtrace --monitor under the name, with the arguments and
# the defaults (60 minutes, every 30 seconds) that it is known by. Further options are memtrace's.
# Logs go to /var/log/memory-monitor; not as root to ~/.local/state/memory-monitor.
set -eu

here=$(dirname "$(readlink -f "$0")")
for memtrace in "${MEMTRACE:-}" "$here/../build/memtrace" "$here/memtrace"; do
	[ -n "$memtrace" ] && [ -x "$memtrace" ] && exec "$memtrace" --monitor "$@"
done
command -v memtrace >/dev/null || {
	echo "memory_monitor.sh: no memtrace: run make, or make install" >&2
	exit 1
}
exec memtrace --monitor "$@"
