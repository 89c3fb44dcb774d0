/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When slab objects are traced, and what is told of it. */
#pragma once

#include "analyze/slab_tier.h"
#include "collect/slab_paths.h"
#include "model/feature.h"

struct slab_options {
	enum slab_mode mode;
	bool exact;	     /* every object */
	uint64_t min_age_ns; /* of objects that are counted */
};

struct sampler_slab {
	enum slab_mode mode;
	struct slab_paths *paths; /* NULL: never */
	struct slab_tier tier;
	char reason[BPF_REASON_SIZE]; /* why it cannot be switched on; "" it can */
};

/* With SLAB_ON it is on from here. What does not work is in features and limits. 0 or -ENOMEM. */
int sampler_slab__open(struct sampler_slab *s, const struct slab_options *o, struct code_book *book,
		       struct features *features);
void sampler_slab__close(struct sampler_slab *s);

/* Looks at t's meminfo, switches, and brings the book up to date. 0 or -ENOMEM. */
int sampler_slab__tick(struct sampler_slab *s, struct tick *t);
