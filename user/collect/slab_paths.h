/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which call paths hold slab objects: the samples of the slab source in the
 * book of paths. It can be switched on and off while a run goes on.
 */
#pragma once

#include "collect/code_book.h"
#include "collect/slab_trace.h"

struct slab_paths;

struct slab_paths_options {
	uint64_t interval_bytes; /* mean bytes between two samples; 0: every object */
	uint64_t min_age_ns;	 /* younger objects are left out */
};

/* Not switched on yet. book must outlive it. 0 or -ENOMEM. */
int slab_paths__new(const struct slab_paths_options *o, struct code_book *book,
		    struct slab_paths **ret);
void slab_paths__free(struct slab_paths *s); /* NULL allowed */

bool slab_paths__on(const struct slab_paths *s);
/* Loads and attaches. 0 (also when it is on), or -errno with the kernel's words in reason; it is
 * not tried again after that. */
int slab_paths__switch_on(struct slab_paths *s, char reason[static BPF_REASON_SIZE]);
/* What the paths held stays as it was then. */
void slab_paths__switch_off(struct slab_paths *s);

/* Brings the book's slab paths up to date. 0 or -errno. */
int slab_paths__update(struct slab_paths *s);
/* 0 or -ENOMEM. */
int slab_paths__limits(const struct slab_paths *s, struct limits *l);
