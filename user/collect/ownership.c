/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/pages_table.h"
#include "collect/pid.h"

#define NS_PER_S 1000000000ull
#define MAPS_MAX (64u << 20)

/* Entries of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst (ABI). */
#define PAGEMAP_PFN ((1ULL << 55) - 1)
#define PAGEMAP_FILE (1ULL << 61) /* of a file or shared */
#define PAGEMAP_PRESENT (1ULL << 63)

/* Address space looked through: 64 GiB of mappings with 4 KiB pages, some 50 ms.
 * Runtimes that reserve terabytes are left out. */
#define MAX_PAGES (16u << 20)

#define ANCESTORS_MAX 16

struct ownership {
	struct pages *pages; /* not owned */
	int root_fd;	     /* not owned */
	int pagemap;
	struct proc_id id;
	uint32_t self; /* owner id; 0: it took nothing yet */
	uint32_t ancestor[ANCESTORS_MAX];
	uint32_t n_ancestors;
};

int maps_next(struct cursor *text, uint64_t *ret_start, uint64_t *ret_end)
{
	struct cursor line;
	uint64_t start, end;

	while (cursor_line(text, &line) == 0) {
		if (cursor_hex_until(&line, '-', &start) || cursor_hex_until(&line, ' ', &end) ||
		    end <= start)
			continue;
		*ret_start = start;
		*ret_end = end;
		return 0;
	}
	return -ENODATA;
}

int ownership__open(struct pages *pages, int root_fd, struct proc_id id, struct ownership **ret)
{
	_cleanup_close_ int fd = -1;
	struct pid_stat stat;
	struct ownership *o;
	char path[48];
	int err;

	if (!pages->tracer->machine.has_pfn)
		return -EPERM;
	snprintf(path, sizeof(path), "proc/%u/pagemap", id.pid);
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = pid_stat_read(root_fd, id.pid, &stat);
	if (err)
		return err;
	if (stat.start_ticks != id.start_ticks)
		return -ESRCH;
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->pages = pages;
	o->root_fd = root_fd;
	o->id = id;
	o->pagemap = TAKE_FD(fd);
	*ret = o;
	return 0;
}

void ownership__close(struct ownership *o)
{
	if (!o)
		return;
	close(o->pagemap);
	free(o);
}

static uint32_t owner_by_key(const struct pages *p, uint32_t tgid, uint64_t start_ns)
{
	struct mt_owner_key key = {.start_ns = start_ns, .tgid = tgid};
	uint32_t id;

	return bpf_map_lookup_elem(p->ids_fd, &key, &id) == 0 && id <= p->max_owner ? id : 0;
}

static uint32_t owner_by_id(const struct pages *p, struct proc_id want)
{
	for (uint32_t id = MT_FIRST_OWNER; id <= p->max_owner; id++)
		if (p->owners[id].tgid == want.pid &&
		    p->owners[id].start_ns / (NS_PER_S / p->ticks_per_s) == want.start_ticks)
			return id;
	return 0;
}

static void find_family(struct ownership *o)
{
	const struct pages *p = o->pages;
	uint32_t id = o->self = owner_by_id(p, o->id);

	o->n_ancestors = 0;
	while (id && o->n_ancestors < ANCESTORS_MAX) {
		id = owner_by_key(p, p->owners[id].parent_tgid, p->owners[id].parent_start_ns);
		if (id)
			o->ancestor[o->n_ancestors++] = id;
	}
}

static bool is_kin(const struct ownership *o, uint32_t id)
{
	const struct mt_owner *a = &o->pages->owners[id], *me = &o->pages->owners[o->self];

	for (uint32_t i = 0; i < o->n_ancestors; i++)
		if (o->ancestor[i] == id)
			return true;
	return o->self && a->tgid && a->parent_tgid == me->parent_tgid &&
	       a->parent_start_ns == me->parent_start_ns;
}

static void add_page(const struct ownership *o, const uint32_t *table, uint64_t entry,
		     struct ownership_sample *s)
{
	uint64_t pfn = entry & PAGEMAP_PFN, size = o->pages->page_size, *to = &s->other;
	uint32_t owner = 0;

	if (pfn < o->pages->tracer->machine.config.n_pages)
		owner = pages_entry_owner(o->pages, __atomic_load_n(&table[pfn], __ATOMIC_RELAXED));
	if (!owner || owner > o->pages->max_owner)
		to = &s->unowned;
	else if (owner == o->self)
		to = &s->own;
	else if (is_kin(o, owner))
		to = &s->kin;
	*to += size;
	s->present += size;
}

/* Returns entries read; fewer than asked at the end of the address space. */
static ssize_t add_range(const struct ownership *o, const uint32_t *table, uint64_t first,
			 uint64_t n, struct ownership_sample *s)
{
	uint64_t entry[1024], done = 0;

	while (done < n) {
		size_t want = n - done < 1024 ? n - done : 1024;
		ssize_t got = pread(o->pagemap, entry, want * 8, (first + done) * 8);

		if (got < 0)
			return -errno;
		for (ssize_t i = 0; i < got / 8; i++)
			if ((entry[i] & (PAGEMAP_PRESENT | PAGEMAP_FILE)) == PAGEMAP_PRESENT)
				add_page(o, table, entry[i], s);
		done += got / 8;
		if ((size_t)got < want * 8)
			break;
	}
	return done;
}

static int walk(const struct ownership *o, const uint32_t *table, struct cursor maps,
		struct ownership_sample *s)
{
	uint64_t start, end, size = o->pages->page_size, left = MAX_PAGES, seen = 0;

	while (maps_next(&maps, &start, &end) == 0) {
		uint64_t n = (end - start) / size;
		ssize_t done;

		if (start >> 63) /* vsyscall: not in the pagemap */
			continue;
		if (n > left)
			return -EFBIG;
		left -= n;
		done = add_range(o, table, start / size, n, s);
		if (done < 0)
			return done;
		seen += done;
	}
	return seen ? 0 : -ENODATA; /* the address space we opened is gone */
}

int ownership__read(struct ownership *o, struct ownership_sample *ret)
{
	size_t table_size = o->pages->tracer->machine.config.n_pages * sizeof(uint32_t), cap = 0;
	struct ownership_sample s = {.id = o->id};
	_cleanup_free_ char *maps = NULL;
	const uint32_t *table;
	char path[48];
	ssize_t n;
	int err;

	snprintf(path, sizeof(path), "proc/%u/maps", o->id.pid);
	n = read_file_grow(o->root_fd, path, &maps, &cap, MAPS_MAX);
	if (n < 0)
		return n == -ENOENT || n == -ESRCH ? -ENODATA : (int)n;
	/* Whole: the pages of a process are all over the memory. */
	table = mmap(NULL, table_size, PROT_READ, MAP_SHARED, o->pages->table_fd, 0);
	if (table == MAP_FAILED)
		return -errno;
	find_family(o);
	err = walk(o, table, (struct cursor){maps, maps + n}, &s);
	munmap((void *)table, table_size);
	if (!err)
		*ret = s;
	return err;
}
