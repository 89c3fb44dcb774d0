/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dead left: the pages themselves tell. Anonymous memory of a dead
 * process that is still mapped is a descendant's, and what is mapped by nobody is
 * about to be given back (CPUs keep some on their way to the LRU lists); swap-backed
 * and not anonymous is shared memory or a tmpfs file.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/pages_table.h"

/* Bits of /proc/kpageflags: include/uapi/linux/kernel-page-flags.h (ABI). */
#define KPF_MMAP (1ULL << 11)
#define KPF_ANON (1ULL << 12)
#define KPF_SWAPBACKED (1ULL << 14)

struct residue_walk {
	struct pages *p;
	uint32_t *slot; /* by owner id: index in the list + 1; 0: not dead */
	struct owner_list *list;
};

static void add_page(struct residue *r, uint32_t class, uint64_t flags, uint64_t page_size)
{
	uint64_t *to = &r->file;

	if (class == MT_KERNEL)
		to = &r->kernel;
	else if (flags & KPF_ANON)
		to = flags & KPF_MMAP ? &r->inherited : NULL;
	else if (flags & KPF_SWAPBACKED)
		to = &r->shmem;
	if (to)
		*to += page_size;
}

static int walk_chunk(struct residue_walk *w, uint64_t index, const struct mt_chunk *chunk)
{
	uint64_t flags[MT_CHUNK];
	bool loaded = false;

	for (uint32_t i = 0; i < MT_CHUNK; i++) {
		uint32_t entry = __atomic_load_n(&chunk->entry[i], __ATOMIC_RELAXED);
		uint32_t id = pages_entry_owner(w->p, entry);
		uint32_t slot = id <= w->p->max_owner ? w->slot[id] : 0;

		if (!slot)
			continue;
		if (!loaded) {
			ssize_t n = pread(w->p->kpageflags, flags, sizeof(flags),
					  index * MT_CHUNK * sizeof(flags[0]));

			if (n < 0)
				return -errno;
			memset((char *)flags + n, 0, sizeof(flags) - n); /* the end of memory */
			loaded = true;
		}
		add_page(&w->list->v[slot - 1].residue, entry >> MT_CLASS_SHIFT & 7, flags[i],
			 w->p->page_size);
	}
	return 0;
}

static int walk_window(void *arg, uint64_t first_chunk, struct mt_chunk *v, uint64_t n)
{
	int err = 0;

	for (uint64_t i = 0; !err && i < n; i++)
		err = walk_chunk(arg, first_chunk + i, &v[i]);
	return err;
}

int pages__residue(struct pages *p, struct owner_list *list)
{
	_cleanup_free_ uint32_t *slot = calloc(p->max_owner + 1, sizeof(*slot));
	struct residue_walk w = {p, slot, list};
	bool any = false;
	int err;

	if (!slot)
		return -ENOMEM;
	if (p->kpageflags < 0)
		return p->kpageflags_err;
	if (!p->tracer->machine.has_pfn)
		return -ENODATA;
	for (size_t i = 0; i < list->n; i++) {
		struct owner_sample *o = &list->v[i];
		int64_t live = o->live[PAGES_USER] + o->live[PAGES_FILE] + o->live[PAGES_KERNEL];

		if (!o->dead || live <= 0)
			continue;
		memset(&o->residue, 0, sizeof(o->residue));
		slot[o->owner] = i + 1;
		any = true;
	}
	if (!any)
		return 0;
	err = pages_walk(p, walk_window, &w);
	for (size_t i = 0; !err && i < list->n; i++)
		if (slot[list->v[i].owner] == i + 1)
			list->v[i].residue.known = true;
	return err;
}
