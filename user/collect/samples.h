/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of the pages that targets take: the kernel's slots and ring buffer.
 * A slot is ours from the moment its record was read until samples__release().
 */
#pragma once

#include "collect/pages.h"

struct samples;

/* What is known of a sample now. */
struct sample_state {
	uint32_t live;	/* pages still held; at most pages */
	uint32_t pages; /* sampled, without those that became page cache */
	uint32_t ended; /* of pages: freed by a process that was ending */
};

/* Called for each record read; data is valid during the call only. */
typedef void sample_fn(void *arg, const struct mt_sample *s, size_t size);

/* Opens with sampling off: samples__set_interval(). Pages must outlive it.
 * 0, -ENODATA (loaded without sampling) or -errno. */
int samples__open(struct pages *pages, sample_fn *fn, void *arg, struct samples **ret);
void samples__close(struct samples *s);

/* Mean bytes between two samples from the next one on; 0: none. */
void samples__set_interval(struct samples *s, uint64_t bytes);

/*
 * This process is sampled from now on, and with `heirs` who it forks as well.
 * Remembered by the kernel side until forgotten. 0 or -errno.
 */
int samples__mark(struct samples *s, struct proc_id id, bool heirs);
int samples__forget(struct samples *s, struct proc_id id);
/* Marks an owner that took pages before its process was marked. */
void samples__mark_owner(struct samples *s, uint32_t owner, bool heirs);

/* Calls back for every record that is there. One thread at a time. Records read, or -errno. */
int samples__consume(struct samples *s);
int samples__fd(const struct samples *s); /* to poll(2) for records; owned by s */

uint32_t samples__stack_bytes(const struct samples *s); /* at most so much is copied */
uint32_t samples__n_slots(const struct samples *s);
struct sample_state samples__state(const struct samples *s, uint32_t slot);
void samples__release(struct samples *s, uint32_t slot);
/* Command name of whom a slot's pages belong to. */
void samples__comm(const struct samples *s, uint32_t slot, char ret[static COMM_SIZE]);
