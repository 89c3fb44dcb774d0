#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make try` ends with: traces a program that grows, for ten seconds, and prints the report.
# The program's own line, in JSON, says what is true: held_bytes.
set -eu
cd "$(dirname "$0")/.."

logs=build/try
scripts/as.sh owner mkdir -p "$logs"

set -- build/memtrace --duration 10s --interval 1s --log-dir "$logs" -- \
	tests/victims/anon4k --mib 64 --steps 16 --pause 0.5 --hold 4
echo "try: $*"
exec scripts/as.sh root "$@"
