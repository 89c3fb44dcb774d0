/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sampler_system.h"

#include "collect/system.h"

/* slabinfo takes the lock of all caches, and a machine has hundreds of cgroups with several
 * files each: however short the interval, not more often. */
#define EVERY_NS 5000000000ull

int sampler_system__open(struct sampler_system *s, int root_fd, uint64_t page_size)
{
	*s = (struct sampler_system){.root_fd = root_fd};
	system_sample__clear(&s->system);
	return delta_system__new(root_fd, page_size, &s->delta);
}

void sampler_system__close(struct sampler_system *s)
{
	delta_system__free(s->delta);
	system_sample__free(&s->system);
}

int sampler_system__tick(struct sampler_system *s, bool now, struct tick *t)
{
	int err;

	if (!now && t->mono_ns < s->next_ns)
		return 0;
	s->next_ns = t->mono_ns + EVERY_NS;
	err = system_read(s->root_fd, 1u << SYSTEM_SLABINFO | 1u << SYSTEM_CGROUPS, &s->system);
	if (!err)
		err = sampler_system__add(s, &s->system, t);
	return err ? err : system_limits(&s->system, &t->limits);
}

int sampler_system__add(struct sampler_system *s, const struct system_sample *system,
			struct tick *t)
{
	int err = delta_system__add(s->delta, system, t);

	return err ? err : delta_system__limits(s->delta, &t->limits);
}
