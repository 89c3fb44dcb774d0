/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every BPF map and program there is, by iterators: whoever holds them. */
#pragma once

#include "base/vec.h"
#include "memtrace.h"

struct tracer;
struct bpf_objects;

struct bpf_object_list {
	struct mt_bpf_object *v;
	size_t n, cap;
};

/* Opens what takes rights. 0, -ENOENT: the source is not there, -ENOMEM, -errno. */
int bpf_objects__open(const struct tracer *tracer, struct bpf_objects **ret);
void bpf_objects__close(struct bpf_objects *b);
/* Replaces the list. 0 or -errno. */
int bpf_objects__read(struct bpf_objects *b, struct bpf_object_list *ret);

/* Bytes as the kernel itself estimated them up to 6.3 (kernel/bpf/syscall.c,
 * bpf_map_memory_footprint), with the copies of per-CPU maps; of a program its pages. */
uint64_t bpf_object_bytes(const struct mt_bpf_object *o, uint64_t page_size, unsigned int n_cpus);
