/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of one process, from /proc below root_fd. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/parse.h"
#include "model/tick.h"

/*
 * What /proc/PID/stat says. comm may hold blanks and parentheses: it ends at
 * the LAST ')'. Of a workqueue's thread it is the name without the work that
 * the file appends to it, which changes all the time.
 */
struct pid_stat {
	char comm[COMM_SIZE];
	char state;
	uint32_t ppid;
	uint32_t flags; /* PF_*: PF_KTHREAD is 0x00200000 */
	uint32_t n_threads;
	uint64_t start_ticks;
	uint64_t vsize;	    /* bytes; 0 without an address space */
	uint64_t start_brk; /* address where the heap starts; 0: not told (rights, kernel thread) */
};

/* 0 or -EBADMSG (cut before its newline, too). Pure. */
int pid_stat_parse(struct cursor text, struct pid_stat *ret);
int pid_stat_read(int root_fd, uint32_t pid, struct pid_stat *ret); /* -ESRCH: no such process */

/* What /proc/PID/status says of memory and owner. */
struct pid_status {
	uint32_t known;			 /* bits (1 << enum proc_value) of the values below */
	uint64_t value[_PROC_VALUE_MAX]; /* RSS, ANON, FILE, SHMEM, SWAP, PAGE_TABLE, THREADS */
	bool has_uid;
	uint32_t uid; /* real */
};

/* Fields that are missing or no numbers are not known; the first of several of
 * one name counts, a last line without its newline does not. 0, or -EBADMSG
 * when there is no field at all. Pure. */
int pid_status_parse(struct cursor text, struct pid_status *ret);

/*
 * Size of the heap from the head of /proc/PID/maps: what of the mappings
 * called [heap] lies above start_brk (0: unknown). `whole` tells that text is
 * all of the file; else its last line may be cut. Returns 0; -ENODATA when
 * the text ends too early to tell; -EBADMSG for what is no list of mappings. Pure.
 */
int pid_heap_parse(struct cursor text, bool whole, uint64_t start_brk, uint64_t *ret_bytes);

/* The process a pid or thread id belongs to: "Tgid:" of proc/PID/status. 0, -ESRCH, -EBADMSG,
 * -errno. */
int pid_tgid_read(int root_fd, uint32_t pid, uint32_t *ret);

/* The path in the memory controller's hierarchy (v1, hybrid) or the unified one (v2), from the
 * text of /proc/PID/cgroup. Returns 0 with a malloc'ed string, or -ENOENT, -ENOMEM. Pure. */
int cgroup_parse(struct cursor text, char **ret);
int cgroup_read(int root_fd, uint32_t pid, char **ret);
