/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the machine that the BPF programs are configured with, measured before they load. */
#pragma once

#include <stdbool.h>

#include "base/parse.h"
#include "memtrace.h"
#include "model/feature.h"

struct machine {
	struct mt_config config;       /* async_rung is at best what the probe allowed */
	__u64 cpu_offset[MT_MAX_CPUS]; /* all 0: unknown */
	bool has_pfn;		       /* entries of the owner table are page frame numbers */
	const char *page_alloc;	       /* program to load: the variant for the async rung */
};

/* One past the last page frame any zone spans, from /proc/zoneinfo's text; 0 when it tells none.
 * Pure. */
__u64 zoneinfo_end_pfn(struct cursor text);

/* Measures; what could not be had is in features. 0 or -errno (no BPF at all: -EPERM …). */
int machine_probe(int root_fd, struct features *features, struct machine *ret);
