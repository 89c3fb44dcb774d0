/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of collect/heap.c. */
#pragma once

#include "base/hmap.h"
#include "collect/heap.h"
#include "collect/heap_functions.h"
#include "collect/link_reaper.h"
#include "collect/unwind_rule.h"

/* What has been looked for allocation functions, each file once. */
struct heap_file {
	uint64_t dev, inode;
	int fd; /* of a file nobody has mapped yet; -1: not owned */
	struct heap_functions functions;
};

/* What the kernel side has been taught of a return address. */
struct heap_taught {
	uint64_t pc;
	struct mt_heap_rule rule;
};

struct heap_watched {
	struct proc_id id;
	char comm[COMM_SIZE];
	uint64_t space;
	uint32_t lost_path;	     /* of blocks without one; 0: not made yet */
	struct unwind_space *unwind; /* NULL: cannot be read */
	VEC(struct heap_taught) rules;
	struct hmap rule_at;	/* return address -> index of rules */
	VEC(uint32_t) probed;	/* files, by index */
	struct bpf_links links; /* the thread's, once it runs */
	uint64_t due_ns;	/* CLOCK_MONOTONIC: next look at what it has mapped */
	uint32_t looks;		/* since its exec */
	uint32_t refreshes;	/* since its exec, for code that was not known */
	uint64_t refresh_ns;	/* CLOCK_MONOTONIC: no sooner again */
	bool no_allocator;	/* counted as one without */
	bool gone;		/* the thread has been told so */
	bool retired;		/* gone, and only its name is kept: until `summed` */
	bool ended;		/* its space was another, or none, when last summed up */
	bool exited;		/* ended, and not by an exec */
	bool summed;		/* after its exit: its last blocks are in the paths */
};

struct heap_counts {
	uint64_t running;	/* watched only after they had begun */
	uint64_t late;		/* allocators found when they were in use already */
	uint64_t no_allocator;	/* processes without one, as far as we see */
	uint64_t probes_failed; /* functions without a probe */
	uint64_t dear;		/* functions probed on an instruction that is not emulated */
	uint64_t unknown;	/* stacks of processes that were gone before they were read */
	uint64_t rules_full;
	uint64_t broken; /* paths that do not reach the thread's first function */
	uint64_t stale;	 /* blocks whose address has been handed out again */
	uint64_t unread; /* times the blocks could not be summed up */
	uint64_t failed; /* out of memory */
};

/* Blocks that are young, of a kernel side with sessions. All zero: there is none. */
struct heap_nursery {
	struct mt_heap_slot *slots; /* the kernel side's */
	struct mt_heap_slot *copy;  /* as last read; word 0: nothing */
	uint32_t n;
};

/* Of the object with sessions. */
#define HEAP_SESSION_PROGRAM "heap_call"

struct heap {
	int root_fd;
	struct heap_options options;
	struct code_book *book; /* its lock is for everything below but the links */
	struct bpf_object *obj;
	bool session; /* its programs are run at entry and return */
	struct bpf_links links;
	struct ring_buffer *ring;
	struct link_reaper *reaper;
	int procs_fd, rules_fd, paths_fd, blocks_fd, cpu_fd, control_fd;
	uint32_t epoch; /* of the rules that the kernel side was taught */
	uint32_t n_cpus;
	pthread_mutex_t drain; /* who reads the ring buffer */
	pthread_t thread;
	bool running, stop, rescan;
	VEC(struct heap_watched *) watched; /* changed by the thread only, once it runs */
	VEC(struct proc_id) wanted;
	VEC(struct mt_heap_event) events;
	VEC(struct heap_file) files;
	VEC(uint32_t) candidates; /* files that a command may map, by index */
	struct hmap paths;	  /* path key -> path of the book */
	struct hmap pending;	  /* number of a stack -> path of the book */
	VEC(uint64_t) recent;	  /* numbers since the last summing up began */
	struct mt_heap_stack *scratch;
	struct heap_nursery nursery;
	struct heap_counts counts;
};

/* --- heap_probes.c --- */
/* Index of the file at fd; read when it is new. `keep`: take fd over. 0 or -ENOMEM. */
int heap_file__find(struct heap *h, int fd, bool keep, uint32_t *ret);
/* Puts probes for a file's functions into a process that has none of it yet. 0 or -ENOMEM. */
int heap_probes__attach(struct heap *h, struct heap_watched *w, uint32_t file, int fd);
/* Functions of the file at fd; `trial`: their traps, and nothing else. How many failed. */
size_t heap_probes__place(struct heap *h, struct heap_watched *w, int fd,
			  const struct heap_functions *functions, bool trial);
/* --- heap_candidates.c --- */
/* Files with allocation functions that a command is going to map. 0 or -ENOMEM. */
int heap_candidates__find(struct heap *h, const char *command);

/* --- heap_watch.c --- */
/* Starts watching: `space` as the kernel side has it, 0: it does not know it yet. 0 or -ENOMEM. */
int heap_watch__add(struct heap *h, struct proc_id id, uint64_t space, bool waits);
/* Forks and exits. */
void heap_watch__event(struct heap *h, const struct mt_heap_event *e);
/* What comes after it in the ring is of another program already: with the book's lock held. */
void heap_watch__exec(struct heap *h, const struct mt_heap_event *e);
/* Looks at what processes have mapped since: those that are due, or all. */
void heap_watch__look(struct heap *h, bool all);
struct heap_watched *heap_watch__find(const struct heap *h, uint64_t space); /* NULL: none */
void heap_watch__free(struct heap *h, struct heap_watched *w);

/* --- heap.c --- */
/* Tells the kernel side how it samples, and that its copies of rules are old. 0 or -errno. */
int heap__renew(struct heap *h);

/* --- heap_stacks.c; with the book's lock held --- */
void heap_stacks__add(struct heap *h, const struct mt_heap_stack *s, size_t size);
/* Path in the book of a block's path key; of w's lost ones when it has none. 0 or -ENOMEM. */
int heap_stacks__path(struct heap *h, struct heap_watched *w, uint64_t key, uint32_t *ret);
/* Rules are asked for anew. */
void heap_stacks__forget_rules(struct heap *h, struct heap_watched *w);
/* Reads what w (which has an unwind) has mapped; its rules are forgotten if code has been replaced.
 * 0 or -errno. */
int heap_stacks__refresh(struct heap *h, struct heap_watched *w);

/* --- heap_nursery.c --- */
/* Of so many blocks in all: a power of two, or 0. Pure. */
uint32_t heap_nursery_slots(uint32_t max_blocks);
/* n slots. 0, -ENOMEM or -errno. */
int heap_nursery__open(struct heap_nursery *y, int map_fd, uint32_t n);
void heap_nursery__close(struct heap_nursery *y);
/* Into the copy. */
void heap_nursery__read(struct heap_nursery *y);
/* The block of the copy at this address; NULL: none. */
const struct mt_heap_block *heap_nursery__find(const struct heap_nursery *y,
					       const struct mt_heap_at *at);
/* Takes it away from the kernel side. False: it is not there any more. */
bool heap_nursery__take(struct heap_nursery *y, const struct mt_heap_at *at);

/* --- heap_sum.c --- */
int heap_sum(struct heap *h);
