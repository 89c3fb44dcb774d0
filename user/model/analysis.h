/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --analyze looks at beside every process's counters: rows of the first
 * and the last tick, each a table of the session file. Names are raw: sinks
 * make them safe. Sizes are bytes.
 */
#pragma once

#include "model/process.h"
#include "model/shared.h"

/* Parts are read, or fail to be, each for itself. */
enum analysis_part {
	PART_ZOMBIES,  /* struct zombie, struct zombie_parent */
	PART_FDS,      /* struct fd_sample, struct fd_group: of those chosen */
	PART_SYSV,     /* struct sysv_segment */
	PART_TMPFS,    /* struct tmpfs_mount */
	PART_SHM,      /* struct shm_file, struct shm_holder */
	PART_MAPPINGS, /* struct mapping_sample: of those chosen */
	_ANALYSIS_PART_MAX,
};

/* "zombies" "fds" "sysv" "tmpfs" "shm" "mappings" */
extern const char *const analysis_part_names[_ANALYSIS_PART_MAX];

/* One a part that was looked at, also when nothing was found. */
struct analysis_note {
	enum analysis_part part;
	uint32_t error;	    /* errno: all of it could not be read; 0 fine */
	uint64_t n_skipped; /* processes or entries left out: no rights, no time, gone meanwhile */
};

/* --- zombies --- */

struct zombie {
	struct proc_id id;
	uint32_t ppid, uid;
	char comm[COMM_SIZE];
	bool since_exact;  /* false: it was one already when it was first seen */
	uint64_t since_ns; /* CLOCK_REALTIME of its end, or of that first sight */
};

/* What a parent does about the end of its children (SIGCHLD). */
enum sigchld {
	SIGCHLD_UNKNOWN,
	SIGCHLD_DEFAULT, /* no handler: it has to ask by itself */
	SIGCHLD_HANDLED,
	SIGCHLD_IGNORED, /* children are reaped by the kernel, but not those from before */
	SIGCHLD_BLOCKED, /* pending until it is unblocked */
	_SIGCHLD_MAX,
};

/* Who should have waited for them, and what it is doing instead. */
struct zombie_parent {
	struct proc_id id;
	uint32_t n_zombies;
	char comm[COMM_SIZE];
	char state;	  /* R S D T …; 0 unknown */
	char wchan[64];	  /* kernel function it sleeps in; "" unknown or awake */
	char syscall[32]; /* "epoll_wait", "syscall 511"; "" unknown or none */
	enum sigchld sigchld;
};

/* --- open files --- */

struct fd_sample {
	struct proc_id id;
	char comm[COMM_SIZE];
	bool limit_known;
	uint64_t limit; /* its own, soft; UINT64_MAX: none */
	uint64_t count[_FD_KIND_MAX];
	uint64_t n_deleted;	/* files without a name left */
	uint64_t deleted_bytes; /* what these take, as far as it could be told */
};

/* Open files of one process that are alike. */
struct fd_group {
	struct proc_id id;
	enum fd_kind kind;
	char what[192]; /* "/var/log/x", "/var/spool/q/…", "TCP CLOSE_WAIT to 10.0.0.1:5432" */
	uint64_t count;
	bool fresh_known;
	uint64_t fresh; /* of these, opened since a look earlier in the run */
};

/* --- shared memory beside System V --- */

enum shm_kind {
	SHM_POSIX,   /* a file in /dev/shm */
	SHM_MEMFD,   /* memfd_create(2) */
	SHM_TMPFS,   /* a file of another tmpfs that has lost its name */
	SHM_ANON,    /* mmap(MAP_SHARED|MAP_ANONYMOUS) */
	SHM_SEGMENT, /* a System V segment: inode is its id; told for its holders' sake */
	_SHM_KIND_MAX,
};

/* "posix" "memfd" "tmpfs" "anonymous" "sysv" */
extern const char *const shm_kind_names[_SHM_KIND_MAX];

struct shm_file {
	uint64_t dev, inode; /* which file; dev as makedev() packs it */
	enum shm_kind kind;
	char name[192];
	bool is_deleted; /* lives as long as it is held */
	bool size_known;
	uint64_t size; /* of the file; not known: the largest mapping of it that was seen */
	uint64_t allocated;
	uint32_t n_holders; /* processes that have it open or mapped, as far as was looked */
};

struct shm_holder {
	uint64_t dev, inode;
	struct proc_id id;
	char comm[COMM_SIZE];
	uint32_t n_fds;
	bool is_mapped; /* seen in its mappings; false: not, or they were not looked at */
};

/* --- mappings --- */

enum mapping_class {
	MAPPING_HEAP,	/* brk */
	MAPPING_STACK,	/* the first thread's; other threads' are anonymous */
	MAPPING_ANON,	/* malloc's big blocks and arenas, thread stacks, private data */
	MAPPING_FILE,	/* programs, libraries, mapped files */
	MAPPING_SHM,	/* shared memory: memfd, /dev/shm, System V, shared anonymous */
	MAPPING_DEVICE, /* memory of a device or driver */
	MAPPING_OTHER,	/* vdso and the like */
	_MAPPING_CLASS_MAX,
};

/* "heap" "stack" "anonymous" "file" "shared memory" "device" "other" */
extern const char *const mapping_class_names[_MAPPING_CLASS_MAX];

/* The mappings of one class of a process, added up. */
struct mapping_sample {
	struct proc_id id;
	enum mapping_class class;
	uint32_t n; /* mappings */
	uint64_t size, rss, pss;
	uint64_t private_clean, private_dirty, shared_clean, shared_dirty;
	uint64_t swap, swap_pss;
	uint64_t huge;	  /* in transparent huge pages */
	uint64_t largest; /* resident and swapped of the largest one of them … */
	char name[128];	  /* … and what is mapped there; "" nothing with a name */
};

struct analysis {
	VEC(struct analysis_note) notes;
	VEC(struct zombie) zombies;
	VEC(struct zombie_parent) parents;
	VEC(struct fd_sample) fds;
	VEC(struct fd_group) fd_groups;
	struct sysv_list sysv;
	struct tmpfs_list tmpfs;
	VEC(struct shm_file) shm;
	VEC(struct shm_holder) holders;
	VEC(struct mapping_sample) mappings;
};

void analysis__clear(struct analysis *a); /* keeps the allocations */
void analysis__free(struct analysis *a);
/* Replaces what `to` has by copies. 0, or -ENOMEM: `to` is then empty. */
int analysis__copy(struct analysis *to, const struct analysis *from);
/* The first and the last look of a run. */
struct analysis_span {
	bool known;		     /* looked at least once */
	struct analysis first, last; /* the same while it looked once only */
	uint64_t first_ns, last_ns;  /* CLOCK_BOOTTIME */
};

/* Takes a copy, unless nothing was looked at. 0 or -ENOMEM. */
int analysis_span__add(struct analysis_span *s, const struct analysis *a, uint64_t mono_ns);
void analysis_span__free(struct analysis_span *s);
/* NULL: that part was not looked at. */
const struct analysis_note *analysis__note(const struct analysis *a, enum analysis_part part);
