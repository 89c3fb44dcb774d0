/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/hidden.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/bpf_objects.h"
#include "collect/hidden_set.h"
#include "collect/kmemleak.h"
#include "model/machine.h"

/* A line that grew by more than this share of memory since the last look is worth another one. */
#define DUE_PERMILLE 10
#define DUE_MIN (32u << 20)
/* So many descriptors looked at are worth a word: 10 MiB. */
#define LOOKED_MIN 10000

static bool is_live_root(int root_fd)
{
	struct stat root, own;

	return !fstat(root_fd, &root) && !stat("/", &own) && root.st_dev == own.st_dev &&
	       root.st_ino == own.st_ino;
}

int hidden__new(int root_fd, uint64_t page_size, struct hidden **ret)
{
	struct hidden *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->root_fd = root_fd;
	h->page_size = page_size;
	h->is_live = is_live_root(root_fd);
	*ret = h;
	return 0;
}

void hidden__free(struct hidden *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n_networks; i++)
		close(h->networks[i]);
	hidden_set__free(&h->set);
	vec_free(&h->holders);
	hmap_free(&h->sockets);
	hmap_free(&h->seen);
	hmap_free(&h->known_networks);
	vec_free(&h->meminfo);
	bpf_objects__close(h->bpf);
	vec_free(&h->bpf_holders);
	hmap_free(&h->bpf_index);
	free(h);
}

int hidden__open_bpf(struct hidden *h, const struct tracer *tracer)
{
	return h->is_live ? bpf_objects__open(tracer, &h->bpf) : -ENOENT;
}

static int keep_meminfo(struct hidden *h, const struct tick *t)
{
	int err = vec_reserve(&h->meminfo, t->meminfo.n);

	if (err)
		return err;
	if (t->meminfo.n)
		memcpy(h->meminfo.v, t->meminfo.v, t->meminfo.n * sizeof(*t->meminfo.v));
	h->meminfo.n = t->meminfo.n;
	return 0;
}

static int give(const struct hidden *h, struct tick *t)
{
	int err = vec_reserve(&t->hidden, h->set.list.n);

	if (err)
		return err;
	if (h->set.list.n)
		memcpy(t->hidden.v, h->set.list.v, h->set.list.n * sizeof(*t->hidden.v));
	t->hidden.n = h->set.list.n;
	return 0;
}

/* The walk takes inodes and names of /proc, slab that is memtrace's own. The first look is before
 * meminfo is read, the others after it: slab caches are read on meminfo's side of the walk. */
static int look_around(struct hidden *h, const struct task_list *procs)
{
	bool is_first = !h->n_reads;

	if (!is_first && hidden_slabs(h) == -ENOMEM)
		return -ENOMEM;
	vec_for_each(p, procs)
		if (hidden_fds(h, p))
			return -ENOMEM;
	vec_for_each(p, procs)
		if (hidden_mapped(h, p))
			return -ENOMEM;
	if (hidden_bpf(h, procs) || hidden_sockets(h) || (is_first && hidden_slabs(h) == -ENOMEM))
		return -ENOMEM;
	return hidden_machine(h, procs);
}

int hidden__read(struct hidden *h, const struct task_list *procs, struct tick *t)
{
	struct hidden_sample look = {.kind = HIDDEN_LOOK};
	int err = hidden_networks(h, procs);

	h->n_fds = 0;
	hidden_set__clear(&h->set);
	h->holders.n = 0;
	hmap_clear(&h->sockets);
	hmap_clear(&h->seen);
	h->n_procs_denied = h->n_pipes_denied = h->n_unowned = 0;
	h->n_names_skipped = h->n_files_skipped = h->n_bpf_unsure = 0;
	h->n_files = h->n_cached = h->cached_sizes = 0;
	err = err ? err : look_around(h, procs);
	if (err)
		return err;
	hidden_set__fold(&h->set);
	look.count = h->n_fds;
	err = hidden_set__add(&h->set, &look);
	if (err)
		return err;
	h->n_reads++;
	h->is_fresh = true;
	return give(h, t);
}

int hidden__machine(struct hidden *h, struct tick *t)
{
	struct meminfo_line line = {.name = MACHINE_STACKS_APART, .bytes = 1, .is_count = true};
	int err = h->is_fresh ? keep_meminfo(h, t) : 0;

	h->is_fresh = false;
	if (err)
		return err;
	return h->stacks_apart ? vec_push(&t->machine, line) : 0;
}

static uint64_t value(const struct meminfo_line *v, size_t n, const char *name)
{
	uint64_t bytes = 0;

	meminfo_find(v, n, name, &bytes);
	return bytes;
}

/* What a growth that processes' own counters do not show comes from: all that is not free, theirs
 * or file cache. */
static uint64_t hidden_bytes(const struct meminfo_line *v, size_t n)
{
	uint64_t seen = value(v, n, "MemFree") + value(v, n, "AnonPages") + value(v, n, "Cached") -
			value(v, n, "Shmem") + value(v, n, "Buffers");

	return value(v, n, "MemTotal") - seen;
}

bool hidden__is_due(const struct hidden *h, const struct tick *t)
{
	uint64_t was, is, least = value(t->meminfo.v, t->meminfo.n, "MemTotal") / 1000;

	if (!h->n_reads || !h->meminfo.n || !t->meminfo.n)
		return false;
	was = hidden_bytes(h->meminfo.v, h->meminfo.n);
	is = hidden_bytes(t->meminfo.v, t->meminfo.n);
	least *= DUE_PERMILLE;
	return (int64_t)(is - was) > (int64_t)(least > DUE_MIN ? least : DUE_MIN);
}

void hidden__scan_kmemleak(struct hidden *h)
{
	h->scan_err = kmemleak_scan(h->root_fd);
}

int hidden__limits(const struct hidden *h, struct limits *l)
{
	const struct limit_count own[] = {
		{h->n_procs_denied, "descriptors_denied",
		 "processes whose descriptors could not be read without more rights: their rings, "
		 "pipes and sockets have no owner here"},
		{h->n_pipes_denied, "pipes_denied",
		 "pipes that could not be asked for what is in them"},
		{h->n_sockets_lost, "socket_answers_lost",
		 "families of sockets that the kernel did not tell all about"},
		{h->n_networks_skipped, "networks_skipped",
		 "network namespaces that could not be entered: what their sockets hold is not "
		 "known"},
		{h->n_names_skipped, "tmpfs_names_skipped",
		 "directories of filesystems in memory that were not looked through to their end: "
		 "their files count in their mount only"},
		{h->n_files_skipped, "cached_files_skipped",
		 "open or mapped files whose share of the page cache was not asked for: too many, "
		 "or too "
		 "large"},
		{h->n_bpf_unsure, "bpf_objects_unsure",
		 "BPF maps and programs that no process was seen to hold, while the descriptors of "
		 "some could not be read: whose they are is not known"},
		{h->n_fds >= LOOKED_MIN ? h->n_fds : 0, "descriptors_looked_at",
		 "descriptors in one look: the kernel keeps an inode and a name of /proc for each, "
		 "about 1 KiB of reclaimable slab that is memtrace's own"},
		{h->n_unowned, "sockets_unowned",
		 "sockets with memory whose descriptor no process has: the kernel's own, or of a "
		 "process that could not be read"},
	};
	int err;

	err = limits__set_counts(l, own, sizeof(own) / sizeof(own[0]));
	if (!err && h->scan_err)
		err = limits__set(
			l, "kmemleak_missing", 0,
			"a scan of the kernel's leak detector was asked for, and not had: "
			"%s",
			h->scan_err == -ENOENT ? "this kernel has none" : strerror(-h->scan_err));
	return err;
}
