/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sampler_slab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define SAMPLE_BYTES (64u << 10)

static int switch_on(struct sampler_slab *s)
{
	int err = slab_paths__switch_on(s->paths, s->reason);

	if (err && !s->reason[0])
		snprintf(s->reason, sizeof(s->reason), "%s", strerror(-err));
	return err;
}

int sampler_slab__open(struct sampler_slab *s, const struct slab_options *o, struct code_book *book,
		       struct features *features)
{
	const struct slab_paths_options options = {
		.interval_bytes = o->exact ? 0 : SAMPLE_BYTES,
		.min_age_ns = o->min_age_ns,
	};
	int err;

	s->mode = o->mode;
	if (o->mode == SLAB_OFF)
		return 0;
	err = slab_paths__new(&options, book, &s->paths);
	if (err || o->mode != SLAB_ON)
		return err;
	if (switch_on(s))
		features__set(features, "slab", FEATURE_MISSING, "", "slab objects: %s", s->reason);
	else
		features__set(features, "slab", FEATURE_WORKS, "", "who holds slab objects");
	return 0;
}

void sampler_slab__close(struct sampler_slab *s)
{
	slab_paths__free(s->paths);
	s->paths = NULL;
}

static struct slab_use use_of(const struct tick *t)
{
	struct slab_use use = {};

	use.known = !meminfo_find(t->meminfo.v, t->meminfo.n, "SReclaimable", &use.reclaimable) &&
		    !meminfo_find(t->meminfo.v, t->meminfo.n, "SUnreclaim", &use.unreclaimable);
	return use;
}

static int follow(struct sampler_slab *s, struct tick *t)
{
	bool want = slab_tier__step(&s->tier, use_of(t), t->mono_ns);

	if (want == slab_paths__on(s->paths) || s->reason[0])
		return 0;
	if (!want) {
		slab_paths__switch_off(s->paths);
		return tick__note(
			t, t->time_ns,
			"slab memory has stopped growing: its objects are no longer traced");
	}
	if (switch_on(s)) {
		log_debug("slab objects: %s", s->reason);
		return 0;
	}
	return tick__note(t, t->time_ns, "slab memory grows: its objects are traced from here on");
}

int sampler_slab__tick(struct sampler_slab *s, struct tick *t)
{
	int err = 0;

	if (!s->paths)
		return 0;
	if (s->mode == SLAB_AUTO)
		err = follow(s, t);
	if (!err)
		err = slab_paths__update(s->paths);
	if (err && err != -ENOMEM)
		err = limits__set(&t->limits, "slab_reads_lost", 0,
				  "slab objects could not be read: %s", strerror(-err));
	if (!err)
		err = slab_paths__limits(s->paths, &t->limits);
	if (!err && s->reason[0])
		err = limits__set(&t->limits, "source_slab", 0,
				  "who holds slab objects is not known: %s", s->reason);
	return err;
}
