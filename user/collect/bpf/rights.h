/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"

struct bpf_refusal {
	const char *why, *fix; /* borrowed */
};

/*
 * Why bpf(2) said err (-errno), and what would change that: rights that are
 * missing by the text of /proc/self/status; the kernel's lockdown by that of
 * sys/kernel/security/lockdown (empty: not known); a kernel that refuses
 * whatever the rights; else `words`. Pure.
 */
struct bpf_refusal bpf_refused(int err, const char *words, struct cursor status,
			       struct cursor lockdown);
/* The same of this process, lockdown below root_fd. */
struct bpf_refusal bpf_refused_here(int root_fd, int err, const char *words);
