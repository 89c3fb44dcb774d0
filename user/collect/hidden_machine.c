/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holders that the machine tells of as a whole. Each reader is silent where there is no such
 * thing. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/allocinfo.h"
#include "collect/hidden_set.h"
#include "collect/kmemleak.h"
#include "collect/page_pool.h"
#include "collect/slabinfo.h"
#include "collect/sysv_shm.h"
#include "collect/vmallocinfo.h"
#include "collect/zram.h"

#define SITES_MAX 64

static int put(struct hidden *h, enum hidden_kind kind, enum hidden_certainty certainty,
	       const char *name, uint64_t bytes, uint64_t count)
{
	struct hidden_sample s = {
		.kind = kind, .certainty = certainty, .bytes = bytes, .count = count};

	snprintf(s.name, sizeof(s.name), "%.*s", (int)sizeof(s.name) - 1, name);
	return hidden_set__add(&h->set, &s);
}

/* Where sysfs does not tell: the caches that ask to be counted so, by the ends of their names. */
static bool is_reclaimable(int root_fd, const char *cache)
{
	static const char *const ends[] = {"dentry", "inode_cache", "inode", "radix_tree_node",
					   "buffer_head"};
	char path[128], text[8];
	size_t len = strlen(cache);

	snprintf(path, sizeof(path), "sys/kernel/slab/%.64s/reclaim_account", cache);
	if (read_file_at(root_fd, path, text, sizeof(text)) > 0)
		return *text == '1';
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);

		if (len >= n && !strcmp(cache + len - n, ends[i]))
			return true;
	}
	return false;
}

int hidden_slabs(struct hidden *h)
{
	struct system_sample s = {0};
	int err = slabinfo_read(h->root_fd, &s);

	for (size_t i = 0; !err && i < s.slabs.n; i++) {
		const struct slab_cache *c = &s.slabs.v[i];
		uint64_t bytes;

		if (__builtin_mul_overflow(c->slabs, c->pages_per_slab * h->page_size, &bytes) ||
		    !bytes)
			continue;
		err = put(h,
			  is_reclaimable(h->root_fd, c->name) ? HIDDEN_SLAB_RECLAIMABLE
							      : HIDDEN_SLAB_UNRECLAIMABLE,
			  HIDDEN_EXACT, c->name, bytes, c->active_objects);
	}
	vec_free(&s.slabs);
	return err;
}

static int add_vmalloc(struct hidden *h, const struct task_list *procs)
{
	struct vmalloc_callers callers = {0};
	bool has_stacks = false;
	int err = vmallocinfo_read(h->root_fd, &callers);

	(void)procs;
	if (!err)
		vec_for_each(c, &callers) {
			has_stacks |= c->is_stack;
			if (!err && !c->is_stack)
				err = put(h, HIDDEN_VMALLOC, HIDDEN_EXACT, c->name,
					  c->pages * h->page_size, c->areas);
		}
	if (!err)
		h->stacks_apart = !has_stacks;
	vec_free(&callers);
	return err;
}

/* Only one that was there when the segment was made can be its maker. */
static const struct proc_sample *find_maker(const struct task_list *procs,
					    const struct sysv_segment *s)
{
	vec_for_each(p, procs)
		if (p->id.pid == s->creator)
			return p;
	return NULL;
}

static int add_sysv(struct hidden *h, const struct task_list *procs)
{
	struct sysv_list l = {0};
	int err = sysv_shm_read(h->root_fd, &l);

	vec_for_each(s, &l) {
		const struct proc_sample *maker = find_maker(procs, s);
		struct hidden_sample row = {.kind = HIDDEN_SYSV,
					    .certainty = HIDDEN_EXACT,
					    .bytes = s->rss,
					    .count = s->n_attached};

		if (maker)
			row = hidden_of(maker, HIDDEN_SYSV, HIDDEN_EXACT);
		row.bytes = s->rss;
		row.count = s->n_attached;
		row.id.pid = s->creator;
		row.is_left = !maker;
		snprintf(row.name, sizeof(row.name), "shmid %u%s", s->id,
			 s->n_attached ? "" : ", nobody attached");
		if (!err)
			err = hidden_set__add(&h->set, &row);
	}
	vec_free(&l);
	return err;
}

static int add_tmpfs(struct hidden *h, const struct task_list *procs)
{
	(void)procs;
	return hidden_tmpfs(h);
}

/* "hugepages-2048kB": the pool's size and what of it is free. */
static int add_hugetlb(struct hidden *h, const struct task_list *procs)
{
	static const char dir_name[] = "sys/kernel/mm/hugepages";
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int err = 0;

	(void)procs;
	if (open_dir_at(h->root_fd, dir_name, &dir))
		return 0;
	while (!err && (e = readdir(dir))) {
		uint64_t kib, n, n_free, bytes;
		char path[320];

		if (sscanf(e->d_name, "hugepages-%lukB", &kib) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/nr_hugepages", e->d_name);
		if (read_u64_at(dirfd(dir), path, &n) || !n ||
		    __builtin_mul_overflow(n, kib * 1024, &bytes))
			continue;
		snprintf(path, sizeof(path), "%s/free_hugepages", e->d_name);
		if (read_u64_at(dirfd(dir), path, &n_free))
			n_free = 0;
		err = put(h, HIDDEN_HUGETLB, HIDDEN_EXACT, e->d_name, bytes, n_free);
	}
	return err;
}

static int add_zram(struct hidden *h, const struct task_list *procs)
{
	struct system_sample s = {0};
	int err = zram_read(h->root_fd, &s);
	char name[32];

	(void)procs;
	for (size_t i = 0; !err && i < s.zrams.n; i++) {
		snprintf(name, sizeof(name), "zram%u", s.zrams.v[i].index);
		err = put(h, HIDDEN_ZRAM, HIDDEN_EXACT, name, s.zrams.v[i].used, 0);
	}
	vec_free(&s.zrams);
	return err;
}

/* Removed by rmdir, but something still refers to them: page cache, a swapped page, a socket. What
 * they hold is not told anywhere, each has at least its per-CPU counters. */
static int add_dying_cgroups(struct hidden *h, const struct task_list *procs)
{
	static const char *const places[] = {"sys/fs/cgroup/cgroup.stat",
					     "sys/fs/cgroup/unified/cgroup.stat"};
	static const char tag[] = "nr_dying_descendants";
	char text[4096];

	(void)procs;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ssize_t len = read_file_at(h->root_fd, places[i], text, sizeof(text));
		struct cursor all = {text, text + (len > 0 ? len : 0)}, line, word;
		uint64_t n;

		while (!cursor_line(&all, &line))
			if (!cursor_word(&line, &word) && cursor_is(word, tag) &&
			    !cursor_u64(&line, &n))
				return n ? put(h, HIDDEN_DYING_CGROUP, HIDDEN_ESTIMATE, "", 0, n)
					 : 0;
	}
	return 0;
}

static int add_ksm(struct hidden *h, const struct task_list *procs)
{
	uint64_t shared, sharing = 0;

	(void)procs;
	if (read_u64_at(h->root_fd, "sys/kernel/mm/ksm/pages_shared", &shared) || !shared)
		return 0;
	read_u64_at(h->root_fd, "sys/kernel/mm/ksm/pages_sharing", &sharing);
	return put(h, HIDDEN_KSM, HIDDEN_EXACT, "", shared * h->page_size, sharing);
}

static int add_sites(struct hidden *h, enum hidden_kind kind, const struct alloc_sites *sites)
{
	int err = 0;

	vec_for_each(s, sites)
		if (!err)
			err = put(h, kind, HIDDEN_EXACT, s->name, s->bytes, s->count);
	return err;
}

static int add_allocinfo(struct hidden *h, const struct task_list *procs)
{
	struct alloc_sites sites = {0};
	int err = allocinfo_read(h->root_fd, SITES_MAX, &sites);

	(void)procs;
	if (!err)
		err = add_sites(h, HIDDEN_ALLOC_SITE, &sites);
	vec_free(&sites);
	return err;
}

static int add_page_stacks(struct hidden *h, const struct task_list *procs)
{
	struct alloc_sites sites = {0};
	int err = page_stacks_read(h->root_fd, h->page_size, SITES_MAX, &sites);

	(void)procs;
	if (!err)
		err = add_sites(h, HIDDEN_PAGE_STACK, &sites);
	vec_free(&sites);
	return err;
}

/* Guesses of the kernel's own: reachable objects can be among them. */
static int add_kmemleak(struct hidden *h, const struct task_list *procs)
{
	struct alloc_sites sites = {0};
	int err = kmemleak_read(h->root_fd, &sites);

	(void)procs;
	vec_for_each(s, &sites)
		if (!err)
			err = put(h, HIDDEN_KMEMLEAK, HIDDEN_ESTIMATE, s->name, s->bytes, s->count);
	vec_free(&sites);
	return err;
}

/* "eth0"; of a device that is gone, or of another network namespace, its number. */
static int add_page_pools(struct hidden *h, const struct task_list *procs)
{
	struct page_pools pools = {0};
	int err = h->is_live ? page_pool_read(&pools) : 0;
	char name[IF_NAMESIZE + 16];

	(void)procs;
	vec_for_each(p, &pools) {
		if (!p->ifindex)
			snprintf(name, sizeof(name), "of a device that is gone");
		else if (!if_indextoname(p->ifindex, name))
			snprintf(name, sizeof(name), "interface %u", p->ifindex);
		if (!err)
			err = put(h, HIDDEN_PAGE_POOL, HIDDEN_EXACT, name, p->bytes, p->pages);
	}
	vec_free(&pools);
	return err;
}

int hidden_machine(struct hidden *h, const struct task_list *procs)
{
	/* What a reader cannot have, this machine has not: absent. */
	static int (*const readers[])(struct hidden *, const struct task_list *) = {
		add_vmalloc,	 add_sysv,	    add_tmpfs,	  add_hugetlb,
		add_zram,	 add_dying_cgroups, add_ksm,	  add_allocinfo,
		add_page_stacks, add_page_pools,    add_kmemleak,
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i](h, procs) == -ENOMEM)
			return -ENOMEM;
	return 0;
}
