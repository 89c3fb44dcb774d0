/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * From here on this process may read, use memory, and write to one descriptor;
 * with may_open it may open files as well. Everything else fails with EPERM:
 * whoever takes over a parser that runs as root gets no more than that. Can be
 * called again to take more away. Best-effort: false where the kernel has no
 * seccomp filters.
 */
bool confine(int write_fd, bool may_open);
