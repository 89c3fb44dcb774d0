/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/ledger.h"

#include <string.h>

const struct ledger_line_def ledger_lines[] = {
	[LEDGER_FREE] = {"free", "free", "/proc/meminfo MemFree", true, false},
	[LEDGER_FREE_PCP] = {"free_pcp", "free, kept by CPUs", "/proc/zoneinfo pagesets", false,
			     false},
	[LEDGER_PAGE_CACHE] = {"page_cache", "page cache", "/proc/meminfo Cached - Shmem", true,
			       false},
	[LEDGER_BUFFERS] = {"buffers", "block device cache", "/proc/meminfo Buffers", true, false},
	[LEDGER_SLAB_RECLAIMABLE] = {"slab_reclaimable", "slab, reclaimable",
				     "/proc/meminfo SReclaimable", true, false},
	[LEDGER_KERNEL_RECLAIMABLE] = {"kernel_reclaimable", "kernel pools, reclaimable",
				       "/proc/meminfo KReclaimable - SReclaimable", true, false},
	[LEDGER_ANON] = {"anon", "anonymous", "/proc/meminfo AnonPages", false, false},
	[LEDGER_SHMEM] = {"shmem", "shared memory, tmpfs", "/proc/meminfo Shmem", false, false},
	[LEDGER_SWAP_CACHE] = {"swap_cache", "swap cache, not mapped",
			       "/proc/meminfo SwapCached, Active(anon), Inactive(anon)", false,
			       false},
	[LEDGER_HUGETLB] = {"hugetlb", "huge page pools", "/proc/meminfo Hugetlb", false, false},
	[LEDGER_SLAB_UNRECLAIMABLE] = {"slab_unreclaimable", "slab, unreclaimable",
				       "/proc/meminfo SUnreclaim", false, false},
	[LEDGER_PAGE_TABLES] = {"page_tables", "page tables", "/proc/meminfo PageTables", false,
				false},
	[LEDGER_SECONDARY_PAGE_TABLES] = {"secondary_page_tables", "page tables of guests, IOMMU",
					  "/proc/meminfo SecPageTables", false, false},
	[LEDGER_KERNEL_STACKS] = {"kernel_stacks", "kernel stacks", "/proc/meminfo KernelStack",
				  false, false},
	[LEDGER_VMALLOC] = {"vmalloc", "vmalloc, without stacks",
			    "/proc/meminfo VmallocUsed - KernelStack", false, false},
	[LEDGER_PERCPU] = {"percpu", "per-CPU data", "/proc/meminfo Percpu", false, false},
	[LEDGER_ZSWAP] = {"zswap", "zswap", "/proc/meminfo Zswap", false, false},
	[LEDGER_ZSMALLOC] = {"zsmalloc", "zram", "/proc/vmstat nr_zspages, without what is zswap's",
			     false, false},
	[LEDGER_BALLOON] = {"balloon", "balloon (given to the host)", "/proc/meminfo Balloon",
			    false, false},
	[LEDGER_GPU] = {"gpu", "GPU pages", "/proc/meminfo GPUActive + GPUReclaim", false, false},
	[LEDGER_BOUNCE] = {"bounce", "bounce buffers", "/proc/meminfo Bounce", false, false},
	[LEDGER_WRITEBACK_TEMP] = {"writeback_temp", "FUSE writeback", "/proc/meminfo WritebackTmp",
				   false, false},
	[LEDGER_POISONED] = {"hardware_corrupted", "broken memory",
			     "/proc/meminfo HardwareCorrupted", false, false},
	[LEDGER_PACKET_RINGS] = {"packet_rings", "packet rings", "sock_diag: packet sockets", false,
				 false},
	[LEDGER_IO_URING] = {"io_uring", "io_uring rings", "/proc/PID/maps: anon_inode:[io_uring]",
			     false, false},
	[LEDGER_PERF_RINGS] = {"perf_rings", "perf rings",
			       "/proc/PID/maps: anon_inode:[perf_event]", false, false},
	[LEDGER_BPF_RINGS] = {"bpf_rings", "BPF ring buffers", "/proc/PID/fdinfo of BPF maps",
			      false, false},
	[LEDGER_PIPES] = {"pipes", "pipe buffers", "pipes of all processes: FIONREAD", false,
			  false},
	[LEDGER_PAGE_POOLS] = {"page_pools", "network page pools", "netdev netlink: inflight-mem",
			       false, false},
	[LEDGER_ARC] = {"zfs_arc", "ZFS ARC", "/proc/spl/kstat/zfs/arcstats", false, false},
	[LEDGER_SOCKETS] = {"socket_buffers", "socket buffers, new",
			    "sock_diag: growth beyond that of slab", false, true},
	[LEDGER_KERNEL_PAGES] = {"kernel_pages", "kernel pages, new, owned",
				 "owner table: beyond what the lines above grew by", false, true},
	[LEDGER_UNNAMED] = {"unnamed", "kernel pages nobody names", "MemTotal - all lines above",
			    false, false},
};
_Static_assert(sizeof(ledger_lines) / sizeof(ledger_lines[0]) == _LEDGER_LINE_MAX, "a line each");
_Static_assert(_LEDGER_LINE_MAX <= 64, "bits of struct ledger");

int ledger_line_find(const char *word)
{
	for (int i = 0; i < _LEDGER_LINE_MAX; i++)
		if (!strcmp(ledger_lines[i].word, word))
			return i;
	return -1;
}
