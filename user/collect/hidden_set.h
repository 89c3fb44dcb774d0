/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of hidden.c share: the set they add to, and who holds which socket. */
#pragma once

#include "base/hmap.h"
#include "collect/hidden.h"

#define NETWORKS_MAX 64
/* A file with less in the page cache is not told. */
#define HIDDEN_CACHED_MIN (1 << 20)
/* BPF_MAP_TYPE_RINGBUF of include/uapi/linux/bpf.h */
#define HIDDEN_BPF_RINGBUF 27

/* Holders while they are looked up: added to by (kind, process, name). */
struct hidden_set {
	struct hidden_list list;
	struct hmap index;
};

/* Adds bytes and count to the row of this holder, or makes it. 0 or -ENOMEM. */
int hidden_set__add(struct hidden_set *s, const struct hidden_sample *sample);
/* Leaves the largest of each kind and puts the rest into one row called "others". */
void hidden_set__fold(struct hidden_set *s);
void hidden_set__clear(struct hidden_set *s);
void hidden_set__free(struct hidden_set *s);

struct hidden_holder {
	struct proc_id id;
	char comm[COMM_SIZE];
};

struct bpf_objects;

/* Who was seen with a BPF object, so that it has a name when they are gone. */
struct bpf_holder {
	bool is_map;
	uint32_t id;
	struct hidden_holder holder;
};

struct hidden {
	int root_fd;
	bool is_live; /* the root is the machine's own: pids and netlink mean the same */
	uint64_t page_size;
	int networks[NETWORKS_MAX]; /* sock_diag of each network namespace */
	size_t n_networks, n_networks_skipped;
	struct hidden_set set;
	VEC(struct hidden_holder) holders; /* of sockets: `sockets` has indices into it */
	struct hmap sockets;		   /* by inode */
	struct hmap seen; /* pipes, BPF objects, files: once, however many have them */
	bool stacks_apart;
	int scan_err; /* of the leak detector's scan that was asked for; 0: none, or done */
	struct hmap known_networks;
	struct bpf_objects *bpf; /* NULL: cannot be listed */
	VEC(struct bpf_holder) bpf_holders;
	struct hmap bpf_index;		  /* into bpf_holders, by (kind, id) */
	VEC(struct meminfo_line) meminfo; /* at the last look */
	uint64_t n_reads;
	bool is_fresh; /* looked since the meminfo above was kept */
	/* running totals for limits */
	uint64_t n_procs_denied, n_fds, n_pipes_denied, n_sockets_lost, n_unowned;
	uint64_t n_names_skipped, n_files_skipped, n_bpf_unsure;
	uint64_t n_files, n_cached, cached_sizes; /* of this look, against its bounds */
};

enum seen_kind {
	SEEN_PIPE = 1,
	SEEN_BPF_MAP,
	SEEN_BPF_PROG,
	SEEN_DMA_BUF,
	SEEN_GPU,
	SEEN_FILE,
	SEEN_FILE_NAME,
};

/* True the first time in this look; *err is then 0 or -ENOMEM. */
bool hidden_is_new(struct hidden *h, enum seen_kind kind, uint64_t a, uint64_t b, int *err);

/* Opens the network namespaces that are new. 0 or -ENOMEM. */
int hidden_networks(struct hidden *h, const struct task_list *procs);
/* One process: its rings, pipes, BPF objects, shared memory; remembers its sockets. 0 or -ENOMEM.
 */
int hidden_fds(struct hidden *h, const struct proc_sample *p);
/* Files that it has mapped, where hidden_fds() did not find them with anybody. 0 or -ENOMEM. */
int hidden_mapped(struct hidden *h, const struct proc_sample *p);
/* Whether to ask what of this file is cached: large enough, not asked yet in this look, and within
 * its bounds. *err is then 0, or -ENOMEM. */
struct statx;
bool hidden_may_ask(struct hidden *h, const struct statx *st, int *err);
/* Bytes of the file in the page cache. 0, or -ENOENT: not known to kernels before 6.5. */
int hidden_cached(const struct hidden *h, int fd, uint64_t *ret);
/* Sockets of all network namespaces, to those whom hidden_fds() found. 0 or -ENOMEM. */
int hidden_sockets(struct hidden *h);
/* Filesystems in memory and their largest files. 0, -ENOMEM or -errno. */
int hidden_tmpfs(struct hidden *h);
/* BPF objects that hidden_fds() found with nobody, once it has seen all processes. 0 or -ENOMEM. */
int hidden_bpf(struct hidden *h, const struct task_list *procs);
/* Who has this one, for a later look. Beyond a bound nobody is remembered. 0 or -ENOMEM. */
int hidden_bpf_remember(struct hidden *h, bool is_map, uint32_t id, const struct proc_sample *p);
/* 0 or -errno. */
int hidden_slabs(struct hidden *h);
/* What the machine tells as a whole: vmalloc, tmpfs, System V … 0 or -ENOMEM. */
int hidden_machine(struct hidden *h, const struct task_list *procs);

static inline struct hidden_sample hidden_of(const struct proc_sample *p, enum hidden_kind kind,
					     enum hidden_certainty certainty)
{
	struct hidden_sample s = {.kind = kind, .certainty = certainty, .id = p->id, .count = 1};

	__builtin_memcpy(s.comm, p->comm, sizeof(s.comm));
	return s;
}
