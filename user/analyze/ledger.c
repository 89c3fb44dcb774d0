/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of /proc/meminfo may be added, and what lies in something else. Where a
 * rule comes from is given as the kernel's file and function (5.10 to 7.2).
 *
 *   MemTotal      pages that the page allocator was given (totalram_pages); struct page and what
 *                 memblock gave out at boot are not in it.
 *   MemFree       NR_FREE_PAGES. Pages on the CPUs' lists (mm/page_alloc.c, free_unref_page) are
 *                 neither here nor anywhere else: /proc/zoneinfo has them. CmaFree and Unaccepted
 *                 (__free_unaccepted) are part of it.
 *   Cached        NR_FILE_PAGES - swap cache - Buffers (fs/proc/meminfo.c, meminfo_proc_show), so
 *                 Buffers and SwapCached are beside it and Shmem is in it (mm/shmem.c,
 *                 shmem_add_to_page_cache counts both). Huge pages of hugetlbfs are not
 *                 (mm/filemap.c, __filemap_add_folio), those of tmpfs are.
 *   Active, Inactive, Unevictable, Mlocked, Mapped, Dirty, Writeback, *HugePages, *PmdMapped
 *                 the same pages again, by another property.
 *   AnonPages     NR_ANON_MAPPED, huge ones included. A page of the swap cache that is mapped is
 *                 in AnonPages and in SwapCached; the LRU lists have each page once, so what they
 *                 hold beyond AnonPages and Shmem is the swap cache's own. With memory locked by
 *                 mlock, whose pages are on no such list, this is too little, never too much.
 *   Slab          SReclaimable + SUnreclaim; kmalloc of more than two pages included since 5.3
 *                 (mm/slab_common.c, kmalloc_order). Pages, whether objects fill them or not.
 *   KReclaimable  SReclaimable + NR_KERNEL_MISC_RECLAIMABLE (4.20).
 *   KernelStack   with VMAP_STACK (all distributions) allocated by vmalloc: part of VmallocUsed
 *                 (kernel/fork.c, alloc_thread_stack_node); else pages of its own.
 *   VmallocUsed   nr_vmalloc_pages (5.3; 0 before): pages vmalloc took, not mappings of others
 *                 (vmap, ioremap), and not per-CPU chunks, which have an area but take their pages
 *                 themselves (mm/percpu-vm.c).
 *   Percpu        pages times CPUs (mm/percpu.c, pcpu_nr_pages). The chunk made at boot is counted
 *                 though it is not in MemTotal: too much by that, the same at every moment.
 *   PageTables, SecPageTables (6.1), Bounce, WritebackTmp, HardwareCorrupted
 *                 pages of their own. NFS_Unstable is page cache.
 *   Hugetlb       all sizes, in use or not (4.20); before, HugePages_Total of the default size.
 *   Zswap         what zswap's pool takes (5.19). nr_zspages of /proc/vmstat has zram's pages, and
 *                 zswap's if its allocator is zsmalloc (the only one from 6.15 on).
 *   Balloon       (6.16) in MemTotal or taken off it, as the driver likes
 *                 (adjust_managed_page_count): counted as far as there is room.
 *   GPUActive, GPUReclaim (7.0)  pages of TTM, in use and kept for later.
 *   ShadowCallStack  arm64: taken by vmalloc.
 *   CmaTotal      of MemTotal; its used pages are in other lines, or a driver's: in the rest.
 *
 * What no counter names is the rest. Rings and pipes in it can be asked for;
 * they are cut to what the rest holds, the exact ones first.
 */
#include "analyze/ledger.h"

#include <errno.h>
#include <string.h>

#include "analyze/report_math.h"
#include "base/minmax.h"
#include "model/machine.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Below this a share of the change is noise. */
#define SHARE_MIN_BYTES (4u << 20)

static const char *const classified[] = {
	"MemTotal",
	"MemFree",
	"MemAvailable",
	"Buffers",
	"Cached",
	"SwapCached",
	"Active",
	"Inactive",
	"Active(anon)",
	"Inactive(anon)",
	"Active(file)",
	"Inactive(file)",
	"Unevictable",
	"Mlocked",
	"HighTotal",
	"HighFree",
	"LowTotal",
	"LowFree",
	"MmapCopy",
	"SwapTotal",
	"SwapFree",
	"Zswap",
	"Zswapped",
	"Dirty",
	"Writeback",
	"AnonPages",
	"Mapped",
	"Shmem",
	"KReclaimable",
	"Slab",
	"SReclaimable",
	"SUnreclaim",
	"KernelStack",
	"ShadowCallStack",
	"PageTables",
	"SecPageTables",
	"NFS_Unstable",
	"Bounce",
	"WritebackTmp",
	"CommitLimit",
	"Committed_AS",
	"VmallocTotal",
	"VmallocUsed",
	"VmallocChunk",
	"Percpu",
	"EarlyMemtestBad",
	"HardwareCorrupted",
	"AnonHugePages",
	"ShmemHugePages",
	"ShmemPmdMapped",
	"FileHugePages",
	"FilePmdMapped",
	"CmaTotal",
	"CmaFree",
	"Unaccepted",
	"Balloon",
	"GPUActive",
	"GPUReclaim",
	"HugePages_Total",
	"HugePages_Free",
	"HugePages_Rsvd",
	"HugePages_Surp",
	"Hugepagesize",
	"Hugetlb",
	"DirectMap4k",
	"DirectMap2M",
	"DirectMap4M",
	"DirectMap1G",
	"Quicklists",
};

bool meminfo_is_classified(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(classified); i++)
		if (!strcmp(classified[i], name))
			return true;
	return false;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static bool find(const struct meminfo_line *v, size_t n, const char *name, uint64_t *ret)
{
	return !meminfo_find(v, n, name, ret);
}

/* 0 where the kernel has no such line. */
static uint64_t value(const struct ledger_input *in, const char *name)
{
	uint64_t bytes = 0;

	find(in->meminfo, in->n_meminfo, name, &bytes);
	return bytes;
}

static uint64_t machine(const struct ledger_input *in, const char *name)
{
	uint64_t bytes = 0;

	find(in->machine, in->n_machine, name, &bytes);
	return bytes;
}

/* Lines that are a line of meminfo, or of what we read beside it. */
static const struct {
	enum ledger_line line;
	const char *name;
	bool is_machine;
} plain[] = {
	{LEDGER_FREE, "MemFree", false},
	{LEDGER_FREE_PCP, MACHINE_FREE_PCP, true},
	{LEDGER_BUFFERS, "Buffers", false},
	{LEDGER_SLAB_RECLAIMABLE, "SReclaimable", false},
	{LEDGER_ANON, "AnonPages", false},
	{LEDGER_SHMEM, "Shmem", false},
	{LEDGER_SLAB_UNRECLAIMABLE, "SUnreclaim", false},
	{LEDGER_PAGE_TABLES, "PageTables", false},
	{LEDGER_SECONDARY_PAGE_TABLES, "SecPageTables", false},
	{LEDGER_KERNEL_STACKS, "KernelStack", false},
	{LEDGER_PERCPU, "Percpu", false},
	{LEDGER_ZSWAP, "Zswap", false},
	{LEDGER_BOUNCE, "Bounce", false},
	{LEDGER_WRITEBACK_TEMP, "WritebackTmp", false},
	{LEDGER_POISONED, "HardwareCorrupted", false},
};

static void set(struct ledger *l, enum ledger_line line, uint64_t bytes)
{
	l->line[line] = bytes;
	l->known |= 1ull << line;
}

static void add_plain(const struct ledger_input *in, struct ledger *l)
{
	for (size_t i = 0; i < N_ELEMS(plain); i++) {
		uint64_t bytes;

		if (plain[i].is_machine ? find(in->machine, in->n_machine, plain[i].name, &bytes)
					: find(in->meminfo, in->n_meminfo, plain[i].name, &bytes))
			set(l, plain[i].line, bytes);
	}
}

static void add_cache(const struct ledger_input *in, struct ledger *l)
{
	uint64_t bytes, swap_cached;

	if (find(in->meminfo, in->n_meminfo, "Cached", &bytes))
		set(l, LEDGER_PAGE_CACHE, less(bytes, value(in, "Shmem")));
	if (find(in->meminfo, in->n_meminfo, "SwapCached", &swap_cached)) {
		bytes = add_sat_u64(value(in, "Active(anon)"), value(in, "Inactive(anon)"));
		bytes = less(bytes, add_sat_u64(value(in, "AnonPages"), value(in, "Shmem")));
		set(l, LEDGER_SWAP_CACHE, min_u64(bytes, swap_cached));
	}
}

static void add_kernel(const struct ledger_input *in, struct ledger *l)
{
	uint64_t bytes;

	if (find(in->meminfo, in->n_meminfo, "KReclaimable", &bytes))
		set(l, LEDGER_KERNEL_RECLAIMABLE, less(bytes, value(in, "SReclaimable")));
	if (find(in->meminfo, in->n_meminfo, "VmallocUsed", &bytes))
		set(l, LEDGER_VMALLOC,
		    machine(in, MACHINE_STACKS_APART) ? bytes
						      : less(bytes, value(in, "KernelStack")));
	if (find(in->meminfo, in->n_meminfo, "GPUActive", &bytes))
		set(l, LEDGER_GPU, add_sat_u64(bytes, value(in, "GPUReclaim")));
	if (find(in->machine, in->n_machine, MACHINE_ZSMALLOC, &bytes))
		set(l, LEDGER_ZSMALLOC,
		    machine(in, MACHINE_ZSWAP_APART) ? bytes : less(bytes, value(in, "Zswap")));
}

static void add_hugetlb(const struct ledger_input *in, struct ledger *l)
{
	uint64_t bytes, n;

	if (find(in->meminfo, in->n_meminfo, "Hugetlb", &bytes))
		set(l, LEDGER_HUGETLB, bytes);
	else if (find(in->meminfo, in->n_meminfo, "HugePages_Total", &n) &&
		 !__builtin_mul_overflow(n, value(in, "Hugepagesize"), &bytes))
		set(l, LEDGER_HUGETLB, bytes);
}

uint64_t hidden_sum(const struct hidden_sample *v, size_t n, enum hidden_kind kind)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].kind == kind)
			sum = add_sat_u64(sum, v[i].bytes);
	return sum;
}

/* Of the rest, what can be asked for: in this order, as far as it has room. */
static void add_hidden(const struct ledger_input *in, struct ledger *l, uint64_t *rest)
{
	static const enum hidden_kind kinds[] = {
		HIDDEN_PACKET_RING, HIDDEN_IO_URING, HIDDEN_PERF_RING, HIDDEN_BPF_RING,
		HIDDEN_PAGE_POOL,   HIDDEN_PIPE,     HIDDEN_ARC,
	};

	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		uint64_t bytes = hidden_sum(in->hidden, in->n_hidden, kinds[i]);

		if (kinds[i] == HIDDEN_ARC)
			bytes = machine(in, MACHINE_ARC);
		bytes = min_u64(bytes, *rest);
		*rest -= bytes;
		if (in->n_hidden || bytes)
			set(l, hidden_kinds[kinds[i]].line, bytes);
	}
}

/* Where counters overlap after all: first taken off those that can hold what is elsewhere. */
static void close_overlap(struct ledger *l, uint64_t too_much)
{
	static const enum ledger_line yields[] = {LEDGER_PERCPU, LEDGER_VMALLOC, LEDGER_SWAP_CACHE};

	l->overlap = too_much;
	for (size_t i = 0; i < N_ELEMS(yields); i++) {
		uint64_t off = min_u64(l->line[yields[i]], too_much);

		l->line[yields[i]] -= off;
		too_much -= off;
	}
	for (int i = _LEDGER_LINE_MAX - 1; i >= 0 && too_much; i--) {
		uint64_t off = min_u64(l->line[i], too_much);

		l->line[i] -= off;
		too_much -= off;
	}
}

int ledger_make(const struct ledger_input *in, struct ledger *ret)
{
	struct ledger l = {0};
	uint64_t sum = 0, rest, balloon;

	if (!find(in->meminfo, in->n_meminfo, "MemTotal", &l.total) ||
	    !find(in->meminfo, in->n_meminfo, "MemFree", &rest))
		return -ENOENT;
	add_plain(in, &l);
	add_cache(in, &l);
	add_kernel(in, &l);
	add_hugetlb(in, &l);
	for (int i = 0; i < _LEDGER_LINE_MAX; i++)
		sum = add_sat_u64(sum, l.line[i]);
	rest = less(l.total, sum);
	if (find(in->meminfo, in->n_meminfo, "Balloon", &balloon)) {
		set(&l, LEDGER_BALLOON, min_u64(balloon, rest));
		rest -= l.line[LEDGER_BALLOON];
	}
	add_hidden(in, &l, &rest);
	set(&l, LEDGER_UNNAMED, rest);
	/* A sum that stopped at the end of its range is of a damaged file: nothing left of it. */
	if (sum == UINT64_MAX) {
		memset(l.line, 0, sizeof(l.line));
		set(&l, LEDGER_UNNAMED, l.total);
		l.overlap = UINT64_MAX;
	} else if (sum > l.total) {
		close_overlap(&l, sum - l.total);
	}
	*ret = l;
	return 0;
}

uint64_t ledger_claim(const struct ledger *start, struct ledger *end, enum ledger_line line,
		      uint64_t bytes)
{
	uint64_t grown = less(end->line[LEDGER_UNNAMED], start->line[LEDGER_UNNAMED]);
	uint64_t moved = min_u64(bytes, grown);

	end->line[LEDGER_UNNAMED] -= moved;
	end->line[line] += moved;
	end->known |= 1ull << line;
	return moved;
}

uint64_t ledger_named_growth(const struct ledger *start, const struct ledger *end)
{
	static const enum ledger_line kernel[] = {
		LEDGER_SLAB_RECLAIMABLE,
		LEDGER_KERNEL_RECLAIMABLE,
		LEDGER_SLAB_UNRECLAIMABLE,
		LEDGER_PAGE_TABLES,
		LEDGER_KERNEL_STACKS,
		LEDGER_VMALLOC,
		LEDGER_PERCPU,
		LEDGER_PACKET_RINGS,
		LEDGER_IO_URING,
		LEDGER_PAGE_POOLS,
		LEDGER_BPF_RINGS,
		LEDGER_PERF_RINGS,
		LEDGER_PIPES,
		LEDGER_SOCKETS,
		LEDGER_ZSMALLOC,
		LEDGER_ZSWAP,
		LEDGER_SECONDARY_PAGE_TABLES,
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < N_ELEMS(kernel); i++)
		sum = add_sat_u64(sum, less(end->line[kernel[i]], start->line[kernel[i]]));
	return sum;
}

/* Change of a meminfo line; 0 where it is not known at both ends. */
static int64_t change(const struct ledger_input *a, const struct ledger_input *b, const char *name)
{
	uint64_t from, to;

	if (!find(a->meminfo, a->n_meminfo, name, &from) ||
	    !find(b->meminfo, b->n_meminfo, name, &to))
		return 0;
	return (int64_t)(to - from);
}

/* What the lines say could be had, less what the kernel says: mm/page_alloc.c, si_mem_available()
 * leaves out cache that is locked, what the watermarks need, and pages that wait in a CPU's batch
 * to be put on the lists of file pages. */
static int64_t not_available(const struct ledger *start, const struct ledger *end,
			     int64_t available)
{
	int64_t lines = 0, gap;

	for (int i = 0; i < _LEDGER_LINE_MAX; i++)
		if (ledger_lines[i].is_available)
			lines = add_sat(lines, (int64_t)(end->line[i] - start->line[i]));
	return __builtin_sub_overflow(lines, available, &gap) ? 0 : gap;
}

/* Growth of all that cannot be had without swapping; the CPUs' own lists are as good as free. */
static uint64_t taken(const struct ledger *start, const struct ledger *end)
{
	uint64_t sum = 0;

	for (int i = 0; i < _LEDGER_LINE_MAX; i++)
		if (!ledger_lines[i].is_available && i != LEDGER_FREE_PCP)
			sum = add_sat_u64(sum, less(end->line[i], start->line[i]));
	return sum;
}

void ledger_total(const struct ledger_input *in_start, const struct ledger *start,
		  const struct ledger_input *in_end, const struct ledger *end,
		  struct ledger_total *ret)
{
	uint64_t unnamed = less(end->line[LEDGER_UNNAMED], start->line[LEDGER_UNNAMED]), bytes;
	struct ledger_total t = {
		.available = change(in_start, in_end, "MemAvailable"),
		.free = change(in_start, in_end, "MemFree"),
		.unnamed = (int64_t)(end->line[LEDGER_UNNAMED] - start->line[LEDGER_UNNAMED]),
		.taken = taken(start, end),
	};

	t.known = find(in_start->meminfo, in_start->n_meminfo, "MemAvailable", &bytes) &&
		  find(in_end->meminfo, in_end->n_meminfo, "MemAvailable", &bytes);
	if (t.known)
		t.locked = not_available(start, end, t.available);
	if (t.locked > 0)
		t.taken = add_sat_u64(t.taken, (uint64_t)t.locked);
	/* Of what was taken, not of the net change: what others gave back meanwhile would make a
	 * small rest of a large loss look like all of it. */
	t.permille_known = t.taken >= SHARE_MIN_BYTES;
	if (t.permille_known)
		t.explained_permille =
			1000 - (uint32_t)(1000.0 * (double)unnamed / (double)t.taken);
	*ret = t;
}
