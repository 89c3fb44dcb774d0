#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot_diagnostics.sh [--install-service | --uninstall-service | --status] [OPTION...]: memtrace
# --boot under the name, with the arguments and the defaults (two hours, logs in
# /var/log/boot-diagnostics) that it is known by. Further options are memtrace's.
set -eu

mode=--boot
case ${1:-} in
--install-service | --uninstall-service | --status | --help | -h | --version)
	mode=$1
	shift
	;;
esac

here=$(dirname "$(readlink -f "$0")")
for memtrace in "${MEMTRACE:-}" "$here/../build/memtrace" "$here/memtrace"; do
	[ -n "$memtrace" ] && [ -x "$memtrace" ] && exec "$memtrace" "$mode" "$@"
done
command -v memtrace >/dev/null || {
	echo "boot_diagnostics.sh: no memtrace: run make, or make install" >&2
	exit 1
}
exec memtrace "$mode" "$@"
