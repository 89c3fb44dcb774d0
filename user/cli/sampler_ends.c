/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sampler_ends.h"

#include <string.h>

#include "base/cleanup.h"
#include "model/key.h"

static void complete_end(struct proc_sample *p, const struct owner_sample *o)
{
	memcpy(p->comm, o->comm, sizeof(p->comm));
	if (p->end.ended) {
		p->end.status_known = o->has_exit_status;
		p->end.status = o->exit_status;
		p->end.time_ns = o->exit_ns;
	}
	if (!o->has_exit_rss)
		return;
	p->value[PROC_ANON] = o->exit_anon;
	p->value[PROC_FILE] = o->exit_file;
	p->value[PROC_SWAP] = o->exit_swap;
	p->value[PROC_SHMEM] = o->exit_shmem;
	p->value[PROC_RSS] = o->exit_anon + o->exit_file + o->exit_shmem;
	p->known |= 1u << PROC_ANON | 1u << PROC_FILE | 1u << PROC_SWAP | 1u << PROC_SHMEM |
		    1u << PROC_RSS;
	p->approx = 0;
}

static int index_owners(const struct owner_list *owners, struct hmap *index)
{
	int err = 0;

	for (size_t i = 0; !err && i < owners->n; i++)
		err = hmap_put(index, owner_key(&owners->v[i]), i);
	return err;
}

/* Its memory is gone, but nobody has waited for it yet. */
static bool is_zombie(const struct proc_sample *p)
{
	return !(p->flags & PROC_KTHREAD) && !(p->known & 1u << PROC_RSS);
}

int sampler_complete_ends(const struct owner_list *owners, bool last, struct tick *t)
{
	_cleanup_(hmap_free) struct hmap index = {};
	uint32_t i;
	int err = 0;

	vec_for_each(p, &t->procs) {
		if (!p->end.ended && !is_zombie(p))
			continue;
		if (!index.n)
			err = index_owners(owners, &index);
		if (err || !hmap_get(&index, proc_key(p->id), &i) || !owners->v[i].dead)
			continue;
		if (last)
			p->end.ended = true;
		complete_end(p, &owners->v[i]);
	}
	return err;
}
