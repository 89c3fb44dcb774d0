/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only object that is rebuilt when the version changes. */
#include "cli/build_info.h"

#include "version.h"

const char memtrace_version[] = MEMTRACE_VERSION;
