/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The closed ledger of the machine's memory: every KiB of MemTotal is in
 * exactly one line. analyze/ledger.c makes it, and says which line has what
 * and why nothing is in two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the report. To add one: here, its row in ledger.c, and where it comes from in
 * analyze/ledger.c. */
enum ledger_line {
	LEDGER_FREE,
	LEDGER_FREE_PCP,
	LEDGER_PAGE_CACHE,
	LEDGER_BUFFERS,
	LEDGER_SLAB_RECLAIMABLE,
	LEDGER_KERNEL_RECLAIMABLE,
	LEDGER_ANON,
	LEDGER_SHMEM,
	LEDGER_SWAP_CACHE,
	LEDGER_HUGETLB,
	LEDGER_SLAB_UNRECLAIMABLE,
	LEDGER_PAGE_TABLES,
	LEDGER_SECONDARY_PAGE_TABLES,
	LEDGER_KERNEL_STACKS,
	LEDGER_VMALLOC,
	LEDGER_PERCPU,
	LEDGER_ZSWAP,
	LEDGER_ZSMALLOC,
	LEDGER_BALLOON,
	LEDGER_GPU,
	LEDGER_BOUNCE,
	LEDGER_WRITEBACK_TEMP,
	LEDGER_POISONED,
	/* What no counter of the kernel names, as far as its owners can be told: model/hidden.h */
	LEDGER_PACKET_RINGS,
	LEDGER_IO_URING,
	LEDGER_PERF_RINGS,
	LEDGER_BPF_RINGS,
	LEDGER_PIPES,
	LEDGER_PAGE_POOLS,
	LEDGER_ARC,
	LEDGER_SOCKETS,
	LEDGER_KERNEL_PAGES,
	LEDGER_UNNAMED,
	_LEDGER_LINE_MAX,
};

struct ledger_line_def {
	const char *word;   /* for machines: "slab_unreclaimable" */
	const char *title;  /* for people: at most 26 columns */
	const char *source; /* the file and the lines of it that it is from */
	bool is_available;  /* could be had without swapping: MemAvailable counts (most of) it */
	bool since_start;   /* knows only what came since the run began */
};

extern const struct ledger_line_def ledger_lines[_LEDGER_LINE_MAX];

/* One moment's ledger; the lines add up to `total` exactly. */
struct ledger {
	uint64_t line[_LEDGER_LINE_MAX]; /* bytes */
	uint64_t known;	  /* bit (1 << enum ledger_line): the kernel says, 0 included */
	uint64_t total;	  /* MemTotal */
	uint64_t overlap; /* bytes that the counters named beyond the total: taken off again */
};

/* "page_cache" -> LEDGER_PAGE_CACHE; below 0: no such word. */
int ledger_line_find(const char *word);
