#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cppcheck on user space. What is suppressed stands in cppcheck.suppress, with the reason.

# shellcheck source=tests/lib/check.bash
source "$(dirname "$0")/../lib/check.bash"

command -v cppcheck >/dev/null || skip "no cppcheck"
[[ -d user ]] || skip "no user/"

cppcheck --quiet --enable=warning,performance,portability --inline-suppr --std=c11 \
	--suppressions-list="$lib/../check/cppcheck.suppress" --library=posix -D__x86_64__ \
	-D_GNU_SOURCE \
	'-DLIBBPF_OPTS(type,name,...)=struct type name = {__VA_ARGS__}' -Iuser -Ibpf -j "$(nproc)" --error-exitcode=1 \
	--template='{file}:{line}: {id}: {message}' user || exit 1
