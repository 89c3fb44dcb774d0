/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"

/*
 * Why bpf(2) said EPERM to a process with the text of /proc/self/status: the
 * rights that are missing, or that it has them all and the kernel refuses.
 * Borrowed. Pure.
 */
const char *bpf_missing_right(struct cursor status);
/* The same of this process. */
const char *bpf_missing_right_here(void);
