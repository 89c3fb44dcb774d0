/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel call stacks, each kept once under a hash of its addresses: unlike a
 * BPF stack map, which refuses a stack whose 32-bit bucket is taken by another.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "memtrace.h"

/* Preallocated; sized by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct mt_kstack);
} kstacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_kstack);
} kstack_scratch SEC(".maps");

/* Key of the stack we are on; 0: it could not be kept. The same stack in and out of an interrupt
 * is two. */
static __always_inline __u64 kstack_note(void *ctx, bool in_async)
{
	__u64 hash = 0xcbf29ce484222325ULL ^ in_async; /* FNV-1a, by words */
	struct mt_kstack *s;
	__u32 zero = 0;
	long n;

	s = bpf_map_lookup_elem(&kstack_scratch, &zero);
	if (!s)
		return 0;
	n = bpf_get_stack(ctx, s->ip, sizeof(s->ip), 0);
	if (n <= 0)
		return 0;
	s->n = n / sizeof(s->ip[0]);
	s->in_async = in_async;
	for (__u32 i = 0; i < MT_KSTACK_DEPTH; i++) {
		if (i >= s->n)
			s->ip[i] = 0; /* of the stack before */
		hash = (hash ^ s->ip[i]) * 0x100000001b3ULL;
		hash ^= hash >> 32;
	}
	if (!hash)
		hash = 1;
	if (bpf_map_lookup_elem(&kstacks, &hash) ||
	    !bpf_map_update_elem(&kstacks, &hash, s, BPF_ANY))
		return hash;
	return 0;
}
