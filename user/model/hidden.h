/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds memory that no process's counters show: rings, pipes, sockets,
 * kernel objects, shared memory without a mapping, and so on. What is told of
 * one kind is evidence for the ledger line it lies in; only the kinds of lines
 * that no counter names are subtracted from anything (analyze/ledger.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/ledger.h"
#include "model/process.h"

/* To add one: here, its row in hidden.c, and a reader in collect/. */
enum hidden_kind {
	HIDDEN_PACKET_RING,
	HIDDEN_IO_URING,
	HIDDEN_PERF_RING,
	HIDDEN_PIPE,
	HIDDEN_SOCKET,
	HIDDEN_BPF,
	HIDDEN_VMALLOC,
	HIDDEN_SLAB_RECLAIMABLE,
	HIDDEN_SLAB_UNRECLAIMABLE,
	HIDDEN_SYSV,
	HIDDEN_TMPFS,
	HIDDEN_SHM_FILE,
	HIDDEN_DELETED_FILE,
	HIDDEN_HUGETLB,
	HIDDEN_ZRAM,
	HIDDEN_ARC,
	HIDDEN_GPU,
	HIDDEN_DMA_BUF,
	HIDDEN_PAGE_POOL,
	HIDDEN_DYING_CGROUP,
	HIDDEN_KSM,
	HIDDEN_KERNEL_PAGES,
	HIDDEN_ALLOC_SITE,
	HIDDEN_PAGE_STACK,
	HIDDEN_LOOK, /* no holder: holders were looked up */
	HIDDEN_KMEMLEAK,
	HIDDEN_BPF_RING,
	HIDDEN_TMPFS_FILE,
	HIDDEN_CACHED_FILE,
	HIDDEN_BPF_LEFT,
	_HIDDEN_KIND_MAX,
};

/* How the number stands to the memory that is taken. */
enum hidden_certainty {
	HIDDEN_EXACT,
	HIDDEN_AT_LEAST,
	HIDDEN_AT_MOST,
	HIDDEN_ESTIMATE,
	_HIDDEN_CERTAINTY_MAX,
};

extern const char *const hidden_certainty_names[_HIDDEN_CERTAINTY_MAX]; /* "exact" "at_least" … */

struct hidden_kind_def {
	const char *word;  /* "packet_ring" */
	const char *title; /* "packet rings", of several */
	const char *source;
	const char *counts; /* what `count` counts: "rings"; NULL: nothing */
	enum ledger_line line;
};

extern const struct hidden_kind_def hidden_kinds[_HIDDEN_KIND_MAX];

#define HIDDEN_NAME_SIZE 96

/* One holder of one kind; (kind, id, name) tells them apart. */
struct hidden_sample {
	enum hidden_kind kind;
	enum hidden_certainty certainty;
	struct proc_id id;	     /* zero: no process */
	char comm[COMM_SIZE];	     /* of the process */
	bool is_left;		     /* the process that made it has ended */
	char name[HIDDEN_NAME_SIZE]; /* cache, caller, mount, file …; raw; may be empty */
	uint64_t bytes, count;
};

struct hidden_list {
	struct hidden_sample *v;
	size_t n, cap;
};
