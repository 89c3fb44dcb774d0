/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire contract between the BPF programs and user space: map values,
 * configuration and loss counters. Included by both sides; only fixed-width
 * types, every size asserted.
 */
#pragma once

#include "memtrace_gap.h"
#include "memtrace_types.h"

/*
 * Map `.rodata.cfg` of every object: what user space measured before loading.
 * The verifier sees these as constants and removes the branches not taken.
 */
struct mt_config {
	__u64 page_base;  /* address of struct page 0; 0: unknown, entries are found modulo */
	__u64 page_mask;  /* ~0 when page_base is known, else n_pages - 1 (a power of two) */
	__u64 n_pages;	  /* entries in the owner table */
	__u32 page_shift; /* log2(sizeof(struct page)) */
	__u32 async_rung; /* enum mt_async_rung */
	__u32 n_cpus;
	__u32 calibrate_tid; /* calibrate.bpf.c: whose allocations to note */
	__u32 stack_bytes;   /* copied with a sample, a power of two; 0: nothing is sampled */
	__u32 page_bytes;
	__u32 kernel_slots; /* samples of kernel pages, in slots of their own; 0: none */
	__u32 first_kernel_slot;
	__u32 heap_slots; /* of the nursery of --heap, a power of two */
	__u32 pad;
};

/* How interrupts are told from the process they interrupt, best first. */
enum mt_async_rung {
	MT_ASYNC_PREEMPT_COUNT, /* the CPU's preempt_count: exact */
	MT_ASYNC_FLAGS,		/* per-CPU flags kept by the irq and softirq tracepoints */
	MT_ASYNC_GFP,		/* allocation may not sleep: perhaps an interrupt */
};

/*
 * Owner table: map `page_owner`, one 4-byte entry a page frame, MT_CHUNK of
 * them a map value (one map lookup serves a block of any order: blocks are
 * aligned to their size, so none straddles a chunk).
 *
 *   31   30     28 27                       0
 *   [0] [ class   ] [ owner id, 0 = nobody   ]
 *   [1] [ class   ] [ slot of a sample       ]
 *
 * A sampled page is owned through its slot in `sample_slots`, which names the
 * owner and counts the sample's pages down as they are freed.
 */
#define MT_SAMPLED (1u << 31)
#define MT_CHUNK 1024u
#define MT_CHUNK_SHIFT 10
#define MT_CLASS_SHIFT 28
#define MT_OWNER_MASK ((1u << MT_CLASS_SHIFT) - 1)
#define MT_MAX_ORDER                                                                               \
	10 /* MAX_PAGE_ORDER; larger blocks (arm64 with 64 KiB pages) are counted as skipped */

/* Same order as enum page_class in user/model/tick.h. */
enum mt_class {
	MT_USER,
	MT_FILE,
	MT_KERNEL,
	MT_CLASSES,
};

struct mt_chunk {
	__u32 entry[MT_CHUNK];
};

enum mt_owner_id {
	MT_NOBODY,
	MT_ASYNC,    /* allocated in an interrupt */
	MT_OVERFLOW, /* no free owner id */
	MT_FIRST_OWNER,
};

enum mt_owner_flag {
	MT_OWNER_KTHREAD = 1 << 0,
	MT_OWNER_EXECED = 1 << 1,
	MT_OWNER_EXIT_RSS = 1 << 4, /* exit_rss is exact */
	MT_OWNER_TARGET = 1 << 5,   /* its user pages are sampled */
	MT_OWNER_HEIRS = 1 << 6,    /* who it forks is a target as well */
	/* Written by user space only: */
	MT_OWNER_GROUP = 1 << 2,  /* exited processes of one name; parent_tgid counts them */
	MT_OWNER_FOLDED = 1 << 3, /* its pages went to the group parent_tgid */
};

/*
 * Map `owners`, indexed by owner id, mapped by user space. live and taken lag
 * behind by what sits in the CPUs' mt_pending. A slot is free when tgid is 0.
 */
struct mt_owner {
	__u64 start_ns; /* task_struct.start_boottime of the group leader */
	__u64 exit_ns;	/* CLOCK_BOOTTIME; 0: alive */
	__u64 parent_start_ns;
	__u32 tgid;
	__u32 parent_tgid;
	__u32 flags;		 /* enum mt_owner_flag */
	__s32 exit_code;	 /* wait(2) status, valid when exit_ns is set */
	__s64 live[MT_CLASSES];	 /* pages */
	__u64 taken[MT_CLASSES]; /* pages */
	char comm[16];
	__u32 exit_rss[4]; /* pages at exit: file, anon, swap, shmem; valid with MT_OWNER_EXIT_RSS
			    */
	__u64 reserved;
};

struct mt_owner_key {
	__u64 start_ns;
	__u32 tgid;
	__u32 pad;
};

/*
 * Counts not yet added to `owners`: a CPU works mostly for one owner at a
 * time, so sums are kept here until the owner changes, which spares the hot
 * path its atomic operations. `alloc` is written by page_alloc only, `free` by
 * page_free only: a BPF program is not re-entered on its CPU, so neither needs
 * a lock. User space adds them to what it reads.
 */
struct mt_pending {
	__u32 owner;
	__u32 flushes; /* changes when moved to `owners`: lets a reader see that it raced */
	__u64 pages[MT_CLASSES];
};

/* Losses and oddities, each a running total of one CPU. */
enum mt_count {
	MT_C_ALLOCS, /* events seen */
	MT_C_FREES,
	MT_C_UNKNOWN_FREE, /* pages freed that no one owned: before attach, bulk-allocated, or moved
			    */
	MT_C_STALE, /* pages allocated that still had an owner: a free was missed, now healed */
	MT_C_NO_OWNER_ID,  /* owner table full: went to MT_OVERFLOW */
	MT_C_OUT_OF_RANGE, /* page beyond the owner table (hotplugged after start) */
	MT_C_BAD_ORDER,	   /* block larger than MT_MAX_ORDER */
	MT_C_ASYNC,	   /* pages given to the async bucket */
	MT_C_MAYBE_ASYNC,  /* pages given to current although it could have been an interrupt */
	MT_C_MOVED,	   /* pages seen to move, owned or not */
	MT_C_MIGRATED,	   /* pages whose owner was carried to their new place */
	MT_C_MIGRATE_LOST, /* pages seen moving whose owner could not be carried */
	MT_C_COLLAPSED,	   /* pages of huge pages given to their process after a collapse */
	MT_C_COLLAPSE_LOST,
	MT_C_CACHED, /* pages told to be page cache */
	MT_C_SAMPLED,
	MT_C_SAMPLE_NO_SLOT,   /* every slot holds live pages */
	MT_C_SAMPLE_RING_FULL, /* user space did not keep up */
	MT_C_KERNEL_SAMPLED,
	MT_C_KERNEL_NO_SLOT,  /* every slot for kernel pages holds live ones */
	MT_C_KERNEL_NO_STACK, /* no room for the stack, or none could be walked */
	_MT_COUNT_MAX,
};

/*
 * Who this CPU last worked for. A kernel stack names its thread for as long as
 * the thread lives, and our context is on it: while the stack is the same and no
 * thread has ended since, neither a helper call nor task_struct is needed. Else
 * tgid and start_ns spare the owner hash.
 */
struct mt_who {
	__u64 stack; /* kernel stack, as a number of MT_STACK_SHIFT; 0: none */
	__u64 exits; /* value of the map `exits` then */
	__u64 start_ns;
	__u32 tgid;
	__u32 owner;
	__u32 flags; /* of mt_owner, as they were then: user space counts `exits` up after it
			changed them */
	__u32 pad;
};

/* The smallest THREAD_SIZE of the 64-bit machines we run on, to which stacks are aligned (larger
 * ones, with KASAN or 64 KiB pages, are merely several numbers a thread). */
#define MT_STACK_SHIFT 14

/* Map `cpu_state`, one a CPU. */
struct mt_cpu {
	struct mt_who who;
	struct mt_pending alloc;
	struct mt_pending free;
	__u32 in_softirq, in_hardirq; /* kept by the async source's tracepoints */
	__u64 moved_to; /* page frame + 1 the thread moved_tid is migrating to; 0: none */
	__u32 moved_order, moved_tid;
	__u32 max_owner; /* highest owner id this CPU handed out */
	__u32 pad;
	__u64 here; /* scratch of page_alloc: its context's address */
	struct mt_gap user_gap, kernel_gap;
	__u64 sample_wake_ns; /* when user space was last woken to read */
	__u64 count[_MT_COUNT_MAX];
};

/* Map `sample_control`, one, mapped by user space. */
struct mt_sample_control {
	__u64 interval;	       /* bytes of targets' pages; 0: no samples now */
	__u64 kernel_interval; /* bytes of kernel pages; 0: no samples now */
};

/* Map `targets`: processes to be sampled before they have an owner. */
struct mt_target {
	__u64 start_ticks; /* 1/100 s since boot */
	__u32 flags;	   /* of mt_owner */
	__u32 pad;
};

/*
 * Map `sample_slots`, mapped by user space. A slot whose record was read and
 * whose live is 0 goes back to `free_slots` by user space. Those of kernel
 * pages come after them and go back to `free_kernel_slots` by who frees the
 * last page.
 */
struct mt_slot {
	__u32 owner;
	__s32 live;  /* pages of the sample still allocated */
	__u32 pages; /* pages of the sample, without those that became page cache */
	union {
		__u32 ended; /* of those freed: by a process that was ending */
		__u32 turn;  /* of kernel pages: how often it was taken */
	};
};

/*
 * Map `kernel_samples`, key: slot and turn (mt_kernel_key). A sample of kernel
 * pages that are not all free; whom it belongs to is told by the process
 * itself, as kernel pages outlive owner ids.
 */
struct mt_kernel_sample {
	__u64 time_ns;	/* CLOCK_BOOTTIME */
	__u64 start_ns; /* of the process, as in mt_owner; 0: taken by an interrupt */
	__u64 stack;	/* key of `kstacks`; 0: not kept */
	__u64 interval; /* in force for this sample */
	__u64 cgroup;	/* key of `cgroup_names`; 0: unknown */
	__u32 tgid;	/* 0: by an interrupt */
	__u32 pages;
	__u32 charged; /* 1: the pages are charged to that cgroup; 0: the process was in it */
	__u32 pad;
	char comm[16];
};

/*
 * Map `cgroup_names`: what cgroups are called, as they may be gone before user
 * space looks. User space takes them out. Key: the kernel's id of the cgroup.
 */
#define MT_CGROUPS 128
#define MT_CGROUP_DEPTH 12
#define MT_CGROUP_TEXT 512
#define MT_CGROUP_NAME_MAX 256
struct mt_cgroup {
	__u32 n;					 /* bytes of names */
	__u32 cut;					 /* 1: further parents found no room */
	char names[MT_CGROUP_TEXT + MT_CGROUP_NAME_MAX]; /* each with its NUL, innermost first */
};

static inline __u64 mt_kernel_key(__u32 slot, __u32 turn)
{
	return (__u64)turn << 32 | slot;
}

#define MT_STACK_MAX (64u << 10)
#define MT_REGS_MAX 34
/* Room for a whole read at the stack's last byte: what the verifier must assume. */
#define MT_STACK_SLACK 8192

/* Record of `sample_ring`, cut after stack_bytes. */
struct mt_sample {
	__u64 time_ns;	/* CLOCK_BOOTTIME */
	__u64 interval; /* in force for this sample */
	__u64 start_ns; /* of the process, as in mt_owner */
	__u32 tgid, tid;
	__u32 exec_id; /* changes when it executes another program */
	__u32 slot;
	__u32 pages;
	__u32 stack_bytes;	 /* from the stack pointer on */
	__u64 regs[MT_REGS_MAX]; /* struct pt_regs of user mode */
	__u8 stack[];
};

/* One record of the task iterator. Sizes in pages unless named otherwise. */
struct mt_task {
	__u64 start_ns;
	__u32 pid, ppid, uid, flags; /* flags: PF_* */
	__u32 n_threads;
	__u32 n_fds;
	__u32 known;  /* enum mt_task_known */
	__u32 state;  /* task state bits */
	__s64 rss[4]; /* file, anon, swap, shmem: the kernel's MM_* order */
	__u64 total_vm;
	__u64 heap_bytes;
	__u64 page_table_bytes;
	char comm[16];
};

enum mt_task_known {
	MT_TASK_MM = 1 << 0, /* has an address space: the memory fields hold */
	MT_TASK_FDS = 1 << 1,
	MT_TASK_RSS_APPROX = 1 << 2, /* per-CPU parts of the counters are missing */
};

/* Source "objects": one record of each of its iterators. */
struct mt_bpf_object {
	__u64 load_ns;	/* of a program: CLOCK_BOOTTIME */
	__u64 n_users;	/* of a map: descriptors and pins; programs that use it are not counted */
	__u32 id, type; /* type: of a map */
	__u32 uid;	/* of a program: who loaded it */
	__u32 n_pages;	/* of a program */
	__u32 key_bytes, value_bytes, max_entries; /* of a map */
	__u32 is_map;
	char name[16];
};

/* Source "oom": the last kills. */
#define MT_OOM_KILLS 64u      /* a power of two */
#define MT_PID_MAX (1u << 22) /* PID_MAX_LIMIT of 64-bit kernels */

struct mt_oom {
	__u64 time_ns;	  /* CLOCK_BOOTTIME */
	__u64 start_ns;	  /* of the victim's process; 0 unknown */
	__u32 tid, tgid;  /* tgid 0: only the tid is known, and neither start_ns nor comm */
	__u32 asker_tgid; /* who ran: its allocation started the OOM killer */
	__u32 pad;
	char comm[16], asker_comm[16];
};

/* Map `oom_log`; kill number i is at i modulo MT_OOM_KILLS. */
struct mt_oom_log {
	__u64 n; /* kills so far */
	struct mt_oom kill[MT_OOM_KILLS];
};

#define MT_MAX_CPUS 1024

/* Map `calibration` of calibrate.bpf.c. */
struct mt_calibration {
	__u64 page;	   /* struct page the watched thread allocated last, order 0 */
	__u64 percpu_base; /* offset of a map's per-CPU memory … */
	__u64 percpu_address[MT_MAX_CPUS]; /* … and where it really is, CPU by CPU */
};

#define MT_KSTACK_DEPTH 32

/* Value of the map `kstacks`: return addresses, innermost first, from our own event on. */
struct mt_kstack {
	__u64 ip[MT_KSTACK_DEPTH];
	__u32 n;	/* MT_KSTACK_DEPTH: perhaps cut */
	__u32 in_async; /* 1: known to be an interrupt's */
};

/* Map `slab_control`, one. */
struct mt_slab_control {
	__u64 interval; /* mean bytes between two samples; 0: every object */
	__u32 own_tgid; /* memtrace's: its samples keep no pace, as nobody else pays for them */
	__u32 pad;
};

/* Counters of sampled objects: one each for so many bytes of memory. Neighbours have neighbouring
 * ones, as what is freed together lies together: a hash would miss the cache each time. */
#define MT_SLAB_TAG_SHIFT 10
#define MT_SLAB_TAGS (1u << 18)

/* mt_object.cache of an object that is of a cache, but this kernel does not tell which. */
#define MT_SLAB_UNNAMED 1ULL

/* Map `slab_objects`: a sampled object that is not freed yet. Whom it belongs to is
 * told by the process itself, as objects outlive owner ids. */
struct mt_object {
	__u64 time_ns;	/* CLOCK_BOOTTIME */
	__u64 start_ns; /* of the process, as in mt_owner */
	__u64 stack;	/* key of `kstacks`; 0: not kept */
	__u64 cache;	/* struct kmem_cache; 0: kmalloc */
	__u64 interval; /* in force for this sample */
	__u64 cgroup;	/* of the process: key of `cgroup_names`; 0: unknown */
	__u32 tgid;
	__u32 size; /* bytes that it takes, not those asked for */
	__u32 gfp;
	__u32 pad;
	char comm[16];
};

/* Map `slab_names`. */
struct mt_slab_name {
	char name[32];
};

enum mt_slab_count {
	MT_SLAB_SAMPLED,
	MT_SLAB_FULL,	  /* no room in slab_objects */
	MT_SLAB_NO_STACK, /* no room in kstacks, or none could be walked */
	_MT_SLAB_COUNT_MAX,
};

/* Map `slab_cpu`, one a CPU. */
struct mt_slab_cpu {
	struct mt_gap gap;
	__u64 started; /* its first gap was drawn: an interval of 0 is that of every object */
	__u64 count[_MT_SLAB_COUNT_MAX];
};

/*
 * Source "vma": what targets do to their address spaces.
 */
enum mt_vma_kind {
	MT_VMA_MAP,   /* mmap: [addr, addr + len) is a new mapping */
	MT_VMA_UNMAP, /* munmap: [old_addr, old_addr + old_len) */
	MT_VMA_MOVE,  /* mremap: from old to new, which may be one place */
	MT_VMA_BRK,   /* from old_addr to addr */
	MT_VMA_FORK,  /* by a target: child_* */
	MT_VMA_EXEC,  /* another program, mm is its address space */
	MT_VMA_EXIT,  /* the last thread has ended */
};

enum mt_vma_flag {
	MT_VMA_HUGETLB = 1 << 0,   /* MAP_HUGETLB: rounded up to huge pages */
	MT_VMA_KEEP_OLD = 1 << 1,  /* MREMAP_DONTUNMAP: the old place stays mapped */
	MT_VMA_STACK = 1 << 2,	   /* at.regs and at.stack are there */
	MT_VMA_NOT_TAKEN = 1 << 3, /* not in the sample: its stack was not wanted */
};

/* Record of `vma_ring`: cut after at.stack_bytes of stack, without a stack before at.regs. */
struct mt_vma {
	__u64 enter_ns; /* CLOCK_BOOTTIME of the call; at.time_ns: when it returned */
	__u64 mm;	/* names the address space */
	__u64 addr, len;
	__u64 old_addr, old_len;
	__u64 child_start_ns, child_mm;
	__u32 child_tgid;
	__u32 kind;  /* enum mt_vma_kind */
	__u32 flags; /* enum mt_vma_flag */
	__u32 pad;
	char comm[16];
	struct mt_sample at;
};

/* Map `vma_control`, one, mapped by user space. */
struct mt_vma_control {
	__u64 interval; /* mean bytes of new mappings between two stacks; 0: each has its own */
	__u64 paused;	/* calls are not written down at all */
};

/* Map `vma_calls`: a call that has begun, by thread. */
struct mt_vma_call {
	__u64 enter_ns;
	__u64 addr; /* of brk: the end of the heap then */
	__u64 len, new_len, flags;
	__u32 kind; /* enum mt_vma_kind */
	__u32 pad;
};

enum mt_vma_count {
	MT_VMA_LOST,	 /* no room in the ring: what is mapped must be looked up */
	MT_VMA_NO_STACK, /* room for the call, and not for its stack */
	MT_VMA_MISSED,	 /* returned from a call whose begin was not seen */
	_MT_VMA_COUNT_MAX,
};

/* Map `vma_cpu`, one a CPU. */
struct mt_vma_cpu {
	struct mt_gap gap;
	__u64 wake_ns;
	__u64 count[_MT_VMA_COUNT_MAX];
};

static_assert(sizeof(struct mt_vma) == 96 + sizeof(struct mt_sample), "");
static_assert(sizeof(struct mt_vma_control) == 16, "");
static_assert(sizeof(struct mt_vma_call) == 48, "");
static_assert(sizeof(struct mt_vma_cpu) == 64, "");
static_assert(sizeof(struct mt_kstack) == 8 * MT_KSTACK_DEPTH + 8, "");
static_assert(sizeof(struct mt_object) == 80, "");
static_assert(sizeof(struct mt_slab_cpu) == 64, "");
static_assert(sizeof(struct mt_config) == 64, "");
static_assert(sizeof(struct mt_chunk) == 4096,
	      "a chunk is a page, so that the table can be mapped");
static_assert(sizeof(struct mt_owner) == 128, "two cache lines");
static_assert(sizeof(struct mt_pending) == 32, "");
static_assert(sizeof(struct mt_cpu) ==
		      40 + 2 * 32 + 8 + 16 + 8 + 8 + 2 * 32 + 8 + 8 * _MT_COUNT_MAX,
	      "");
static_assert(sizeof(struct mt_slot) == 16, "");
static_assert(sizeof(struct mt_kernel_sample) == 72, "");
static_assert(sizeof(struct mt_target) == 16, "");
static_assert(sizeof(struct mt_sample) == 48 + 8 * MT_REGS_MAX, "");
static_assert(sizeof(struct mt_oom) == 64, "");
static_assert(sizeof(struct mt_oom_log) == 8 + 64 * MT_OOM_KILLS, "");
static_assert(sizeof(struct mt_task) == 8 + 32 + 32 + 24 + 16, "");
