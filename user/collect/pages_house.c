/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room in the owner table. An id is recycled when its process is gone and it
 * holds no page. Processes that ended but left pages behind (page cache, a slab
 * page) would fill the table on a machine that forks a lot: when half of it is
 * used, their pages are given to one owner a process name.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hmap.h"
#include "base/log.h"
#include "collect/pages_table.h"

#define NS_PER_S 1000000000ull

/* sched_process_exit comes early in do_exit(): the address space is torn down
 * after it, and a late kernel page may still be taken. */
#define GRACE_NS (2 * NS_PER_S)

static bool is_empty(const struct owner_counts *n)
{
	for (int c = 0; c < MT_CLASSES; c++)
		if (n->live[c])
			return false;
	return true;
}

static bool is_gone(const struct mt_owner *o, uint64_t now_ns)
{
	return o->tgid && o->exit_ns && !(o->flags & MT_OWNER_GROUP) &&
	       o->exit_ns + GRACE_NS < now_ns;
}

/* A CPU that still holds back counts for this id would give them to its next owner. */
static bool is_pending(const struct pages *p, uint32_t id)
{
	for (uint32_t i = 0; i < p->tracer->machine.config.n_cpus; i++)
		for (int c = 0; c < MT_CLASSES; c++)
			if ((p->cpu[i].alloc.owner == id && p->cpu[i].alloc.pages[c]) ||
			    (p->cpu[i].free.owner == id && p->cpu[i].free.pages[c]))
				return true;
	return false;
}

static void remember(struct pages *p, uint32_t id)
{
	struct owner_sample last;

	pages_convert(p, id, &last);
	memset(last.live, 0, sizeof(last.live)); /* folded owners keep nothing either */
	if (p->removed.n >= PAGES_REMOVED_MAX || vec_push(&p->removed, last))
		p->n_removed_lost++;
}

static void recycle(struct pages *p, uint32_t id)
{
	struct mt_owner *o = &p->owners[id];
	struct mt_owner_key key = {.start_ns = o->start_ns, .tgid = o->tgid};

	remember(p, id);
	bpf_map_delete_elem(p->ids_fd, &key);
	memset(o, 0, sizeof(*o));
	if (bpf_map_update_elem(p->free_fd, NULL, &id, BPF_ANY))
		log_debug_errno(errno, "owner id %u not recycled, ignoring", id);
}

/* Where each owner's pages go: a group's id, or 0 where an owner stays itself. */
struct folding {
	struct pages *p;
	uint32_t *group; /* max_owners of them */
	struct hmap by_comm;
};

static int group_for(struct pages *p, struct folding *f, const struct mt_owner *o, uint32_t *ret)
{
	struct hmap_key key = {};
	struct mt_owner *g;
	uint32_t id;

	memcpy(key.w, o->comm, sizeof(o->comm));
	if (hmap_get(&f->by_comm, key, ret))
		return 0;
	if (bpf_map_lookup_and_delete_elem(p->free_fd, NULL, &id))
		return -errno;
	g = &p->owners[id];
	memset(g, 0, sizeof(*g));
	memcpy(g->comm, o->comm, sizeof(g->comm));
	g->flags = MT_OWNER_GROUP;
	g->exit_ns = o->exit_ns;
	g->start_ns = id; /* no process: only has to differ */
	g->tgid = UINT32_MAX;
	if (id > p->max_owner)
		p->max_owner = id;
	*ret = id;
	return hmap_put(&f->by_comm, key, id);
}

static void move_live(const struct folding *f, uint32_t from, uint32_t class, int64_t pages)
{
	struct mt_owner *owners = f->p->owners;

	__atomic_fetch_add(&owners[from].live[class], -pages, __ATOMIC_RELAXED);
	__atomic_fetch_add(&owners[f->group[from]].live[class], pages, __ATOMIC_RELAXED);
}

/* Gives an entry to its group. The kernel may free a page at the same moment: it
 * then clears the entry and the exchange fails, or it read the old owner just
 * before and counts that below zero, which absorb() moves over to the group later. */
static void fold_entry(const struct folding *f, uint32_t *entry)
{
	struct pages *p = f->p;
	uint32_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);
	uint32_t id = pages_entry_owner(p, old), class = old >> MT_CLASS_SHIFT & 7;
	struct mt_slot *slot = old & MT_SAMPLED ? &p->slots[old & MT_OWNER_MASK] : NULL;
	uint32_t new;

	if (id > p->max_owner || !f->group[id] || class >= MT_CLASSES)
		return;
	/* The path of kernel pages goes on: all pages of the sample at once. */
	if (slot && (old & MT_OWNER_MASK) >= p->tracer->n_slots) {
		__atomic_store_n(&slot->owner, f->group[id], __ATOMIC_RELAXED);
		move_live(f, id, class, __atomic_load_n(&slot->live, __ATOMIC_RELAXED));
		return;
	}
	new = f->group[id] | class << MT_CLASS_SHIFT;
	if (!__atomic_compare_exchange_n(entry, &old, new, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return;
	if (slot) /* a group has no user paths */
		__atomic_fetch_add(&slot->live, -1, __ATOMIC_RELAXED);
	move_live(f, id, class, 1);
}

static int fold_window(void *arg, uint64_t first_chunk, struct mt_chunk *v, uint64_t n)
{
	(void)first_chunk;
	for (uint64_t i = 0; i < n * MT_CHUNK; i++)
		fold_entry(arg, &v[i / MT_CHUNK].entry[i % MT_CHUNK]);
	return 0;
}

static void mark_folded(struct pages *p, const struct folding *f)
{
	for (uint32_t id = MT_FIRST_OWNER; id <= p->max_owner; id++) {
		struct mt_owner *o = &p->owners[id], *g = &p->owners[f->group[id]];

		if (!f->group[id])
			continue;
		o->flags |= MT_OWNER_FOLDED;
		o->parent_tgid = f->group[id];
		g->parent_tgid++;
		for (int c = 0; c < MT_CLASSES; c++)
			__atomic_fetch_add(&g->taken[c], o->taken[c], __ATOMIC_RELAXED);
		p->n_folded++;
	}
}

/* Afterwards, what came or went while the table was walked. */
static void absorb(struct pages *p, uint32_t id)
{
	struct mt_owner *o = &p->owners[id], *g = &p->owners[o->parent_tgid];

	for (int c = 0; c < MT_CLASSES; c++) {
		__atomic_fetch_add(&g->live[c], o->live[c], __ATOMIC_RELAXED);
		o->live[c] = 0;
	}
}

static int fold(struct pages *p, uint64_t now_ns)
{
	_cleanup_free_ uint32_t *group = calloc(p->tracer->max_owners, sizeof(*group));
	struct folding f = {.p = p, .group = group};
	int err = group ? 0 : -ENOMEM;

	for (uint32_t id = MT_FIRST_OWNER; !err && id <= p->max_owner; id++) {
		const struct mt_owner *o = &p->owners[id];

		if (o->flags & MT_OWNER_GROUP && o->tgid) {
			struct hmap_key key = {};

			memcpy(key.w, o->comm, sizeof(o->comm));
			err = hmap_put(&f.by_comm, key, id);
		}
	}
	for (uint32_t id = MT_FIRST_OWNER; !err && id <= p->max_owner; id++)
		if (is_gone(&p->owners[id], now_ns) && !(p->owners[id].flags & MT_OWNER_FOLDED))
			err = group_for(p, &f, &p->owners[id], &group[id]);
	if (!err)
		err = pages_walk(p, fold_window, &f);
	if (!err)
		mark_folded(p, &f);
	hmap_free(&f.by_comm);
	return err;
}

int pages__keep_house(struct pages *p)
{
	uint64_t now_ns = clock_ns(CLOCK_BOOTTIME);
	uint32_t used = 0, gone_holding = 0;
	int err = pages_read_cpus(p);

	for (uint32_t id = MT_FIRST_OWNER; !err && id <= p->max_owner; id++) {
		struct mt_owner *o = &p->owners[id];
		struct owner_counts n;

		used += o->tgid != 0;
		if (!is_gone(o, now_ns) || is_pending(p, id))
			continue;
		if (o->flags & MT_OWNER_FOLDED)
			absorb(p, id);
		pages_count(p, id, &n);
		if (is_empty(&n))
			recycle(p, id);
		else
			gone_holding++;
	}
	if (!err && used > p->tracer->max_owners / 2 && gone_holding > used / 4)
		err = fold(p, now_ns);
	return err;
}
