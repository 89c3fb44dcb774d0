/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages*.c: the kernel's tables as user space sees them. */
#pragma once

#include "collect/pages.h"

struct pages {
	struct tracer *tracer;
	struct mt_owner *owners; /* the map itself: read and recycled in place */
	struct mt_slot *slots;	 /* the map of samples, targets' before the kernel's */
	int owners_fd, ids_fd, free_fd, cpu_fd, table_fd;
	int kpageflags; /* -1: residue cannot be told apart */
	int kpageflags_err;
	int root_fd;		 /* not owned */
	uint64_t moved_at_start; /* vmstat's pgmigrate_success */
	bool has_moved_at_start;
	struct mt_cpu *cpu, *cpu_again; /* n_cpus each: cpu_state and a second look at it */
	uint32_t max_owner;		/* highest id ever handed out */
	uint64_t page_size, ticks_per_s;
	uint64_t n_folded;	   /* dead owners folded into groups */
	uint64_t n_races;	   /* readings that stayed inconsistent */
	struct owner_list removed; /* last state of owners recycled since the last reading */
	uint64_t n_removed_lost;   /* beyond PAGES_REMOVED_MAX */
};

static inline uint32_t pages_n_slots(const struct pages *p)
{
	return p->tracer->n_slots + p->tracer->n_kernel_slots;
}

/* Who owns the page with this entry of the owner table; 0: nobody. */
static inline uint32_t pages_entry_owner(const struct pages *p, uint32_t entry)
{
	uint32_t id = entry & MT_OWNER_MASK;

	if (!(entry & MT_SAMPLED))
		return id;
	return id < pages_n_slots(p) ? p->slots[id].owner : 0;
}

/* Live and taken of an owner with what the CPUs still hold back; pages. */
struct owner_counts {
	int64_t live[MT_CLASSES];
	uint64_t taken[MT_CLASSES];
};

/* Chunks of the owner table mapped at a time: bounds what a walk adds to our RSS. */
#define PAGES_WINDOW_CHUNKS 1024

/* A fork storm leaves thousands a second; of more than this between two ticks
 * only the number is told. */
#define PAGES_REMOVED_MAX 16384

/* Calls back for the owner table, some chunks at a time; stops at an error. 0 or -errno. */
int pages_walk(const struct pages *p,
	       int (*fn)(void *arg, uint64_t first_chunk, struct mt_chunk *v, uint64_t n),
	       void *arg);
/* Pages the kernel moved since boot: vmstat's pgmigrate_success. 0 or -errno. */
int pages_moved(const struct pages *p, uint64_t *ret);
/* Takes a look at all CPUs' state; 0 or -errno. */
int pages_read_cpus(struct pages *p);
void pages_count(const struct pages *p, uint32_t id, struct owner_counts *ret);
void pages_convert(const struct pages *p, uint32_t id, struct owner_sample *ret);
